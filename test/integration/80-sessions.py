#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Many sessions at once, their addresses, and processes that die."""

import os
import re
import select
import signal
import socket
import time

import sstp
from lib import PATIENCE, UP, main, test, wait_until
from sstp import abort, attribute, data, message

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
    d.wait_log("cause=pool-empty", size)
    assert len(re.findall("cause=pool-empty", d.log(size))) == 1, d.log(size)
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


GARBAGE = b"\x17\x03\x03\0\x20" + bytes(32)  # no record of this connection
BAD = message(sstp.CALL_CONNECT_REQUEST, attribute(1, b"\0\2"))
NO_KEYS = "auth mschapv2 alice\necho\n"

ANYWHERE = [  # what ends a connection in each state
    lambda c: c.close(),
    lambda c: c.reset(),
    lambda c: c.end_tls(),
    lambda c: c.send_raw(GARBAGE),
    lambda c: c.send(b"\x11" + bytes(7)),
    lambda c: c.send(bytes(8)),
]
IN_A_CALL = ANYWHERE + [
    lambda c: c.send(message(99)),
    lambda c: c.send(message(99), abort(2, 7)),
    lambda c: c.send(sstp.SHORT_ABORT, abort(2, 5)),
    lambda c: c.send(sstp.SHORT_DISCONNECT),
    lambda c: c.send(sstp.DISCONNECT, sstp.DISCONNECT),
    lambda c: c.send(sstp.DISCONNECT_ACK),
    lambda c: c.send(message(sstp.CALL_CONNECT_ACK)),
]
IN_PPP = IN_A_CALL + [
    lambda c: c.send(BAD),
    lambda c: c.send(message(sstp.CALL_CONNECTED)),
    lambda c: c.send(c.proof(nonce=bytes(32))),
    lambda c: c.send(c.proof(hlak=sstp.NO_HLAK)),
    lambda c: c.send(c.proof(certificate=b"")),
    lambda c: c.send(c.proof(), c.proof()),
]
OF_PPPD = [  # scripts that end by themselves, or are ended by the server
    "exit 0", "exit 11", "die 127", "garbage-plugin", "close-plugin",
    "auth pap alice", NO_KEYS, "request-address", UP + "exit 16",
    "ignore-term\n" + UP + "garbage-plugin",
]


def end_all_ways(d):
    """Each way once; what comes after it is the caller's."""
    for leave in ANYWHERE:
        yield d.client(), leave
    yield d.client(handshake=False), lambda c: c.send(GARBAGE)
    yield d.client(handshake=False), lambda c: c.close()
    yield d.client(), lambda c: c.send(sstp.request_head(path="/"))
    for leave in IN_A_CALL:
        yield d.crp(), leave
    yield d.crp(), lambda c: c.send(BAD, BAD, BAD, BAD)
    for leave in IN_PPP:
        c = d.ccp()
        c.expect_data(sstp.CHAP_SUCCESS)
        yield c, leave
        yield d.cc(), leave
    for script in OF_PPPD:
        yield d.ccp(script), lambda c: None
    for number in (signal.SIGKILL, signal.SIGTERM):
        yield d.cc(), lambda c, n=number: os.kill(d.pppd_of(c), n)


@test("case 97: sessions end in every way, a hundred others do not notice",
      "timers")
def undisturbed(d):
    # these end by themselves while the others come and go
    waiting = [d.client(handshake=False), d.client(), d.crp(),
               d.ccp("echo")]
    others = [d.cc() for _ in range(100)]
    for c, leave in end_all_ways(d):
        leave(c)
        d.crp().close()
    for c in waiting:
        while not is_closed(c):
            pass
    assert len(d.pppds()) >= 100
    for c in others:
        c.ping()


def is_closed(c):
    """Read on; its end must come."""
    try:
        return c.tls.recv(65536) == b""
    except TimeoutError:
        raise AssertionError("a connection does not end") from None
    except OSError:
        return True


@test("case 97: a client is silent for too long, a hundred others are not",
      "hello")
def silent_one(d):
    others = []
    while len(others) < 100:
        others.append(d.cc())
        answer(others, 0)
    victim = d.cc()
    end = time.monotonic() + PATIENCE
    for last_word in (lambda: victim.expect(sstp.ECHO), victim.expect_closed):
        while victim not in answer(others + [victim], 1, victim):
            assert time.monotonic() < end, "the silent one lives on"
        last_word()
    for c in others:
        c.send(sstp.ECHO)
        got = c.read().bytes
        if got == sstp.ECHO:
            got = c.read().bytes
        assert got == sstp.ECHO_REPLY, got.hex()


def answer(clients, seconds, silent=None):
    """Answer echo requests; returns those that had something to read."""
    sockets = {c.tls: c for c in clients}
    readable = [sockets[tls] for tls in
                select.select(list(sockets), [], [], seconds)[0]]
    for c in readable:
        if c is not silent:
            c.expect(sstp.ECHO)
            c.send(sstp.ECHO_REPLY)
    return readable


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


main(timers={"sstp": {"tls-timeout": "2s", "http-timeout": "2s",
                      "negotiation-timeout": "3s", "auth-timeout": "3s"}},
     hello={"sstp": {"hello-interval": "2s"}},
     small={"pool": {"addresses": "10.99.0.10-10.99.0.11"}})
