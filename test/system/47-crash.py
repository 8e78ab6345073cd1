#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The death of any process, with real pppds, real clients and traffic: what ends
with it, what goes on, and what is cleaned up."""

import contextlib
import json
import os
import re
import signal
import socket
import threading

import lib
from lib import BUILD, Client, Server, comment, require, test

SSTPCTL = str(BUILD / "sstpctl/sstpctl")
BOTH = 2  # sessions on each worker
AT_MOST = 16  # sessions until both workers have so many
# scripts of many sessions at once take longer in emulation than pppd waits for them
CHANGES = {"control": {"metrics": "127.0.0.1:0"},
           "ppp": {"stop-timeout": f"{lib.PATIENCE}s"}}
OPTIONS = lib.OPTIONS + f"child-timeout {lib.PATIENCE}\n"
BLOCK = bytes(range(256)) * 4


# --- traffic ---------------------------------------------------------------------------


class Traffic:
    """Blocks through a session's tunnel and back, one after the other, all of it
    in one TCP connection."""

    def __init__(self, client):
        self.client = client
        self.done = 0
        self.error = None
        self.here, self.there = lib.tunnel_connection(client)
        for sock in (self.here, self.there):
            sock.settimeout(lib.PATIENCE)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            # ten in a second, so that a machine has time for other things
            while not self.stopped.wait(0.1):
                self.there.sendall(BLOCK)
                self.take(self.here)
                self.here.sendall(BLOCK)
                self.take(self.there)
                self.done += 1
        except (OSError, lib.Failure) as error:
            self.error = error

    @staticmethod
    def take(sock):
        got = b""
        while len(got) < len(BLOCK):
            chunk = sock.recv(len(BLOCK) - len(got))
            require(chunk, "the end of the connection")
            got += chunk
        require(got == BLOCK, "not what was sent")

    def passes(self, count=3):
        """It goes on, in the same connection."""
        goal = self.done + count

        def passed():
            require(self.error is None, f"{self.client.directory.name}: {self.error!r}")
            return self.done >= goal
        lib.wait_until(passed, f"traffic of {self.client.directory.name}")

    def stop(self):
        self.stopped.set()
        for sock in (self.here, self.there):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.thread.join(lib.PATIENCE)


# --- sessions and who serves them --------------------------------------------------------


class Session:
    """A client that is up, its traffic, and what the daemon has for it."""

    def __init__(self, server):
        start = server.log.size()
        self.client = Client(server).up()
        self.name, self.interface = server.wait_log(
            rf" (s\d+\.\d+) \S+: up: interface=(ppp(?:sstp)?\d+) local-address={lib.INNER} "
            rf"remote-address={re.escape(self.client.address)} ", start).groups()
        self.worker = int(self.name[1:].split(".")[0])
        self.pppd = next(p for p in server.pppds() if self.name in lib.arguments(p))
        self.traffic = Traffic(self.client)


def ask(server, *arguments):
    return json.loads(ctl(server, "-j", *arguments))


def ctl(server, *arguments):
    return lib.run(SSTPCTL, "-s", server.sections["control"]["socket"], *arguments)


def metrics(server):
    """{name and labels: value}, of those without histograms."""
    host, port = server.log.find(r"metrics on http://([\d.]+):(\d+)/").groups()
    with socket.create_connection((host, int(port)), timeout=lib.PATIENCE) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with sock.makefile() as answer:
            text = answer.read()
    return {k: float(v) for k, v in re.findall(r"(?m)^(sstpd_\S+) (\S+)$", text)}


def check_grown(before, after):
    """Counters only grow, whoever has died."""
    less = [k for k, v in before.items() if "_total" in k and after.get(k, 0) < v]
    require(not less, f"counters that went back: {less}")


def start_both(server):
    """Sessions until each of the two workers has some."""
    sessions = []
    while any([s.worker for s in sessions].count(n) < BOTH for n in (1, 2)):
        require(len(sessions) < AT_MOST, "all sessions are with one worker")
        sessions.append(Session(server))
    for s in sessions:
        s.traffic.passes()
    wait_scripts(server, "ip-up", sessions)
    return sessions


def wait_scripts(server, when, sessions):
    names = {s.name for s in sessions}
    lib.wait_until(lambda: names <= set(server.recorded(when)),
                   lambda: f"{when} of {names - set(server.recorded(when))}")


def role(server, *words):
    """The process of the daemon with these arguments."""
    return next(p for p in server.own_children() if lib.arguments(p)[1:] == [*words])


def wait_gone(server, sessions):
    """Nothing on the host is left of them."""
    gone = {s.pppd for s in sessions}
    lib.wait_until(lambda: not gone & set(lib.processes()), "the end of their pppds")
    names = {s.interface for s in sessions}
    lib.wait_until(lambda: not names & set(lib.ppp_interfaces()), "the end of interfaces")
    for s in sessions:
        s.client.wait_end()
        s.traffic.stop()


def wait_used(server, count):
    """So many addresses of the pool are."""
    lib.wait_until(lambda: ask(server, "status")["pool_used"] == count,
                   lambda: f"{count} addresses in use: {ask(server, 'status')}")


def check_untouched(server, sessions):
    """Their traffic goes on, and they are what they were."""
    for s in sessions:
        s.traffic.passes()
    running = {s.name for s in sessions}
    lib.wait_until(lambda: {s["session"] for s in ask(server, "sessions")} == running,
                   lambda: f"a list of {running}: {ctl(server, 'sessions')}")
    require({s.pppd for s in sessions} == set(server.pppds()), "pppds are not theirs")


def end_all(server, sessions):
    for s in sessions:
        s.traffic.stop()
    lib.hang_up([s.client for s in sessions])
    server.wait_idle()
    server.stop()


# --- who dies ------------------------------------------------------------------------------


def kill_worker(server, sessions, serial, number):
    """Returns the sessions that are left."""
    doomed = [s for s in sessions if s.worker == serial]
    others = [s for s in sessions if s.worker != serial]
    before = metrics(server)
    os.kill(role(server, "--worker", str(serial)), number)
    server.wait_log(rf"worker {serial}: pid \d+ killed by signal {int(number)} ")
    server.wait_log(rf"worker {serial}: its {len(doomed)} sessions end with it")
    wait_gone(server, doomed)
    wait_scripts(server, "ip-down", doomed)
    wait_used(server, len(others))
    check_untouched(server, others)
    require(not set(server.recorded("ip-down")) & {s.name for s in others},
            "others have run ip-down")
    after = metrics(server)
    check_grown(before, after)
    for name, more in (("worker_restarts", 1), ("worker_lost_sessions", len(doomed)),
                       ("calls", 0), ("connections", 0)):
        name = f"sstpd_{name}_total"
        require(after[name] == before[name] + more, f"{name}: {before[name]} before, "
                f"now {after[name]}")
    return others


@test("a worker: only its sessions end, with their scripts; another one serves")
def worker():
    server = Server(CHANGES, OPTIONS).start()
    sessions = start_both(server)
    serial = 2
    for doomed, number in ((1, signal.SIGSEGV), (2, signal.SIGKILL)):
        sessions = kill_worker(server, sessions, doomed, number)
        serial += 1
        for _ in range(AT_MOST):
            sessions.append(Session(server))
            if sessions[-1].worker == serial:
                break
        require(sessions[-1].worker == serial, "the new worker gets no session")
        check_untouched(server, sessions)
    end_all(server, sessions)


@test("control: no session notices, sstpctl and metrics work again")
def control():
    server = Server(CHANGES, OPTIONS).start()
    sessions = start_both(server)
    before, status = metrics(server), ask(server, "status")
    for number, killer in enumerate((signal.SIGKILL, signal.SIGSEGV), 1):
        os.kill(role(server, "--control", str(number)), killer)
        server.wait_log(rf"control {number}: pid \d+ killed by signal {int(killer)} ")
        # its socket is there all the time: who asks in between waits
        after = ask(server, "status")
        require(after["uptime_s"] >= status["uptime_s"], after)
        for key in ("sessions", "sessions_up", "connections", "calls", "pool_used"):
            require(after[key] == status[key], f"{key}: {status}, now {after}")
        check_grown(before, metrics(server))
        check_untouched(server, sessions)
    require(len(server.own_children()) == 3, "not two workers and control")
    require(not server.recorded("ip-down"), "a session has ended")
    ctl(server, "disconnect", sessions[0].name)
    wait_gone(server, sessions[:1])
    check_untouched(server, sessions[1:])
    end_all(server, sessions[1:])


def kill_pppd(server, victim, others, number, how):
    """One that was killed can run no script; all the rest is as after any end."""
    start = server.log.size()
    os.kill(victim.pppd, number)
    line = server.wait_log(rf"{victim.name} \S+: ended: .*", start)[0]
    for text in ("cause=pppd-killed", "stage=up", "closed-by=pppd", 'user="alice"',
                 f'pppd="{how}', "hint="):
        require(text in line, f"{text} is not in: {line}")
    victim.client.log.wait(r"TYPE\(6\): DISCONNECT,")
    wait_gone(server, [victim])
    wait_used(server, len(others))
    check_untouched(server, others)
    require(not server.recorded("ip-down"), "ip-down has run")


def killed_pppds(server):
    return metrics(server).get('sstpd_pppd_exits_total{code="signal"}', 0)


@test("a pppd: its client is told, interface and address are gone, others go on")
def pppd():
    server = Server(CHANGES, OPTIONS).start()
    sessions = start_both(server)
    before = killed_pppds(server)  # a deaf sstpc was started again
    for number, how in ((signal.SIGKILL, "killed by signal 9"),
                        (signal.SIGSEGV, "crashed (127)")):
        kill_pppd(server, sessions.pop(), sessions, number, how)
    require(killed_pppds(server) == before + 1, "not one more was killed by a signal")
    sessions.append(Session(server))
    check_untouched(server, sessions)
    end_all(server, sessions)


@test("the monitor: everything ends, and a new daemon starts over it")
def monitor():
    server = Server({**CHANGES, "server": {"address-file": lib.TMP / "address"}},
                    OPTIONS).start()
    sessions = start_both(server)
    own = server.own_children()
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait(lib.PATIENCE)
    lib.wait_until(lambda: not set(own) & set(lib.processes()),
                   "the end of workers and control")
    wait_gone(server, sessions)
    # those of the clients' pppds, too
    lib.wait_until(lambda: "pppd" not in {name for _, name in lib.processes().values()},
                   "the end of every pppd")
    require(not lib.ppp_interfaces(), f"left: {lib.ppp_interfaces()}")
    ran = set(server.recorded("ip-down"))
    comment(f"ip-down has run for {len(ran)} of {len(sessions)}")
    require(ran >= {s.name for s in sessions}, f"ip-down ran for {ran}")
    # as somebody would do it who knows nothing of all this
    start = server.log.size()
    again = Server()
    again.sections, again.certificate = server.sections, server.certificate
    again.write_config()
    again.start()
    require(server.log.size() == start, "the old one goes on writing")
    require(server.sections["server"]["pid-file"].read_text() == f"{again.pid}\n",
            "not its pid")
    sessions = [Session(again) for _ in range(2)]
    check_untouched(again, sessions)
    wait_used(again, 2)
    end_all(again, sessions)


lib.main()
