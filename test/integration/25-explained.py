#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The last line of each connection names stage, cause and who closed it."""

import contextlib
import hashlib
import os
import pathlib
import re
import signal
import ssl
import struct
import subprocess

import sstp
from lib import SSTPD, UP, certificate, main, test
from sstp import HLAK, KEYS, NO_HLAK, SHA1, abort, attribute, data, message

# long enough to get as far as wanted, so all that wait for them do so at once
TIMEOUTS = {"tls-timeout": "2s", "http-timeout": "2s",
            "negotiation-timeout": "2s", "auth-timeout": "1900ms",
            "hello-interval": "500ms"}
TLS12 = ssl.TLSVersion.TLSv1_2


# --- the line ---

def place(c):
    """Where the log is about this client: its port, which an earlier one of the same
    daemon may have had, and where it was not there yet."""
    return c.tls.getsockname()[1], c.log_start


def split(line):
    """{key: value} of an "ended:" line, with its sentence as "reason"."""
    reason, rest = line.split("ended: ", 1)[1].split("; stage=", 1)
    pairs = re.findall(r'(\S+?)=("(?:[^"\\]|\\.)*"|\S+)(?: |$)', "stage=" + rest)
    text = " ".join(f"{k}={v}" for k, v in pairs)
    assert text == "stage=" + rest, f"not only keys: {rest}"
    assert len(dict(pairs)) == len(pairs), f"a key comes twice: {rest}"
    return {"reason": reason,
            **{k: v.strip('"') for k, v in pairs}}


def ended(d, where):
    port, start = where
    found = d.wait_log(rf"(?m)^.* 127\.0\.0\.1:{port}: ended: .*\n", start)
    return split(found[0].rstrip("\n"))


def check(d, where, **wanted):
    """Keys have these values; "_" stands for a hyphen, None for absent."""
    line = ended(d, where)
    for key, value in wanted.items():
        got = line.get(key.replace("_", "-"))
        assert got == value, f"{key}: {got}, not {value}, in {line}"
    return line


def left(d, c, leave=None, **wanted):
    """The client leaves, and this is what the log says."""
    where = place(c)
    if leave is None:
        c.close()
    else:
        leave(c)
    return check(d, where, **wanted)


# --- TCP and TLS ---

def raw(d, sent, **wanted):
    """The end of a connection that begins with these bytes."""
    c = d.client(handshake=False)
    where = place(c)
    c.send(sent)
    return check(d, where, stage="tls", **wanted)


@test("a connection without a byte")
def nothing(d):
    left(d, d.client(handshake=False), stage="tcp", cause="client-closed",
         closed_by="client", user=None, tls_version=None, duration=None)


@test("what is not TLS")
def not_tls(d):
    for sent, cause in ((b"GET / HTTP/1.1\r\n\r\n", "tls-plain-http"),
                        (sstp.request_head(), "tls-plain-http"),
                        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n",
                         "tls-proxy-header"),
                        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12),
                         "tls-proxy-header"),
                        (b"SSH-2.0-OpenSSH_9.2\r\n", "tls-not-tls"),
                        (b"\1\2\3\4\5\6\7\x08", "tls-not-tls")):
        line = raw(d, sent, cause=cause, closed_by="server", tls_version=None)
    assert line["reason"].endswith("it begins with 0102030405060708"), line


def hello(version, ciphers, extensions=b""):
    """A ClientHello as old clients send it."""
    suites = b"".join(struct.pack(">H", c) for c in ciphers)
    body = struct.pack(">H", version) + bytes(32) + b"\0" + \
        struct.pack(">H", len(suites)) + suites + b"\1\0"
    if extensions:
        body += struct.pack(">H", len(extensions)) + extensions
    shake = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack(">H", len(shake)) + shake


