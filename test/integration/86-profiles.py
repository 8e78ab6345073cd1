#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Profiles: tenants of one daemon, told apart by the name that a client asks
for in TLS."""

import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess

import sstp
from lib import BUILD, PATIENCE, SSTPD, UP, certificate, main, test, wait_until

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
WITH_ADDRESS = UP + "request-address\nup\n"
VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ACME, OTHER, NAMELESS = "vpn.acme.example", "other.example.net", None


def profiles(d):
    """A tenant with all of its own, and one with nothing but a name."""
    made = [certificate(d.directory, "acme", "ec"),
            certificate(d.directory, "acme-rsa", "rsa")]
    (d.directory / "script-acme").symlink_to("script")
    d.sections["profile acme"] = {
        "server-name": f"{ACME}, *.Acme.Example",
        "certificate": ", ".join(str(pem) for pem, _ in made),
        "private-key": ", ".join(str(key) for _, key in made),
        "options-file": d.directory / "script-acme",
        "local-address": "10.88.0.1",
        "addresses": "10.88.0.0/28",
        "max-sessions": 3,
    }
    d.sections["profile bare"] = {"server-name": "bare.example"}
    d.sections["control"]["metrics"] = "127.0.0.1:0"
    d.write_config()
    return d


def start(make):
    return profiles(make()).start()


def leaf(path):
    """The first certificate of a file, as it is sent."""
    der = subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"],
                         check=True, capture_output=True).stdout
    return der


def reload(d):
    """Afterwards every worker has the new configuration."""
    size = d.log_size()
    d.signal(signal.SIGHUP)
    d.wait_log("reload: done", size)
    # a sample comes after the configuration in each worker's channel
    ctl(d, "status")


def ctl(d, *arguments):
    done = subprocess.run([SSTPCTL, "-s", d.directory / "control", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=True)
    return done.stdout


def sessions(d, *options):
    return json.loads(ctl(d, "-j", "sessions", *options))


def scrape(d):
    """{name{labels}: value}"""
    found = d.wait_log(r"metrics on http://([\d.]+):(\d+)/metrics")
    with socket.create_connection((found[1], int(found[2])), PATIENCE) as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        with s.makefile("rb") as f:
            text = f.read().decode()
    return {name: float(value) for name, value
            in re.findall(r"(?m)^(sstpd_\S+) (\S+)$", text)}


def address(d, client):
    return d.wait_event(client, "address ").split()[1]


def options_file(d, client):
    return pathlib.Path(re.search(r"file (\S+)",
                                  d.wait_event(client, "argv "))[1]).name


def ended(d, cause, start_at):
    return d.wait_log(rf"ended: .*cause={cause} .*", start_at)[0]


@test("each gets the certificate, options, addresses and name of its profile",
      daemon=None)
def each(make):
    d = start(make)
    for sni, profile, script, net, local in (
            (ACME, "acme", "script-acme", "10.88.0.", "10.88.0.1:"),
            ("a.ACME.example", "acme", "script-acme", "10.88.0.", "10.88.0.1:"),
            ("bare.example", "bare", "script", "10.99.0.", "10.99.0.1:"),
            ("a.b.acme.example", "default", "script", "10.99.0.", "10.99.0.1:"),
            ("acme.example", "default", "script", "10.99.0.", "10.99.0.1:"),
            (OTHER, "default", "script", "10.99.0.", "10.99.0.1:"),
            (NAMELESS, "default", "script", "10.99.0.", "10.99.0.1:")):
        for version in VERSIONS:
            size = d.log_size()
            c = d.cc(WITH_ADDRESS, sni=sni, version=version)
            c.ping()
            own = "acme" if profile == "acme" else "server"
            assert c.certificate == leaf(d.directory / f"{own}.pem"), sni
            assert options_file(d, c) == script, (sni, d.events(c))
            assert address(d, c).startswith(net), (sni, d.events(c))
            assert f" {local} " in d.wait_event(c, "argv ") + " "
            assert d.wait_event(c, "session ").endswith(f"profile={profile}")
            assert sessions(d)[0]["profile"] == profile, sni
            name = sessions(d)[0]["session"]
            assert re.search(rf"(?m)^profile +{profile}$",
                             ctl(d, "session", name))
            c.close()
            line = ended(d, "client-closed", size)
            assert f" profile={profile} " in line, line
            assert f" profile={profile}" in d.wait_log("connected: .*", size)[0]
            d.settle()
    d.stop()


@test("the binding is to the certificate that was presented, of two kinds",
      daemon=None)
def binding(make):
    d = start(make)
    default = leaf(d.directory / "server.pem")
    kinds = {leaf(d.directory / f"{name}.pem"): ciphers for name, ciphers in
             (("acme", "ECDHE-ECDSA-AES256-GCM-SHA384"),
              ("acme-rsa", "ECDHE-RSA-AES256-GCM-SHA384"))}
    for shown, ciphers in kinds.items():
        options = {"sni": ACME, "version": VERSIONS[0], "ciphers": ciphers}
        c = d.cc(**options)
        assert c.certificate == shown, ciphers
        c.ping()
        c.close()
        for wrong in {default, *kinds} - {shown}:
            c = d.ccp(**options)
            c.expect_data(sstp.CHAP_SUCCESS)
            c.send(c.proof(certificate=wrong))
            c.expect_abort(3, 4)
            c.close()
    # nor does the tenant's stand for the daemon's
    c = d.ccp(sni=OTHER)
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(c.proof(certificate=next(iter(kinds))))
    c.expect_abort(3, 4)
    d.settle()
    d.stop()


@test("no TLS session is resumed, least of all in another profile",
      daemon=None)
def resumption(make):
    d = start(make)
    for version in VERSIONS:
        context = sstp.client_context(None, None, version)
        first = d.cc(sni=OTHER, context=context)
        first.ping()
        session = first.tls.session
        for sni, name in ((ACME, "acme"), (OTHER, "server")):
            c = d.cc(sni=sni, context=context, session=session)
            assert not c.tls.session_reused, (version, sni)
            assert c.certificate == leaf(d.directory / f"{name}.pem")
            c.ping()
    d.settle()
    d.stop()


@test("max-sessions of a profile turns away its own clients only", daemon=None)
def limit(make):
    d = start(make)
    clients = [d.cc(WITH_ADDRESS, sni=ACME) for _ in range(3)]
    size = d.log_size()
    c = d.ccp(WITH_ADDRESS, sni=ACME)
    c.expect(sstp.DISCONNECT)
    c.close()
    line = ended(d, "limit-profile", size)
    assert " profile=acme " in line and "hint=" in line, line
    for sni in (OTHER, "bare.example"):
        d.cc(WITH_ADDRESS, sni=sni).ping()
    for c in clients:
        c.ping()
    clients.pop().close()

    wait_until(lambda: scrape(d)['sstpd_profile_sessions{profile="acme"}'] == 2,
               "its end")
    d.cc(WITH_ADDRESS, sni=ACME).ping()
    d.settle()
    # all of them are counted out again
    wait_until(lambda: scrape(d)['sstpd_profile_sessions{profile="acme"}'] == 0,
               "no session")
    for _ in range(3):
        d.cc(WITH_ADDRESS, sni=ACME)
    d.settle()
    d.stop()


@test("a pool that is empty is so for its profile only", daemon=None)
def empty(make):
    d = make()
    profiles(d).sections["profile acme"].update({"addresses": "10.88.0.7"})
    d.write_config()
    d.start()
    c = d.cc(WITH_ADDRESS, sni=ACME)
    assert address(d, c) == "10.88.0.7"
    c = d.ccp(UP + "request-address\nexit 10\n", sni=ACME)
    assert address(d, c) == "0.0.0.0"
    # who is given the address by name gets it neither there nor elsewhere
    for sni in (ACME, OTHER):
        c = d.ccp(UP + "request-address 10.88.0.7\nexit 10\n", sni=sni)
        assert address(d, c) == "0.0.0.0", sni
    c = d.cc(WITH_ADDRESS, sni=OTHER)
    assert address(d, c).startswith("10.99.0.")
    d.settle()
    d.stop()


@test("sessions and disconnect by profile; status; metrics", daemon=None)
def control(make):
    d = start(make)
    for n, sni in ((2, ACME), (1, "bare.example"), (3, NAMELESS)):
        for _ in range(n):
            d.cc(WITH_ADDRESS, sni=sni).ping()
    d.client(handshake=False)
    assert len(sessions(d)) == 6
    for profile, n in (("acme", 2), ("bare", 1), ("default", 3), ("none", 0),
                       ("acm", 0)):
        assert len(sessions(d, "-p", profile)) == n, profile
    status = json.loads(ctl(d, "-j", "status"))
    assert status["profiles"] == [
        {"profile": "default", "sessions": 3, "pool_size": 241, "pool_used": 4},
        {"profile": "acme", "sessions": 2, "max_sessions": 3, "pool_size": 13,
         "pool_used": 2},
        {"profile": "bare", "sessions": 1, "pool_size": 0, "pool_used": 0}]
    assert (status["pool_size"], status["pool_used"]) == (254, 6)
    text = ctl(d, "status")
    assert re.search(r"(?m)^profile acme +2 sessions of 3\n  its addresses used +2 of 13$",
                     text), text
    assert all(len(line) <= 80 for line in text.splitlines()), text
    wanted = {
        'sstpd_session_states{profile="acme",state="up"}': 2,
        'sstpd_session_states{profile="acme",state="tcp"}': 0,
        'sstpd_session_states{profile="bare",state="up"}': 1,
        'sstpd_session_states{profile="default",state="up"}': 3,
        'sstpd_session_states{profile="default",state="tcp"}': 1,
        'sstpd_profile_sessions{profile="acme"}': 2,
        'sstpd_profile_sessions_max{profile="acme"}': 3,
        'sstpd_profile_sessions_max{profile="bare"}': 200,
        'sstpd_pool_addresses{profile="default"}': 241,
        'sstpd_pool_addresses_used{profile="default"}': 4,
        'sstpd_pool_addresses{profile="acme"}': 13,
        'sstpd_pool_addresses_used{profile="acme"}': 2,
    }
    found = scrape(d)
    assert {name: found.get(name) for name in wanted} == wanted
    assert 'sstpd_pool_addresses{profile="bare"}' not in found
    assert 'profile="-"' not in "".join(found)
    ctl(d, "disconnect", "--profile", "acme")
    wait_until(lambda: len(sessions(d)) == 4, "their end")
    assert not sessions(d, "-p", "acme")
    d.settle()
    d.stop()


@test("reload: profiles come, change and go for new clients only", daemon=None)
def reloading(make):
    d = make().start()
    old = d.cc(WITH_ADDRESS, sni=ACME)
    had = address(d, old)
    profiles(d)
    # what the tenant is given now, somebody has already
    d.sections["pool"]["addresses"] = "10.99.1.0/24"
    d.sections["profile acme"]["addresses"] = f"{had}, 10.99.0.251"
    d.sections["control"]["metrics"] = None
    d.write_config()
    reload(d)
    acme = d.cc(WITH_ADDRESS, sni=ACME)
    assert acme.certificate == leaf(d.directory / "acme.pem")
    assert address(d, acme) == "10.99.0.251"
    full = d.ccp(UP + "request-address\nexit 10\n", sni=ACME)
    assert address(d, full) == "0.0.0.0"
    old.ping()
    assert {s["profile"] for s in sessions(d)} >= {"acme", "default"}
    # it changes
    d.sections["profile acme"].update({"options-file": None, "max-sessions": 1})
    d.write_config()
    reload(d)
    size = d.log_size()
    late = d.ccp(WITH_ADDRESS, sni=ACME)
    late.expect(sstp.DISCONNECT)
    late.close()
    ended(d, "limit-profile", size)
    # it goes, and its session stays; whose address is taken all the same
    del d.sections["profile acme"]["max-sessions"]
    d.write_config()
    reload(d)
    waiting = d.crp(WITH_ADDRESS, sni=ACME)
    asking = d.ccp(UP + f"wait-frame {sstp.LCP.hex()}\nrequest-address\nexit 10\n",
                   sni=ACME)
    asking.expect_data(sstp.CHAP_SUCCESS)
    del d.sections["profile acme"]
    d.sections["pool"]["addresses"] = "10.99.0.251, 10.99.1.9"
    d.write_config()
    reload(d)
    acme.ping()
    old.ping()
    wait_until(lambda: len(sessions(d, "-p", "acme")) == 3,
               "no more than one that is up and two that wait")
    size = d.log_size()
    asking.send(sstp.data(sstp.LCP))
    asking.expect_after_data(sstp.DISCONNECT)
    asking.close()
    assert " profile=acme " in ended(d, "profile-gone", size)
    size = d.log_size()
    waiting.request()
    waiting.expect(sstp.DISCONNECT)
    waiting.close()
    line = ended(d, "profile-gone", size)
    assert " profile=acme " in line and "hint=" in line, line
    c = d.cc(WITH_ADDRESS, sni=ACME)
    assert c.certificate == leaf(d.directory / "server.pem")
    assert address(d, c) == "10.99.1.9"
    assert d.worker_pids() == d.workers, "a worker was replaced"
    d.settle()
    d.stop()


@test("reload: sessions of a profile that is gone are counted, and count again "
      "when it is back", daemon=None)
def gone(make):
    d = start(make)
    c = d.cc(WITH_ADDRESS, sni=ACME)
    c.ping()
    acme = d.sections.pop("profile acme")
    d.write_config()
    reload(d)
    c.ping()
    found = scrape(d)
    assert found['sstpd_session_states{profile="-",state="up"}'] == 1
    assert not any('profile="acme"' in name for name in found), found
    assert found['sstpd_session_states{profile="default",state="up"}'] == 0
    del d.sections["profile bare"]
    d.sections["profile first"] = {"server-name": "first.example"}
    d.sections["profile acme"] = acme  # by another number
    d.write_config()
    reload(d)
    found = scrape(d)
    for name in ('sstpd_session_states{profile="acme",state="up"}',
                 'sstpd_profile_sessions{profile="acme"}',
                 'sstpd_pool_addresses_used{profile="acme"}'):
        assert found[name] == 1, name
    c.close()
    wait_until(lambda: scrape(d)['sstpd_profile_sessions{profile="acme"}'] == 0,
               "its end")
    assert scrape(d)['sstpd_pool_addresses_used{profile="acme"}'] == 0
    d.settle()
    d.stop()


@test("many reloads leave nothing behind", daemon=None)
def many(make):
    d = start(make)
    d.take_baseline()
    for n in range(10):
        d.sections["profile acme"]["max-sessions"] = n + 3
        d.write_config()
        reload(d)
        d.cc(sni=ACME).ping()
    d.check_settled()
    d.stop()


@test("a mistake in one profile stops start and reload", daemon=None)
def mistakes(make):
    d = start(make)
    c = d.cc(sni=ACME)
    for key, value, what in (
            ("addresses", "10.99.0.100", "10.99.0.100 is one of "),
            ("private-key", d.directory / "server.key", "private-key: 1 given"),
            ("options-fil", "/x", "did you mean options-file"),
            ("certificate", f"{d.directory}/none, {d.directory}/acme-rsa.pem",
             "none: No such file")):
        good = dict(d.sections["profile acme"])
        d.sections["profile acme"][key] = value
        d.write_config()
        size = d.log_size()
        d.signal(signal.SIGHUP)
        d.wait_log("keeping the old configuration", size)
        assert what in d.log(size), d.log(size)
        checked = subprocess.run(
            [SSTPD, "-t", "-f", d.directory / "sstpd.conf"], check=False,
            capture_output=True, text=True, timeout=PATIENCE)
        assert checked.returncode == 2 and what in checked.stderr, checked
        d.sections["profile acme"] = good
    d.write_config()
    c.ping()
    d.cc(sni=ACME).ping()
    d.settle()
    d.stop()


@test("what the programs say about profiles", daemon=None)
def programs(make):
    d = profiles(make())
    config = d.directory / "sstpd.conf"

    def ask(*words):
        return subprocess.run([SSTPD, *words, "-f", config], check=False,
                              capture_output=True, text=True,
                              timeout=PATIENCE).stdout
    shown = ask("-T")
    assert f"[profile acme]\nserver-name = {ACME}, *.acme.example\n" in shown
    bare = shown[shown.index("[profile bare]"):]
    assert f"certificate = {d.directory}/server.pem\n" in bare, bare
    assert f"options-file = {d.directory}/script\n" in bare, bare
    report = ask("--deep")
    for path in ("acme.pem", "acme-rsa.key", "script-acme"):
        assert f"{d.directory}/{path}: " in report, report
    # the certificates of lib.py are for nobody
    assert re.search(rf"warning .*acme.pem: is for nobody, not for {ACME}, a name "
                     "of profile acme", report), report
    steps = {name: ask("--client-config", "--name", name)
             for name in (ACME, OTHER)}
    for word in ("acme.pem", " --tls-ext ", "tls-ext=yes,", " add-sni=yes "):
        assert word in steps[ACME] and word not in steps[OTHER], word
    assert "server.pem" in steps[OTHER]


main()
