# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpd with a pppd for each session, by a pty or a tun device."""

import lib
from lib import Client, Server
from tunnel import Tunnel

from .contender import Contender


def is_role(pid, role):
    return f"--{role}" in lib.arguments(pid)


class Sstpd(Contender):
    """The client is sstpc with its pppd."""

    programs = ("pppd", "sstpc")
    data_path = None
    make_client = Client

    def __init__(self, suite):
        self.server = Server({
            "server": {"workers": 1}, "tls": {"ciphersuites": suite},
            "ppp": {"data-path": self.data_path}, "log": {"level": "info"}}).start()
        self.client = type(self).make_client(self.server).up()
        self.server.wait_log(f"tls-cipher={suite}")
        self.server.wait_log(f" up: interface={self.interface}")

    def processes(self):
        own = self.server.own_children()
        return {
            "worker": [p for p in own if is_role(p, "worker")],
            "monitor": [self.server.pid],
            "control": [p for p in own if not is_role(p, "worker")],
            "pppd": self.server.pppds(),
        }

    def connection(self):
        return lib.tunnel_connection(self.client)

    def close(self):
        self.client.hang_up()
        self.server.stop()


class SstpdPty(Sstpd):
    data_path, interface = "pty", r"ppp\d"


class SstpdTun(Sstpd):
    data_path, interface = "tun", r"pppsstp\d"

    @classmethod
    def lacks(cls, suite):
        return super().lacks(suite) or ("pppd 2.5" if lib.pppd_version() < (2, 5) else "")


class Fast:
    """The client is sstp-probe, without a pppd, many packets in a TLS record."""

    programs = ("pppd",)
    make_client = Tunnel


class SstpdPtyFast(Fast, SstpdPty):
    pass


class SstpdTunFast(Fast, SstpdTun):
    pass
