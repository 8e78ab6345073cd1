# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""An SSTP client for tests: packets, crypto binding, and a connection that is
read one TLS record at a time. It can do everything a client must not."""

import hashlib
import hmac
import os
import select
import socket
import ssl
import struct

# Message types, [MS-SSTP] 2.2.2
CALL_CONNECT_REQUEST = 1
CALL_CONNECT_ACK = 2
CALL_CONNECT_NAK = 3
CALL_CONNECTED = 4
CALL_ABORT = 5
CALL_DISCONNECT = 6
CALL_DISCONNECT_ACK = 7
ECHO_REQUEST = 8
ECHO_RESPONSE = 9

SHA1, SHA256 = 1, 2
HASHES = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}

PATH = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
LENGTH = "18446744073709551615"


# --- packets ---

def packet(body, control=True, length=None, version=0x10, reserved=0, r=0):
    """One SSTP packet around body, with any fault one may wish."""
    if length is None:
        length = len(body) + 4
    return struct.pack(">BBH", version, reserved << 1 | control,
                       r << 12 | length) + body


def attribute(ident, value=b"", length=None, reserved=0, r=0):
    if length is None:
        length = len(value) + 4
    return struct.pack(">BBH", reserved, ident, r << 12 | length) + value


def message(kind, *attributes, count=None, **header):
    if count is None:
        count = len(attributes)
    body = struct.pack(">HH", kind, count) + b"".join(attributes)
    return packet(body, **header)


def status_info(attrib, status, value=b""):
    return attribute(2, struct.pack(">3xBI", attrib, status) + value)


def abort(attrib, status):
    return message(CALL_ABORT, status_info(attrib, status))


def nak(*infos):
    return message(CALL_CONNECT_NAK, *[status_info(*i) for i in infos])


def data(frame):
    return packet(frame, control=False)


PPP = attribute(1, b"\0\1")
REQUEST = message(CALL_CONNECT_REQUEST, PPP)
DISCONNECT = message(CALL_DISCONNECT, status_info(0, 0))
DISCONNECT_ACK = message(CALL_DISCONNECT_ACK)
ECHO = message(ECHO_REQUEST)
ECHO_REPLY = message(ECHO_RESPONSE)
SHORT_ABORT = message(CALL_ABORT)
SHORT_DISCONNECT = message(CALL_DISCONNECT)

# PPP frames. LCP and the like are control frames, IP is data.
LCP = bytes.fromhex("ff03c0210901000812345678")
CHAP_SUCCESS = bytes.fromhex("ff03c22303010004")
CHAP_FAILURE = bytes.fromhex("ff03c22304010009453d363931")
TERMINATE = bytes.fromhex("ff03c02105020010557365722072657175657374")


def ip_frame(text=b""):
    return b"\xff\x03\x00\x21" + text


RAMP = bytes(range(256)) * 17  # more than the longest frame


def numbered_frame(size, i):
    """Frame i of those that fakepppd's source sends and its sink expects."""
    head = b"\xff\x03\x00\x21" + struct.pack(">I", i)
    ramp = RAMP[(i + 8) & 255:]
    return head + ramp[:max(size - 8, 0)]


def hdlc(frame):
    """A frame as it goes over a tty, RFC 1662."""
    fcs = 0xffff
    for byte in frame:
        fcs ^= byte
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    out = bytearray(b"\x7e")
    for byte in frame + struct.pack("<H", fcs ^ 0xffff):
        out += bytes((0x7d, byte ^ 0x20)) if byte in b"\x7d\x7e" \
            else bytes((byte,))
    return bytes(out + b"\x7e")


# --- crypto binding, [MS-SSTP] 3.2.5.2 ---

