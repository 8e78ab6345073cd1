# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""An SSTP server with PPP in a few lines, for one connection of a client that may
log in without authentication. Its packets go to a tun device, or nowhere; tests
make it say what they like."""

import os
import queue
import select
import socket
import struct
import threading

import sstp

LCP, IPCP, IPV6CP, IP, IPV6 = 0xc021, 0x8021, 0x8057, 0x0021, 0x0057
REQUEST, ACK, NAK, TERM_REQUEST, TERM_ACK, ECHO = 1, 2, 3, 5, 6, 9
MRU, MAGIC = 1, 5
ADDRESS, DNS = 3, 129
CALL_ACK = sstp.message(sstp.CALL_CONNECT_ACK, sstp.attribute(4, bytes([0, 0, 0, 3]) + bytes(32)))


def frame(protocol, body):
    return sstp.data(struct.pack(">HH", 0xff03, protocol) + body)


def packet(protocol, code, ident, body=b""):
    return frame(protocol, struct.pack(">BBH", code, ident, len(body) + 4) + body)


def option(kind, value):
    return bytes((kind, len(value) + 2)) + value


class Server(threading.Thread):
    """mru is what it takes; ipv6 is its identifier, or None."""

    def __init__(self, context, address, peer, tun=None, mru=1400, dns=None, ipv6=None, port=0):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.target = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.context, self.tun, self.mru, self.ipv6 = context, tun, mru, ipv6
        self.address, self.peer = socket.inet_aton(address), socket.inet_aton(peer)
        self.dns = socket.inet_aton(dns) if dns else None
        self.tls, self.input = None, b""
        self.orders, self.wake = queue.Queue(), os.pipe()
        self.reads = True
        # what tests look at
        self.failed, self.said = None, []
        self.icmp = 0  # packets; of TCP, there may be some of older connections
        self.asked = {}  # {protocol: the options of its last request}
        self.most_in_record = 0  # packets
        self.start()

    def send(self, *packets):
        self.tls.sendall(b"".join(packets))

    def do(self, function):
        """In the server's thread, which is the only one that may use its TLS."""
        self.orders.put(function)
        os.write(self.wake[1], b"x")

    def run(self):
        try:
            connection, _ = self.listener.accept()
            with connection, self.context.wrap_socket(connection, server_side=True) as self.tls:
                self.tls.recv(4096)
                self.send(b"HTTP/1.1 200 OK\r\n\r\n")
                while self.step():
                    pass
        except (OSError, EOFError):
            pass
        except Exception as error:  # for the test to see
            self.failed = error
        finally:
            self.listener.close()

    def step(self):
        sources = [self.wake[0]] + [self.tls] * self.reads
        sources += [self.tun] if self.tun is not None else []
        ready = select.select(sources, [], [])[0]
        if self.wake[0] in ready:
            os.read(self.wake[0], 1)
            self.orders.get()()
        if self.tun in ready:
            self.to_client(os.read(self.tun, 65536))
        while self.tls in ready and self.reads and (
                self.tls.pending() or select.select([self.tls], [], [], 0)[0]):
            record = self.tls.recv(1 << 15)
            if not record:
                return False
            self.take(record)
        return True

    def to_client(self, data):
        self.send(frame(IPV6 if data[0] >> 4 == 6 else IP, data))

    def take(self, record):
        self.input += record
        count = 0
        while len(self.input) >= 4:
            n = struct.unpack(">H", self.input[2:4])[0] & 0xfff
            if len(self.input) < n:
                break
            one, self.input = self.input[:n], self.input[n:]
            count += 1
            if one[1] & 1:
                self.on_message(struct.unpack(">H", one[4:6])[0])
            else:
                self.on_frame(one[4:])
        self.most_in_record = max(self.most_in_record, count)

    # SSTP

    def on_message(self, kind):
        self.said.append(kind)
        if kind == sstp.CALL_CONNECT_REQUEST:
            self.send(CALL_ACK)
            wanted = option(MRU, struct.pack(">H", self.mru)) + option(MAGIC, b"abcd")
            self.send(packet(LCP, REQUEST, 1, wanted))
        elif kind == sstp.CALL_CONNECTED:
            self.send(packet(IPCP, REQUEST, 1, option(ADDRESS, self.peer)))
            if self.ipv6:
                self.ask_ipv6()
        elif kind == sstp.ECHO_REQUEST:
            self.send(sstp.ECHO_REPLY)
        elif kind == sstp.CALL_DISCONNECT:
            self.send(sstp.DISCONNECT_ACK)

    def ask_ipv6(self):
        self.send(packet(IPV6CP, REQUEST, 1, option(1, self.ipv6)))

    # PPP

    def on_frame(self, data):
        protocol = struct.unpack(">H", data[2:4])[0]
        if protocol in (IP, IPV6):
            self.icmp += protocol == IP and data[13] == socket.IPPROTO_ICMP
            if self.tun is not None:
                os.write(self.tun, data[4:])
            return
        code, ident, length = struct.unpack(">BBH", data[4:8])
        body = data[8:length + 4]
        if code == REQUEST:
            self.on_request(protocol, ident, body)
        elif code == TERM_REQUEST:
            self.send(packet(protocol, TERM_ACK, ident))

    def on_request(self, protocol, ident, body):
        self.asked[protocol] = body
        code, wanted = ACK, body
        if protocol == IPCP:
            wanted = option(ADDRESS, self.address)
            wanted += option(DNS, self.dns) if self.dns else b""
            code = ACK if body.startswith(wanted) else NAK
            wanted = body if code == ACK else wanted
        self.send(packet(protocol, code, ident, wanted))
