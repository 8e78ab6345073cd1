# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""PPP in a few lines, on top of the client of the endings: LCP, PAP, IPCP and
pings, as much as a session with a real pppd takes that is to end in some odd way.
And sstpc in the form of such a client."""

import select
import socket
import struct

import endings
import lib
import sstp

LCP, PAP, IPCP, IP = 0xc021, 0xc023, 0x8021, 0x0021
REQUEST, ACK, NAK, REJECT, PROTOCOL_REJECT, ECHO, ECHO_REPLY = 1, 2, 3, 4, 8, 9, 10
MAGIC = b"\x12\x34\x56\x78"
AUTH_OPTION = 3
WANT_PAP = b"\xc0\x23"


def options(body):
    """[(type, value)] of a Configure packet."""
    found = []
    while body:
        found.append((body[0], body[2:body[1]]))
        body = body[max(body[1], 2):]
    return found


def encode(pairs):
    return b"".join(bytes((kind, len(value) + 2)) + value for kind, value in pairs)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return (total + (total >> 16)) & 0xffff ^ 0xffff


def with_checksum(data, at):
    return data[:at] + struct.pack(">H", checksum(data)) + data[at + 2:]


class PppClient(endings.Client):
    """A session of alice, by PAP, so that its binding needs no keys."""

    password = lib.PASSWORD
    address = peer = None
    pings = 0

    def proof(self, **changes):
        return super().proof(**{"hlak": sstp.NO_HLAK, **changes})

    # frames

    def read(self):
        """pppd, too, asks from time to time whether we are there."""
        while True:
            packet = super().read()
            frame = packet.payload
            if packet.control or not self.answer_echo or \
                    frame[:5] != b"\xff\x03\xc0\x21" + bytes((ECHO,)):
                return packet
            self.send_packet(LCP, ECHO_REPLY, frame[5], MAGIC + frame[12:])

    def send_packet(self, protocol, code, ident, body=b""):
        head = struct.pack(">HHBBH", 0xff03, protocol, code, ident, len(body) + 4)
        self.send(sstp.data(head + body))

    def take_packet(self):
        """Protocol, code, identifier and body of the next control frame."""
        while True:
            packet = self.read()
            assert not packet.control, f"instead of PPP came {packet}"
            frame = packet.payload.removeprefix(b"\xff\x03")
            protocol, code, ident, length = struct.unpack(">HBBH", frame[:6])
            if protocol >= 0x8000:
                return protocol, code, ident, frame[6:length + 2]

    def other(self, protocol, code, ident, body):
        """What is not being negotiated."""
        if protocol not in (LCP, PAP, IPCP):
            rejected = struct.pack(">HBBH", protocol, code, ident, len(body) + 4)
            self.send_packet(LCP, PROTOCOL_REJECT, 1, rejected + body)

    def answer(self, protocol, ident, body):
        """Whether a request of pppd is fine with us."""
        wrong = protocol == LCP and [
            kind for kind, value in options(body)
            if kind == AUTH_OPTION and value != WANT_PAP]
        if wrong:
            body = encode([(AUTH_OPTION, WANT_PAP)])
        self.send_packet(protocol, NAK if wrong else ACK, ident, body)
        return not wrong

    def negotiate(self, protocol, wanted):
        """Returns our options as pppd has acknowledged them."""
        ident, local, remote = 1, False, False
        self.send_packet(protocol, REQUEST, ident, encode(wanted.items()))
        while not (local and remote):
            packet = got, code, number, body = self.take_packet()
            if got != protocol:
                self.other(*packet)
            elif code == REQUEST:
                remote = self.answer(protocol, number, body)
                self.heard = dict(options(body))
            elif code == ACK and number == ident:
                local = True
            elif code in (NAK, REJECT) and number == ident:
                wanted = {**wanted, **dict(options(body))} if code == NAK else \
                    {k: v for k, v in wanted.items() if k not in dict(options(body))}
                ident += 1
                self.send_packet(protocol, REQUEST, ident, encode(wanted.items()))
            else:
                self.other(*packet)
        return wanted

    # what the endings ask for

    def log_in(self, password):
        """The code of pppd's answer."""
        self.negotiate(LCP, {5: MAGIC})
        user, secret = b"alice", password.encode()
        self.send_packet(PAP, REQUEST, 1, bytes((len(user),)) + user +
                         bytes((len(secret),)) + secret)
        while True:
            packet = self.take_packet()
            if packet[0] == PAP:
                return packet[1]
            self.other(*packet)

    def authenticate(self):
        assert self.log_in(self.password) == ACK, "the login is refused"

    def fail_login(self):
        assert self.log_in("something else") == NAK, "the login is not refused"

    def establish(self):
        self.authenticate()
        self.send(self.proof())
        self.address = self.negotiate(IPCP, {3: bytes(4)})[3]
        self.peer = self.heard[3]
        self.first_ping()

    def first_ping(self):
        """Until pppd has told its kernel that the link is up, it drops them."""
        for _ in range(lib.PATIENCE):
            frame = self.echo_frame(64)
            self.send(sstp.data(frame))
            while self.tls.pending() or select.select([self.tls], [], [], 1)[0]:
                packet = self.read()
                assert not packet.control, f"instead of a ping came {packet}"
                if self.is_echo(frame, packet.payload):
                    return
        raise AssertionError("no ping comes back")

    def echo_frame(self, size):
        """An echo request to the server's end of the tunnel."""
        self.pings += 1
        icmp = struct.pack(">BBHHH", 8, 0, 0, 7, self.pings & 0xffff) + bytes(size)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64,
                         socket.IPPROTO_ICMP, 0) + self.address + self.peer
        return sstp.ip_frame(with_checksum(ip, 10) + with_checksum(icmp, 2))

    @staticmethod
    def is_echo(sent, received):
        """Its type apart, and the checksum, the reply has all of the request."""
        return received[:4] == sent[:4] and received[24:25] == b"\0" and \
            received[28:] == sent[28:]


# --- sstpc ------------------------------------------------------------------------


class Sstpc:
    """A session of sstpc with its own pppd."""

    def __init__(self, server, password=lib.PASSWORD):
        self.client = lib.Client(server, password=password)

    def transfer(self, sizes):
        for size in list(sizes)[:3]:
            self.client.ping("-s", size, count=1)

    def close(self):
        if self.client.process.poll() is None:
            self.client.hang_up()
        lib.Client.all.remove(self.client)


def sstpc_hangs_up(c):
    c.client.hang_up()


def sstpc_killed(c):
    c.client.process.kill()
    c.client.wait_end()


def sstpc_interrupted(c):
    c.client.process.send_signal(2)
    c.client.wait_end()
