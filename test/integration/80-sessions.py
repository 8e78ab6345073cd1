#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Many sessions at once, their addresses, and processes that die."""

import os
import re
import signal
import socket

import sstp
from lib import UP, main, test, wait_until
from sstp import abort, data

IPCP = bytes.fromhex("ff03802101")
GETS_ADDRESS = UP + f"request-address\nup\nsend {IPCP.hex()}\n"


def with_address(d, script=GETS_ADDRESS):
    """A client in its tunnel, and the address it was given."""
    c = d.ccp(script)
    c.expect_data(sstp.CHAP_SUCCESS)
    c.expect_data(IPCP)
    c.send(c.proof())
    c.ping()
    return c, d.wait_event(c, "address ").split()[1]


def refused_an_address(d):
    c = d.ccp(GETS_ADDRESS)
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()
    assert d.wait_event(c, "address ") == "address 0.0.0.0"


def hang_up(c):
    c.send(sstp.DISCONNECT)
    c.expect_after_data(sstp.DISCONNECT_ACK)
    c.expect_closed()


@test("fifty sessions at once, each with its own address")
def fifty(d):
    sessions = [with_address(d) for _ in range(50)]
    addresses = {address for _, address in sessions}
    assert len(addresses) == 50, sorted(addresses)
    assert all(re.match(r"10\.99\.0\.\d+$", a) for a in addresses)
    assert "10.99.0.1" not in addresses
    assert len({c.nonce for c, _ in sessions}) == 50
    assert len(d.pppds()) == 50
    for c, _ in sessions:
        c.ping()
    for c, _ in sessions:
        c.send(sstp.DISCONNECT)
    for c, _ in sessions:
        c.expect_after_data(sstp.DISCONNECT_ACK)
        c.expect_closed()


@test("each session has a name of its own")
def names(d):
    clients = [d.cc() for _ in range(8)]
    found = {re.search(r"session=(\S+)", d.wait_event(c, "session "))[1]
             for c in clients}
    assert len(found) == 8, found
    for c in clients:
        name = re.search(r"session=(\S+)", d.wait_event(c, "session "))[1]
        argv = d.wait_event(c, "argv").split()
        assert argv[argv.index("ipparam") + 1] == name, (argv, name)


@test("an empty pool refuses that client only, in one line of the log",
      "small")
def exhausted(d):
    sessions = [with_address(d), with_address(d)]
    size = d.log_size()
    refused_an_address(d)
    d.wait_log("pool", size)
    assert len(re.findall("pool", d.log(size))) == 1, d.log(size)
    for c, _ in sessions:
        c.ping()
    # an address comes back with the end of its session
    hang_up(sessions[0][0])
    wait_until(lambda: len(d.pppds()) == 1, "the end of its pppd")
    _, again = with_address(d)
    assert again == sessions[0][1], (again, sessions)
    refused_an_address(d)


@test("an address comes back however its session ended", "small")
def given_back(d):
    def by_kill(c):
        os.kill(d.pppd_of(c), signal.SIGKILL)
        c.expect_after_data(sstp.DISCONNECT)

    ways = [hang_up, by_kill, lambda c: c.reset(), lambda c: c.close(),
            lambda c: c.send(bytes(8)), lambda c: c.send(sstp.message(99))]
    for leave in ways:
        pair = [with_address(d)[0], with_address(d)[0]]
        for c in pair:
            leave(c)
        wait_until(lambda: not d.pppds(), "the end of both pppds")


@test("the same user gets the same address again", "small")
def sticky(d):
    c, first = with_address(d)
    d.settle()
    other = GETS_ADDRESS.replace("alice", "bob")
    c, second = with_address(d, other)
    assert second != first, (first, second)
    d.settle()
    for script, wanted in ((GETS_ADDRESS, first), (other, second)):
        c, address = with_address(d, script)
        assert address == wanted, (address, wanted)
        hang_up(c)
        wait_until(lambda: not d.pppds(), "the end of its pppd")


