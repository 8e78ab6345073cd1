# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""haproxy, which only ends TLS: what that costs at the least."""

import socket
import ssl
import subprocess

import lib
from lib import SERVER4, require, run

from .contender import Contender, end

PORT = 8443


class Haproxy(Contender):
    programs = ("haproxy",)

    def __init__(self, suite):
        directory = lib.new_directory("haproxy")
        certificate, key = lib.certificate(directory, "vpn")
        both = directory / "both.pem"
        both.write_text(certificate.read_text() + key.read_text())
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.suite = suite
        port = self.listener.getsockname()[1]
        file = directory / "haproxy.cfg"
        file.write_text(f"""\
global
  nbthread 1
defaults
  mode tcp
  timeout connect 60s
  timeout client 1h
  timeout server 1h
listen tls
  bind {SERVER4}:{PORT} ssl crt {both} ciphersuites {suite}
  server plain 127.0.0.1:{port}
""")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", file],
                                        stdin=subprocess.DEVNULL)
        lib.wait_until(self.listens, "haproxy to listen")

    def listens(self):
        require(self.process.poll() is None, "haproxy has ended")
        return f":{PORT} " in run("ss", "-Hltn")

    def processes(self):
        return {"haproxy": [self.process.pid]}

    def connection(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with lib.network_of("client"):
            plain = socket.create_connection((SERVER4, PORT), lib.PATIENCE)
        there = context.wrap_socket(plain)
        require(there.cipher()[0] == self.suite, f"the suite is {there.cipher()}")
        return self.listener.accept()[0], there

    def close(self):
        end(self.process)
        self.listener.close()
