#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Much data through a tunnel, each way; what arrives is what was sent.

TEST_BULK_MB is the amount for each version of TLS and each direction. An emulated
machine, two tunnel ends in one, carries 1 to 2 MB/s."""

import os

import lib
from lib import Client, Server, comment, test

BULK_MB = int(os.environ.get("TEST_BULK_MB") or 100)


def transfer_both_ways(version, megabytes):
    server = Server({"tls": {"min-version": version, "max-version": version}}).start()
    client = Client(server).up()
    server.wait_log(rf"connected: tls-version=TLSv{version} ")
    here, there = lib.tunnel_connection(client)
    up = lib.transfer(there, here, megabytes)
    here, there = lib.tunnel_connection(client)
    down = lib.transfer(here, there, megabytes)
    comment(f"{megabytes} MB each way: {up:.1f} MB/s up, {down:.1f} MB/s down")
    client.ping()
    client.hang_up()
    count = megabytes << 20
    ended = server.wait_log(r" ended: .* bytes-in=(\d+) bytes-out=(\d+)")
    lib.require(all(int(n) > count for n in ended.groups()), f"counted: {ended[0]}")
    server.stop()


@test("TLS 1.3")
def tls13():
    transfer_both_ways("1.3", BULK_MB)


@test("TLS 1.2")
def tls12():
    transfer_both_ways("1.2", BULK_MB)


lib.main()
