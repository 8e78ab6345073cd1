# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""A reader of capture files in the format pcapng, as far as they have one
interface. It takes nothing for granted that the format does not promise."""

import struct

SECTION, INTERFACE, STATISTICS, PACKET = 0x0a0d0d0a, 1, 5, 6
LINKTYPE_PPP = 9
INBOUND, OUTBOUND = 1, 2


class Frame:
    def __init__(self, order, body, options):
        _, high, low, kept, self.length = struct.unpack(order + "5I", body[:20])
        self.ns = high << 32 | low
        self.bytes = body[20:20 + kept]
        assert len(self.bytes) == kept <= self.length, "a frame is cut"
        self.inbound = unpack(order, options[2], "I") & 3 == INBOUND
        self.dropped = unpack(order, options.get(4), "Q")
        self.comment = options.get(1, b"").decode()

    def __repr__(self):
        return f"{'<' if self.inbound else '>'}{self.bytes[:40].hex()}"


def unpack(order, value, form):
    return 0 if value is None else struct.unpack(order + form, value)[0]


def padded(n):
    return (n + 3) & ~3


def parse_options(order, data):
    found = {}
    while data:
        code, n = struct.unpack(order + "HH", data[:4])
        if code == 0:
            assert n == 0 and len(data) == 4, f"after the end: {data[4:].hex()}"
            break
        assert code not in found, f"option {code} is there twice"
        found[code] = data[4:4 + n]
        assert not any(data[4 + n:4 + padded(n)]), "padding is not zero"
        data = data[4 + padded(n):]
    return found


def blocks(data):
    """(type, byte order, body) of each block."""
    order = None
    while data:
        if order is None:
            order = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}[data[8:12]]
        kind, n = struct.unpack(order + "II", data[:8])
        assert n % 4 == 0 and 12 <= n <= len(data), f"a block of {n} bytes"
        assert data[n - 4:n] == data[4:8], "its two lengths differ"
        yield kind, order, data[8:n - 4]
        data = data[n:]


class Capture:
    """What a file has; complete: also its last block."""

    def __init__(self, data):
        self.frames = []
        self.complete = False
        parts = blocks(data)
        kind, order, body = next(parts)
        assert kind == SECTION, kind
        assert struct.unpack(order + "HH", body[4:8]) == (1, 0), body
        self.application = parse_options(order, body[16:])[4].decode()
        kind, order, body = next(parts)
        assert kind == INTERFACE and \
            struct.unpack(order + "H", body[:2]) == (LINKTYPE_PPP,), body
        options = parse_options(order, body[8:])
        assert options[9] == b"\x09", "times are not in nanoseconds"
        self.name, self.description, self.comment = \
            (options[code].decode() for code in (2, 3, 1))
        for kind, order, body in parts:
            assert not self.complete, "something after the statistics"
            self.take(kind, order, body)

    def take(self, kind, order, body):
        if kind == PACKET:
            kept = struct.unpack(order + "I", body[12:16])[0]
            options = parse_options(order, body[20 + padded(kept):])
            self.frames.append(Frame(order, body, options))
            return
        assert kind == STATISTICS, f"block of type {kind}"
        options = parse_options(order, body[12:])
        self.begin, self.end, self.received, self.dropped = \
            (unpack(order, options[code], "Q") for code in (2, 3, 4, 5))
        self.complete = True

    def inbound(self):
        return [f.bytes for f in self.frames if f.inbound]

    def outbound(self):
        return [f.bytes for f in self.frames if not f.inbound]


def read(path):
    with open(path, "rb") as file:
        return Capture(file.read())
