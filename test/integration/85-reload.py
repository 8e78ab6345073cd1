#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""SIGHUP: a new configuration for new connections, or none at all."""

import pathlib
import re
import shutil
import signal
import subprocess

import sstp
from lib import Skipped, certificate, main, test, wait_until


def presented(d):
    """The certificate that a new connection is shown."""
    c = d.client()
    c.close()
    return c.certificate


def reload(d):
    size = d.log_size()
    d.signal(signal.SIGHUP)
    return size


def replace(d):
    """Another certificate in the same files, as a renewal does it."""
    pem, key = certificate(d.directory, "renewed")
    pem.rename(d.directory / "server.pem")
    key.rename(d.directory / "server.key")


def serves_another(d, old):
    """In all workers: whichever gets the connection."""
    def find():
        return all(presented(d) != old for _ in range(8))
    wait_until(find, "another certificate")


@test("case 57: new connections get the new certificate, a handshake keeps "
      "its own", daemon=None)
def renewed(make):
    d = make().start()
    running = d.cc()
    waiting = d.ccp()
    waiting.expect_data(sstp.CHAP_SUCCESS)
    fresh = d.client()
    old = fresh.certificate
    replace(d)
    assert presented(d) == old  # not before it is told
    reload(d)
    serves_another(d, old)
    running.ping()
    new = d.cc()
    assert new.certificate != old
    waiting.send(waiting.proof())  # over the old certificate
    waiting.ping()
    fresh.http().request().connect()
    # and the new one does not stand for the old one
    stale = d.ccp()
    stale.expect_data(sstp.CHAP_SUCCESS)
    stale.send(stale.proof(certificate=old))
    stale.expect_abort(3, 4)
    assert d.worker_pids() == d.workers, "a worker was replaced"
    d.settle()
    d.stop()


@test("other settings change with it", daemon=None)
def settings(make):
    d = make().start()
    old = d.cc()
    d.sections["sstp"]["hash-protocols"] = "sha1"
    d.write_config()
    reload(d)

    def all_changed():
        return all(d.ccp("exit 0").bitmask == 1 for _ in range(4))
    wait_until(all_changed, "the new setting")
    old.ping()
    d.settle()
    d.stop()


def congestion(c):
    """What the server's end of a connection has for congestion control."""
    port = c.tls.getsockname()[1]
    out = subprocess.run(["ss", "-Htin", f"dport = :{port}"], check=True,
                         capture_output=True, text=True).stdout
    return re.search(r"\s(\w+) wscale:", out)[1]


@test("memory for queues is counted with the workers that there are", daemon=None)
def buffers(make):
    d = make({"server": {"workers": 3}}).start()
    first = d.cc()
    d.sections["server"]["workers"] = 1
    d.sections["limits"]["max-buffers"] = "1M"
    d.write_config()
    kept(d, first, "max-buffers: expected 512K for each of 3 workers", reload(d))
    d.settle()
    d.stop()


@test("tcp-congestion: new connections get it, the old keep theirs", daemon=None)
def new_congestion(make):
    if shutil.which("ss") is None:
        raise Skipped("needs ss, of iproute2")
    d = make({"server": {"tcp-congestion": "reno"}}).start()
    first = d.cc()
    assert congestion(first) == "reno", congestion(first)
    default = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    other = "cubic" if default == "reno" else "reno"
    for name, means in ((other, other), ("system", default)):
        d.sections["server"]["tcp-congestion"] = name
        d.write_config()
        d.wait_log("reload: done", reload(d))
        clients = [d.client() for _ in range(8)]  # of all workers
        assert {congestion(c) for c in clients} == {means}, name
        for c in clients:
            c.close()
    d.sections["server"]["tcp-congestion"] = "nonesuch"
    d.write_config()
    kept(d, first, "tcp-congestion: nonesuch: there is none; this kernel has: ", reload(d))
    assert congestion(first) == "reno", congestion(first)
    d.settle()
    d.stop()


def kept(d, running, path, size):
    """The old configuration is in force, and one line says why."""
    d.wait_log(str(path), size)
    running.ping()
    d.cc().ping()


@test("a bad file changes nothing, and one line says so", daemon=None)
def bad(make):
    d = make().start()
    running = d.cc()
    old = running.certificate
    config = d.directory / "sstpd.conf"
    good = config.read_text()
    config.write_text(good + "nonsense = 1\n")
    size = reload(d)
    kept(d, running, config, size)
    assert d.log(size).count("nonsense") == 1, d.log(size)
    config.write_text(good)
    for name in ("certificate", "private-key"):
        path = pathlib.Path(d.sections["tls"][name])
        before = path.read_text()
        path.write_text("junk\n")
        size = reload(d)
        kept(d, running, path, size)
        assert presented(d) == old
        path.write_text(before)
    # and it still listens to a good one
    replace(d)
    reload(d)
    serves_another(d, old)
    assert d.worker_pids() == d.workers, "a worker was replaced"
    d.settle()
    d.stop()


@test("many reloads leave nothing behind", daemon=None)
def many(make):
    d = make().start()
    d.take_baseline()
    for _ in range(10):
        old = presented(d)
        replace(d)
        reload(d)
        serves_another(d, old)
    d.cc()
    d.check_settled()
    d.stop()


main()
