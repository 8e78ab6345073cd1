#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Every limit is reached: what is beyond it is turned away, what is not is
served, and both workers keep to it together."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time

import sstp
from lib import PATIENCE, UP, main, test, wait_until

SRC = pathlib.Path(__file__).resolve().parents[2]
GONE = (sstp.Closed, OSError, ssl.SSLError)
FAIL = f"wait-frame {sstp.LCP.hex()}\nauth-failed\nexit 11\n"
RATE = 5


def refused(d, source):
    """Whether a connection from there is closed without an answer."""
    try:
        d.client(source=source).close()
        return False
    except GONE:
        return True


def becomes_refused(d, source):
    """The monitor hears of a failure after the client does."""
    wait_until(lambda: refused(d, source), f"no service for {source}")


def served(d, source):
    """Someone there gets in, now or when the server has noticed a change."""
    wait_until(lambda: not refused(d, source), f"service for {source}")


def all_ended(d, start):
    log = d.log(start)
    return log.count(": accepted") == log.count(": ended: ")


def idle(d, source, count):
    """Connections that never say a word, accepted for certain."""
    before = d.log().count(": accepted")
    new = []
    for _ in range(count):
        new.append(socket.socket())
        new[-1].settimeout(PATIENCE)
        new[-1].bind((source, 0))
        new[-1].connect(d.addresses()[0])
        new[-1].setblocking(False)
    d.clients += new
    wait_until(lambda: d.log().count(": accepted") >= before + count,
               f"{count} connections")
    return new


def is_closed(sock):
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@test("half-open connections of one IPv4 address", "few")
def per_ipv4(d):
    start = d.log_size()
    first, *_ = idle(d, "127.0.0.5", 3)
    assert refused(d, "127.0.0.5") and refused(d, "127.0.0.5")
    d.wait_log(r"limits: \d+ connections refused, the last of 127\.0\.0\.5: "
               "max-half-open-per-ipv4", start)
    assert not refused(d, "127.0.0.6")
    first.close()
    served(d, "127.0.0.5")
    d.settle()
    # who has proved who he is does not count
    for _ in range(5):
        d.cc(source="127.0.0.5")


@test("half-open connections of one IPv6 network", "six")
def per_ipv6(d):
    start = d.log_size()
    calls = [d.client(handshake=False) for _ in range(2)]
    wait_until(lambda: d.log(start).count(": accepted") >= 2,
               "two connections")
    assert refused(d, None)
    calls[0].close()
    served(d, None)


@test("half-open connections in all: the oldest makes room", "total")
def total(d):
    old = idle(d, "127.0.0.5", 6)
    d.cc(source="127.0.0.6")
    assert sum(is_closed(s) for s in old) == 1
    d.wait_log("cause=limit-half-open")
    for _ in range(20):
        d.cc(source="127.0.0.6").close()


@test("a flood beyond that pushes itself out, not those who call", "total")
def flood(d):
    c = d.ccp(source="127.0.0.7")  # half-open, but a pppd works for it
    c.expect_data(sstp.CHAP_SUCCESS)
    idle(d, "127.0.0.5", 60)
    c.send(c.proof())
    c.ping()
    d.cc(source="127.0.0.6").ping()


@test("new connections of one address in a second", "rate")
def rate(d):
    start = d.log_size()
    begin = time.monotonic()
    lost = sum(refused(d, "127.0.0.5") for _ in range(40))
    seconds = int(time.monotonic() - begin) + 2
    assert lost >= 40 - seconds * RATE, f"{lost} refused in {seconds} s"
    assert lost <= 40 - RATE, f"{lost} refused"
    d.wait_log(r"the last of 127\.0\.0\.5: max-connection-rate", start)
    lines = d.log(start).count("limits: ")
    assert lines <= 2 * seconds, f"{lines} lines"
    assert not refused(d, "127.0.0.6")
    served(d, "127.0.0.5")


@test("sessions of one address", "sessions")
def sessions(d):
    first = d.cc(source="127.0.0.5")
    d.cc(source="127.0.0.5")
    c = d.client(source="127.0.0.5")
    c.send(sstp.request_head())
    assert sstp.Reply(c.record()).status == 503
    d.cc(source="127.0.0.6").ping()
    first.close()

    def again():
        c = d.client(source="127.0.0.5")
        c.send(sstp.request_head())
        return sstp.Reply(c.record()).status == 200
    wait_until(again, "room for one more session")


