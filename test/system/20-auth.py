#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Ways to authenticate: each works where it is allowed, and only there."""

import lib
from lib import CLIENT_OPTIONS, OPTIONS, Client, Server, require, test

PAP_ONLY = CLIENT_OPTIONS + "refuse-chap\nrefuse-mschap\nrefuse-mschap-v2\n"
MD5_ONLY = CLIENT_OPTIONS + "refuse-pap\nrefuse-mschap\nrefuse-mschap-v2\n"


def server_with(methods, options=OPTIONS):
    return Server({"ppp": {"auth-methods": methods}}, options).start()


def check_accepted(methods, name, **options):
    """The method is accepted, and its session carries data."""
    server = server_with(methods)
    client = Client(server, plugin=True, **options).up()
    server.wait_log(rf'authenticated: user="alice" method={name}$')
    server.wait_log(r"binding verified: hash=SHA-256")
    client.ping()
    client.hang_up()
    server.wait_log(r" ended: ")
    server.stop()


def check_refused(methods, client_options):
    """The two cannot agree on a method, and no session comes up."""
    server = server_with(methods)
    client = Client(server, plugin=True, options=client_options).start()
    server.wait_log(r" ended: .* cause=auth-method-refused .*peer authentication failed \(11\)")
    client.wait_end()
    require(not server.log.find("authenticated: |binding verified| up: "),
            "it was let in")
    server.stop()


@test("MS-CHAPv2, keys from the client's plugin")
def mschapv2():
    check_accepted("mschap-v2", "MS-CHAPv2")


@test("PAP where it is allowed")
def pap():
    check_accepted("pap", "PAP", options=PAP_ONLY)


@test("PAP as one of several")
def pap_too():
    check_accepted("mschap-v2, pap", "PAP", options=PAP_ONLY)


@test("PAP where it is not allowed")
def pap_refused():
    check_refused("mschap-v2", PAP_ONLY)


@test("CHAP-MD5 where it is allowed")
def chap_md5():
    check_accepted("chap-md5", "CHAP-MD5", options=MD5_ONLY)


@test("CHAP-MD5 where it is not allowed")
def chap_md5_refused():
    check_refused("mschap-v2", MD5_ONLY)


# --- EAP-TLS ----------------------------------------------------------------------


def make_pki():
    """A CA with a certificate of the server and one of a user."""
    pki = lib.new_directory("pki")
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    lib.openssl("req", "-x509", *ec, "-days", "2", "-subj", "/CN=test CA",
                "-keyout", pki / "ca.key", "-out", pki / "ca.pem")
    for name in ("sstpd", "carol"):
        lib.openssl("req", *ec, "-subj", f"/CN={name}", "-keyout", pki / f"{name}.key",
                    "-out", pki / f"{name}.csr")
        lib.openssl("x509", "-req", "-in", pki / f"{name}.csr", "-CA", pki / "ca.pem",
                    "-CAkey", pki / "ca.key", "-CAcreateserial", "-days", "2",
                    "-out", pki / f"{name}.pem")
    return pki


def start_eap_tls():
    """Carol has a certificate and no password."""
    pki = make_pki()
    lib.secret_file("eaptls-server",
                    f"carol * - {pki}/sstpd.pem {pki}/ca.pem {pki}/sstpd.key *\n")
    lib.secret_file("eaptls-client",
                    f"carol * {pki}/carol.pem - {pki}/ca.pem {pki}/carol.key *\n")
    server = server_with("eap")
    options = CLIENT_OPTIONS.replace("refuse-eap\n", "") + \
        "name carol\nremotename sstpd\nneed-peer-eap\n"
    return server, Client(server, "carol", None, plugin=True, options=options).start()


@test("EAP-TLS")
def eap_tls():
    if lib.pppd_version() < (2, 5):
        raise lib.Skip("pppd before 2.5 gives half of the keys only")
    server, client = start_eap_tls()
    client.wait_up()
    server.wait_log(r'authenticated: user="carol" method=EAP-TLS$')
    server.wait_log(r"binding verified: hash=SHA-256")
    client.ping()
    client.hang_up()
    server.wait_log(r" ended: ")
    server.stop()


@test("EAP-TLS is refused with a pppd that gives half of the keys")
def eap_tls_refused():
    if lib.pppd_version() >= (2, 5):
        raise lib.Skip("pppd 2.5 gives the whole keys")
    server, client = start_eap_tls()
    server.wait_log(r' ended: .*: EAP-TLS; .* cause=binding-short-keys .* user="carol" ')
    client.wait_end()
    require(not server.log.find("binding verified| up: "), "it was let in")
    server.stop()


lib.main()
