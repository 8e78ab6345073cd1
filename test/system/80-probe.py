#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe against the daemon with a real pppd: its own PPP, all the way to
pings through the tunnel."""

import json
import os

import lib
from lib import BUILD, PASSWORD, PATIENCE, SERVER4, SERVER6, Server, require, run_at, test

PROBE = os.environ.get("SSTP_PROBE") or str(BUILD / "sstp-probe/sstp-probe")
OK, CRITICAL = 0, 2


def probe(server, *arguments, mode=(), user=("-u", "alice"), address=SERVER4,
          password=PASSWORD):
    """What it finds, from the client's side of the network."""
    secret = server.directory / "password"
    secret.touch(0o600)
    secret.write_text(password + "\n")
    out = run_at("client", PROBE, *mode, *arguments, "--json", "-t", PATIENCE, *user,
                 "--password-file", secret, "--ca-file", server.certificate, address,
                 check=False)
    return json.loads(out)


def check_session(server, *arguments, binding, **options):
    """It comes up, pings, and leaves nothing behind."""
    before, start = server.traces(), server.log.size()
    found = probe(server, "-w", 1, "-c", 0, "--ping", 5, *arguments, **options)
    require(found["exit"] == OK, found)
    require(found["ping"]["received"] == 5, found)
    require(found["left_clean"] and found["tunnel"]["confirmed"], found)
    require(found["tunnel"]["peer_address"] == lib.INNER, found)
    server.wait_log(rf"binding verified: hash={binding}", start)
    server.wait_log(rf"up: interface=ppp(?:sstp)?\d+ local-address={lib.INNER} "
                    rf"remote-address={found['tunnel']['address']} ", start)
    server.wait_log(r" ended: .* cause=client-hung-up ", start)
    server.wait_traces(before)
    return found


@test("a session: both versions of TLS, both hashes, both kinds of addresses")
def session():
    server = Server().start()
    server.wait_idle()
    for version, hash_, binding, address in (("1.2", "sha1", "SHA-1", SERVER4),
                                             ("1.3", "sha256", "SHA-256", SERVER6)):
        found = check_session(server, "--tls-version", version, "--hash", hash_,
                              binding=binding, address=address)
        require(found["tls_version"] == f"TLSv{version}", found)
        require(found["tunnel"]["method"] == "mschap-v2", found)
    server.stop()


@test("PAP and CHAP, where both sides allow them")
def weak_methods():
    server = Server({"ppp": {"auth-methods": "pap"}}).start()
    found = check_session(server, "--auth", "any-offered", binding="SHA-256")
    require(found["tunnel"]["method"] == "pap", found)
    found = probe(server)
    require(found["exit"] == CRITICAL and found["cause"] == "method", found)
    require("pap" in found["message"], found)
    server.stop()


@test("who has another password is told so")
def wrong_password():
    server = Server().start()
    found = probe(server, password="something else")
    require(found["exit"] == CRITICAL and found["cause"] == "login", found)
    require("wrong user name or password" in found["message"], found)
    server.wait_idle()
    server.stop()


@test("a load of sessions, each of a user of its own")
def load():
    names = [f"user{n}" for n in range(1, 7)]
    lib.set_users("alice", *names)
    server = Server().start()
    found = probe(server, "-n", 6, "-r", 3, "--hold", 2, "--traffic", "ping",
                  "--rate", 5, mode=["load"], user=("--user-prefix", "user"))
    require(found["exit"] == OK and found["peak"] == 6, found)
    require(found["traffic"]["answered"] > 6 * 5, found)
    require(found["dropped"] == found["left_unacknowledged"] == 0, found)
    for name in names:
        server.wait_log(rf'authenticated: user="{name}" method=MS-CHAPv2$')
    server.wait_idle()
    server.stop()


lib.main()
