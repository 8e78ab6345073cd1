#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe: against the daemon, as far as a double of pppd goes, and against
servers that are none, or bad ones."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import socket
import signal
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import sstp
from lib import PATIENCE, main, openssl, test, wait_until
from prober import (CRITICAL, OK, PROBE, UNKNOWN, WARNING, probe, run, server_context,
                    understand)


def target(d):
    return "%s:%d" % d.addresses()[0]


# --- the daemon ---


@test("a whole handshake, as JSON")
def handshake(d):
    for version in ("1.2", "1.3"):
        status, found = probe("--tls-version", version, target(d))
        assert status == OK, found
        assert found["tls_version"] == f"TLSv{version}", found
        assert found["http_status"] == 200, found
        assert found["hashes"] == "sha1 sha256", found
        assert found["left_clean"] is True, found
        assert set(found["seconds"]) == {
            "resolve", "tcp", "tls", "http", "sstp", "total"}, found
        assert 0 < found["seconds"]["total"] < PATIENCE, found
    assert found["certificate"]["subject"] == "CN=server.example.net", found
    der = ssl.PEM_cert_to_DER_cert((d.directory / "server.pem").read_text())
    assert found["certificate"]["sha256"] == hashlib.sha256(der).hexdigest(), found


@test("one line, and numbers for monitoring")
def line(d):
    status, out = run("-k", "-w", 1, "-c", 0, target(d))
    assert status == OK, out
    assert re.fullmatch(r"SSTP OK - [^|\n]+ \| time=[0-9.]+s;;;0 .* "
                        r"tls=[0-9.]+s;;;0 .* days=[0-9.]+;1:;0:\n", out), out
    status, out = run("-k", "--prometheus", "-w", 1, "-c", 0, target(d))
    assert status == OK, out
    assert f'sstp_probe_success{{target="{target(d)}"}} 1' in out, out
    assert "sstp_probe_certificate_trusted" in out, out


@test("the certificate: its days, its chain, its name")
def trust(d):
    pem = d.directory / "server.pem"
    known = ["--ca-file", pem]
    named = ["--name", "server.example.net"]
    soon = ["-w", 3, "-c", 1]
    for arguments, wanted, words in (
            (known + named + ["-w", 1, "-c", 0], OK, "good for"),
            (known + named + soon, WARNING, "expires in 2.0 days"),
            (known + named, CRITICAL, "expires in 2.0 days"),
            (named + soon, CRITICAL, "self-signed"),
            (known + soon, CRITICAL, "not for 127.0.0.1"),
            (known + soon + ["--name", "other.example.net"], CRITICAL,
             "not for other.example.net"),
            (known + soon + ["--name", "other.example.net", "-k"], WARNING,
             "expires")):
        status, out = run(*arguments, target(d))
        assert status == wanted and words in out, (arguments, status, out)
    status, found = understand(*run("--json", *named, target(d)))
    assert status == CRITICAL and found["cause"] == "certificate", found
    # the handshake was whole all the same
    assert set(found["seconds"]) == {"resolve", "tcp", "tls", "total"}, found


def sign_expired(directory, request, key, pem):
    """A day ago. For newer versions of OpenSSL, -days is never less than 0, and older
    ones have dates in this command only."""
    (directory / "index").touch()
    (directory / "ca").write_text(
        f"[ca]\ndefault_ca = own\n[own]\ndatabase = {directory}/index\n"
        f"new_certs_dir = {directory}\nrand_serial = yes\ndefault_md = sha256\n"
        "policy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n")
    first, last = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - days * 86400))
                   for days in (2, 1))
    openssl("ca", "-batch", "-notext", "-selfsign", "-config", directory / "ca",
            "-keyfile", key, "-in", request, "-startdate", first, "-enddate", last,
            "-out", pem)


