#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Two tenants of one daemon: the real client asks for the name of one, and
verifies the certificate that it gets."""

import pathlib

import lib
from lib import Client, Server, certificate, require, test

TENANT = "acme.example.net"


def know_tenant():
    """In this file's own mount namespace."""
    hosts = lib.TMP / "hosts"
    hosts.write_text(f"{pathlib.Path('/etc/hosts').read_text()}\n192.0.2.1 {TENANT}\n")
    lib.run("mount", "--bind", hosts, "/etc/hosts")


def add_tenant(server):
    """Its options say another MTU, its users another name of the server."""
    server.tenant, key = certificate(server.directory, "acme", names="DNS:localhost")
    options = server.directory / "options-acme"
    text = (server.directory / "options").read_text()
    require("mtu 1400" in text, "the options have another MTU")
    options.write_text(text.replace("mtu 1400", "mtu 1320"))
    server.sections["profile acme"] = {
        "server-name": TENANT, "certificate": server.tenant, "private-key": key,
        "options-file": options, "local-address": "10.88.0.1",
        "addresses": "10.88.0.0/29"}
    server.write_config()


def client_of_tenant(server):
    client = Client(server, address=TENANT, ca=server.tenant)
    client.command.insert(1, "--tls-ext")
    return client


@test("each tenant's client: certificate, address, options, scripts")
def tenants():
    know_tenant()
    server = Server()
    add_tenant(server)
    server.start()
    for client, profile, local, mtu in (
            (client_of_tenant(server), "acme", "10.88.0.1", 1320),
            (Client(server), "default", lib.INNER, 1400)):
        start = server.log.size()
        client.up()
        server.wait_log(r"binding verified: hash=SHA-256", start)
        server.wait_log(rf"up: interface=ppp(?:sstp)?\d+ local-address={local} "
                        rf"remote-address={client.address} mtu={mtu}$", start)
        server.wait_log(rf"connected: .* profile={profile} ", start)
        client.ping()
        client.hang_up()
        server.wait_log(rf"ended: .* profile={profile} ", start)

    def seen():
        return {(env["SSTP_PROFILE"], env["SSTP_SNI"])
                for env in server.recorded("ip-down").values()}
    lib.wait_until(lambda: seen() == {("acme", TENANT), ("default", "")},
                   "the scripts of both")
    server.stop()


@test("a reload takes a tenant away, but not its client")
def taken_away():
    server = Server()
    add_tenant(server)
    server.start()
    client = client_of_tenant(server).up()
    server.wait_log(r"binding verified")
    del server.sections["profile acme"]
    server.write_config()
    start = server.log.size()
    server.process.send_signal(1)
    server.wait_log(r"reload: done", start)
    client.ping()
    client.hang_up()
    server.wait_log(r"ended: .* stage=up cause=client-closed .* profile=acme ", start)
    server.stop()


lib.main()
