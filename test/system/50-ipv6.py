#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""IPv6, in the tunnel and around it."""

import re

import lib
from lib import Client, Server, require, test


@test("link-local addresses inside of the tunnel")
def inside():
    server = Server().start()
    client = Client(server, options=lib.CLIENT_OPTIONS + "+ipv6\n").up()
    up = server.wait_log(r"up: interface=(ppp(?:sstp)?\d+) local-address=(fe80::\S+) "
                         r"remote-address=(fe80::\S+) mtu=1400")
    interface, ours, theirs = up.groups()
    client.wait_log(client.ppp_log, r"remote LL address fe80::")
    client.ping("-6", to=f"{ours}%{client.interface}")
    text = lib.run("ping", "-6", "-n", "-c", "1", "-W", "20",
                   f"{theirs}%{interface}", check=False)
    require(" 0% packet loss" in text, f"to the client: {text}")
    client.ping()
    client.hang_up()
    server.stop()


@test("a tunnel over IPv6")
def outside():
    server = Server().start()
    client = Client(server, address=f"[{lib.SERVER6}]").up()
    server.wait_log(r"\[2001:db8::2\]:\d+: binding verified")
    client.ping()
    lib.wait_until(lambda: server.recorded("ip-up"), "ip-up")
    env, = server.recorded("ip-up").values()
    seen = env["SSTP_REMOTE_ADDR"], env["SSTP_LOCAL_ADDR"]
    require(seen == ("2001:db8::2", lib.SERVER6), f"the scripts see {seen}")
    require(re.fullmatch(r"\d+", env["SSTP_REMOTE_PORT"]), "no port")
    client.hang_up()
    server.stop()


lib.main()
