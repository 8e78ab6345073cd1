# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The harness of the integration tests: starts daemons with scripted pppds in
a private directory, runs the tests of one file against them, prints TAP, and
looks afterwards for whatever was left behind.

TEST_BUILD names the build directory (this tree without it), TEST_TMP the one
for temporary files. TEST_TIMES=1 prints how long each test took."""

import ctypes
import functools
import itertools
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import sstp

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TEST_BUILD") or HERE.parent.parent)
SSTPD = str((BUILD / "sstpd/sstpd").resolve())
FAKEPPPD = str((BUILD / "test/fakepppd").resolve())

# a sanitizer holds freed memory back, and its search for leaks needs more than
# the daemon's sandbox allows
SANITIZED = b"__asan_init" in pathlib.Path(SSTPD).read_bytes() \
    if os.path.exists(SSTPD) else False
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")

PATIENCE = 20  # seconds until something that should happen has failed
FILE_LIMIT = 150  # seconds for a whole file

# what a session's pppd does unless a test says otherwise
UP = f"""\
auth mschapv2 alice {sstp.KEYS[0].hex()} {sstp.KEYS[1].hex()}
send {sstp.CHAP_SUCCESS.hex()}
echo
"""


def wait_until(condition, what="condition", timeout=PATIENCE):
    """Returns the first true value of condition(), which is asked less often the
    longer it takes: other tests run beside."""
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - begin
        if waited > timeout:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(min(0.002 + waited / 8, 0.03))


# --- processes ---

def processes():
    """{pid: (parent, state, name)} of everything that runs."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb", buffering=0) as f:
                stat = f.read(1024).decode("latin-1")
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:].rsplit(")", 1)
        fields = rest.split()
        found[int(entry)] = (int(fields[1]), fields[0], name)
    return found


def descendants(pid):
    """{pid: (parent, state, name)} of all below pid."""
    everything = processes()
    found, last = {}, {pid}
    while last:
        last = {p for p, info in everything.items()
                if info[0] in last and p not in found}
        found.update((p, everything[p]) for p in last)
    return found


def rss(pid):
    """Resident memory in bytes."""
    size = status_field(pid, "VmRSS")
    return int(size[0]) * 1024 if size else 0


def private_memory(pid):
    """Bytes that it shares with nobody; all that are resident where we may not
    look closer."""
    try:
        rollup = pathlib.Path("/proc", str(pid), "smaps_rollup").read_text()
    except PermissionError:
        return rss(pid)
    sizes = re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M)
    return 1024 * sum(map(int, sizes))


def has_role(pid, role):
    """Not a child that is about to execute something else."""
    try:
        command = pathlib.Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return False
    return f"--{role}".encode() in command.split(b"\0")


def descriptors(pid):
    """How many a process has open, or None where we may not look."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


def status_field(pid, name):
    """The words of that line in /proc/PID/status."""
    text = pathlib.Path("/proc", str(pid), "status").read_text()
    found = re.search(rf"^{name}:\s+(.*)", text, re.M)
    return found[1].split() if found else []


def set_limit(pid, kind, soft):
    """prlimit() for a process that runs: it takes its user, more than root."""
    uid, gid = (int(status_field(pid, name)[0]) for name in ("Uid", "Gid"))
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(gid)
                os.setuid(uid)
            hard = resource.prlimit(pid, kind)[1]
            resource.prlimit(pid, kind, (hard if soft is None else soft, hard))
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status == 0, f"limit of process {pid}: status {status}"


def limit_descriptors(pid, spare):
    """Let it have so many more than it has; None: as many as ever."""
    limit = None
    if spare is not None:
        used = {int(n) for n in os.listdir(f"/proc/{pid}/fd")}
        free = (n for n in itertools.count() if n not in used)
        limit = next(itertools.islice(free, spare, None))
    set_limit(pid, resource.RLIMIT_NOFILE, limit)


def limit_memory(pid, spare):
    """So many bytes of address space on top of what it has."""
    limit = None
    if spare is not None:
        limit = int(status_field(pid, "VmSize")[0]) * 1024 + spare
    set_limit(pid, resource.RLIMIT_AS, limit)


def adopt_orphans():
    """Whoever loses his parent becomes our child, so that none escapes."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


# --- certificates ---

