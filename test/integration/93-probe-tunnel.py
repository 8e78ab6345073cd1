#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstp-probe as a client that carries packets, with the kernel's own TCP at both
ends: its device is in our network, the server's in another."""

import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading

import ppp_server
import sstp
from lib import PATIENCE, SANITIZED, main, rss, test, wait_until
from network import counters, enter_network, ip
from prober import CRITICAL, OK, PROBE, UNKNOWN, server_context
from streams import transfer

OURS, THEIRS = "10.99.0.10", "10.99.0.1"
THEIR_ID = bytes.fromhex("0000000000000001")
THEIRS6 = "fe80::1"
BYTES = 4 << 20

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


# --- networks ---


class Network:
    """The server's: a device and its addresses."""

    def __init__(self, mtu=1400):
        thread = threading.Thread(target=self.make, args=(mtu,))
        thread.start()
        thread.join()

    def make(self, mtu):
        libc.unshare(CLONE_NEWNET)
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tun, TUNSETIFF,
                    struct.pack("16sH22x", b"server0", IFF_TUN | IFF_NO_PI))
        ip("link", "set", "server0", "up", "mtu", str(mtu))
        ip("address", "add", THEIRS, "peer", OURS, "dev", "server0")
        ip("address", "add", f"{THEIRS6}/64", "dev", "server0", "nodad")
        self.index = socket.if_nametoindex("server0")

    def socket(self, *arguments):
        """What a thread opens is of the network that it was in then."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        libc.setns(self.namespace, CLONE_NEWNET)
        try:
            sock = socket.socket(*arguments)
        finally:
            libc.setns(home, CLONE_NEWNET)
            os.close(home)
        sock.settimeout(PATIENCE)
        return sock

    def close(self):
        os.close(self.tun)
        os.close(self.namespace)


# --- programs ---


def new_server(tun=None, **options):
    return ppp_server.Server(server_context(), OURS, THEIRS, tun, **options)


class Tunnel:
    """One run of sstp-probe."""

    def __init__(self, target, *arguments, under=()):
        self.process = subprocess.Popen(
            [*under, PROBE, "tunnel", "--json", "-k", "-t", str(PATIENCE), "-u", "alice", "--auth",
             "any-offered", *map(str, arguments), target],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SSTP_PROBE_PASSWORD": "secret"})

    def up(self):
        facts = json.loads(self.process.stdout.readline())
        assert facts.get("event") == "up", facts
        self.device = facts["device"]
        return facts

    def end(self, number=None):
        """What it says at its end, which a signal may bring about."""
        if number is not None:
            self.process.send_signal(number)
        out = self.process.communicate(timeout=PATIENCE)[0]
        found = json.loads(out.splitlines()[-1])
        assert found["exit"] == self.process.returncode, (found, self.process.returncode)
        assert not devices(), devices()
        return found


def devices():
    return [name for _, name in socket.if_nameindex() if name.startswith("sstp")]


@contextlib.contextmanager
def session(*arguments, **options):
    """One that is up; where the test does not end it, a signal does."""
    server = new_server(**options)
    tunnel = Tunnel(server.target, *arguments)
    try:
        yield server, tunnel, tunnel.up()
        if tunnel.process.poll() is None:
            found = tunnel.end(signal.SIGTERM)
            assert found["exit"] == OK and found["left_clean"], found
        server.join(PATIENCE)
        assert server.failed is None, f"the server: {server.failed!r}"
    finally:
        tunnel.process.kill()
        tunnel.process.wait()
        tunnel.process.stdout.close()


@contextlib.contextmanager
def carried(*arguments, mtu=1400, **options):
    """One whose other end is a device, too."""
    network = Network(mtu)
    try:
        with session(*arguments, tun=network.tun, ipv6=THEIR_ID, mru=mtu, **options) as found:
            yield (network, *found)
    finally:
        network.close()


# --- what it sets up ---


@test("addresses, MTU and routes, and nothing left of them", daemon=None)
def configured(_):
    with session("--route", "198.51.100.0/24", "--route", "2001:db8:1::/48",
                 dns="203.0.113.53", ipv6=THEIR_ID) as (_, tunnel, facts):
        device = tunnel.device
        assert device == "sstp0", facts
        assert (facts["address"], facts["peer_address"]) == (OURS, THEIRS), facts
        assert facts["mtu"] == 1400 and facts["dns"] == ["203.0.113.53"], facts
        assert facts["peer_ipv6"] == THEIRS6, facts
        assert f"inet {OURS} peer {THEIRS}/32" in ip("address", "show", device)
        assert f"inet6 {facts['ipv6']} peer {THEIRS6}/64" in ip("address", "show", device)
        assert re.search(r"[<,]UP[,>].* mtu 1400 ", ip("link", "show", device))
        assert f"198.51.100.0/24 dev {device}" in ip("route")
        assert f"2001:db8:1::/48 dev {device}" in ip("-6", "route")


@test("the smaller of both MTUs, and a name for the device", daemon=None)
def sizes(_):
    for mru, wanted, mtu in ((1300, 1400, 1300), (4087, 4000, 4000), (1500, 576, 576)):
        with session("--mtu", wanted, "--device", "sstp-x", mru=mru) as (server, tunnel, facts):
            assert facts["mtu"] == mtu, facts
            asked = server.asked[ppp_server.LCP]
            assert asked.startswith(ppp_server.option(1, struct.pack(">H", wanted))), asked
            assert f" mtu {mtu} " in ip("link", "show", tunnel.device)
            assert tunnel.device == "sstp-x", facts


@test("IPv6 that the server begins late", daemon=None)
def late_ipv6(_):
    with session() as (server, tunnel, facts):
        assert "ipv6" not in facts, facts
        server.ipv6 = THEIR_ID
        server.do(server.ask_ipv6)
        wait_until(lambda: f" peer {THEIRS6}/64" in ip("-6", "address", "show", tunnel.device),
                   "an IPv6 address")


@test("two at once; a name that is taken; no permission", daemon=None)
def refused(_):
    ip("tuntap", "add", "sstp0", "mode", "tun")
    with session() as (_, tunnel, _):
        assert tunnel.device == "sstp1", devices()
        for name in ("sstp0", "sstp1"):
            other = Tunnel("127.0.0.1:1", "--device", name)
            out = json.loads(other.process.communicate(timeout=PATIENCE)[0])
            assert out["exit"] == other.process.returncode == UNKNOWN, out
            assert f"{name}: there is such a device already" in out["message"], out
        ip("link", "delete", "sstp0")
    other = Tunnel("127.0.0.1:1", under=("setpriv", "--bounding-set", "-net_admin"))
    found = other.end()
    assert found["exit"] == UNKNOWN and "CAP_NET_ADMIN" in found["message"], found


@test("a route that cannot be added ends it before it says that it is up", daemon=None)
def bad_route(_):
    ip("route", "add", "198.51.100.0/24", "dev", "lo")
    server = new_server()
    found = Tunnel(server.target, "--route", "198.51.100.0/24").end()
    assert found["exit"] == UNKNOWN, found
    assert "route 198.51.100.0/24: File exists" in found["message"], found
    ip("route", "delete", "198.51.100.0/24", "dev", "lo")


# --- traffic ---


def connection(network, device, family, to):
    """Our end and the server's."""
    with network.socket(family) as listener:
        listener.bind(to)
        listener.listen()
        here = socket.socket(family)
        here.settimeout(PATIENCE)
        scope = (0, socket.if_nametoindex(device)) if family == socket.AF_INET6 else ()
        here.connect((to[0], listener.getsockname()[1], *scope))
        there = listener.accept()[0]
    there.settimeout(PATIENCE)
    return here, there