@test("the certificate: expired, and for many names", daemon=None)
def expired(_):
    names = ["vpn.example.net", "*.example.org", "192.0.2.1", "2001:db8::1"]
    wanted = ",".join(("IP:" if n[-1].isdigit() else "DNS:") + n for n in names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        request, pem, key = (f"{directory}/{name}" for name in ("request", "pem", "key"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-subj", "/CN=old", "-addext",
                f"subjectAltName=email:a@b.example,{wanted}", "-keyout", key, "-out", request)
        sign_expired(pathlib.Path(directory), request, key, pem)
        context.load_cert_chain(pem, key)
        with Impostor(after_http(ACK, sstp.DISCONNECT_ACK), context=context) as impostor:
            status, out = run("-k", "-v", "--ca-file", pem, "--name", "a.example.org",
                              impostor.target)
        assert status == CRITICAL and "certificate expired 1.0 days ago" in out, out
        assert "\n  names      " + " ".join(names) + "\n" in out, out
        assert "\n  chain      certificate has expired\n" in out, out
        assert "\n  name       is for a.example.org\n" in out, out
        with Impostor(after_http(), context=context) as impostor:
            status, found = understand(*run("--json", "--ca-file", pem, "--name", names[0],
                                            impostor.target))
    assert status == CRITICAL and found["cause"] == "certificate", found
    assert found["message"] == "tls: certificate: certificate has expired", found
    assert found["certificate"]["names"] == names, found
    assert -90000 < found["certificate"]["seconds_left"] < 0, found


@test("a load of sessions")
def load(d):
    status, out = run("load", "--json", "-k", "-n", 20, "-r", 200, "--hold", 1,
                      "--traffic", "echo", "--rate", 20, target(d))
    found = json.loads(out)
    assert status == OK, out
    assert found["started"] == found["came_up"] == found["peak"] == 20, out
    assert found["failures"] == [], out
    assert found["left_unacknowledged"] == 0, out
    assert found["traffic"]["answered"] > 100, out
    for name in ("tcp", "tls", "http", "sstp", "until_up"):
        row = found["seconds"][name]
        assert row["count"] == 20, out
        assert 0 < row["p50"] <= row["p95"] <= row["p99"] <= row["max"], out


def read_all(fd):
    """What is written to a terminal until all others have closed it."""
    seen = b""
    with contextlib.suppress(OSError):
        while part := os.read(fd, 4096):
            seen += part
    os.close(fd)
    return seen.decode()


@test("a load's table, and its progress on a terminal")
def progress(d):
    terminal, other = os.openpty()
    command = [PROBE, "load", "-k", "-n", "4", "-r", "100", "--hold", "1", target(d)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=other, text=True) as process:
        os.close(other)
        seen = read_all(terminal)
        out = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == OK, out
    assert "\r4 begun, 0 beginning, 4 up, 0 leaving, 0 failed, 0 dropped  \r" in seen, seen
    assert re.search(r"\r *\r$", seen), seen
    assert re.search(r"^ms +p50 +p95 +p99 +max$", out, re.M), out
    for name in ("tcp", "tls", "http", "sstp", "until up"):
        assert re.search(rf"^{name} +([0-9.]+ +){{4}}\(4\)$", out, re.M), out


@test("a server that is full, and one that has enough of an address", daemon="full")
def limits(d):
    d.cc()
    start = d.log_size()
    status, found = understand(*run("load", "--json", "-k", "-n", 3, target(d)))
    assert status == CRITICAL and found["started"] == found["failed"] == 3, found
    assert found["failures"] == [{
        "cause": "unavailable", "count": 3,
        "example": "http: HTTP status 503 Service Unavailable"}], found
    wait_until(lambda: d.log(start).count(" ended: ") == 3, "the end of all")
    start = d.log_size()
    with contextlib.ExitStack() as stack:
        def one_more():
            stack.enter_context(socket.create_connection(d.addresses()[0]))
            return d.log(start).count(": accepted") == HALF_OPEN
        wait_until(one_more, "so many half-open connections")
        status, out = run("load", "-k", "-n", 3, target(d))
        assert status == CRITICAL, out
        assert re.search(r'^  tls-closed   3, such as "tls: .*\n +this address may be banned '
                         'or at a limit', out, re.M), out


@test("a load over time")
def churn(d):
    status, out = run("load", "--json", "-k", "-n", 3, "-r", 50, "--hold", 0,
                      "--duration", 1, target(d))
    found = json.loads(out)
    assert status == OK and 5 < found["came_up"] <= 53, out
    assert found["peak"] <= 3, out


# --- what is none of a server's fault ---


def interrupted(*arguments):
    """(exit status, its JSON) of a run that a signal ends before the server speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [PROBE, *arguments, "--json", "-k", "127.0.0.1:%d" % listener.getsockname()[1]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, \
                listener.accept()[0] as connection:
            connection.recv(1)
            process.send_signal(signal.SIGTERM)
            return understand(process.wait(PATIENCE), process.stdout.read())


@test("a signal before anything is known", daemon=None)
def too_early(_):
    status, found = interrupted()
    assert status == UNKNOWN and found["message"] == "interrupted", found
    seconds = found["seconds"]
    assert seconds["total"] > seconds["resolve"] + seconds["tcp"], found
    status, found = interrupted("load", "-n", "1")
    assert status == UNKNOWN and found["interrupted"] is True, found
    assert found["started"] == 1 and found["failed"] == 0, found


@test("complaints take the form that was asked for", daemon=None)
def forms(_):
    for arguments, message in ((["--nonsense", "-j", "a"], "unknown option --nonsense"),
                               (["-xj", "a"], "unknown option -x"),
                               (["-t", "0", "-w", "x", "a", "--json"],
                                "--timeout takes a number from 1 to 600"),
                               (["a", "b", "-j"], "one HOST at a time"),
                               (["load", "--rate", "0", "-j", "a"],
                                "--rate 0 is for --traffic up")):
        status, found = understand(*run(*arguments))
        assert status == UNKNOWN and found["message"] == message, (arguments, found)
    status, out = run("--nonsense", "--prometheus", "a:4443")
    assert status == UNKNOWN, out
    assert out.startswith('sstp_probe_success{target="a:4443"} 0\n'), out


@test("what cannot be found out is unknown", daemon=None)
def unknown(_):
    for arguments in ([], ["a", "b"], ["--nonsense", "a"], ["-t", "0", "a"],
                      ["--ping", "3", "a"], ["name.invalid"],
                      ["--ca-file", "/nonexistent", "127.0.0.1"],
                      ["--user", "u", "127.0.0.1"]):
        status, out = run(*arguments)
        assert status == UNKNOWN, (arguments, status, out)
        assert out.startswith("SSTP UNKNOWN - "), (arguments, out)


@test("a password file that everybody can read is refused", daemon=None)
def open_password(_):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("secret\n")
        file.flush()
        os.chmod(file.name, 0o644)
        status, out = run("-u", "a", "--password-file", file.name, "127.0.0.1:1")
        assert status == UNKNOWN and "everybody" in out, out
        os.chmod(file.name, 0o600)
        status, out = run("-u", "a", "--password-file", file.name, "127.0.0.1:1")
        assert status == CRITICAL and "refused" in out, out


# --- bad servers ---


class Impostor(contextlib.AbstractContextManager):
    """Serves one connection with a function, or several with one each."""

    def __init__(self, function, tls=True, context=None):
        self.functions = function if isinstance(function, list) else [function]
        self.tls, self.context = tls, context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        threads = []
        for function in self.functions:
            connection, _ = self.listener.accept()
            threads.append(threading.Thread(target=self.one, args=(function, connection)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def one(self, function, connection):
        connection.settimeout(PATIENCE)
        with connection, contextlib.suppress(OSError):
            context = self.context or server_context()
            function(context.wrap_socket(connection, server_side=True)
                     if self.tls else connection)

    def __exit__(self, *_):
        self.thread.join(PATIENCE)
        self.listener.close()


def after_http(*packets):
    def function(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(4096)
        for packet in packets:
            connection.sendall(packet)
        while connection.recv(4096):
            pass
    return function


def answer(raw):
    def function(connection):
        connection.recv(4096)
        connection.sendall(raw)
        while connection.recv(4096):
            pass
    return function


def reset(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


ACK = sstp.message(2, sstp.attribute(4, bytes([0, 0, 0, 3]) + bytes(32)))
CASES = [
    ("no TLS", answer(b"SSH-2.0-OpenSSH\r\n"), False, "tls", "tls"),
    ("closed at once", lambda connection: None, False, "tls", "tls-closed"),
    ("closed after the ClientHello", lambda connection: connection.recv(4096), False,
     "tls", "tls-closed"),
    ("reset", reset, False, "tls", "tls-closed"),
    ("full", answer(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), True, "http",
     "unavailable"),
    ("another web server", answer(b"HTTP/1.1 404 Not Found\r\n\r\n"), True, "http", "http"),
    ("not HTTP", answer(b"220 ready\r\n"), True, "http", "http"),
    ("a head without end", answer(b"HTTP/1.1 200 OK\r\n" + b"a" * 9000), True, "http", "http"),
    ("a NAK", after_http(sstp.nak((1, 4, b""))), True, "sstp", "refused"),
    ("an abort", after_http(sstp.abort(2, 6)), True, "sstp", "aborted"),
    ("a disconnect", after_http(sstp.message(6)), True, "sstp", "disconnected"),
    ("bytes that are no SSTP", after_http(b"\x20" * 100), True, "sstp", "protocol"),
    ("a length of 3", after_http(b"\x10\x01\x00\x03"), True, "sstp", "protocol"),
    ("an unknown message", after_http(sstp.message(77)), True, "sstp", "protocol"),
    ("a client's message", after_http(sstp.message(1, sstp.attribute(1, b"\0\1"))), True,
     "sstp", "protocol"),
    ("an ACK without nonce", after_http(sstp.message(2)), True, "sstp", "protocol"),
    ("no hash that we know", after_http(sstp.message(2, sstp.attribute(
        4, bytes([0, 0, 0, 4]) + bytes(32)))), True, "sstp", "binding"),
    ("silence", after_http(), True, "sstp", "timeout"),
]


@test("servers that are none", daemon=None)
def impostors(_):
    for name, function, tls, stage, cause in CASES:
        with Impostor(function, tls) as impostor:
            status, found = probe("-t", 1, impostor.target)
        assert status == CRITICAL, (name, found)
        assert (found["failed_at"], found["cause"]) == (stage, cause), (name, found)
        assert found["message"] and found["hint"], (name, found)


@test("a server that does not let us go", daemon=None)
def sticky(_):
    with Impostor(after_http(ACK)) as impostor:
        status, found = probe(impostor.target)
    assert status == WARNING and found["left_clean"] is False, found


@test("an ACK that crosses our good-bye is no fault", daemon=None)
def crossing(_):
    def function(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(4096)  # the request, which gets no answer,
        connection.recv(4096)  # until the end of the load: a CALL_DISCONNECT
        connection.sendall(ACK + sstp.message(7))
        while connection.recv(4096):
            pass
    with Impostor(function) as impostor:
        _, out = run("load", "--json", "-k", "-n", 1, "--duration", 1, impostor.target)
    found = json.loads(out)
    assert found["started"] == 1 and found["came_up"] == 0, out
    assert found["failures"] == [] and found["left_unacknowledged"] == 0, out


@test("a load of which some fail, each for its own reason", daemon=None)
def reasons(_):
    def good(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(4096)
        connection.sendall(ACK)
        connection.recv(4096)
        connection.sendall(sstp.DISCONNECT_ACK)
        connection.recv(4096)
    other = answer(b"HTTP/1.1 404 Not Found\r\n\r\n")
    with Impostor([good, other, after_http(sstp.abort(2, 6)), other]) as impostor:
        status, out = run("load", "--json", "-k", "-n", 4, "--hold", 0, impostor.target)
    found = json.loads(out)
    assert status == WARNING and found["came_up"] == 1 and found["failed"] == 3, out
    assert found["failures"] == [
        {"cause": "http", "count": 2, "example": "http: HTTP status 404 Not Found"},
        {"cause": "aborted", "count": 1,
         "example": "sstp: the server aborts the call: retry count exceeded"}], out


@test("a server that floods", daemon=None)
def flood(_):
    def function(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(4096)
        while True:  # until the probe has had enough
            connection.sendall(sstp.message(8) * 1000)
    with Impostor(function) as impostor:
        status, found = probe("-t", 2, impostor.target)
    assert status == CRITICAL, found
    assert found["cause"] in ("closed", "timeout"), found


@test("a server that asks for PAP does not get the password", daemon=None)
def downgrade(_):
    heard = []

    def function(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(4096)
        connection.sendall(ACK)
        for ident in range(1, 40):
            request = bytes([1, ident, 0, 8]) + b"\x03\x04\xc0\x23"
            connection.sendall(sstp.data(b"\xff\x03\xc0\x21" + request))
            heard.append(connection.recv(65536))
            if not heard[-1]:
                return
        heard.append(b"endless")
    with Impostor(function) as impostor:
        status, found = probe("-t", 5, "-u", "alice", impostor.target,
                              SSTP_PROBE_PASSWORD="opensesame")
    assert status == CRITICAL and found["failed_at"] == "lcp", found
    assert len(heard) > 3 and b"endless" not in heard, heard
    assert b"opensesame" not in b"".join(heard), heard


HALF_OPEN = 6
main(full={"limits": {"max-sessions": 1, "max-half-open-per-ipv4": HALF_OPEN}})
