# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The daemons of the soak, with a scripted pppd or the real one, and what can be
counted of them."""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
MARK = "SSTPD_SOAK_INSIDE"
SSTPC = "sstpc"  # as the state that an ending begins from
# a sanitizer keeps what is freed; its search for leaks needs more than a sandbox has
os.environ["ASAN_OPTIONS"] = \
    "detect_leaks=0:quarantine_size_mb=1:malloc_context_size=2"


def private_terminals():
    """As root, in a mount namespace of our own, /dev/pts is ours alone. Returns
    whether it is."""
    if os.geteuid() != 0:
        return False
    if MARK not in os.environ:
        os.environ[MARK] = "1"
        with contextlib.suppress(OSError):
            os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                                  sys.executable, *sys.argv])
    mount = ["mount", "-t", "devpts", "devpts", "/dev/pts", "-o",
             "mode=620,ptmxmode=666"]
    return subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode == 0


# --- what a process has ------------------------------------------------------------


def open_files(pid):
    """{kind: how many}"""
    kinds = collections.Counter()
    directory = f"/proc/{pid}/fd"
    for number in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            name = os.readlink(f"{directory}/{number}")
            kinds[re.sub(r"^(pipe|socket):.*", r"\1", name)] += 1
    return dict(sorted(kinds.items()))


def argument_of(pid, name):
    """What follows a word in the arguments of a process, or None."""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_text("latin-1").split("\0")
        return words[words.index(name) + 1]
    except (OSError, ValueError, IndexError):
        return None


def resident(pid):
    """Memory in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


# --- the server and its clients ---------------------------------------------------


class Server:
    """What is the same whatever the pppd."""

    def __init__(self, lib, endings):
        self.lib = lib
        self.endings = endings.endings
        self.begin_up = endings.UP
        self.up = (endings.UP, SSTPC)  # states in which data passes
        self.sanitized = b"__asan_init" in pathlib.Path(lib.SSTPD).read_bytes()

    def pppd_at(self, peer, start):
        """The process id of the pppd of whoever comes from there."""
        name = self.daemon.wait_log(rf" (s\d\S*) {re.escape(peer)}: ", start)[1]
        return self.lib.wait_until(
            lambda: next((p for p in self.pppds()
                          if argument_of(p, "ipparam") == name), None),
            f"the pppd of {name}")

    def processes(self):
        pids = [self.pid(), *self.workers()]
        return {("monitor" if p == pids[0] else f"worker {pids.index(p)}"): p
                for p in pids}

    def memory(self):
        return {name: resident(p) for name, p in self.processes().items()}

    def open_files(self):
        return {n: open_files(p) for n, p in self.processes().items()}

    def check_pool(self):
        """Every address can be had at once: each is in use by nobody."""
        clients = []
        try:
            for _ in range(self.pool):
                clients.append(self.client(self.begin_up, None))
        finally:
            for c in clients:
                c.close()
        self.wait_settled()
        return len(clients)


class Scripted(Server):
    """An sstpd whose pppd is fakepppd."""

    TIMERS = {"tls-timeout": "5s", "http-timeout": "3s", "negotiation-timeout": "5s",
              "auth-timeout": "5s",
              "hello-interval": "3s", "abort-timeout": "1s", "abort-linger": "20ms",
              "disconnect-timeout": "1s", "disconnect-linger": "20ms"}

    def __init__(self, options):
        sys.path.insert(0, str(HERE / "integration"))
        import endings
        import lib
        import sstp
        super().__init__(lib, endings)
        self.make = endings.ScriptedClient
        self.context = sstp.client_context()
        self.pool = 4 * options.parallel
        self.own_terminals = private_terminals()
        lib.adopt_orphans()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sstpd-soak-"))
        self.daemon = lib.Daemon(self.directory / "daemon", {
            "limits": {"max-sessions": self.pool}, "sstp": self.TIMERS,
            "pool": {"addresses": f"10.99.0.1-10.99.0.{self.pool + 1}"},
            "log": {"level": "info"}})
        up = lib.UP.replace("send", "request-address\nup\nsend", 1)
        text = "".join(f"[{n}]\n{s}\n" for n, s in endings.scripts(up).items())
        (self.daemon.directory / "script").write_text(text)
        self.daemon.start()
        self.lib.wait_until(lambda: not self.daemon.pppds(), "a quiet start")
        self.own_children = sorted(self.lib.descendants(self.pid()))
        self.address = self.daemon.addresses()[0]

    def client(self, begin, script):
        start = self.daemon.log_size()
        return self.make(self.address, script or "up",
                         lambda peer: self.pppd_at(peer, start), begin,
                         context=self.context)

    def pid(self):
        return self.daemon.pid()

    def workers(self):
        return self.own_children

    def children(self):
        return self.lib.descendants(self.pid())

    def pppds(self):
        return [p for p, (_, _, name) in self.children().items() if name == "fakepppd"]

    def wait_settled(self):
        """Zombies and what is about to be executed count, too."""
        self.lib.wait_until(lambda: set(self.children()) == set(self.workers()),
                            "the end of every pppd")

    def traces(self):
        found = {"open files": self.open_files(), "children": len(self.children())}
        if self.own_terminals:
            found["terminals"] = sorted(os.listdir("/dev/pts"))
        return found

    def stop(self):
        self.daemon.stop()
        self.lib.check_no_children()
        shutil.rmtree(self.directory)

    def kill(self):
        self.daemon.kill()
        print(f"its files are in {self.directory}", file=sys.stderr)


