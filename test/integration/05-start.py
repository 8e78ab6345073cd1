#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The command line, faults in the configuration, and listening."""

import os
import pathlib
import re
import socket
import subprocess

import sstp
from lib import FAKEPPPD, PATIENCE, SSTPD, main, test, wait_until


def run(*arguments):
    """(exit status, what it printed to stdout, to stderr)"""
    done = subprocess.run([SSTPD, *arguments], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def config(d):
    return str(d.directory / "sstpd.conf")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


@test("-h and -V", daemon=None)
def usage(_):
    status, out, err = run("-h")
    assert status == 0 and "sage: sstpd" in out + err, (status, out, err)
    status, out, _ = run("-V")
    assert status == 0 and re.match(r"sstpd \d+\.\d+", out), (status, out)


@test("bad arguments exit with 2", daemon=None)
def bad_usage(_):
    for arguments in (["-Z"], ["-f"], ["more"]):
        status, _, err = run(*arguments)
        assert status == 2 and err, (arguments, status, err)


@test("-t is content with a good configuration", daemon=None)
def check(make):
    d = make()
    status, out, err = run("-t", "-f", config(d))
    assert status == 0, (status, out, err)


@test("a congestion control that the kernel lacks is refused, with those it has",
      daemon=None)
def congestion(make):
    d = make({"server": {"tcp-congestion": "nonesuch"}})
    known = pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
    for arguments in ("-t", "-f", config(d)), ("-f", config(d)):
        status, _, err = run(*arguments)
        assert status == 2, (status, err)
        assert f"nonesuch: there is none; this kernel has: {known.read_text().strip()}" in err, err


@test("memory for queues that is too little for so many workers is refused",
      daemon=None)
def few_buffers(make):
    d = make({"server": {"workers": 3}, "limits": {"max-buffers": "1535K"}})
    for arguments in ("-t", "-f", config(d)), ("-f", config(d)):
        status, _, err = run(*arguments)
        assert status == 2, (status, err)
        assert "[limits] max-buffers: expected 512K for each of 3 workers, " \
            "that is 1536K or more" in err, err
    d.sections["limits"]["max-buffers"] = "1536K"
    d.write_config()
    assert run("-t", "-f", config(d))[0] == 0


@test("-T prints a configuration that means the same", daemon=None)
def effective(make):
    d = make({"sstp": {"hello-interval": "12500ms"}})
    status, first, err = run("-T", "-f", config(d))
    assert status == 0, (status, err)
    again = d.directory / "again.conf"
    again.write_text(first)
    status, second, err = run("-T", "-f", str(again))
    assert (status, second) == (0, first), (status, err)
    assert "hello-interval = 12500ms" in first, first
    assert "max-sessions = 200" in first and "[pool]" in first, first


FAULTS = [
    # section, key, value
    ("server", "listn", "127.0.0.1:0"),
    ("server", "listen", "127.0.0.1:99999"),
    ("server", "listen", "somewhere.example.net:443"),
    ("server", "workers", "2x"),
    ("limits", "max-sessions", "0"),
    ("sstp", "hello-interval", "1"),
    ("sstp", "hash-protocols", "md5"),
    ("ppp", "auth-methods", "mschap"),
    ("pool", "addresses", "10.0.0.9-10.0.0.1"),
    ("log", "level", "loud"),
]


@test("a fault is named by file, line, section and key", daemon=None)
def faults(make):
    for section, key, value in FAULTS:
        d = make({section: {key: value}})
        lines = (d.directory / "sstpd.conf").read_text().splitlines()
        line = lines.index(f"{key} = {value}") + 1
        for arguments in (["-t"], []):
            status, _, err = run(*arguments, "-f", config(d))
            assert status == 2, (key, value, status, err)
            assert err.count("\n") == 1, err
            for text in (config(d), section, key, str(line)):
                assert text in err, (text, err)


@test("an unknown section, a key given twice, no file at all", daemon=None)
def more_faults(make):
    d = make()
    path = pathlib.Path(config(d))
    good = path.read_text()
    for bad in ("[nonsense]\na = b\n", "[log]\nlevel = info\n"):
        path.write_text(good + bad)
        status, _, err = run("-t", "-f", str(path))
        assert status == 2 and str(path) in err, (bad, status, err)
    path.write_text(good.replace("[log]", "[log]\nlevel = info"))
    status, _, err = run("-t", "-f", str(path))
    assert status == 2 and "level" in err, (status, err)
    path.unlink()
    status, _, err = run("-t", "-f", str(path))
    assert status == 2 and str(path) in err, (status, err)


@test("certificates and keys are checked before it starts", daemon=None)
def credentials(make):
    for name in ("certificate", "private-key"):
        d = make()
        path = pathlib.Path(d.sections["tls"][name])
        for content in (None, "junk\n"):
            if content is None:
                path.unlink()
            else:
                path.write_text(content)
            status, out, err = run("-t", "-f", config(d))
            assert status == 2 and str(path) in err, (status, out, err)
            status, _, err = run("-f", config(d))
            assert status in (1, 2) and str(path) in err, (status, err)
    d = make({"certificates": {"one": "ec", "two": "ec"}})
    keys = d.sections["tls"]
    keys["certificate"] = d.directory / "one.pem"
    keys["private-key"] = d.directory / "two.key"
    d.write_config()
    status, out, err = run("-t", "-f", config(d))
    assert status == 2 and "two.key" in err, (status, out, err)


@test("pppd's options are checked by pppd", daemon=None)
def options(make):
    d = make()
    (d.directory / "script").write_text("refuse-options no such option\n")
    status, out, err = run("-t", "-f", config(d))
    if os.geteuid() != 0:  # a real pppd would not start
        assert (status, "only as root" in err) == (0, True), (status, err)
        return
    assert status == 2 and "no such option" in err, (status, out, err)


@test("a pppd that says much about its options may finish", daemon=None)
def talkative(make):
    d = make()
    pppd = d.directory / "pppd"
    pppd.write_text("#!/bin/sh\nseq 20000\n")
    pppd.chmod(0o755)
    d.sections["ppp"]["pppd"] = pppd
    d.write_config()
    status, out, err = run("-t", "-f", config(d))
    assert status == 0, (status, out, err)
    assert os.geteuid() != 0 or "accepts its options" in err, err


@test("an address that is taken stops the start", daemon=None)
def taken(make):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        listen = f"127.0.0.1:{s.getsockname()[1]}"
        d = make({"server": {"listen": listen}})
        status, _, err = run("-f", config(d))
        assert status == 1 and listen in err, (status, err)


@test("it listens on several addresses of both families", daemon=None)
def listeners(make):
    wanted = ["127.0.0.1:0", "127.0.0.2:0"]
    if has_ipv6():
        wanted.append("[::1]:0")
    d = make({"server": {"listen": ", ".join(wanted)}}).start()
    assert len(d.addresses()) == len(wanted), d.addresses()
    for address, text in zip(d.addresses(), wanted):
        host = text.rsplit(":", 1)[0].strip("[]")
        assert address[0] == host and address[1] != 0, address
        c = d.cc(address=address)
        session = d.wait_event(c, "session ")
        assert f"remote_address={host if host != '127.0.0.2' else '127'}" \
            in session, session
        assert f"local_address={host} " in session, session
    d.check_settled()
    d.stop()


@test("the files of process id and addresses go with it", daemon=None)
def files(make):
    d = make().start()
    pid = d.directory / "pid"
    assert wait_until(pid.exists) and int(pid.read_text()) == d.pid()
    d.stop()
    wait_until(lambda: not pid.exists(), "the end of the pid file")


@test("one worker alone serves many clients", daemon=None)
def one_worker(make):
    d = make({"server": {"workers": 1}}).start()
    assert len(d.worker_pids()) == 1, d.worker_pids()
    clients = [d.cc() for _ in range(10)]
    for c in clients:
        c.ping()
    d.settle()
    d.stop()


@test("started as root it serves as somebody else, confined", daemon=None)
def unprivileged(make):
    d = make().start()
    d.cc()
    for pid in d.worker_pids():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        uids = re.search(r"Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", status)
        if d.sections["server"].get("user"):
            assert "0" not in uids.groups(), status
            root = pathlib.Path(f"/proc/{pid}/root").resolve()
            assert root == (d.directory / "empty").resolve(), root
            assert re.search(r"CapEff:\s+0+$", status, re.M), status
        assert re.search(r"NoNewPrivs:\s+1", status), status
    d.settle()
    d.stop()


@test("a pppd that cannot be run fails the session, not the daemon",
      daemon=None)
def no_pppd(make):
    d = make()
    pppd = d.directory / "pppd"
    pppd.symlink_to(FAKEPPPD)
    d.sections["ppp"]["pppd"] = pppd
    d.write_config()
    d.start()
    d.cc()
    pppd.unlink()
    size = d.log_size()
    c = d.ccp()
    c.expect(sstp.DISCONNECT)
    d.wait_log("could not be executed|No such file", size)
    pppd.symlink_to(FAKEPPPD)
    d.cc()
    d.settle()
    d.stop()


main()
