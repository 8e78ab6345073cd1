#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The monitor and a worker that is not to be trusted, or lacks what it needs:
test/rogue sends what a worker would that somebody else has taken over."""

import os
import pathlib
import re
import signal
import subprocess
import time

import sstp
from lib import BUILD, PATIENCE, UP, limit_descriptors, main, rogue, test, \
    wait_until

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())


def ctl(d, *words):
    return subprocess.run([SSTPCTL, "-s", d.directory / "control", *words],
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=True).stdout


def metric(d, name):
    return int(re.search(rf"(?m)^{name} (\d+)$", ctl(d, "metrics"))[1])


def serial(pid):
    """The number of a worker."""
    command = pathlib.Path("/proc", str(pid), "cmdline").read_bytes()
    return int(command.split(b"\0")[2])


def session_of(d, client):
    """The name of its session, and the number that messages have."""
    port = client.tls.getsockname()[1]
    worker, number = re.search(rf" s(\d+)\.(\d+) \S+:{port}: ",
                               d.log(client.log_start)).groups()
    return f"s{worker}.{number}", int(worker) << 32 | int(number)


def killed_for(d, pid, what):
    """That worker is killed, another one takes its place."""
    d.wait_log(rf"worker \d+: sent {what}: killing it\n(?s:.)*"
               rf"pid {pid} killed by signal 9")
    wait_until(lambda: metric(d, "sstpd_workers") == 2, "another worker")
    assert pid not in d.worker_pids()


@test("a worker is killed for messages that none of ours sends", daemon=None)
def lies(make):
    d = make({"server": {"workers": 2}}).start()
    pid = d.workers[0]
    rogue(pid, "ready")
    killed_for(d, pid, "READY, which nobody asked for")
    pid = d.worker_pids()[0]
    rogue(pid, "spawn", serial(pid) << 32 | 99999, 0)
    killed_for(d, pid, "SPAWN, of nobody")
    assert metric(d, "sstpd_sessions") == 0, "a place is lost for good"
    d.cc().ping()
    d.settle()
    d.stop()


@test("a worker does not get at another's sessions", daemon=None)
def theft(make):
    d = make({"server": {"workers": 2}}).start()
    c = d.cc()
    name, number = session_of(d, c)
    thief = next(p for p in d.workers if serial(p) != number >> 32)
    rogue(thief, "spawn", number, 1)
    killed_for(d, thief, "SPAWN, of another's session")
    c.ping()
    ctl(d, "disconnect", name)
    c.expect_after_data(sstp.DISCONNECT)
    d.settle()
    d.stop()


@test("a worker cannot take its listening socket with it", daemon=None)
def shut_down(make):
    d = make({"server": {"workers": 1}}).start()
    c = d.cc()
    rogue(d.workers[0], "shutdown")
    # it does not try all the time
    d.wait_log("listener: cannot accept, trying again every second: Invalid")
    c.ping()
    os.kill(d.workers[0], signal.SIGKILL)
    d.wait_log("worker 1: its listening sockets were shut down: listening again")
    d.settle()
    d.cc().ping()
    d.settle()
    d.stop()


@test("a session that waits for its pppd can be disconnected", daemon=None)
def waiting(make):
    d = make({"limits": {"max-starting": 1, "starting-time": "60s"},
              "server": {"workers": 1}}).start()
    first, late = [d.crp(f"start-signal\n{UP}").request() for _ in range(2)]
    d.wait_log("others wait their turn")
    ctl(d, "disconnect", session_of(d, late)[0])
    late.expect_after_data(sstp.DISCONNECT)
    d.wait_log("ended: .*cause=administrator")
    os.kill(d.pppd_of(first), signal.SIGUSR1)
    first.expect_data(sstp.CHAP_SUCCESS)
    d.settle()
    d.stop()


def tables(pid):
    """How many tables of peers a process has."""
    maps = pathlib.Path("/proc", str(pid), "maps").read_text()
    return len(re.findall("memfd:peers", maps))


def sockets(pid):
    places = (os.readlink(f) for f in pathlib.Path("/proc", str(pid), "fd").iterdir())
    return len([p for p in places if p.startswith("socket:")])


def children(d):
    path = pathlib.Path(f"/proc/{d.pid()}/task/{d.pid()}/children")
    return set(map(int, path.read_text().split()))


def stop_next(d, old):
    """Kill that worker and stop the next one before it has begun."""
    before = children(d)
    os.kill(old, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while not (new := children(d) - before):
        assert time.monotonic() < end, "no new worker"
        time.sleep(0.001)
    pid, = new
    os.kill(pid, signal.SIGSTOP)
    return pid


@test("a worker that is starting during a reload gets everything once",
      daemon=None)
def starting(make):
    d = make({"server": {"workers": 3}}).start()
    old = d.workers[0]
    expected = tables(old), sockets(old)
    pid = stop_next(d, old)
    size = d.log_size()
    d.signal(signal.SIGHUP)
    d.wait_log("reload: done", size)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: metric(d, "sstpd_workers") == 3, "its start")
    ctl(d, "status")  # it is asked for its part after all that it was sent
    assert (tables(pid), sockets(pid)) == expected, \
        (tables(pid), sockets(pid), expected)
    d.settle()
    d.stop()


@test("a worker that is starting during a drain and its end accepts", daemon=None)
def drained(make):
    d = make({"server": {"workers": 1}}).start()
    pid = stop_next(d, d.workers[0])
    ctl(d, "drain")
    ctl(d, "undrain")
    os.kill(pid, signal.SIGCONT)
    d.cc().ping()
    for _ in range(2):  # and once it has started
        ctl(d, "drain", "--hold")
        ctl(d, "undrain")
    d.cc().ping()
    d.settle()
    d.stop()


@test("a worker that cannot take a configuration, or a socket, gets it again",
      daemon=None)
def again(make):
    d = make({"server": {"workers": 1}}).start()
    worker, = d.workers
    c = d.cc()
    limit_descriptors(worker, 0)
    d.sections["sstp"]["hash-protocols"] = "sha256"
    d.write_config()
    d.signal(signal.SIGHUP)
    d.wait_log("worker 1: keeps its old configuration")
    assert metric(d, "sstpd_config_last_reload_successful") == 0
    limit_descriptors(worker, None)
    wait_until(lambda: metric(d, "sstpd_config_last_reload_successful") == 1,
               "the new configuration")
    before = sockets(worker)
    ctl(d, "drain", "--hold")
    wait_until(lambda: sockets(worker) < before, "the end of listening")
    limit_descriptors(worker, 0)
    size = d.log_size()
    ctl(d, "undrain")
    d.wait_log("worker 1: keeps its old configuration", size)
    limit_descriptors(worker, None)
    assert d.ccp("exit 0").bitmask == 2
    c.ping()
    d.settle()
    d.stop()


main()