@test("no version or cipher in common")
def mismatch(d):
    line = raw(d, hello(0x0301, [0x002f, 0x0035]), windows_shows="0x80090326, 0x80090331",
               cause="tls-no-shared-version", closed_by="server")
    assert "client offers TLSv1.0, we TLSv1.2 to TLSv1.3" in line["reason"], line
    line = raw(d, hello(0x0303, [0x0a0a, 0xfefe, 0x0005, 0x00ff]),
               cause="tls-no-shared-cipher", closed_by="server")
    assert "offers TLSv1.2 with 2 ciphers (0xfefe, " in line["reason"], line
    versions = b"\0\x2b\0\x05\x04\x3a\x3a\x03\x02"
    line = raw(d, hello(0x0303, [0x1301], versions), cause="tls-no-shared-version")
    assert "client offers TLSv1.1, we " in line["reason"], line


def extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def hello13(groups, signatures, share):
    """One of TLS 1.3; share is the group it has a key for, of that many bytes."""
    def listed(values):
        return struct.pack(f">{len(values) + 1}H", 2 * len(values), *values)
    group, size = share
    key = struct.pack(">HHH", size + 4, group, size) + b"\4" + bytes(range(1, size))
    return hello(0x0303, [0x1301], extension(43, b"\2\3\4") +
                 extension(10, listed(groups)) + extension(13, listed(signatures)) +
                 extension(51, key))


@test("no group or signature in common")
def mismatch13(d):
    secp256k1, x25519, ecdsa, rsa = 0x16, 0x1d, 0x0403, 0x0804
    raw(d, hello13([secp256k1], [ecdsa], (secp256k1, 65)),
        cause="tls-no-shared-group", closed_by="server")
    raw(d, hello13([x25519], [rsa], (x25519, 32)),
        cause="tls-no-shared-signature", closed_by="server")


@test("TLS that is broken, or ends with an alert")
def broken(d):
    raw(d, b"\x16\3\1\0\x05\x0e\0\0\x01\0", cause="tls-failed")
    # ECDHE-ECDSA on P-256 with SHA-256, and then it does not like our flight
    extensions = bytes.fromhex("000a000400020017" "000d000400020403")
    line = raw(d, hello(0x0303, [0xc02b], extensions) + b"\x15\3\3\0\2\2\x28",
               cause="tls-client-alert", closed_by="client")
    assert line["reason"].endswith(': alert "handshake failure"'), line
    raw(d, hello(0x0303, [0xc02b], extensions) + b"\x15\3\3\0\2\2\x2d",
        cause="tls-certificate-expired", closed_by="client", windows_shows="0x800B0101")
    left(d, d.crp(), lambda c: c.send_raw(b"\x17\3\3\0\x20" + bytes(32)),
         stage="sstp", cause="tls-failed", closed_by="server")