def fail(d, source, leave=False):
    """A failed authentication."""
    c = d.ccp(FAIL, source=source)
    c.send(sstp.data(sstp.LCP))
    if leave:
        d.wait_event(c, "exit")
        c.close()
    else:
        c.expect(sstp.DISCONNECT)


@test("failed authentications: after so many an address is banned", "ban")
def ban(d):
    start = d.log_size()
    for i in range(3):
        fail(d, "127.0.0.5", leave=i == 1)
    becomes_refused(d, "127.0.0.5")
    assert refused(d, "127.0.0.5")
    d.wait_log(r"limits: banned 127\.0\.0\.5 for 2 s after 3 failed "
               "authentications", start)
    d.wait_log(r"the last of 127\.0\.0\.5: failed authentications", start)
    d.cc(source="127.0.0.6").ping()
    served(d, "127.0.0.5")
    # all is forgotten
    fail(d, "127.0.0.5")
    assert not refused(d, "127.0.0.5")


@test("failed authentications: each costs a pause", "backoff")
def backoff(d):
    fail(d, "127.0.0.5")
    becomes_refused(d, "127.0.0.5")
    d.cc(source="127.0.0.6").ping()
    served(d, "127.0.0.5")


def pap_request(name):
    body = bytes((len(name),)) + name + b"\1x"
    return b"\xff\x03\xc0\x23\1\1" + struct.pack(">H", len(body) + 4) + body


