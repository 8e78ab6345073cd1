#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Upgrade with real sessions: they stay and carry traffic, and whoever connects
meanwhile is served.

TEST_SESSIONS is their number."""

import os
import re
import socket
import ssl
import threading
import time

import lib
from lib import BUILD, SERVER4, Client, Server, comment, require, test

SSTPCTL = str(BUILD / "sstpctl/sstpctl")
SESSIONS = int(os.environ.get("TEST_SESSIONS") or 20)
AT_A_TIME = 4  # being set up
BLOCK = 1000
PAUSE = 0.2  # seconds between blocks, so that other processes get on, too
REQUEST = b"""\
SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r
Host: vpn\r\nContent-Length: 18446744073709551615\r\n\r\n"""


class Stream(threading.Thread):
    """Blocks to and fro through a tunnel until it is stopped."""

    def __init__(self, client):
        super().__init__()
        self.here, self.there = lib.tunnel_connection(client)
        self.here.settimeout(lib.PATIENCE)
        self.done, self.count, self.error = False, 0, None

    def run(self):
        try:
            with self.here, self.there:
                while not self.done:
                    block = os.urandom(BLOCK)
                    self.there.sendall(block)
                    self.here.sendall(self.read(self.here))
                    require(self.read(self.there) == block, "another block came back")
                    self.count += 1
                    time.sleep(PAUSE)
        except Exception as error:  # shown by the test
            self.error = error

    def read(self, sock):
        data = b""
        while len(data) < BLOCK:
            more = sock.recv(BLOCK - len(data))
            require(more, "the connection has ended")
            data += more
        return data


class Connector(threading.Thread):
    """Opens tunnels, up to the answer to their HTTP request, one after the other."""

    def __init__(self, host):
        super().__init__()
        self.host = host
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.done, self.count, self.error = False, 0, None

    def run(self):
        try:
            while not self.done:
                with lib.network_of(self.host):
                    sock = socket.create_connection((SERVER4, 443), lib.PATIENCE)
                with sock, self.context.wrap_socket(sock) as tls:
                    tls.sendall(REQUEST)
                    answer = tls.recv(4096)
                    require(answer.startswith(b"HTTP/1.1 200 "), answer)
                self.count += 1
        except Exception as error:  # shown by the test
            self.error = error


def stop(threads):
    for thread in threads:
        thread.done = True
    for thread in threads:
        thread.join(lib.PATIENCE)
        require(not thread.is_alive(), "it hangs")
        require(thread.error is None, f"{thread}: {thread.error!r}")


def wait_progress(threads, rounds):
    wanted = [(t, t.count + rounds) for t in threads]
    lib.wait_until(lambda: all(t.count >= n or t.error for t, n in wanted),
                   "traffic in each session")
    for thread in threads:
        require(thread.error is None, f"{thread}: {thread.error!r}")


@test(f"{SESSIONS} sessions with traffic, and others that connect all the time")
def upgrade():
    server = Server({"log": {"level": "info"},
                     "limits": {"auth-backoff": "0s", "ban-after": "off",
                                "max-connection-rate": "off"}}).start()
    clients = []
    for number in range(SESSIONS):
        if number >= AT_A_TIME:
            clients[number - AT_A_TIME].wait_up()
        clients.append(Client(server).start())
    for client in clients[-AT_A_TIME:]:
        client.wait_up()
    streams = [Stream(client) for client in clients]
    connector = Connector("client")
    try:
        for thread in [*streams, connector]:
            thread.start()
        wait_progress([*streams, connector], 2)
        before = connector.count
        lib.run(SSTPCTL, "-s", server.directory / "control", "upgrade", timeout=150)
        comment(f"{connector.count - before} connections during the upgrade")
        wait_progress([*streams, connector], 2)
    finally:
        stop([*streams, connector])
    new = int(re.findall(r"pid (\d+) has taken over", server.log.text())[-1])
    require(len(server.pppds()) == SESSIONS, "the old one has lost a pppd")
    status = lib.run(SSTPCTL, "-s", server.directory / "control", "status")
    require(f"pid {server.pid} with {SESSIONS} sessions" in status, status)
    lib.ping_all(clients)

    # the new one's sessions, with addresses that nobody has
    later = Client(server).up()
    require(lib.children(new, "pppd"), "it is not the new one's")
    require(later.address not in {c.address for c in clients}, "an address is used twice")
    later.ping()
    for n in range(0, SESSIONS, AT_A_TIME):  # pppd waits 5 s for its scripts
        lib.hang_up(clients[n:n + AT_A_TIME])
        lib.wait_until(lambda: len(server.recorded("ip-down")) >=
                       min(n + AT_A_TIME, SESSIONS), "ip-down")
    require(server.process.wait(lib.PATIENCE) == 0, "the old one has failed")
    later.ping()
    later.hang_up()
    lib.wait_until(lambda: not lib.children(new, "pppd"), "the end of its pppd")
    require(not lib.ppp_interfaces(), f"left: {lib.ppp_interfaces()}")
    os.kill(new, 15)
    lib.wait_until(lambda: not lib.alive(new), "its end")
    require(not server.log.find(r"Sanitizer|runtime error"), "see the log")


lib.main()
