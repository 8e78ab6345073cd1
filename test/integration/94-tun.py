#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""IP over a tun device, with the kernel's own TCP at both ends: the server's
end is the session's device, the client's is another one, in a network of its
own, whose packets this program carries in SSTP."""

import ctypes
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import lib
import pcapng
import sstp
from lib import UP, main, test, wait_until
from network import counters, enter_network, ip
from sstp import data
from streams import transfer

OURS, THEIRS = "10.99.0.1", "10.99.0.10"
OURS6, THEIRS6 = "fe80::1", "fe80::2"
BYTES = 4 << 20
TUN_SCRIPT = UP.replace("echo\n", "wait-signal\nup\nup6\n")
UNSENT_MAX = (128 + 64) << 10  # TCP fills up the last of its buffers
QUEUE_MAX = (64 + 64) << 10  # and what one more read may bring
HEAD = {4: b"\xff\x03\x00\x21", 6: b"\xff\x03\x00\x57"}

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def devices():
    return [name for _, name in socket.if_nameindex() if name.startswith("pppsstp")]


def packets(device):
    """How many it has got from the client, and from the kernel."""
    return counters(device)[1], counters(device)[9]


class Network(threading.Thread):
    """The client's: a device, its addresses, sockets."""

    def __init__(self):
        super().__init__()
        self.tun = None
        self.wanted, self.made = None, None
        self.asked, self.answered = threading.Semaphore(0), threading.Semaphore(0)
        self.start()
        self.answered.acquire()

    def run(self):
        """Namespaces are a thread's, and what it opens stays where it was opened."""
        libc.unshare(CLONE_NEWNET)
        self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tun, TUNSETIFF,
                    struct.pack("16sH22x", b"client0", IFF_TUN | IFF_NO_PI))
        ip("link", "set", "client0", "up", "mtu", "1400")
        ip("address", "add", THEIRS, "peer", OURS, "dev", "client0")
        ip("address", "add", THEIRS6, "peer", OURS6, "dev", "client0", "nodad")
        self.answered.release()
        while True:
            self.asked.acquire()
            if self.wanted is None:
                return
            self.made = self.wanted()
            self.answered.release()

    def make(self, function):
        self.wanted = function
        self.asked.release()
        self.answered.acquire()
        return self.made

    def close(self):
        self.wanted = None
        self.asked.release()
        self.join()
        os.close(self.tun)


class Tunnel:
    """A session, and its packets on their way."""

    def __init__(self, d, **options):
        self.client = c = d.ccp(TUN_SCRIPT, **options)
        c.expect_data(sstp.CHAP_SUCCESS)
        self.device = d.wait_event(c, "verdict 1 ").split()[2]
        c.send(c.proof())
        c.fence()
        self.network = Network()
        self.configure(d)
        self.end = os.pipe()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.carry)
        self.failed = None
        self.thread.start()

    def configure(self, d):
        """As pppd does it before it tells that it is up."""
        ip("address", "add", OURS, "peer", THEIRS, "dev", self.device)
        ip("link", "set", self.device, "up", "mtu", "1400")
        ip("address", "add", OURS6, "peer", THEIRS6, "dev", self.device, "nodad")
        os.kill(d.pppd_of(self.client), signal.SIGUSR1)
        d.wait_log(r" up: interface=fake\d+ local-address=fe80", d.before)

    def carry(self):
        try:
            while self.end[0] not in self.step():
                pass
        except Exception as error:  # for the test to see
            self.failed = error

    def step(self):
        tls = self.client.tls
        ready = select.select([tls, self.network.tun, self.end[0]], [], [])[0]
        if self.network.tun in ready:
            packet = os.read(self.network.tun, 65536)
            self.client.send(data(HEAD[packet[0] >> 4] + packet))
        while tls in ready and (tls.pending() or select.select([tls], [], [], 0)[0]):
            got = self.client.read()
            frame = got.payload
            if not got.control and frame[:4] in HEAD.values():
                assert len(frame) <= 1404, f"a frame of {len(frame)} bytes"
                assert frame[:4] == HEAD[frame[4] >> 4], f"the header of {frame.hex()}"
                os.write(self.network.tun, frame[4:])
        return ready

    def close(self):
        os.write(self.end[1], b"x")
        self.thread.join()
        self.network.close()
        for fd in self.end:
            os.close(fd)
        assert self.failed is None, f"carrying packets: {self.failed!r}"


