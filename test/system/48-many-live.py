#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Many live sessions, with a pppd each: all that an administrator asks and does
works with so many, and when they end nothing of them is left.

TEST_LIVE is their number."""

import ipaddress
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import lib
from lib import BUILD, PASSWORD, SERVER4, Client, Server, comment, require, test

SESSIONS = int(os.environ.get("TEST_LIVE") or 100)
FEW = 10  # where it is not their number that matters
BUSY = 5  # with traffic
SPARE = 2  # addresses for those who come later
FIRST = ipaddress.IPv4Address("10.9.1.0")
GROUP = 20  # clients that come together,
RAMP = 8  # so many of them in a second
AT_A_TIME = 6  # being set up
POLL = 1  # seconds between questions while that takes all of the machine
LOAD_LIMIT = 120  # seconds in which a group has to be up
GROWTH = 1 << 20  # bytes that a process may keep
OPTIONS = lib.OPTIONS.replace("debug\n", "").replace("+ipv6\n", "noipv6\n")
SSTPCTL = str(BUILD / "sstpctl/sstpctl")
PROBE = os.environ.get("SSTP_PROBE") or str(BUILD / "sstp-probe/sstp-probe")


# --- many sessions ------------------------------------------------------------------


class Live(Server):
    """A daemon with room for all of them, and scripts that cost little."""

    def __init__(self, count):
        last = FIRST + count + SPARE - 1
        super().__init__({
            "limits": {"auth-backoff": "0s", "max-sessions-per-address": 10000,
                       "max-connection-rate": "off", "max-half-open-per-ipv4": 10000,
                       "max-starting": AT_A_TIME},
            "pool": {"addresses": f"{FIRST}-{last}"},
            "ppp": {"stop-timeout": "120s"},
            "control": {"metrics": "127.0.0.1:0"},
            "log": {"level": "info"}}, options=OPTIONS)

    def start(self, **options):
        """Most of what a session takes here is to execute its scripts."""
        super().start(**options)
        for script in pathlib.Path("/etc/ppp").glob("ip*-*"):
            if script.is_file():
                script.unlink()
        for when in ("ip-up", "ip-down"):
            script = pathlib.Path("/etc/ppp", when)
            script.write_text(f"""\
