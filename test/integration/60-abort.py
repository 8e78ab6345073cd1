#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""CALL_ABORT. In each daemon one of the two timers is out of reach, so that
what closes the connection must have been the other one; in one both are, and
nothing but the client may close it."""

import sstp
from lib import UP, main, test
from sstp import abort, data

FAULT = sstp.message(99)
INVALID = abort(2, 7)
WAITS, LINGERS = "ABORT_PENDING", "ABORT_TIMEOUT_PENDING"
EXIT = UP + f"wait-frame {sstp.LCP.hex()}\nexit 0\n"


def in_each_state(d):
    yield d.crp()
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    yield c
    yield d.cc()


@test("case 76: an abort is answered once, then the end comes", "linger")
def answered(d):
    for raw, status in ((abort(2, 5), 5), (abort(2, 4), 4), (abort(2, 9), 9),
                        (abort(2, 1), 7), (abort(2, 0xb), 7),
                        (sstp.SHORT_ABORT, 7)):
        for c in in_each_state(d):
            c.send(raw)
            c.expect(abort(2, status))
            c.expect_closed()


@test("case 76: pppd is told", "linger")
def pppd_told(d):
    c = d.cc()
    c.send(abort(2, 5))
    c.expect(abort(2, 5))
    d.wait_event(c, "exit")


@test("case 77: the answer to our abort is not answered", "linger")
def no_answer(d):
    for c in in_each_state(d):
        c.send(FAULT)
        c.expect(INVALID)
        c.send(INVALID)
        c.expect_closed()


@test("case 78: a client that does not answer is not waited for", "timeout")
def silent(d):
    for c in in_each_state(d):
        c.send(FAULT)
        c.expect(INVALID)
        c.expect_closed()


@test("case 76: an abort is answered, and the client has time to go", "never")
def answered_waits(d):
    other = d.cc()
    for c in in_each_state(d):
        c.send(abort(2, 5))
        c.expect(abort(2, 5))
        d.expect_waiting(c, LINGERS, other)


@test("case 77, 78: our abort waits for an answer, and then for the end", "never")
def ours_waits(d):
    other = d.cc()
    for c in in_each_state(d):
        c.send(FAULT)
        c.expect(INVALID)
        d.expect_waiting(c, WAITS, other)
        c.send(INVALID)
        d.expect_waiting(c, LINGERS, other)


@test("case 80, 81, 82: so do aborts that cross what we said, or come too often", "never")
def crossed_waits(d):
    other = d.cc()
    c = d.cc(EXIT)
    c.send(data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.send(abort(2, 5))
    c.expect(abort(2, 5))
    d.expect_waiting(c, LINGERS, other)
    for first, answer in ((FAULT, INVALID), (abort(2, 5), abort(2, 5))):
        c = d.cc()
        c.send(first + abort(2, 5) + FAULT)
        c.expect(answer)
        d.expect_waiting(c, LINGERS, other)
    c = d.cc()
    c.send(sstp.DISCONNECT + abort(2, 5))
    c.expect(sstp.DISCONNECT_ACK)
    d.expect_waiting(c, "DISCONNECT_TIMEOUT_PENDING", other)


@test("case 79: nothing else is answered meanwhile", "timeout")
def discarded(d):
    c = d.cc()
    c.send(FAULT)
    c.expect(INVALID)
    c.send(sstp.ECHO, sstp.REQUEST, sstp.DISCONNECT, sstp.DISCONNECT_ACK,
           data(sstp.ip_frame(b"late")), FAULT, c.proof())
    c.expect_closed()
    assert not [e for e in d.events(c) if b"late".hex() in e]


@test("case 79: not even what is no packet", "linger")
def header_broken(d):
    c = d.cc()
    c.send(FAULT)
    c.expect(INVALID)
    c.send(bytes(8))
    c.expect_closed()


@test("case 80: an abort while our disconnect waits", "linger")
def during_disconnect(d):
    c = d.cc(EXIT)
    c.send(data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.send(abort(2, 5))
    c.expect(abort(2, 5))
    c.expect_closed()


@test("case 81: an abort after all is said is ignored", "linger")
def too_late(d):
    c = d.cc()
    c.send(abort(2, 5), abort(2, 5))
    c.expect(abort(2, 5))
    c.expect_closed()
    c = d.cc()
    c.send(sstp.DISCONNECT + abort(2, 5))
    c.expect(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("case 82: crossed aborts are one each way", "linger")
def crossed(d):
    for c in in_each_state(d):
        c.send(FAULT + abort(2, 5))
        c.expect(INVALID)
        c.expect_closed()


NEVER = "120s"
main(linger={"sstp": {"abort-timeout": NEVER, "disconnect-timeout": NEVER,
                      "abort-linger": "20ms", "disconnect-linger": "20ms"}},
     timeout={"sstp": {"abort-timeout": "100ms", "abort-linger": NEVER}},
     never={"server": {"workers": 1},
            "sstp": {"abort-timeout": NEVER, "abort-linger": NEVER,
                     "disconnect-timeout": NEVER, "disconnect-linger": NEVER}})
