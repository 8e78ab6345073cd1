# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The harness of the system tests: the daemon with the real pppd on one side,
real sstp-clients with theirs on the other, network namespaces between them.

Whatever a test does to the machine is done in namespaces of its own: of
processes, mounts and networks. They have a private /run, /dev/pts and /etc/ppp,
and the kernel ends and undoes all that is in them when the test ends. The test
itself and its daemons are in the network of the server; clients are in others.

The daemon and its plugin come from TEST_BUILD; SSTPD and SSTPD_PLUGIN name
others."""

import collections
import contextlib
import ctypes
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SRC = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("TEST_BUILD") or SRC)
SSTPD = os.environ.get("SSTPD") or str(BUILD / "sstpd/sstpd")
PLUGIN = os.environ.get("SSTPD_PLUGIN") or str(BUILD / "ppp-plugin/sstpd-plugin.so")

# an emulated machine is 10 to 20 times slower than a real one
PATIENCE = 60  # seconds until something that should happen has failed
FILE_LIMIT = 580  # seconds for a whole file
LOG_LINES = 50  # of each log that are shown when a test has failed

SERVER4, SERVER6 = "192.0.2.1", "2001:db8::1"
INNER = "10.9.0.1"  # our end of every tunnel
PASSWORD = "correct-horse-battery"

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
directories = collections.Counter()  # of each kind


class Failure(Exception):
    """What was expected has not happened."""


def require(condition, what):
    if not condition:
        raise Failure(what)


def wait_until(condition, what, timeout=None):
    """Returns the first true value of condition()."""
    end = time.monotonic() + (timeout or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited in vain for: {what() if callable(what) else what}")
        time.sleep(0.05)


def run(*args, **options):
    """Runs a program; returns what it wrote. It is a failure if it fails."""
    options.setdefault("check", True)
    options.setdefault("timeout", PATIENCE)
    done = subprocess.run(
        [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
        **{k: v for k, v in options.items() if k != "check"})
    if options["check"] and done.returncode != 0:
        raise Failure(f"{args[0]} {args[1:]}: status {done.returncode}: {done.stdout}")
    return done.stdout


def comment(text):
    text = re.sub(r"[^\n\x20-\x7e]", "", str(text))  # sstpc writes NULs
    for line in text.rstrip("\n").split("\n"):
        print("# " + line)
    sys.stdout.flush()


# --- the machine ------------------------------------------------------------------


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(77)


def check_machine():
    if os.geteuid() != 0:
        skip_all("needs root")
    try:
        os.close(os.open("/dev/ppp", os.O_RDWR))
    except OSError as error:
        skip_all(f"this kernel has no PPP: /dev/ppp: {error.strerror}")
    for program in ("pppd", "sstpc", "ip", "tc", "ping", "openssl", "unshare"):
        if shutil.which(program) is None:
            skip_all(f"needs {program}")


def enter_namespaces():
    """Start over in namespaces of our own, below an init that reaps orphans."""
    if os.environ.get("SSTPD_TEST_INSIDE"):
        return
    os.environ["SSTPD_TEST_INSIDE"] = "1"
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
               "--mount-proc", "bash", "-c", '"$@"; exit $?', "init"]
    os.execvp("unshare", [*command, sys.executable, *sys.argv])


def mount(what, where, options=None):
    flags = ["-o", options] if options else []
    run("mount", "-t", what, *flags, what, where)


def private_directories():
    keep = tempfile.mkdtemp()
    shutil.copytree("/etc/ppp", keep + "/ppp", symlinks=True)
    mount("tmpfs", "/etc/ppp", "mode=755")
    shutil.copytree(keep + "/ppp", "/etc/ppp", symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(keep)
    mount("tmpfs", "/run", "mode=755")
    os.mkdir("/run/lock")
    mount("devpts", "/dev/pts", "mode=620,gid=5,ptmxmode=666")


def make_network():
    """The server's side of the network, with one client host."""
    run("ip", "link", "set", "lo", "up")
    add_host("client", 2)


