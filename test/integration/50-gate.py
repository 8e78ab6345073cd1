#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The data gate: which PPP frames pass when."""

import sstp
from lib import UP, main, test
from sstp import data

LCP2 = sstp.LCP + b"2"
# protocols of control frames: LCP, PAP, CHAP, EAP, IPCP, IPV6CP, CCP
CONTROL = [bytes.fromhex("ff03" + p) + b"control" for p in
           ("c021", "c023", "c223", "c227", "8021", "8057", "80fd")]
DATA = [bytes.fromhex(p) + b"payload" for p in
        ("ff030021", "ff030057", "ff0321", "0021", "21", "57", "ff0300fd",
         "ff03002d", "ff03003d")]


def sent_by_pppd(frames):
    return "".join(f"send {f.hex()}\n" for f in frames)


def frames_at_pppd(d, c):
    return [bytes.fromhex(e.split()[1]) for e in d.events(c)
            if e.startswith("frame")]


@test("case 61: IP from the client waits for the proof")
def early_uplink(d):
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(*[data(f) for f in DATA], data(sstp.LCP))
    d.wait_event(c, f"frame {sstp.LCP.hex()}")
    assert frames_at_pppd(d, c) == [sstp.LCP]
    c.send(c.proof())
    c.ping()


@test("case 62: IP from pppd waits for the proof")
def early_downlink(d):
    c = d.ccp(sent_by_pppd(DATA + [sstp.LCP]) + UP)
    c.expect_data(sstp.LCP)
    c.connect()


@test("case 63: control frames pass both ways from the start")
def control(d):
    c = d.ccp(sent_by_pppd(CONTROL))
    for frame in CONTROL:
        c.expect_data(frame)
    c.send(*[data(f) for f in CONTROL])
    d.wait_event(c, f"frame {CONTROL[-1].hex()}")
    assert frames_at_pppd(d, c) == CONTROL


@test("case 64: IPCP may be complete before the proof")
def ipcp_first(d):
    ipcp = CONTROL[4]
    c = d.ccp(UP + f"wait-frame {ipcp.hex()}\nsend {ipcp.hex()}\n"
              "request-address\nup\n" + sent_by_pppd([DATA[0], LCP2]))
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(data(ipcp))
    c.expect_data(ipcp)
    c.expect_data(LCP2)
    c.send(c.proof())
    c.ping()


@test("every data protocol passes once the tunnel is open")
def open_gate(d):
    c = d.cc()
    for frame in DATA:
        c.send(data(frame))
        c.expect_data(frame)
    for frame in CONTROL:
        c.send(data(frame))
    d.wait_event(c, f"frame {CONTROL[-1].hex()}")


@test("case 66: no frame follows a disconnect or an abort")
def after_the_end(d):
    start = sstp.LCP + b"start"
    busy = UP + f"wait-frame {start.hex()}\ntrickle 1 {LCP2.hex()}\n"
    for last, answer in ((sstp.DISCONNECT, sstp.DISCONNECT_ACK),
                         (sstp.abort(2, 5), sstp.abort(2, 5)),
                         (sstp.message(99), sstp.abort(2, 7))):
        c = d.cc(busy)
        c.send(data(start))
        c.expect_data(LCP2)
        c.send(last + data(sstp.LCP))
        c.expect_after_data(answer)
        c.send(data(sstp.LCP))
        c.expect_closed()
        d.wait_event(c, "exit")
        assert sstp.LCP not in frames_at_pppd(d, c)


@test("case 66: frames from the client after pppd ended")
def after_pppd(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nexit 0\n")
    c.send(data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.send(data(LCP2), sstp.ECHO)
    c.expect_closed()


@test("case 67: frames of pppd that are too long are dropped and counted")
def too_long(d):
    fits = sstp.ip_frame(b"\x7e" * 5000)[:4091]
    raw = b"".join(sstp.hdlc(f) for f in
                   (fits, fits + b"x", fits + bytes(5000), LCP2))
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nraw {raw.hex()}\n")
    c.send(data(sstp.LCP))
    c.expect_data(fits)
    c.expect_data(LCP2)
    c.ping()
    size = d.log_size()
    c.close()
    d.wait_log(r"\b2 (frames )?too long", size)


@test("frames of pppd that are damaged are dropped")
def damaged(d):
    bad = bytearray(sstp.hdlc(sstp.ip_frame(b"damaged")))
    bad[8] ^= 1
    raw = bytes(bad) + b"\x7e\x7e" + b"\x7eab\x7e" + \
        b"\x7e\xff\x03\x00\x21\x7d\x7e" + sstp.hdlc(LCP2)
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nraw {raw.hex()}\n")
    c.send(data(sstp.LCP))
    c.expect_data(LCP2)
    c.ping()


@test("case 68: frames without a protocol are dropped")
def tiny(d):
    for c in (d.ccp(), d.cc()):
        c.send(data(b"\xff"), data(b"\xff\x03"), data(b""), data(b"\x00"),
               data(b"\xff\x03\x00"), data(sstp.LCP))
        d.wait_event(c, f"frame {sstp.LCP.hex()}")
        got = [f for f in frames_at_pppd(d, c) if b"ping" not in f]
        assert got == [sstp.LCP], got


@test("flags, escapes and control characters pass unharmed")
def transparent(d):
    c = d.cc()
    for frame in (sstp.ip_frame(bytes(range(256))),
                  sstp.ip_frame(b"\x7d\x5e\x7e\x7d\x7e\x7e\x11\x13\x03\x04"),
                  sstp.ip_frame(b"\x7e" * 4087)):
        c.send(data(frame))
        c.expect_data(frame)


main()