def rejecting(d, name, ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        context.load_verify_locations(d.directory / "server.pem")
    c = d.client(handshake=False)
    where = place(c)
    try:
        context.wrap_socket(c.sock, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        return where
    raise AssertionError("the certificate was accepted")


@test("a client that rejects the certificate, aloud or in silence")
def rejected(d):
    line = check(d, rejecting(d, "server.example.net", False),
                 cause="tls-certificate-untrusted", closed_by="client",
                 stage="tls", windows_shows="0x800B0109, 0x800B010A")
    assert line["sni"] == "server.example.net", line
    check(d, rejecting(d, "vpn.example.net", True),
          cause="tls-certificate-rejected", closed_by="client", stage="tls")
    line = left(d, d.client(sni="vpn.example.net"), stage="http",
                cause="tls-client-left", closed_by="client")
    assert "0x800B010F" in line["windows-shows"] and "hint" in line, line
    # half a request is no silence
    c = d.client()
    c.send(sstp.request_head()[:20])
    left(d, c, stage="http", cause="client-closed")


@test("too slow for TLS, HTTP or SSTP", "hurry")
def slow(d):
    begun = d.client(handshake=False)
    begun.send(b"\x16\3\1")
    for where, stage, cause in [
            (place(d.client(handshake=False)), "tcp", "tls-timeout"),
            (place(begun), "tls", "tls-timeout"),
            (place(d.client()), "http", "http-timeout"),
            (place(d.crp()), "sstp", "sstp-negotiation-timeout")]:
        check(d, where, stage=stage, cause=cause, closed_by="server")


@test("the facts of TLS")
def facts(d):
    c = d.client(sni="vpn.example.net", version=TLS12).http()
    name = c.tls.cipher()[0]
    left(d, c, tls_version="TLSv1.2", tls_cipher=name, sni="vpn.example.net")
    left(d, d.crp(), tls_version="TLSv1.3", tls_cipher="TLS_AES_256_GCM_SHA384", sni=None)


# --- HTTP and SSTP ---

@test("requests that are not for SSTP")
def http(d):
    for sent, cause in ((b"GET / HTTP/1.1\r\n\r\n", "http-not-sstp"),
                        (sstp.request_head(path="/"), "http-not-sstp"),
                        (sstp.request_head(version="HTTP/1.0"), "http-bad-request"),
                        (b"\0\0\r\n\r\n", "http-bad-request")):
        c = d.client()
        where = place(c)
        c.send(sent)
        c.record()
        c.close()
        check(d, where, stage="http", cause=cause, closed_by="server")


@test("a client that does not read what it asks for")
def not_reading(d):
    echo = data(bytes.fromhex("ff03c021") + struct.pack(">BBH", 9, 0, 1400) + bytes(1396))
    c = d.ccp(pppd("echo-all"), buffer=4096)
    where = place(c)
    c.tls.settimeout(0.5)
    with contextlib.suppress(OSError):
        for _ in range(20000):
            c.send(echo)
    check(d, where, stage="lcp", cause="client-not-reading", closed_by="server")


@test("no room for one more", "one")
def full(d):
    first = d.cc()
    c = d.client()
    where = place(c)
    c.send(sstp.request_head())
    assert sstp.Reply(c.record()).status == 503
    c.close()
    check(d, where, cause="limit-sessions", closed_by="server")
    first.ping()


@test("those who do not keep to SSTP")
def protocol(d):
    for sent, cause, stage in (
            (bytes(8), "sstp-bad-header", "sstp"),
            (message(99), "sstp-protocol", "sstp"),
            (sstp.ECHO, "sstp-protocol", "sstp"),
            (abort(2, 7), "client-aborted", "sstp"),
            (sstp.DISCONNECT, "client-hung-up", "sstp"),
            (message(1, attribute(1, b"\0\2")) * 4, "sstp-request-refused", "sstp")):
        c = d.crp()
        where = place(c)
        c.send(sent)
        line = check(d, where, cause=cause, stage=stage)
    c = d.crp()
    c.send(sstp.ECHO)
    line = check(d, place(c), closed_by="server")
    assert "ECHO_REQUEST in state REQUEST_PENDING" in line["reason"], line
    c = d.crp()
    c.send(abort(2, 4))
    line = check(d, place(c), closed_by="client", windows_shows="0x800704D4")
    assert line["reason"] == "client aborted: value not supported", line


# --- PPP ---

def frame(protocol, code, body=b""):
    return b"\xff\3" + struct.pack(">HBBH", protocol, code, 1, len(body) + 4) + body


LCP_REQUEST = frame(0xc021, 1)
CHALLENGE = frame(0xc223, 1, b"\x10" + bytes(16) + b"sstpd")


def response(name):
    return frame(0xc223, 2, b"\x31" + bytes(49) + name)


def pppd(*lines):
    return "\n".join(lines) + "\n"


def send(raw_frame):
    return "send " + raw_frame.hex()


def wait(raw_frame):
    return "wait-frame " + raw_frame[:6].hex()


def ppp_client(d, script, *frames):
    """The place of a client that sends these frames to a pppd with this script."""
    c = d.ccp(script)
    c.send(*[data(f) for f in frames])
    return place(c)


def ppp_end(d, script, *frames, **wanted):
    return check(d, ppp_client(d, script, *frames), **wanted)


@test("a client, or a pppd, that takes too long", "hurry")
def slow_ppp(d):
    silent = ppp_client(d, "")
    waiting = [(ppp_client(d, "slow-start 30000"), "lcp", "pppd-silent"),
               (ppp_client(d, "", LCP_REQUEST), "lcp", "lcp-timeout"),
               (ppp_client(d, pppd(send(CHALLENGE))), "auth", "auth-timeout"),
               (ppp_client(d, UP), "binding", "binding-timeout")]
    check(d, silent, stage="lcp", cause="lcp-no-answer", closed_by="server",
          windows_shows="718")
    for where, stage, cause in waiting:
        check(d, where, stage=stage, cause=cause, closed_by="server")
    assert d.log().count(": 1900 ms are over; stage=") == 5, d.log()


@test("a client that does not speak PPP, or not well enough")
def lcp(d):
    ppp_end(d, "exit 10", stage="lcp", cause="lcp-no-answer",
            pppd="PPP negotiation failed (10)")
    ppp_end(d, pppd(wait(LCP_REQUEST), "exit 10"), LCP_REQUEST,
            stage="lcp", cause="lcp-failed")


@test("a machine without PPP")
def no_ppp(d):
    line = ppp_end(d, "exit 4", stage="lcp", cause="pppd-no-ppp", closed_by="pppd")
    assert line["pppd"] == "this kernel has no PPP (4)", line


@test("a login that fails")
def login(d):
    failing = pppd(send(CHALLENGE), wait(response(b"")),
                   send(sstp.CHAP_FAILURE), "exit 11")
    line = ppp_end(d, failing, response(b"alice"), stage="auth",
                   cause="auth-failed", closed_by="pppd", user="alice",
                   windows_shows="691", pppd="peer authentication failed (11)")
    assert "hint" in line and line["tls-version"] == "TLSv1.3", line
    assert line["reason"] == "authentication failed", line
    # with PAP, and a password that is not to be seen
    pap = frame(0xc023, 1, b"\5alice\7s3cr3t!")
    refusal = frame(0xc023, 3, b"\0")
    ppp_end(d, pppd(wait(pap), send(refusal), "exit 11"), pap,
            cause="auth-failed", user="alice")
    assert "s3cr3t!" not in d.log()
    # with EAP
    identity = frame(0xc227, 2, b"\1bob")
    ppp_end(d, pppd(wait(identity), send(frame(0xc227, 4)), "exit 11"),
            identity, cause="auth-failed", user="bob")


@test("a login that fails, and the client is gone before pppd")
def login_left(d):
    failing = pppd(send(CHALLENGE), wait(response(b"")),
                   send(sstp.CHAP_FAILURE), "echo")
    for leave in (lambda c: c.send(sstp.DISCONNECT), lambda c: c.close(),
                  lambda c: c.reset(), lambda c: c.send(abort(2, 7))):
        c = d.ccp(failing)
        c.expect_data(CHALLENGE)
        c.send(data(response(b"alice")))
        c.expect_data(sstp.CHAP_FAILURE)
        line = left(d, c, leave, stage="auth", cause="auth-failed", user="alice",
                    windows_shows="691")
        assert line["closed-by"] in ("client", "network"), line
    # no refusal passed by, but pppd knows of it
    c = d.ccp(pppd("ignore-term", wait(LCP_REQUEST), send(sstp.TERMINATE),
                   "delay 100", "exit 11"))
    c.send(data(LCP_REQUEST))
    c.expect_data(sstp.TERMINATE)
    left(d, c, stage="auth", cause="auth-method-refused", closed_by="client",
         pppd="peer authentication failed (11)")
    # whoever leaves without a refusal was not refused
    c = d.ccp(pppd(send(CHALLENGE), "echo"))
    c.expect_data(CHALLENGE)
    left(d, c, stage="auth", cause="client-closed", closed_by="client")


@test("a name cannot forge the line")
def forged(d):
    name = b'a" cause=fine \\ \n\x7f ended: well; stage=up'
    failing = pppd(wait(response(b"")), send(sstp.CHAP_FAILURE), "exit 11")
    c = d.ccp(failing)
    where = place(c)
    c.send(data(response(name)))
    line = check(d, where, stage="auth", cause="auth-failed")
    escaped = 'a\\" cause=fine \\\\ \\x0a\\x7f ended: well; stage=up'
    assert line["user"] == escaped, line
    c = d.ccp(failing)
    where = place(c)
    c.send(data(response(b"\x01" * 250)))
    assert len(check(d, where, cause="auth-failed")["user"]) < 200


@test("a login that cannot even begin")
def no_login(d):
    ppp_end(d, pppd(wait(LCP_REQUEST), "exit 11"), LCP_REQUEST, stage="auth",
            cause="auth-method-refused", closed_by="pppd", windows_shows="812")
    nak = frame(0xc227, 2, b"\3\x0d")
    ppp_end(d, pppd(wait(nak), send(frame(0xc227, 4)), "exit 11"), nak,
            cause="auth-method-refused")
    ppp_end(d, pppd(send(CHALLENGE), wait(LCP_REQUEST), "exit 11"), LCP_REQUEST,
            cause="auth-timeout", stage="auth")
    ppp_end(d, "exit 19", cause="auth-server-refused")
    ppp_end(d, "auth pap alice", cause="auth-method-not-allowed",
            closed_by="server", user="alice", windows_shows="812")
    ppp_end(d, "auth mschapv2 alice", cause="binding-no-keys", user="alice")
    short = KEYS[0][:8].hex()
    ppp_end(d, f"auth mschapv2 alice {short} {short}", cause="binding-short-keys",
            user="alice")


# --- binding ---

def bound(d, script=UP, **wanted):
    """The end of a call with such a proof."""
    proof = {k: wanted.pop(k) for k in list(wanted)
             if k in ("hlak", "nonce", "certificate", "protocol", "kind", "derivation",
                      "raw")}
    wanted.setdefault("windows_shows", "RasSstp event 6")
    c = d.ccp(script)
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(proof["raw"] if "raw" in proof else c.proof(**proof))
    c.expect_abort(*wanted.pop("status", (3, 4)))
    return c, left(d, c, stage="binding", closed_by="server", user="alice", **wanted)


@test("a binding that does not hold")
def binding(d):
    bound(d, nonce=bytes(32), cause="binding-nonce")
    bound(d, protocol=3, cause="binding-hash-protocol")
    bound(d, raw=message(4), cause="binding-missing", status=(2, 9),
          windows_shows=None)
    der = ssl.PEM_cert_to_DER_cert(certificate(d.directory, "other")[0].read_text())
    for kind, h in ((sstp.SHA256, hashlib.sha256), (SHA1, hashlib.sha1)):
        c, line = bound(d, certificate=der, kind=kind, cause="binding-certificate")
        ours = h(c.certificate).hexdigest()
        assert line["reason"].endswith(
            f": client saw {h(der).hexdigest()}, we presented {ours}"), line


@test("a wrong MAC is explained")
def mac(d):
    for hlak, cause in ((NO_HLAK, "binding-mac-zero-key"),
                        (KEYS[1] + KEYS[0], "binding-mac-swapped"),
                        (KEYS[0] + bytes(16), "binding-mac-receive-only"),
                        (KEYS[1] + bytes(16), "binding-mac-send-only"),
                        (bytes(range(32)), "binding-mac")):
        bound(d, hlak=hlak, cause=cause)
        bound(d, hlak=hlak, cause=cause, kind=SHA1)
    for kind in (sstp.SHA256, SHA1):
        for derivation in sstp.wrong_derivations(kind):
            bound(d, derivation=derivation, kind=kind, cause="binding-mac-derivation")
    long = [k + b"\1\2\3\4" for k in KEYS]
    bound(d, UP.replace(KEYS[0].hex(), long[0].hex())
          .replace(KEYS[1].hex(), long[1].hex()),
          hlak=long[0] + long[1][:12], cause="binding-mac-long-keys")


@test("a wrong MAC without keys, and with whole keys", "weak")
def mac_weak(d):
    script = f"auth pap alice\n{send(sstp.CHAP_SUCCESS)}\necho\n"
    bound(d, script, hlak=HLAK, cause="binding-mac-unexpected-key")
    whole = (bytes(range(32)), bytes(range(32, 64)))
    script = f"auth eap-tls alice {whole[0].hex()} {whole[1].hex()}\n" \
        f"{send(sstp.CHAP_SUCCESS)}\necho\n"
    bound(d, script, hlak=whole[0][:16] + whole[1][:16], cause="binding-mac-halves")
    bound(d, script, hlak=whole[1], cause="binding-mac-swapped")


# --- network protocols and after ---

def tunnel_end(d, commands, leave=None, **wanted):
    """The end of a bound call whose pppd runs these on a frame of LCP."""
    c = d.cc(UP + f"{wait(sstp.LCP)}\n{commands}\n")
    where = place(c)
    c.send(data(sstp.LCP))
    if leave is not None:
        leave(c)
    return check(d, where, user="alice", **wanted)


@test("no agreement on a network protocol, no address", "small")
def ipcp(d):
    tunnel_end(d, "exit 10", stage="ipcp", cause="ipcp-failed", closed_by="pppd",
               windows_shows="720", pppd="PPP negotiation failed (10)")
    tunnel_end(d, "request-address 10.98.0.7\nrequest-address\nexit 12",
               cause="idle-timeout")
    first = d.cc(UP + "request-address 10.98.0.7\n")
    d.wait_event(first, "address ")
    tunnel_end(d, "request-address 10.98.0.7", stage="ipcp", cause="address-in-use",
               closed_by="server", windows_shows="720")
    second = d.cc(UP + "request-address\n")
    d.wait_event(second, "address ")
    tunnel_end(d, "request-address", stage="ipcp", cause="pool-empty",
               closed_by="server", windows_shows="720")


@test("how pppd ends a session that is up")
def pppd_ends(d):
    for code, cause, by in ((0, "pppd-ended", "pppd"), (5, "pppd-terminated", "pppd"),
                            (12, "idle-timeout", "pppd"), (13, "session-timeout", "pppd"),
                            (15, "lcp-echo-lost", "network"),
                            (20, "traffic-limit", "pppd"), (1, "pppd-failed", "pppd"),
                            (127, "pppd-killed", "pppd")):
        line = tunnel_end(d, f"request-address\nup\nexit {code}", stage="up",
                          cause=cause, closed_by=by)
        assert ("pppd" in line) == (code not in (0, 5)), line
        assert line["duration"].isdigit() and int(line["bytes-in"]) > 0, line
    line = tunnel_end(d, "log it broke\nexit 1", cause="pppd-failed")
    assert line["pppd"] == "fatal error (1): it broke", line
    c = d.cc()
    where = place(c)
    os.kill(d.pppd_of(c), signal.SIGKILL)
    check(d, where, cause="pppd-killed", pppd="killed by signal 9")
    ppp_end(d, UP + "garbage-plugin\n", cause="pppd-plugin", closed_by="server")


@test("how a client ends a session that is up")
def client_ends(d):
    up = UP + "request-address\nup\n"
    for leave, cause, by in (
            (lambda c: c.send(sstp.DISCONNECT), "client-hung-up", "client"),
            (lambda c: c.close(), "client-closed", "client"),
            (lambda c: c.end_tls(), "client-closed", "client"),
            (lambda c: c.send(abort(2, 7)), "client-aborted", "client"),
            (lambda c: c.reset(), "tcp-reset", "network")):
        c = d.cc(up)
        d.wait_log(rf":{place(c)[0]}: up: ", c.log_start)
        left(d, c, leave, stage="up", cause=cause, closed_by=by, user="alice", pppd=None)
    # and by PPP's own good-bye
    terminate = frame(0xc021, 5)
    tunnel_end(d, f"{wait(terminate)}\nexit 0", lambda c: c.send(data(terminate)),
               cause="client-hung-up", closed_by="client")


@test("a client that falls silent", "hurry")
def silent(d):
    c = d.cc()
    check(d, place(c), stage="ipcp", cause="hello-lost", closed_by="network")


@test("the server stops", daemon=None)
def stops(make):
    d = make().start()
    c = d.cc()
    where = place(c)
    d.signal(signal.SIGTERM)
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    check(d, where, cause="server-stopping", closed_by="server", user="alice")
    assert d.wait_exit() == 0


# --- what an administrator is bothered with ---

@test("only failures of what was SSTP are warnings", "quiet")
def levels(d):
    size = d.log_size()
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b"\1\2\3\4\5\6\7\x08",
                 hello(0x0301, [0x002f])):
        c = d.client(handshake=False)
        c.send(sent)
        try:
            while c.tls.recv(4096):
                pass
        except ConnectionResetError:
            pass
    c = d.client()
    c.send(b"GET / HTTP/1.1\r\n\r\n")
    c.record()
    c.close()
    up = d.cc(UP + "request-address\nup\n")
    d.wait_event(up, "address ")
    up.ping()
    up.send(sstp.DISCONNECT)
    up.expect_after_data(sstp.DISCONNECT_ACK)
    up.expect_closed()
    assert " ended: " not in d.log(size), d.log(size)
    ppp_end(d, pppd(wait(response(b"")), send(sstp.CHAP_FAILURE), "exit 11"),
            response(b"alice"), cause="auth-failed")
    assert d.log(size).count(" ended: ") == 1, d.log(size)


# --- all of them ---

# Causes that no test can bring about, and why.
BEYOND_TESTS = """
unknown  it is there for a fault of the daemon's own that we do not know
"""


def causes():
    """Those that the daemon has."""
    done = subprocess.run([SSTPD, "--print-errors"], check=True, stdout=subprocess.PIPE,
                          text=True)
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


def named():
    """All that tests of a whole daemon name as the log does, or as a string of its own
    that is no key, as an option may be called the same."""
    tests = pathlib.Path(__file__).resolve().parents[1]
    text = "".join(file.read_text() for level in ("integration", "system")
                   for file in sorted((tests / level).glob("*.py")))
    name = "([a-z][a-z0-9-]*)"
    return set(re.findall(rf"cause={name}", text)) | \
        set(re.findall(rf"(?<=[\"']){name}[\"'](?![:\]])", text))


@test("no cause is without a test, unless we know why", daemon=None)
def all_causes(_):
    beyond = {line.split()[0] for line in BEYOND_TESTS.strip().splitlines()}
    untested = causes() - named()
    assert untested <= beyond, f"no test names {untested - beyond}"
    assert beyond <= untested, f"tested, or no cause any more: {beyond - untested}"


# nobody answers a disconnect or an abort here
BRIEF = {"disconnect-timeout": "30ms", "abort-timeout": "30ms"}
main(default={"sstp": BRIEF},
     hurry={"sstp": {**BRIEF, **TIMEOUTS}},
     weak={"sstp": BRIEF, "ppp": {"auth-methods": "mschap-v2, pap, eap"}},
     small={"sstp": BRIEF, "pool": {"addresses": "10.99.0.10-10.99.0.10"}},
     one={"limits": {"max-sessions": 1}},
     quiet={"sstp": BRIEF, "log": {"target": "stderr", "level": "warn"}})
