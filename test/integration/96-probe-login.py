#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe with a user: where its password comes from, and servers that let it
in but have something wrong with them later on."""

import contextlib
import os
import pathlib
import select
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import ppp_server
import sstp
from lib import PATIENCE, main, test, wait_until
from prober import CRITICAL, OK, PROBE, UNKNOWN, WARNING, probe, run, server_context

PAP = 0xc023
ASKS_FOR_PAP = ppp_server.option(3, struct.pack(">H", PAP))
ICMP_CODE, ICMP_SUM = 20, 22
SECRET = "open sesame"


class Server(ppp_server.Server):
    """One that does something else at a message of SSTP, or one of PPP."""

    def __init__(self, at=None, instead=None, pap=False):
        self.at, self.instead, self.pap = at, instead, pap
        self.passwords, self.answers = [], range(0)
        super().__init__(server_context(), "10.99.0.10", "10.99.0.1")

    def on_message(self, kind):
        if kind == self.at:
            self.instead(self)
            return
        super().on_message(kind)
        if kind == sstp.CALL_CONNECT_REQUEST and self.pap:
            self.send(ppp_server.packet(ppp_server.LCP, ppp_server.REQUEST, 2, ASKS_FOR_PAP))

    def on_frame(self, data):
        protocol, code, ident = struct.unpack(">HBB", data[2:6])
        if (protocol, code) == self.at:
            self.instead(self)
        elif protocol == PAP:
            self.passwords.append(data[9 + data[8]:][1:])
            self.send(ppp_server.packet(PAP, 2, ident, b"\0"))
        elif protocol == ppp_server.IP:
            self.on_ping(bytearray(data[4:]))
        else:
            super().on_frame(data)

    def on_ping(self, ip):
        if struct.unpack(">H", ip[26:28])[0] not in self.answers:
            return
        ip[12:16], ip[16:20] = ip[16:20], ip[12:16]
        ip[ICMP_CODE] = 0
        total = struct.unpack(">H", ip[ICMP_SUM:ICMP_SUM + 2])[0] + 0x0800
        ip[ICMP_SUM:ICMP_SUM + 2] = struct.pack(">H", (total & 0xffff) + (total >> 16))
        self.send(ppp_server.frame(ppp_server.IP, bytes(ip)))

    def check(self):
        self.join(PATIENCE)
        assert self.failed is None, f"the server: {self.failed!r}"


def log_in(server, *arguments, as_json=True):
    """What sstp-probe finds, or prints, as a user whom the server lets in."""
    arguments = ["-u", "alice", "--auth", "any-offered", *arguments, server.target]
    secret = {"SSTP_PROBE_PASSWORD": SECRET}
    found = probe(*arguments, **secret) if as_json else \
        run("-k", "-w", 0, "-c", 0, *arguments, **secret)
    server.check()
    return found


# --- how a server lets go ---


def reset(server):
    server.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise EOFError


def close(_):
    raise EOFError


def abort(server):
    server.send(sstp.abort(2, 5))


@test("a server that resets, closes or aborts while we leave did not acknowledge it", daemon=None)
def letting_go(_):
    for at in ((ppp_server.LCP, ppp_server.TERM_REQUEST), sstp.CALL_DISCONNECT):
        for instead in (reset, close, abort):
            server = Server(at, instead)
            status, found = log_in(server)
            assert status == WARNING and found["left_clean"] is False, (at, instead, found)
            assert found["message"] == "leave: the server did not acknowledge it", found
            assert "cause" not in found and found["tunnel"]["confirmed"], found
            assert (sstp.CALL_ABORT in server.said) == (instead is abort), server.said
    status, out = log_in(Server(sstp.CALL_DISCONNECT, reset), "--prometheus", as_json=False)
    assert status == WARNING and "\nsstp_probe_success{" in out, out
    assert "} 1.000000\n" in out.split("sstp_probe_success{")[1], out


# --- what may be wrong with a session ---


@test("a server that refuses the binding", daemon=None)
def binding(_):
    for reason in (4, 9):  # the value, the attribute
        server = Server(sstp.CALL_CONNECTED, lambda s, r=reason: s.send(sstp.abort(3, r)))
        status, found = log_in(server)
        assert status == CRITICAL and found["cause"] == "binding", found
        assert found["message"].startswith("network: the server aborts the call: "), found
        assert "proxy" in found["hint"], found
        assert sstp.CALL_ABORT in server.said, server.said
    # for another reason it is not the binding's fault
    status, found = log_in(Server(sstp.CALL_CONNECTED, abort))
    assert status == CRITICAL and found["cause"] == "aborted", found


@test("pings that get lost, some and all", daemon=None)
def pings(_):
    for answered, wanted in ((3, OK), (2, WARNING), (0, CRITICAL)):
        server = Server()
        server.answers = range(answered)
        status, found = log_in(server, "-p", 3)
        assert status == wanted, (answered, found)
        assert found["ping"]["sent"] == 3 and found["ping"]["received"] == answered, found
        lost = f"{3 - answered} of 3 pings through the tunnel were lost"
        assert (found["message"] == lost) == (answered < 3), found
        assert ("firewall" in found.get("hint", "")) == (answered < 3), found
        assert (found["ping"]["max"] > 0) == (answered > 0), found


@test("lost pings in the line for monitoring", daemon=None)
def loss(_):
    server = Server()
    server.answers = range(1)
    status, out = log_in(server, "-p", 4, as_json=False)
    assert status == WARNING and " loss=75%;;;0;100\n" in out, out
    assert out.startswith("SSTP WARNING - 3 of 4 pings "), out


# --- the password ---


class Terminal(contextlib.AbstractContextManager):
    """Runs a command on a terminal, of which somebody else is in charge."""

    script = 'exec <"$0"; trap : INT; "$@"; echo "status=$?"; read -r _'

    def __init__(self, *command):
        self.fd, self.other = os.openpty()
        self.seen = ""
        environment = {k: v for k, v in os.environ.items() if k != "SSTP_PROBE_PASSWORD"}
        # who leads a session and opens a terminal has it for its own
        self.process = subprocess.Popen(
            ["sh", "-c", self.script, os.ttyname(self.other), *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=self.other, stderr=self.other,
            start_new_session=True, env=environment)

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            left = max(0, end - time.monotonic())
            assert select.select([self.fd], [], [], left)[0], (text, self.seen)
            self.seen += os.read(self.fd, 4096).decode()

    def write(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def __exit__(self, *_):
        os.close(self.other)
        os.close(self.fd)  # hangs up
        self.process.wait(PATIENCE)


@test("a password from the terminal, which does not show it", daemon=None)
def prompt(_):
    server = Server(pap=True)
    with Terminal(PROBE, "-k", "-w", 0, "-c", 0, "-u", "alice", "--auth", "pap",
                  server.target) as terminal:
        terminal.expect("Password of alice: ")
        wait_until(lambda: not terminal.echoes(), "silence")
        terminal.write(SECRET + "\n")
        terminal.expect("status=")
        terminal.expect("\n")
        assert terminal.echoes()
        assert "alice logged in by pap" in terminal.seen, terminal.seen
        assert "sesame" not in terminal.seen, terminal.seen
    server.check()
    assert server.passwords == [SECRET.encode()], server.passwords


@test("a prompt that is interrupted leaves the terminal as it was", daemon=None)
def interrupted_prompt(_):
    with Terminal(PROBE, "-u", "alice", "127.0.0.1:1") as terminal:
        terminal.expect("Password of alice: ")
        wait_until(lambda: not terminal.echoes(), "silence")
        terminal.write("half of it\x03")
        terminal.expect("status=3")
        assert terminal.echoes()
        assert "SSTP UNKNOWN - no password: " in terminal.seen, terminal.seen
        assert "half" not in terminal.seen, terminal.seen


@test("a password from a FIFO, if somebody writes to it in time", daemon=None)
def fifo(_):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "fifo")
        os.mkfifo(path)
        status, out = run("-t", 1, "-u", "alice", "--password-file", path, "127.0.0.1:1")
        assert status == UNKNOWN, out
        assert out == f"SSTP UNKNOWN - {path}: nothing was written to it within 1 s\n", out
        server = Server(pap=True)
        writer = threading.Thread(target=path.write_text, args=(SECRET + "\nand more\n",))
        writer.start()
        status, found = probe("-u", "alice", "--auth", "pap", "--password-file", path,
                              server.target)
        writer.join(PATIENCE)
    assert status == OK, found
    server.check()
    assert server.passwords == [SECRET.encode()], server.passwords
    # one without a name
    server = Server(pap=True)
    done = subprocess.run(
        ["bash", "-c", '"$0" -k -w 0 -c 0 -u alice --auth pap --password-file <(echo "$1") "$2"',
         PROBE, SECRET, server.target], capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == OK, done
    server.check()
    assert server.passwords == [SECRET.encode()], server.passwords


main()
