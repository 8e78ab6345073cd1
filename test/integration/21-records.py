#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""One packet in a TLS record, or many: what a client does itself it can read."""

import sstp
from lib import main, test
from sstp import data



def sizes(c, replies):
    """Packets in each record, until so many have come."""
    counts = []
    while sum(counts) < replies:
        packets = sstp.packets_of(c.record())
        assert packets == [sstp.ECHO_REPLY] * len(packets), packets
        counts.append(len(packets))
    return counts


@test("who sends one packet in a record gets one")
def single(d):
    c = d.cc()
    c.send(*[sstp.ECHO] * 20)
    assert sizes(c, 20) == [1] * 20
    assert not c.packs


@test("who has sent two in one gets many")
def packed(d):
    c = d.cc()
    c.send(sstp.ECHO * 20)
    assert sizes(c, 20) == [1, 1, 18]  # it packs once there was a second one
    c.send(*[sstp.ECHO] * 3)
    assert sum(sizes(c, 3)) == 3
    c.ping()


@test("a packet in two records does not count as two")
def split(d):
    c = d.cc()
    for _ in range(3):
        c.send(sstp.ECHO[:5], sstp.ECHO[5:])
    assert sizes(c, 3) == [1] * 3


@test("no record is larger than TLS allows, and none cuts a packet")
def large(d):
    c = d.cc()
    frame = sstp.ip_frame(bytes(3000))
    c.send((sstp.ECHO + data(frame)) * 5)
    echoes = frames = 0
    while echoes < 5 or frames < 5:
        for packet in sstp.packets_of(c.record()):
            got = sstp.Packet(packet)
            echoes += packet == sstp.ECHO_REPLY
            frames += got.payload == frame
            assert got.control or got.payload == frame, got


@test("pack-records = never", "never")
def never(d):
    c = d.cc()
    c.send(sstp.ECHO * 20)
    assert sizes(c, 20) == [1] * 20


main(default={}, never={"sstp": {"pack-records": "never"}})
