#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""What a client has begun before its address was banned is no way around the
ban: no guess is checked that was not on its way already."""

import os
import signal

import sstp
from lib import main, test, wait_until

GUESS = f"wait-frame {sstp.LCP.hex()}\nauth-failed\nexit 11\n"


def guess(c):
    c.send(sstp.data(sstp.LCP))
    c.expect_after_data(sstp.DISCONNECT)


def ban(d, source, failures=3):
    """Connections there fail until the address is banned."""
    start = d.log_size()
    for _ in range(failures):
        guess(d.ccp(GUESS, source=source))
    d.wait_log(rf"limits: banned {source} for 600 s after {failures} failed", start)


def ends(d, source, cause, start):
    """How many ends of such connections have this cause."""
    return len([line for line in d.log(start).splitlines()
                if f" {source}:" in line and f" cause={cause} " in line])


def wait_ends(d, source, cause, start, count):
    wait_until(lambda: ends(d, source, cause, start) == count,
               f"{count} ends of {source} by {cause}")


@test("connections that wait for a ban to begin are turned away by it")
def opened(d):
    start, source = d.log_size(), "127.0.0.5"
    calls = [d.crp(GUESS, source=source) for _ in range(6)]
    early = d.client(source=source)
    ban(d, source)
    for c in calls:
        c.request()
        c.expect_after_data(sstp.DISCONNECT)
    early.send(sstp.request_head())
    assert sstp.Reply(early.record()).status == 503
    early.close()
    wait_ends(d, source, "limit-banned", start, 7)
    assert ends(d, source, "auth-failed", start) == 3
    assert not any(d.events(c) for c in calls), "a pppd was started"
    d.cc(source="127.0.0.6").ping()


@test("calls that have a pppd already end, sessions do not")
def running(d):
    start, source = d.log_size(), "127.0.0.7"
    session = d.cc(source=source)
    calls = [d.ccp(GUESS, source=source) for _ in range(4)]
    other = d.ccp(GUESS, source="127.0.0.8")
    for c in calls:
        d.wait_event(c, "session ")
    ban(d, source)
    for c in calls:
        c.expect_after_data(sstp.DISCONNECT)
    wait_ends(d, source, "limit-banned", start, 4)
    assert ends(d, source, "auth-failed", start) == 3
    session.ping()
    guess(other)
    wait_ends(d, "127.0.0.8", "auth-failed", start, 1)


@test("guesses that a ban does not stop any more: it is logged once")
def once(d):
    start, source = d.log_size(), "127.0.0.9"
    calls = [d.ccp("ignore-term\n" + GUESS, source=source) for _ in range(5)]
    for c in calls:
        d.wait_event(c, "session ")
    ban(d, source)
    for c in calls:
        guess(c)
    wait_ends(d, source, "auth-failed", start, 8)
    assert d.log(start).count("limits: banned") == 1
    assert "limit-banned" not in d.log(start)


@test("requests that wait for their pppd are refused", "queue")
def waiting(d):
    start, source = d.log_size(), "127.0.0.5"
    calls = [d.ccp(GUESS, source=source) for _ in range(3)]
    for c in calls:
        d.wait_event(c, "session ")
    first = d.ccp("start-signal\n", source="127.0.0.6")
    d.wait_event(first, "session ")
    other = d.ccp(source="127.0.0.6")
    late = [d.ccp(GUESS, source=source) for _ in range(4)]
    d.wait_log("others wait their turn", start)
    for c in calls:
        guess(c)
    for c in late:
        c.expect_after_data(sstp.DISCONNECT)
    wait_ends(d, source, "limit-banned", start, 4)
    assert not any(d.events(c) for c in late), "a pppd was started"
    os.kill(d.pppd_of(first), signal.SIGUSR1)
    other.connect()


@test("a pause holds for connections that are open, too", "pause")
def pause(d):
    start, source = d.log_size(), "127.0.0.5"
    late = d.crp(GUESS, source=source)
    begun = d.ccp(GUESS, source=source)
    guess(d.ccp(GUESS, source=source))
    wait_ends(d, source, "auth-failed", start, 1)
    late.request()
    late.expect_after_data(sstp.DISCONNECT)
    wait_ends(d, source, "limit-banned", start, 1)
    # who is in the middle of it may go on: it is a pause, not a ban
    guess(begun)
    wait_ends(d, source, "auth-failed", start, 2)


BAN = {"ban-after": 3, "ban-time": "600s"}
main(default={"limits": BAN, "ppp": {"stop-timeout": "60s"}},
     queue={"limits": {**BAN, "max-starting": 1, "starting-time": "60s"}},
     pause={"limits": {"auth-backoff": "60s"}})
