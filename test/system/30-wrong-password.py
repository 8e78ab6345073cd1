#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""A login that fails: the client hears of it, and so does the administrator."""

import lib
from lib import Client, Server, require, test

WRONG = "incorrect-donkey"


def check_refused(failure, **options):
    server = Server().start()
    before = server.traces()
    client = Client(server, **options).start()
    # PPP says why before SSTP hangs up: an sstpc takes its pppd down with it
    client.wait_log(client.ppp_log, rf"^rcvd \[CHAP Failure {failure}")
    client.wait_end()
    server.wait_log(r" ended: authentication failed; stage=auth cause=auth-failed "
                    r'.* windows-shows=691 pppd="peer authentication failed \(11\)" ')
    require(server.log.count(r" ended: .* cause=auth-failed ") == 1,
            "not one line for its end")
    require(not server.log.find("authenticated: |binding verified| up: "),
            "it was let in")
    require(lib.PASSWORD not in server.log.text() and WRONG not in server.log.text(),
            "a password is in the log")
    server.wait_traces(before)
    # and the right one is welcome
    Client(server).up().hang_up()
    server.wait_traces(before)
    server.stop()


@test("a wrong password")
def wrong_password():
    check_refused(".*E=691 ", password=WRONG)


@test("a wrong password, client with plugin")
def wrong_password_plugin():
    check_refused(".*E=691 ", password=WRONG, plugin=True)


@test("an unknown user")
def unknown_user():
    check_refused("", user="mallory")


lib.main()
