#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Upgrade: the program on disk takes over from the one that runs."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import sstp
from lib import (BUILD, PATIENCE, SSTPD, UP, descendants, has_role, main, test,
                 wait_until)

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
WITH_ADDRESS = UP + "request-address\nup\n"


def ctl(d, *arguments, path="control"):
    """(exit status, stdout, stderr)"""
    done = subprocess.run([SSTPCTL, "-s", d.directory / path, *arguments],
                          capture_output=True, text=True, timeout=90,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def from_json(d, *arguments, **options):
    status, out, err = ctl(d, "--json", *arguments, **options)
    assert status == 0, (arguments, out, err)
    return json.loads(out)


class Adopted:
    """A process of ours that we did not start: like a Popen."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # its parent, the old one, lives
                return None if os.path.exists(f"/proc/{self.pid}") else 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=PATIENCE):
        wait_until(lambda: self.poll() is not None, f"the end of {self.pid}",
                   timeout)
        return self.returncode


def upgrade(d, *arguments):
    """Returns the old process; d is the new one from here on."""
    start, old = d.log_size(), d.process
    status, out, err = ctl(d, "upgrade", *arguments)
    assert status == 0, (out, err, d.log(start))
    return taken_over(d, old, start)


def taken_over(d, old, start):
    d.wait_log(r"pid \d+ has taken over", start)
    pid = int(re.findall(r"pid (\d+) has taken over", d.log(start))[-1])
    assert (d.directory / "pid").read_text() == f"{pid}\n"
    d.process = Adopted(pid)
    d.workers = d.worker_pids()
    assert d.workers
    return old


def old_control(d, old):
    """Where the old one's sessions are told of."""
    name = f"control.{old.pid}"
    wait_until(lambda: ctl(d, "status", path=name)[0] == 0, "the old control")
    return name


def copy_of_program(d):
    """Start d from a copy that can be replaced, as by a package."""
    program = d.directory / "sstpd"
    shutil.copy(SSTPD, program)
    d.command = [str(program)]
    return program


def replace(program, text):
    new = program.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o755)
    new.rename(program)


class Connector(threading.Thread):
    """Opens sessions one after the other until it is stopped."""

    def __init__(self, d):
        super().__init__()
        self.address, self.name = d.addresses()[0], d.script(WITH_ADDRESS)
        self.done, self.count, self.error = False, 0, None

    def run(self):
        try:
            while not self.done:
                c = sstp.Client(self.address, self.name)
                c.http().request().connect()
                c.close()
                self.count += 1
        except Exception as error:  # shown by the test
            self.error = error

    def stop(self):
        self.done = True
        self.join()
        if self.error:
            raise self.error


@test("sessions stay, the next ones are the new process', nobody is refused",
      daemon=None)
def upgraded(make):
    d = make().start()
    program = copy_of_program(d)
    assert program
    clients = [d.cc(WITH_ADDRESS) for _ in range(5)]
    ids = {s["session"] for s in from_json(d, "sessions")}
    connector = Connector(d)
    connector.start()
    try:
        wait_until(lambda: connector.count > 3, "some sessions")
        old = upgrade(d)
        count = connector.count
        wait_until(lambda: connector.count > count + 10, "more sessions")
    finally:
        connector.stop()
    for c in clients:
        c.ping()

    status = from_json(d, "status")
    assert status["state"] == "serving", status
    assert status["predecessor"]["pid"] == old.pid, status
    wait_until(lambda: from_json(d, "status")["predecessor"]["sessions"] == 5,
               "the count of its sessions")
    assert f"pid {old.pid} with 5 sessions" in ctl(d, "status")[1]
    path = old_control(d, old)
    assert {s["session"] for s in from_json(d, "sessions", path=path)} == ids
    assert from_json(d, "status", path=path)["state"] == "draining"
    assert ctl(d, "undrain", path=path)[0] == 1
    assert ctl(d, "upgrade", path=path)[0] == 1
    clients.pop().close()
    wait_until(lambda: from_json(d, "status")["predecessor"]["sessions"] == 4,
               "the count of its sessions")

    new = d.cc(WITH_ADDRESS)
    assert not {s["session"] for s in from_json(d, "sessions")} & ids
    for c in clients:
        c.ping()
        c.close()
    assert old.wait(PATIENCE) == 0
    wait_until(lambda: "predecessor" not in from_json(d, "status"), "its end")
    assert not (d.directory / path).exists(), "the old one's socket is left"
    assert (d.directory / "address").exists()
    new.ping()
    d.settle()
    d.stop()
    assert not (d.directory / "pid").exists()


