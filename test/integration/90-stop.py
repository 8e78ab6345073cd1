#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Stopping the server: everybody is told, and it does end."""

import re
import signal
import socket

import sstp
from lib import UP, descendants, main, test, wait_until
from sstp import data

BOUND = 10  # seconds; the timers of these daemons add up to far less


def ends(d):
    assert d.process.wait(BOUND) == 0, d.process.returncode
    d.check_log()


@test("case 90: every session gets a disconnect", daemon=None)
def told(make):
    d = make().start()
    crp = d.crp()
    ccp = d.ccp()
    ccp.expect_data(sstp.CHAP_SUCCESS)
    connected = [d.cc() for _ in range(6)]
    d.signal(signal.SIGTERM)
    for c in [crp, ccp, *connected]:
        c.expect_after_data(sstp.DISCONNECT)
        c.send(sstp.DISCONNECT_ACK)
        c.expect_closed()
    ends(d)
    for c in [ccp, *connected]:
        assert "exit 5" in d.events(c), d.events(c)


@test("case 90: pppd's good-bye reaches the client first", daemon=None)
def goodbye(make):
    d = make().start()
    c = d.cc()
    d.signal(signal.SIGTERM)
    c.expect_data(sstp.TERMINATE)
    c.expect(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    ends(d)


@test("case 90: a client that does not answer does not hold it up",
      daemon=None)
def silent(make):
    d = make().start()
    clients = [d.client(handshake=False), d.client(), d.crp(), d.ccp(),
               d.cc()]
    d.signal(signal.SIGTERM)
    ends(d)
    assert clients


@test("case 90: nor does a pppd that ignores all signals but one",
      daemon=None)
def stubborn(make):
    d = make().start()
    c = d.cc("ignore-term\n" + UP)
    pppd = d.pppd_of(c)
    d.signal(signal.SIGTERM)
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    ends(d)
    assert pppd not in d.pppds()


@test("what has not ended after shutdown-timeout is killed, and said to be",
      daemon=None)
def impatient(make):
    d = make({"server": {"shutdown-timeout": "1s"},
              "ppp": {"stop-timeout": "1h"}}).start()
    for c in [d.cc("ignore-term\n" + UP) for _ in range(2)]:
        c.half_close()
    d.signal(signal.SIGTERM)
    ends(d)
    assert re.search(r"2 sessions have not ended in time and are killed", d.log())


@test("a stubborn pppd is killed after its client has left", daemon=None)
def left_alone(make):
    d = make().start()
    c = d.cc("ignore-term\n" + UP)
    c.send(sstp.DISCONNECT)
    c.expect_after_data(sstp.DISCONNECT_ACK)
    c.expect_closed()
    wait_until(lambda: not d.pppds(), "the end of pppd")
    d.stop()


@test("SIGINT stops it, too; a client that cannot be written to is cut off",
      daemon=None)
def stuck(make):
    d = make().start()
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource 100000 1400\n",
             buffer=4096)
    c.send(data(sstp.LCP))
    d.signal(signal.SIGINT)
    ends(d)
    c.close()


@test("new connections are refused while it waits for a client",
      daemon=None)
def no_more(make):
    d = make({"sstp": {"disconnect-timeout": "60s"}}).start()
    address = d.addresses()[0]
    c = d.cc()
    d.signal(signal.SIGTERM)
    c.expect_after_data(sstp.DISCONNECT)
    wait_until(lambda: is_refused(address), "refusal", 3)
    c.send(sstp.DISCONNECT_ACK)
    ends(d)


def is_refused(address):
    with socket.socket() as sock:
        sock.settimeout(BOUND)
        try:
            sock.connect(address)
        except ConnectionRefusedError:
            return True
    return False


@test("its process dies, and nothing of it lives on", daemon=None)
def monitor_killed(make):
    d = make().start()
    c = d.cc()
    pids = list(descendants(d.pid()))
    d.signal(signal.SIGKILL)
    d.process.wait()
    wait_until(lambda: not any(running(p) for p in pids),
               "the end of workers, control and pppds")
    assert c


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


main()
