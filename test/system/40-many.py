#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Many sessions at once, and what the death of a part does to the rest.

TEST_SESSIONS is their number."""

import os
import re
import signal

import lib
from lib import Client, Server, comment, require, test

SESSIONS = int(os.environ.get("TEST_SESSIONS") or 50)
AT_A_TIME = 4  # being set up
FIRST = 10  # 10.9.0.FIRST is the first of as many addresses as there are sessions


def start_all(server):
    """All clients, a few at a time: together they would time out in emulation."""
    clients = []
    for number in range(SESSIONS):
        if number >= AT_A_TIME:
            clients[number - AT_A_TIME].wait_up()
        clients.append(Client(server, user=f"user{number}").start())
    for client in clients[-AT_A_TIME:]:
        client.wait_up()
    return clients


def worker_of(server, client):
    """The serial number of the worker that has the client's session."""
    pattern = rf" s(\d+)\.\d+ \S+: up: interface=ppp(?:sstp)?\d+ local-address={lib.INNER} " \
        rf"remote-address={re.escape(client.address)} "
    return int(re.findall(pattern, server.log.text())[-1])


def pid_of_worker(serial):
    return next(p for p, (_, name) in lib.processes().items() if name == "sstpd" and
                lib.arguments(p)[1:] == ["--worker", str(serial)])


def pppd_of(server, client):
    """The server's, by the pid that ip-up has left."""
    env, = [e for e in server.recorded("ip-up").values()
            if e["IPREMOTE"] == client.address]
    return int(env["PPPD_PID"])


def kill_pppd(server, clients):
    """One session ends, the others go on."""
    victim = clients.pop(SESSIONS // 2)
    pid = pppd_of(server, victim)
    require(pid in server.pppds(), f"{pid} is no pppd of sstpd")
    os.kill(pid, signal.SIGKILL)
    victim.wait_end()
    server.wait_log(r' ended: .* cause=pppd-killed .* pppd="killed by signal 9"')
    check_pings(clients)


def kill_worker(server, clients):
    """Its sessions end, the other workers' go on; returns these."""
    serials = [worker_of(server, client) for client in clients]
    doomed = serials[0]
    require(set(serials) == {1, 2}, f"all sessions are with one worker: {serials}")
    os.kill(pid_of_worker(doomed), signal.SIGKILL)
    count = serials.count(doomed)
    server.wait_log(rf"worker {doomed}: pid \d+ killed by signal 9")
    server.wait_log(rf"worker {doomed}: its {count} sessions end with it")
    for client, serial in zip(clients, serials):
        if serial == doomed:
            client.wait_end()
    others = [c for c, serial in zip(clients, serials) if serial != doomed]
    lib.wait_until(lambda: len(server.pppds()) == len(others),
                   "the end of the pppds of the dead worker")
    comment(f"{count} sessions ended with their worker")
    check_pings(others)
    return others


def check_pings(clients):
    lib.ping_all(clients)
    require(all(c.process.poll() is None for c in clients), "one has ended")


@test(f"{SESSIONS} sessions; the death of a pppd, then of a worker")
def many():
    lib.set_users(*(f"user{n}" for n in range(SESSIONS)), "new")
    last = FIRST + SESSIONS - 1
    server = Server({"pool": {"addresses": f"10.9.0.{FIRST}-10.9.0.{last}"},
                     "log": {"level": "info"}}).start()
    clients = start_all(server)
    addresses = sorted(c.address for c in clients)
    expected = sorted(f"10.9.0.{n}" for n in range(FIRST, last + 1))
    require(addresses == expected, f"their addresses are {addresses}")
    require(len(server.pppds()) == SESSIONS, "not one pppd for each")
    check_pings(clients)
    kill_pppd(server, clients)
    others = kill_worker(server, clients)

    # the pool was used up, so these have addresses that came back
    new = [Client(server, user="new").up() for _ in range(3)]
    check_pings(new + others)
    require({worker_of(server, c) for c in new} <= {1, 2, 3}, "no such worker")
    lib.hang_up(new + others)
    server.wait_idle()
    require(not lib.ppp_interfaces(), f"left: {lib.ppp_interfaces()}")
    server.stop()


lib.main()
