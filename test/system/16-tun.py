#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""IP over a tun device: what scripts, users and other programs see of a session
is the same as on the pty, and so is what arrives."""

import contextlib
import hashlib
import os
import re
import socket
import sys
import threading

import lib
from lib import Client, Server, comment, require, test

sys.path.append(str(lib.HERE.parent / "integration"))
import endings  # noqa: E402
import ppp  # noqa: E402
import sstp  # noqa: E402

BULK_MB = int(os.environ.get("TEST_BULK_MB") or 20)
UDP_SIZES = (0, 1, 2, 3, 511, 512, 1371, 1372, 1373, 2744, 2745, 5001, 60001)


def interfaces():
    return sorted(name for _, name in socket.if_nameindex())


def new_server(path="tun", options="", changes=None):
    changes = {"ppp": {"data-path": path}, **(changes or {})}
    return Server(changes, options=lib.OPTIONS + options).start()


def connect(server, **arguments):
    """A client, and the interface that is the server's end of its tunnel."""
    client = Client(server, **arguments)
    start = server.log.size()
    client.up()
    up = server.wait_log(r" up: interface=(\S+) local-address=10\.", start)
    return client, up[1]


def end(server, client):
    client.hang_up()
    server.wait_idle()
    server.stop()


# --- traffic ------------------------------------------------------------------------


def answer_datagrams(sock, done):
    sock.settimeout(0.5)
    while not done.is_set():
        with contextlib.suppress(TimeoutError):
            data, peer = sock.recvfrom(1 << 16)
            sock.sendto(hashlib.sha256(data).digest() + data, peer)


def exchange_datagram(there, to, sent):
    """Again, if need be: of many fragments that a slow machine holds up for long,
    one may be dropped."""
    wanted = hashlib.sha256(sent).digest() + sent
    for _ in range(6):
        there.sendto(sent, to)
        with contextlib.suppress(TimeoutError):
            while there.recv(1 << 16) != wanted:
                pass  # the late answer to an earlier one
            return
    raise lib.Failure(f"no answer to a datagram of {len(sent)} bytes")


def exchange_datagrams(client):
    """Each goes to the server and comes back."""
    done = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("", 0))
        answers = threading.Thread(target=answer_datagrams, args=(here, done))
        answers.start()
        with lib.network_of(client.host):
            there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                             client.interface.encode())
        try:
            with there:
                there.settimeout(lib.PATIENCE / 6)
                for size in UDP_SIZES:
                    exchange_datagram(there, (lib.INNER, here.getsockname()[1]),
                                      bytes(i * size & 0xff for i in range(size)))
        finally:
            done.set()
            answers.join()


def send_in_pieces(client):
    """Many datagrams by one system call, which the kernel may leave to us to cut."""
    size, count = 1000, 20
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
        with lib.network_of(client.host):
            there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with there:
            there.settimeout(lib.PATIENCE)
            there.bind((client.address, 0))
            sent = os.urandom(size * count - 1)
            here.sendto(sent, there.getsockname())
            came = [there.recv(1 << 16) for _ in range(count)]
    require(sorted(came) == sorted(sent[i:i + size] for i in range(0, len(sent), size)),
            "the datagrams of one call")


def exchange(client, ours6, interface):
    """The traffic of the differential test; failures are raised."""
    for size in (0, 56, 1372, 1373, 3000, 20000):
        client.ping("-s", size, count=1)
    client.ping("-6", "-s", 3000, to=f"{ours6}%{client.interface}", count=1)
    text = lib.run("ping", "-n", "-c", "1", "-W", "20", "-s", "3000", "-I", interface,
                   client.address, check=False)
    require(" 0% packet loss" in text, f"to the client: {text}")
    exchange_datagrams(client)
    if interface.startswith("pppsstp"):  # old kernels cannot on others
        send_in_pieces(client)
    for here_sends in (True, False):
        here, there = lib.tunnel_connection(client)
        ends = (here, there) if here_sends else (there, here)
        rate = lib.transfer(*ends, BULK_MB)
        comment(f"{interface}: {rate:.1f} MB/s {'down' if here_sends else 'up'}")


