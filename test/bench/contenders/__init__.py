# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The servers that test/bench/measure compares, each with a client of its own kind.

One is made with OpenSSL's name of a cipher suite of TLS 1.3, and is then up, with its
client. processes() has those that cost CPU time, the one that faces the network first;
connection() is one of TCP through the server, our end and the client's. lacks() says
what it would need here for a suite, if anything."""

from .haproxy import Haproxy
from .ocserv import Ocserv
from .openvpn import Openvpn
from .softether import Softether
from .sstpd import SstpdPty, SstpdPtyFast, SstpdTun, SstpdTunFast

CONTENDERS = {
    "sstpd-tun-fast": SstpdTunFast,
    "sstpd-tun": SstpdTun,
    "sstpd-pty-fast": SstpdPtyFast,
    "sstpd-pty": SstpdPty,
    "softether": Softether,
    "ocserv": Ocserv,
    "openvpn": Openvpn,
    "haproxy": Haproxy,
}
