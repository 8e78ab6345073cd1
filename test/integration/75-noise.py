#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Clients that send anything at all. What is random is the same every time."""

import random

import sstp
from lib import UP, main, test
from sstp import data


def ends_or_lives(c, raw):
    """Whatever the answer is, it is well formed (sstp.Packet)."""
    try:
        c.send(raw, sstp.abort(2, 5), sstp.DISCONNECT)
        c.half_close()  # a packet may be left incomplete
        while True:
            c.read()
    except (sstp.Closed, OSError):
        pass


@test("case 98: random bytes after the reply")
def noise(d):
    rng = random.Random(1)
    other = d.cc()
    for _ in range(60):
        ends_or_lives(d.crp(), rng.randbytes(rng.randrange(1, 5000)))
    other.ping()


@test("case 98: random control packets with a right header")
def headers(d):
    rng = random.Random(2)
    other = d.cc()
    for _ in range(20):
        for c in (d.crp(), d.ccp(), d.cc()):
            raw = b"".join(
                sstp.packet(bytes((0, rng.randrange(12), 0, rng.randrange(4)))
                            + rng.randbytes(rng.randrange(120)))
                for _ in range(5))
            ends_or_lives(c, raw)
    other.ping()


@test("case 98: bit flips in a whole session")
def flips(d):
    rng = random.Random(3)
    other = d.cc()
    for _ in range(40):
        c = d.crp(UP)
        raw = bytearray(sstp.REQUEST + data(sstp.LCP) + sstp.ECHO +
                        data(sstp.ip_frame(b"x" * 100)) + sstp.DISCONNECT)
        for _ in range(rng.randrange(1, 4)):
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        ends_or_lives(c, bytes(raw))
    other.ping()


@test("random heads of requests")
def heads(d):
    rng = random.Random(4)
    other = d.cc()
    for _ in range(60):
        raw = bytearray(sstp.request_head(correlation="{x}"))
        for _ in range(rng.randrange(1, 8)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        c = d.client()
        try:
            c.send(bytes(raw) + b"\r\n\r\n")
            reply = sstp.Reply(c.record())
            if reply.status != 200:
                c.expect_closed()
        except (sstp.Closed, OSError):
            pass
        c.close()
    other.ping()


@test("a plugin that breaks the rules costs only its own session")
def plugin(d):
    other = d.cc()
    for script in ("garbage-plugin", "request-address",
                   "auth mschapv2 alice 0102030405 01"):
        c = d.ccp(script)
        c.expect_after_data(sstp.DISCONNECT)
        other.ping()
    # nothing can be asked of it any more, so its pppd is ended
    c = d.ccp("close-plugin")
    c.send(c.proof(hlak=sstp.NO_HLAK))
    c.expect_after_data(sstp.DISCONNECT)
    other.ping()


main(default={"sstp": {"negotiation-timeout": "1s", "auth-timeout": "1s"}})
