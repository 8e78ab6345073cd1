#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Clients that mean harm, or are broken in ways that look like it. Others go on
meanwhile, and memory stays flat: where nothing held them back, each of these
would make the daemon grow by many times what is allowed here."""

import contextlib
import os
import re
import signal
import ssl
import struct
import subprocess
import threading
import time

import sstp
from lib import PATIENCE, SANITIZED, UP, main, test, wait_until
from sstp import data

MIB = 1 << 20
START = UP + f"wait-frame {sstp.LCP.hex()}\n"


def opened(d, how_many, make):
    return [make() for _ in range(how_many)]


def read_to_end(c):
    """Its end comes, whatever is said before."""
    try:
        while c.tls.recv(65536) != b"":
            pass
    except TimeoutError:
        raise AssertionError("the connection does not end") from None
    except OSError:
        pass
    c.close()


def send_until_stuck(c, chunk, limit):
    """Send it again and again, until nobody takes it for a while, the
    connection is gone, or limit bytes are sent; returns how many were."""
    sent = 0
    c.tls.settimeout(0.3)
    try:
        while sent < limit:
            c.tls.sendall(chunk)
            sent += len(chunk)
    except OSError:
        sstp.forget_errors()
    c.tls.settimeout(PATIENCE)
    return sent


def check_flat(d, one_round, limit):
    """What is left behind is left in each round. In a single one memory may grow
    all the same, where more of it than ever was in use at once."""
    for _ in range(4):
        before = d.memory()
        one_round(d)
        if SANITIZED or d.memory() - before < limit:
            return
    d.check_growth(before, limit)


# --- those that do little ---

def silent_round(d):
    """Some in each state, who say no more."""
    clients = opened(d, 20, lambda: d.client(handshake=False)) + \
        opened(d, 20, d.client) + opened(d, 20, d.crp) + \
        opened(d, 20, d.ccp) + opened(d, 20, d.cc)
    d.cc().ping()
    for c in clients:
        read_to_end(c)
    d.settle()


@test("silent ones, in each state", "hurry")
def silent(d):
    silent_round(d)
    # what OpenSSL alone needs for 100 connections is many times as much
    check_flat(d, silent_round, MIB // 3)


def client_hello():
    """The bytes that a client begins with."""
    out = ssl.MemoryBIO()
    tls = sstp.client_context().wrap_bio(ssl.MemoryBIO(), out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def bytes_of(raw):
    return [raw[i:i + 1] for i in range(len(raw))]


def slow_ones(d):
    """Some in each state, and what they are about to send."""
    lines = [b"X-%d: y\r\n" % i for i in range(60)]
    frame = data(sstp.ip_frame(bytes(1000)))
    slow = []
    for _ in range(8):
        slow += [(d.client(handshake=False), bytes_of(client_hello())),
                 (d.client(), bytes_of(sstp.request_head())),
                 (d.client(), [sstp.request_head()[:-2], *lines]),
                 (d.crp(), bytes_of(sstp.REQUEST)),
                 (d.ccp(), bytes_of(frame)),
                 (d.cc(), bytes_of(frame))]
    return slow


def still_taken(c, chunk):
    """Send it, if somebody listens; False: nobody does."""
    try:
        c.send(chunk)
        return True
    except OSError:
        c.close()
        return False


def slow_round(d):
    slow = slow_ones(d)
    d.cc().ping()
    for i in range(round(PATIENCE / 0.2)):
        slow = [(c, chunks) for c, chunks in slow
                if still_taken(c, chunks[i % len(chunks)])]
        if not slow:
            break
        time.sleep(0.2)
    assert not slow, f"still taken: {slow[0][1][0]}..."
    d.settle()


@test("slow writers: bytes keep coming, but no timer waits for them", "hurry")
def slow_writers(d):
    for c, chunks in slow_ones(d):
        c.send(chunks[0])
    d.settle()
    check_flat(d, slow_round, MIB // 2)  # OpenSSL alone needs twice as much


# --- those that do much ---

@test("slow readers")
def slow_readers(d):
    count, size = 5000, 4000
    others = opened(d, 4, d.cc)
    slow = opened(d, 3, lambda: d.cc(START + f"source {count} {size}\n",
                                     buffer=4096))
    before = d.memory()
    for c in slow:
        c.send(data(sstp.LCP))
    for i in range(100):
        for c in slow:
            c.expect_data(sstp.numbered_frame(size, i))
        others[i % 4].ping()
    d.quiet_memory()
    d.check_growth(before, 2 * MIB)  # of 60 that wait to be sent


def giant_hello(d):
    """The first record of one that claims to have 128 KiB."""
    c = d.client(handshake=False)
    body = b"\1\1\xff\xff" + bytes(16380)
    c.send(b"\x16\3\1" + struct.pack(">H", len(body)) + body)
    return c


@test("giant ClientHellos")
def giant_hellos(d):
    c = giant_hello(d)
    d.wait_log("ClientHello of 131071 bytes, at most 16384 are read", c.log_start)
    c.close()
    d.settle()
    before = d.memory()
    clients = opened(d, 40, lambda: giant_hello(d))
    for c in clients:
        assert read_raw_to_end(c) == b""
    d.check_growth(before, MIB)  # of 6


def read_raw_to_end(c):
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while more := c.sock.recv(4096):
            got += more
    c.close()
    return got


@test("case 75: floods of echo requests, no answer is read")
def echo_flood(d):
    others = opened(d, 4, d.cc)
    flooding = opened(d, 2, lambda: d.ccp(buffer=4096)) + \
        opened(d, 2, lambda: d.cc(buffer=4096))
    before = d.memory()
    for c in flooding:
        send_until_stuck(c, sstp.ECHO * 2000, 4 * MIB)
        for other in others:
            other.ping()
    d.quiet_memory()
    d.check_growth(before, 2 * MIB)  # of 60 of answers


@test("case 10: giant heads of requests")
def giant_heads(d):
    others = opened(d, 4, d.cc)
    d.client().close()
    before = d.memory()
    clients = []
    for first, more in ((b"SSTP_DUPLEX_POST /", b"/"),
                        (sstp.request_head()[:-2], b"X: y\r\n"),
                        (sstp.request_head()[:-2] + b"X:", b" ")):
        for _ in range(3):
            c = d.client()
            clients.append(c)
            c.send(first)
            send_until_stuck(c, more * (60000 // len(more)), 4 * MIB)
        for other in others:
            other.ping()
    d.check_growth(before, 2 * MIB)  # of 36
    for c in clients:
        read_to_end(c)


@test("one byte in each TLS record, from the first to the last")
def tiny_records(d):
    c = d.client(UP)
    c.send(*bytes_of(sstp.request_head(correlation=c.correlation())))
    assert sstp.Reply(c.record()).status == 200
    c.send(*bytes_of(sstp.REQUEST))
    c.take_ack().expect_data(sstp.CHAP_SUCCESS)
    c.send(*bytes_of(c.proof()))
    for i in range(20):
        frame = sstp.numbered_frame(700, i)
        c.send(*bytes_of(data(frame)))
        c.expect_data(frame)
    c.send(*bytes_of(sstp.ECHO + sstp.DISCONNECT))
    c.expect(sstp.ECHO_REPLY)
    c.expect_after_data(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("one byte in each TLS record, to a pppd that does not read")
def tiny_records_flood(d):
    others = opened(d, 4, d.cc)
    c = d.cc(START + "stop-reading\nwait-signal\nstart-reading\n")
    c.send(data(sstp.LCP))
    d.wait_event(c, "waiting")
    before = d.memory()
    frame = data(sstp.numbered_frame(4000, 0))
    sent = 0
    c.tls.settimeout(0.3)
    try:
        while sent < 120000:  # bytes: 3 MB of records
            c.send(frame[sent % len(frame):][:1])
            sent += 1
    except OSError:
        pass
    d.quiet_memory()
    d.check_growth(before, MIB)
    for other in others:
        other.ping()
    # its client is not read, so that nobody sees it go
    os.kill(d.pppd_of(c), signal.SIGUSR1)


# --- what Python's TLS cannot do ---

class Openssl:
    """The openssl program; what it prints can be waited for."""

    def __init__(self, *args):
        self.text = ""
        self.process = subprocess.Popen(
            ["openssl", *args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while chunk := self.process.stdout.read1(65536):
            self.text += chunk.decode("latin-1")

    def say(self, raw):
        """In a write of its own: a command is a line that comes alone."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(raw)
            self.process.stdin.flush()
        return self

    def wait_for(self, pattern):
        return wait_until(lambda: re.search(pattern, self.text),
                          f"/{pattern}/ from openssl")

    def end(self):
        """Wait for its end; returns all it has said."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.thread.join(PATIENCE)
        return self.text


def s_client(d, *args):
    host, port = d.addresses()[0]
    return Openssl("s_client", "-connect", f"{host}:{port}", *args)


def renegotiate(d, head):
    """Some ask for it at once, where the server waits for what may be this head."""
    hostile = opened(d, 4, lambda: s_client(d, "-tls1_2"))
    for h in hostile:
        h.wait_for("Verify return code")
        if head:
            h.say(head).wait_for("HTTP/1.1 200")
    for h in hostile:
        h.say(b"R\n").wait_for("RENEGOTIATING\\s+.*no renegotiation")
    for h in hostile:
        h.end()


@test("TLS renegotiation is refused, before and after HTTP", "one")
def renegotiation(d):
    other = d.cc()
    renegotiate(d, b"")
    before = d.quiet_memory()
    renegotiate(d, b"")
    renegotiate(d, sstp.request_head())
    other.ping()
    d.cc().ping()
    d.quiet_memory()
    d.check_growth(before, MIB // 5)


def make_ticket(d):
    """A session of another server, which does take early data."""
    tls = d.sections["tls"]
    ticket = d.directory / "ticket"
    server = Openssl("s_server", "-accept", "127.0.0.1:0", "-naccept", "1",
                     "-tls1_3", "-early_data", "-cert", tls["certificate"],
                     "-key", tls["private-key"])
    port = server.wait_for(r"ACCEPT 127\.0\.0\.1:(\d+)")[1]
    client = Openssl("s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3",
                     "-sess_out", ticket)
    wait_until(ticket.exists, "a ticket")
    client.say(b"Q\n").end()
    server.end()
    return ticket


@test("early data is not offered, and skipped if it comes all the same", "one")
def early_data(d):
    other = d.cc()
    none = d.directory / "none"
    honest = s_client(d, "-tls1_3", "-sess_out", none)
    honest.wait_for("Verify return code")
    honest.say(sstp.request_head()).wait_for("HTTP/1.1 200")
    honest.say(b"Q\n").end()
    assert not none.exists(), "there was a ticket"
    early = d.directory / "early"
    ticket = make_ticket(d)
    size = d.log_size()
    before = None
    for length in (200, *[100000] * 6):
        early.write_bytes(sstp.request_head().ljust(length, b"x"))
        hostile = s_client(d, "-tls1_3", "-sess_in", ticket,
                           "-early_data", early)
        hostile.say(b"Q\n")
        text = hostile.end()
        assert "Early data was accepted" not in text, text
        if length == 200:
            assert "Early data was rejected" in text, text
            assert "New, TLSv1.3" in text, text
        other.ping()
        before = before or d.quiet_memory()
    d.quiet_memory()
    d.check_growth(before, MIB // 5)
    assert "connected: " not in d.log(size), d.log(size)
    d.cc().ping()


main(one={"server": {"workers": 1}},
     hurry={"server": {"workers": 1},
            "sstp": {"tls-timeout": "1s", "http-timeout": "1s",
                     "negotiation-timeout": "1s", "auth-timeout": "1s",
                     "hello-interval": "1s"}})
