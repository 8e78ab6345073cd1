# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""OpenVPN over TCP, all of it in user space; a tunnel of just two."""

import subprocess

import lib
from lib import SERVER4, run

from .contender import Contender, cipher_of, connect, end

OURS, THEIRS = "10.8.0.1", "10.8.0.2"
ENDS = {
    "here": ["--proto", "tcp-server", "--local", SERVER4, "--tls-server", "--dh", "none",
             "--ifconfig", OURS, THEIRS],
    "there": ["--proto", "tcp-client", "--remote", SERVER4, "--nobind", "--tls-client",
              "--ifconfig", THEIRS, OURS],
}


def fingerprint(pem):
    text = run("openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256")
    return text.strip().split("=")[1]


class Openvpn(Contender):
    programs = ("openvpn",)

    def __init__(self, suite):
        self.directory = lib.new_directory("openvpn")
        self.cipher = cipher_of(suite)
        self.pems = {name: lib.certificate(self.directory, name) for name in ENDS}
        self.server = self.start("here", "there")
        with lib.network_of("client"):
            self.client = self.start("there", "here")
        for name in ENDS:
            lib.Log(self.directory / f"{name}.log").wait("Initialization Sequence Completed")

    def start(self, name, other):
        pem, key = self.pems[name]
        return subprocess.Popen(
            ["openvpn", *ENDS[name], "--dev", "bench0", "--dev-type", "tun",
             "--tun-mtu", "1400", "--disable-dco", "--data-ciphers", self.cipher,
             "--cert", pem, "--key", key,
             "--peer-fingerprint", fingerprint(self.pems[other][0]),
             "--verb", "3", "--log", self.directory / f"{name}.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def processes(self):
        return {"openvpn": [self.server.pid]}

    def connection(self):
        return connect(OURS, THEIRS)

    def close(self):
        end(self.client, self.server)