def tunnel(function):
    def run(d):
        d.before = d.log_size()
        t = Tunnel(d)
        try:
            function(d, t)
        finally:
            t.close()
    return run


def connection(t, family=socket.AF_INET, ours=(OURS,), theirs=(OURS,)):
    """TCP through the tunnel: our end and the client's."""
    with socket.socket(family) as listener:
        listener.bind((*ours[:1], 0, *ours[1:]))
        listener.listen()
        port = listener.getsockname()[1]
        there = t.network.make(lambda: socket.socket(family))
        there.settimeout(lib.PATIENCE)
        there.connect((theirs[0], port, *theirs[1:]))
        here = listener.accept()[0]
    here.settimeout(lib.PATIENCE)
    return here, there


@test("TCP over IPv4, each way", daemon="tun")
@tunnel
def tcp4(_, t):
    here, there = connection(t)
    transfer(here, there, BYTES)
    here, there = connection(t)
    transfer(there, here, BYTES)


@test("TCP over IPv6, each way", daemon="tun")
@tunnel
def tcp6(_, t):
    index = socket.if_nametoindex(t.device)
    there = t.network.make(lambda: socket.if_nametoindex("client0"))
    ends = socket.AF_INET6, (OURS6, 0, index), (OURS6, 0, there)
    here, there = connection(t, *ends)
    transfer(here, there, BYTES)
    here, there = connection(t, *ends)
    transfer(there, here, BYTES)


@test("UDP of any size, each way", daemon="tun")
@tunnel
def udp(_, t):
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there = t.network.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with here, there:
        here.settimeout(lib.PATIENCE)
        there.settimeout(lib.PATIENCE)
        here.bind((OURS, 0))
        for size in (0, 1, 2, 1371, 1372, 1373, 5000, 60001):
            sent = os.urandom(size)
            there.sendto(sent, here.getsockname())
            got, peer = here.recvfrom(1 << 16)
            assert got == sent, f"{size} bytes to the server"
            here.sendto(sent, peer)
            assert there.recv(1 << 16) == sent, f"{size} bytes to the client"


@test("datagrams sent by one call come one by one", daemon="tun")
@tunnel
def udp_segments(_, t):
    size, count = 1000, 30
    there = t.network.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with there, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
        there.settimeout(lib.PATIENCE)
        there.bind((THEIRS, 0))
        sent = os.urandom(size * count - 1)
        here.sendto(sent, there.getsockname())
        pieces = [sent[i:i + size] for i in range(0, len(sent), size)]
        for piece in pieces:
            assert there.recv(1 << 16) == piece


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return 0xffff - (total + (total >> 16) & 0xffff)


def ip4(protocol, payload, source=THEIRS, to=OURS):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0) + \
        socket.inet_aton(source) + socket.inet_aton(to)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def echo_request(number, first=0x45):
    icmp = struct.pack(">BBHHH", 8, 0, 0, 7, number)
    icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
    return bytes((first,)) + ip4(socket.IPPROTO_ICMP, icmp)[1:]


def tcp_header(sequence, total):
    """Of data without PSH, so that more may follow; total is the checksum."""
    return struct.pack(">HHLLBBHHH", 1, 9, sequence, 0, 5 << 4, 0x10, 1000, total, 0)


def tcp_segment(sequence, payload):
    pseudo = socket.inet_aton(THEIRS) + socket.inet_aton(OURS) + \
        struct.pack(">HH", socket.IPPROTO_TCP, 20 + len(payload))
    total = checksum(pseudo + tcp_header(sequence, 0) + payload)
    return ip4(socket.IPPROTO_TCP, tcp_header(sequence, total) + payload)


def configured(d, *up, then="", early=None, **options):
    """A session whose device is up, not yet bound; answers pings once it may.
    early, if given, is done with it before pppd says so."""
    d.before = d.log_size()
    script = TUN_SCRIPT.replace("up\nup6\n", "".join(f"{u}\n" for u in up)) + \
        f"send {(sstp.LCP + b'up').hex()}\n{then}"
    c = d.ccp(script, **options)
    c.expect_data(sstp.CHAP_SUCCESS)
    device = d.wait_event(c, "verdict 1 ").split()[2]
    ip("address", "add", OURS, "peer", THEIRS, "dev", device)
    ip("link", "set", device, "up", "mtu", "1400")
    if early is not None:
        early(c)
    os.kill(d.pppd_of(c), signal.SIGUSR1)
    # that the worker knows it: the frame after it comes by another way
    d.wait_log(r" up: interface=fake", d.before)
    return c, device


