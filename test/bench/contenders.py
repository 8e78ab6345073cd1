# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The servers that test/bench/measure compares, each with a client of its own kind.

suite is OpenSSL's name of a cipher suite of TLS 1.3. processes() has those that cost
CPU time, the one that faces the network first; connection() is one of TCP through the
server, our end and the client's."""

import re
import socket
import ssl
import subprocess

import lib
from lib import SERVER4, Client, Server, require, run

HTTPS = 8443


def is_role(pid, role):
    return f"--{role}" in lib.arguments(pid)


class Sstpd:
    """sstpd with pppd behind a pty, and sstpc with its pppd as the client."""

    program = "pppd"

    def __init__(self, suite):
        self.server = Server({"server": {"workers": 1}, "tls": {"ciphersuites": suite},
                              "log": {"level": "info"}}).start()
        self.client = Client(self.server).up()
        self.server.wait_log(f"tls-cipher={suite}")

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


class Haproxy:
    """TLS over TCP and nothing else: what it costs at the least."""

    program = "haproxy"

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
  bind {SERVER4}:{HTTPS} ssl crt {both} ciphersuites {suite}
  server plain 127.0.0.1:{port}
""")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", file],
                                        stdin=subprocess.DEVNULL)
        lib.wait_until(self.listens, "haproxy to listen")

    def listens(self):
        require(self.process.poll() is None, "haproxy has ended")
        return f":{HTTPS} " in run("ss", "-Hltn")

    def processes(self):
        return {"haproxy": [self.process.pid]}

    def connection(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with lib.network_of("client"):
            plain = socket.create_connection((SERVER4, HTTPS), lib.PATIENCE)
        there = context.wrap_socket(plain)
        require(there.cipher()[0] == self.suite, f"the suite is {there.cipher()}")
        return self.listener.accept()[0], there

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.listener.close()


class Openvpn:
    """OpenVPN over TCP, all of it in user space; a tunnel of just two."""

    program = "openvpn"
    OURS, THEIRS = "10.8.0.1", "10.8.0.2"

    ENDS = {
        "here": ["--proto", "tcp-server", "--local", SERVER4, "--tls-server", "--dh", "none",
                 "--ifconfig", OURS, THEIRS],
        "there": ["--proto", "tcp-client", "--remote", SERVER4, "--nobind", "--tls-client",
                  "--ifconfig", THEIRS, OURS],
    }

    def __init__(self, suite):
        self.directory = lib.new_directory("openvpn")
        self.cipher = re.match("TLS_(.*)_SHA", suite)[1].replace("_", "-")
        self.pems = {name: lib.certificate(self.directory, name) for name in self.ENDS}
        self.server = self.start("here", "there")
        with lib.network_of("client"):
            self.client = self.start("there", "here")
        for name in self.ENDS:
            lib.Log(self.directory / f"{name}.log").wait("Initialization Sequence Completed")

    def start(self, name, other):
        pem, key = self.pems[name]
        return subprocess.Popen(
            ["openvpn", *self.ENDS[name], "--dev", "bench0", "--dev-type", "tun",
             "--tun-mtu", "1400", "--disable-dco", "--data-ciphers", self.cipher,
             "--cert", pem, "--key", key,
             "--peer-fingerprint", self.fingerprint(self.pems[other][0]),
             "--verb", "3", "--log", self.directory / f"{name}.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    @staticmethod
    def fingerprint(pem):
        text = run("openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256")
        return text.strip().split("=")[1]

    def processes(self):
        return {"openvpn": [self.server.pid]}

    def connection(self):
        with socket.create_server((self.OURS, 0)) as listener:
            with lib.network_of("client"):
                there = socket.create_connection(listener.getsockname(), lib.PATIENCE)
            here, peer = listener.accept()
        require(peer[0] == self.THEIRS, f"it comes from {peer[0]}, not through the tunnel")
        return here, there

    def close(self):
        for process in (self.client, self.server):
            process.terminate()
            process.wait()


CONTENDERS = {"sstpd-pty": Sstpd, "haproxy": Haproxy, "openvpn": Openvpn}