class Real(Server):
    """An sstpd with the real pppd, in a network that is our own."""

    TIMERS = {"http-timeout": "10s", "negotiation-timeout": "20s",
              "auth-timeout": "20s",
              "hello-interval": "10s"}
    SCRIPTS = (None, "refused")  # that need no script where pppd is real

    def __init__(self, options):
        sys.path[:0] = [str(HERE / "system"), str(HERE / "integration")]
        import lib
        lib.check_machine()
        lib.enter_namespaces()
        lib.TMP = pathlib.Path(tempfile.mkdtemp(prefix="sstpd-soak-"))
        lib.TMP.chmod(0o755)
        lib.private_directories()
        lib.make_network()
        lib.set_users("alice")
        lib.comment = lambda text: print(text, file=sys.stderr, flush=True)
        import endings
        import ppp
        import sstp
        super().__init__(lib, endings)
        self.endings = [e for e in endings.endings if e.script in self.SCRIPTS] + [
            endings.Ending(f, SSTPC, None, endings.COMMON)
            for f in (ppp.sstpc_hangs_up, ppp.sstpc_killed, ppp.sstpc_interrupted)]
        self.ppp = ppp
        self.context = sstp.client_context()
        self.pool = 4 * options.parallel
        self.lock = threading.Lock()
        self.daemon = lib.Server({
            "sstp": self.TIMERS, "ppp": {"auth-methods": "mschap-v2, pap"},
            "pool": {"addresses": f"10.9.0.10-10.9.0.{9 + self.pool}"},
            "log": {"level": "info"}}).start()

    def client(self, begin, _script):
        if begin == SSTPC:
            with self.lock:
                session = self.ppp.Sstpc(self.daemon)
            session.client.up()
            return session
        start = self.daemon.log.size()
        with self.lib.network_of("client"):
            return self.ppp.PppClient(
                (self.lib.SERVER4, 443), None,
                lambda peer: self.pppd_at(peer, start), begin,
                context=self.context, timeout=self.lib.PATIENCE)

    def pid(self):
        return self.daemon.pid

    def workers(self):
        return self.daemon.own_children()

    def pppds(self):
        return self.daemon.pppds()

    def wait_settled(self):
        """The scripts of a session that has ended run a little longer."""
        self.lib.wait_until(
            lambda: not self.pppds() and not self.lib.ppp_interfaces() and
            set(self.lib.processes()) == {1, os.getpid(), self.pid(), *self.workers()},
            "the end of every pppd and its scripts")

    def traces(self):
        found = {**self.daemon.traces(), "open files": self.open_files()}
        # one that is killed cannot remove its own
        for where in ("files in /run", "files in /var/run"):
            found[where] = [name for name in found[where]
                            if not re.search(r"/ppp\d+\.pid$", name)]
        return found

    def stop(self):
        self.daemon.stop()
        shutil.rmtree(self.lib.TMP)

    def kill(self):
        self.lib.show_logs()
        self.lib.end_all()
