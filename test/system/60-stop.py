#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Stop and reload with sessions on line."""

import shutil
import signal
import time

import lib
from lib import Client, Server, comment, require, test

STOP_LIMIT = 40  # seconds; 10 are promised, and emulation takes its time


def start_clients(server, count):
    clients = [Client(server).start() for _ in range(count)]
    return [client.wait_up() for client in clients]


@test("SIGTERM: every session is told, scripts run, and then it ends")
def stop():
    server = Server().start()
    clients = start_clients(server, 4)
    lib.wait_until(lambda: len(server.recorded("ip-up")) == 4, "ip-up")
    begin = time.monotonic()
    server.signal(signal.SIGTERM)
    status = server.process.wait(lib.PATIENCE)
    took = time.monotonic() - begin
    comment(f"stopped with {len(clients)} sessions in {took:.1f} s")
    require(status == 0, f"status {status}")
    require(took < STOP_LIMIT, f"it took {took:.1f} s")
    for client in clients:
        client.wait_end()
        client.log.wait(r"TYPE\(6\): DISCONNECT,")
    require(len(server.recorded("ip-down")) == 4,
            f"ip-down ran for {sorted(server.recorded('ip-down'))}")
    left = [p for p in lib.processes().values() if p[1] in ("pppd", "sstpd")]
    require(not left, f"left: {left}")
    require(not lib.ppp_interfaces(), f"left: {lib.ppp_interfaces()}")
    ended = server.log.count(r' ended: .* cause=server-stopping .* user="alice" ')
    require(ended == 4, f"{ended} lines for their ends")


@test("SIGHUP: a new certificate for new clients, sessions go on")
def reload():
    server = Server().start()
    old = Client(server).up()
    old_ca = server.directory / "old.pem"
    shutil.copy(server.certificate, old_ca)
    lib.certificate(server.directory, "vpn")
    start = server.log.size()
    server.signal(signal.SIGHUP)
    server.wait_log(r"reload: done", start)
    new = Client(server).up()
    server.wait_log(r"binding verified", start)
    # one who trusts only the former certificate sees that it has changed
    stranger = Client(server, ca=old_ca).start()
    stranger.wait_log(stranger.log, "ertificate.* failed")
    stranger.wait_end()
    old.ping()
    new.ping()
    lib.hang_up([old, new])
    server.wait_idle()
    server.stop()


@test("SIGHUP: with a broken certificate, the old one remains")
def reload_broken():
    server = Server().start()
    old = Client(server).up()
    old_ca = server.directory / "old.pem"
    shutil.copy(server.certificate, old_ca)
    server.certificate.write_text("no certificate\n")
    start = server.log.size()
    server.signal(signal.SIGHUP)
    server.wait_log(r"reload: keeping the old configuration", start)
    new = Client(server, ca=old_ca).up()
    server.wait_log(r"binding verified", start)
    old.ping()
    new.ping()
    lib.hang_up([old, new])
    server.wait_idle()
    server.stop()


lib.main()
