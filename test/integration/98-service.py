#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Under a service manager, played by this test: what it is told over its
notification socket, and sockets that it gives to the daemon."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import sstp
from lib import SSTPD, main, rogue, test, wait_until

# Becomes the daemon, as a manager's child would: descriptors from 3 on, and
# its own pid in the variables that name it.
LAUNCHER = """\
import os, sys
fds = [os.dup(int(n)) for n in sys.argv[1].split(",") if n]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
for name in sys.argv[2].split(","):
    os.environ[name] = str(os.getpid())
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """A notification socket and what has come to it."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1))
        self.messages = []

    def read(self):
        self.socket.setblocking(False)
        try:
            while True:
                text = self.socket.recv(4096).decode()
                assert text.endswith("\n"), text
                self.messages += [tuple(text.splitlines())]
        except BlockingIOError:
            return self.messages

    def wait(self, pattern, start=0):
        """Returns the first message from start on with such a line."""
        def find():
            for message in self.read()[start:]:
                for line in message:
                    if re.fullmatch(pattern, line):
                        return message
            return None
        return wait_until(find, f"/{pattern}/ among {self.messages[start:]}")

    def lines(self):
        return [line for message in self.read() for line in message]


def launch(d, environment, sockets=(), own="LISTEN_PID"):
    """Start it as a manager would."""
    fds = [s.fileno() for s in sockets]
    with open(d.directory / "log", "ab") as log:
        d.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)), own,
             SSTPD, "-f", d.directory / "sstpd.conf"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=fds,
            env={**os.environ, **environment})
    return d


def start(d, environment, sockets=(), own="LISTEN_PID"):
    launch(d, environment, sockets, own).wait_ready()
    d.workers = d.worker_pids()
    return d


def refuses(d, why):
    """It ends with the status of a wrong configuration."""
    assert d.wait_exit() == 2, d.process.returncode
    assert re.search(why, d.log()), d.log()


def listening(*hosts, only=1):
    """Listening sockets at free ports of hosts."""
    found = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        sock.bind((host, 0))
        sock.listen()
        found.append(sock)
    return found


def environment_of(pid):
    raw = pathlib.Path("/proc", str(pid), "environ").read_bytes()
    return dict(item.split(b"=", 1) for item in raw.split(b"\0") if b"=" in item)


# --- reports ---

def reports(d, manager):
    start(d, {"NOTIFY_SOCKET": manager.name})
    assert manager.wait("READY=1")
    assert manager.wait(r"STATUS=0 sessions, 0 half-open, 0 waiting to start")
    c = d.cc()
    manager.wait(r"STATUS=1 sessions, 0 half-open, .*")
    seen = len(manager.read())
    d.signal(signal.SIGTERM)
    stopping = manager.wait("STOPPING=1", seen)
    assert "EXTEND_TIMEOUT_USEC=10000000" in stopping, stopping
    manager.wait("STATUS=stopping: .*", seen)
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    assert d.wait_exit() == 0
    assert manager.lines().count("READY=1") == 1, manager.lines()
    # it has not been asked for these
    assert "WATCHDOG=1" not in manager.lines()
    for pid in d.workers:
        assert not pathlib.Path("/proc", str(pid)).exists()


@test("ready, status and stop, over a socket in the file system", daemon=None)
def path(make):
    d = make()
    reports(d, Manager(str(d.directory / "notify")))


@test("the same over one that is in no file system", daemon=None)
def abstract(make):
    d = make()
    reports(d, Manager(f"@sstpd-test-{os.getpid()}"))


def reload(d, manager):
    """Returns what was told about it."""
    seen = len(manager.read())
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    d.signal(signal.SIGHUP)
    begin = manager.wait("RELOADING=1", seen)
    at = int(dict(line.split("=") for line in begin)["MONOTONIC_USEC"])
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert before <= at <= now, (before, at, now)
    seen = manager.read().index(begin, seen) + 1
    manager.wait("READY=1", seen)
    return manager.read()[seen:]


@test("a reload, a good one and a bad one", daemon=None)
def reloads(make):
    d = make()
    manager = Manager(str(d.directory / "notify"))
    start(d, {"NOTIFY_SOCKET": manager.name})
    manager.wait("STATUS=.*")
    d.sections["sstp"]["hash-protocols"] = "sha1"
    d.write_config()
    reload(d, manager)
    # the end was told when all workers had it
    assert all(d.ccp("exit 0").bitmask == 1 for _ in range(6))
    d.sections["sstp"]["hash-protocols"] = "nonsense"
    d.write_config()
    seen = len(manager.read())
    reload(d, manager)
    manager.wait("STATUS=.*; the last reload failed, see the log", seen)
    d.sections["sstp"]["hash-protocols"] = "sha256"
    d.write_config()
    seen = len(manager.read())
    reload(d, manager)
    manager.wait("STATUS=.* waiting to start", seen)
    d.settle()
    d.stop()


@test("a manager that is gone, or was never there, is no harm", daemon=None)
def gone(make):
    d = make()
    manager = Manager(str(d.directory / "notify"))
    start(d, {"NOTIFY_SOCKET": manager.name})
    manager.socket.close()
    d.signal(signal.SIGHUP)
    d.cc().ping()
    d.settle()
    d.stop()
    d = start(make(), {"NOTIFY_SOCKET": str(d.directory / "nobody")})
    d.wait_log("service: NOTIFY_SOCKET: No such file or directory")
    d.cc().ping()
    d.settle()
    d.stop()