# --- tests --------------------------------------------------------------------------


@test("the same traffic over the tun device and over the pty")
def traffic():
    for path, name in (("tun", r"pppsstp\d+"), ("pty", r"ppp\d+")):
        server = new_server(path)
        client, interface = connect(
            server, options=lib.CLIENT_OPTIONS + "+ipv6\n")
        require(re.fullmatch(name, interface), f"{path} uses {interface}")
        ours6 = server.wait_log(r" up: interface=\S+ local-address=(fe80::\S+)")[1]
        exchange(client, ours6, interface)
        client.hang_up()
        ended = server.wait_log(r" ended: .* bytes-in=(\d+) bytes-out=(\d+)")
        require(all(int(n) > BULK_MB << 20 for n in ended.groups()), ended[0])
        server.wait_idle()
        server.stop()


@test("scripts get the device's name and its statistics, and nothing is left")
def scripts():
    before = interfaces()
    server = new_server()
    traces = server.traces()
    client, interface = connect(server)
    address = lib.run("ip", "-4", "-o", "address", "show", "dev", interface)
    require(f"inet {lib.INNER} peer {client.address}/32" in address, address)
    link = lib.run("ip", "-o", "link", "show", "dev", interface)
    require(" mtu 1400 " in link and ",UP" in link, link)
    require("fe80:" in lib.run("ip", "-6", "address", "show", "dev", interface),
            "the link-local address")
    lib.wait_until(lambda: server.recorded("ip-up"), "ip-up")
    env, = server.recorded("ip-up").values()
    require((env["IFNAME"], env["PPP_IFACE"]) == (interface, interface), f"ip-up: {env}")
    require((env["IPLOCAL"], env["IPREMOTE"]) == (lib.INNER, client.address), f"{env}")
    client.ping("-s", 1000, count=10)
    client.hang_up()
    lib.wait_until(lambda: server.recorded("ip-down"), "ip-down")
    env, = server.recorded("ip-down").values()
    require(env["IFNAME"] == interface, f"ip-down: {env}")
    # 10 pings with 28 bytes of headers each way, and what else was said
    require(10280 <= int(env["BYTES_RCVD"]) < 20000 and
            10280 <= int(env["BYTES_SENT"]) < 20000, f"statistics: {env}")
    server.wait_traces(traces)
    lib.wait_until(lambda: interfaces() == before, lambda: f"{interfaces()} to go")
    server.stop()


@test("names that are taken, two sessions, and the server's end")
def names():
    lib.run("ip", "link", "add", "pppsstp0", "type", "dummy")
    lib.set_users("alice", "bob")
    server = new_server()
    first, first_interface = connect(server)
    second, second_interface = connect(server, user="bob")
    require({first_interface, second_interface} == {"pppsstp1", "pppsstp2"},
            f"{first_interface}, {second_interface}")
    lib.ping_all([first, second])
    lib.run("ip", "link", "delete", "pppsstp0")
    first.hang_up()
    lib.wait_until(lambda: first_interface not in interfaces(), "its device to go")
    second.ping()
    server.stop()
    second.wait_end()
    require(not [i for i in interfaces() if i.startswith("pppsstp")], f"{interfaces()}")
    require(second_interface == server.recorded("ip-down").popitem()[1]["IFNAME"] or
            len(server.recorded("ip-down")) == 2, "ip-down")
    lib.set_users("alice")


def renegotiate(server, client):
    """IPCP from Opened, with our ACK of pppd's request kept back for a while."""
    start = server.log.size()
    client.send_packet(ppp.IPCP, ppp.REQUEST, 77, ppp.encode([(3, client.address)]))
    protocol, code, ident, body = client.take_packet()
    while (protocol, code) != (ppp.IPCP, ppp.REQUEST):
        client.other(protocol, code, ident, body)
        protocol, code, ident, body = client.take_packet()
    server.wait_log(r"pppd: IPv4 is down", start)
    early, late = client.echo_frame(64), client.echo_frame(64)
    client.send(sstp.data(early))
    start = server.log.size()
    client.send_packet(ppp.IPCP, ppp.ACK, ident, body)
    server.wait_log(r" up: interface=", start)
    client.send(sstp.data(late))
    while not client.is_echo(late, (got := client.read().payload)):
        require(not client.is_echo(early, got), "a ping passes without IPCP")


