#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""What needs a network that we can change: limits of an IPv6 client, which is a
/64, and connections that end because the network does."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import sstp
from lib import UP, Skipped, main, test, wait_until
from network import enter_network, ip

# of one customer two, and one of another that ends like the first
SERVER = "2001:db8::1"
FIRST, SECOND = "2001:db8:1:2::5", "2001:db8:1:2:3:4:5:6"
OTHER = "2001:db8:1:3::5"
CLIENT = "192.0.2.5"  # of those who lose their network


# --- limits ---

def refused(d, source):
    """Whether a connection from there is closed without an answer."""
    try:
        d.client(source=source).close()
        return False
    except (sstp.Closed, OSError):
        return True


@test("half-open connections of one IPv6 network, from any address of it", "six")
def half_open(d):
    start = d.log_size()
    first = d.client(handshake=False, source=FIRST)
    d.client(handshake=False, source=SECOND)
    wait_until(lambda: d.log(start).count(": accepted") >= 2, "two connections")
    assert refused(d, FIRST) and refused(d, SECOND)
    d.wait_log(r"limits: \d+ connections refused, the last of 2001:db8:1:2::/64: "
               "max-half-open-per-ipv", start)
    assert not refused(d, OTHER)
    first.close()
    wait_until(lambda: not refused(d, SECOND), "service for the network")


@test("sessions of one IPv6 network, from any address of it", "six")
def sessions(d):
    d.cc(source=FIRST)
    second = d.cc(source=SECOND)
    c = d.client(source=SECOND)
    c.send(sstp.request_head())
    assert sstp.Reply(c.record()).status == 503
    d.cc(source=OTHER).ping()
    second.ping()


# --- networks that fail ---

def ended(d, c):
    """The fields of the last line about the client."""
    host, port = c.tls.getsockname()[:2]
    line = d.wait_log(rf"{re.escape(host)}:{port}: ended: .*", c.log_start)[0]
    return dict(re.findall(r"(\S+?)=(\S+)", line)), line


def give_up_soon():
    """TCP, after less than a second."""
    try:
        pathlib.Path("/proc/sys/net/ipv4/tcp_retries2").write_text("1")
    except OSError as why:
        raise Skipped(f"needs to set tcp_retries2: {why}") from None


@test("a network that does not deliver any more", "four")
def lost(d):
    give_up_soon()
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nwait-signal\nsource 20 1000\n",
             source=CLIENT)
    c.send(sstp.data(sstp.LCP))
    pppd = d.pppd_of(c)
    d.wait_event(c, "waiting")
    ip("addr", "del", f"{CLIENT}/32", "dev", "lo")
    try:
        os.kill(pppd, signal.SIGUSR1)
        fields, line = ended(d, c)
    finally:
        ip("addr", "add", f"{CLIENT}/32", "dev", "lo")
    assert (fields["cause"], fields["closed-by"]) == ("tcp-timeout", "network"), line
    assert fields["stage"] == "ipcp", line


def destroy(port, client):
    """End a connection as a privileged user can; False: this kernel does not let us."""
    if not shutil.which("ss"):
        return False
    which = f"sport = :{port} and dst {client}"
    done = subprocess.run(["ss", "-K", "-H", "-t", which], check=False,
                          stdout=subprocess.PIPE)
    return done.stdout != b""


@test("a connection that somebody else ends", "four")
def destroyed(d):
    other = d.cc()
    c = d.cc(source=CLIENT)
    if not destroy(d.addresses()[0][1], CLIENT):
        raise Skipped("needs ss, and a kernel with INET_DIAG_DESTROY")
    fields, line = ended(d, c)
    assert (fields["cause"], fields["closed-by"]) == ("tcp-failed", "network"), line
    assert "the connection failed: " in line, line  # and why
    other.ping()


enter_network(devices=False)
for address in (SERVER, FIRST, SECOND, OTHER):
    ip("addr", "add", f"{address}/128", "dev", "lo", "nodad")
ip("addr", "add", f"{CLIENT}/32", "dev", "lo")
main(six={"server": {"listen": f"[{SERVER}]:0"},
          "limits": {"max-half-open-per-ipv6": 2, "max-sessions-per-address": 2}},
     four={})