@test("no address is in use twice", daemon=None)
def addresses(make):
    d = make({"pool": {"addresses": "10.99.0.10-10.99.0.15"}}).start()

    def used(path="control"):
        return [s["remote_address"] for s in from_json(d, "sessions", path=path)]

    clients = [d.cc(WITH_ADDRESS) for _ in range(2)]
    late = d.crp(WITH_ADDRESS)
    old = upgrade(d)
    path = old_control(d, old)
    mine = [d.cc(WITH_ADDRESS) for _ in range(3)]
    wait_until(lambda: len(used()) == 3 and all(used()), "the new ones")
    # half way in when it happened: it asks the old one, which asks the new one
    late.request().connect()
    wait_until(lambda: len(used(path)) == 3 and all(used(path)), "the old ones")
    wait_until(lambda: len(used()) == 3 and all(used()), "the new ones")
    everything = used(path) + used()
    assert len(set(everything)) == 6, everything
    # all are used, whoever asks
    with_none = d.ccp(UP + "request-address\n")
    with_none.expect_data(sstp.CHAP_SUCCESS)
    d.wait_event(with_none, "address 0.0.0.0")
    with_none.close()
    # the old one's go back to the pool
    gone = used(path)
    for c in [*clients, late]:
        c.close()
    assert old.wait(PATIENCE) == 0
    mine += [d.cc(WITH_ADDRESS) for _ in range(3)]
    wait_until(lambda: len(used()) == 6 and all(used()), "the new ones")
    assert set(used()) == set(everything) and set(gone) <= set(used())
    d.settle()
    d.stop()


@test("a tenant's client, half way in, gets an address of the tenant's pool",
      daemon=None)
def tenants(make):
    d = make({"profile acme": {"server-name": "acme.example",
                               "addresses": "10.88.0.4-10.88.0.5"}}).start()
    late = d.crp(WITH_ADDRESS, sni="acme.example")
    old = upgrade(d)
    late.request().connect()
    fresh = d.cc(WITH_ADDRESS, sni="acme.example")
    assert {d.wait_event(c, "address ") for c in (late, fresh)} == \
        {"address 10.88.0.4", "address 10.88.0.5"}
    full = d.ccp(UP + "request-address\n", sni="acme.example")
    full.expect_data(sstp.CHAP_SUCCESS)
    d.wait_event(full, "address 0.0.0.0")
    full.close()
    late.close()
    assert old.wait(PATIENCE) == 0
    again = d.cc(WITH_ADDRESS, sni="acme.example")
    assert d.wait_event(again, "address ").startswith("address 10.88.0.")
    d.settle()
    d.stop()


@test("SIGUSR2, and once more while the first old one drains", daemon=None)
def chain(make):
    d = make().start()
    first = d.cc(WITH_ADDRESS)
    start, oldest = d.log_size(), d.process
    d.signal(signal.SIGUSR2)
    taken_over(d, oldest, start)
    old_control(d, oldest)
    second = d.cc(WITH_ADDRESS)
    start, old = d.log_size(), d.process
    d.signal(signal.SIGUSR2)
    taken_over(d, old, start)
    old_control(d, old)
    third = d.cc(WITH_ADDRESS)
    wait_until(lambda: from_json(d, "status")["predecessor"]["sessions"] == 2,
               "the sessions of both")
    seen = [from_json(d, "sessions", path=p)[0]["remote_address"]
            for p in ("control", f"control.{old.pid}", f"control.{oldest.pid}")]
    assert len(set(seen)) == 3, seen
    for c in first, second, third:
        c.ping()
    second.close()
    wait_until(lambda: from_json(d, "status")["predecessor"]["sessions"] == 1,
               "the session of the oldest")
    first.close()
    assert oldest.wait(PATIENCE) == 0
    assert old.wait(PATIENCE) == 0
    third.ping()
    d.settle()
    d.stop()


@test("the end of the new one is the end of the old one", daemon=None)
def stop(make):
    d = make().start()
    clients = [d.cc(WITH_ADDRESS) for _ in range(3)]
    old = upgrade(d)
    new = d.cc(WITH_ADDRESS)
    d.signal(signal.SIGTERM)
    for c in [*clients, new]:
        c.expect_after_data(sstp.DISCONNECT)
        c.send(sstp.DISCONNECT_ACK)
    assert old.wait(PATIENCE) == 0
    assert d.process.wait(PATIENCE) in (0, None)


@test("a deadline for what is left", daemon=None)
def deadline(make):
    d = make().start()
    c = d.cc(WITH_ADDRESS)
    old = upgrade(d, "-t", "1")
    c.ping()
    c.expect_after_data(sstp.DISCONNECT)
    c.send(sstp.DISCONNECT_ACK)
    assert old.wait(PATIENCE) == 0
    d.cc()
    d.settle()
    d.stop()


