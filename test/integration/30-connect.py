#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""CALL_CONNECT_REQUEST and what answers it."""

import signal

import sstp
from lib import main, status_field, test, wait_until
from sstp import attribute, data, message, nak, status_info

KIND = sstp.CALL_CONNECT_REQUEST
BAD = message(KIND, attribute(1, b"\0\2"))
BAD_NAK = bytes.fromhex("100100160003000100 02000e000000 0100000004 0002")


def refused(d, attributes, wanted):
    """A request with these attributes gets this NAK; a good one is taken
    after it."""
    c = d.crp()
    c.send(message(KIND, *attributes))
    c.expect(wanted)
    assert d.events(c) == [], "pppd was started"
    c.request().connect()


@test("case 28: the acknowledgement, and one pppd")
def golden(d):
    c = d.crp()
    c.send(bytes.fromhex("1001000e000100010001000600 01"))
    c.take_ack()
    assert c.bitmask == 3, c.bitmask
    assert c.nonce != bytes(32)
    c.connect()
    starts = [e for e in d.events(c) if e.startswith("argv")]
    assert len(starts) == 1, starts


@test("case 28: what pppd is given")
def arguments(d):
    c = d.ccp()
    argv = d.wait_event(c, "argv").split()
    assert argv[-5].startswith("/dev/pts/"), argv
    for one, two in (("remotenumber", "127.0.0.1"),
                     ("plugin", str(d.directory / "plugin.so")),
                     ("sstpd-fd", "3"),
                     ("file", str(d.directory / "script"))):
        assert argv[argv.index(one) + 1] == two, argv
    assert "nodetach" in argv and "auth" in argv, argv
    # its standard files, the plugin's channel, and nothing of ours
    assert d.wait_event(c, "descriptors") == "descriptors 0 1 2 3", \
        d.events(c)
    session = d.wait_event(c, "session ")
    host, port = c.sock.getsockname() if c.sock.fileno() != -1 \
        else c.tls.getsockname()
    for text in (f"remote_address={host} ", f"remote_port={port} ",
                 "local_address=127.0.0.1 ",
                 f"correlation_id={{{c.name}}} "):
        assert text in session, (text, session)


@test("no signal stays blocked by a start, neither in pppd nor in the monitor")
def signals(d):
    own = sum(1 << number - 1 for number in
              (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1))

    def blocked(pid):
        return int(status_field(pid, "SigBlk")[0], 16)
    before = blocked(d.pid())
    c = d.ccp()
    # but what our double blocks itself
    assert blocked(d.pppd_of(c)) & ~own == 0, hex(blocked(d.pppd_of(c)))
    wait_until(lambda: blocked(d.pid()) == before, "the monitor to take signals")


@test("nobody but pppd has its plugin's end of the channel: its close is seen")
def channel(d):
    c = d.ccp("close-plugin")
    c.expect_after_data(sstp.DISCONNECT)


@test("case 28: only the hashes that are configured are offered", "sha256")
def offered(d):
    assert d.cc().bitmask == 2


@test("case 29: every nonce is new")
def nonces(d):
    seen = set()
    context = sstp.client_context()
    for _ in range(20):
        for _ in range(50):
            c = d.ccp(None, context=context)
            seen.add(c.nonce)
            c.reset()
        d.settle()
    assert len(seen) == 1000, len(seen)


@test("case 30: another protocol")
def other_protocol(d):
    assert nak((1, 4, b"\0\2")) == BAD_NAK
    refused(d, [attribute(1, b"\0\2")], BAD_NAK)


@test("case 31: no attribute")
def no_attribute(d):
    refused(d, [], nak((1, 0xa)))


@test("case 32: the protocol attribute has the wrong length")
def wrong_length(d):
    for value in (b"", b"\1", b"\0\1\0\0"):
        refused(d, [attribute(1, value)], nak((1, 3, value)))


@test("case 33: the protocol is there twice")
def duplicate(d):
    refused(d, [sstp.PPP, sstp.PPP], nak((1, 1, b"\0\1")))


