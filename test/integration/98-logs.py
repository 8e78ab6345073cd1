#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The log as JSON, in the journal and in syslog, with the fields that sstpd(8)
documents."""

import datetime
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading

import sstp
from lib import HERE, SSTPD, UP, Skipped, main, test, wait_until

SOURCE = HERE.parent.parent / "sstpd"
MANUAL = SOURCE / "sstpd.8"
# nobody answers a disconnect here
JSON = {"log": {"format": "json"}, "sstp": {"disconnect-timeout": "30ms"}}
SESSION = UP + "request-address\nup\n"
STORY = ["connected", "authenticated", "binding_verified", "up", "ended"]


def reject_twins(pairs):
    assert len(dict(pairs)) == len(pairs), f"a key comes twice: {pairs}"
    return dict(pairs)


def parse(line):
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line), f"not escaped: {line!r}"
    entry = json.loads(line, object_pairs_hook=reject_twins)
    assert isinstance(entry, dict), line
    return entry


def entries(d, start=0):
    """Every line of the log has to be an object."""
    with open(d.directory / "log", "rb") as f:
        f.seek(start)
        text = f.read()
    whole = text[:text.rfind(b"\n") + 1]
    return [parse(line) for line in whole.decode("utf-8").splitlines()]


def port(c):
    return c.tls.getsockname()[1]


def of_port(found, number):
    return [e for e in found if e.get("peer_port") == number]


def story(d, number, start=0):
    """The session's entries, once the last one is there."""
    def ended():
        found = of_port(entries(d, start), number)
        return found if found and found[-1]["event"] == "ended" else None
    return wait_until(ended, f"the end of port {number}")


def run_session(d, is_up):
    """A whole one; is_up() looks for that event of a port."""
    c = d.client(SESSION, sni="vpn.example.net").http().request().connect()
    number = port(c)
    wait_until(lambda: is_up(number), "a session that is up")
    c.close()
    return number


def run_json_session(d):
    return run_session(d, lambda number: any(
        e["event"] == "up" for e in of_port(entries(d), number)))


def documented():
    """The manual's events with their fields, and all fields."""
    text = MANUAL.read_text().split(".Sh LOG\n")[1].split(".Sh ")[0]
    events, fields = text.split("These are the fields:")
    found = {}
    for item in re.split(r"\n\.It Cm ", events)[1:]:
        names = " ".join(re.findall(r"(?m)^\.Ic (.*)", item))
        found[item.split("\n")[0]] = set(re.findall(r"[a-z_]+", names))
    names = " ".join(re.findall(r"(?m)^\.It Ic (.*)", fields))
    return found, set(re.findall(r"[a-z_]+", names))


def check_documented(found):
    events, fields = documented()
    head = {"time", "level", "pid", "event", "session", "peer", "peer_port",
            "message"}
    assert head < fields, head - fields
    for entry in found:
        more = set(entry) - head
        assert more <= fields, f"no field of the manual: {more - fields}"
        if entry["event"] != "message":
            assert more <= events[entry["event"]], \
                f"not {entry['event']}'s: {more - events[entry['event']]}"


@test("the manual has every event and every field", daemon=None)
def manual(_):
    text = (SOURCE / "log_record.c").read_text()
    keys = set(re.findall(r'(?m)^\t\[LOG_KEY_\w+\] = { "(\w+)"', text))
    names = set(re.findall(r'(?m)^\t\[LOG_EVENT_\w+\] = "(\w+)"', text))
    events, fields = documented()
    assert len(keys) > 20 and len(names) > 5, text
    assert fields == keys | {"time", "level", "pid", "event"}, fields ^ keys
    assert set(events) == names, set(events) ^ names


# --- JSON ---

