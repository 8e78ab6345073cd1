#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""All of max-sessions are taken, some by calls that do not authenticate: those
make room, the oldest of the address that has most of them. Sessions stay."""

import os
import signal
import time

import sstp
from lib import main, test, wait_until

PATIENCE_WHEN_FULL = 5  # seconds, see monitor_limits.c
MUTE = f"send {sstp.LCP.hex()}\n"
TENANT = "tenant.example.net"


def hogs(d, count, source, script=MUTE, **options):
    """Calls whose pppd waits for somebody to authenticate."""
    calls = [d.ccp(script, source=source, **options) for _ in range(count)]
    for c in calls:
        c.expect_data(sstp.LCP)
    return calls


def room(d, *sources):
    """These, in this order, and nobody else have made room."""
    def ended():
        return [line.split()[2].split(":")[0] for line in d.log().splitlines()
                if " cause=limit-unauthenticated " in line]
    wait_until(lambda: len(ended()) >= len(sources), f"room of {sources}")
    assert ended() == list(sources), ended()


def early(d, source):
    """A call while nobody has had all his time: it is the one to be refused."""
    begin = time.monotonic()
    hogs(d, 2, "127.0.0.5")
    start = d.log_size()
    c = d.ccp(MUTE, source=source)
    packet = c.read()
    if time.monotonic() - begin < PATIENCE_WHEN_FULL:
        assert packet.bytes == sstp.DISCONNECT, packet
        d.wait_log(rf" {source}:\d+: ended: .* cause=limit-sessions ", start)
        room(d)


def fair(d, session):
    """Newcomers against three calls of .5, three of .6 and one of .7."""
    gone = []
    for number in (5, 6, 5, 6):
        d.cc(source="127.0.0.8").ping()
        gone.append(f"127.0.0.{number}")
        room(d, *gone)
    # who has as many himself pushes out his own
    for source in ("127.0.0.6", "127.0.0.5"):
        hogs(d, 1, source)
        gone.append(source)
        room(d, *gone)
    d.cc(source="127.0.0.8").ping()
    room(d, *gone, "127.0.0.7")
    session.ping()


def not_gone_yet(d, stubborn):
    """There are never more pppds than sessions may be."""
    first = d.ccp(source="127.0.0.7")
    stubborn.expect_closed()
    second = d.ccp(source="127.0.0.8")
    room(d, "127.0.0.6")
    first.connect().ping()
    assert len(d.pppds()) == 2 and not d.events(second)
    os.kill(d.pppd_of(stubborn), signal.SIGKILL)
    second.connect().ping()
    room(d, "127.0.0.6", "127.0.0.5")


@test("calls that do not authenticate make room, in time and in turn", daemon=None)
def make_room(make):
    few, many, two = (make({"limits": {"max-sessions": n}, "server": {"workers": w},
                            "ppp": {"stop-timeout": "60s"}}).start()
                      for n, w in ((2, 1), (8, 2), (2, 1)))
    tenants = make({"profile tenant": {"server-name": TENANT, "max-sessions": 2},
                    "server": {"workers": 1}}).start()
    session = many.cc(source="127.0.0.9")
    hogs(many, 1, "127.0.0.7")
    hogs(many, 3, "127.0.0.5")
    hogs(many, 3, "127.0.0.6")
    stubborn, = hogs(two, 1, "127.0.0.5", "ignore-term\n" + MUTE)
    hogs(two, 1, "127.0.0.6")
    hogs(tenants, 2, "127.0.0.5", sni=TENANT)
    hogs(tenants, 3, "127.0.0.6")
    begin = time.monotonic()
    early(few, "127.0.0.6")
    # nothing tells when their time is over
    time.sleep(max(0, begin + PATIENCE_WHEN_FULL + 0.1 - time.monotonic()))
    fair(many, session)
    not_gone_yet(two, stubborn)
    tenants.cc(source="127.0.0.8", sni=TENANT).ping()
    room(tenants, "127.0.0.5")
    for d in (few, many, two, tenants):
        d.settle()
        d.stop()


main()
