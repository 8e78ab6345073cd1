#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""pppds cloned from a template: that they are what new ones would be, and that
no failure of a template is one of a session."""

import os
import re
import signal
import subprocess

import sstp
from lib import BUILD, descendants, main, test, wait_until

KEYS = " ".join(key.hex() for key in sstp.KEYS)
UP = f"""\
auth mschapv2 alice {KEYS}
echo
send {sstp.CHAP_SUCCESS.hex()}
request-address
up
"""
SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
TEMPLATE = {"ppp": {"template": "auto"}, "server": {"workers": 1}}


def begin(make, fault=None, changes=None):
    """A daemon whose file of options stays as it is."""
    d = make({**TEMPLATE, **(changes or {})})
    d.up = d.script(UP)
    if fault is not None:
        path = d.directory / "script"
        path.write_text(f"template {fault}\n" + path.read_text())
    return d.start()


def ask(d, script=None):
    """A client that has asked for a session."""
    client = sstp.Client(d.addresses()[0], script or d.up)
    d.clients.append(client)
    return client.http().request()


def session(d):
    """One that is served, too."""
    return ask(d).connect()


def control(d, *words):
    return subprocess.run([SSTPCTL, "-s", d.directory / "control", *words],
                          check=True, stdout=subprocess.PIPE, text=True).stdout


def clones(d):
    return int(re.search(r"^sstpd_pppd_clones_total (\d+)",
                         control(d, "metrics"), re.M)[1])


def wait_template(d, start=0):
    return int(d.wait_log(r"template of pid (\d+) waits", start)[1])


def make_template(d):
    """By two sessions; returns its pid."""
    start = d.log_size()
    session(d)
    session(d)
    return wait_template(d, start)


def template_processes(d):
    return [p for p, info in descendants(d.pid()).items()
            if info[2] == "pppd-template"]


def records(d, kind):
    """What pppds recorded of that kind, in order: [(pid, text)]."""
    lines = (d.directory / "record").read_text().splitlines()
    parts = [line.split(" ", 3) for line in lines]
    return [(int(p[0]), p[3] if len(p) > 3 else "") for p in parts
            if p[2] == kind]


def finish(d):
    d.settle()
    d.stop()


@test("two sessions make one, and the third is a clone like any pppd", None)
def _(make):
    d = begin(make)
    template = make_template(d)
    session(d)
    assert clones(d) == 1
    assert template_processes(d) == [template]
    new, clone = [records(d, "argv")[i] for i in (0, 2)]

    def shape(text):
        text = re.sub(r" /dev/pts/\d+ ", " TTY ", text)
        text = re.sub(r" ipparam \S+", " ipparam SESSION", text)
        return text.replace(" sstpd-template ", " sstpd-fd ")
    assert shape(clone[1]) == shape(new[1]), (clone, new)
    pid = clone[0]
    with open(f"/proc/{pid}/comm") as f:
        assert f.read() == "fakepppd\n"
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        shown = f.read().rstrip(b"\0").replace(b"\0", b" ").decode()
    assert shown.endswith(clone[1]), shown
    assert os.getpgid(pid) == pid
    parent = descendants(d.pid())[pid][0]
    assert parent == d.pid(), f"its parent is {parent}"
    finish(d)


@test("a clone has the descriptors of a new pppd and no other", None)
def _(make):
    d = begin(make)
    make_template(d)
    session(d)
    new, clone = [set(records(d, "descriptors")[i][1].split()) for i in (0, 2)]
    # the double's own record is open by then
    assert len(clone - new) == 1 and new < clone, (new, clone)
    finish(d)


@test("clones end as pppds do: exit codes, signals, hanging up", None)
def _(make):
    d = make(TEMPLATE)
    d.up = d.script(UP)
    ends = d.script(UP + "exit 13\n")
    d.start()
    make_template(d)
    first = session(d)
    ask(d, ends)
    d.wait_log(r"connect time limit reached")
    first.close()
    d.settle()
    assert clones(d) == 2
    finish(d)


@test("30 clones at once, all served", None)
def _(make):
    d = begin(make)
    make_template(d)
    for client in [ask(d) for _ in range(30)]:
        client.connect()
    assert clones(d) == 30
    finish(d)


@test("another file of options, another template", None)
def _(make):
    d = begin(make)
    old = make_template(d)
    d.up = d.script(UP.replace("alice", "bertha"))
    start = d.log_size()
    session(d)
    assert d.wait_log('user="bertha"', start)
    assert clones(d) == 0
    new = wait_template(d, start)
    assert old != new and template_processes(d) == [new]
    start = d.log_size()
    session(d)
    d.wait_log('user="bertha"', start)
    assert clones(d) == 1
    finish(d)


@test("a reload ends it; a new one comes", None)
def _(make):
    d = begin(make)
    old = make_template(d)
    d.signal(signal.SIGHUP)
    d.wait_log("reload: done")
    assert not template_processes(d)
    start = d.log_size()
    session(d)
    assert wait_template(d, start) != old
    session(d)
    assert clones(d) == 1
    finish(d)


def kill_clone(d, signo):
    session(d)
    start = d.log_size()
    os.kill(records(d, "argv")[-1][0], signo)
    d.wait_log(f"killed by signal {int(signo)}", start)
    return start


@test("a clone that crashes ends its template, one that somebody ends does not",
      None)
def _(make):
    d = begin(make)
    old = make_template(d)
    kill_clone(d, signal.SIGKILL)
    assert template_processes(d) == [old]
    start = kill_clone(d, signal.SIGABRT)
    wait_until(lambda: not template_processes(d), "the template's end")
    session(d)
    assert wait_template(d, start) != old
    finish(d)


@test("template = never, and options that forbid one: none", None)
def _(make):
    d = begin(make, changes={"ppp": {"template": "never"}})
    for _ in range(3):
        session(d)
    assert clones(d) == 0 and not template_processes(d)
    finish(d)


for words, obstacle in (("plugin /opt/other.so", "plugin /opt/other.so"),
                        ("call isp", "call"), ('file "/x"', "file")):
    @test(f"options with {words!r}: no template, and the log says so", None)
    def _(make, words=words, obstacle=obstacle):
        d = make(TEMPLATE)
        d.up = d.script(UP)
        path = d.directory / "script"
        # after everybody's sections: for the daemon's eyes only
        path.write_text(path.read_text() + f"[nobody]\n{words}\n")
        d.start()
        for _ in range(3):
            session(d)
        d.wait_log("no template for profile default: its options have " + re.escape(obstacle))
        assert len(re.findall("no template", d.log())) == 1
        assert clones(d) == 0 and not template_processes(d)
        finish(d)


@test("a plugin of RADIUS is no obstacle, nor is a comment", None)
def _(make):
    d = make(TEMPLATE)
    d.up = d.script(UP)
    path = d.directory / "script"
    path.write_text(path.read_text() +
                    "[nobody]\nplugin radius.so\n# call plugin x.so\n")
    d.start()
    make_template(d)
    session(d)
    assert clones(d) == 1
    finish(d)


for fault, words in (("exit", "not today: "), ("garbage", "")):
    @test(f"one that cannot be one ({fault}): a line in the log, and no other",
          None)
    def _(make, fault=fault, words=words):
        d = begin(make, fault)
        for _ in range(4):
            session(d)
        d.wait_log("template of profile default: it has ended .*: " + words)
        wait_until(lambda: not template_processes(d), "its end")
        assert len(re.findall("template of profile", d.log())) == 1
        assert clones(d) == 0
        finish(d)


@test("one that hangs before it waits is not waited for, and ends with us",
      None)
def _(make):
    d = begin(make, "hang")
    for _ in range(4):
        session(d)
    assert clones(d) == 0
    for client in d.clients:
        client.close()
    d.stop()  # the hanging one does not keep it


for fault in ("mute", "lone", "stray"):
    @test(f"one that does not make the clone ({fault}): the session is served",
          None)
    def _(make, fault=fault):
        d = begin(make, fault)
        template = make_template(d)
        session(d)
        d.wait_log(r"template of profile default: it has ended or does not answer")
        assert clones(d) == 0
        # nor is anything left of it
        wait_until(lambda: not os.path.exists(f"/proc/{template}"), "its end")
        pids = {p for p, info in descendants(d.pid()).items()
                if info[2] == "fakepppd"}
        assert pids == set(p for p, _ in records(d, "argv")), pids
        session(d)  # it rests
        assert len(re.findall(r"template of pid \d+ waits", d.log())) == 1
        finish(d)


@test("one that is killed while it waits", None)
def _(make):
    d = begin(make)
    os.kill(make_template(d), signal.SIGKILL)
    d.wait_log(r"template of profile default: it has ended")
    session(d)
    assert clones(d) == 0
    finish(d)


@test("a stop ends it, and a drain does at once", None)
def _(make):
    d = begin(make)
    make_template(d)
    control(d, "drain")
    wait_until(lambda: not template_processes(d), "the template's end")
    control(d, "undrain")
    start = d.log_size()
    session(d)
    template = wait_template(d, start)
    finish(d)
    assert not os.path.exists(f"/proc/{template}")


@test("the monitor is killed: so is its template", None)
def _(make):
    d = begin(make)
    template = make_template(d)
    session(d)
    d.signal(signal.SIGKILL)
    d.wait_exit()
    wait_until(lambda: not os.path.exists(f"/proc/{template}") or
               "Z" in open(f"/proc/{template}/stat").read().split(") ")[1][:1],
               "the template's end")


main()
