#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""max-starting: only so many pppds start at a time, the others wait their turn.

A scripted pppd goes on with its start when it gets SIGUSR1, so nothing here
depends on how long something takes."""

import os
import signal

import sstp
from lib import main, test, wait_until

KEYS = " ".join(key.hex() for key in sstp.KEYS)
AUTH = f"""\
auth mschapv2 alice {KEYS}
echo
send {sstp.CHAP_SUCCESS.hex()}
"""
NETWORK = """\
request-address
up
"""
UP = AUTH + NETWORK
# neither the end of its client nor a stop makes it go on
HELD = "ignore-term\nstart-signal\n" + UP


def cap(**limits):
    limits = {"max-starting": 2, "starting-time": "60s", **limits}
    return {"limits": limits, "server": {"workers": 1},
            "ppp": {"stop-timeout": "60s"}}


def ask(d, count, script=UP):
    """Clients that have asked for a session each, in this order."""
    return [d.crp(script).request() for _ in range(count)]


def asked(d, count):
    """The monitor has them all: so many are sessions."""
    def find():
        return d.log().count("received CALL_CONNECT_REQUEST") >= count
    wait_until(find, f"{count} requests")


def hold(d):
    """Two pppds that are busy with their start; returns their pids."""
    clients = ask(d, 2, HELD)
    wait_until(lambda: len(started(d, clients)) == 2, "two pppds")
    return [d.pppd_of(c) for c in clients]


def release(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def serve(client):
    client.expect_data(sstp.CHAP_SUCCESS)
    client.send(client.proof())
    client.ping()


def started(d, clients):
    """The names of those that have a pppd, in the order of its start."""
    record = d.directory / "record"
    lines = record.read_text().splitlines() if record.exists() else []
    parts = [line.split(" ", 3) for line in lines]
    names = [p[1] for p in parts if p[2] == "session"]
    return [name for name in names if name in {c.name for c in clients}]


def finish(d):
    d.settle()
    d.stop()


@test("never more than two start, the others are served in order",
      daemon=None)
def in_order(make):
    d = make(cap()).start()
    clients = ask(d, 10, HELD)
    asked(d, 10)
    d.wait_log("limits: 2 sessions are starting, others wait their turn")
    names = [c.name for c in clients]
    for number, client in enumerate(clients):
        wait_until(lambda: len(started(d, clients)) >= min(number + 2, 10),
                   "the next")
        assert started(d, clients) == names[:number + 2]
        assert len(d.pppds()) == min(number + 2, 10)
        os.kill(d.pppd_of(client), signal.SIGUSR1)
        serve(client)
    d.wait_log("limits: no session waits to start any more: 8 had to")
    assert d.log().count("others wait their turn") == 1
    release(d.pppds())
    finish(d)


@test("a session starts again from its authentication until the network is up",
      daemon=None)
def network(make):
    d = make(cap()).start()
    clients = ask(d, 2, AUTH + "wait-signal\n" + NETWORK)
    for c in clients:
        c.expect_data(sstp.CHAP_SUCCESS)
        c.send(c.proof())
    late, = ask(d, 1)
    d.wait_log("others wait their turn")
    assert not started(d, [late])
    os.kill(d.pppd_of(clients[0]), signal.SIGUSR1)
    serve(late)
    os.kill(d.pppd_of(clients[1]), signal.SIGUSR1)
    for c in clients:
        c.ping()
    finish(d)


@test("clients that do not authenticate hold up nobody", daemon=None)
def idlers(make):
    d = make(cap()).start()
    idle = ask(d, 6, f"wait-frame {sstp.LCP.hex()}\n")
    wait_until(lambda: len(started(d, idle)) == 6, "six pppds")
    serve(*ask(d, 1))
    finish(d)


@test("a start that hangs counts for starting-time only", daemon=None)
def hangs(make):
    d = make(cap(**{"starting-time": "100ms"})).start()
    held = hold(d)
    serve(*ask(d, 1))
    assert set(held) < set(d.pppds())
    release(held)
    finish(d)


@test("who leaves while it waits, leaves the queue", daemon=None)
def leaves(make):
    d = make(cap()).start()
    held = hold(d)
    closes, polite, stays = clients = ask(d, 3)
    asked(d, 5)
    lines = [end_of(d, c) for c in clients]
    closes.close()
    polite.send(sstp.DISCONNECT)
    polite.expect_after_data(sstp.DISCONNECT_ACK)
    for line, cause in zip(lines, ("client-closed", "client-hung-up")):
        d.wait_log(f"{line}.* stage=lcp cause={cause} ")
    release(held)
    serve(stays)
    assert started(d, clients) == [stays.name]
    finish(d)


def end_of(d, client):
    """How its last line in the log begins."""
    port = client.tls.getsockname()[1]
    return d.wait_log(rf"s1\.\d+ \S+:{port}: ")[0] + "ended: "


@test("who waits for longer than auth-timeout, is turned away", daemon=None)
def too_long(make):
    d = make({**cap(), "sstp": {"auth-timeout": "300ms"}}).start()
    held = hold(d)
    late, = ask(d, 1)
    line = end_of(d, late)
    d.wait_log(f"{line}.* cause=pppd-silent ")
    assert not started(d, [late])
    release(held)
    finish(d)


@test("those who wait count as sessions", daemon=None)
def counted(make):
    d = make(cap(**{"max-sessions": 4})).start()
    held = hold(d)
    waiting = ask(d, 2)
    d.wait_log("others wait their turn")

    def refused():
        c = d.client()
        c.send(sstp.request_head())
        return sstp.Reply(c.record()).status == 503
    wait_until(refused, "status 503")
    release(held)
    for client in waiting:
        serve(client)
    finish(d)


@test("a worker that dies takes those that wait with it", daemon=None)
def worker_dies(make):
    d = make(cap()).start()
    held = hold(d)
    waiting = ask(d, 3)
    asked(d, 5)
    os.kill(d.workers[0], signal.SIGKILL)
    d.wait_log("worker 1: its 5 sessions end with it")
    d.wait_log("limits: no session waits to start any more: 0 had to")
    release(held)
    wait_until(lambda: not d.pppds(), "the end of every pppd")
    wait_until(d.worker_pids, "another worker")
    assert not started(d, waiting)
    serve(*ask(d, 1))
    finish(d)


@test("a stop tells them, and starts no more", daemon=None)
def stop(make):
    d = make({**cap(), "ppp": {"stop-timeout": "500ms"}}).start()
    hold(d)
    waiting = ask(d, 3)
    asked(d, 5)
    d.signal(signal.SIGTERM)
    for client in waiting:
        client.expect_after_data(sstp.DISCONNECT)
        client.send(sstp.DISCONNECT_ACK)
        client.expect_closed()
    assert d.wait_exit() == 0
    assert not started(d, waiting)
    d.check_log()


@test("of its own accord it lets fewer start where a pppd is slow to speak",
      daemon=None)
def slow_machine(make):
    d = make({"limits": {"max-starting": "auto"}}).start()
    most = 16 * os.sysconf("SC_NPROCESSORS_ONLN")
    d.cc("slow-start 1100\n" + UP)
    d.wait_log(rf"limits: max-starting = auto is {most - 1} now")
    d.stop()


@test("a higher limit lets them in at once", daemon=None)
def reload(make):
    d = make(cap()).start()
    held = hold(d)
    late, = ask(d, 1)
    d.wait_log("others wait their turn")
    d.sections["limits"]["max-starting"] = 3
    d.write_config()
    d.signal(signal.SIGHUP)
    serve(late)
    assert set(held) < set(d.pppds())
    release(held)
    finish(d)


main()