# server's receive and send key of the MS-CHAPv2 sample in RFC 3079
KEYS = (bytes.fromhex("d5f0e9521e3ea9589645e86051c82226"),
        bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb"))
HLAK = KEYS[0] + KEYS[1]
NO_HLAK = bytes(32)


def compound_mac(binding, hlak, kind, derivation=None):
    """derivation: LEN as bytes and the CMK's size, where they are to be wrong."""
    h = HASHES[kind]
    n = h().digest_size
    length, size = derivation or (struct.pack("<H", n), n)
    seed = b"SSTP inner method derived CMK" + length
    first = hmac.new(hlak, seed + b"\1", h).digest()
    second = hmac.new(hlak, first + seed + b"\2", h).digest()
    cmk = (first + second)[:size]
    return hmac.new(cmk, binding[:80] + bytes(32), h).digest()


def call_connected(nonce, certificate, hlak=HLAK, kind=SHA256, protocol=None,
                   derivation=None):
    """The message, for a certificate in DER. protocol is what it claims."""
    h = HASHES[kind](certificate).digest().ljust(32, b"\0")
    value = bytes((0, 0, 0, kind if protocol is None else protocol)) + \
        nonce + h
    m = message(CALL_CONNECTED, attribute(3, value + bytes(32)))
    return m[:80] + compound_mac(m, hlak, kind, derivation).ljust(32, b"\0")


def wrong_derivations(kind):
    """As some clients have had them, of compound_mac()."""
    n = HASHES[kind]().digest_size
    yield struct.pack(">H", n), n
    yield b"", n
    yield struct.pack("<Q", n), n
    if kind == SHA1:
        yield struct.pack("<H", 32), 32


# --- the connection ---

class Closed(Exception):
    """The server ended the connection, with a close_notify."""


class Packet:
    """One packet of the server, which must be flawless and come alone."""

    def __init__(self, record):
        self.bytes = record
        assert len(record) >= 4, f"runt record {record.hex()}"
        version, flags, length = struct.unpack(">BBH", record[:4])
        # the R bits are above the length's twelve
        assert (version, length) == (0x10, len(record)), \
            f"not one whole packet in a TLS record: {record[:32].hex()}"
        assert flags <= 1, f"reserved bits are set: {record[:4].hex()}"
        self.control = flags == 1
        self.payload = record[4:]
        self.type = struct.unpack(">H", record[4:6])[0] if self.control else 0

    def __repr__(self):
        return f"{'control' if self.control else 'data'} " \
            f"{self.bytes[:64].hex()}"


def packets_of(record):
    """The bytes of each packet in a record that may hold many, but no part of one."""
    packets = []
    while record:
        size = max(4, int.from_bytes(record[2:4], "big") & 0xfff)
        packets.append(record[:size])
        record = record[size:]
    return packets


def request_head(method="SSTP_DUPLEX_POST", path=PATH, version="HTTP/1.1",
                 end="\r\n", length=LENGTH, headers=(), correlation=None):
    lines = [f"{method} {path} {version}", "Host: vpn.example.net"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if correlation is not None:
        lines.append(f"SSTPCORRELATIONID: {correlation}")
    lines += headers
    return (end.join(lines) + end + end).encode("latin-1")


class Reply:
    """The head of the server's HTTP reply."""

    def __init__(self, raw):
        assert raw.endswith(b"\r\n\r\n"), f"not a whole head: {raw!r}"
        lines = raw.decode("ascii").split("\r\n")[:-2]
        self.line = lines[0]
        self.fields = [line.split(": ", 1) for line in lines[1:]]
        assert all(len(f) == 2 for f in self.fields), lines
        self.status = int(self.line[9:12])

    def __getitem__(self, name):
        found = [v for n, v in self.fields if n.lower() == name.lower()]
        assert len(found) <= 1, f"{name} is there twice"
        return found[0] if found else None


def forget_errors():
    """The ssl module of Python 3.13 leaves the error of a failed call in
    OpenSSL's queue, where the next connection to be used finds it. Other
    failures of its make it empty that queue."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers("NONE-OF-THESE")
    except ssl.SSLError:
        pass


class Client:
    """A TLS connection to the server; http(), request() and connect() take
    it from state to state."""

    def __init__(self, address, name=None, sni=None, alpn=None, ciphers=None,
                 version=None, session=None, context=None, timeout=20,
                 buffer=None, handshake=True, source=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family)
        sock.settimeout(timeout)
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        if source is not None:  # all of 127/8 is ours
            sock.bind((source, 0))
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = name  # of the script its pppd will run
        self.sock = self.tls = sock
        self.nonce = self.bitmask = self.certificate = None
        self.pings = 0
        self.packs = False  # whether a record of ours held more than a packet
        self.unread = []    # the rest of such a record of the server's
        if context is None:
            context = client_context(alpn, ciphers, version)
        self.context = context
        if handshake:
            self.handshake(sni, session)

    def handshake(self, sni=None, session=None):
        self.tls = self.context.wrap_socket(
            self.sock, server_hostname=sni, session=session,
            suppress_ragged_eofs=False)
        self.certificate = self.tls.getpeercert(binary_form=True)
        return self

    # bytes

    def send(self, *chunks):
        """Each chunk in a TLS record of its own."""
        for chunk in chunks:
            self.packs |= len(packets_of(chunk)) > 1 and chunk[0] == 0x10
            try:
                self.tls.sendall(chunk)
            except OSError:
                forget_errors()
                raise

    def record(self):
        """The next TLS record's content; recv never returns more than one."""
        try:
            record = self.tls.recv(65536)
        except ssl.SSLZeroReturnError:
            record = b""
        except OSError:
            forget_errors()
            raise
        if record == b"":
            raise Closed
        return record

    def read(self):
        if not self.unread:
            record = self.record()
            self.unread = packets_of(record) if self.packs else [record]
        return Packet(self.unread.pop(0))

    # steps

    def correlation(self):
        return None if self.name is None else "{" + self.name + "}"

    def http(self, **request):
        """Open the tunnel, and make sure it is open."""
        request.setdefault("correlation", self.correlation())
        self.send(request_head(**request))
        reply = Reply(self.record())
        assert reply.status == 200, reply.line
        return self

    def take_ack(self):
        ack = self.read()
        assert ack.type == CALL_CONNECT_ACK, ack
        assert len(ack.bytes) == 48 and \
            ack.bytes[4:15] == bytes.fromhex("0002000100040028000000"), ack
        self.bitmask = ack.bytes[15]
        self.nonce = ack.bytes[16:]
        return self

    def request(self):
        """To Server_Call_Connected_Pending."""
        self.send(REQUEST)
        return self.take_ack()

    def proof(self, **changes):
        """A CALL_CONNECTED for this connection, but for the changes."""
        args = {"nonce": self.nonce, "certificate": self.certificate}
        args.update(changes)
        return call_connected(**args)

    def connect(self, **changes):
        """To Server_Call_Connected; the script must send CHAP_SUCCESS once
        the keys are known, and echo."""
        self.expect_data(CHAP_SUCCESS)
        self.send(self.proof(**changes))
        self.ping()
        return self

    def ping(self):
        """An IP frame to pppd and back."""
        self.pings += 1
        frame = ip_frame(b"ping %d" % self.pings)
        self.send(data(frame))
        self.expect_data(frame)

    def fence(self):
        """Nothing came so far, and the connection lives."""
        self.send(ECHO)
        self.expect(ECHO_REPLY)

    # expectations

    def expect(self, wanted):
        """The next packet is this one."""
        got = self.read()
        assert got.bytes == wanted, f"got {got}, not {wanted.hex()}"

    def expect_data(self, wanted):
        """The next packet carries this frame."""
        self.expect(data(wanted))

    def expect_after_data(self, wanted):
        """The next control packet is this one; frames before it go by."""
        while True:
            got = self.read()
            if got.control:
                assert got.bytes == wanted, f"got {got}, not {wanted.hex()}"
                return

    def expect_abort(self, attrib, status):
        self.expect_after_data(abort(attrib, status))

    def expect_closed(self):
        """Nothing more comes but the orderly end."""
        assert not self.unread, self.unread
        try:
            got = self.record()
        except Closed:
            return
        raise AssertionError(f"not closed, but got {got[:64].hex()}")

    def expect_fin(self):
        """TCP ends, too, after the orderly end."""
        assert self.readable(self.tls.gettimeout()), "TCP does not end"
        assert os.read(self.tls.fileno(), 1) == b"", "more than the end"

    def expect_silence(self):
        """Nothing has come so far, not even the end."""
        assert not self.unread and not self.readable(0), "it is not silent"

    def readable(self, timeout):
        return bool(self.tls.pending() or select.select([self.tls], [], [], timeout)[0])

    def expect_refused(self, *chunks):
        """The answer to chunks is an abort of the given kind and the end."""
        self.send(*chunks[:-1])
        self.expect_abort(*chunks[-1])
        self.send(abort(2, 7))
        self.expect_closed()

    # endings

    def close(self):
        """TCP ends, without a word of TLS."""
        self.tls.close()

    def reset(self):
        self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        self.tls.close()

    def half_close(self):
        """TCP ends in one direction; what comes can still be read."""
        socket.socket.shutdown(self.tls, socket.SHUT_WR)

    def end_tls(self):
        """A close_notify, TCP still open."""
        self.tls.settimeout(0)
        try:
            self.tls.unwrap()
        except OSError:
            pass

    def send_raw(self, raw):
        """Bytes below TLS."""
        os.write(self.tls.fileno(), raw)


def client_context(alpn=None, ciphers=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if ciphers is not None:
        context.set_ciphers(ciphers)
    if alpn is not None:
        context.set_alpn_protocols(alpn)
    return context
