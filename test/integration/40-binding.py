#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Crypto binding: who may pass, and what is refused how."""

import ssl

import sstp
from lib import UP, certificate, main, test
from sstp import HLAK, KEYS, NO_HLAK, SHA1, SHA256, attribute, data, message

UNPROVEN = (3, 4)
UNSUITABLE = (2, 9)
RSA_ONLY = {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE+aRSA"}
ECDSA_ONLY = {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE+aECDSA"}

# the client decides when the keys are there
HELD = f"wait-frame {sstp.LCP.hex()}\n" + UP


def script(method, receive=b"", send=b""):
    return (f"auth {method} alice {receive.hex()} {send.hex()}\n"
            f"send {sstp.CHAP_SUCCESS.hex()}\necho\n")


def ready(d, *args, **options):
    """Its keys are known to the daemon."""
    c = d.ccp(*args, **options)
    c.expect_data(sstp.CHAP_SUCCESS)
    return c


def refused(c, raw, cause=UNPROVEN):
    c.send(raw)
    c.expect_abort(*cause)
    c.send(sstp.abort(2, 4))
    c.expect_closed()


@test("the proof opens the tunnel, with either hash")
def accepted(d):
    d.cc()
    d.ccp().connect(kind=SHA1)


@test("case 45: a single bit anywhere decides")
def single_bits(d):
    for offset in (15, 16, 47, 48, 79, 80, 111):
        c = ready(d)
        raw = bytearray(c.proof())
        raw[offset] ^= 0x10
        refused(c, bytes(raw))
    for offset in (48, 67, 68, 79, 80, 99):
        c = ready(d)
        raw = bytearray(c.proof(kind=SHA1))
        raw[offset] ^= 1
        refused(c, bytes(raw))


@test("case 45: the padding after a SHA-1 MAC is not looked at")
def padding(d):
    c = ready(d)
    c.send(c.proof(kind=SHA1)[:100] + b"\xff" * 12)
    c.ping()


@test("case 46: without keys only where the configuration says so", "weak")
def no_keys(d):
    for method in ("pap", "chap-md5"):
        d.ccp(script(method)).connect(hlak=NO_HLAK)
        c = ready(d, script(method))
        refused(c, c.proof(hlak=HLAK))
    # whoever has keys must show them
    c = ready(d)
    refused(c, c.proof(hlak=NO_HLAK))


@test("case 47: the ways to join the keys")
def key_forms(d):
    long = (KEYS[0] + b"\1\2\3\4", KEYS[1] + b"\5\6\7\x08")
    d.ccp(script("mschapv2", *long)).connect()
    for hlak, mistake in ((KEYS[1] + KEYS[0], "swapped"),
                          (KEYS[0] + bytes(16), "receive-only"),
                          (KEYS[1] + bytes(16), "send-only"),
                          (long[0] + long[1][:12], ""),
                          (NO_HLAK, "zero-key")):
        size = d.log_size()
        c = ready(d)
        refused(c, c.proof(hlak=hlak))
        d.wait_log(f"ended: .* cause=binding-mac-?{mistake} ", size)


@test("case 48: a key derived in another way")
def derivations(d):
    for kind in (SHA256, SHA1):
        for derivation in sstp.wrong_derivations(kind):
            size = d.log_size()
            c = ready(d)
            refused(c, c.proof(kind=kind, derivation=derivation))
            d.wait_log("ended: .* cause=binding-mac-derivation ", size)


@test("case 49: a hash protocol that does not exist")
def hash_protocol(d):
    for protocol in (0, 3, 255):
        c = ready(d)
        refused(c, c.proof(protocol=protocol))


@test("case 49: a hash protocol that was not offered", "sha256")
def not_offered(d):
    c = ready(d)
    refused(c, c.proof(kind=SHA1))


@test("case 50: another connection's nonce")
def replay(d):
    first = d.cc()
    second = ready(d)
    refused(second, second.proof(nonce=first.nonce))
    first.ping()


@test("case 51: another certificate")
def relay(d):
    pem = certificate(d.directory, "relay")[0].read_text()
    der = ssl.PEM_cert_to_DER_cert(pem)
    for kind in (SHA1, SHA256):
        c = ready(d)
        refused(c, c.proof(certificate=der, kind=kind))


@test("case 52: not exactly one binding of the right length")
def unsuitable(d):
    kind = sstp.CALL_CONNECTED
    c = ready(d)
    value = c.proof()[12:]
    for attributes in ([], [attribute(3, value[:-1])],
                       [attribute(3, value + b"\0")],
                       [attribute(3, value) + b"\0"],
                       [attribute(3, value), sstp.status_info(3, 4)],
                       [attribute(3, value), attribute(3, value)],
                       [attribute(3, value), attribute(0x7f)],
                       [attribute(0x7f, value)]):
        refused(ready(d), message(kind, *attributes), UNSUITABLE)


@test("case 52: but attributes in another number than given are no message")
def miscounted(d):
    for count in (0, 2):
        c = ready(d)
        binding = attribute(3, c.proof()[12:])
        refused(c, message(sstp.CALL_CONNECTED, binding, count=count), (2, 7))


@test("case 53: a proof before the keys waits for them")
def early(d):
    c = d.ccp(HELD)
    c.send(c.proof())
    c.fence()
    c.send(data(sstp.ip_frame(b"early")))
    c.fence()
    c.send(data(sstp.LCP))
    c.expect_data(sstp.CHAP_SUCCESS)
    c.ping()
    assert not [e for e in d.events(c) if b"early".hex() in e]


@test("case 53: an early proof that is wrong is found out")
def early_wrong(d):
    c = d.ccp(HELD)
    c.send(c.proof(hlak=KEYS[1] + KEYS[0]))
    c.fence()
    c.send(data(sstp.LCP))
    c.expect_abort(*UNPROVEN)


@test("case 53: keys that never come end the call in time", "hurry")
def never(d):
    c = d.ccp("echo")
    c.send(c.proof(hlak=NO_HLAK))
    c.expect_abort(2, 8)
    d.wait_event(c, "exit")


@test("case 54: a wrong nonce or certificate needs no keys")
def early_check(d):
    for changes in ({"nonce": bytes(32)}, {"certificate": b""},
                    {"protocol": 3}):
        c = d.ccp(HELD)
        refused(c, c.proof(**changes))


@test("case 55: a second proof")
def second(d):
    c = d.ccp(HELD)
    c.send(c.proof(), c.proof())
    c.expect_abort(2, 5)
    c = d.cc()
    c.send(c.proof())
    c.expect_abort(2, 5)


@test("case 56: a method that is not allowed")
def method(d):
    for name in ("pap", "chap-md5", "none", "mschap", "eap-md5", "eap-tls",
                 "eap-mschapv2"):
        size = d.log_size()
        c = d.ccp(script(name, *KEYS))
        c.expect_after_data(sstp.DISCONNECT)
        c.send(sstp.DISCONNECT_ACK)
        c.expect_closed()
        d.wait_log("ended: .* cause=auth-method-not-allowed ", size)
        assert d.wait_event(c, "verdict").startswith("verdict 0"), name


@test("case 56: a method that should give keys, but did not")
def keyless(d):
    c = d.ccp(script("mschapv2"))
    try:
        c.expect_data(sstp.CHAP_SUCCESS)
        c.send(c.proof(hlak=NO_HLAK))
    except AssertionError:
        return  # refused at once
    c.expect_abort(*UNPROVEN)


@test("case 56: a method without keys, though they are there", "weak")
def method_one(d):
    for name in ("none", "mschap"):
        c = d.ccp(script(name))
        c.expect_after_data(sstp.DISCONNECT)


@test("case 58: with two certificates the presented one counts", "two")
def two_certificates(d):
    rsa, ecdsa = d.cc(**RSA_ONLY), d.cc(**ECDSA_ONLY)
    assert rsa.certificate != ecdsa.certificate
    for options, other in ((RSA_ONLY, ecdsa), (ECDSA_ONLY, rsa)):
        c = ready(d, **options)
        refused(c, c.proof(certificate=other.certificate))


@test("case 59: no TLS session is resumed")
def resumption(d):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = sstp.client_context(version=version)
        first = d.cc(context=context)
        session = first.tls.session
        again = d.cc(context=context, session=session)
        assert not again.tls.session_reused
        assert again.certificate == first.certificate


@test("case 60: a key of 32 bytes is used whole", "eap")
def whole_key(d):
    receive, send = bytes(range(32)), bytes(range(32, 64))
    for name in ("eap-tls", "eap-peap"):
        d.ccp(script(name, receive, send)).connect(hlak=receive)
        c = ready(d, script(name, receive, send))
        refused(c, c.proof(hlak=receive[:16] + send[:16]))
    d.ccp(script("eap-mschapv2", *KEYS)).connect()


main(sha256={"sstp": {"hash-protocols": "sha256"}},
     weak={"ppp": {"auth-methods": "mschap-v2, pap, chap-md5"}},
     hurry={"sstp": {"auth-timeout": "500ms"}},
     eap={"ppp": {"auth-methods": "eap, mschap-v2"}},
     two={"certificates": {"ecdsa": "ec", "rsa": "rsa"}})