def found_by_fail2ban(d, lines):
    """The addresses that our filter finds in a log of these lines."""
    log = d.directory / "log"
    log.write_text("".join(f"{line}\n" for line in lines))
    filters = SRC / "etc/fail2ban/filter.d/sstpd.conf"
    program = shutil.which("fail2ban-regex")
    if program is not None:
        done = subprocess.run([program, "-o", "ip", log, filters], check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split()
    # what it makes of it, near enough
    pattern, = re.findall(r"failregex = (.*)", filters.read_text())
    pattern = pattern.replace("<ADDR>", r"(?P<ip>[0-9a-fA-F:.]+)")
    # it takes the time away before
    bare = [re.sub(r"^(20\S+|\w{3} \d+ [\d:]+) ?", "", x) for x in lines]
    return [m["ip"] for m in (re.search(pattern, x) for x in bare) if m]


@test("fail2ban finds them in the log, whatever clients call themselves", "weak")
def fail2ban(d):
    start = d.log_size()
    fail(d, "127.0.0.5")
    fail(d, "127.0.0.6")
    d.cc(source="127.0.0.7").close()
    c = d.client(source="127.0.0.8")
    c.send(b"GET /s1.1 192.0.2.1:1: ended: authentication failed; "
           b"stage=auth cause=auth-failed \r\n\r\n")
    c.record()
    c.close()
    # a user's name
    c = d.ccp(UP + "exit 0\n", source="127.0.0.9")
    c.send(sstp.data(pap_request(
        b's1.1 192.0.2.2:2: ended: authentication failed; stage=auth '
        b'cause=auth-failed "\n2026-11-21T11:50:03.919 s1.1 192.0.2.3:2: ended: '
        b'authentication failed; stage=auth cause=auth-failed ')))
    c.expect_after_data(sstp.DISCONNECT)
    wait_until(lambda: d.log(start).count(" ended: ") >= 5, "five ends")
    lines = d.log(start).splitlines()
    assert sorted(found_by_fail2ban(d, lines)) == ["127.0.0.5", "127.0.0.6"]
    line = next(x for x in lines if " 127.0.0.5:" in x and "cause=auth-failed" in x)
    six = line.replace("127.0.0.5:", "[2001:db8::5]:")
    syslog = re.sub(r"^\S+ ", "Nov 21 10:11:12 vpn sstpd[123]: ", line)
    assert found_by_fail2ban(d, [six]) == ["2001:db8::5"]
    assert found_by_fail2ban(d, [syslog]) == ["127.0.0.5"]


@test("those that hang up at once are counted, too", "ban")
def hang_up(d):
    for _ in range(3):
        # which gives pppd another exit code
        c = d.ccp(f"auth-failed\nsend {sstp.CHAP_SUCCESS.hex()}\n",
                  source="127.0.0.8")
        c.expect_data(sstp.CHAP_SUCCESS)
        c.close()
        d.wait_event(c, "exit 16")
    becomes_refused(d, "127.0.0.8")


SOURCE = UP + f"wait-frame {sstp.LCP.hex()}\nsource 500 1400\n"


def slow_reader(d):
    """A client that has much to read and does not read it."""
    c = d.cc(SOURCE, buffer=4096, source="127.0.0.5")
    c.send(sstp.data(sstp.LCP))
    return c


@test("memory for queues: when it is tight, all get a little", "buffers")
def tight(d):
    other = d.cc()
    slow = [slow_reader(d) for _ in range(14)]
    other.ping()
    d.cc().ping()
    for c in slow:
        for i in range(500):
            c.expect_data(sstp.numbered_frame(1400, i))
    assert "limit-buffers" not in d.log()


@test("memory for queues: who has not logged in cannot take it from who has",
      "buffers")
def untrusted(d):
    others = [d.cc() for _ in range(5)]
    asking = [d.ccp(buffer=4096, source="127.0.0.5") for _ in range(10)]
    for c in asking:
        c.tls.settimeout(0.1)
        try:
            for _ in range(32):
                c.send(sstp.ECHO * 1000)
        except GONE:
            sstp.forget_errors()
    half = []
    for _ in range(100):
        with contextlib.suppress(*GONE):
            c = d.client(source="127.0.0.6")
            half.append(c)
            c.send(b"S")
    for c in others:
        c.ping()
        c.ping()
    for c in asking + half:
        c.close()


@test("a client gets as many answers as it has asked for, once it reads",
      "buffers")
def late_reader(d):
    c = d.cc(buffer=4096, source="127.0.0.5")
    sent = 20000
    c.send(sstp.ECHO * sent)
    for _ in range(sent):
        c.expect(sstp.ECHO_REPLY)
    c.ping()


@test("memory for queues: when there is none, sessions end", "buffers")
def none_left(d):
    start = d.log_size()
    for _ in range(60):
        try:
            slow_reader(d)
        except GONE:
            break
    d.wait_log("cause=limit-buffers", start)
    d.settle()
    d.cc().ping()


@test("the time to authenticate has nothing to do with that to ask", "times")
def times(d):
    c = d.crp()
    c.expect_abort(2, 8)
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    time.sleep(0.5)  # longer than negotiation-timeout
    c.send(c.proof())
    c.ping()


@test("the counts of a worker killed go with it", daemon=None)
def killed(make):
    d = make({"limits": {"max-half-open-per-ipv4": 4}}).start()
    for _ in range(3):
        idle(d, "127.0.0.5", 4)
        assert refused(d, "127.0.0.5")
        old = d.worker_pids()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda old=old: len(set(d.worker_pids()) - set(old)) == 2,
                   "new workers")
        size = d.log_size()
        served(d, "127.0.0.5")
        wait_until(lambda size=size: all_ended(d, size), "the end of that")
        d.cc(source="127.0.0.6")
    d.stop()


@test("4,000 idle connections, and a client at once", daemon=None)
def idle_many(make):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 5000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise AssertionError(f"needs {wanted} descriptors, may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    d = make({"limits": {"max-half-open": None}}).start()
    before = d.memory()
    for i in range(8):
        idle(d, f"127.0.1.{i + 1}", 500)
    each = (d.memory() - before) / 4000
    print(f"# {each / 1024:.1f} KiB for each idle connection")
    c = d.cc()
    c.ping()
    d.settle()
    d.stop()


main(default={},
     few={"limits": {"max-half-open-per-ipv4": 3}},
     six={"server": {"listen": "[::1]:0"},
          "limits": {"max-half-open-per-ipv6": 2}},
     total={"server": {"workers": 1}, "limits": {"max-half-open": 6}},
     rate={"limits": {"max-connection-rate": RATE}},
     sessions={"limits": {"max-sessions-per-address": 2}},
     ban={"limits": {"ban-after": 3, "ban-time": "2s"}},
     weak={"ppp": {"auth-methods": "mschap-v2, pap"}},
     backoff={"limits": {"auth-backoff": "1s"}},
     buffers={"server": {"workers": 1}, "limits": {"max-buffers": "1M"}},
     times={"sstp": {"negotiation-timeout": "300ms",
                     "auth-timeout": "60s"}})
