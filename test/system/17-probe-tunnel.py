#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe as a client that carries packets, with the real pppd at the other end."""

import os

import lib
from lib import Server, comment, require, test
from tunnel import Tunnel

BULK_MB = int(os.environ.get("TEST_BULK_MB") or 20)
OK, CRITICAL, UNKNOWN = 0, 2, 3


def paths():
    """The data paths that there are here."""
    return ("pty",) if lib.lack_of_tun() else ("tun", "pty")


def exchange(tunnel):
    for size in (0, 56, 1372, 1373, 3000, 20000):
        tunnel.ping("-s", size, count=1)
    tunnel.ping("-6", "-s", 3000, count=1,
                to=f"{tunnel.facts['peer_ipv6']}%{tunnel.interface}")
    for here_sends in (True, False):
        here, there = lib.tunnel_connection(tunnel)
        ends = (here, there) if here_sends else (there, here)
        rate = lib.transfer(*ends, BULK_MB)
        comment(f"{rate:.1f} MB/s {'down' if here_sends else 'up'}")


@test("traffic over IPv4 and IPv6, both ways")
def traffic():
    for path in paths():
        server = Server({"ppp": {"data-path": path}}).start()
        tunnel = Tunnel(server).up()
        exchange(tunnel)
        tunnel.hang_up()
        found = tunnel.ended()
        require(found["exit"] == OK and found["left_clean"], found)
        require(min(found["bytes_in"], found["bytes_out"]) > BULK_MB << 20, found)
        server.wait_log(r" ended: .* cause=client-hung-up ")
        server.wait_idle()
        server.stop()


def interfaces(host="client"):
    return lib.run_at(host, "ip", "-br", "link")


@test("SIGTERM leaves nothing behind, on either side")
def nothing_left():
    server = Server().start()
    before, ours = server.traces(), interfaces()
    tunnel = Tunnel(server, "--route", "198.51.100.0/24", "--device", "branch").up()
    require("198.51.100.0/24 dev branch" in lib.run_at("client", "ip", "route"), "the route")
    server.wait_log(rf" up: interface=ppp\S+ local-address={lib.INNER} "
                    rf"remote-address={tunnel.address} ")
    tunnel.ping()
    tunnel.hang_up()
    require(tunnel.ended()["exit"] == OK, "how it ends")
    require(interfaces() == ours, interfaces())
    server.wait_traces(before)
    server.stop()


@test("the server's end, and another one after it")
def restart():
    for _ in range(2):
        server = Server().start()
        tunnel = Tunnel(server).up()
        tunnel.ping(count=1)
        server.stop()
        found = tunnel.ended()
        require(found["exit"] == CRITICAL and found["cause"] in ("ppp", "disconnected"), found)
        require(tunnel.interface not in interfaces(), interfaces())


@test("a wrong password")
def wrong_password():
    server = Server().start()
    found = Tunnel(server, password="something else").start().ended()
    require(found["exit"] == CRITICAL and found["cause"] == "login", found)
    server.wait_idle()
    server.stop()


@test("routes that lead to the server through its own tunnel are refused")
def loop():
    server = Server().start()
    lib.run_at("client", "ip", "route", "delete", lib.SERVER4)
    lib.run_at("client", "ip", "route", "add", "192.0.2.0/24", "dev", "outer")
    ours = interfaces()
    found = Tunnel(server, "--route", "192.0.2.0/25").start().ended()
    require(found["exit"] == UNKNOWN and "its own tunnel" in found["message"], found)
    require(interfaces() == ours, interfaces())
    tunnel = Tunnel(server, "--route", "192.0.2.128/25").up()
    tunnel.ping()
    tunnel.hang_up()
    server.wait_idle()
    server.stop()


lib.main()