def openssl(*command):
    subprocess.run(["openssl", *command], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


@functools.cache
def rsa_key(_name):
    """One a name, as it takes long to make."""
    return subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def certificate(directory, name, kind="ec"):
    """Make NAME.pem and NAME.key; returns both paths."""
    pem, key = directory / f"{name}.pem", directory / f"{name}.key"
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-keyout", key]
    if kind == "rsa":
        key.touch(0o600)
        key.write_bytes(rsa_key(name))
        new = ["-key", key]
    openssl("req", "-x509", *new, "-days", "2", "-subj", f"/CN={name}.example.net",
            "-out", pem)
    return pem, key


# --- the daemon ---

class Daemon:
    """One sstpd in a directory of its own."""

    first_script = UP  # of the session before all others

    def __init__(self, directory, changes=None):
        self.directory = directory
        self.process = None
        self.command = [SSTPD]  # or what starts it
        self.clients = []
        self.scripts = {}
        self.sections = self.defaults()
        directory.mkdir()
        (directory / "empty").mkdir()
        (directory / "plugin.so").touch()
        changes = dict(changes or {})
        self.certificates(changes.pop("certificates", {"server": "ec"}))
        for section, keys in changes.items():
            self.sections.setdefault(section, {}).update(keys)
        self.write_scripts()
        self.write_config()
        self.workers = self.baseline = None

    def defaults(self):
        path = self.directory
        server = {
            "listen": "127.0.0.1:0",
            "workers": 2,
            "chroot-dir": path / "empty",
            "address-file": path / "address",
            "pid-file": path / "pid",
        }
        if os.geteuid() == 0:
            server["user"] = "nobody"
        return {
            "server": server,
            # all clients have one address; 77-limits.py is about limits
            "limits": {
                "max-sessions": 200,
                "max-starting": 200,
                "max-sessions-per-address": 200,
                "max-half-open-per-ipv4": 5000,
                "max-half-open-per-ipv6": 5000,
                "max-connection-rate": "off",
                "auth-backoff": "0s",
                "ban-after": "off",
            },
            "tls": {},
            "sstp": {
                "abort-timeout": "500ms",
                "abort-linger": "20ms",
                "disconnect-timeout": "500ms",
                "disconnect-linger": "20ms",
            },
            "ppp": {
                "pppd": FAKEPPPD,
                "options-file": path / "script",
                "plugin": path / "plugin.so",
                "stop-timeout": "500ms",
                # each test has a script of its own; 82-template.py has them
                "template": "never",
                # no devices on the machine; 94-tun.py has them
                "data-path": "pty",
            },
            "pool": {
                "local-address": "10.99.0.1",
                "addresses": "10.99.0.10-10.99.0.250",
            },
            "control": {"socket": path / "control"},
            "log": {"target": "stderr", "level": "debug"},
        }

    # files

    def certificates(self, kinds):
        """Make and use these: {name: kind of key}."""
        made = [certificate(self.directory, n, k) for n, k in kinds.items()]
        self.sections["tls"].update({
            "certificate": ", ".join(str(pem) for pem, _ in made),
            "private-key": ", ".join(str(key) for _, key in made)})

    def write_config(self):
        lines = []
        for section, keys in self.sections.items():
            lines.append(f"[{section}]")
            lines += [f"{k} = {v}" for k, v in keys.items() if v is not None]
        (self.directory / "sstpd.conf").write_text("\n".join(lines) + "\n")

    def write_scripts(self):
        text = f"record {self.directory}/record\n"
        for name, script in self.scripts.items():
            text += f"[{name}]\n{script}\n"
        new = self.directory / "script.new"
        new.write_text(text)
        new.rename(self.directory / "script")

    def script(self, text):
        """Store a script; returns the name that a client has to give."""
        name = f"s{len(self.scripts)}"
        self.scripts[name] = text
        self.write_scripts()
        return name

    def log(self, start=0):
        """What it logged, from a size taken earlier on."""
        with open(self.directory / "log", "rb") as f:
            f.seek(start)
            return f.read().decode("utf-8", "replace")

    def log_size(self):
        try:
            return (self.directory / "log").stat().st_size
        except FileNotFoundError:
            return 0

    def wait_log(self, pattern, start=0):
        seen = None

        def find():
            nonlocal seen
            size = self.log_size()
            if size == seen:
                return None
            seen = size
            return re.search(pattern, self.log(start))
        return wait_until(find, f"/{pattern}/ in the log")

    def events(self, client):
        """What the client's pppd recorded."""
        try:
            lines = (self.directory / "record").read_text().splitlines()
        except FileNotFoundError:
            return []
        parts = [line.split(" ", 2) for line in lines]
        return [p[2] for p in parts if p[1] == client.name]

    def wait_event(self, client, pattern):
        def find():
            return [e for e in self.events(client) if re.match(pattern, e)]
        return wait_until(find, f"/{pattern}/ in pppd's record")[0]

    def pppd_of(self, client):
        """The process id of the client's pppd."""
        def find():
            text = (self.directory / "record").read_text()
            return re.search(rf"^(\d+) {client.name} ", text, re.M)
        return int(wait_until(find, "pppd's record")[1])

    # the process

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "-f", self.directory / "sstpd.conf"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_ready()
        self.workers = self.worker_pids()
        return self

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, \
                f"sstpd did not start: {self.process.returncode}"
            return (self.directory / "address").exists()
        wait_until(ready, "the file of addresses")

    def addresses(self):
        lines = (self.directory / "address").read_text().splitlines()
        parts = [line.rsplit(":", 1) for line in lines]
        return [(host.strip("[]"), int(port)) for host, port in parts]

    def pid(self):
        return self.process.pid

    def pppds(self):
        if self.process.poll() is not None:
            return []
        return [p for p, info in descendants(self.pid()).items()
                if info[2] == "fakepppd" and info[1] != "Z"]

    def worker_pids(self):
        return sorted(p for p in descendants(self.pid()) if has_role(p, "worker"))

    def control_pid(self):
        return next((p for p in descendants(self.pid())
                     if has_role(p, "control")), None)

    def memory(self):
        # what the monitor shares changes while it forks
        return rss(self.pid()) + \
            sum(private_memory(p) for p in self.worker_pids())

    def quiet_memory(self, seconds=0.3):
        """Waits until it does not change any more; returns it."""
        last, since = self.memory(), time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.02)
            now = self.memory()
            if now != last:
                last, since = now, time.monotonic()
        return last

    def check_growth(self, before, limit):
        """Memory did not grow by more than limit bytes."""
        now = self.memory()
        assert SANITIZED or now - before < limit, \
            f"memory grew from {before} to {now} bytes"

    def open_descriptors(self):
        """{pid: count} for the daemon's own processes."""
        return {p: descriptors(p)
                for p in [self.pid(), *self.worker_pids()]}

    def signal(self, signo):
        os.kill(self.pid(), signo)

    def wait_exit(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("sstpd does not end") from None

    def kill(self):
        """The end of a test that failed, by force; only what is ours."""
        if self.process is None or self.process.poll() is not None:
            return  # what it left behind is found by check_no_children()
        for pid in [*descendants(self.pid()), self.pid()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    # clients

    def client(self, script=UP, **options):
        """A client with its TLS connection."""
        address = options.pop("address", None) or self.addresses()[0]
        name = None if script is None else self.script(script)
        start = self.log_size()
        client = sstp.Client(address, name, **options)
        client.log_start = start
        self.clients.append(client)
        return client

    def crp(self, script=UP, **options):
        """A client in Server_Connect_Request_Pending, ..."""
        return self.client(script, **options).http()

    def ccp(self, script=UP, **options):
        """... in Server_Call_Connected_Pending, ..."""
        return self.crp(script, **options).request()

    def cc(self, script=UP, **options):
        """... in Server_Call_Connected."""
        return self.ccp(script, **options).connect()

    def expect_waiting(self, client, state, other):
        """Its call has come to this state, and only its timer will end that: it is
        still open, though the worker, which is other's too, has had its turn."""
        port = client.tls.getsockname()[1]
        self.wait_log(rf":{port}: sstp: .* -> {state}\n", client.log_start)
        other.ping()
        client.expect_silence()

    def settle(self):
        """All connections end, and so does every pppd."""
        for client in self.clients:
            client.close()
        self.clients.clear()
        wait_until(lambda: not self.pppds(), "the end of every pppd")

    # the checks at the end

    def check_settled(self):
        """As after its start: the same processes, the same descriptors."""
        self.settle()
        assert self.process.poll() is None, "sstpd is gone"

        def same():
            return self.open_descriptors() == self.baseline
        if self.baseline is not None:
            wait_until(lambda: self.worker_pids() == self.workers,
                       "the workers of the start")
            wait_until(same, "the descriptors of the start: "
                       f"{self.baseline}, now {self.open_descriptors()}")

    def take_baseline(self):
        """After a first session has touched everything that stays."""
        self.cc(self.first_script)
        self.settle()
        time.sleep(0.05)
        self.baseline = self.open_descriptors()

    def check_log(self):
        bad = re.search(r"(Sanitizer|runtime error|assertion).*", self.log())
        assert not bad, f"in the log: {bad[0]}"

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait_exit()
        assert status == 0, f"sstpd ended with status {status}"
        self.check_log()


def rogue(pid, *words):
    """Let test/rogue do that in the name of that worker."""
    program = str((BUILD / "test/rogue").resolve())
    done = subprocess.run([program, str(pid), *map(str, words)], timeout=PATIENCE,
                          check=False)
    if done.returncode == 77:
        raise Skipped("descriptors of other processes cannot be had here")
    assert done.returncode == 0, done


def make_pppd(d, version, code=0):
    """A pppd that says it is of that version."""
    path = d.directory / "pppd"
    path.write_text(f'#!/bin/sh\n[ "$1" != --version ] || '
                    f'{{ echo "pppd version {version}"; exit {code}; }}\n'
                    f'exec {FAKEPPPD} "$@"\n')
    path.chmod(0o755)
    d.sections["ppp"]["pppd"] = path
    d.write_config()


# --- running tests ---

class Test:
    def __init__(self, name, function, daemon):
        self.name = name
        self.function = function
        self.daemon = daemon


tests = []


def test(name, daemon="default"):
    """Marks a test. It gets the daemon of that name, shared with others of
    the file; daemon=None: it gets a function that makes daemons."""
    def mark(function):
        tests.append(Test(name, function, daemon))
        return function
    return mark


class Skipped(Exception):
    """A test cannot run here."""


class Runner:
    def __init__(self, configurations):
        self.configurations = configurations
        self.directory = pathlib.Path(tempfile.mkdtemp(
            prefix="sstpd.", dir=os.environ.get("TEST_TMP")))
        self.daemons = {}
        self.own = []
        self.count = self.failed = 0

    def make(self, changes=None):
        """A daemon for one test, not started."""
        name = f"own{self.count}.{len(self.own)}"
        daemon = Daemon(self.directory / name, changes)
        self.own.append(daemon)
        return daemon

    def shared(self, name):
        daemon = self.daemons.get(name)
        if daemon is None or daemon.process.poll() is not None:
            changes = self.configurations[name]
            directory = self.directory / f"{name}{self.count}"
            daemon = self.daemons[name] = Daemon(directory, changes)
            daemon.start()
            daemon.take_baseline()
        return daemon

    def run(self, selected):
        for item in selected:
            self.one(item.name, lambda item=item: self.call(item))
            for daemon in self.own:
                daemon.kill()
            self.own.clear()
        for name, daemon in list(self.daemons.items()):
            self.one(f"nothing is left behind ({name})",
                     lambda daemon=daemon: self.finish(daemon))
        self.one("no process is left", check_no_children)

    def call(self, item):
        if item.daemon is None:
            item.function(self.make)
            return
        daemon = self.shared(item.daemon)
        try:
            item.function(daemon)
            daemon.settle()
        except Skipped:
            raise
        except Exception:
            # the next test gets a fresh one
            self.own.append(self.daemons.pop(item.daemon))
            raise

    @staticmethod
    def finish(daemon):
        daemon.check_settled()
        daemon.stop()

    def one(self, name, function):
        self.count += 1
        logs = {d: d.log_size() for d in self.all_daemons()}
        started = time.monotonic()
        try:
            function()
        except Skipped as why:
            print(f"ok {self.count} - {name} # SKIP {why}")
        except Exception:  # whatever it was, the test has failed
            self.failed += 1
            print(f"not ok {self.count} - {name}")
            comment(traceback.format_exc())
            for daemon in self.all_daemons():
                text = daemon.log(logs.get(daemon, 0))
                comment("\n".join(text.splitlines()[-60:]))
        else:
            print(f"ok {self.count} - {name}")
        if os.environ.get("TEST_TIMES"):
            comment(f"{time.monotonic() - started:.3f} s")
        sys.stdout.flush()

    def all_daemons(self):
        return [d for d in [*self.daemons.values(), *self.own]
                if (d.directory / "log").exists()]

    def clean(self):
        for daemon in [*self.daemons.values(), *self.own]:
            daemon.kill()
        if not self.failed:
            shutil.rmtree(self.directory)


def comment(text):
    for line in text.rstrip("\n").split("\n"):
        print("# " + line)


def reap_orphans():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def living_children():
    # whoever has just died waits for us only
    return {pid: info for pid, info in descendants(os.getpid()).items()
            if info[1] != "Z"}


def check_no_children():
    reap_orphans()
    try:
        # those of a monitor that was killed notice it by themselves
        wait_until(lambda: not living_children(), timeout=5)
    except AssertionError:
        pass
    left = living_children()
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert not left, f"left behind: {left}"


class Stopped(BaseException):
    """Too late, or somebody else had enough: clean up and go."""


def on_stop(signo, frame):
    raise Stopped(signal.Signals(signo).name)


def main(**configurations):
    """Run the file's tests, or those whose name holds an argument."""
    configurations.setdefault("default", {})
    selected = [t for t in tests if len(sys.argv) < 2 or
                any(arg in t.name for arg in sys.argv[1:])]
    adopt_orphans()
    for signo in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(signo, on_stop)
    signal.alarm(FILE_LIMIT)
    runner = Runner(configurations)
    try:
        runner.run(selected)
    finally:
        runner.clean()
    print(f"1..{runner.count}")
    sys.exit(1 if runner.failed else 0)