def answers(c, *numbers):
    """The next replies to pings are those to these."""
    for number in numbers:
        frame = c.read().payload
        # the kernel looks for routers, and for the ends of older connections
        while frame[:4] == HEAD[6] or frame[:4] == HEAD[4] and frame[13] != 1:
            frame = c.read().payload
        assert frame[:4] == HEAD[4] and frame[24:25] == b"\0" and \
            frame[30:32] == struct.pack(">H", number), f"instead of {number}: {frame.hex()}"


@test("the gate, for the device as for the pty", daemon="tun")
def gate(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(data(HEAD[4] + echo_request(1)))
    # downwards, too: nothing may leave before the proof, what waits may after it
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"early", (THEIRS, 9))
    c.fence()
    c.send(c.proof())
    c.fence()
    c.send(data(HEAD[4] + echo_request(2)))
    answers(c, 2)
    assert packets(device)[0] == 1


@test("all forms of PPP's header; a protocol that is not up, or is another's",
      daemon="tun")
def headers(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    forms = [bytes.fromhex(h) for h in ("ff030021", "0021", "ff0321", "21")]
    for number, head in enumerate(forms):
        c.send(data(head + echo_request(number)))
    answers(c, *range(len(forms)))
    c.send(data(HEAD[6] + echo_request(20)), data(HEAD[4] + echo_request(21, 0x65)),
           data(HEAD[6] + echo_request(22, 0x65)), data(HEAD[4]),
           data(HEAD[4] + echo_request(23)))
    answers(c, 23)
    assert packets(device)[0] == len(forms) + 1, "no more than these pass"
    # neither IP nor control: that is for pppd to reject
    strange = bytes.fromhex("ff03002d") + b"compressed"
    c.send(data(strange))
    d.wait_event(c, f"frame {strange.hex()}")
    assert [e for e in d.events(c) if e.startswith("frame")] == [f"frame {strange.hex()}"]


def no_next_header():
    """The least that is IPv6."""
    return b"\x60" + bytes(5) + b"\x3b\x40" + \
        socket.inet_pton(socket.AF_INET6, THEIRS6) + \
        socket.inet_pton(socket.AF_INET6, OURS6)


def change(d, c, text):
    """What the script of its pppd has next, and that the worker knows it."""
    start = d.log_size()
    os.kill(d.pppd_of(c), signal.SIGUSR1)
    d.wait_log(text, start)


@test("nothing passes between the end of IPCP and its return", daemon="tun")
def down_and_up(d):
    c, device = configured(d, "up", then="wait-signal\ndown\nwait-signal\nup\n")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    c.send(data(HEAD[4] + echo_request(1)))
    answers(c, 1)
    change(d, c, "IPv4 is down")
    before = packets(device)
    c.send(data(HEAD[4] + echo_request(2)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"not yet", (THEIRS, 9))
    wait_until(lambda: packets(device)[1] > before[1], "the datagram is taken")
    c.fence()
    assert packets(device)[0] == before[0], "to the device"
    change(d, c, " up: interface=fake")
    c.send(data(HEAD[4] + echo_request(3)))
    frames = [c.read().payload]
    while frames[-1][13:14] != b"\1":
        frames.append(c.read().payload)
    assert frames[-1][30:32] == b"\0\3", f"instead of 3: {frames[-1].hex()}"
    assert not [f for f in frames if b"not yet" in f], "from the device"


@test("a few packets wait for the end of ip-pre-up, and for nothing else",
      daemon="tun")
def early_packets(d):
    def send(c):
        c.send(c.proof(), *[data(HEAD[4] + echo_request(n)) for n in range(3)],
               data(HEAD[6] + no_next_header()),
               *[data(HEAD[4] + tcp_segment(9000 * n, bytes(1000))) for n in range(9)])
        c.fence()
    c, device = configured(d, "up", then="wait-signal\ndown\nwait-signal\nup\n", early=send)
    # of those with 1000 bytes no more than fit
    wait_until(lambda: packets(device)[0] == 3 + 3, "six packets on the device")
    change(d, c, "IPv4 is down")
    c.send(data(HEAD[4] + echo_request(4)), sstp.ECHO)
    replies = []

    def take(end):
        """Replies to pings, until the packet that is the end."""
        while not end(packet := c.read()):
            frame = packet.payload
            if frame[:4] == HEAD[4] and frame[13] == socket.IPPROTO_ICMP:
                replies.append(frame[31])
    take(lambda packet: packet.bytes == sstp.ECHO_REPLY)  # ping 4 has been seen
    change(d, c, " up: interface=fake")
    c.send(data(HEAD[4] + echo_request(5)))
    take(lambda packet: packet.payload[:4] == HEAD[4] and packet.payload[13] == 1
         and packet.payload[31] == 5)
    assert replies == [0, 1, 2], replies
    assert packets(device)[0] == 7, packets(device)


@test("IPV6CP ends apart from IPCP", daemon="tun")
def down6(d):
    c, device = configured(d, "up", "up6", then="wait-signal\ndown6\n")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof(), data(HEAD[6] + no_next_header()))
    c.fence()
    assert packets(device)[0] == 1, "while it is up"
    change(d, c, "IPv6 is down")
    c.send(data(HEAD[6] + no_next_header()), data(HEAD[4] + echo_request(1)))
    answers(c, 1)
    assert packets(device)[0] == 2, "and after that"


@test("the last segment of what has come is not held back for more", daemon="tun")
def flushed(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    for count, sequence in enumerate((0, 1000, 50000), 1):
        c.send(data(HEAD[4] + tcp_segment(sequence, bytes(1000))) + sstp.ECHO)
        while c.read().bytes != sstp.ECHO_REPLY:
            pass  # the kernel's opinion of such segments
        assert packets(device)[0] == count, f"{packets(device)}"


@test("nor that of a session which ends with it, and no other session gets it",
      daemon="one")
def flushed_at_end(d):
    worker = d.worker_pids()
    for last in (sstp.SHORT_ABORT, sstp.ECHO):
        c, device = configured(d, "up")
        c.expect_data(sstp.LCP + b"up")
        c.send(c.proof())
        c.fence()
        before = d.log_size()
        c.send(data(HEAD[4] + tcp_segment(0, bytes(1000))) + last)
        if last == sstp.SHORT_ABORT:
            d.wait_log(r" ended: ", before)
            wait_until(lambda: not devices(), "the device to go")
    while c.read().bytes != sstp.ECHO_REPLY:
        pass
    assert packets(device)[0] == 1, "of the other session, too"
    assert d.worker_pids() == worker, "the worker has died"


@test("a train of tiny segments does not fill the memory", daemon="tun")
def tiny_segments(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    count = 60000
    # struct virtio_net_hdr: the kernel is to make segments of one byte of it
    train = struct.pack("=BBHHHH", 1, 1, 40, 1, 20, 16) + ip4(
        socket.IPPROTO_TCP, tcp_header(0, 0) + bytes(count), OURS, THEIRS)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR
        s.sendto(train, (device, 0x0800))
    came, pings = 0, 0
    got = b""
    while got[13:14] != b"\1":
        if select.select([c.tls], [], [], 2 if pings else 0)[0]:
            got = c.read().payload
            came += got[13:14] == b"\6" and len(got) == len(HEAD[4]) + 41
            continue
        # once more: a worker that was slow with the train drops what comes next (CoDel)
        assert pings < 5, f"no answer; {came} of {count} have come"
        c.send(data(HEAD[4] + echo_request(1)))
        pings += 1
    assert 1000 < came < 10000, f"{came} of {count} have come"


@test("the session counts what takes the device", daemon="tun")
def counted(d):
    c, _ = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    c.send(*[data(HEAD[4] + echo_request(n)) for n in range(10)])
    answers(c, *range(10))
    before = d.log_size()
    c.close()
    d.wait_log(r" ended: .* bytes-in=320 bytes-out=320\b", before)


@test("a capture has the packets of both ways as frames", daemon="tun")
def captured(d):
    path = d.directory / "capture"
    size = d.log_size()
    with subprocess.Popen(
            [lib.BUILD / "sstpctl/sstpctl", "-s", d.directory / "control", "capture",
             "--next", path], stderr=subprocess.DEVNULL) as sstpctl:
        d.wait_log(r"capture: uid \d+ waits", size)
        c, _ = configured(d, "up")
        c.expect_data(sstp.LCP + b"up")
        c.send(c.proof())
        c.fence()
        c.send(*[data(HEAD[4] + echo_request(n)) for n in range(3)])
        answers(c, *range(3))
        c.close()
        assert sstpctl.wait(lib.PATIENCE) == 0
    frames = [f.bytes for f in pcapng.read(path).frames if f.bytes[:4] == HEAD[4]]
    requests = [HEAD[4] + echo_request(n) for n in range(3)]
    assert [f for f in frames if f in requests] == requests, frames
    assert sum(f[24:25] == b"\0" for f in frames) == 3, frames


@test("a device that is deleted ends its session", daemon="tun")
def deleted(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    ip("link", "delete", device)
    d.wait_log("the tun device is gone", d.before)


@test("a client that does not read holds the device up, and nobody else", daemon="tun")
def not_reading(d):
    c, device = configured(d, "up")
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    before = d.memory()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(20000):
            s.sendto(bytes(1372), (THEIRS, 9))
        d.quiet_memory()
        taken, dropped = packets(device)[1], counters(device)[11]
        for _ in range(500):
            s.sendto(bytes(1372), (THEIRS, 9))
        wait_until(lambda: counters(device)[11] >= dropped + 500, "the device is full")
        assert packets(device)[1] == taken, "nothing is held back"
    d.check_growth(before, 4 << 20)

    def answered():
        """The client reads again, so there is room in the device again."""
        c.send(data(HEAD[4] + echo_request(1)), sstp.ECHO)
        got, found = c.read(), False
        while not got.control:
            found = found or got.payload[13:14] == b"\1"  # ICMP
            got = c.read()
        return found
    wait_until(answered, "an answer to a ping")


def told(d, c):
    """What sstpctl tells of its session."""
    command = [lib.BUILD / "sstpctl/sstpctl", "-s", d.directory / "control", "-j", "sessions"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    port = c.tls.getsockname()[1]
    return next(s for s in json.loads(out) if s["peer"].endswith(f":{port}"))


def thinned_out(d, tos):
    """What the first of numbered datagrams that tells of a queue to a slow client
    has for ECN, and how many before it are missing."""
    c, device = configured(d, "up", buffer=65536)
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    sent, came, full = 0, 0, counters(device)[11]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)

        def hold(some):
            """Until so many wait in the device; it has room for 128."""
            nonlocal sent
            held = sent - packets(device)[1]
            for _ in range(min(8, some - held)):
                s.sendto(struct.pack("!L1368x", sent), (THEIRS, 9))
                sent += 1
            return held >= some

        def read():
            nonlocal came
            wait_until(lambda: hold(100), "the client's queues to be full")
            now = told(d, c)
            assert now["tcp"]["unsent"] <= UNSENT_MAX, now
            assert now["queue_to_client"] <= QUEUE_MAX, now
            for _ in range(50):
                frame = c.read().payload
                if frame[:4] != HEAD[4] or frame[13] != socket.IPPROTO_UDP:
                    continue
                ecn, missing = frame[5] & 3, struct.unpack("!L", frame[32:36])[0] - came
                if ecn != tos or missing:
                    return ecn, missing
                came += 1
            return None
        found = wait_until(read, "a datagram that tells of the queue")
    assert counters(device)[11] == full, "the device was full"
    return found


@test("what waits for a slow client is little, and thinned out before the device is full",
      daemon="tun")
def slow(d):
    assert thinned_out(d, 0) == (0, 1), "one is dropped"


@test("what can be told of a queue without a drop is told so (ECN)", daemon="tun")
def marked(d):
    assert thinned_out(d, 2) == (3, 0), "one is marked"


@test("what comes after the queue is full finds the device empty, and is not dropped",
      daemon="tun")
def held(d):
    c, device = configured(d, "up", buffer=65536)
    c.expect_data(sstp.LCP + b"up")
    c.send(c.proof())
    c.fence()
    with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "w", encoding="ascii") as f:
        f.write("1")  # nobody else sends
    unasked = data(HEAD[4] + ip4(socket.IPPROTO_ICMP, bytes((0, 0, 255, 255, 0, 0, 0, 0))))
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def taken():
            """The next datagram, which the device has for itself. One that is left
            there for five times as long as CoDel waits will not be."""
            nonlocal sent
            before = packets(device)
            sent += 1
            s.sendto(struct.pack("!L1368x", sent), (THEIRS, 9))
            end = time.monotonic() + 0.5
            while packets(device)[1] == before[1] and time.monotonic() < end:
                pass
            c.send(unasked)  # when it has come, the worker is done with the datagram
            wait_until(lambda: packets(device)[0] > before[0], "it on the device")
            return packets(device)[1] > before[1]
        wait_until(lambda: not taken(), "the client's queue to be full")
    came = 0
    while came < sent:
        frame = c.read().payload
        if frame[:4] == HEAD[4] and frame[13] == socket.IPPROTO_UDP:
            came += 1
            assert struct.unpack("!L", frame[32:36]) == (came,), f"{came} is missing"


@test("a pppd that cannot do with a device keeps the pty, and the log says so",
      daemon="auto")
def stays(d):
    before = d.log_size()
    c = d.cc("no-tun 2\n" + UP)
    c.ping()
    d.wait_log(r"packets take the pty: its options have a packet filter", before)
    assert not devices(), devices()


@test("what packets take is said at the start, and why", daemon=None)
def said(make):
    for path, version, options, text in (
            ("auto", "2.5.2", "", "tun: "),
            ("auto", "2.4.9", "", r"pty: pppd 2\.4\.9 is before 2\.5"),
            ("tun", "2.5.2", "pass-filter x", "pty: pppd's options have pass-filter"),
            ("auto", "2.5.2", "noccp\nrequire-mppe", "tun: "),
            ("auto", "2.5.2", "require-mppe", "pty: pppd's options have require-mppe"),
            ("pty", "2.5.2", "", r"pty: \[ppp\] data-path = pty")):
        d = make({"ppp": {"data-path": path}})
        lib.make_pppd(d, version)
        with open(d.directory / "script", "a", encoding="ascii") as script:
            script.write(f"[none]\n{options}\n")
        d.start()
        d.wait_log(rf"data path: {text}")
        d.stop()


def offered(d):
    """The device that a new session is offered, '' if none."""
    return (d.wait_event(d.ccp(UP), "verdict 1").split() + [""])[2]


@test("a reload says what packets take then if that has changed, and new sessions do",
      daemon=None)
def said_again(make):
    d = make({"ppp": {"data-path": "auto"}})
    lib.make_pppd(d, "2.5.2")
    filtered = d.directory / "filtered"
    filtered.write_text("pass-filter x\n")
    d.sections["profile acme"] = {"server-name": "acme.example"}
    d.write_config()
    d.start()

    def reloaded(path, options, acme):
        """The lines about it."""
        d.sections["ppp"]["data-path"] = path
        d.sections["profile acme"]["options-file"] = acme
        d.write_config()
        d.scripts["none"] = options
        d.write_scripts()
        size = d.log_size()
        d.signal(signal.SIGHUP)
        d.wait_log("reload: done", size)
        return re.findall("data path(?: of profile )?(.*): (...):", d.log(size))
    assert reloaded("auto", "", None) == []
    assert offered(d)
    assert reloaded("auto", "", filtered) == [("acme", "pty")]
    assert reloaded("auto", "", filtered) == []
    assert reloaded("tun", "", filtered) == [("acme", "pty")]
    assert reloaded("auto", "pass-filter x", filtered) == [("", "pty")]
    assert reloaded("auto", "", None) == [("", "tun")]
    assert reloaded("pty", "", None) == [("", "pty")]
    assert not offered(d)
    assert reloaded("auto", "", None) == [("", "tun")]
    assert offered(d)
    d.settle()
    d.stop()


@test("nothing is left of a device", daemon="tun")
def nothing_left(d):
    c, device = configured(d, "up")
    assert device in devices()
    c.close()
    wait_until(lambda: not devices(), f"{device} to go")


enter_network()
lib.Daemon.first_script = f"no-tun 1\n{UP}"
main(tun={"ppp": {"data-path": "tun"}}, auto={"ppp": {"data-path": "auto"}},
     one={"ppp": {"data-path": "tun"}, "server": {"workers": 1}})