@test("a new one waits for what the old one has not sent yet", daemon=None)
def early(make):
    d = make()
    d.write_config()
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.set_inheritable(its.fileno(), True)
    with subprocess.Popen(
            [SSTPD, "-f", d.directory / "sstpd.conf"], stderr=subprocess.PIPE,
            env={**os.environ, "SSTPD_HANDOVER_FD": str(its.fileno())},
            close_fds=False) as new:
        its.close()
        wait_until(lambda: waits_in_poll(new) or new.poll() is not None,
                   "the new one to wait")
        assert new.poll() is None, new.stderr.read()
        ours.close()
        assert b"hands over nothing" in new.stderr.read()
        assert new.wait(PATIENCE) == 1


def waits_in_poll(process):
    with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
        return "poll" in file.read()


@test("a new program that does not start changes nothing", daemon=None)
def broken(make):
    d = make()
    program = copy_of_program(d)
    d.start()
    c = d.cc(WITH_ADDRESS)
    good = program.read_bytes()
    for text in "#!/bin/sh\nexit 7\n", "#!/bin/sh\nkill -9 $$\n", "no program\n":
        replace(program, text)
        start = d.log_size()
        status, _, err = ctl(d, "upgrade")
        assert status == 1 and "log" in err, (status, err)
        d.wait_log("has ended: nothing has changed", start)
        c.ping()
        d.cc().close()
    program.unlink()
    start = d.log_size()
    assert ctl(d, "upgrade")[0] == 1
    d.wait_log("No such file", start)

    program.write_bytes(good)
    program.chmod(0o755)
    conf = (d.directory / "sstpd.conf").read_text()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        used = f"[control]\nmetrics = 127.0.0.1:{busy.getsockname()[1]}\n"
        for bad, why in ((conf + "[nonsense]\n", "nonsense"),
                         (conf.replace("server.pem", "nowhere.pem"), "nowhere"),
                         (conf.replace("[control]\n", used), "metrics: .* in use")):
            (d.directory / "sstpd.conf").write_text(bad)
            start = d.log_size()
            assert ctl(d, "upgrade")[0] == 1
            d.wait_log(why, start)
            d.wait_log("nothing has changed", start)
            c.ping()
    (d.directory / "sstpd.conf").write_text(conf)
    assert from_json(d, "status")["state"] == "serving"
    old = upgrade(d)
    c.ping()
    c.close()
    assert old.wait(PATIENCE) == 0
    d.settle()
    d.stop()


def first_child(pid):
    """As soon as there is one."""
    path = f"/proc/{pid}/task/{pid}/children"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with open(path, encoding="ascii") as file:
            children = file.read().split()
        if children:
            return int(children[0])
    raise AssertionError(f"process {pid} starts none")


@test("a new one that is told to end before it accepts changes nothing",
      daemon=None)
def ended(make):
    d = make().start()
    c = d.cc()
    start = d.log_size()
    d.signal(signal.SIGUSR2)
    new = int(d.wait_log(r"started as pid (\d+)", start)[1])
    d.wait_log("taking over from pid", start)
    child = first_child(new)
    os.kill(child, signal.SIGSTOP)  # so the new one cannot get ready
    os.kill(new, signal.SIGTERM)
    d.wait_log("has ended: nothing has changed", start)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGCONT)
    c.ping()
    upgrade(d)
    c.ping()
    c.close()
    d.settle()
    d.stop()


@test("what the new one has no use for is gone, and who asks nothing holds nobody",
      daemon=None)
def moved(make):
    d = make({"control": {"metrics": "127.0.0.1:0"}}).start()
    port = int(d.wait_log(r"metrics on http://127.0.0.1:(\d+)/")[1])
    path = d.sections["control"]["socket"]
    d.sections["control"].update({"metrics": None, "socket": d.directory / "other"})
    d.write_config()
    start, old = d.log_size(), d.process
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(path))
        assert ctl(d, "upgrade")[0] == 0
        taken_over(d, old, start)
        assert from_json(d, "status", path="other")["state"] == "serving"
        assert old.wait(PATIENCE) == 0
    assert "giving up" not in d.log(start), d.log(start)
    assert not path.exists()
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        raise AssertionError("somebody still listens there")
    except ConnectionRefusedError:
        pass
    d.settle()
    d.stop()


@test("the new program's configuration: other addresses, workers, sockets",
      daemon=None)
