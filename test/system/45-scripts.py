#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""A script of one session that hangs holds up no other session."""

import pathlib

import lib
from lib import Client, Server, require, test


def hanging_script(user):
    """Let that user's ip-up wait for a file; returns its path."""
    gate = lib.TMP / "gate"
    script = pathlib.Path("/etc/ppp/ip-up.d/aa-hang")
    script.write_text(f"""\
#!/bin/sh
[ -n "$SSTP_SESSION" ] && [ "$PEERNAME" = {user} ] || exit 0
echo hangs >{gate}.waiting
while [ ! -e {gate} ]; do sleep 0.1; done
""")
    script.chmod(0o755)
    return gate


@test("others come up, run their scripts and end while an ip-up hangs")
def hangs():
    lib.set_users("slow", "user0", "user1")
    gate = hanging_script("slow")
    # one start at a time: it must not keep its place either
    server = Server({"limits": {"max-starting": 1, "starting-time": "1h"}}).start()
    slow = Client(server, user="slow").up()
    waiting = pathlib.Path(f"{gate}.waiting")
    lib.wait_until(waiting.exists, "the script that hangs")
    others = [Client(server, user=f"user{n}").up() for n in range(2)]

    def ran():
        return {e["PEERNAME"] for e in server.recorded("ip-up").values()}
    lib.wait_until(lambda: ran() == {"user0", "user1"}, "the scripts of the others")
    lib.ping_all([slow, *others])
    lib.hang_up(others)
    lib.wait_until(lambda: len(server.recorded("ip-down")) == 2, "their ip-down")
    lib.wait_until(lambda: len(server.pppds()) == 1, "the end of their pppds")
    require(ran() == {"user0", "user1"}, "it has not hung")
    gate.touch()
    lib.wait_until(lambda: "slow" in ran(), "the end of the one that hung")
    slow.ping()
    slow.hang_up()
    server.wait_idle()
    server.stop()


lib.main()
