#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Clients that send anything at all. What is random is the same every time."""

import random
import struct

import sstp
from lib import UP, main, test
from sstp import data

MEMORY = 512 << 10  # what the daemon may take for the second half of a test


def ends_or_lives(c, raw):
    """Whatever the answer is, it is well formed (sstp.Packet), and the end
    comes."""
    c.packs = True  # raw may be anything
    try:
        c.send(raw, sstp.abort(2, 5), sstp.DISCONNECT)
        c.half_close()  # a packet may be left incomplete
        while True:
            c.read()
    except TimeoutError:
        raise AssertionError("the connection does not end") from None
    except (sstp.Closed, OSError):
        pass
    c.close()


def repeat(d, count, one):
    """Do one() often: it disturbs no worker, and leaves no memory behind."""
    others = [d.cc() for _ in range(8)]
    before = None
    for i in range(count):
        if i == count // 2:
            before = d.memory()
        one()
    for c in others:
        c.ping()
    d.check_growth(before, MEMORY)


def random_packet(rng):
    """A right header, and behind it what may be right, too."""
    if rng.random() < 0.3:
        return data(bytes.fromhex(rng.choice(("ff03", "ff030021", "21", "")))
                    + rng.randbytes(rng.choice((0, 1, 9, 4087))))
    value = rng.randbytes(rng.choice((0, 1, 2, 8, 36, 100, 104)))
    parts = [sstp.attribute(rng.randrange(6), value, r=rng.randrange(16))
             for _ in range(rng.randrange(4))]
    count = rng.choice((len(parts), len(parts), rng.randrange(65536)))
    body = struct.pack(">HH", rng.randrange(12), count) + b"".join(parts)
    return sstp.packet(body[:rng.choice((4091, rng.randrange(16)))],
                       reserved=rng.randrange(128), r=rng.randrange(16))


def flip(rng, raw):
    """One to three bits of it changed."""
    raw = bytearray(raw)
    for _ in range(rng.randrange(1, 4)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


@test("case 98: random bytes after the reply")
def noise(d):
    rng = random.Random(1)
    repeat(d, 100, lambda: ends_or_lives(
        d.crp(), rng.randbytes(rng.randrange(1, 5000))))


@test("case 98: random packets with a right header")
def headers(d):
    rng = random.Random(2)

    def one():
        for c in (d.crp(), d.ccp(), d.cc()):
            ends_or_lives(c, b"".join(random_packet(rng) for _ in range(5)))
    repeat(d, 60, one)


@test("case 98: bit flips in a whole session")
def flips(d):
    rng = random.Random(3)

    def one():
        raw = sstp.REQUEST + data(sstp.LCP) + sstp.ECHO + \
            data(sstp.ip_frame(b"x" * 100)) + sstp.DISCONNECT
        ends_or_lives(d.crp(), flip(rng, raw))
        c = d.ccp()  # the rest of it takes this one's nonce
        raw = data(sstp.LCP) + c.proof() + raw[len(sstp.REQUEST):]
        ends_or_lives(c, flip(rng, raw))
    repeat(d, 100, one)


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
