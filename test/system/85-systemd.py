#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The units under a real systemd, which runs as the first process of namespaces
of its own and knows no units but these."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import lib
from lib import Client, Server, require, run, test

UNITS = pathlib.Path("/run/sstpd-units")
HOME = pathlib.Path("/srv")  # of /tmp the unit has its own, of /run a client
TARGETS = ("sysinit", "basic", "shutdown", "sockets", "network-online", "nss-lookup",
           "multi-user")


def find_systemd():
    for path in ("/usr/lib/systemd/systemd", "/lib/systemd/systemd"):
        if os.access(path, os.X_OK) and shutil.which("systemctl"):
            return path
    raise lib.Skip("needs systemd")


def systemctl(*args, check=True):
    """Among systemd's own processes: it trusts no others."""
    unshare = Server.all[-1].process.pid
    pid = lib.wait_until(lambda: lib.children(unshare, "systemd"), "systemd")[0]
    done = subprocess.run(["nsenter", f"--target={pid}", "--pid", "--mount", "systemctl",
                           "--no-pager", *args], capture_output=True, text=True,
                          check=False, timeout=lib.PATIENCE)
    require(done.returncode == 0 or not check, f"systemctl {args}: {done.stderr}")
    return done


def show(name):
    return systemctl("show", "--value", "-p", name, "sstpd").stdout.strip()


def wait_show(name, pattern):
    return lib.wait_until(lambda: re.fullmatch(pattern, show(name)),
                          lambda: f"{name} {pattern}, it is {show(name)}")


class Service(Server):
    """sstpd as our unit runs it."""

    def install(self):
        """What we install, with the paths of this build, and drop-ins."""
        program, plugin = HOME / "sstpd", HOME / "sstpd-plugin.so"
        shutil.copy(lib.SSTPD, program)
        shutil.copy(lib.PLUGIN, plugin)
        self.sections["ppp"]["plugin"] = plugin
        self.write_config()
        UNITS.mkdir()
        for name in ("sstpd.service", "sstpd.socket"):
            text = (lib.SRC / "etc" / name).read_text()
            text = text.replace("/usr/sbin/sstpd", f"{program} -f {self.conf}")
            (UNITS / name).write_text(text)
        for name in TARGETS:
            (UNITS / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        self.drop_in("sstpd.service", f"""\
[Service]
StandardError=append:{self.log.path}
WatchdogSec=5s
""")
        self.drop_in("sstpd.socket", """\
[Socket]
ListenStream=
ListenStream=192.0.2.1:443
""")

    @staticmethod
    def drop_in(unit, text):
        directory = UNITS / f"{unit}.d"
        directory.mkdir()
        (directory / "test.conf").write_text(text)

    def start(self, **options):
        lib.record_scripts(self.scripts)
        self.install()
        if not os.path.ismount("/sys/fs/cgroup"):
            run("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc",
             "env", "-i", "container=test", f"SYSTEMD_UNIT_PATH={UNITS}",
             f"PATH={os.environ['PATH']}", find_systemd(), "--system",
             "--unit=basic.target", "--log-target=kmsg", "--show-status=no"],
            stdin=subprocess.DEVNULL, **options)
        lib.wait_until(lambda: systemctl("is-active", "basic.target", check=False)
                       .returncode == 0, "systemd")
        return self

    def monitor(self):
        """Its process id as we see it."""
        return next(p for p, (_, name) in lib.processes().items() if name == "sstpd" and
                    "--worker" not in lib.arguments(p))

    def end(self):
        """A systemd that is killed takes everything in its namespace with it."""
        self.process.kill()
        self.process.wait()


def clone(server):
    """The unit's fence lets a pppd make another."""
    clients = [Client(server).up() for _ in range(2)]
    server.log.wait(r"template of pid \d+ waits")
    clients.append(Client(server).up())
    require(server.clones() >= 1, "no clone")
    for client in clients:
        client.hang_up()


def whole_life(server):
    systemctl("start", "sstpd")
    require(show("ActiveState") == "active", "not ready after its start")
    client = Client(server).up()
    client.ping()
    wait_show("StatusText", "1 sessions, 0 half-open, 0 waiting to start")
    lib.wait_until(lambda: len(server.recorded("ip-up")) == 1, "ip-up")

    systemctl("reload", "sstpd")
    server.wait_log("reload: done")
    good = server.conf.read_text()
    server.conf.write_text(good + "nonsense = 1\n")
    require(systemctl("reload", "sstpd", check=False).returncode != 0,
            "a bad reload looks like a good one")
    server.conf.write_text(good)
    require(show("ActiveState") == "active", "a bad reload has stopped it")
    client.ping()
    clone(server)
    wait_show("StatusText", "1 sessions, .*")
    before = len(server.recorded("ip-down"))

    systemctl("stop", "sstpd")
    client.wait_end()
    client.log.wait(r"TYPE\(6\): DISCONNECT,")
    require(len(server.recorded("ip-down")) == before + 1, "ip-down did not run")
    require(show("ActiveState") == "inactive", "it has failed")
    require(show("Result") == "success", f"result: {show('Result')}")


def accidents(server):
    systemctl("start", "sstpd")
    os.kill(server.monitor(), signal.SIGKILL)
    wait_show("NRestarts", "1")
    wait_show("ActiveState", "active")
    os.kill(server.monitor(), signal.SIGSTOP)  # the watchdog sees that
    wait_show("NRestarts", "2")
    wait_show("ActiveState", "active")
    client = Client(server).up()
    client.ping()
    client.hang_up()
    systemctl("stop", "sstpd")


def upgrade(server):
    """The new process is the service; it lives when the old one has ended."""
    systemctl("start", "sstpd")
    old, client = server.monitor(), Client(server).up()
    restarts = show("NRestarts")
    start = server.log.size()
    systemctl("kill", "--signal=USR2", "--kill-whom=main", "sstpd")
    new = int(server.log.wait(r"upgrade: pid (\d+) has taken over", start)[1])
    wait_show("MainPID", str(new))
    require(show("ActiveState") == "active", "it is not active")
    client.ping()
    other = Client(server).up()
    client.hang_up()
    lib.wait_until(lambda: not lib.alive(old), "the end of the old one")
    wait_show("StatusText", "1 sessions, 0 half-open, 0 waiting to start")
    other.ping()
    time.sleep(6)  # longer than the watchdog waits
    require(show("MainPID") == str(new) and show("NRestarts") == restarts,
            "systemd has started it again")
    systemctl("stop", "sstpd")
    other.wait_end()
    require(show("Result") == "success", f"result: {show('Result')}")


def sockets(server):
    """The first client starts it, and one that comes during a restart waits."""
    systemctl("start", "sstpd.socket")
    require(show("ActiveState") == "inactive", "it runs already")
    client = Client(server).up()
    client.ping()
    server.wait_log("listening on 192.0.2.1:443, a socket that was given")
    client.hang_up()
    systemctl("stop", "sstpd.socket", "sstpd")


@test("start, reload, stop; accidents; upgrade; sockets")
def units():
    find_systemd()
    lib.mount("tmpfs", HOME, "mode=755")
    lib.TMP = HOME
    server = Service()
    try:
        server.start()
        whole_life(server)
        accidents(server)
        upgrade(server)
        sockets(server)
    except Exception:
        lib.comment(run("dmesg")[-4000:])
        raise
    finally:
        server.end()


lib.main()