def add_host(name, number):
    """A network namespace whose host is joined to ours, and to no other."""
    outer, v4, v6 = f"to-{name}", f"192.0.2.{number}", f"2001:db8::{number}"
    batch = f"""\
netns add {name}
link add {outer} type veth peer name outer netns {name}
link set {outer} up
address add {SERVER4} peer {v4} dev {outer}
address add {SERVER6} peer {v6} dev {outer} nodad
"""
    inside = f"""\
link set lo up
link set outer up
address add {v4} peer {SERVER4} dev outer
address add {v6} peer {SERVER6} dev outer nodad
"""
    for command, lines in ((["ip"], batch), (["ip", "-n", name], inside)):
        done = subprocess.run([*command, "-batch", "-"], input=lines, text=True,
                              capture_output=True, check=False)
        require(done.returncode == 0, f"ip: {done.stderr}")
    # like a real network; see Client.revive()
    run("tc", "qdisc", "add", "dev", outer, "root", "netem", "delay", "10ms",
        "limit", "20000")


def setns(file):
    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def network_of(host):
    """What this thread opens in here belongs to that host."""
    with open("/proc/thread-self/ns/net", "rb") as home, \
            open(f"/run/netns/{host}", "rb") as there:
        setns(there)
        try:
            yield
        finally:
            setns(home)


def run_at(host, *args, **options):
    with network_of(host):
        return run(*args, **options)


def own_run_directory():
    """For a new process: pid files and sockets as if on a machine of its own."""
    if libc.unshare(CLONE_NEWNS) != 0 or \
            libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755") != 0:
        os._exit(126)
    os.mkdir("/run/lock")


# --- processes --------------------------------------------------------------------


def processes():
    """{pid: (parent, name)} of what runs here, without what is only unreaped."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text("latin-1")
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:].rsplit(")", 1)
        state, parent = rest.split()[:2]
        if state not in "ZX":
            found[int(entry)] = (int(parent), name)
    return found


def children(pid, name=None):
    return sorted(p for p, (parent, n) in processes().items()
                  if parent == pid and name in (None, n))


def arguments(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text("latin-1").split("\0")[:-1]


def descriptors(pid):
    """What a process has open: {number: what}."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found


def alive(pid):
    return pid in processes()


def ppp_interfaces():
    """Of the server's network."""
    text = pathlib.Path("/proc/net/dev").read_text()
    return re.findall(r"^\s*(ppp(?:sstp)?\d+):", text, re.M)


def session_interfaces():
    """Those that are in use: with a tun device, pppd's own stays down."""
    return re.findall(r"^\d+: (ppp\w+):", run("ip", "-o", "link", "show", "up"), re.M)


def files_below(directory):
    """Names, without the data base in which pppd keeps its links."""
    return sorted(os.path.join(where, name)
                  for where, _, names in os.walk(directory) for name in names
                  if not name.endswith(".tdb") and "/netns" not in where)


def pppd_version():
    text = run("pppd", "--version", check=False)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    require(found, f"pppd --version: {text}")
    return tuple(int(n) for n in found.groups())


def lack_of_tun():
    """Why no session can take a tun device here; None: it can."""
    if pppd_version() < (2, 5):
        return "pppd is older than 2.5, which a tun device takes"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    return None


def check_tun():
    """For main(), of a file that is about nothing else."""
    why = lack_of_tun()
    if why:
        skip_all(why)


# --- certificates -----------------------------------------------------------------


def openssl(*args):
    run("openssl", *args)


def certificate(directory, name, names="IP:192.0.2.1,IP:2001:db8::1"):
    """A self-signed NAME.pem and its NAME.key; returns both paths."""
    pem, key = directory / f"{name}.pem", directory / f"{name}.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", f"/CN={name}.example.net",
            "-addext", f"subjectAltName=DNS:{name}.example.net,{names}",
            "-keyout", key, "-out", pem)
    key.chmod(0o600)
    return pem, key


# --- users and scripts of pppd ------------------------------------------------------


def secret_file(name, text):
    path = pathlib.Path("/etc/ppp", name)
    path.touch(0o600)
    path.write_text(text)


def set_users(*users, addresses="*"):
    lines = "".join(f'{user} * "{PASSWORD}" {addresses}\n' for user in users)
    secret_file("chap-secrets", lines)
    secret_file("pap-secrets", lines)


def record_scripts(directory):
    """Let pppd's scripts of the server leave their environment in files."""
    directory.mkdir()
    for when in ("ip-up", "ip-down"):
        script = pathlib.Path(f"/etc/ppp/{when}.d/zz-test")
        # a client's pppd runs it, too, but without a session
        script.write_text(f"""\
#!/bin/sh
[ -n "$SSTP_SESSION" ] || exit 0
sleep 0.3
env >{directory}/new.$SSTP_SESSION
mv {directory}/new.$SSTP_SESSION {directory}/{when}.$SSTP_SESSION
""")
        script.chmod(0o755)


