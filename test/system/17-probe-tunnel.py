#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe as a client that carries packets, with the real pppd at the other end."""

import os

import lib
from lib import Server, comment, require, test
from tunnel import Tunnel

BULK_MB = int(os.environ.get("TEST_BULK_MB") or 20)
OK = 0


def paths():
    """The data paths that there are here."""
    with_tun = lib.pppd_version() >= (2, 5) and os.path.exists("/dev/net/tun")
    return ("tun", "pty") if with_tun else ("pty",)


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


lib.main()