def start_over(server, client):
    """LCP from Opened (RFC 1661 4.3): the same user once more."""
    start = server.log.size()
    client.authenticate()
    server.wait_log(r"pppd: IPv4 is down", start)
    early, late = client.echo_frame(64), client.echo_frame(64)
    client.send(sstp.data(early))
    start = server.log.size()
    client.address = client.negotiate(ppp.IPCP, {3: client.address})[3]
    server.wait_log(r" up: interface=", start)
    client.send(sstp.data(late))
    while not client.is_echo(late, (got := client.read().payload)):
        require(not client.is_echo(early, got), "a ping passes without IPCP")


@test("IP passes again once IPCP is back, or LCP and IPCP, and not before")
def ipcp_again():
    for path in ("tun", "pty"):
        server = new_server(path, changes={"ppp": {
            "data-path": path, "auth-methods": "pap"}})
        with lib.network_of("client"):
            client = ppp.PppClient((lib.SERVER4, 443), None, None, endings.UP,
                                   context=sstp.client_context(), timeout=lib.PATIENCE)
        renegotiate(server, client)
        start_over(server, client)
        renegotiate(server, client)
        client.close()
        server.wait_idle()
        server.stop()


@test("a device that somebody deletes ends its session")
def deleted():
    server = new_server()
    client, interface = connect(server)
    lib.run("ip", "link", "delete", interface)
    client.wait_end()
    server.wait_log(r" ended: .*the tun device is gone")
    server.wait_idle()
    server.stop()


@test("idle ends a session that is, and no other")
def idle():
    server = new_server(options="idle 6\n")
    client, _ = connect(server, options=lib.CLIENT_OPTIONS.replace(
        "noauth", "noauth\nlcp-echo-interval 1"))
    for _ in range(9):  # more than the limit
        client.ping(count=1)
        threading.Event().wait(1)
    require(client.process.poll() is None, "it has ended while it was used")
    client.wait_end()
    server.wait_log(r" ended: .*idle")
    server.stop()


@test("maxoctets counts what takes the device")
def traffic_limit():
    server = new_server(options="maxoctets 20000\n")
    client, _ = connect(server)
    client.ping("-s", 1000, count=3)
    here, there = lib.tunnel_connection(client)
    with here, there:
        there.settimeout(lib.PATIENCE)
        try:
            there.sendall(bytes(1 << 20))
        except OSError:
            pass
        client.wait_end()
    server.wait_log(r" ended: .*traffic limit")
    server.stop()


@test("no compression is agreed on, whatever the options say")
def compression():
    allowed = "".join(line for line in lib.OPTIONS.splitlines(True) if not re.match(
        r"no(ccp|vj|vjccomp|bsdcomp|deflate)\b", line))
    server = Server({"ppp": {"data-path": "tun"}}, options=allowed).start()
    wanted = re.sub(r"(?m)^no(ccp|vj|vjccomp|bsdcomp|deflate)\n", "", lib.CLIENT_OPTIONS)
    client, interface = connect(server, options=wanted)
    require(interface.startswith("pppsstp"), interface)
    client.ping("-s", 1000)
    here, there = lib.tunnel_connection(client)
    lib.transfer(here, there, 1)
    require(not client.ppp_log.find(r"rcvd \[IPCP ConfAck .*VJ"), "VJ is agreed on")
    require(not client.ppp_log.find(r"compression enabled"), "CCP is agreed on")
    end(server, client)


@test("options that need pppd's own interface keep a session on the pty")
def filters():
    server = new_server(options="pass-filter 'not udp port 9'\n")
    client, interface = connect(server)
    require(re.fullmatch(r"ppp\d+", interface), interface)
    server.wait_log(r"packets take the pty: its options have a packet filter")
    client.ping()
    end(server, client)


lib.main(lib.check_tun)
