#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl client-config: steps with the server's name, port, certificate."""

import os
import subprocess

from lib import BUILD, PATIENCE, SSTPD, main, test

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
CLIENTS = {"windows": "Add-VpnConnection", "linux": "sstpc --nolaunchpppd",
           "networkmanager": "nmcli connection add",
           "routeros": "/interface sstp-client add", "android": "SSL Port"}


def run(d, *arguments, **options):
    done = subprocess.run(
        [SSTPCTL, "--sstpd", SSTPD, "-f", d.directory / "sstpd.conf",
         "client-config", *arguments], capture_output=True, text=True,
        timeout=PATIENCE, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def steps(d, *arguments, **options):
    status, out, err = run(d, *arguments, **options)
    assert (status, err) == (0, ""), (status, out, err)
    return out


def make_certificate(d, names):
    pem = d.directory / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=server", "-addext", f"subjectAltName={names}", "-keyout",
         d.directory / "server.key", "-out", pem],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return pem


@test("all kinds of clients, and each alone", daemon=None)
def kinds(make):
    d = make()
    make_certificate(d, "DNS:vpn.example.net")
    everything = steps(d)
    for client, sign in CLIENTS.items():
        alone = steps(d, "--client", client)
        assert sign in alone and alone in everything, (client, alone)
        assert "vpn.example.net" in alone, alone
        others = [s for c, s in CLIENTS.items() if c != client]
        assert not any(s in alone for s in others), alone
    status, out, err = run(d, "--client", "toaster")
    assert (status, out) == (2, "") and "networkmanager" in err, (status, err)


@test("the name: of the certificate, or given", daemon=None)
def names(make):
    d = make()
    make_certificate(d, "DNS:*.example.net,IP:192.0.2.1,DNS:b.example.net")
    assert "-ServerAddress 'b.example.net'" in steps(d)
    assert "-ServerAddress 'a.example.net'" in steps(
        d, "--name", "a.example.net")
    status, out, err = run(d, "--name", "a.example.org")
    assert status == 0 and "is not for a.example.org" in err, (out, err)
    for bad in ("", "a b", "a'b", 'a"b', "$(a)", "-a", "a" * 254):
        status, out, err = run(d, f"--name={bad}")
        assert (status, out) == (2, "") and "--name" in err, (bad, err)
    make_certificate(d, "IP:2001:db8::1")
    text = steps(d)
    assert "-ServerAddress '2001:db8::1'" in text, text
    assert "--host 2001:db8::1 [2001:db8::1]" in text, text
    make_certificate(d, "DNS:*.example.net")
    status, out, err = run(d)
    assert (status, out) == (1, "") and "--name" in err, (status, err)
    make_certificate(d, "DNS:a&b")
    assert run(d)[:2] == (1, "")


@test("the port, unless it is the usual one", daemon=None)
def ports(make):
    d = make({"server": {"listen": "127.0.0.1:4433"}})
    make_certificate(d, "DNS:vpn.example.net,IP:2001:db8::1")
    text = steps(d)
    for words in ("'vpn.example.net:4433'", "gateway=vpn.example.net:4433,",
                  "connect-to=vpn.example.net:4433 ", "SSL Port        4433",
                  "--host vpn.example.net vpn.example.net:4433"):
        assert words in text, (words, text)
    assert "'[2001:db8::1]:4433'" in steps(d, "--name", "2001:db8::1")
    d.sections["server"]["listen"] = "127.0.0.1:443"
    d.write_config()
    text = steps(d)
    assert "'vpn.example.net'" in text and "4433" not in text, text
    assert "connect-to=vpn.example.net:443 " in text, text


@test("a certificate that clients know needs no import", daemon=None)
def trust(make):
    d = make()
    pem = make_certificate(d, "DNS:vpn.example.net")
    text = steps(d)
    assert f"copy {pem} to it" in text and "Import-Certificate" in text, text
    assert "--ca-cert" in text and "ca-cert=" in text, text
    known = steps(d, env={**os.environ, "SSL_CERT_FILE": str(pem)})
    assert str(pem) not in known and "Import-Certificate" not in known, known
    assert "ca-cert" not in known and "Trusted Certificates" not in known, known


@test("methods of authentication", daemon=None)
def methods(make):
    expected = {
        "mschap-v2": ("MSChapv2", "refuse-eap", "mschap2", "MS-CHAPv2"),
        "eap": ("Eap", "refuse-mschap-v2", "knows no EAP", "EAP-MSCHAPv2"),
        "pap": ("Pap", "refuse-mschap-v2", "pap", "PAP")}
    for method, words in expected.items():
        d = make({"ppp": {"auth-methods": method}})
        make_certificate(d, "DNS:vpn.example.net")
        text = steps(d)
        assert f"-AuthenticationMethod {words[0]} " in text, text
        assert f"    {words[1]}\n" in text, text
        assert words[2] in text, text
        assert f"Authentication  {words[3]}\n" in text, text
        assert f"    refuse-{method}\n" not in text, text


@test("no configuration, no certificate, no daemon's program", daemon=None)
def nothing(make):
    d = make()
    (d.directory / "server.pem").unlink()
    status, out, err = run(d)
    assert (status, out) == (1, "") and "server.pem" in err, (status, err)
    (d.directory / "sstpd.conf").unlink()
    status, out, err = run(d)
    assert (status, out) == (2, "") and "sstpd.conf" in err, (status, err)


main()
