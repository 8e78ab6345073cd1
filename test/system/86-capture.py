#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl capture with real sessions: from LCP to ICMP, and no secret in it."""

import subprocess
import sys

import lib
from lib import BUILD, CLIENT_OPTIONS, PASSWORD, SRC, Client, Server, require, test

sys.path.insert(0, str(SRC / "test/integration"))
import pcapng  # noqa: E402

SSTPCTL = str(BUILD / "sstpctl/sstpctl")
LCP, PAP, CHAP, IPCP, IP = 0xc021, 0xc023, 0xc223, 0x8021, 0x0021
REQUEST, RESPONSE, ACK, SUCCESS = 1, 2, 2, 3
PAP_ONLY = CLIENT_OPTIONS + "refuse-chap\nrefuse-mschap\nrefuse-mschap-v2\n"


def captured(server, *words, **options):
    """What sstpctl has of the next session, which pings."""
    path = server.directory / "capture.pcapng"
    start = server.log.size()
    with subprocess.Popen(
            [SSTPCTL, "-s", server.directory / "control", "capture", "--next", *words, path],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sstpctl:
        server.wait_log(r"capture: uid 0 waits", start)
        client = Client(server, **options).up()
        client.ping(count=2)
        client.hang_up()
        said = sstpctl.communicate(timeout=lib.PATIENCE)[1]
    require(sstpctl.returncode == 0, said)
    server.wait_idle()
    got = pcapng.read(path)
    require(got.complete and got.dropped == 0 and got.received == len(got.frames), said)
    return got, path.read_bytes()


def packets(got, protocol, inbound, code=None):
    """Of one protocol: what follows its number, in frames with one or without."""
    found = []
    for frame in got.frames:
        data = frame.bytes[2:] if frame.bytes[:2] == b"\xff\x03" else frame.bytes
        if data[:1] == b"\x21":  # compressed
            data = b"\0" + data
        if frame.inbound == inbound and data[:2] == protocol.to_bytes(2, "big") and \
                code in (None, data[2]):
            found.append(data[2:])
    return found


def check_session(got):
    """Both sides have agreed, and pinged."""
    for inbound in (True, False):
        for protocol in (LCP, IPCP):
            for code in (REQUEST, ACK):
                require(packets(got, protocol, inbound, code),
                        f"no code {code} of {protocol:04x}: {got.frames}")
        icmp = [p for p in packets(got, IP, inbound) if p[9] == 1]
        require(len(icmp) >= 2, f"{len(icmp)} ICMP packets")
    kinds = {p[20] for p in packets(got, IP, False) if p[9] == 1}
    require(kinds == {0}, f"not only echo replies to the client: {kinds}")
    require(not any(f.comment for f in got.frames), "something was not let through")


@test("MS-CHAPv2: the response and the proof are masked, the rest is there")
def mschapv2():
    server = Server().start()
    got, _ = captured(server)
    check_session(got)
    require(packets(got, CHAP, False, REQUEST)[0][5:21] != b"*" * 16, "no challenge")
    response = packets(got, CHAP, True, RESPONSE)[0]
    require(response[4:] == b"\x31" + b"*" * 49 + b"alice", response)
    proof = packets(got, CHAP, False, SUCCESS)[0]
    require(proof[4:46] == b"S=" + b"*" * 40, proof)
    got, _ = captured(server, "--with-secrets")
    check_session(got)
    response = packets(got, CHAP, True, RESPONSE)[0]
    require(response[4] == 0x31 and response[54:] == b"alice", response)
    require(response[29:53].count(b"*") < 5 and not any(response[21:29]), response)
    server.stop()


@test("PAP: the password is masked")
def pap():
    server = Server({"ppp": {"auth-methods": "pap"}}).start()
    options = {"plugin": True, "options": PAP_ONLY}
    got, data = captured(server, "--address", "192.0.2.2", **options)
    check_session(got)
    request = packets(got, PAP, True, REQUEST)[0]
    size = len(PASSWORD)
    require(request[4:] == b"\5alice" + bytes((size,)) + b"*" * size, request)
    require(PASSWORD.encode() not in data, "the password is in the file")
    got, data = captured(server, "--with-secrets", **options)
    require(PASSWORD.encode() in packets(got, PAP, True, REQUEST)[0], "no password")
    server.stop()


lib.main()