#!/bin/sh
[ -z "$SSTP_SESSION" ] || echo "$SSTP_SESSION" >>{self.scripts}/{when}
""")
            script.chmod(0o755)
        self.wait_idle()
        return self

    def ran(self, when):
        """How many have run that script."""
        file = self.scripts / when
        return len(set(file.read_text().split())) if file.exists() else 0

    def ctl(self, *arguments):
        return lib.run(SSTPCTL, "-s", self.directory / "control", *arguments)

    def ask(self, *arguments):
        return json.loads(self.ctl("-j", *arguments))

    def memory(self):
        """{process: bytes}, of those that stay."""
        return {pid: resident(pid) for pid in [self.pid, *self.own_children()]}


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) << 10


class Load:
    """Sessions of PREFIX1, PREFIX2 and so on, from one process."""

    def __init__(self, server, prefix, count, *traffic):
        self.count = count
        secret = server.directory / "password"
        secret.touch(0o600)
        secret.write_text(PASSWORD + "\n")
        self.output = server.directory / prefix
        with lib.network_of("client"), open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [PROBE, "load", "-n", str(count), "-r", str(RAMP), "-t", str(LOAD_LIMIT),
                 "--hold", "3600", *traffic, "--json", "--user-prefix", prefix,
                 "--password-file", secret, "--ca-file", server.certificate, SERVER4],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def end(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_end(self):
        """What it reports."""
        self.process.wait(lib.PATIENCE)
        return json.loads(self.output.read_text())


def wait_up(server, loads, but=0):
    """All of them are up but so many, and none has ended."""
    count = sum(load.count for load in loads) - but

    def enough():
        time.sleep(POLL)
        require(all(load.process.poll() is None for load in loads), "a load has ended")
        return server.ask("status")["sessions_up"] >= count
    lib.wait_until(enough, lambda: f"{count} sessions: {server.ctl('status')}",
                   timeout=LOAD_LIMIT)


def set_up(count):
    """Some at a time, or more would come than a slow machine can serve. A few carry
    pings; if all did, that would be too much for it, too. Returns the names of their
    users, too."""
    groups = [("busy", BUSY)]
    while (left := count - sum(n for _, n in groups)) > 0:
        groups.append((f"group{len(groups)}-", min(left, GROUP)))
    names = [f"{prefix}{n + 1}" for prefix, size in groups for n in range(size)]
    lib.set_users(*names, "alice")
    server = Live(count).start()
    begin = time.monotonic()
    loads = []
    for prefix, size in groups:
        wait_up(server, loads, but=GROUP // 2)
        traffic = ["ping", "--rate", "1"] if prefix == "busy" else ["none"]
        loads.append(Load(server, prefix, size, "--traffic", *traffic))
    wait_up(server, loads)
    comment(f"{count} sessions were up after {time.monotonic() - begin:.1f} s")
    return server, loads, names


# --- what is true of so many ------------------------------------------------------------


def check_complete(server, names):
    """The list has everybody, and what it says of each is true of the host."""
    found, count = server.ask("sessions"), len(names)
    require({s["user"] for s in found} == set(names),
            f"{len(found)} sessions, not everybody has one")
    require({s["stage"] for s in found} == {"up"}, "some are not up")
    addresses = {ipaddress.IPv4Address(s["remote_address"]) for s in found}
    require(len(addresses) == count and FIRST <= min(addresses) and
            max(addresses) < FIRST + count + SPARE, f"their addresses: {addresses}")
    require({s["interface"] for s in found} == set(lib.session_interfaces()),
            "interfaces are others than those of the host")
    require(len(server.pppds()) == len(found) == count, "not one pppd for each")
    return found


def check_text(server, found):
    lines = server.ctl("sessions").splitlines()
    require(lines[-1] == f"{len(found)} sessions" and len(lines) == len(found) + 2,
            f"{len(lines)} lines, the last one: {lines[-1]}")
    require(all(len(line) <= 80 for line in lines), "a line is too long")
    require({line.split()[0] for line in lines[1:-1]} ==
            {s["session"] for s in found}, "other sessions than in JSON")


def check_filters(server, found, names):
    def count(*options):
        return len(server.ask("sessions", *options))
    require(count("-u", names[-1]) == 1 and count("-u", "group1-") == 0, "by user")
    require(count("-a", "192.0.2.2") == count("-g", "up") == len(found),
            "by address and stage")
    require(count("-g", "auth") == 0, "by another stage")
    one = found[len(found) // 2]
    text = server.ctl("session", one["session"])
    for key, value in (("user", one["user"]), ("interface", one["interface"])):
        require(re.search(rf"(?m)^{key} +{value}$", text), text)


def check_watch(server, count):
    with subprocess.Popen(
            [SSTPCTL, "-s", server.directory / "control", "-n", "3600", "watch"],
            stdout=subprocess.PIPE, text=True) as watch:
        lines = []
        for line in watch.stdout:
            lines.append(line)
            if line == f"{count} sessions\n":
                break
        watch.terminate()
    require(f"sessions up            {count}\n" in lines, "".join(lines[:20]))


def check_metrics(server, count):
    """As Prometheus gets them."""
    host, port = server.log.find(r"metrics on http://([\d.]+):(\d+)/").groups()
    text = lib.run("python3", "-c", "import sys, urllib.request as r\n"
                   "print(r.urlopen(sys.argv[1]).read().decode())",
                   f"http://{host}:{port}/metrics")
    for name, value in (('sstpd_session_states{profile="default",state="up"}', count),
                        ("sstpd_pppd_starts_total", count),
                        ('sstpd_pool_addresses_used{profile="default"}', count)):
        require(re.search(rf"(?m)^{re.escape(name)} {value}$", text),
                f"not {value} {name}")


def check_doctor(server):
    text = lib.run(SSTPCTL, "-f", server.conf, "--sstpd", lib.SSTPD, "--name", SERVER4,
                   "doctor", check=False)
    require(re.search(r"(?m)^ok ", text) and not re.search(r"(?m)^fault", text), text)


def wait_traffic(server):
    """The busy ones carry something from now on."""
    def carried():
        return {s["session"]: s["packets_in"] for s in server.ask("sessions")
                if s["user"].startswith("busy")}
    before = carried()

    def idle():
        time.sleep(POLL)
        now = carried()
        return [name for name in before if now[name] <= before[name]]
    require(len(before) == BUSY, f"busy are {before}")
    lib.wait_until(lambda: not idle(), lambda: f"traffic of {idle()}")


def one_more(server):
    """A real client among so many others."""
    client = Client(server).up()
    here, there = lib.tunnel_connection(client)
    comment(f"one more client: {lib.transfer(there, here, 1):.1f} MB/s")
    client.hang_up()


def disconnect_one(server, found, user):
    """That user's session ends, and no other."""
    server.ctl("disconnect", "-u", user)
    left = {s["session"] for s in found if s["user"] != user}
    lib.wait_until(lambda: len(server.pppds()) == len(left), "the end of its pppd")
    require({s["session"] for s in server.ask("sessions")} == left, "others ended")


