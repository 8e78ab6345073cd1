#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl capture: a session's PPP frames in a file."""

import itertools
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time

import pcapng
import sstp
from lib import BUILD, PATIENCE, UP, Skipped, descriptors, main, test, wait_until

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
NUMBER = itertools.count()
PASSWORD = b"open-sesame"


def packet(protocol, code, body):
    return struct.pack(">HHBBH", 0xff03, protocol, code, 7, 4 + len(body)) + body


PAP = packet(0xc023, 1, b"\5alice" + bytes((len(PASSWORD),)) + PASSWORD)
CHALLENGE = packet(0xc223, 1, b"\x10" + bytes(range(16)) + b"spn")
RESPONSE = packet(0xc223, 2, b"\x31" + bytes(range(100, 149)) + b"alice")
PROOF = b"407A5589115FD0D6209F510FE9C04566932CDA56"
SUCCESS = packet(0xc223, 3, b"S=" + PROOF + b" M=welcome")
EAP = packet(0xc227, 2, b"\4\x10" + bytes(range(200, 216)))
# a login whose frames are of no consequence to fakepppd
LOGIN = f"send {CHALLENGE.hex()}\nwait-frame {RESPONSE.hex()}\n" \
    f"send {SUCCESS.hex()}\n" + UP


class Sstpctl:
    """sstpctl capture, running."""

    def __init__(self, d, *words, path=None):
        self.path = path or d.directory / f"capture{next(NUMBER)}"
        self.process = subprocess.Popen(
            [SSTPCTL, "-s", d.directory / "control", "capture", *words, self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, status=0):
        """What it has written to stderr."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert (self.process.returncode, out) == (status, b""), \
            (self.process.returncode, out, err)
        return err.decode()

    def read(self):
        """The file, once it is complete."""
        self.finish()
        capture = pcapng.read(self.path)
        assert capture.complete, "no statistics at the end"
        return capture


def begin(d, *words, **options):
    """It has begun with a session that exists."""
    size = d.log_size()
    running = Sstpctl(d, *words, **options)
    d.wait_log(r"capture: begins", size)
    return running


def await_next(d, *words):
    """It waits for a session."""
    size = d.log_size()
    running = Sstpctl(d, "--next", *words)
    d.wait_log(r"capture: uid \d+ waits", size)
    return running


def refused(d, text, *words):
    running = Sstpctl(d, *words)
    said = running.finish(1)
    assert said.startswith("sstpctl: ") and text in said, said
    assert not running.path.exists(), "a file without anything in it"


def compare_with_tshark(path, got):
    """It reads the same, where it is installed."""
    if shutil.which("tshark") is None:
        return
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.packet_flags_direction",
         "-e", "frame.len", "-e", "frame.comment"],
        stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    seen = [(int(a, 0) == pcapng.INBOUND, int(b), c) for a, b, c in lines]
    assert seen == [(f.inbound, f.length, f.comment) for f in got.frames], lines


def session_of(d, client):
    host, port = client.tls.getsockname()
    return d.wait_log(rf" (s\d+\.\d+) {re.escape(host)}:{port}: ")[1]


def ask(d, line, *fds):
    """The answer to a request with descriptors."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(str(d.directory / "control"))
        socket.send_fds(s, [line.encode()], fds)
        answer = b""
        while chunk := s.recv(4096):
            answer += chunk
        return answer.decode()


def own_capture(d, line, size=None):
    """As sstpctl has it: the end to read from, and the answer."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    if size is not None:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    with theirs:
        return ours, ask(d, line, theirs.fileno())


@test("both directions, in order, until the session ends")
def both(d):
    c = d.cc(source="127.0.0.5")
    name = session_of(d, c)
    running = begin(d, name)
    before = time.time_ns()
    c.ping()
    c.send(sstp.data(sstp.LCP))
    c.ping()
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    got = running.read()
    ping = [sstp.ip_frame(b"ping %d" % i) for i in (2, 3)]
    assert got.inbound()[:3] == [ping[0], sstp.LCP, ping[1]], got.frames
    assert got.outbound()[:2] == ping, got.frames
    assert [f.inbound for f in got.frames[:2]] == [True, False], got.frames
    times = [got.begin, *(f.ns for f in got.frames), got.end]
    assert times == sorted(times) and abs(times[0] - before) < 60e9, times
    assert got.name == name and "127.0.0.5:" in got.description, got.description
    assert got.description.endswith("user alice"), got.description
    assert "masked" in got.comment and got.application.startswith("sstpd "), got
    assert (got.received, got.dropped) == (len(got.frames), 0), got.received
    d.wait_log(rf"{name} .*capture: ends: {len(got.frames)} frames, 0 dropped")
    assert stat.S_IMODE(running.path.stat().st_mode) == 0o600


@test("what the data gate keeps out is there, and said to be")
def gate(d):
    c = d.ccp(f"wait-frame {sstp.LCP.hex()}\n" + UP)
    running = begin(d, session_of(d, c))
    c.send(sstp.data(sstp.ip_frame(b"early")), sstp.data(sstp.LCP))
    c.connect()
    c.close()
    got = running.read()
    said = {f.bytes: f.comment for f in got.frames}
    assert said[sstp.ip_frame(b"early")] == "not let through", said
    assert said[sstp.LCP] == "" == said[sstp.CHAP_SUCCESS], said
    compare_with_tshark(running.path, got)


@test("what came before pppd was there is part of it")
def waiting(d):
    c = d.crp("start-signal\n" + UP)
    c.send(sstp.REQUEST)
    c.take_ack()
    c.send(sstp.data(sstp.LCP), sstp.data(PAP))
    c.fence()
    running = begin(d, session_of(d, c))
    d.wait_event(c, "waiting")
    os.kill(d.pppd_of(c), signal.SIGUSR1)
    c.connect()
    c.close()
    got = running.read()
    assert got.inbound()[0] == sstp.LCP, got.frames
    assert got.inbound()[1][:14] == PAP[:14], got.frames


def log_in(d):
    c = d.ccp(LOGIN)
    c.expect_data(CHALLENGE)
    c.send(sstp.data(PAP), sstp.data(EAP), sstp.data(RESPONSE))
    c.expect_data(SUCCESS)
    c.connect()
    c.close()


@test("--next: from its first frame on, secrets are masked")
def masked(d):
    running = await_next(d)
    log_in(d)
    got = running.read()
    data = running.path.read_bytes()
    for secret in (PASSWORD, PASSWORD[2:6], RESPONSE[9:20], PROOF[:8], EAP[10:18]):
        assert secret not in data, f"{secret} is in the file"
    assert got.inbound()[:3] == [
        PAP.replace(PASSWORD, b"*" * len(PASSWORD)), EAP[:9] + b"*" * 17,
        RESPONSE[:9] + b"*" * 49 + b"alice"], got.frames
    assert got.outbound()[:2] == [CHALLENGE, SUCCESS.replace(PROOF, b"*" * 40)], \
        got.frames
    assert got.inbound()[3] == sstp.ip_frame(b"ping 1"), got.frames


@test("--with-secrets: all is as it was, and the log tells")
def with_secrets(d):
    size = d.log_size()
    running = await_next(d, "--with-secrets")
    log_in(d)
    got = running.read()
    assert got.inbound()[:3] == [PAP, EAP, RESPONSE], got.frames
    assert got.outbound()[:2] == [CHALLENGE, SUCCESS], got.frames
    assert got.comment == "with passwords and responses", got.comment
    d.wait_log(rf"control: uid {os.getuid()}, pid \d+: capture, with passwords", size)
    d.wait_log(rf"capture: begins, for uid {os.getuid()}, with passwords", size)


@test("--next with a user or an address: only that one's")
def next_of(d):
    to_bob = await_next(d, "--user", "bob")
    to_six = await_next(d, "--address", "127.0.0.6")
    d.cc(source="127.0.0.5").close()
    six = d.cc(source="127.0.0.6")
    bob = d.cc(UP.replace("alice", "bob"), source="127.0.0.7")
    name = session_of(d, bob), session_of(d, six)
    bob.close()
    six.close()
    got = to_bob.read(), to_six.read()
    assert tuple(g.name for g in got) == name, (got, name)
    assert got[0].outbound()[0] == sstp.CHAP_SUCCESS, got[0].frames
    refused(d, "no more", "--next", "--user", "bob", "--address", "127.0.0.6")


@test("by user, by address; none or several of them")
def chosen(d):
    d.cc(UP.replace("alice", "bob"), source="127.0.0.5")
    c = d.cc(source="127.0.0.6")
    other = d.cc(source="127.0.0.7")
    refused(d, "several", "--user", "alice")
    refused(d, "no such session", "--user", "carol")
    refused(d, "no such session", "s99.1")
    refused(d, "no such session", "s1.999999")
    refused(d, "lacks something")
    running = [begin(d, "-u", "alice", "-a", "127.0.0.6"),
               begin(d, "-a", "127.0.0.7")]
    c.ping()
    names = [session_of(d, c), session_of(d, other)]
    c.close()
    other.close()
    got = [r.read().name for r in running]
    assert got == names, got


@test("--count, --size and --seconds: it ends, the session goes on")
def bounds(d):
    c = d.cc()
    name = session_of(d, c)
    running = begin(d, name, "--count", "3")
    # all of them are there before it can say that it has enough
    running.process.send_signal(signal.SIGSTOP)
    for _ in range(5):
        c.ping()
    running.process.send_signal(signal.SIGCONT)
    assert len(running.read().frames) == 3
    running = begin(d, name, "--size", "1000")
    for _ in range(50):
        c.ping()
    got = running.read()
    size = running.path.stat().st_size
    assert 5 < len(got.frames) < 30 and size <= 1000 + 80, (got.frames, size)
    assert begin(d, name, "--seconds", "1").read().frames == []
    c.ping()


@test("Ctrl-C: a complete file; before any session: none")
def interrupted(d):
    c = d.cc()
    running = begin(d, session_of(d, c))
    c.ping()
    running.process.send_signal(signal.SIGINT)
    got = running.read()
    assert len(got.frames) == 2, got.frames
    c.ping()
    waits = await_next(d)
    waits.process.send_signal(signal.SIGINT)
    assert "nothing was captured" in waits.finish(1)
    assert not waits.path.exists()
    running = begin(d, session_of(d, c), "-c", "1")
    c.ping()
    assert len(running.read().frames) == 1


@test("the daemon stops: a complete file", daemon=None)
def stopped(make):
    d = make().start()
    c = d.cc()
    running = begin(d, session_of(d, c))
    waits = await_next(d)
    c.ping()
    d.signal(signal.SIGTERM)
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    assert d.wait_exit() == 0
    assert len(running.read().frames) >= 2
    assert "nothing was captured" in waits.finish(1)


@test("to stdout, until nobody reads it")
def stdout(d):
    c = d.cc()
    size = d.log_size()
    running = begin(d, session_of(d, c), path="-")
    c.ping()
    data = b""
    while data.count(b"ping 2") < 2:
        data += os.read(running.process.stdout.fileno(), 65536)
    assert len(pcapng.Capture(data).frames) == 2
    running.process.stdout.close()
    d.wait_log(r"capture: ends", size)
    assert running.process.wait(PATIENCE) == 0
    c.ping()


@test("on a terminal: progress, and nothing that is no text")
def terminal(d):
    c = d.cc()
    master, slave = os.openpty()
    command = [SSTPCTL, "-s", d.directory / "control", "capture", session_of(d, c)]
    done = subprocess.run([*command, "-"], stdin=slave, stdout=slave, timeout=PATIENCE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "is a terminal" in done.stderr, done
    size = d.log_size()
    said = bytearray()
    os.set_blocking(master, False)

    def shown(text):
        try:
            said.extend(os.read(master, 4096))
        except BlockingIOError:
            pass
        return text in said
    running = subprocess.Popen([*command, "/dev/null"], stdin=slave, stderr=slave)
    d.wait_log(r"capture: begins", size)
    c.ping()
    wait_until(lambda: shown(b"\r2 frames, "), "its progress")
    c.close()
    wait_until(lambda: shown(b"sstpctl: 2 frames, 0 dropped"), "its result")
    assert running.wait(PATIENCE) == 0, said
    os.close(master)
    os.close(slave)


@test("an older file is overwritten, and for its owner only from then on")
def overwritten(d):
    c = d.cc()
    path = d.directory / "older"
    path.write_bytes(b"x" * 100000)
    path.chmod(0o644)
    running = Sstpctl(d, "s99.1", path=path)
    running.finish(1)
    assert path.stat().st_size == 100000, "lost for nothing"
    running = begin(d, session_of(d, c), "-c", "1", path=path)
    c.ping()
    assert len(running.read().frames) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@test("one at a time for a session, many for many")
def one_at_a_time(d):
    clients = [d.cc() for _ in range(4)]
    running = [begin(d, session_of(d, c)) for c in clients]
    refused(d, "it is captured already", session_of(d, clients[0]))
    for c in clients:
        c.ping()
        c.close()
    assert all(r.read().received > 1 for r in running)


@test("at most so many in a worker", daemon=None)
def many(make):
    d = make({"server": {"workers": 1}}).start()
    lines = [f"capture\t{session_of(d, d.cc())}\n" for _ in range(33)]
    readers = [own_capture(d, line)[0] for line in lines[:-1]]
    assert "too many captures" in own_capture(d, lines[-1])[1]
    readers.pop().close()
    wait_until(lambda: own_capture(d, lines[-1])[1] == "ok\n", "a place")
    d.settle()
    d.stop()


@test("at most so many wait for a session")
def many_wait(d):
    waits = [await_next(d) for _ in range(16)]
    refused(d, "too many captures", "--next")
    waits[3].process.kill()
    waits[3].finish(-signal.SIGKILL)
    wait_until(lambda: own_capture(d, "capture\tnext\n")[1] == "ok\n", "a place")
    for running in waits[:3] + waits[4:]:
        running.process.terminate()
        running.finish(1)


@test("a reader that stalls loses frames, and knows how many; nobody else does")
def stalled(d):
    c = d.cc()
    c.ping()
    memory = d.quiet_memory()
    reader, answer = own_capture(d, f"capture\t{session_of(d, c)}\n", 4608)
    assert answer == "ok\n", answer
    for _ in range(2000):
        c.ping()
    d.check_growth(memory, 512 << 10)
    data = reader.recv(65536) + reader.recv(65536)
    while not any(f.dropped for f in pcapng.Capture(data).frames):
        data += reader.recv(65536)
        c.ping()
    reader.shutdown(socket.SHUT_WR)
    while chunk := reader.recv(65536):
        data += chunk
    got = pcapng.Capture(data)
    assert got.complete and got.received > 4000, got.received
    assert got.received == len(got.frames) + got.dropped, \
        (got.received, len(got.frames), got.dropped)
    told = sum(f.dropped for f in got.frames)
    assert 3900 < told <= got.dropped, (told, got.dropped)
    c.ping()


@test("a reader that stalls gets the statistics when it reads again")
def stalled_end(d):
    c = d.cc()
    reader, _ = own_capture(d, f"capture\t{session_of(d, c)}\n", 4608)
    size = d.log_size()
    for _ in range(50):
        c.ping()
    c.close()
    d.wait_log(r"capture: ends: \d+ frames, [1-9]\d* dropped", size)
    data = b""
    while chunk := reader.recv(65536):
        data += chunk
    got = pcapng.Capture(data)
    assert got.complete and got.received >= 100, got.frames
    assert got.received == len(got.frames) + got.dropped, got.dropped


@test("a reader that dies: the session goes on, another one can look")
def dies(d):
    c = d.cc()
    name = session_of(d, c)
    for _ in range(3):
        size = d.log_size()
        running = begin(d, name)
        c.ping()
        running.process.kill()
        running.finish(-signal.SIGKILL)
        d.wait_log(r"capture: ends", size)
        c.ping()
    reader, answer = own_capture(d, f"capture\t{name}\n")
    assert answer == "ok\n", answer
    size = d.log_size()
    reader.send(b"it has nothing to say")
    d.wait_log(r"capture: ends", size)
    c.ping()


@test("the control process passes the socket on and keeps nothing")
def control(d):
    c = d.cc()
    before = descriptors(d.control_pid())
    running = begin(d, session_of(d, c))
    waits = await_next(d)
    wait_until(lambda: descriptors(d.control_pid()) == before, "as few as before")
    os.kill(d.control_pid(), signal.SIGKILL)
    wait_until(lambda: (d.directory / "control").exists() and d.control_pid(), "another")
    c.ping()
    d.cc().close()
    c.close()
    assert len(running.read().frames) >= 2
    assert len(waits.read().frames) >= 2


@test("descriptors of other kinds, none, or too many")
def kinds(d):
    c = d.cc()
    before = descriptors(d.control_pid())
    line = f"capture\t{session_of(d, c)}\n"
    reader, writer = os.pipe()
    stream = socket.socketpair()
    datagram = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with open("/dev/null", "wb") as null:
        for fd in (reader, writer, stream[0].fileno(), datagram[0].fileno(), null.fileno()):
            answer = ask(d, line, fd)
            assert answer == "error that is no socket to capture to\n", (fd, answer)
            assert ask(d, "capture\tnext\n", fd) == answer
        assert "no socket came" in ask(d, line)
        assert "no socket" in ask(d, line, *[null.fileno()] * 10)
        assert ask(d, "status\n", *[null.fileno()] * 3).startswith("ok\n")
    # one that is connected to nothing
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        assert "no socket to capture to" in ask(d, line, s.fileno())
    assert "not understood" in ask(d, "sessions\tnext\n")
    wait_until(lambda: descriptors(d.control_pid()) == before, "as few as before")
    for fd in (reader, writer):
        os.close(fd)
    for s in (*stream, *datagram):
        s.close()
    c.ping()


@test("who may: root and the group, nobody else", daemon=None)
def allowed(make):
    if os.getuid() != 0:
        raise Skipped("needs root")
    for group, status, words in ((None, 3, []), ("nogroup", 0, []),
                                 ("nogroup", 1, ["--with-secrets"])):
        d = make({"control": {"group": group}}).start()
        c = d.cc()
        name = session_of(d, c)
        d.directory.chmod(0o755)
        # neither file has to be reachable for others
        program = os.open(SSTPCTL, os.O_RDONLY)
        directory = os.open(d.directory, os.O_RDONLY)
        done = subprocess.run(
            [f"/proc/self/fd/{program}", "-s", f"/proc/self/fd/{directory}/control",
             "capture", name, "--seconds", "1", *words, "/dev/null"], user="games",
            group="nogroup", extra_groups=[], pass_fds=(program, directory),
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == status, (group, words, done)
        assert status != 1 or "for root only" in done.stderr, done
        os.close(program)
        os.close(directory)
        d.settle()
        d.stop()


main()
