#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The negotiation timer, and connections that just end."""

import os
import socket
import ssl
import time

import sstp
from lib import PATIENCE, UP, main, test, wait_until
from sstp import attribute, data, message

TIMEOUT = 0.6  # seconds, as configured below
BAD = message(sstp.CALL_CONNECT_REQUEST, attribute(1, b"\0\2"))
EXIT = UP + f"wait-frame {sstp.LCP.hex()}\nexit 0\n"


@test("case 92: no request in time", "hurry")
def no_request(d):
    c = d.crp()
    c.expect_abort(2, 8)
    assert d.events(c) == []


@test("case 93: no proof in time, even while frames flow", "hurry")
def no_proof(d):
    c = d.ccp(UP + f"trickle 20 {sstp.LCP.hex()}\n")
    c.send(data(sstp.LCP), sstp.ECHO)
    c.expect_after_data(sstp.ECHO_REPLY)
    c.expect_abort(2, 8)
    d.wait_event(c, "exit")


@test("case 92, 93: the place of such a client is free again", "one")
def place(d):
    def another():
        try:
            return d.crp()
        except AssertionError:  # 503
            return None

    d.crp().expect_abort(2, 8)
    c = wait_until(another, "a free session").request()
    c.expect_after_data(sstp.abort(2, 8))
    c.close()
    c = wait_until(another, "a free session").request()
    d.wait_event(c, "argv")


@test("case 70: echoes do not move the negotiation timer", "hurry")
def echoes(d):
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        c.send(sstp.ECHO)
        got = c.read().bytes
        if got != sstp.ECHO_REPLY:
            assert got == sstp.abort(2, 8), got.hex()
            return
        time.sleep(TIMEOUT / 50)
    raise AssertionError("the time was extended")


@test("case 94: the request starts the time anew", "hurry")
def restarted(d):
    for _ in range(5):
        c = d.crp()
        start = time.monotonic()
        time.sleep(0.7 * TIMEOUT)
        c.request()
        requested = time.monotonic()
        c.expect_data(sstp.CHAP_SUCCESS)
        time.sleep(0.5 * TIMEOUT)
        # late for one timer, in time for two; else we were too slow
        late = time.monotonic()
        if late - start > 1.1 * TIMEOUT and late - requested < 0.8 * TIMEOUT:
            c.send(c.proof())
            c.ping()
            return
        c.close()
    raise AssertionError("this machine is too busy to tell")


@test("case 94: a connected call is not timed any more", "hurry")
def connected(d):
    c = d.cc()
    time.sleep(1.3 * TIMEOUT)
    c.ping()


@test("case 95: a refusal does not extend the time", "hurry")
def refusals(d):
    for _ in range(5):
        c = d.crp()
        start = time.monotonic()
        time.sleep(0.7 * TIMEOUT)
        c.send(BAD)
        try:
            c.expect(sstp.nak((1, 4, b"\0\2")))
        except AssertionError:
            continue  # we were too slow
        nak = time.monotonic()
        c.expect_abort(2, 8)
        end = time.monotonic()
        # the server's clock started after ours could first have told
        if end - nak < 0.9 * TIMEOUT:
            assert end - start > 0.5 * TIMEOUT
            return
    raise AssertionError("the time was extended")


def states(d):
    yield "TLS", d.client(handshake=False)
    yield "HTTP", d.client()
    yield "CRP", d.crp()
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    yield "CCP", c
    yield "CC", d.cc()
    c = d.cc()
    c.send(sstp.message(99))
    c.expect_abort(2, 7)
    yield "AP", c
    c = d.cc(EXIT)
    c.send(data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    yield "DAP", c
    c = d.cc()
    c.send(sstp.abort(2, 5))
    c.expect_abort(2, 5)
    yield "ATP", c
    c = d.cc()
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    yield "DTP", c


def ends_in_each_state(d, leave):
    other = d.cc()
    for state, c in states(d):
        leave(c)
        if state in ("CCP", "CC"):
            d.wait_event(c, "exit")
    other.ping()
    d.settle()


@test("case 96: TCP is reset in each state")
def reset(d):
    ends_in_each_state(d, lambda c: c.reset())


@test("case 96: TCP ends in each state")
def fin(d):
    ends_in_each_state(d, lambda c: c.close())


@test("case 96: TLS ends in each state")
def close_notify(d):
    def leave(c):
        if c.certificate is None:
            c.close()
        else:
            c.end_tls()
    ends_in_each_state(d, leave)


@test("case 96: TLS breaks in each state")
def garbage(d):
    # a record that cannot be decrypted
    ends_in_each_state(
        d, lambda c: c.send_raw(b"\x17\x03\x03\0\x20" + bytes(32)))


@test("case 96: a fatal alert in each state")
def alert(d):
    ends_in_each_state(d, send_alert)


def send_alert(c):
    """What the client's TLS says to a record that it cannot decrypt."""
    if c.certificate is None:
        c.send_raw(b"\x15\x03\x03\0\2\2\x28")  # handshake_failure
        return
    wire = os.dup(c.tls.fileno())
    ours, its = socket.socketpair()
    os.dup2(its.fileno(), c.tls.fileno())
    ours.sendall(b"\x17\x03\x03\0\x20" + bytes(32))
    try:
        c.tls.recv(1)
    except ssl.SSLError:
        pass
    os.write(wire, ours.recv(100))
    os.dup2(wire, c.tls.fileno())
    os.close(wire)
    ours.close()
    its.close()


@test("case 96: nothing more is said to a client that has ended TCP")
def nothing_written(d):
    for state, c in states(d):
        c.half_close()
        if state == "TLS":
            assert c.tls.recv(100) == b""
        else:
            c.expect_closed()


@test("case 96: the client stops in the middle of a packet")
def partial(d):
    for part in (sstp.REQUEST[:3], sstp.REQUEST[:9]):
        c = d.crp()
        c.send(part)
        c.close()
    c = d.cc()
    c.send(data(sstp.LCP)[:6])
    c.close()
    d.wait_event(c, "exit")


NEVER = "120s"
HURRY = {"negotiation-timeout": f"{int(TIMEOUT * 1000)}ms",
         "auth-timeout": f"{int(TIMEOUT * 1000)}ms"}
main(default={"sstp": {"abort-timeout": NEVER, "abort-linger": NEVER,
                       "disconnect-timeout": NEVER,
                       "disconnect-linger": NEVER}},
     one={"sstp": HURRY, "limits": {"max-sessions": 1}},
     hurry={"sstp": HURRY})