@test("a session as JSON, with the fields of the manual", "json")
def session(d):
    start = d.log_size()
    number = run_json_session(d)
    found = story(d, number, start)
    told = {e["event"]: e for e in found if e["event"] != "message"}
    assert sorted(told) == sorted(STORY), told
    for entry in found:
        assert entry["peer"] == "127.0.0.1", entry
        assert entry["session"] == found[0]["session"], entry
        assert entry["pid"] in d.worker_pids(), entry
        assert entry["level"] in ("info", "debug"), entry
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                            entry["time"]), entry
        datetime.datetime.strptime(entry["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
    check_documented(found)
    wanted = {
        "connected": {"tls_version": "TLSv1.3",
                      "tls_cipher": "TLS_AES_256_GCM_SHA384",
                      "sni": "vpn.example.net"},
        "authenticated": {"user": "alice", "method": "MS-CHAPv2"},
        "binding_verified": {"hash": "SHA-256"},
        "up": {"local_address": "192.0.2.1", "mtu": 1400},
        "ended": {"stage": "up", "cause": "client-closed", "user": "alice",
                  "closed_by": "client", "reason": "client closed the connection"},
    }
    for event, values in wanted.items():
        assert values.items() <= told[event].items(), told[event]
    assert told["connected"]["correlation_id"].startswith("{s"), told
    assert told["up"]["remote_address"].startswith("10.99.0."), told
    assert told["ended"]["bytes_in"] > 0 and told["ended"]["bytes_out"] > 0, told
    assert isinstance(told["ended"]["duration"], int), told


@test("the message is the line of text, with all that is in the fields", "json")
def message(d):
    head = ("time", "level", "pid", "event", "session", "peer", "peer_port",
            "message", "reason")
    for entry in story(d, run_json_session(d)):
        if entry["event"] == "message":
            continue
        text = entry["message"]
        assert text.startswith(entry["event"].replace("_", " ") + ":"), text
        pairs = dict(re.findall(r'([a-z-]+)=("(?:[^"\\]|\\.)*"|\S+)', text))
        values = {k: v.strip('"') for k, v in pairs.items()}
        wanted = {k.replace("_", "-"): str(v) for k, v in entry.items()
                  if k not in head}
        assert values == wanted, f"{values}, not {wanted}"
        assert entry.get("reason", "") in text, text


@test("every line is an object, from start to stop", daemon=None)
def all_lines(make):
    d = make(JSON).start()
    run_json_session(d)
    d.settle()
    d.stop()
    found = entries(d)
    assert found[-1]["message"] == "stopped", found[-1]
    assert {e["event"] for e in found} == {*STORY, "message"}
    assert any(e["pid"] == d.process.pid for e in found)
    check_documented(found)


def pap_request(name):
    return struct.pack(">HHBBHB", 0xff03, 0xc023, 1, 1, 6 + len(name),
                       len(name)) + name + b"\0"


HOSTILE = [
    (b'a","event":"up","x":"', 'a","event":"up","x":"'),
    (b"\\", "\\"),
    (b"\0\n\r\t\x1b[2J\x7f", "\0\n\r\t\x1b[2J\x7f"),
    ("caf\xe9 \u20ac \U0001f40e".encode(), "caf\xe9 \u20ac \U0001f40e"),
    (b"\xff\xc0\xaf\xed\xa0\x80", "\ufffd" * 6),
    (b"\xc2\x9b2J", "\x9b2J"),
]


def refused_as(d, name):
    """The last entry of a client that calls itself so."""
    frame = pap_request(name)
    c = d.ccp(f"wait-frame {frame[:6].hex()}\n"
              f"send {sstp.CHAP_FAILURE.hex()}\nexit 11\n")
    start, number = d.log_size(), port(c)
    c.send(sstp.data(frame))
    return story(d, number, start)[-1]


@test("a name cannot break the object", "json")
def hostile(d):
    for name, wanted in HOSTILE:
        entry = refused_as(d, name)
        assert entry["user"] == wanted, f"{entry['user']!r}, not {wanted!r}"
        assert entry["cause"] == "auth-failed", entry
    for fill in (b"a", b'"', b"\\", b"\x01", b"\xff", b"\xe2\x82"):
        entry = refused_as(d, (fill * 250)[:250])
        assert len(entry["user"]) > 80, entry
        assert entry["hint"] and entry["closed_by"], entry
        check_documented([entry])


@test("nor can what else a client sends", "json")
def hostile_elsewhere(d):
    c = d.client(sni='a"b\\c.example')
    number = port(c)
    c.send(sstp.request_head(correlation='{"x":"\\'))
    c.record()
    c.close()
    entry = story(d, number)[-1]
    assert entry["sni"] == 'a"b\\c.example', entry
    for sent in (b'GET /"\\ HTTP/1.1\r\n\r\n', b"\xff\0\"\\\r\n\r\n"):
        c = d.client()
        number = port(c)
        c.send(sent)
        c.record()
        c.close()
        assert story(d, number)[-1]["stage"] == "http"


@test("words of pppd that break the line", "json")
def words(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\n"
             'log a","b":"\\ \x1b[2J caf\xe9\nexit 1\n')
    number = port(c)
    c.send(sstp.data(sstp.LCP))
    found = story(d, number)
    assert any('pppd: a","b":"\\' in e["message"] for e in found), found
    assert 'a","b":"\\' in found[-1]["pppd"], found[-1]


# --- a reload ---

def reload_log(d, **settings):
    size = d.log_size()
    d.sections["log"].update(settings)
    d.write_config()
    d.signal(signal.SIGHUP)
    return size


@test("a reload changes the format and the level", daemon=None)
def reload(make):
    d = make().start()
    before = d.cc()
    number = port(before)
    d.wait_log(f":{number}: connected: tls-version=")
    size = reload_log(d, format="json", level="info")
    d.wait_log('"message":"reload: done', size)
    # workers follow, and what they say is in the new form from the first
    before.close()
    assert story(d, number, d.log().find('{"time"'))[-1]["cause"] == "client-closed"
    wait_until(lambda: no_debug(d), "a worker that no longer tells everything")
    size = reload_log(d, format="text")
    d.wait_log(r"(?m)^20\S+ reload: done", size)
    d.settle()
    d.stop()


def no_debug(d):
    start, c = d.log_size(), d.client()
    number = port(c)
    c.close()
    return not any(e["level"] == "debug" for e in story(d, number, start))


# --- the journal ---

class Receiver:
    """Somebody who listens to datagrams."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)
        self.received = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            datagram = self.socket.recv(65536)
            if datagram == b"":
                return
            self.received.append(datagram)

    def wait(self, find, what):
        """The first true value of find() of a list of datagrams."""
        try:
            return wait_until(lambda: find(list(self.received)), what)
        except AssertionError as e:
            raise AssertionError(f"{e}, among {self.received}") from None

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", str(self.path))
        self.thread.join()
        self.socket.close()
        self.path.unlink()


def journal_entry(datagram):
    """The fields of one, in the form for values of any bytes."""
    found = {}
    while datagram:
        name, rest = datagram.split(b"\n", 1)
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]*", name), name
        size, = struct.unpack("<Q", rest[:8])
        assert rest[8 + size:9 + size] == b"\n", datagram
        assert name.decode() not in found, datagram
        found[name.decode()] = rest[8:8 + size].decode()
        datagram = rest[9 + size:]
    return found


@test("the journal gets every field", daemon=None)
def journal(make):
    d = make({"log": {"target": "journal", "level": "info"}})
    receiver = Receiver(d.directory / "journal")
    d.sections["log"]["journal-socket"] = receiver.path
    d.write_config()
    d.start()

    def told(number, event):
        def find(received):
            mine = [e for e in map(journal_entry, received)
                    if e.get("SSTPD_PEER_PORT") == str(number)]
            return mine if event in [e["SSTPD_EVENT"] for e in mine] else None
        return receiver.wait(find, f"{event} in the journal")
    number = run_session(d, lambda number: told(number, "up"))
    found = told(number, "ended")
    assert sorted(e["SSTPD_EVENT"] for e in found) == sorted(STORY), found
    last = found[-1]
    wanted = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "sstpd",
              "SYSLOG_FACILITY": "3", "SSTPD_CAUSE": "client-closed",
              "SSTPD_USER": "alice", "SSTPD_PEER": "127.0.0.1"}
    assert wanted.items() <= last.items(), last
    assert last["MESSAGE"].startswith(
        f"{last['SSTPD_SESSION']} 127.0.0.1:{number}: ended: "), last
    assert int(last["SYSLOG_PID"]) in d.worker_pids(), last
    assert journal_entry(receiver.received[-1])["MESSAGE"]
    # a name is one field, whatever is in it
    frame = pap_request(b"a\nPRIORITY=0\nMESSAGE\n")
    c = d.ccp(f"wait-frame {frame[:6].hex()}\n"
              f"send {sstp.CHAP_FAILURE.hex()}\nexit 11\n")
    number = port(c)
    c.send(sstp.data(frame))
    last = told(number, "ended")[-1]
    assert last["SSTPD_USER"] == "a\nPRIORITY=0\nMESSAGE\n", last
    assert last["PRIORITY"] == "4" and "\n" not in last["MESSAGE"], last
    assert d.log_size() == 0, d.log()
    # nobody listens: it is not lost
    receiver.close()
    c = d.client()
    number = port(c)
    c.close()
    d.wait_log(rf"(?m)^20\S+ s\S+ 127.0.0.1:{number}: ended: ")
    # and it is found again
    receiver = Receiver(receiver.path)
    c = d.client()
    number = port(c)
    c.close()
    told(number, "ended")
    size = reload_log(d, target="stderr")
    d.wait_log("reload: done", size)
    d.settle()
    d.stop()
    receiver.close()


# --- syslog ---

# A /dev of our own, in which /dev/log is the socket $2.
NAMESPACE = """\
dev=$1 socket=$2; shift 2
mount -t tmpfs -o mode=755 dev "$dev"
for name in null zero full random urandom tty; do
	: >"$dev/$name"
	mount --bind "/dev/$name" "$dev/$name"
done
mkdir "$dev/pts"
mount --bind /dev/pts "$dev/pts"
ln -s pts/ptmx "$dev/ptmx"
: >"$dev/log"
mount --bind "$socket" "$dev/log"
mount --move "$dev" /dev
exec "$@"
"""


def in_namespace(d, receiver):
    (d.directory / "dev").mkdir()
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
               NAMESPACE, "sh", d.directory / "dev", receiver.path]
    try:
        done = subprocess.run([*command, "true"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise Skipped("no unshare") from None
    if done.returncode != 0:
        raise Skipped("no mount namespace of our own")
    return [*command, SSTPD]


@test("syslog, as text and as JSON", daemon=None)
def syslog(make):
    if os.geteuid() != 0:
        raise Skipped("a /dev/log of our own needs root")
    d = make({"log": {"target": "syslog", "facility": "local3", "level": "info"}})
    receiver = Receiver(d.directory / "socket")
    d.command = in_namespace(d, receiver)
    d.start()
    head = r"<(\d+)>\w{3} [ \d]\d [\d:]{8} sstpd\[(\d+)\]: (.*)"

    def told(pattern):
        def find(received):
            lines = [x.decode().rstrip("\0\n") for x in received]
            parts = [re.fullmatch(head, x) for x in lines]
            assert all(parts), lines
            return next((p for p in parts if re.search(pattern, p[3])), None)
        return receiver.wait(find, f"/{pattern}/ in syslog")
    number = run_session(d, lambda number: told(f":{number}: up: "))
    end = told(rf" 127.0.0.1:{number}: ended: .*user=\"alice\"")
    assert (end[1], end[2]) == (str(19 * 8 + 6), str(d.process.pid)), end[0]
    reload_log(d, format="json")
    told('"message":"reload: done')
    number = run_session(
        d, lambda number: told(f'"event":"up".*"peer_port":{number},'))
    end = told(f'"peer_port":{number},.*"reason":')
    assert parse(end[3])["user"] == "alice", end[0]
    assert d.log_size() == 0, d.log()
    d.settle()
    d.stop()
    receiver.close()


main(json=JSON)