@test("TCP over IPv4 and IPv6, each way; many packets share a record", daemon=None)
def tcp(_):
    with carried() as (network, server, tunnel, _):
        for family, to in ((socket.AF_INET, (THEIRS, 0)),
                           (socket.AF_INET6, (THEIRS6, 0, 0, network.index))):
            here, there = connection(network, tunnel.device, family, to)
            transfer(here, there, BYTES)
            here, there = connection(network, tunnel.device, family, to)
            transfer(there, here, BYTES)
        # as many as fit: of 1400 bytes, 4 of PPP, 4 of SSTP
        assert server.most_in_record >= 16384 // 1408, server.most_in_record
        found = tunnel.end(signal.SIGINT)
        assert found["exit"] == OK, found
        assert min(found["bytes_in"], found["bytes_out"]) > 2 * BYTES, found


@test("UDP of any size, each way, whole and in fragments", daemon=None)
def udp(_):
    with carried() as (network, _, _, _):
        here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there = network.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with here, there:
            here.settimeout(PATIENCE)
            there.bind((THEIRS, 0))
            for size in (0, 1, 2, 1371, 1372, 1373, 2744, 2745, 5000, 60001):
                sent = os.urandom(size)
                here.sendto(sent, there.getsockname())
                got, peer = there.recvfrom(1 << 16)
                assert got == sent, f"{size} bytes to the server"
                there.sendto(sent, peer)
                assert here.recv(1 << 16) == sent, f"{size} bytes to the client"


