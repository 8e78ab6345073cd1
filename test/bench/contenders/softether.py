# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""SoftEther's server and client with SoftEther's own protocol, which is TLS, too: the
snapshot that Debian has had since 2020 does not answer to SSTP. The virtual hub is
bridged to a tap device: its own NAT would do more than others do."""

import os

import lib
from lib import PASSWORD, SERVER4, run

from .contender import Contender, connect

PROGRAMS = "/usr/libexec/softether"
SERVER, CLIENT = f"{PROGRAMS}/vpnserver/vpnserver", f"{PROGRAMS}/vpnclient/vpnclient"
DIRECTORIES = ("/var/lib/softether", "/var/log/softether", "/run/softether")
OURS, THEIRS = "10.7.0.1", "10.7.0.2"
DEVICES = {OURS: "tap_bench", THEIRS: "vpn_bench"}

SERVER_COMMANDS = f"""\
KeepDisable
HubCreate bench /PASSWORD:
HubDelete DEFAULT
BridgeCreate bench /DEVICE:bench /TAP:yes
Hub bench
UserCreate alice /GROUP:none /REALNAME:none /NOTE:none
UserPasswordSet alice /PASSWORD:{PASSWORD}
"""

CLIENT_COMMANDS = f"""\
NicCreate bench
AccountCreate bench /SERVER:{SERVER4}:443 /HUB:bench /USERNAME:alice /NICNAME:bench
AccountPasswordSet bench /PASSWORD:{PASSWORD} /TYPE:standard
AccountCompressDisable bench
AccountConnect bench
"""

SUITE = "TLS_AES_256_GCM_SHA384"  # it takes this one, whatever OpenSSL is told


def log_has(pattern):
    directory = f"{DIRECTORIES[1]}/server_log"
    names = os.listdir(directory) if os.path.isdir(directory) else []
    return any(lib.Log(lib.pathlib.Path(directory, name)).find(pattern) for name in names)


def has_device(name):
    return name in run("ip", "-o", "link")


class Softether(Contender):
    programs = (SERVER, CLIENT, "vpncmd")

    @classmethod
    def lacks(cls, suite):
        return super().lacks(suite) or ("choice of a suite" if suite != SUITE else "")

    def __init__(self, suite):
        for directory in DIRECTORIES:  # those of the machine stay as they are
            os.makedirs(directory, exist_ok=True)
            lib.mount("tmpfs", directory)
        self.directory = lib.new_directory("softether")
        self.start(SERVER, "/SERVER", 443, SERVER_COMMANDS)
        self.set_device(OURS)
        with lib.network_of("client"):
            self.start(CLIENT, "/CLIENT", 9931, CLIENT_COMMANDS)
            self.set_device(THEIRS)
        lib.wait_until(lambda: log_has(f'"CID-.*"{suite}"'), f"{suite} in the log")
        lib.wait_until(lambda: log_has("SID-ALICE-.*been created"), "a session")

    def start(self, program, kind, port, commands):
        run(program, "start")
        lib.wait_until(lambda: f":{port} " in run("ss", "-Hltn"), f"{program} to listen")
        file = self.directory / kind[1:]
        file.write_text(commands)
        run("vpncmd", "localhost", kind, f"/IN:{file}")

    @staticmethod
    def set_device(address):
        """All tunnels have an MTU of 1400."""
        device = DEVICES[address]
        lib.wait_until(lambda: has_device(device), device)
        run("ip", "link", "set", device, "mtu", "1400", "up")
        run("ip", "address", "add", f"{address}/24", "dev", device)

    def processes(self):
        """The parent only waits for the one that works."""
        found = [pid for pid, (_, name) in lib.processes().items() if name == "vpnserver"]
        return {"vpnserver": sorted(found, reverse=True)}

    def connection(self):
        return connect(OURS, THEIRS)

    def close(self):
        with lib.network_of("client"):
            run(CLIENT, "stop")
        run(SERVER, "stop")
        for directory in DIRECTORIES:
            run("umount", directory)