@test("the watchdog hears of it as long as a worker lives", daemon=None)
def watchdog(make):
    d = make({"server": {"workers": 1}})
    manager = Manager(str(d.directory / "notify"))
    start(d, {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "100000"},
          own="WATCHDOG_PID")
    for _ in range(3):
        manager.wait("WATCHDOG=1", len(manager.read()))
    # one that dies young is not started again at once
    os.kill(d.worker_pids()[0], signal.SIGKILL)
    d.wait_log("killed by signal 9")
    seen = quiet = len(manager.read())

    def another():
        nonlocal quiet
        count = len(manager.read())
        if not d.worker_pids():
            quiet = count
        return d.worker_pids()
    wait_until(another, "another worker")
    assert ("WATCHDOG=1",) not in manager.messages[seen:quiet]
    manager.wait("WATCHDOG=1", len(manager.read()))
    d.settle()
    d.stop()


@test("another's watchdog is not ours; no child sees the variables",
      daemon=None)
def others(make):
    d = make()
    manager = Manager(str(d.directory / "notify"))
    start(d, {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000",
              "WATCHDOG_PID": "1", "LISTEN_PID": "1", "LISTEN_FDS": "2",
              "LISTEN_FDNAMES": "a:b"}, own="TEST_PID")
    manager.wait("STATUS=.*")
    c = d.cc()
    for pid in [*d.worker_pids(), d.pppd_of(c)]:
        names = environment_of(pid)
        bad = [n for n in names if re.match(b"NOTIFY|WATCHDOG|LISTEN", n)]
        assert not bad, (pid, bad)
    assert "WATCHDOG=1" not in manager.lines()
    # its own sockets, then
    assert "was given" not in d.log()
    d.settle()
    d.stop()


# --- sockets ---

@test("sockets that were given are used, in place of listen", daemon=None)
def given(make):
    sockets = listening("127.0.0.1", "::1")
    d = start(make(), {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "sstpd:sstpd"},
              sockets)
    assert d.addresses() == [s.getsockname()[:2] for s in sockets]
    assert d.log().count("a socket that was given: [server] listen is not "
                         "used") == 2
    for _ in range(4):
        for address in d.addresses():
            d.cc(address=address).ping()
    d.settle()
    d.stop()


@test("every worker accepts from them", daemon=None)
def shared(make):
    sockets = listening("127.0.0.1")
    d = start(make(), {"LISTEN_FDS": "1"}, sockets)

    def served_by_both():
        d.cc()
        return {"1", "2"} <= set(re.findall(r" s(\d)\.\d+ .* accepted",
                                            d.log()))
    wait_until(served_by_both, "a connection for each worker")
    d.settle()
    d.stop()


@test("a worker cannot take them with it", daemon=None)
def shut_down(make):
    with listening("127.0.0.1")[0] as free:
        port = free.getsockname()[1]
    with socket.socket() as s:  # to a port that it was told
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        s.listen()
        d = start(make(), {"LISTEN_FDS": "1"}, [s])
        rogue(d.workers[0], "shutdown")
        d.wait_log("(cannot accept(?s:.)*){2}")  # neither of the workers
        os.kill(d.workers[0], signal.SIGKILL)
        d.wait_log("worker 1: its listening sockets were shut down: listening")
        d.cc().ping()
        d.settle()
        d.stop()


@test("an IPv4 client of a socket for both families is one of IPv4",
      daemon=None)
def dual(make):
    sockets = listening("::", only=0)
    d = start(make(), {"LISTEN_FDS": "1"}, sockets)
    c = d.cc(address=("127.0.0.1", sockets[0].getsockname()[1]))
    port = c.tls.getsockname()[1]
    d.wait_log(rf" 127\.0\.0\.1:{port}: accepted")
    d.wait_event(c, "session .* remote_address=127.0.0.1 .* "
                 "local_address=127.0.0.1 ")
    d.settle()
    d.stop()


@test("a connection that comes while it is not there is served by the next",
      daemon=None)
def restart(make):
    sockets = listening("127.0.0.1")
    environment = {"LISTEN_FDS": "1"}
    d = start(make(), environment, sockets)
    address, = d.addresses()
    d.cc().ping()
    d.settle()
    d.stop()
    early = d.client(handshake=False, address=address)
    start(d, environment, sockets)
    early.handshake().http().request()
    d.settle()
    d.stop()


@test("sockets that are of no use stop it, and it says why", daemon=None)
def useless(make):
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    unix = socket.socket(socket.AF_UNIX)
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    good, = listening("127.0.0.1")
    rows = (([datagram], r"descriptor 3 is no TCP socket: .* ListenStream="),
            ([good, unix], r"descriptor 4 is no TCP socket"),
            ([silent], r"descriptor 3 does not listen: .* Accept=no"))
    for sockets, why in rows:
        d = make()
        launch(d, {"LISTEN_FDS": str(len(sockets))}, sockets)
        refuses(d, why)
    with open(os.devnull, "rb") as file:
        d = launch(make(), {"LISTEN_FDS": "1"}, [file])
        refuses(d, "descriptor 3 is no socket")
    for number in ("17", "-1", "x", ""):
        d = launch(make(), {"LISTEN_FDS": number}, [good])
        refuses(d, "LISTEN_FDS is no number from 1 to 16")


main()
