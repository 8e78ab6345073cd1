# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""ocserv and openconnect, over TLS alone: no DTLS, as SSTP has none. GnuTLS does the
cryptography."""

import base64
import hashlib
import re
import subprocess

import lib
from lib import PASSWORD, SERVER4, run

from .contender import Contender, cipher_of, connect, end

OURS = "10.6.0.1"
FRAMING = 28  # that ocserv takes off its "mtu"

SCRIPT = """\
#!/bin/sh
[ "$reason" = connect ] || exit 0
ip address add "$INTERNAL_IP4_ADDRESS" peer {ours} dev "$TUNDEV"
ip link set "$TUNDEV" mtu "$INTERNAL_IP4_MTU" up
echo "$INTERNAL_IP4_ADDRESS" >{file}
"""


def pin(pem):
    """Of the public key, as --servercert wants it."""
    text = run("openssl", "x509", "-in", pem, "-noout", "-pubkey")
    der = base64.b64decode("".join(re.findall(r"^[^-].*$", text, re.M)))
    return "pin-sha256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


CONF = """\
auth = "plain[passwd={users}]"
listen-host = {address}
tcp-port = 443
run-as-user = nobody
run-as-group = nogroup
socket-file = /run/ocserv-socket
pid-file = /run/ocserv.pid
server-cert = {pem}
server-key = {key}
isolate-workers = true
tls-priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+{cipher}"
device = vpns
ipv4-network = 10.6.0.0/24
mtu = {mtu}
dpd = 600
keepalive = 600
cisco-client-compat = false
compression = false
"""


class Ocserv(Contender):
    programs = ("ocserv", "openconnect")

    def __init__(self, suite):
        self.directory = lib.new_directory("ocserv")
        self.pem, key = lib.certificate(self.directory, "vpn")
        users, conf = self.directory / "users", self.directory / "conf"
        subprocess.run(["ocpasswd", "-c", users, "alice"], input=f"{PASSWORD}\n" * 2,
                       text=True, stdout=subprocess.DEVNULL, check=True)
        conf.write_text(CONF.format(
            users=users, address=SERVER4, pem=self.pem, key=key,
            cipher=cipher_of(suite), mtu=1400 + FRAMING))
        self.server = self.start("server", "ocserv", "--foreground", "--config", conf)
        self.log("server").wait(r"listening \(TCP\)")
        self.client = self.start_client()
        self.theirs = self.log("address").wait(r"^(\S+)\n")[1]
        self.log("client").wait(rf"\({cipher_of(suite)}\)")

    def log(self, name):
        return lib.Log(self.directory / name)

    def start(self, name, *command, **options):
        with open(self.directory / name, "wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, **options)

    def start_client(self):
        script = self.directory / "script"
        script.write_text(SCRIPT.format(ours=OURS, file=self.directory / "address"))
        script.chmod(0o755)
        with lib.network_of("client"):
            client = self.start(
                "client", "openconnect", "--protocol", "anyconnect", "--no-dtls",
                "--servercert", pin(self.pem), "--user", "alice", "--passwd-on-stdin",
                "--interface", "bench1", "--script", script, f"https://{SERVER4}",
                stdin=subprocess.PIPE)
        with client.stdin as stdin:
            stdin.write(f"{PASSWORD}\n".encode())
        return client

    def processes(self):
        workers = [pid for pid in lib.children(self.server.pid)
                   if "ocserv-worker" in lib.arguments(pid)[0]]
        others = set(lib.children(self.server.pid)) - set(workers)
        return {"worker": workers, "main": [self.server.pid], "sec-mod": sorted(others)}

    def connection(self):
        return connect(OURS, self.theirs)

    def close(self):
        end(self.client, self.server)
