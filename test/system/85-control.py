#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl with real sessions: what it shows of them, and ending them."""

import json
import re

import lib
from lib import BUILD, Client, Server, require, test

SSTPCTL = str(BUILD / "sstpctl/sstpctl")


def ctl(server, *arguments):
    return lib.run(SSTPCTL, "-s", server.directory / "control", *arguments)


def sessions(server, *arguments):
    return json.loads(ctl(server, "-j", "sessions", *arguments))


@test("sessions: interface, addresses, traffic and the line")
def shown():
    server = Server().start()
    client = Client(server).up()
    client.ping()
    one, = sessions(server)
    require((one["user"], one["stage"], one["method"]) == ("alice", "up", "MS-CHAPv2"), one)
    require(one["interface"] in lib.session_interfaces(), one)
    require(one["local_address"] == lib.INNER, one)
    require(one["remote_address"].startswith("10.9.0."), one)
    require(one["remote_address6"].startswith("fe80::"), one)
    require(one["mtu"] == 1400 and one["bytes_in"] > 0 and one["tcp"]["rtt_us"] > 0, one)
    text = ctl(server, "sessions")
    require(all(len(line) <= 80 for line in text.splitlines()), text)
    require(re.search(rf"(?m)^interface +{one['interface']}$",
                      ctl(server, "session", one["session"])), "no interface")
    client.hang_up()
    server.wait_idle()
    require(not sessions(server), "it is still listed")
    server.stop()


@test("disconnect: the client is told, scripts run, the others stay")
def disconnected():
    server = Server().start()
    clients = [Client(server).start() for _ in range(2)]
    for client in clients:
        client.wait_up()
    lib.wait_until(lambda: len(server.recorded("ip-up")) == 2, "ip-up")
    name = sessions(server)[0]["session"]
    ctl(server, "disconnect", name)
    server.wait_log(rf" {name} .* ended: .*cause=administrator ")
    lib.wait_until(lambda: len(server.recorded("ip-down")) == 1, "ip-down")
    left, = sessions(server)
    require(left["session"] != name, left)
    ctl(server, "disconnect", "-u", "alice")
    for client in clients:
        client.wait_end()
    server.wait_idle()
    server.stop()


@test("drain: the session goes on, then the daemon ends")
def drained():
    server = Server().start()
    client = Client(server).up()
    ctl(server, "drain")
    client.ping()
    client.hang_up()
    require(server.process.wait(lib.PATIENCE) == 0, "it failed")


lib.main()
