#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""CALL_DISCONNECT, from either side. In each daemon one of the two timers is
out of reach, in one of them both."""

import sstp
from lib import UP, main, test
from sstp import abort, data

EXIT = UP + f"wait-frame {sstp.LCP.hex()}\n"
WAITS, LINGERS = "DISCONNECT_ACK_PENDING", "DISCONNECT_TIMEOUT_PENDING"


def wait_received(d, c, what):
    """The server has read so much of what the client said."""
    port = c.tls.getsockname()[1]
    d.wait_log(f":{port}: sstp: received {what}", c.log_start)


def in_each_state(d):
    yield d.crp()
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    yield c
    yield d.cc()


def told(d):
    """A client whose pppd has ended, and who was told so."""
    c = d.cc(EXIT + "exit 0\n")
    c.send(data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    return c


@test("case 83: a disconnect is acknowledged, then the end comes", "linger")
def acknowledged(d):
    for raw in (sstp.DISCONNECT, sstp.SHORT_DISCONNECT):
        for c in in_each_state(d):
            c.send(raw)
            c.expect(sstp.DISCONNECT_ACK)
            c.expect_closed()


@test("case 83: pppd is told", "linger")
def pppd_told(d):
    pending = d.ccp()
    pending.expect_data(sstp.CHAP_SUCCESS)
    for c in (pending, d.cc()):
        c.send(sstp.DISCONNECT)
        c.expect(sstp.DISCONNECT_ACK)
        d.wait_event(c, "signal|hangup")
        d.wait_event(c, "exit")


@test("case 83: a disconnect is acknowledged, and the client has time to go", "never")
def acknowledged_waits(d):
    other = d.cc()
    for c in in_each_state(d):
        c.send(sstp.DISCONNECT)
        c.expect(sstp.DISCONNECT_ACK)
        d.expect_waiting(c, LINGERS, other)


@test("case 84: pppd's last frames come before our disconnect", "linger")
def pppd_ends(d):
    last = [sstp.LCP + bytes((i,)) * 1000 for i in range(20)]
    c = d.cc(EXIT + "".join(f"send {f.hex()}\n" for f in last) + "exit 0\n")
    c.send(data(sstp.LCP))
    for frame in last:
        c.expect_data(frame)
    c.expect(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("case 84: the acknowledgement is waited for, and then nothing more", "never")
def ours_waits(d):
    other = d.cc()
    c = told(d)
    d.expect_waiting(c, WAITS, other)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("case 85: a client that does not answer is not waited for", "timeout")
def silent(d):
    c = told(d)
    c.expect_closed()


@test("case 86: crossed disconnects", "linger")
def crossed(d):
    c = told(d)
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("case 86: after that the client has time to go", "never")
def crossed_waits(d):
    other = d.cc()
    c = told(d)
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    c.send(sstp.DISCONNECT_ACK)
    wait_received(d, c, "CALL_DISCONNECT_ACK")
    d.expect_waiting(c, LINGERS, other)


@test("case 87: a disconnect after all is said ends nothing early", "never")
def too_late_waits(d):
    other = d.cc()
    for raw, answer, state in (
            (sstp.DISCONNECT, sstp.DISCONNECT_ACK, LINGERS),
            (abort(2, 5), abort(2, 5), "ABORT_TIMEOUT_PENDING"),
            (sstp.message(99), abort(2, 7), "ABORT_PENDING")):
        c = d.cc()
        c.send(raw)
        c.expect(answer)
        c.send(sstp.DISCONNECT)
        wait_received(d, c, f"CALL_DISCONNECT in {state}")
        d.expect_waiting(c, state, other)


@test("case 87: a disconnect after all is said is ignored", "linger")
def too_late(d):
    c = d.cc()
    c.send(sstp.DISCONNECT + sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    c.expect_closed()
    c = d.cc()
    c.send(abort(2, 5) + sstp.DISCONNECT)
    c.expect(abort(2, 5))
    c.expect_closed()
    c = d.cc()
    c.send(sstp.message(99) + sstp.DISCONNECT + abort(2, 7))
    c.expect(abort(2, 7))
    c.expect_closed()


@test("case 88: an acknowledgement of nothing", "linger")
def stray(d):
    for c in in_each_state(d):
        c.send(sstp.DISCONNECT_ACK)
        c.expect_abort(2, 5)


@test("case 89: a failed authentication is told before the disconnect",
      "linger")
def failed(d):
    c = d.ccp(f"wait-frame {sstp.LCP.hex()}\n"
              f"send {sstp.CHAP_FAILURE.hex()}\n"
              f"send {sstp.TERMINATE.hex()}\nexit 11\n")
    size = d.log_size()
    c.send(data(sstp.LCP))
    c.expect_data(sstp.CHAP_FAILURE)
    c.expect_data(sstp.TERMINATE)
    c.expect(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()
    d.wait_log("peer authentication failed", size)


@test("case 91: a client that says good-bye and is gone", "linger")
def gone(d):
    other = d.cc()
    for leave in ("close", "reset", "end_tls"):
        c = d.cc()
        c.send(sstp.DISCONNECT)
        getattr(c, leave)()
        d.wait_event(c, "exit")
    other.ping()


@test("a pppd that fails at once ends the call", "linger")
def fails(d):
    for script in ("exit 1", "die 1", "die 127"):
        c = d.ccp(script)
        c.expect(sstp.DISCONNECT)
        c.send(sstp.DISCONNECT_ACK)
        c.expect_closed()


@test("what pppd prints is in our log", "linger")
def prints(d):
    size = d.log_size()
    c = d.cc(UP + "log a line of pppd's own\nlog \x1b[31mred\n")
    d.wait_log("a line of pppd's own", size)
    d.wait_log("red", size)
    assert "\x1b" not in d.log(size)
    c.ping()


NEVER = "120s"
main(linger={"sstp": {"abort-timeout": NEVER, "disconnect-timeout": NEVER,
                      "abort-linger": "20ms", "disconnect-linger": "20ms"}},
     timeout={"sstp": {"disconnect-timeout": "100ms",
                       "disconnect-linger": NEVER}},
     never={"server": {"workers": 1},
            "sstp": {"abort-timeout": NEVER, "abort-linger": NEVER,
                     "disconnect-timeout": NEVER, "disconnect-linger": NEVER}})