@test("case 34: an unknown attribute")
def unknown(d):
    refused(d, [sstp.PPP, attribute(0x7f, b"abc")], nak((0x7f, 2)))
    refused(d, [attribute(3, bytes(100)), sstp.PPP], nak((3, 2)))


@test("case 35: a Status Info, with an error and without")
def with_status(d):
    refused(d, [sstp.PPP, status_info(1, 4)],
            nak((2, 0xb, status_info(1, 4)[4:])))
    c = d.crp()
    c.send(message(KIND, sstp.PPP, status_info(0, 0)))
    c.take_ack()


@test("case 36: three faults in one answer")
def several(d):
    c = d.crp()
    c.send(message(KIND, attribute(1, b"\0\2"), attribute(1, b"\0\1"),
                   attribute(0x7f)))
    got = c.read()
    infos = [(1, 4, b"\0\2"), (1, 1, b"\0\1"), (0x7f, 2)]
    assert got.bytes == nak(*infos), got
    c.request()


@test("case 37: a thousand faults have a short answer")
def junk(d):
    c = d.crp()
    c.send(message(KIND, *[attribute(0x7f)] * 1000))
    got = c.read()
    assert got.type == sstp.CALL_CONNECT_NAK, got
    assert got.bytes[6:8] == b"\0\x10", got
    assert got.bytes == nak(*[(0x7f, 2)] * 16), got
    c.request()


@test("case 38: a value is given back up to 64 bytes")
def long_value(d):
    value = bytes(range(200))
    refused(d, [attribute(1, value)], nak((1, 3, value[:64])))


@test("case 39, 40: three bad requests are refused, the fourth aborts")
def retries(d):
    c = d.crp()
    for _ in range(3):
        c.send(BAD)
        c.expect(BAD_NAK)
    c.send(BAD)
    c.expect_abort(2, 6)
    c.send(sstp.abort(2, 6))
    c.expect_closed()
    assert d.events(c) == []
    c = d.crp()
    c.send(BAD, BAD, BAD)
    for _ in range(3):
        c.expect(BAD_NAK)
    c.request().connect()


@test("case 41: a second request")
def again(d):
    for raw in (sstp.REQUEST, BAD, message(KIND)):
        c = d.ccp()
        c.expect_data(sstp.CHAP_SUCCESS)
        c.send(raw)
        c.expect_abort(2, 5)
        d.wait_event(c, "exit")
        c = d.cc()
        c.send(raw)
        c.expect_abort(2, 5)
        d.wait_event(c, "exit")


@test("case 42, 43: other messages before the request")
def wrong_first(d):
    c = d.crp()
    c.nonce = bytes(32)
    for raw in (c.proof(), sstp.DISCONNECT_ACK, sstp.ECHO, sstp.ECHO_REPLY,
                message(sstp.CALL_CONNECT_ACK, attribute(4, bytes(36))),
                message(sstp.CALL_CONNECT_NAK, status_info(1, 4))):
        c = d.crp()
        c.send(raw)
        c.expect_abort(2, 5)


@test("case 43: the server's own messages, later on")
def server_messages(d):
    for raw in (message(sstp.CALL_CONNECT_ACK, attribute(4, bytes(36))),
                message(sstp.CALL_CONNECT_NAK, status_info(1, 4))):
        for c in (d.ccp(), d.cc()):
            c.send(raw)
            c.expect_abort(2, 5)


@test("case 65: a frame before the request is dropped")
def early_frame(d):
    c = d.crp()
    c.send(data(sstp.LCP + b"early"), data(sstp.ip_frame(b"early")))
    c.request().connect()
    c.send(data(sstp.LCP))
    d.wait_event(c, f"frame {sstp.LCP.hex()}$")
    early = [e for e in d.events(c) if b"early".hex() in e]
    assert not early, early


main(sha256={"sstp": {"hash-protocols": "sha256"}})