def changed(make):
    d = make({"server": {"workers": 3}}).start()
    c = d.cc()
    host, port = d.addresses()[0]
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        other = s.getsockname()[1]
    d.sections["server"]["workers"] = 1
    d.sections["server"]["listen"] = f"{host}:{port}, {host}:{other}"
    d.write_config()
    old = upgrade(d)
    assert len(d.workers) == 1
    assert set(d.addresses()) == {(host, port), (host, other)}
    # three sockets at one address, all of them one worker's
    for _ in range(24):
        d.cc(address=(host, port)).close()
    d.cc(address=(host, other)).close()
    c.close()
    assert old.wait(PATIENCE) == 0
    d.sections["server"]["workers"] = 4
    d.sections["server"]["listen"] = f"{host}:{port}"
    d.write_config()
    old = upgrade(d)
    assert len(d.workers) == 4
    assert old.wait(PATIENCE) == 0
    for _ in range(24):
        d.cc(address=(host, port)).close()
    try:
        socket.create_connection((host, other)).close()
        raise AssertionError("it still listens there")
    except ConnectionRefusedError:
        pass
    d.settle()
    d.stop()


@test("drain --hold, then upgrade: who has waited is served", daemon=None)
def held(make):
    d = make().start()
    assert ctl(d, "drain", "--hold")[0] == 0
    waiting = [d.client(handshake=False) for _ in range(4)]
    old = upgrade(d)
    for c in waiting:
        c.handshake().http().request().connect()
    assert old.wait(PATIENCE) == 0
    assert from_json(d, "status")["state"] == "serving"
    d.settle()
    d.stop()


@test("drained without sockets there is nothing to hand over", daemon=None)
def drained(make):
    d = make().start()
    c = d.cc()
    assert ctl(d, "drain")[0] == 0
    assert ctl(d, "upgrade")[0] == 1
    d.wait_log("undrain first")
    c.close()
    assert d.wait_exit() == 0


@test("bans are not forgotten", daemon=None)
def bans(make):
    d = make({"limits": {"ban-after": 1, "ban-time": "1h"}}).start()
    c = d.ccp(f"wait-frame {sstp.LCP.hex()}\nauth-failed\nexit 11\n",
              source="127.0.0.9")
    c.send(sstp.data(sstp.LCP))
    d.wait_log("banned 127.0.0.9")
    upgrade(d)

    def refused():
        try:
            d.client(source="127.0.0.9").close()
            return False
        except OSError:
            return True
    assert refused()
    d.cc()
    d.settle()
    d.stop()


@test("metrics: at the same place, and /readyz never says no", daemon=None)
def metrics(make):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    d = make({"control": {"metrics": f"127.0.0.1:{port}"}}).start()
    c = d.cc()

    def get(path):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}",
                                      timeout=PATIENCE).read().decode()
    assert get("/readyz") == "ok\n"
    old = upgrade(d)

    def connections():
        found = re.search(r"(?m)^sstpd_connections_total (\d+)", get("/metrics"))
        return found and int(found[1])
    wait_until(lambda: connections() == 0, "the new one's figures")
    assert get("/readyz") == "ok\n"
    assert "sstpd_predecessor_sessions 1\n" in get("/metrics")
    c.close()
    assert old.wait(PATIENCE) == 0
    assert "sstpd_predecessor_sessions 0\n" in get("/metrics")
    d.settle()
    d.stop()


@test("a worker of the old one that dies is not replaced; its sessions end",
      daemon=None)
def old_worker(make):
    d = make({"server": {"workers": 2}}).start()
    clients = [d.cc(WITH_ADDRESS) for _ in range(8)]
    old = upgrade(d)
    workers = [p for p in descendants(old.pid) if has_role(p, "worker")
               and p not in d.workers]
    os.kill(workers[0], signal.SIGKILL)
    os.kill(workers[1], signal.SIGKILL)
    assert old.wait(PATIENCE) == 0
    for c in clients:
        c.close()
    d.cc()
    d.settle()
    d.stop()


@test("an old one that is killed gives its addresses back", daemon=None)
def old_killed(make):
    d = make({"pool": {"addresses": "10.99.0.10-10.99.0.12"}}).start()
    clients = [d.cc(WITH_ADDRESS) for _ in range(2)]
    old = upgrade(d)
    os.kill(old.pid, signal.SIGKILL)
    old.wait(PATIENCE)
    d.wait_log("the old process, has ended")
    for c in clients:
        c.close()
    for _ in range(3):
        d.cc(WITH_ADDRESS)
    wait_until(lambda: all(s["remote_address"] for s in from_json(d, "sessions")),
               "addresses for all")
    d.settle()
    d.stop()


@test("a new one that is killed leaves the old one's sessions alone",
      daemon=None)
def new_killed(make):
    d = make().start()
    c = d.cc(WITH_ADDRESS)
    late = d.crp(WITH_ADDRESS)
    old = upgrade(d)
    os.kill(d.pid(), signal.SIGKILL)
    d.wait_log("the new process, has ended")
    late.request().connect()
    c.ping()
    late.close()
    c.close()
    assert old.wait(PATIENCE) == 0


main(default={})
