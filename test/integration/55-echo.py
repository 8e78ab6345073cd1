#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Echoes and the hello timer, with an interval that tests can wait for."""

import select
import time

import sstp
from lib import UP, main, test
from sstp import data

INTERVAL = 0.3  # seconds, as configured below


@test("case 69: an echo is answered", "patient")
def golden(d):
    c = d.cc()
    c.send(bytes.fromhex("1001000800080000"))
    c.expect(bytes.fromhex("1001000800090000"))


@test("case 70: also before the call is connected", "patient")
def early(d):
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    c.fence()
    c.send(sstp.ECHO_REPLY)  # to nothing: ignored
    c.fence()
    c.send(c.proof())
    c.ping()


@test("case 71, 72: silence brings an echo request, an answer another one")
def hello(d):
    c = d.cc()
    for answer in (sstp.ECHO_REPLY, data(sstp.ip_frame(b"\0")),
                   data(b"\xff"), sstp.ECHO_REPLY):
        c.expect(sstp.ECHO)
        c.send(answer)
        if answer == data(sstp.ip_frame(b"\0")):
            c.expect_data(sstp.ip_frame(b"\0"))
    c.ping()


@test("case 71, 73: one echo request, then the end without an abort")
def lost(d):
    c = d.cc()
    c.expect(sstp.ECHO)
    c.expect_closed()
    # by itself, for lack of a line: it has its accounting to do
    d.wait_event(c, "hangup")
    d.wait_event(c, "exit 16")


@test("case 74: a client that sends needs no echo request")
def busy_client(d):
    for _ in range(5):
        c = d.cc()
        if sends_without_pause(c):
            return
        c.close()
    raise AssertionError("this machine is too busy to tell")


def sends_without_pause(c):
    """False when we were too slow ourselves for the result to count."""
    last = end = time.monotonic()
    end += 3 * INTERVAL
    while last < end:
        c.send(data(sstp.LCP))
        readable = select.select([c.tls], [], [], 0.02)[0]
        if time.monotonic() - last > INTERVAL / 2:
            return False
        last = time.monotonic()
        assert not readable, c.read()
    return True


@test("case 74: data to a silent client does not speak for it")
def busy_server(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\n"
             f"trickle 20 {sstp.ip_frame(b'busy').hex()}\n")
    c.send(data(sstp.LCP))
    c.expect_after_data(sstp.ECHO)
    c.send(sstp.ECHO_REPLY)
    c.expect_after_data(sstp.ECHO)
    try:
        while True:
            got = c.read()
            assert not got.control, got
    except sstp.Closed:
        pass


@test("case 75: echo requests of a client that does not read", "patient")
def flood(d):
    c = d.cc(buffer=4096)
    before = d.memory()
    count = 100000
    c.send(*[sstp.ECHO * 2000] * (count // 2000))
    d.check_growth(before, 1 << 20)  # of 3 of answers
    for _ in range(count):
        c.expect(sstp.ECHO_REPLY)
    c.ping()


main(default={"sstp": {"hello-interval": f"{int(INTERVAL * 1000)}ms"}},
     patient={})
