#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Sessions whose pppd is a clone of a template: each is a pppd of its own, with
its own secrets, arguments, variables and end."""

import os
import pathlib
import re
import signal

import lib
from lib import Client, Server, comment, require, test

COUNT = 3


def template(server):
    """Its pid, once two sessions have begun."""
    return int(server.wait_log(r"template of pid (\d+) waits")[1])


def start():
    """A server with clones in use."""
    server = Server().start()
    for _ in range(2):
        Client(server).up().hang_up()
    template(server)
    clients = [Client(server).up() for _ in range(COUNT)]
    require(server.clones() >= COUNT, f"{server.clones()} clones")
    return server, clients


def command_line(pid):
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
    return words.decode().split("\0")


def value_of(words, name):
    return words[words.index(name) + 1]


def check_numbers(clients):
    """No two pppds have drawn the same."""
    text = "".join(client.ppp_log.text() for client in clients)
    magic = re.findall(r"rcvd \[LCP ConfReq id=0x1 .*<magic 0x(\w+)>", text)
    challenges = re.findall(r"rcvd \[CHAP Challenge id=\w+ <(\w+)>", text)
    comment(f"magic numbers {magic}, challenges {challenges}")
    for found in magic, challenges:
        require(len(found) >= COUNT and len(set(found)) == len(found), f"{found}")


def check_processes(server):
    """Each is a pppd of its own. Returns the names of their sessions."""
    pids = server.pppds()
    require(len(pids) == COUNT, f"pppds: {pids}")
    lines = [command_line(pid) for pid in pids]
    for pid, line in zip(pids, lines):
        require(value_of(line, "remotenumber") == "192.0.2.2", f"{line}")
        require(os.getpgid(pid) == pid, "no process group of its own")
    sessions = {value_of(line, "ipparam") for line in lines}
    terminals = {line[-5] for line in lines}
    require(len(sessions) == COUNT, f"sessions: {sessions}")
    require(len(terminals) == COUNT and all(t.startswith("/dev/pts/") for t in terminals),
            f"terminals: {terminals}")
    lib.wait_until(lambda: sessions <= set(server.recorded("ip-up")), "ip-up of all")
    for session in sessions:
        env = server.recorded("ip-up")[session]
        require(env["SSTP_SESSION"] == session and env["DEVICE"] in terminals and
                int(env["PPPD_PID"]) in pids, f"{env}")
    return sessions


def end_in_turn(server, clients):
    """By its line, by a signal, and by a crash: with that ends the template."""
    old = template(server)
    clients[0].hang_up()
    lib.wait_until(lambda: len(server.pppds()) == 2, "the end of one")
    os.kill(server.pppds()[0], signal.SIGTERM)
    lib.wait_until(lambda: len(server.pppds()) == 1, "the end of another")
    require(os.path.exists(f"/proc/{old}"), "the template has ended")
    os.kill(server.pppds()[0], signal.SIGSEGV)
    lib.wait_until(lambda: not os.path.exists(f"/proc/{old}"), "the template's end")
    for client in clients[1:]:
        client.process.terminate()
    server.wait_idle()


def check_new_options(server):
    path = server.directory / "options"
    path.write_text(path.read_text() + "mtu 1280\nmru 1280\n")
    size = server.log.size()
    client = Client(server).up()
    server.wait_log(r" up: .* mtu=1280", size)
    client.hang_up()
    server.wait_idle()


@test("they serve, run their scripts, are told apart, and end as any pppd")
def clones():
    server, clients = start()
    for client in clients:
        client.ping()
    sessions = check_processes(server)
    check_numbers(clients)
    end_in_turn(server, clients)
    # one that crashes runs none
    lib.wait_until(lambda: len(sessions & set(server.recorded("ip-down"))) >= COUNT - 1,
                   "ip-down")
    check_new_options(server)
    server.stop()


lib.main()
