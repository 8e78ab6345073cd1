#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""TLS and the HTTP exchange before any SSTP."""

import ssl
import warnings

import sstp
from lib import UP, main, test, wait_until


def refused(d, raw, status):
    """raw is answered by this status and the end."""
    c = d.client()
    c.send(raw)
    reply = sstp.Reply(c.record())
    assert reply.status == status, reply.line
    assert reply["Content-Length"] == "0", reply.fields
    assert reply["Connection"] == "close", reply.fields
    c.expect_closed()
    return reply


@test("case 1: the request is answered by 200 in one record")
def reply(d):
    c = d.client()
    c.send(sstp.request_head())
    answer = sstp.Reply(c.record())  # asserts that the head is whole
    assert answer.line.startswith("HTTP/1.1 200"), answer.line
    assert answer["Content-Length"] == sstp.LENGTH, answer.fields
    assert answer["Transfer-Encoding"] is None
    assert len(answer.fields) <= 6, answer.fields
    for name, value in answer.fields:
        assert len(name) < 32 and len(value) < 128, (name, value)
    c.request()  # still open


@test("case 2: a query is ignored")
def query(d):
    d.client().http(path=sstp.PATH + "?tenantid=abc").request()


@test("case 3: bare LF ends a line, too")
def bare_lf(d):
    d.client().http(end="\n").request()


@test("case 4: any correlation id, or none")
def correlation(d):
    for line in (["sstpcorrelationid: {x}"], ["SSTPCORRELATIONID: {}"],
                 ["SSTPCORRELATIONID:"], ["SSTPCORRELATIONID: " + "x" * 500]):
        d.client(None).http(headers=line).request()
    d.client(None).http().request()


@test("case 5: the length means nothing")
def length(d):
    for value in (None, "0", "18446744073709551616", "9" * 40, "-1", "x"):
        d.client().http(length=value).request()


@test("case 6: a browser is turned away")
def browser(d):
    raw = b"GET / HTTP/1.1\r\nHost: vpn.example.net\r\n\r\n"
    c = d.client()
    c.send(raw)
    answer = sstp.Reply(c.record())
    assert 400 <= answer.status < 500, answer.line
    assert answer["Content-Length"] == "0"
    assert answer["Connection"] == "close"
    c.expect_closed()


@test("case 7: method, path and version have a status each")
def statuses(d):
    answer = refused(d, sstp.request_head(method="POST"), 405)
    assert answer["Allow"] == "SSTP_DUPLEX_POST", answer.fields
    refused(d, sstp.request_head(method="sstp_duplex_post"), 405)
    refused(d, sstp.request_head(path="/"), 404)
    refused(d, sstp.request_head(path=sstp.PATH + "x"), 404)
    refused(d, sstp.request_head(version="HTTP/1.0"), 505)


@test("case 6, 7: nobody stays whom we have turned away")
def not_for_long(d):
    clients = []
    for raw in (b"GET / HTTP/1.1\r\n\r\n", sstp.request_head(path="/"),
                sstp.request_head(version="HTTP/1.0"), b"\r\n\r\n",
                b"SSTP_DUPLEX_POST " + b"/" * 16367):
        c = d.client()
        clients.append(c)
        c.send(raw)
        assert sstp.Reply(c.record()).status >= 400
        c.expect_closed()
        c.send(b"one more word")
    for c in clients:
        c.expect_fin()


@test("case 7: the path is compared without case")
def path_case(d):
    d.client().http(path=sstp.PATH.lower()).request()


@test("case 8: the head may come a byte at a time")
def bytewise(d):
    c = d.client()
    head = sstp.request_head(correlation=c.correlation())
    c.send(*[head[i:i + 1] for i in range(len(head))])
    assert sstp.Reply(c.record()).status == 200
    c.request()


@test("case 9: a head that is never complete is closed at its limit", "slow")
def incomplete(d):
    c = d.client()
    c.send(sstp.request_head()[:-2])
    try:
        assert sstp.Reply(c.record()).status == 408
        c.expect_closed()
    except sstp.Closed:
        pass
    assert d.events(c) == [], "pppd was started"


@test("case 9: meanwhile it takes nobody's session", "slow")
def no_session(d):
    for _ in range(10):
        d.client().send(sstp.request_head()[:-2])
    d.cc()  # the only one there can be


@test("case 9: so is a handshake that is never complete", "slow")
def no_handshake(d):
    c = d.client(handshake=False)
    assert c.tls.recv(100) == b""
    c = d.client(handshake=False)
    c.send(b"\x16\x03\x01\x02\x00\x01")  # the start of a ClientHello
    assert c.tls.recv(100) == b""


