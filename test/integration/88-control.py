#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl, and the control process that answers it."""

import json
import os
import re
import signal
import socket
import stat
import subprocess

import sstp
from lib import BUILD, PATIENCE, UP, main, test, wait_until

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
WITH_ADDRESS = UP + "request-address\nup\n"
FAIL = f"wait-frame {sstp.LCP.hex()}\nauth-failed\nexit 11\n"


def ctl(d, *arguments):
    """(exit status, stdout, stderr)"""
    done = subprocess.run([SSTPCTL, "-s", d.directory / "control", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def asked(d, *arguments):
    status, out, err = ctl(d, *arguments)
    assert (status, err) == (0, ""), (status, out, err)
    return out


def from_json(d, *arguments):
    return json.loads(asked(d, "-j", *arguments))


def refused(d, *arguments):
    status, out, err = ctl(d, *arguments)
    assert status == 1 and out == "" and err.startswith("sstpctl: "), \
        (status, out, err)
    return err


def session_of(d, client):
    port = client.tls.getsockname()[1]
    return re.search(rf" (s\d+\.\d+) 127\.0\.0\.\d+:{port}: ",
                     d.log(client.log_start))[1]


@test("status, as text and as JSON")
def status(d):
    before = from_json(d, "status")
    d.cc(WITH_ADDRESS)
    d.client(handshake=False)
    wait_until(lambda: from_json(d, "status")["half_open"] == 1, "half-open")
    after = from_json(d, "status")
    assert after["state"] == "serving" and after["workers"] == 2, after
    assert after["sessions"] == 1 and after["sessions_up"] == 1, after
    assert after["connections"] == before["connections"] + 2, after
    assert (after["pool_size"], after["pool_used"]) == (241, 1), after
    text = asked(d, "status")
    assert re.search(r"(?m)^sessions up +1$", text), text
    assert all(len(line) <= 80 for line in text.splitlines()), text


@test("sessions: each in a line of 80 columns, or as JSON")
def sessions(d):
    clients = [d.cc(WITH_ADDRESS, source=f"127.0.0.{i}", sni="vpn.example.net")
               for i in (5, 6)] + [d.ccp()]
    clients[0].ping()
    text = asked(d, "sessions")
    lines = text.splitlines()
    assert len(lines) == 5 and lines[-1] == "3 sessions", text
    assert all(len(line) <= 80 for line in lines), text
    found = {s["session"]: s for s in from_json(d, "sessions")}
    assert set(found) == {session_of(d, c) for c in clients}, found
    one = found[session_of(d, clients[0])]
    assert (one["user"], one["method"], one["stage"], one["mtu"]) == \
        ("alice", "MS-CHAPv2", "up", 1400), one
    assert one["peer"].startswith("127.0.0.5:"), one
    assert one["sni"] == "vpn.example.net", one
    assert one["tls_version"] == "TLSv1.3" and one["packets_in"] == 2, one
    assert one["remote_address"].startswith("10.99.0."), one
    assert one["tcp"]["rtt_us"] > 0 and one["up_ms"] >= one["tls_ms"], one
    three = found[session_of(d, clients[2])]
    assert three["stage"] != "up" and "mtu" not in three, three


@test("sessions chosen by user, address and stage")
def filters(d):
    d.cc(WITH_ADDRESS, source="127.0.0.5")
    bob = UP.replace("alice", "bob") + "request-address\nup\n"
    d.cc(bob, source="127.0.0.6")
    d.cc(UP, source="127.0.0.6")

    def count(*options):
        return len(from_json(d, "sessions", *options))
    assert count() == 3
    assert count("-u", "bob") == 1 and count("--user", "carol") == 0
    assert count("-a", "127.0.0.6") == 2 and count("-a", "127.0.0.") == 0
    assert count("-g", "up") == 2 and count("-g", "ipcp") == 1
    assert count("-u", "alice", "-a", "127.0.0.6") == 1
    assert "is not understood" in refused(d, "sessions", "everything")


@test("one session, in full")
def one_session(d):
    name = session_of(d, d.cc(WITH_ADDRESS))
    text = asked(d, "session", name)
    for row in ("user +alice", "TLS +TLSv1.3", "mtu +1400", "TCP to client +rtt",
                r"addresses +\S+ -> 10\.99\.0\.\d+"):
        assert re.search(f"(?m)^{row}", text), text
    assert from_json(d, "session", name)["session"] == name
    assert "no such session" in refused(d, "session", "s99.1")
    refused(d, "session")


@test("a name cannot draw on the terminal, nor break JSON")
def names(d):
    script = UP.replace("alice", 'a\x1b[2J"\\\xff')
    d.cc(script)
    shown = asked(d, "sessions")
    assert "\x1b" not in shown and "a?[2J" in shown, shown
    user = from_json(d, "sessions")[0]["user"]
    assert user.startswith('a\x1b[2J"\\'), user


@test("disconnect: by name, by user, by address")
def disconnect(d):
    first = d.cc(source="127.0.0.5")
    second = d.cc(source="127.0.0.6")
    third = d.cc(UP.replace("alice", "bob"), source="127.0.0.6")
    asked(d, "disconnect", session_of(d, first))
    first.expect_after_data(sstp.DISCONNECT)
    d.wait_log("cause=administrator")
    start = d.log_size()
    asked(d, "disconnect", "-u", "bob", "-a", "127.0.0.6", "--reason",
          'moving "house" \u2013 back at 7\r')
    third.expect_after_data(sstp.DISCONNECT)
    third.send(sstp.DISCONNECT_ACK)
    d.wait_log(r'ended: [^;]*: moving "house" \u2013 back at 7[^;\r]*; .*cause=admin', start)
    second.ping()
    d.wait_log(rf"control: uid {os.getuid()}, pid \d+: disconnect")
    refused(d, "disconnect")
    assert "no such session" in refused(d, "disconnect", "-u", "carol")
    assert "not understood" in refused(d, "disconnect", "-u", "alice", "--reason",
                                       128 * "x")


@test("failures: the last ends that were not good")
def failures(d):
    c = d.ccp(FAIL, source="127.0.0.7")
    c.send(sstp.data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.close()
    wait_until(lambda: "127.0.0.7" in asked(d, "failures"), "the failure")
    line = next(x for x in asked(d, "failures").splitlines()
                if "127.0.0.7" in x)
    assert re.match(r"20\S+Z s\d+\.\d+ 127\.0\.0\.7:\d+: ended: "
                    r"authentication failed; .*cause=auth-failed", line), line
    assert "cause=auth-failed" in from_json(d, "failures")[-1]["line"]


@test("reload: whether it worked", daemon=None)
def reload(make):
    d = make().start()
    asked(d, "reload")
    d.wait_log("reload: done")
    good = (d.directory / "sstpd.conf").read_text()
    (d.directory / "sstpd.conf").write_text(good + "[nonsense]\n")
    assert "log" in refused(d, "reload")
    (d.directory / "sstpd.conf").write_text(good)
    asked(d, "reload")
    d.cc()
    d.settle()
    d.stop()


@test("drain: no more get in, the others go on, then it ends", daemon=None)
def drain(make):
    d = make().start()
    c = d.cc()
    asked(d, "drain")
    assert from_json(d, "status")["state"] == "draining"

    def closed():
        try:
            d.client(handshake=False).close()
            return False
        except ConnectionRefusedError:
            return True
    wait_until(closed, "the end of listening")
    c.ping()
    asked(d, "undrain")
    other = d.cc()
    asked(d, "drain")
    c.ping()
    other.close()
    c.ping()
    c.close()
    assert d.wait_exit() == 0


@test("drain: who waits to be accepted, or is half way in, gets in", daemon=None)
def drain_half_open(make):
    d = make({"server": {"workers": 1}}).start()
    half = d.client(handshake=False)
    worker, = d.workers
    os.kill(worker, signal.SIGSTOP)
    try:
        queued = [d.client(handshake=False) for _ in range(3)]
        asked(d, "drain")
    finally:
        os.kill(worker, signal.SIGCONT)
    for c in [half, *queued]:
        c.handshake().http().request().connect()
        c.close()
    assert d.wait_exit() == 0


@test("drain --hold: who connects waits for undrain", daemon=None)
def drain_hold(make):
    d = make().start()
    asked(d, "drain", "--hold")
    waiting = [d.client(handshake=False) for _ in range(4)]
    assert from_json(d, "status")["state"] == "draining"
    assert from_json(d, "status")["half_open"] == 0
    asked(d, "undrain")
    for c in waiting:
        c.handshake().http().request().connect()
    d.settle()
    d.stop()


@test("drain --hold of what has drained says that nothing is left to hold",
      daemon=None)
def drain_then_hold(make):
    d = make().start()
    d.cc()
    asked(d, "drain")
    status, _, err = ctl(d, "drain", "--hold")
    assert status == 1 and "log" in err, (status, err)
    d.wait_log("closed already: undrain")
    asked(d, "undrain")
    asked(d, "drain", "--hold")
    asked(d, "drain")  # this way round it can
    asked(d, "undrain")
    d.cc()
    d.settle()
    d.stop()


@test("undrain: all addresses or none", daemon=None)
def undrain_fails(make):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    d = make({"server": {"listen": f"127.0.0.1:0, 127.0.0.1:{port}"}}).start()
    d.cc()
    first = d.addresses()[0]
    asked(d, "drain")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        for _ in range(40):  # of each more than there is place for sockets
            assert ctl(d, "undrain")[0] == 1
        try:
            socket.create_connection(first).close()
            raise AssertionError("nobody accepts there")
        except ConnectionRefusedError:
            pass
    asked(d, "undrain")
    for address in first, ("127.0.0.1", port):
        d.cc(address=address)
    d.settle()
    d.stop()


@test("drain: what is left after its time is ended", daemon=None)
def drain_timeout(make):
    d = make().start()
    c = d.cc()
    asked(d, "drain", "-t", "1")
    c.ping()
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    assert d.wait_exit() == 0


@test("it runs without privileges, and what it dies of hurts nobody")
def killed(d):
    c = d.cc()
    pid = d.control_pid()
    if os.getuid() == 0:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            text = f.read()
        assert re.search(r"(?m)^CapEff:\s+0+$", text), text
        assert not re.search(r"(?m)^Uid:\s+0\s", text), text
        assert os.listdir(f"/proc/{pid}/root") == [], "its root is not empty"
    os.kill(pid, signal.SIGKILL)
    d.wait_log(r"control \d+: pid \d+ killed by signal 9")
    wait_until(lambda: ctl(d, "status")[0] == 0, "another one")
    c.ping()
    assert len(from_json(d, "sessions")) == 1
    d.cc()


@test("a worker that died is no longer counted", daemon=None)
def worker_killed(make):
    d = make().start()
    d.cc()
    for pid in d.worker_pids():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: from_json(d, "status")["sessions"] == 0 and
               len(d.worker_pids()) == 2, "new workers")
    wait_until(lambda: from_json(d, "sessions") == [], "an empty list")
    wait_until(d.cc, "service")
    d.settle()
    d.stop()


@test("the socket is for root alone unless a group is named", daemon=None)
def modes(make):
    d = make().start()
    info = os.stat(d.directory / "control")
    assert stat.S_IMODE(info.st_mode) == 0o600, oct(info.st_mode)
    d.stop()
    assert not (d.directory / "control").exists()
    d = make({"control": {"group": "nogroup"}})
    if os.getuid() != 0:
        return
    d.start()
    info = os.stat(d.directory / "control")
    assert stat.S_IMODE(info.st_mode) == 0o660, oct(info.st_mode)
    d.stop()


@test("another daemon does not take the socket away", daemon=None)
def taken(make):
    d = make().start()
    other = make({"control": {"socket": d.directory / "control"}})
    try:
        other.start()
    except AssertionError:
        pass
    assert "another sstpd listens there" in other.log(), other.log()
    asked(d, "status")
    d.stop()
    # one that was left behind is no obstacle
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(d.directory / "control"))
    d = make({"control": {"socket": d.directory / "control"}}).start()
    d.stop()


@test("clients that send nonsense, too much, or nothing")
def nonsense(d):
    path = str(d.directory / "control")
    for request in (b"\n", b"status\tx\n", b"x" * 5000, b"\0\0\n",
                    b"sessions\tuser=" + b"x" * 1000 + b"\n", b"session\ts1.1"
                    b"\tjson\tjson\n", b"drain\t999999999\n", b"\t" * 100 + b"\n"):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(path)
            s.sendall(request)
            answer = b""
            while chunk := s.recv(4096):
                answer += chunk
            assert answer.startswith(b"error "), (request[:40], answer)
    idle = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    for s in idle:
        s.connect(path)
    for s in idle:
        s.close()
    wait_until(lambda: ctl(d, "status")[0] == 0, "an answer")


@test("the command line of sstpctl", daemon=None)
def command_line(make):
    del make
    for words, status, text in (
            (["-h"], 0, "commands:"), (["-V"], 0, "sstpctl "), ([], 2, "usage:"),
            (["--nonsense"], 2, "usage:"), (["-t", "0", "drain"], 2, "seconds"),
            (["-s", "/nowhere/control", "status"], 3, "does not run")):
        done = subprocess.run([SSTPCTL, *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert done.returncode == status and \
            text in done.stdout + done.stderr, (words, done)


main(default={})
