# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Every way in which a session can end, for the soak. An ending gets a client in
the state it begins from, brings the session to its end, and sees to it that the
server said what it should have. They work with a scripted pppd and with a real
one, but for those that need a script."""

import os
import signal
import struct

import sstp
from sstp import abort, data

# states that an ending begins from
TCP, TLS, HTTP, PENDING, UP = range(5)

COMMON, SELDOM = 5, 1  # SELDOM: it has to wait for a timer

endings = []


class Ending:
    def __init__(self, function, begin, script, weight):
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.begin = begin
        self.script = script
        self.weight = weight


def ending(begin, script=None, weight=COMMON):
    def mark(function):
        endings.append(Ending(function, begin, script, weight))
        return function
    return mark


def until_closed(c):
    """Whatever comes, in whatever form the end comes."""
    try:
        while True:
            c.record()
    except (sstp.Closed, OSError):
        pass


def expect_fault(c, raw, attrib, status):
    c.send(raw)
    c.expect_abort(attrib, status)
    c.send(abort(2, 7))
    c.expect_closed()


def expect_disconnect(c):
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    c.expect_closed()


# --- the client says good-bye ---

@ending(UP, weight=2 * COMMON)
def client_disconnects(c):
    c.send(sstp.DISCONNECT)
    c.expect_after_data(sstp.DISCONNECT_ACK)
    c.expect_closed()


@ending(PENDING)
def client_disconnects_early(c):
    client_disconnects(c)


@ending(UP)
def client_disconnects_and_is_gone(c):
    c.send(sstp.SHORT_DISCONNECT)
    c.close()


@ending(UP)
def client_aborts(c):
    c.send(abort(2, 5))
    c.expect_abort(2, 5)
    c.expect_closed()


@ending(PENDING)
def client_aborts_early(c):
    client_aborts(c)


@ending(UP)
def crossed_aborts(c):
    c.send(sstp.message(99) + abort(2, 5))
    c.expect_abort(2, 7)
    c.expect_closed()


# --- the connection ends below SSTP ---

@ending(TCP)
def tcp_only(c):
    c.close()


@ending(TLS)
def tls_only(c):
    c.close()


@ending(HTTP)
def http_only(c):
    c.reset()


@ending(PENDING)
def reset_early(c):
    c.reset()


@ending(UP)
def reset(c):
    c.reset()


@ending(UP)
def reset_under_load(c):
    """With data on its way in both directions that nobody reads."""
    for _ in range(50):
        c.send(data(c.echo_frame(1000)))
    c.reset()


@ending(UP)
def closed_without_tls(c):
    c.close()


@ending(UP)
def half_closed(c):
    c.half_close()
    until_closed(c)


@ending(UP)
def tls_closed(c):
    c.end_tls()


@ending(UP)
def tls_broken(c):
    c.send_raw(b"\x17\x03\x03\0\x20" + bytes(32))
    until_closed(c)


# --- faults of the client ---

@ending(TCP)
def garbage_for_tls(c):
    c.sock.sendall(b"\x16\x03\x01" + bytes(range(200)))
    until_closed(c)


@ending(TLS)
def garbage_for_http(c):
    c.send(b"no request\0\r\n\r\n")
    assert sstp.Reply(c.record()).status == 400
    c.expect_closed()


@ending(TLS)
def other_request(c):
    c.send(b"GET / HTTP/1.1\r\n\r\n")
    assert sstp.Reply(c.record()).status == 405
    c.expect_closed()


@ending(HTTP)
def request_refused(c):
    other = sstp.message(sstp.CALL_CONNECT_REQUEST, sstp.attribute(1, b"\0\2"))
    for _ in range(3):
        c.send(other)
        assert c.read().type == sstp.CALL_CONNECT_NAK
    expect_fault(c, other, 2, 6)


@ending(UP)
def garbage(c):
    c.send(bytes(8))
    c.expect_after_data_closed()


@ending(UP)
def unknown_message(c):
    expect_fault(c, sstp.message(99), 2, 7)


@ending(UP)
def request_again(c):
    expect_fault(c, sstp.REQUEST, 2, 5)


@ending(PENDING)
def wrong_proof(c):
    c.authenticate()
    expect_fault(c, c.proof(hlak=bytes(range(32))), 3, 4)


@ending(PENDING)
def wrong_certificate(c):
    c.authenticate()
    expect_fault(c, c.proof(certificate=b"another"), 3, 4)


@ending(UP)
def proof_again(c):
    expect_fault(c, c.proof(), 2, 5)


# --- pppd ends ---

@ending(UP)
def pppd_terminated(c):
    os.kill(c.pppd(), signal.SIGTERM)
    expect_disconnect(c)


@ending(UP)
def pppd_killed(c):
    os.kill(c.pppd(), signal.SIGKILL)
    expect_disconnect(c)


@ending(PENDING)
def pppd_killed_early(c):
    c.authenticate()
    os.kill(c.pppd(), signal.SIGKILL)
    expect_disconnect(c)


@ending(UP)
def pppd_killed_and_client_gone(c):
    os.kill(c.pppd(), signal.SIGKILL)
    c.reset()


@ending(PENDING, script="refused")
def login_refused(c):
    c.fail_login()
    expect_disconnect(c)


@ending(UP, script="exit")
def pppd_exits(c):
    c.send(data(sstp.LCP))
    expect_disconnect(c)


@ending(PENDING, script="die")
def pppd_dies_at_once(c):
    expect_disconnect(c)


@ending(PENDING, script="method")
def method_not_allowed(c):
    expect_disconnect(c)


@ending(UP, script="garbage-plugin")
def plugin_sends_garbage(c):
    c.send(data(sstp.LCP))
    expect_disconnect(c)


@ending(UP, script="close-plugin")
def plugin_is_gone(c):
    c.send(data(sstp.LCP))
    expect_disconnect(c)


@ending(UP, script="stubborn", weight=SELDOM)
def pppd_has_to_be_killed(c):
    client_disconnects(c)


@ending(UP, script="source")
def reset_while_reading(c):
    c.send(data(sstp.LCP))
    c.read()
    c.reset()


# --- time runs out; the server's timers are short for that ---

@ending(TLS, weight=SELDOM)
def no_request(c):
    c.expect_closed()


@ending(HTTP, weight=SELDOM)
def no_connect_request(c):
    c.expect_abort(2, 8)
    c.expect_closed()


@ending(PENDING, weight=SELDOM)
def no_proof(c):
    c.authenticate()
    c.expect_abort(2, 8)
    c.expect_closed()


@ending(UP, weight=SELDOM)
def hello_lost(c):
    c.answer_echo = False
    c.expect_after_data(sstp.ECHO)
    c.expect_after_data_closed()


@ending(UP, weight=SELDOM)
def abort_not_answered(c):
    c.send(sstp.message(99))
    c.expect_abort(2, 7)
    c.expect_closed()


@ending(UP, weight=SELDOM)
def disconnect_not_answered(c):
    os.kill(c.pppd(), signal.SIGKILL)
    c.expect_after_data(sstp.DISCONNECT)
    c.expect_closed()


class Client(sstp.Client):
    """What the endings need, on top of a client of the integration tests. The
    rest depends on the pppd: authenticate() and fail_login() while the state is
    PENDING, establish() from there to UP, echo_frame() and is_echo()."""

    def __init__(self, address, name, pppd, begin, **options):
        super().__init__(address, name, handshake=begin > TCP, **options)
        self.find_pppd = pppd
        self.answer_echo = True
        if begin >= HTTP:
            self.http()
        if begin >= PENDING:
            self.request()
        if begin >= UP:
            self.establish()

    def pppd(self):
        return self.find_pppd("%s:%d" % self.tls.getsockname()[:2])

    def read(self):
        """A busy machine may make the server ask whether we are still there."""
        while True:
            packet = super().read()
            if packet.bytes != sstp.ECHO or not self.answer_echo:
                return packet
            self.send(sstp.ECHO_REPLY)

    def expect_after_data_closed(self):
        try:
            while True:
                packet = self.read()
                assert not packet.control, f"not closed, but got {packet}"
        except sstp.Closed:
            pass

    def transfer(self, sizes):
        """Frames of these sizes, to the other end and back."""
        waiting = [self.echo_frame(size) for size in sizes]
        self.send(*map(data, waiting))
        while waiting:
            packet = self.read()
            assert not packet.control, f"instead of data came {packet}"
            found = [f for f in waiting if self.is_echo(f, packet.payload)]
            for frame in found[:1]:
                waiting.remove(frame)


class ScriptedClient(Client):
    """Of a server whose pppd is fakepppd, with one of these scripts."""

    counter = 0

    def authenticate(self):
        self.expect_data(sstp.CHAP_SUCCESS)

    def fail_login(self):
        """Its script is the one for that."""
        self.send(data(sstp.LCP))
        self.expect_data(sstp.CHAP_FAILURE)

    def establish(self):
        self.authenticate()
        self.send(self.proof())
        self.ping()

    def echo_frame(self, size):
        ScriptedClient.counter += 1
        head = struct.pack(">Q", ScriptedClient.counter)
        return sstp.ip_frame((head * (size // 8 + 1))[:size])

    @staticmethod
    def is_echo(sent, received):
        return sent == received


def scripts(up):
    """Of fakepppd, by name; up brings a session up."""
    begin = f"{up}wait-frame {sstp.LCP.hex()}\n"
    return {
        "up": up,
        "exit": begin + "exit 0\n",
        "die": "die 1\n",
        "method": "auth chap-md5 alice\n",
        "garbage-plugin": begin + "garbage-plugin\n",
        "close-plugin": begin + "close-plugin\n",
        "stubborn": up + "ignore-term\n",
        "source": begin + "source 2000 1400\n",
        "refused": f"wait-frame {sstp.LCP.hex()}\n"
                   f"send {sstp.CHAP_FAILURE.hex()}\n"
                   f"send {sstp.TERMINATE.hex()}\nexit 11\n",
    }
