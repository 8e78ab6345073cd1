#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Packets and their faults. That every packet of the server is flawless and
alone in its TLS record is asserted for each one that any test reads, too:
sstp.Packet."""

import select
import struct

import sstp
from lib import UP, main, test
from sstp import attribute, data, message, packet

INVALID = (2, 7)


def in_each_state(d):
    yield "CRP", d.crp()
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    yield "CCP", c
    yield "CC", d.cc()


def ends_with_abort(c, raw, cause=INVALID):
    c.send(raw)
    c.expect_abort(*cause)
    c.send(sstp.abort(2, 7))
    c.expect_closed()


@test("case 17: a request in fourteen records")
def bytewise(d):
    c = d.crp()
    c.send(*[sstp.REQUEST[i:i + 1] for i in range(14)])
    c.take_ack().connect()


@test("case 18: a request and three frames in one record, in order")
def joined(d):
    c = d.crp(UP)
    frames = [sstp.LCP + bytes((i,)) for i in range(3)]
    c.send(sstp.REQUEST + b"".join(data(f) for f in frames))
    c.take_ack()
    d.wait_event(c, f"frame {frames[2].hex()}")
    got = [e for e in d.events(c) if e.startswith("frame")]
    assert got == [f"frame {f.hex()}" for f in frames], got


@test("case 18: packets that begin and end anywhere in a record")
def shifted(d):
    c = d.cc()
    frames = [sstp.ip_frame(bytes((i,)) * (97 * i)) for i in range(1, 15)]
    stream = b"".join(data(f) for f in frames)
    c.send(*[stream[i:i + 1000] for i in range(0, len(stream), 1000)])
    for frame in frames:
        c.expect_data(frame)


@test("case 19: another version closes silently, and pppd is told")
def version(d):
    for version in (0x11, 0x20, 0x00):
        for state, c in in_each_state(d):
            c.send(packet(bytes(4), version=version))
            c.expect_closed()
            if state != "CRP":
                d.wait_event(c, "exit")


@test("case 20: a length below four closes silently")
def short_length(d):
    for length in range(4):
        for _, c in in_each_state(d):
            c.send(packet(bytes(8), length=length))
            c.expect_closed()


@test("case 21: reserved bits are ignored")
def reserved(d):
    c = d.crp()
    every = {"reserved": 0x7f, "r": 15}
    c.send(message(sstp.CALL_CONNECT_REQUEST,
                   attribute(1, b"\0\1", reserved=255, r=15), **every))
    c.take_ack().connect()
    frame = sstp.ip_frame(b"reserved")
    c.send(packet(frame, control=False, **every))
    c.expect_data(frame)
    c.send(message(sstp.ECHO_REQUEST, **every))
    c.expect(sstp.ECHO_REPLY)


@test("case 22: a control packet of four to seven bytes")
def short_control(d):
    for n in range(4):
        ends_with_abort(d.crp(), packet(sstp.ECHO[4:4 + n]))
    for _, c in in_each_state(d):
        ends_with_abort(c, packet(b"\0\x08"))


@test("case 23: data packets without payload, and of the largest size")
def sizes(d):
    c = d.cc()
    c.send(data(b""))
    c.ping()
    frame = sstp.ip_frame(bytes(range(256)) * 16)[:4091]
    c.send(data(frame))
    c.expect_data(frame)
    c.send(b"".join(data(frame) for _ in range(4)))
    for _ in range(4):
        c.expect_data(frame)


@test("case 24: an unknown type")
def unknown_type(d):
    for kind in (0, 10, 0xffff):
        for _, c in in_each_state(d):
            ends_with_abort(c, message(kind))


@test("case 25: an attribute's length below four")
def short_attribute(d):
    for length in range(4):
        ends_with_abort(d.crp(), message(
            sstp.CALL_CONNECT_REQUEST, attribute(1, b"\0\1", length=length)))
    c = d.ccp()
    ends_with_abort(c, message(sstp.CALL_CONNECTED,
                               attribute(3, bytes(100), length=0)))


@test("case 26: attributes past the end, or more or fewer than counted")
def counts(d):
    kind = sstp.CALL_CONNECT_REQUEST
    ppp = sstp.PPP
    for raw in (message(kind, attribute(1, b"\0\1", length=7)),
                message(kind, attribute(1, b"\0\1", length=4095)),
                message(kind, ppp, count=2),
                message(kind, ppp, count=65535),
                message(kind, ppp, ppp, count=1),
                message(kind, ppp, count=0),
                message(kind, ppp, b"\0")):
        ends_with_abort(d.crp(), raw)
    ends_with_abort(d.ccp(), message(
        sstp.CALL_CONNECTED, attribute(3, bytes(100)), count=2))


@test("case 26: what follows the header does not matter to an echo")
def lenient(d):
    c = d.cc()
    c.send(packet(sstp.ECHO[4:] + b"junk"))
    c.expect(sstp.ECHO_REPLY)
    c.send(message(sstp.ECHO_REQUEST, count=7))
    c.expect(sstp.ECHO_REPLY)


# each message of a server, [MS-SSTP] 2.2 and 4; the nonce is for it to choose
GOLDEN = {name: bytes.fromhex(text) for name, text in {
    "ack": "10010030 0002 0001 00040028 000000 03",
    "nak": "10010016 0003 0001 0002000e 000000 01 00000004 0002",
    "abort": "10010014 0005 0001 0002000c 000000 02 00000007",
    "disconnect": "10010014 0006 0001 0002000c 000000 00 00000000",
    "disconnect ack": "10010008 0007 0000",
    "echo request": "10010008 0008 0000",
    "echo response": "10010008 0009 0000",
}.items()}


@test("case 27: each message that a server sends, byte by byte", "echoes")
def golden(d):
    c = d.crp(UP + f"wait-frame {sstp.LCP.hex()}\nexit 0\n")
    c.send(message(sstp.CALL_CONNECT_REQUEST, attribute(1, b"\0\2")))
    assert c.record() == GOLDEN["nak"]
    c.send(sstp.REQUEST)
    ack = c.record()
    assert ack[:16] == GOLDEN["ack"] and len(ack) == 48, ack.hex()
    c.nonce = ack[16:]
    assert c.record() == data(sstp.CHAP_SUCCESS)
    c.send(c.proof())
    assert c.record() == GOLDEN["echo request"]
    c.send(sstp.ECHO)
    assert c.record() == GOLDEN["echo response"]
    c.send(data(sstp.LCP))
    assert c.record() == GOLDEN["disconnect"]
    c.send(sstp.DISCONNECT)
    assert c.record() == GOLDEN["disconnect ack"]
    c.expect_closed()
    c = d.crp()
    c.send(message(99))
    assert c.record() == GOLDEN["abort"]


@test("case 27: what these tests take for flawless")
def strict(d):
    good = sstp.ECHO_REPLY
    sstp.Packet(good)
    for bad in (good + good, good + b"\0", good[:-1], b"\x11" + good[1:],
                good[:1] + b"\x03" + good[2:], good[:2] + b"\x10" + good[3:]):
        try:
            sstp.Packet(bad)
        except AssertionError:
            continue
        raise AssertionError(f"{bad.hex()} was taken")


@test("case 100: a client that reads one packet each time it is woken")
def one_at_a_time(d):
    c = d.cc(UP + "wait-frame ff03c0\nsource 200 40\n")
    c.send(data(sstp.LCP), *[sstp.ECHO] * 10)
    echoes = frames = 0
    while echoes < 10 or frames < 200:
        assert select.select([c.tls], [], [], 20)[0], \
            f"{echoes} echoes and {frames} frames seen, no more can be"
        head = c.tls.recv(4)
        length = struct.unpack(">H", head[2:])[0]
        body = c.tls.recv(length - 4)
        # what is left would not wake a client that asks only its socket
        assert len(head) + len(body) == length and c.tls.pending() == 0
        if head[1] == 0:
            assert body == sstp.numbered_frame(40, frames), frames
            frames += 1
        else:
            assert head + body == sstp.ECHO_REPLY
            echoes += 1


@test("case 100: many small frames at once come in a record each")
def burst(d):
    c = d.cc(UP + "wait-frame ff03c0\nsource 200 40\n")
    c.send(data(sstp.LCP))
    for i in range(200):
        c.expect_data(sstp.numbered_frame(40, i))


main(echoes={"sstp": {"hello-interval": "1s"}})