def drain(server, loads):
    """What is left ends at the end of the time, and then the daemon. It waits for
    scripts no longer than it has promised, which is too short for emulation."""
    server.ctl("drain", "-t", "1")
    status = server.process.wait(lib.PATIENCE)
    comment(f"ip-down has run for {server.ran('ip-down')} sessions")
    require(status == 0, f"status {status}")

    def left():
        return [p for p in lib.processes().values() if p[1] in ("pppd", "sstpd")]
    lib.wait_until(lambda: not left(), lambda: f"the end of {left()}")
    require(not lib.ppp_interfaces(), f"left: {lib.ppp_interfaces()}")
    terminals = sorted(os.listdir("/dev/pts"))
    require(terminals == ["ptmx"], f"left: {terminals}")
    return [load.wait_end() for load in loads]


@test(f"{SESSIONS} sessions: shown, chosen, carried, reloaded, ended, drained")
def many():
    server, loads, names = set_up(SESSIONS)
    found = check_complete(server, names)
    check_text(server, found)
    check_filters(server, found, names)
    check_watch(server, SESSIONS)
    check_metrics(server, SESSIONS)
    check_doctor(server)
    server.ctl("reload")
    server.wait_log("reload: done")
    one_more(server)
    wait_traffic(server)
    require({s["session"] for s in found} ==
            {s["session"] for s in server.ask("sessions")}, "others than before")
    disconnect_one(server, found, names[-1])
    wait_traffic(server)
    lib.wait_until(lambda: server.ran("ip-up") == SESSIONS + 1, "every ip-up")
    results = drain(server, loads)
    for key, count in (("came_up", SESSIONS), ("failed", 0), ("dropped", SESSIONS)):
        require(sum(r[key] for r in results) == count, f"not {count} {key}: {results}")

@test(f"{FEW} sessions, twice: the daemon has and takes what it had and took")
def nothing_left():
    server, loads, names = set_up(FEW)
    for load in loads:
        load.end()
    for load in loads:
        load.wait_end()
    server.wait_idle()
    before, memory = server.traces(), server.memory()
    load = Load(server, "group1-", len(names) - BUSY)
    wait_up(server, [load])
    load.end()
    result = load.wait_end()
    require(result["dropped"] == result["left_unacknowledged"] == 0, result)
    server.wait_traces(before)
    require(server.ask("status")["pool_used"] == 0, server.ask("status"))
    grown = {p: size - memory[p] for p, size in server.memory().items()}
    require(max(grown.values()) < GROWTH, f"memory grew: {grown}")
    server.stop()


lib.FILE_LIMIT = max(lib.FILE_LIMIT, 5 * SESSIONS)
lib.main()
