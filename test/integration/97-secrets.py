#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""No key, nonce or password is in a log, even at level debug, nor in what
other processes can see."""

import base64
import re

import sstp
from lib import UP, main, test

PASSWORD = b"open-sesame"
# PAP: Authenticate-Request of alice
PAP = bytes.fromhex("ff03c02301010016") + b"\5alice\x0b" + PASSWORD


def forms(secret):
    """Ways in which bytes get printed, without blanks and colons."""
    return {secret.hex(), base64.b64encode(secret).decode().rstrip("="),
            secret.decode("latin-1")}


def squeezed(text):
    return re.sub(r"(?i)[\s:,]|\\x|0x", "", text)


def check(d, start, secrets):
    log = squeezed(d.log(start)).lower()
    for name, secret in secrets.items():
        for form in forms(secret):
            assert form.lower() not in log, f"{name} is in the log"


def all_secrets(c, hlak=sstp.HLAK):
    cmk = sstp.hmac.new(
        hlak, b"SSTP inner method derived CMK\x20\0\1", "sha256").digest()
    return {"receive key": sstp.KEYS[0], "send key": sstp.KEYS[1],
            "swapped": sstp.KEYS[1] + sstp.KEYS[0], "nonce": c.nonce,
            "CMK": cmk, "MAC": c.proof(hlak=hlak)[80:],
            "password": PASSWORD}


@test("a call that works")
def good(d):
    start = d.log_size()
    c = d.cc()
    c.send(sstp.data(PAP))
    d.wait_event(c, f"frame {PAP.hex()}")
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    c.expect_closed()
    d.settle()
    assert "alice" in d.log(start), "the log does not tell this call"
    check(d, start, all_secrets(c))


@test("a call whose proof fails")
def bad(d):
    start = d.log_size()
    hlak = sstp.KEYS[1] + sstp.KEYS[0]
    c = d.ccp(UP)
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(c.proof(hlak=hlak))
    c.expect_abort(3, 4)
    d.settle()
    check(d, start, all_secrets(c))
    check(d, start, all_secrets(c, hlak))


@test("a proof held until the keys come, and a method refused")
def held(d):
    start = d.log_size()
    c = d.ccp(f"wait-frame {sstp.LCP.hex()}\n" + UP)
    c.send(c.proof(), sstp.data(sstp.LCP))
    c.expect_data(sstp.CHAP_SUCCESS)
    c.ping()
    check(d, start, all_secrets(c))
    keys = f"{sstp.KEYS[0].hex()} {sstp.KEYS[1].hex()}"
    c = d.ccp(f"auth pap alice {keys}\n")
    c.expect_after_data(sstp.DISCONNECT)
    d.settle()
    check(d, start, all_secrets(c))


@test("pppd's command line and environment")
def visible(d):
    c = d.cc()
    pid = d.pppd_of(c)
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as f:
            text = squeezed(f.read().decode("latin-1")).lower()
        for secret in all_secrets(c).values():
            assert not any(s.lower() in text for s in forms(secret)), name


main()