@test("case 10: a head over the limit is refused, memory stays bounded")
def too_long(d):
    d.cc()
    before = d.memory()
    for _ in range(5):
        raw = b"SSTP_DUPLEX_POST " + b"/" * 60000
        c = d.client()
        try:
            c.send(raw)
            status = sstp.Reply(c.record()).status
        except (sstp.Closed, ConnectionError, ssl.SSLError):
            continue  # the reply may be lost to a reset
        assert status in (400, 431), status
    for _ in range(5):
        refused(d, b"SSTP_DUPLEX_POST " + b"/" * 16367, 431)
    d.check_growth(before, 4 << 20)


@test("case 11: control characters and too many lines are refused")
def malformed(d):
    refused(d, sstp.request_head(headers=["X: a\0b"]), 400)
    refused(d, sstp.request_head(headers=["X: a\x01b"]), 400)
    refused(d, b"\x10\x01\x00\x0e\x00\x01\x00\x01", 400)
    refused(d, b"\r\n\r\n", 400)
    refused(d, b"SSTP_DUPLEX_POST\r\n\r\n", 400)
    refused(d, b"SSTP_DUPLEX_POST / HTTP/1.1\r\n" + b"a: b\r\n" * 65, 431)
    c = d.client()
    try:
        c.send(sstp.request_head(headers=["a: b"] * 10000))
        assert sstp.Reply(c.record()).status in (400, 431)
    except (sstp.Closed, ConnectionError, ssl.SSLError):
        pass


@test("case 12: request, CALL_CONNECT_REQUEST and LCP in one write")
def pipelined(d):
    c = d.client()
    c.send(sstp.request_head(correlation=c.correlation()) + sstp.REQUEST +
           sstp.data(sstp.LCP))
    assert sstp.Reply(c.record()).status == 200
    c.take_ack()
    d.wait_event(c, f"frame {sstp.LCP.hex()}")
    c.connect()


@test("case 12: SSTP is not read before the request is accepted")
def pipelined_after_refusal(d):
    refused(d, sstp.request_head(path="/") + sstp.REQUEST, 404)


@test("case 13: at the limit of sessions the answer is 503", "full")
def limit(d):
    def refused_now():
        try:
            refused(d, sstp.request_head(), 503)
        except AssertionError:
            return False
        return True

    first = d.cc()
    refused(d, sstp.request_head(), 503)
    first.ping()
    first.send(sstp.DISCONNECT)
    first.expect(sstp.DISCONNECT_ACK)
    first.expect_closed()
    wait_until(lambda: not refused_now(), "a free session")
    d.settle()


@test("case 14: SNI is not needed and not checked")
def sni(d):
    d.cc(sni=None)
    c = d.cc(sni="somebody.else.example.com")
    session = d.wait_event(c, "session ")
    assert "sni=somebody.else.example.com " in session, session


@test("case 15: HTTP/2 is not selected")
def alpn(d):
    c = d.client(alpn=["h2", "http/1.1"])
    assert c.tls.selected_alpn_protocol() != "h2"
    c.http().request()


@test("case 16: a cookie proves nothing")
def cookie(d):
    c = d.crp(UP)
    c.close()
    c = d.client("echo")  # a pppd that never authenticates anybody
    c.http(headers=["Cookie: ClientHTTPCookie=True; "
                    "ClientBypassHLAuth=True"]).request()
    c.send(c.proof(hlak=sstp.NO_HLAK), sstp.data(sstp.ip_frame(b"x")))
    c.send(sstp.data(sstp.LCP))
    d.wait_event(c, f"frame {sstp.LCP.hex()}")
    c.fence()
    assert f"frame {sstp.ip_frame(b'x').hex()}" not in d.events(c)


@test("TLS 1.2 and 1.3 work, nothing older")
def versions(d):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        c = d.cc(version=version)
        assert c.tls.version() == version.name.replace("_", "."), version
        session = d.wait_event(c, "session ")
        assert f"tls_version={c.tls.version()} " in session, session
        assert f"tls_cipher={c.tls.cipher()[0]}" in session, session
    context = sstp.client_context(ciphers="ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this is too old
        context.minimum_version = context.maximum_version = \
            ssl.TLSVersion.TLSv1_1
    try:
        d.client(context=context)
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("TLS 1.1 was accepted")


@test("versions and ciphers are configurable", "strict")
def strict(d):
    c = d.cc()
    assert c.tls.version() == "TLSv1.2", c.tls.version()
    assert c.tls.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384", \
        c.tls.cipher()
    try:
        d.client(version=ssl.TLSVersion.TLSv1_3)
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("TLS 1.3 was accepted")


@test("plain HTTP and noise in place of TLS are closed")
def no_tls(d):
    for raw in (sstp.request_head(), bytes(range(256)) * 8):
        c = d.client(handshake=False)
        c.send(raw)
        try:
            while c.tls.recv(100) != b"":
                pass
        except ConnectionError:
            pass
    d.cc()


main(slow={"sstp": {"tls-timeout": "1s", "http-timeout": "1s"},
           "limits": {"max-sessions": 1}},
     full={"limits": {"max-sessions": 1}},
     strict={"tls": {"max-version": "1.2",
                     "ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"}})