def recorded(directory, when):
    """{session: environment} of the scripts that have run."""
    found = {}
    for file in directory.glob(f"{when}.*"):
        lines = file.read_text().splitlines()
        found[file.name[len(when) + 1:]] = dict(l.split("=", 1) for l in lines if "=" in l)
    return found


# --- the daemon -------------------------------------------------------------------


def new_directory(kind):
    """TMP/kindN for the next N."""
    directories[kind] += 1
    path = TMP / f"{kind}{directories[kind]}"
    path.mkdir()
    return path


class Log:
    """A file that somebody else writes."""

    def __init__(self, path):
        self.path = path

    def text(self, start=0):
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def find(self, pattern, start=0):
        return re.search(pattern, self.text(start), re.M)

    def count(self, pattern, start=0):
        return len(re.findall(pattern, self.text(start), re.M))

    def wait(self, pattern, start=0):
        return wait_until(lambda: self.find(pattern, start),
                          f"/{pattern}/ in {self.path.name}")


# what we install, more words in the log, and as much patience as we have with scripts
OPTIONS = (SRC / "etc/options.sstpd").read_text() + \
    f"name sstpd\ndebug\nchild-timeout {PATIENCE}\n"


class Server:
    """One sstpd in a directory of its own."""

    all = []

    def __init__(self, changes=None, options=OPTIONS):
        self.directory = new_directory("server")
        self.log = Log(self.directory / "sstpd.log")
        self.scripts = self.directory / "scripts"
        self.program = SSTPD
        self.process = None
        self.certificate, key = certificate(self.directory, "vpn")
        (self.directory / "options").write_text(options)
        self.sections = {
            "server": {
                "listen": "192.0.2.1:443, [2001:db8::1]:443",
                "workers": 2,
                "user": "nobody",
                "pid-file": self.directory / "pid",
            },
            "tls": {"certificate": self.certificate, "private-key": key},
            "sstp": {},
            # all clients have one address, and some are to fail
            "limits": {"auth-backoff": "0s", "ban-after": "off"},
            "ppp": {"options-file": self.directory / "options", "plugin": PLUGIN},
            "pool": {"local-address": INNER, "addresses": "10.9.0.10-10.9.0.99"},
            "control": {"socket": self.directory / "control"},
            "log": {"target": "stderr", "level": "debug"},
        }
        for section, keys in (changes or {}).items():
            self.sections[section].update(keys)
        self.conf = self.directory / "sstpd.conf"
        self.write_config()
        Server.all.append(self)

    def write_config(self):
        lines = []
        for section, keys in self.sections.items():
            lines.append(f"[{section}]")
            lines += [f"{k} = {v}" for k, v in keys.items()]
        self.conf.write_text("\n".join(lines) + "\n")

    def start(self, **options):
        record_scripts(self.scripts)
        with open(self.log.path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-f", self.conf], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, **options)
        self.wait_log(r"ready: ")
        return self

    def wait_log(self, pattern, start=0):
        def find():
            require(self.process.poll() is None,
                    f"sstpd has ended: status {self.process.returncode}")
            return self.log.find(pattern, start)
        return wait_until(find, f"/{pattern}/ in the log of sstpd")

    @property
    def pid(self):
        return self.process.pid

    def own_children(self):
        """The workers and the control process."""
        return children(self.pid, "sstpd")

    def pppds(self):
        return children(self.pid, "pppd")

    def clones(self):
        """How many pppds were cloned from a template."""
        text = run(BUILD / "sstpctl/sstpctl", "-s", self.directory / "control", "metrics")
        return int(re.search(r"^sstpd_pppd_clones_total (\d+)", text, re.M)[1])

    def recorded(self, when):
        return recorded(self.scripts, when)

    def traces(self):
        """What is there because it runs, and whatever else it has left."""
        return {
            "processes": [p for p in processes().values() if p[1] == "pppd"],
            "terminals": sorted(os.listdir("/dev/pts")),
            "interfaces": ppp_interfaces(),
            "files in /run": files_below("/run"),
            "files in /var/run": files_below(os.path.realpath("/var/run")),
            # a template, which goes when it likes to, has two
            "descriptors": {p: len(descriptors(p)) - 2 * len(children(p, "pppd-template"))
                            for p in [self.pid, *self.own_children()]},
        }

    def wait_traces(self, before):
        def differences():
            now = self.traces()
            return {k: (before[k], now[k]) for k in now if now[k] != before[k]}
        wait_until(lambda: not differences(), lambda: f"nothing to be left: {differences()}")

    def wait_idle(self):
        wait_until(lambda: not self.pppds(), "the end of every pppd")

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("sstpd does not end") from None
        require(status == 0, f"sstpd ended with status {status}")
        bad = self.log.find(r".*(Sanitizer|runtime error|bad FCS).*")
        require(not bad, f"in the log: {bad and bad[0]}")


# --- clients ----------------------------------------------------------------------

CLIENT_OPTIONS = """\
noauth
refuse-eap
nodefaultroute
noipdefault
nobsdcomp
nodeflate
novj
novjccomp
noccp
mtu 1400
mru 1400
debug
"""


class Client:
    """A real sstpc with its pppd, at a host. With a password in its arguments,
    sstpc reads along what its pppd says; without, it has a plugin in there, and
    the password is among pppd's options, as in a file of /etc/ppp/peers."""

    all = []

    def __init__(self, server, user="alice", password=PASSWORD, host="client",
                 plugin=False, options=CLIENT_OPTIONS, address=SERVER4, ca=None,
                 environment=None):
        self.directory = new_directory("client")
        self.host = host
        self.log = Log(self.directory / "sstpc.log")
        self.ppp_log = Log(self.directory / "pppd.log")
        self.environment = dict(os.environ, **(environment or {}))
        if plugin and password is not None:
            options += f'password "{password}"\n'
        options += f"logfile {self.ppp_log.path}\n"
        file = self.directory / "options"
        file.write_text(options)
        self.command = [
            "sstpc", "--log-level", "4", "--log-stderr",
            "--ca-cert", str(ca or server.certificate), "--user", user,
            "--ipparam", self.directory.name]
        if not plugin:
            self.command += ["--password", password]
        # sstpc has room for few arguments of pppd
        self.command += [address, "file", str(file)]
        self.process = None
        self.starts = 0
        Client.all.append(self)

    def start(self):
        self.starts += 1
        self.started = time.monotonic()
        with open(self.log.path, "wb") as log, network_of(self.host):
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, env=self.environment, preexec_fn=own_run_directory)
        return self

    def revive(self):
        """An sstpc forgets to wait for the reply to its HTTP request if the whole
        handshake finds the answers already there, as it may on a busy machine with
        no real network in between. It then ends, or, with a plugin, waits forever."""
        if self.log.find("Sending Connect-Request|failed") or self.starts > 5 or \
                not self.log.find("Connected to"):
            return
        ended = self.process.poll() is not None
        if ended or time.monotonic() - self.started > 10:
            comment(f"{self.directory.name}: sstpc was deaf, starting it again")
            self.hang_up()
            self.start()

    def wait_log(self, log, pattern):
        def find():
            self.revive()
            ended = self.process.poll() is not None
            found = log.find(pattern)
            require(found or not ended,
                    f"{self.directory.name} ended while waiting for /{pattern}/")
            return found
        return wait_until(find, f"/{pattern}/ in {self.directory.name}/{log.path.name}")

    def wait_up(self):
        """Returns itself, with the addresses and the interface it has got."""
        self.address = self.wait_log(self.ppp_log, r"local  IP address (\S+)")[1]
        self.peer = self.wait_log(self.ppp_log, r"remote IP address (\S+)")[1]
        self.interface = self.ppp_log.find(r"^Using interface (ppp\d+)")[1]
        return self

    def up(self):
        return self.start().wait_up()

    def ping(self, *args, to=None, count=5):
        """Through the tunnel, and no other way; every single one comes back."""
        # one at a time: after a first answer, ping waits but twice as long as that
        # one took for the last, which is too short on a busy machine
        for _ in range(count):
            text = run_at(self.host, "ping", "-n", "-c", "1", "-W", "20", "-I",
                          self.interface, *args, to or self.peer, check=False)
            require(" 0% packet loss" in text, f"{self.directory.name}: {text}")

    def wait_end(self):
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.directory.name} does not end") from None

    def hang_up(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.wait_end()


def ping_all(clients):
    """As Client.ping(), for many at once."""
    running = []
    for client in clients:
        with network_of(client.host):
            running.append(subprocess.Popen(
                ["ping", "-n", "-c", "1", "-W", "20", "-I", client.interface,
                 client.peer],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True))
    for client, process in zip(clients, running):
        text = process.communicate(timeout=PATIENCE)[0]
        require(" 0% packet loss" in text, f"{client.directory.name}: {text}")


def hang_up(clients):
    for client in clients:
        client.process.terminate()
    for client in clients:
        client.wait_end()


# --- bulk transfer ----------------------------------------------------------------


def blocks(size):
    """Data in which no two blocks are the same."""
    base = os.urandom(1 << 16)
    for number in range(size >> 16):
        yield number.to_bytes(8, "big") + base[8:]


def send_all(sock, size, result):
    digest = hashlib.md5()
    with sock:
        for block in blocks(size):
            digest.update(block)
            sock.sendall(block)
    result.append(digest.hexdigest())


def transfer(source, sink, megabytes):
    """From one connected socket to the other; returns MB/s."""
    for sock in (source, sink):
        sock.settimeout(PATIENCE)
    begin = time.monotonic()
    sent, digest, count = [], hashlib.md5(), 0
    size = megabytes << 20
    thread = threading.Thread(target=send_all, args=(source, size, sent))
    thread.start()
    buffer = bytearray(1 << 18)
    with sink:
        while n := sink.recv_into(buffer):
            digest.update(memoryview(buffer)[:n])
            count += n
    thread.join()
    require(count == size, f"{count} bytes of {size} have arrived")
    require(sent == [digest.hexdigest()], "what arrived is not what was sent")
    return megabytes / (time.monotonic() - begin)


def tunnel_connection(client):
    """A TCP connection through the tunnel: our end and the client's."""
    with socket.create_server((INNER, 0)) as listener:
        with network_of(client.host):
            there = socket.socket()
            there.settimeout(PATIENCE)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                             client.interface.encode())
            there.connect(listener.getsockname())
        here, peer = listener.accept()
    require(peer[0] == client.address, f"it comes from {peer[0]}, not through the tunnel")
    return here, there


