#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The double of pppd on its own: what the other tests rely on."""

import os
import select
import signal
import socket
import struct
import subprocess
import tempfile
import tty

import sstp
from lib import FAKEPPPD, main, test

VERSION = 4
SESSION_SIZE = 8 + 64 + 64 + 8 + 64 + 256 + 64 + 16 + 64 + 40
AUTH_SIZE = 8 + 4 + 4 + 32 + 32 + 256


def message(kind, body):
    return struct.pack("=HHI", VERSION, kind, 8 + len(body)) + body


def session(correlation):
    fields = [(b"17", 64), (b"192.0.2.7", 64), (b"4711", 8),
              (b"192.0.2.1", 64), (b"vpn", 256), (correlation, 64),
              (b"TLSv1.3", 16), (b"X", 64), (b"default", 40)]
    return message(1, b"".join(text.ljust(n, b"\0") for text, n in fields))


class Double:
    """fakepppd between a pty and a socketpair."""

    def __init__(self, script):
        self.directory = tempfile.TemporaryDirectory(
            prefix="sstpd.", dir=os.environ.get("TEST_TMP"))
        self.record = f"{self.directory.name}/record"
        options = f"{self.directory.name}/script"
        with open(options, "w") as f:
            f.write(f"record {self.record}\n[one]\n{script}\n[two]\nexit 9\n")
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.channel, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(10)
        self.channel.send(session(b"{one}"))
        self.process = subprocess.Popen(
            [FAKEPPPD, os.ttyname(slave), "file", options, "nodetach",
             "plugin", "/x.so", "sstpd-fd", str(theirs.fileno())],
            pass_fds=[theirs.fileno()])
        os.close(slave)
        theirs.close()
        assert self.receive(16)  # HELLO
        assert self.receive(17)  # PHASE

    def receive(self, kind):
        got = self.channel.recv(1024)
        version, found, length = struct.unpack("=HHI", got[:8])
        assert (version, found, length) == (VERSION, kind, len(got)), got
        return got

    def frames(self, wanted):
        got = b""
        while len(got) < len(wanted):
            assert select.select([self.master], [], [], 10)[0], got.hex()
            got += os.read(self.master, 65536)
        assert got == wanted, f"{got.hex()}, not {wanted.hex()}"

    def end(self, status):
        got = self.process.wait(10)
        os.close(self.master)
        self.channel.close()
        assert got == status, got
        with open(self.record) as f:
            text = f.read()
        self.directory.cleanup()
        return [line.split(" ", 2)[2] for line in text.splitlines()]


@test("it authenticates, sends and echoes", daemon=None)
def whole(_):
    d = Double("auth mschapv2 alice 0102 0304\nsend ff03c02101\n"
               "echo\nwait-frame ff03c2\nsend ff03c02102\nwait-signal")
    auth = d.receive(18)
    assert len(auth) == AUTH_SIZE and len(session(b"")) == SESSION_SIZE
    assert auth[8:16] == struct.pack("=IBB2x", 4, 2, 2), auth[:16]
    assert auth[16:18] == b"\1\2" and auth[48:50] == b"\3\4", auth
    assert auth[80:86] == b"alice\0", auth
    d.channel.send(message(2, struct.pack("=I80x", 1)))
    d.frames(sstp.hdlc(bytes.fromhex("ff03c02101")))
    frame = sstp.ip_frame(b"\x7d\x7e\x11")
    os.write(d.master, sstp.hdlc(sstp.LCP) +
             sstp.hdlc(sstp.CHAP_SUCCESS) + sstp.hdlc(frame))
    d.frames(sstp.hdlc(frame) + sstp.hdlc(bytes.fromhex("ff03c02102")))
    d.process.send_signal(signal.SIGTERM)
    d.frames(sstp.hdlc(sstp.TERMINATE))
    end = d.receive(21)
    assert end[8:12] == struct.pack("=I", 5), end
    events = d.end(5)
    assert f"frame {sstp.LCP.hex()}" in events, events
    assert "verdict 1 " in events and "exit 5" in events, events


@test("it ends when it is refused, or has no address", daemon=None)
def refused(_):
    d = Double("auth pap bob\nexit 3")
    d.receive(18)
    d.channel.send(message(2, struct.pack("=I16x64s", 0, b"not you")))
    assert "verdict 0 not you" in d.end(11)
    d = Double("request-address\nexit 3")
    d.receive(19)
    d.channel.send(message(3, bytes(4)))
    assert "address 0.0.0.0" in d.end(10)


@test("it ends when its line hangs up, even while it does not read it",
      daemon=None)
def hangup(_):
    d = Double("stop-reading")
    os.close(d.master)
    d.master = os.open("/dev/null", os.O_RDONLY)
    assert "hangup" in d.end(16)


@test("its source is what its sink expects", daemon=None)
def numbered(_):
    d = Double("source 3 100\nsink 3")
    wanted = [sstp.numbered_frame(100, i) for i in range(3)]
    d.frames(b"".join(sstp.hdlc(f) for f in wanted))
    for frame in wanted[:2] + [wanted[0]]:
        os.write(d.master, sstp.hdlc(frame))
    d.process.send_signal(signal.SIGTERM)
    assert "sunk 3 frames 300 bytes 1 bad" in d.end(5)


main()
