#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Who may do what: privileges of the processes, modes of files, secrets; and the
files that "make install" installs."""

import os
import pathlib
import pwd
import re
import stat

import lib
from lib import Client, Server, require, test


def status_of(pid):
    """/proc/PID/status as {field: value}."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def one_session(**options):
    server = Server(**options).start()
    return server, Client(server).up()


@test("workers and control: user, root directory, no privileges")
def workers():
    server, client = one_session()
    user = pwd.getpwnam("nobody")
    pids = server.own_children()
    require(len(pids) == 3, f"two workers and control: {pids}")
    for pid in pids:
        status = status_of(pid)
        expected = {
            "Uid": "\t".join([str(user.pw_uid)] * 4),
            "Gid": "\t".join([str(user.pw_gid)] * 4),
            "NoNewPrivs": "1",
            "Seccomp": "2",
            **{f"Cap{which}": "0" * 16 for which in ("Inh", "Prm", "Eff", "Amb")},
        }
        seen = {name: status[name] for name in expected}
        require(seen == expected, f"process {pid}: {seen}, expected {expected}")
        require(status["Groups"].strip() == "", f"groups: {status['Groups']}")
        root = os.readlink(f"/proc/{pid}/root")
        require(root == "/run/sstpd/empty", f"its root directory is {root}")
        require(os.readlink(f"/proc/{pid}/cwd") == root, "it is elsewhere")
        require(os.listdir(f"/proc/{pid}/root/") == [], "it is not empty")
    mode = os.stat("/run/sstpd/empty")
    require(mode.st_uid == 0 and not mode.st_mode & 0o022, "others may write there")
    client.hang_up()
    server.stop()


@test("workers and control: only sockets, pipes, terminals and tun devices")
def worker_descriptors():
    server, client = one_session()
    good = re.compile(r"socket:|pipe:|/dev/(pts/)?ptmx$|/dev/null$|/dev/net/tun$|"
                      r"anon_inode:\[(eventpoll|eventfd|timerfd)\]$")
    kinds = set()
    for pid in server.own_children():
        for what in lib.descriptors(pid).values():
            require(good.match(what), f"process {pid} has {what}")
            kinds.add(what.split(":")[0])
    require(kinds & {"/dev/ptmx", "/dev/pts/ptmx"}, f"no terminal is there: {kinds}")
    client.hang_up()
    server.stop()


@test("no secret in arguments and environments")
def secrets():
    server, client = one_session()
    key = (server.directory / "vpn.key").read_text().splitlines()[1]
    pids = [server.pid, *server.own_children(), *server.pppds()]
    require(len(pids) == 5, f"processes: {pids}")
    for pid in pids:
        for file in ("cmdline", "environ"):
            text = pathlib.Path(f"/proc/{pid}/{file}").read_text("latin-1")
            for secret in (lib.PASSWORD, key):
                require(secret not in text, f"a secret is in /proc/{pid}/{file}")
    for secret in (lib.PASSWORD, key):
        require(secret not in server.log.text(), "a secret is in the log")
    client.hang_up()
    server.stop()


@test("modes of the files it makes, whatever the umask")
def files():
    server = Server()
    server.sections["server"]["address-file"] = server.directory / "address"
    server.write_config()
    server.start(umask=0)
    for name in ("pid", "address"):
        mode = stat.S_IMODE((server.directory / name).stat().st_mode)
        require(mode & ~0o644 == 0, f"{name} has mode {mode:o}")
    require((server.directory / "pid").read_text() == f"{server.pid}\n", "not its pid")
    require((server.directory / "address").read_text() ==
            "192.0.2.1:443\n[2001:db8::1]:443\n", "not its addresses")
    server.stop()


@test("sstpd -t: pppd accepts its options")
def check_options():
    server = Server()
    text = lib.run(lib.SSTPD, "-t", "-f", server.conf)
    require("pppd: accepts its options" in text, text)
    with open(server.directory / "options", "a", encoding="ascii") as options:
        options.write("no-such-option\n")
    text = lib.run(lib.SSTPD, "-t", "-f", server.conf, check=False)
    require("no-such-option" in text, f"it does not mind: {text}")


@test("what is installed works")
def installed():
    top = lib.new_directory("installed")
    lib.run("make", "-C", lib.BUILD, "install", f"DESTDIR={top}")
    conf, = top.rglob("etc/sstpd/sstpd.conf")
    options, = top.rglob("etc/ppp/options.sstpd")
    plugin, = top.rglob("sstpd-plugin.so")
    sstpd, = top.rglob("sbin/sstpd")
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in (conf, options, plugin, sstpd)}
    require(modes == {"sstpd.conf": 0o640, "options.sstpd": 0o644,
                      "sstpd-plugin.so": 0o644, "sstpd": 0o755}, f"modes: {modes}")

    # set what the file says is to be set, and where all of it is
    server = Server()
    text = conf.read_text()
    for key, value in {
            "certificate": server.certificate,
            "private-key": server.directory / "vpn.key",
            "local-address": lib.INNER,
            "addresses": "10.9.0.0/24",
            "user": "nobody",
            "options-file": options,
            "plugin": plugin}.items():
        # the example of a profile, at the end, has some of them, too
        text, count = re.subn(rf"^#?{key} = ?.*$", f"{key} = {value}", text, count=1,
                              flags=re.MULTILINE)
        require(count == 1, f"{key} is not there")
    conf.write_text(text)
    text = lib.run(sstpd, "-t", "-f", conf)
    require("pppd: accepts its options" in text, text)

    server.program, server.conf = sstpd, conf
    server.start()
    client = Client(server).up()
    server.wait_log(r"binding verified: hash=SHA-256")
    client.ping()
    client.hang_up()
    server.wait_log(r" ended: ")
    server.stop()


lib.main()
