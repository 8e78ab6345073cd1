#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Whoever does not read stops the sender at the other end, and nothing is
lost or piled up on the way."""

import os
import signal
import time

import sstp
from lib import UP, main, test, wait_until
from sstp import data

SIZE = 4000
COUNT = 3500  # frames: 14 MB
GROWTH = 6 << 20  # what the daemon may take for it


def cpu(d):
    """Clock ticks that all the daemon's processes have used."""
    total = 0
    for pid in [d.pid(), *d.worker_pids()]:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


@test("to a client that does not read")
def downlink(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource {COUNT} {SIZE}\n",
             buffer=65536)
    other = d.cc()
    before = d.memory()
    c.send(data(sstp.LCP))
    d.quiet_memory()
    assert not [e for e in d.events(c) if e.startswith("sourced")], \
        "all went out, so nothing was held back"
    d.check_growth(before, GROWTH)
    ticks = cpu(d)
    time.sleep(0.3)
    assert cpu(d) - ticks < 15, "it spins while it waits"
    other.ping()
    for i in range(COUNT):
        c.expect_data(sstp.numbered_frame(SIZE, i))
    d.wait_event(c, f"sourced {COUNT}")
    c.ping()
    d.check_growth(before, GROWTH)


@test("to a pppd that does not read")
def uplink(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nstop-reading\n"
             f"wait-signal\nstart-reading\nsink {COUNT}\n")
    other = d.cc()
    c.send(data(sstp.LCP))
    d.wait_event(c, "waiting")
    before = d.memory()
    stream = b"".join(data(sstp.numbered_frame(SIZE, i))
                      for i in range(COUNT))
    sent = send_until_stuck(c, stream)
    assert sent < len(stream), "nothing was held back"
    d.quiet_memory()
    d.check_growth(before, GROWTH)
    ticks = cpu(d)
    time.sleep(0.3)
    assert cpu(d) - ticks < 15, "it spins while it waits"
    other.ping()
    os.kill(d.pppd_of(c), signal.SIGUSR1)
    c.tls.settimeout(20)
    finish(c, stream[sent:])
    d.wait_event(c, f"sunk {COUNT} frames {COUNT * SIZE} bytes 0 bad")
    d.check_growth(before, GROWTH)


def send_until_stuck(c, stream):
    """Returns how much TLS took; what it holds back must be sent again."""
    sent = 0
    c.tls.settimeout(0.5)
    try:
        while sent < len(stream):
            sent += c.tls.send(stream[sent:sent + 16384])
    except OSError:
        pass
    return sent


def finish(c, stream):
    while stream:
        stream = stream[c.tls.send(stream[:16384]):]


@test("both ways at once")
def both(d):
    count = 3000
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource {count} {SIZE}\n"
             f"sink {count}\n", buffer=65536)
    stream = b"".join(data(sstp.numbered_frame(SIZE, i))
                      for i in range(count))
    c.send(data(sstp.LCP))
    # a pppd that is busy sending does read, and echoes what it reads
    got = echoed = 0
    while got < count:
        payload = c.read().payload
        assert payload == sstp.numbered_frame(SIZE, got)
        got += 1
        if got % 500 == 0:
            c.send(sstp.ECHO)
            echoed += 1
            while True:
                packet = c.read()
                if packet.control:
                    break
                assert packet.payload == sstp.numbered_frame(SIZE, got)
                got += 1
    d.wait_event(c, "sourced")
    for i in range(0, len(stream), 16384):
        c.send(stream[i:i + 16384])
    d.wait_event(c, f"sunk {count} frames {count * SIZE} bytes 0 bad")


@test("control packets pass a client's full queue in their turn")
def echo_behind(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource 2000 {SIZE}\n",
             buffer=4096)
    c.send(data(sstp.LCP))
    d.quiet_memory()
    c.send(sstp.ECHO)
    got = []
    while len(got) < 2001:
        packet = c.read()
        got.append(packet)
    control = [p for p in got if p.control]
    assert [p.bytes for p in control] == [sstp.ECHO_REPLY]
    for i, p in enumerate(p for p in got if not p.control):
        assert p.payload == sstp.numbered_frame(SIZE, i)


@test("what a pppd has written is not lost to a full queue", "patient")
def last_frames(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource {COUNT} {SIZE}\n",
             buffer=4096)
    c.send(data(sstp.LCP))
    d.quiet_memory()
    os.kill(d.pppd_of(c), signal.SIGTERM)
    wrote = int(d.wait_event(c, "wrote ").split()[1])
    wait_until(lambda: not d.pppds(), "its end")
    time.sleep(0.1)
    # before the numbered frames it sent these
    wrote -= len(sstp.hdlc(sstp.CHAP_SUCCESS))
    wrote -= len(sstp.hdlc(sstp.ip_frame(b"ping 1")))
    i = 0
    while wrote >= len(sstp.hdlc(sstp.numbered_frame(SIZE, i))):
        frame = sstp.numbered_frame(SIZE, i)
        c.expect_data(frame)
        wrote -= len(sstp.hdlc(frame))
        i += 1
    c.expect(sstp.DISCONNECT)


@test("a pppd that dies while its client is held back", "patient")
def dies(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nstop-reading\n"
             "wait-signal\n")
    c.send(data(sstp.LCP))
    d.wait_event(c, "waiting")
    frame = data(sstp.numbered_frame(SIZE, 0))
    send_until_stuck(c, frame * COUNT)
    os.kill(d.pppd_of(c), signal.SIGKILL)
    c.tls.settimeout(20)
    c.expect(sstp.DISCONNECT)
    c.close()
    d.wait_log("ended: .*killed by signal 9")


@test("a client that leaves while it is held back", "patient")
def leaves(d):
    for leave in (lambda c: c.close(), lambda c: c.reset()):
        c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nstop-reading\n"
                 "wait-signal\nstart-reading\n")
        c.send(data(sstp.LCP))
        d.wait_event(c, "waiting")
        send_until_stuck(c, data(sstp.numbered_frame(SIZE, 0)) * COUNT)
        leave(c)
        os.kill(d.pppd_of(c), signal.SIGUSR1)
        d.wait_event(c, "exit")


main(patient={"sstp": {"disconnect-timeout": "120s"}})