@test("datagrams sent by one call come one by one", daemon=None)
def udp_segments(_):
    size, count = 1000, 30
    with carried() as (network, _, _, _), \
            network.socket(socket.AF_INET, socket.SOCK_DGRAM) as there, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
        there.bind((THEIRS, 0))
        sent = os.urandom(size * count - 1)
        here.sendto(sent, there.getsockname())
        for at in range(0, len(sent), size):
            assert there.recv(1 << 16) == sent[at:at + size]


@test("large packets, where both sides take them", daemon=None)
def large(_):
    with carried("--mtu", 4087, mtu=4087) as (network, _, tunnel, facts):
        assert facts["mtu"] == 4087, facts
        for _ in range(2):
            ends = connection(network, tunnel.device, socket.AF_INET, (THEIRS, 0))
            transfer(*ends, BYTES)


@test("a server that does not read holds the device up, at a bounded cost", daemon=None)
def not_reading(_):
    with carried() as (network, server, tunnel, _), \
            network.socket(socket.AF_INET, socket.SOCK_DGRAM) as there, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        there.bind((THEIRS, 0))
        before = rss(tunnel.process.pid)
        server.do(lambda: setattr(server, "reads", False))

        def is_held_up():
            taken = counters(tunnel.device)[9]
            for _ in range(5000):
                here.sendto(bytes(1372), there.getsockname())
            # of the device: what has been read of it, what it had no room for
            return counters(tunnel.device)[9] == taken
        wait_until(is_held_up, "the device to be full")
        assert SANITIZED or rss(tunnel.process.pid) < before + (4 << 20)
        server.do(lambda: setattr(server, "reads", True))

        def comes_through():
            here.sendto(b"again", there.getsockname())
            return there.recv(1 << 16) == b"again"
        wait_until(comes_through, "a datagram")


# --- what a server may say ---


def checksum(data, start=0):
    total = start + sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack(">H", 0xffff - total)


def packet(protocol, payload):
    """IPv4, from the server's device to ours."""
    addresses = socket.inet_aton(THEIRS) + socket.inet_aton(OURS)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    return head[:10] + checksum(head + addresses) + addresses + payload


def ping(number):
    icmp = struct.pack(">BBHHH", 8, 0, 0, 7, number)
    return packet(socket.IPPROTO_ICMP, icmp[:2] + checksum(icmp) + icmp[4:])


