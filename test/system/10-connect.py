#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""A tunnel from its begin to its end: MS-CHAPv2 in both versions of TLS, its
scripts, and nothing left behind."""

import os
import signal

import lib
from lib import Client, Server, require, test


def connect(server, **options):
    client = Client(server, **options).up()
    server.wait_log(r"binding verified: hash=SHA-256")
    server.wait_log(rf"up: interface=ppp(?:sstp)?\d+ local-address={lib.INNER} "
                    rf"remote-address={client.address} mtu=1400$")
    return client


def whole_session(version):
    server = Server({"tls": {"min-version": version, "max-version": version}}).start()
    client = connect(server)
    server.wait_log(rf"connected: tls-version=TLSv{version} ")
    client.ping()
    client.hang_up()
    server.wait_log(r' ended: .* stage=up cause=client-closed .* user="alice" .* duration=\d+ ')
    server.stop()


@test("TLS 1.2: a tunnel, pings")
def tls12():
    whole_session("1.2")


@test("TLS 1.3: a tunnel, pings")
def tls13():
    whole_session("1.3")


@test("the client decides on the version of TLS")
def client_version():
    server = Server().start()
    conf = server.directory / "openssl.cnf"
    for version in ("1.2", "1.3"):
        conf.write_text(f"""\
openssl_conf = top
[top]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv{version}
MaxProtocol = TLSv{version}
""")
        start = server.log.size()
        client = Client(server, environment={"OPENSSL_CONF": str(conf)}).up()
        server.wait_log(rf"connected: tls-version=TLSv{version} ", start)
        server.wait_log(r"binding verified", start)
        client.hang_up()
    server.wait_idle()
    server.stop()


@test("nothing is left behind, the one address is free again")
def nothing_left():
    server = Server({"pool": {"addresses": "10.9.0.77"}}).start()
    before = server.traces()
    for _ in range(2):
        client = connect(server)
        require(client.address == "10.9.0.77", f"its address is {client.address}")
        require(len(server.pppds()) == 1 and len(lib.session_interfaces()) == 1,
                "its pppd and its interface are not to be seen")
        client.hang_up()
        server.wait_traces(before)
    server.stop()
    require(not (server.directory / "pid").exists(), "the pid file is left")


@test("the client's PPP ends: nothing is left behind, and ip-down has run")
def ppp_ends():
    server = Server().start()
    before = server.traces()
    client = connect(server)
    lib.wait_until(lambda: server.recorded("ip-up"), "ip-up")
    os.kill(lib.children(client.process.pid, "pppd")[0], signal.SIGTERM)
    client.wait_end()
    server.wait_traces(before)
    require(server.recorded("ip-down"), "ip-down has not run to its end")
    server.stop()


@test("the scripts know the session")
def scripts():
    server = Server().start()
    client = connect(server)
    lib.wait_until(lambda: server.recorded("ip-up"), "ip-up")
    client.hang_up()
    server.wait_log(r" ended: ")
    for when in ("ip-up", "ip-down"):
        require(server.recorded(when), f"{when} has not run to its end")
        (session, env), = server.recorded(when).items()
        port = server.log.find(rf" {session} 192\.0\.2\.2:(\d+): accepted")[1]
        expected = {
            "SSTP_REMOTE_ADDR": "192.0.2.2",
            "SSTP_REMOTE_PORT": port,
            "SSTP_LOCAL_ADDR": "192.0.2.1",
            "SSTP_SNI": "",
            "SSTP_PROFILE": "default",
            "SSTP_TLS_VERSION": "TLSv1.3",
            "PEERNAME": "alice",
            "IPREMOTE": client.address,
            "IPLOCAL": lib.INNER,
        }
        seen = {name: env.get(name) for name in expected}
        require(seen == expected, f"{when}: {seen}, expected {expected}")
        require(env["SSTP_CORRELATION_ID"].startswith("{") and
                "_" in env["SSTP_TLS_CIPHER"], f"{when}: {env}")
        require(lib.PASSWORD not in str(env), f"{when}: the password is in there")
    server.stop()


lib.main()
