#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Many sessions that have nothing to do: what each of them takes, and that all of it
comes back.

TEST_IDLE is their number; 1000 take half a minute."""

import os
import pathlib
import re
import resource
import time

import sstp
from lib import SANITIZED, UP, comment, main, status_field, test, wait_until

SESSIONS = int(os.environ.get("TEST_IDLE") or 100)
# what one may take of a process: descriptors, and bytes of memory
LIMITS = {
    "worker": (3, 48 << 10),  # its connection, pty and pppd's log
    "monitor": (2, 8 << 10),  # its pppd and the plugin in there
}
SPARE = 256 << 10  # bytes that all of them may take once
HELLO = "3600s"  # nobody is asked whether it is still there


def pss(pid):
    """Bytes: what it has alone, and its share of what it has with others."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])


def private(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(map(int, re.findall(r"^Private_\w+:\s+(\d+)", text, re.M)))


def room_for_all():
    """Each is a socket of ours, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * SESSIONS)), hard))


def bring_up(d):
    name, context, found = d.script(UP), sstp.client_context(), []
    for _ in range(SESSIONS):
        c = sstp.Client(d.addresses()[0], name, context=context)
        d.clients.append(c)
        found.append(c.http().request().connect())
    return found


@test(f"{SESSIONS} idle sessions take little, and nothing of them is left",
      daemon=None)
def idle(make):
    room_for_all()
    many = 2 * SESSIONS
    d = make({"server": {"workers": 1}, "sstp": {"hello-interval": HELLO},
              "log": {"level": "info"},
              "limits": {"max-sessions": many, "max-sessions-per-address": many}}).start()
    d.take_baseline()
    processes = {"worker": d.workers[0], "monitor": d.pid()}
    before = {name: private(pid) for name, pid in processes.items()}
    began = time.monotonic()
    clients = bring_up(d)
    comment(f"{SESSIONS} sessions were up after {time.monotonic() - began:.1f} s")
    for c in clients:
        c.ping()
    pppds = d.pppds()
    assert len(pppds) == SESSIONS
    # each began with a few of the monitor's descriptors, however many it has
    tables = {int(status_field(p, "FDSize")[0]) for p in pppds}
    assert max(tables) < d.open_descriptors()[d.pid()], tables
    opened = d.open_descriptors()
    for name, pid in processes.items():
        grown = private(pid) - before[name]
        each = (opened[pid] - d.baseline[pid]) / SESSIONS
        comment(f"{name}: {grown / SESSIONS / 1024:.1f} KiB and {each:.1f} descriptors "
                f"a session, {pss(pid) >> 10} KiB in all")
        descriptors, size = LIMITS[name]
        assert each <= descriptors, (name, each)
        assert SANITIZED or grown < SESSIONS * size + SPARE, (name, grown)
    size = d.log_size()
    for c in clients:
        c.send(sstp.DISCONNECT)
    for c in clients:
        c.expect_after_data(sstp.DISCONNECT_ACK)
        c.expect_closed()
    wait_until(lambda: len(re.findall(" ended: ", d.log(size))) == SESSIONS,
               "the end of every session")
    d.check_settled()
    d.stop()


main()