@test("an address chosen elsewhere is taken, but not twice", "small")
def chosen(d):
    script = GETS_ADDRESS.replace("request-address",
                                  "request-address 10.98.0.7")
    c, address = with_address(d, script)
    assert address == "10.98.0.7", address
    size = d.log_size()
    other = d.ccp(script)
    other.expect_after_data(sstp.DISCONNECT)
    assert d.wait_event(other, "address ") == "address 0.0.0.0"
    d.wait_log("address is already in use", size)
    c.ping()


@test("a pppd killed ends its session, and no other")
def pppd_killed(d):
    clients = [d.cc() for _ in range(4)]
    size = d.log_size()
    os.kill(d.pppd_of(clients[1]), signal.SIGKILL)
    clients[1].expect(sstp.DISCONNECT)
    clients[1].send(sstp.DISCONNECT_ACK)
    clients[1].expect_closed()
    d.wait_log("signal 9|SIGKILL|killed|Killed", size)
    for c in clients[:1] + clients[2:]:
        c.ping()


@test("case 97: sessions end in every way, the others do not notice")
def undisturbed(d):
    others = [d.cc() for _ in range(20)]
    endings = [hang_up, lambda c: c.reset(), lambda c: c.close(),
               lambda c: c.end_tls(), lambda c: c.send(bytes(8)),
               lambda c: c.send(sstp.message(99)),
               lambda c: c.send(sstp.abort(2, 5)),
               lambda c: c.send(sstp.DISCONNECT_ACK),
               lambda c: c.send_raw(b"\x17\x03\x03\0\x20" + bytes(32)),
               lambda c: os.kill(d.pppd_of(c), signal.SIGKILL),
               lambda c: os.kill(d.pppd_of(c), signal.SIGTERM)]
    for leave in endings:
        c = d.cc()
        leave(c)
        d.cc()
    for c in others:
        c.ping()


@test("a pppd that is late does not open another session's tty")
def late(d):
    for leave in (lambda c: c.reset(), lambda c: c.send(abort(2, 5))):
        clients = [d.ccp("slow-start 300\n" + UP) for _ in range(4)]
        for c in clients:
            d.wait_event(c, "argv")
        for c in clients:
            leave(c)
        # some of these get what the others have given back
        others = [d.cc() for _ in range(6)]
        wait_until(lambda: len(d.pppds()) == 6, "the end of those in vain")
        for c in others:
            c.ping()
        d.settle()


def is_alive(c):
    """By its socket: after a failed write to one connection, the ssl module of
    Python 3.13 fails with others, too."""
    with socket.socket(fileno=os.dup(c.tls.fileno())) as raw:
        try:
            return raw.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


@test("a worker killed takes only its own sessions with it", daemon=None)
def worker_killed(make):
    d = make().start()
    clients = [d.cc() for _ in range(16)]
    size = d.log_size()
    victim = d.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    d.wait_log(r"(?i)worker", size)
    living = [c for c in clients if is_alive(c)]
    # the kernel shares connections out; sixteen never all go one way
    assert 0 < len(living) < 16, len(living)
    wait_until(lambda: len(d.pppds()) == len(living),
               "the end of the pppds of the dead worker")
    wait_until(lambda: len(d.worker_pids()) == 2 and
               victim not in d.worker_pids(), "another worker")
    more = [d.cc() for _ in range(16)]
    for c in living + more:
        c.ping()
    d.settle()
    d.stop()


@test("a pppd that never opens its tty, or whose plugin never speaks")
def silent(d):
    c = d.ccp("slow-start 300\n" + UP)
    c.connect()
    # without word from its plugin that it speaks PPP, it gets no frames
    c = d.ccp(f"no-plugin\nsend {sstp.LCP.hex()}\necho\n")
    c.send(data(sstp.LCP))
    c.send(sstp.DISCONNECT)
    c.expect(sstp.DISCONNECT_ACK)
    c.close()
    d.settle()


main(small={"pool": {"addresses": "10.99.0.10-10.99.0.11"}})