# --- running tests ----------------------------------------------------------------

tests = []


def test(name):
    def mark(function):
        tests.append((name, function))
        return function
    return mark


class Skip(Exception):
    """A test that cannot run here."""


def show_logs():
    logs = [s.log for s in Server.all]
    logs += [log for c in Client.all for log in (c.log, c.ppp_log)]
    # the only daemon of a test, and the last clients
    for log in logs[:1] + logs[1:][-6:]:
        lines = log.text().splitlines()
        comment(f"--- {log.path.relative_to(TMP)}, the last of {len(lines)} lines")
        for line in lines[-LOG_LINES:]:
            comment("  " + line)


def run_one(number, name, function):
    begin = time.monotonic()
    try:
        function()
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {why}")
        return True
    except Exception:  # whatever it was, the test has failed
        print(f"not ok {number} - {name}")
        show_logs()
        comment(traceback.format_exc())  # the end of what we say is seen best
        return False
    print(f"ok {number} - {name}")
    comment(f"{time.monotonic() - begin:.1f} s")
    return True


def end_all():
    """The clients first, so that the daemons are left with nothing."""
    for client in Client.all:
        if client.process is not None and client.process.poll() is None:
            client.process.kill()
            client.process.wait()
    for server in Server.all:
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    Client.all.clear()
    Server.all.clear()


def on_limit(signo, frame):
    raise Failure(f"the file took more than {FILE_LIMIT} s")


def main(check=None):
    """Run the file's tests, or those whose name holds an argument. check() calls
    skip_all() if the file needs more than most."""
    global TMP
    check_machine()
    if check:
        check()
    enter_namespaces()
    TMP = pathlib.Path(os.environ.get("TEST_TMP") or tempfile.mkdtemp())
    os.chmod(TMP, 0o755)
    private_directories()
    make_network()
    set_users("alice")
    signal.signal(signal.SIGALRM, on_limit)
    signal.alarm(FILE_LIMIT)
    selected = [t for t in tests if len(sys.argv) < 2 or
                any(arg in t[0] for arg in sys.argv[1:])]
    good = True
    print(f"1..{len(selected)}", flush=True)
    for number, (name, function) in enumerate(selected, 1):
        good = run_one(number, name, function) and good
        sys.stdout.flush()
        end_all()
    sys.exit(0 if good else 1)