def tcp_segment():
    """In the middle of something: what follows could be joined with it."""
    tcp = struct.pack(">HHIIBBHHH", 9, 9, 1, 1, 0x50, 0x10, 100, 0, 0) + bytes(100)
    addresses = socket.inet_aton(THEIRS) + socket.inet_aton(OURS)
    total = checksum(addresses + tcp, socket.IPPROTO_TCP + len(tcp))
    return packet(socket.IPPROTO_TCP, tcp[:16] + total + tcp[18:])


@test("packets in any pieces, forms of headers, and what is none", daemon=None)
def pieces(_):
    with session() as (server, tunnel, _):
        def say(*packets):
            server.do(lambda: [server.send(p) for p in packets])
        good = [sstp.data(bytes.fromhex(head) + ping(n))
                for n, head in enumerate(("ff030021", "0021", "ff0321", "21"))]
        whole = b"".join(good)
        say(whole)
        say(*[whole[i:i + 1] for i in range(len(whole))])
        wait_until(lambda: server.icmp == 2 * len(good), "the answers to the pings")
        head = b"\xff\x03\x00\x21"
        bad = [b"", b"\xff", head[:2], head[:3], head, b"\xff\x03\x00\x57" + ping(9),
               head + b"\x60" + bytes(60), b"\xff\x03\x00\x2d" + bytes(40)]
        # which are for the kernel to drop
        odd = [head + b"\x45" + bytes(4086), head + b"\x45"]
        say(*map(sstp.data, bad + odd), sstp.data(head + tcp_segment()), *[sstp.ECHO] * 100)
        wait_until(lambda: server.said.count(sstp.ECHO_RESPONSE) >= 100, "the echoes")
        # by then, what came before them has been written
        assert counters(tunnel.device)[1] == 2 * len(good) + len(odd) + 1


ENDS = {
    "aborted": lambda s: s.send(sstp.abort(2, 5)),
    "disconnected": lambda s: s.send(sstp.DISCONNECT),
    "ppp": lambda s: s.send(ppp_server.packet(ppp_server.LCP, ppp_server.TERM_REQUEST, 9)),
    "protocol": lambda s: s.send(b"\x20" * 100),
    "closed": lambda s: s.tls.shutdown(socket.SHUT_RDWR),
}


@test("the server's leaving, in each way", daemon=None)
def leaving(_):
    for cause, function in ENDS.items():
        with session() as (server, tunnel, _):
            server.do(lambda server=server, function=function: function(server))
            found = tunnel.end()
            assert found["exit"] == CRITICAL and found["cause"] == cause, (cause, found)
            assert found["message"].startswith("up: ") and found["hint"], found


@test("a signal before it is up, a time, and a device that somebody deletes", daemon=None)
def ends(_):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tunnel = Tunnel("127.0.0.1:%d" % listener.getsockname()[1])
        with listener.accept()[0] as connection_:
            connection_.recv(1)
            found = tunnel.end(signal.SIGTERM)
        assert found["exit"] == UNKNOWN and found["message"] == "interrupted", found
    with session("--time", 1) as (server, tunnel, _):
        found = tunnel.end()
        assert found["exit"] == OK and sstp.CALL_DISCONNECT in server.said, found
    with session() as (_, tunnel, _):
        ip("link", "delete", tunnel.device)
        found = tunnel.end()
        assert found["exit"] == UNKNOWN and found["message"] == "sstp0 is gone", found


@test("a server that gives another address later", daemon=None)
def other_address(_):
    with session() as (server, tunnel, _):
        server.address = socket.inet_aton("10.99.0.11")
        server.do(lambda: server.send(ppp_server.packet(
            ppp_server.IPCP, ppp_server.REQUEST, 2,
            ppp_server.option(ppp_server.ADDRESS, server.peer))))
        found = tunnel.end()
        assert found["exit"] == UNKNOWN and "another address" in found["message"], found


enter_network()
main()
