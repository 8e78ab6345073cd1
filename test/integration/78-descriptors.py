#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Descriptors or memory run out: new sessions wait or are refused, those that
are there go on, and all is well once there is enough again."""

import os
import re
import signal
import time

import sstp
from lib import SANITIZED, Skipped, limit_descriptors, limit_memory, main, \
    test, wait_until

CERTIFICATES = 1
SESSIONS = 5


def start(make, **changes):
    """One worker, with sessions; returns daemon, its worker and these."""
    d = make({"server": {"workers": 1}, **changes}).start()
    d.take_baseline()
    return d, d.workers[0], [d.cc() for _ in range(SESSIONS)]


def live_on(d, sessions):
    """The old ones go on, in the same worker, and new ones get in."""
    assert d.worker_pids() == d.workers, "the worker is another one"
    for c in sessions:
        c.ping()
    d.cc().ping()
    d.check_settled()
    d.stop()


@test("a worker without descriptors accepts later", daemon=None)
def accepting(make):
    d, worker, sessions = start(make)
    limit_descriptors(worker, 0)
    size = d.log_size()
    waiting = [d.client(handshake=False) for _ in range(20)]
    d.wait_log("cannot accept.*[Tt]oo many open files", size)
    end = time.monotonic() + 2.5  # it tries again every second
    while time.monotonic() < end:
        for c in sessions:
            c.ping()
    assert len(re.findall("cannot accept", d.log(size))) == 1, d.log(size)
    # a place that another one leaves is taken
    sessions.pop().close()
    waiting[0].handshake().http()
    limit_descriptors(worker, None)
    for c in waiting[1:]:
        c.handshake().http()
    live_on(d, sessions)


@test("a worker without descriptors for a pppd refuses that session only",
      daemon=None)
def no_pty(make):
    d, worker, sessions = start(make)
    for spare in (0, 1):
        c = d.crp()
        limit_descriptors(worker, spare)
        size = d.log_size()
        c.request().expect_after_data(sstp.DISCONNECT)
        c.send(sstp.DISCONNECT_ACK)
        c.expect_closed()
        d.wait_log("ended: .*descriptor.* cause=server-failed ", size)
        wait_until(lambda: len(d.pppds()) == SESSIONS, "the end of its pppd")
        limit_descriptors(worker, None)
    live_on(d, sessions)


@test("a worker without descriptors keeps its configuration", daemon=None)
def worker_reload(make):
    d, worker, sessions = start(make)
    for spare in range(2 * CERTIFICATES + 1):
        limit_descriptors(worker, spare)
        size = d.log_size()
        d.signal(signal.SIGHUP)
        d.wait_log("keeps its old configuration|reload: done", size)
        for c in sessions:
            c.ping()
        limit_descriptors(worker, None)
    size = d.log_size()
    d.sections["sstp"]["hash-protocols"] = "sha256"
    d.write_config()
    d.signal(signal.SIGHUP)
    wait_until(lambda: d.ccp("exit 0").bitmask == 2, "the new setting")
    live_on(d, sessions)


@test("a monitor without descriptors refuses sessions, whatever it lacks one "
      "for", daemon=None)
def no_pppd(make):
    d, _, sessions = start(make)
    refused = 0
    for spare in range(12):
        limit_descriptors(d.pid(), spare)
        size = d.log_size()
        c = d.ccp()
        got = c.read().bytes
        limit_descriptors(d.pid(), None)
        c.close()
        if got == sstp.data(sstp.CHAP_SUCCESS):
            break
        assert got == sstp.DISCONNECT, got.hex()
        d.wait_log("cannot be started: .*[Tt]oo many open files", size)
        d.wait_log("ended: pppd could not be started; .* cause=pppd-not-started ", size)
        refused += 1
    # pty and tty, two channels, two ends of a pipe, a descriptor of pppd
    assert refused == 7, refused
    wait_until(lambda: len(d.pppds()) == SESSIONS, "the end of other pppds")
    live_on(d, sessions)


@test("a monitor without descriptors keeps its configuration", daemon=None)
def monitor_reload(make):
    d, _, sessions = start(make)
    for spare in range(2 * CERTIFICATES + 2):
        limit_descriptors(d.pid(), spare)
        size = d.log_size()
        d.signal(signal.SIGHUP)
        d.wait_log("keeping the old configuration|reload: done", size)
        limit_descriptors(d.pid(), None)
    live_on(d, sessions)


@test("a worker that dies while the monitor has no descriptors is replaced",
      daemon=None)
def replaced(make):
    d, worker, _ = start(make)
    limit_descriptors(d.pid(), 0)
    os.kill(worker, signal.SIGKILL)
    d.wait_log("worker .*killed by signal 9")
    limit_descriptors(d.pid(), None)
    wait_until(lambda: d.worker_pids() not in ([], [worker]), "a worker")
    d.settle()
    d.cc().ping()
    d.settle()
    d.stop()


@test("a worker without memory ends sessions, nothing else", daemon=None)
def no_memory(make):
    if SANITIZED:
        raise Skipped("a sanitizer does not go on without memory")
    d, worker, sessions = start(make)
    frame = sstp.data(sstp.ip_frame(bytes(4000)))
    failed = 0
    for spare in range(0, 512 << 10, 64 << 10):
        limit_memory(worker, spare)  # what came before stays in use
        for _ in range(25):
            try:
                d.ccp().send(frame * 20)
            except (AssertionError, sstp.Closed, OSError):
                failed += 1
    limit_memory(worker, None)
    d.settle()
    assert failed > 20, f"there was memory for all but {failed}"
    assert d.worker_pids() == d.workers, "the worker is gone"
    d.cc().ping()
    d.settle()
    d.stop()


main()
