# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
""""sstp-probe tunnel" in the form of lib.Client: a client without a pppd."""

import json
import os
import subprocess

import lib

PROBE = os.environ.get("SSTP_PROBE") or str(lib.BUILD / "sstp-probe/sstp-probe")


class Tunnel(lib.Client):
    """Its output is JSON, a line when it is up and one at its end."""

    def __init__(self, server, *arguments, user="alice", password=lib.PASSWORD,
                 host="client", address=lib.SERVER4):
        super().__init__(server, user=user, password=None, host=host)
        secret = self.directory / "password"
        secret.touch(0o600)
        secret.write_text(password + "\n")
        self.command = [PROBE, "tunnel", "--json", "-t", str(lib.PATIENCE), "-u", user,
                        "--password-file", str(secret), "--ca-file",
                        str(server.certificate), *map(str, arguments), address]

    def start(self):
        with open(self.log.path, "wb") as log, lib.network_of(self.host):
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def revive(self):
        """There is no need."""

    def wait_up(self):
        self.wait_log(self.log, r'"event": "up".*\n')
        self.facts = json.loads(self.log.text().splitlines()[0])
        self.address = self.facts["address"]
        self.peer = self.facts["peer_address"]
        self.interface = self.facts["device"]
        return self

    def ended(self):
        """What it says at its end; its exit status is the one that it says."""
        self.wait_end()
        found = json.loads(self.log.text().splitlines()[-1])
        lib.require(found["exit"] == self.process.returncode, found)
        return found
