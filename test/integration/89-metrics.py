#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Metrics: the format, the numbers after known events, HTTP, and whether
Prometheus, its alerts and the dashboard can work with them."""

import collections
import json
import math
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import urllib.parse

import sstp
from lib import BUILD, PATIENCE, UP, Skipped, main, test, wait_until

SRC = pathlib.Path(os.environ.get("TEST_SRC") or
                   pathlib.Path(__file__).resolve().parents[2])
SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
RULES = SRC / "etc/prometheus/sstpd.rules.yml"
DASHBOARD = SRC / "etc/grafana/sstpd.json"
WITH_ADDRESS = UP + "request-address\nup\n"
FAIL = f"wait-frame {sstp.LCP.hex()}\nauth-failed\nexit 11\n"
HTTP = {"control": {"metrics": "127.0.0.1:0"}}

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HEAD = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


# --- the text format, read more strictly than Prometheus does ---

class Exposition:
    """families: {name: type}; samples: {(name, ((label, value), ...)): value}."""

    def __init__(self, text):
        assert text.endswith("\n"), "the last line does not end"
        self.families, self.samples, self.label_names = {}, {}, {}
        self.help = self.family = None
        for line in text[:-1].split("\n"):
            if line.startswith("#"):
                self.read_head(line)
            else:
                self.read_sample(line)
        for name, kind in self.families.items():
            if kind == "histogram":
                self.check_histogram(name)

    def read_head(self, line):
        what, name, rest = HEAD.fullmatch(line).groups()
        if what == "HELP":
            assert name not in self.families, f"{name} comes twice"
            self.help = name
            return
        assert name == self.help, f"{name} has no HELP"
        assert rest in ("counter", "gauge", "histogram"), line
        assert (rest == "counter") == name.endswith("_total"), line
        self.families[name] = rest
        self.family = name

    def read_sample(self, line):
        found = SAMPLE.fullmatch(line)
        assert found, f"no sample: {line!r}"
        name, inside, value = found.groups()
        labels, end = [], 0
        for label in LABEL.finditer(inside or ""):
            assert label.start() == end, f"labels: {line!r}"
            labels.append((label[1], label[2]))
            end = label.end()
        assert end == len(inside or ""), f"labels: {line!r}"
        names = [n for n, _ in labels]
        assert len(set(names)) == len(names), f"a label twice: {line!r}"
        self.add(name, tuple(sorted(labels)), float(value))

    def add(self, name, labels, value):
        family = self.family
        if self.families[family] == "histogram":
            part = name[len(family):]
            assert name.startswith(family) and \
                part in ("_bucket", "_sum", "_count"), name
        else:
            assert name == family, f"{name} after the head of {family}"
        assert (name, labels) not in self.samples, f"{name} {labels} twice"
        assert value >= 0 and math.isfinite(value), (name, value)
        known = self.label_names.setdefault(name, {n for n, _ in labels})
        assert known == {n for n, _ in labels}, f"{name}: other labels"
        self.samples[name, labels] = value

    def check_histogram(self, name):
        buckets = [(dict(labels)["le"], v) for (n, labels), v
                   in self.samples.items() if n == name + "_bucket"]
        bounds = [float(le) for le, _ in buckets]
        counts = [v for _, v in buckets]
        assert bounds == sorted(set(bounds)), bounds
        assert bounds[-1] == math.inf and buckets[-1][0] == "+Inf", bounds
        assert counts == sorted(counts), (name, counts)
        assert counts[-1] == self[name + "_count"], name
        assert self[name + "_sum"] <= counts[-1] * 60, name

    def __getitem__(self, name):
        return self.samples[name, ()]

    def get(self, name, **labels):
        return self.samples[name, tuple(sorted(labels.items()))]

    def counters(self):
        return {key: v for key, v in self.samples.items() if re.search(
            r"(_total|_bucket|_count|_sum)$", key[0])}


# --- HTTP ---

def endpoint(d):
    found = d.wait_log(r"metrics on http://([\d.]+):(\d+)/metrics")
    return found[1], int(found[2])


def connect(d):
    s = socket.create_connection(endpoint(d), PATIENCE)
    s.settimeout(PATIENCE)
    return s


def rest_of(s):
    parts = []
    while part := s.recv(65536):
        parts.append(part)
    return b"".join(parts)


def exchange(d, request):
    """(status, {header: value}, body) of whatever is sent."""
    with connect(d) as s:
        s.sendall(request)
        raw = rest_of(s)
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *fields = head.decode("ascii").split("\r\n")
    version, status, _ = line.split(" ", 2)
    assert version == "HTTP/1.1", line
    headers = dict(f.lower().split(": ", 1) for f in fields)
    assert int(headers["content-length"]) == len(body), headers
    assert headers["connection"] == "close", headers
    return int(status), headers, body


def get(d, path):
    return exchange(d, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def text_of(d):
    status, headers, body = get(d, "/metrics")
    assert status == 200, status
    assert headers["content-type"] == \
        "text/plain; version=0.0.4; charset=utf-8", headers
    return body.decode()


def scrape(d):
    return Exposition(text_of(d))


def grown(before, after, name, **labels):
    return after.get(name, **labels) - before.get(name, **labels)


def in_state(e, state, profile="default"):
    return e.get("sstpd_session_states", profile=profile, state=state)


def scraped(d, condition, what):
    """The first exposition for which it holds."""
    def look():
        e = scrape(d)
        return e if condition(e) else None
    return wait_until(look, what)


# --- the numbers ---

@test("the format; every metric of the daemon's table, and no other")
def exposition(d):
    d.cc(WITH_ADDRESS)
    e = scrape(d)
    table = subprocess.run([BUILD / "sstpd/sstpd", "--print-metrics"],
                           capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in table.splitlines()]
    assert e.families == {name: kind for name, kind, _, _ in rows}
    for name, kind, labels, _ in rows:
        sample = name + "_bucket" if kind == "histogram" else name
        expected = set() if labels == "-" else set(labels.split(", "))
        assert e.label_names[sample] == expected, name
    shown = subprocess.run([SSTPCTL, "-s", d.directory / "control", "metrics"],
                           capture_output=True, text=True, check=True).stdout
    assert Exposition(shown).samples.keys() == e.samples.keys()


@test("a session: set-up, traffic to the byte, its end")
def session(d):
    before = scrape(d)
    c = d.cc(WITH_ADDRESS)
    now = scraped(d, lambda e: in_state(e, "up") == 1, "a session that is up")
    for name in ("sstpd_tls_handshake_seconds_count", "sstpd_calls_total",
                 "sstpd_authentication_seconds_count",
                 "sstpd_setup_seconds_count", "sstpd_connections_total",
                 "sstpd_pppd_starts_total"):
        assert grown(before, now, name) == 1, name
    assert now["sstpd_sessions"] == 1
    assert now.get("sstpd_pool_addresses_used", profile="default") == 1
    assert now["sstpd_sessions_max"] == 200
    assert now.get("sstpd_pool_addresses", profile="default") == 241
    assert now["sstpd_connections_half_open"] == 0
    pings, size = 20, 0
    for _ in range(pings):
        c.ping()
        size += len(sstp.ip_frame(b"ping %d" % c.pings))
    live = scrape(d)
    for way in ("receive", "transmit"):
        assert grown(now, live, f"sstpd_{way}_bytes_total") == size, way
        assert grown(now, live, f"sstpd_{way}_packets_total") == pings, way
    c.close()
    after = scraped(d, lambda e: e["sstpd_sessions"] == 0, "its end")
    for way in ("receive", "transmit"):
        assert grown(live, after, f"sstpd_{way}_bytes_total") == 0, way
        assert grown(live, after, f"sstpd_{way}_packets_total") == 0, way
    assert grown(before, after, "sstpd_ended_total", stage="up",
                 cause="client-closed", result="ok") == 1
    assert grown(before, after, "sstpd_pppd_exits_total", code="16") == 1
    assert in_state(after, "up") == 0


@test("sessions by how far they have come")
def states(d):
    d.client(handshake=False)
    d.client()
    d.crp()
    d.ccp("")
    d.cc()
    d.cc(WITH_ADDRESS)
    wanted = {"tcp": 1, "http": 1, "sstp": 1, "lcp": 1, "ipcp": 1, "up": 1}

    def found(e):
        return {dict(labels)["state"]: v for (n, labels), v
                in e.samples.items() if n == "sstpd_session_states" and v}
    e = scraped(d, lambda e: found(e) == wanted, f"the states {wanted}")
    assert e["sstpd_connections_half_open"] == 4
    assert e["sstpd_sessions"] == 3


@test("a session whose pppd takes its time to end", daemon=None)
def closing(make):
    d = make({"ppp": {"stop-timeout": "60s"}, **HTTP}).start()
    c = d.cc()
    pppd = d.pppd_of(c)
    os.kill(pppd, signal.SIGSTOP)
    c.close()
    scraped(d, lambda e: in_state(e, "closing") == 1, "its state")
    os.kill(pppd, signal.SIGCONT)
    # the monitor knows first
    scraped(d, lambda e: e["sstpd_sessions"] == 0 and
            in_state(e, "closing") == 0, "its end")
    d.stop()


@test("failures by stage and cause, from 0 on")
def failures(d):
    before = scrape(d)
    c = d.ccp(FAIL)
    c.send(sstp.data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.close()
    c = d.client()
    c.send(b"GET / HTTP/1.1\r\n\r\n")
    c.record()
    c.close()
    c = d.ccp()
    c.expect_data(sstp.CHAP_SUCCESS)
    c.send(c.proof(certificate=b"another"))
    c.expect_abort(3, 4)
    c.close()
    wanted = (("auth", "auth-failed"), ("http", "http-not-sstp"),
              ("binding", "binding-certificate"))

    def all_counted(e):
        return all(grown(before, e, "sstpd_ended_total", stage=stage,
                         cause=cause, result="failed") == 1
                   for stage, cause in wanted)
    e = scraped(d, all_counted, "three failures")
    assert grown(before, e, "sstpd_authentication_failures_total") == 1
    assert grown(before, e, "sstpd_pppd_exits_total", code="11") == 1
    assert grown(before, e, "sstpd_setup_seconds_count") == 0


@test("connections that limits refuse, and bans", "strict")
def limits(d):
    before = scrape(d)
    c = d.ccp(FAIL, source="127.0.0.5")
    c.send(sstp.data(sstp.LCP))
    c.expect(sstp.DISCONNECT)
    c.close()
    scraped(d, lambda e: grown(before, e, "sstpd_bans_total") == 1, "a ban")
    with socket.socket() as s:
        s.settimeout(PATIENCE)
        s.bind(("127.0.0.5", 0))
        s.connect(d.addresses()[0])
        assert s.recv(1) == b""
    e = scraped(d, lambda e: grown(
        before, e, "sstpd_connections_refused_total", limit="banned") == 1,
        "a refusal")
    assert grown(before, e, "sstpd_connections_total") == 2


@test("what is queued for a client that does not read")
def queues(d):
    c = d.cc(UP + f"wait-frame {sstp.LCP.hex()}\nsource 100000 1400\n",
             buffer=4096)
    c.send(sstp.data(sstp.LCP))
    scraped(d, lambda e: e.get("sstpd_queue_bytes", direction="to_client") > 0
            and e["sstpd_tcp_unsent_bytes"] > 0
            and e["sstpd_buffer_bytes"] > 0, "bytes in queues")
    c.reset()
    scraped(d, lambda e: e.get("sstpd_queue_bytes",
                               direction="to_client") == 0, "none")


@test("a worker that is killed takes no counter back", daemon=None)
def killed(make):
    d = make({"server": {"workers": 1}, **HTTP}).start()
    c = d.cc(WITH_ADDRESS)
    c.ping()
    before = scrape(d)
    assert before["sstpd_receive_packets_total"] >= 2
    # its pppd is gone before the monitor sees either
    os.kill(d.pid(), signal.SIGSTOP)
    os.kill(d.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: not d.pppds(), "the end of pppd")
    os.kill(d.pid(), signal.SIGCONT)
    gone = scraped(d, lambda e: e["sstpd_worker_restarts_total"] == 1,
                   "the worker's end")
    again = scraped(d, lambda e: e["sstpd_workers"] == 1 and
                    e["sstpd_sessions"] == 0, "another one")
    assert again["sstpd_worker_lost_sessions_total"] == 1
    for e in (gone, again):
        assert in_state(e, "up") == 0
        assert e.get("sstpd_queue_bytes", direction="to_client") == 0
        back = {k for k, v in before.counters().items() if e.samples[k] < v}
        assert not back, back
    wait_until(d.cc, "service").ping()
    now = scrape(d)
    assert grown(again, now, "sstpd_receive_packets_total") == 2
    d.settle()
    d.stop()


@test("counters never go back while sessions come and go")
def monotonic(d):
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            c = d.cc(WITH_ADDRESS)
            c.ping()
            c.close()
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        last = scrape(d)
        start = last["sstpd_setup_seconds_count"]
        while last["sstpd_setup_seconds_count"] < start + 20:
            e = scrape(d)
            back = {k for k, v in last.counters().items() if e.samples[k] < v}
            assert not back, back
            last = e
    finally:
        stop.set()
        thread.join(PATIENCE)


@test("reload: counted, with its result and time", daemon=None)
def reload(make):
    d = make(HTTP).start()
    first = scrape(d)
    assert first["sstpd_config_last_reload_successful"] == 1
    assert 0 <= first["sstpd_config_last_reload_success_timestamp_seconds"] - \
        first["sstpd_start_time_seconds"] < PATIENCE
    good = (d.directory / "sstpd.conf").read_text()
    (d.directory / "sstpd.conf").write_text(good + "[nonsense]\n")
    d.signal(signal.SIGHUP)
    bad = scraped(d, lambda e: e.get("sstpd_config_reloads_total",
                                     result="failed") == 1, "a failure")
    time = "sstpd_config_last_reload_success_timestamp_seconds"
    assert bad["sstpd_config_last_reload_successful"] == 0
    assert bad[time] == first[time]
    d.sections["limits"]["max-sessions"] = 77
    d.write_config()
    d.signal(signal.SIGHUP)
    e = scraped(d, lambda e: e.get("sstpd_config_reloads_total",
                                   result="ok") == 1, "a reload")
    assert e["sstpd_config_last_reload_successful"] == 1
    assert e[time] > first[time]
    assert e["sstpd_sessions_max"] == 77
    d.stop()


@test("build, start and expiry of the certificate")
def build(d):
    e = scrape(d)
    info, = (dict(labels) for (n, labels) in e.samples
             if n == "sstpd_build_info")
    version = subprocess.run([BUILD / "sstpd/sstpd", "-V"], check=True,
                             capture_output=True, text=True).stdout
    assert version == f"sstpd {info['version']}\n", info
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", info["openssl"]), info
    started = e["sstpd_start_time_seconds"]
    log = (d.directory / "log").stat()
    assert started <= log.st_mtime, (started, log)
    # lib.py makes certificates for two days
    rest = e["sstpd_certificate_expiry_timestamp_seconds"] - started
    assert abs(rest - 2 * 86400) < 3600, rest


# --- HTTP ---

@test("health and readiness, while it drains and ends", daemon=None)
def ready(make):
    d = make(HTTP).start()
    c = d.cc()
    assert get(d, "/healthz")[::2] == (200, b"ok\n")
    assert get(d, "/readyz")[::2] == (200, b"ok\n")

    def control(word):
        subprocess.run([SSTPCTL, "-s", d.directory / "control", word],
                       check=True)
    control("drain")
    assert get(d, "/readyz")[::2] == (503, b"draining\n")
    assert get(d, "/healthz")[0] == 200
    assert scrape(d)["sstpd_draining"] == 1
    control("undrain")
    assert get(d, "/readyz")[0] == 200
    for pid in d.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    try:
        assert scrape(d)["sstpd_sessions"] == 1, "it waits for workers"
    finally:
        for pid in d.worker_pids():
            os.kill(pid, signal.SIGCONT)
    c.ping()
    control("drain")
    c.close()
    assert d.wait_exit() == 0


@test("off unless it is asked for", daemon=None)
def off(make):
    d = make().start()
    assert "metrics on" not in d.log()
    d.stop()


@test("requests that are wrong, too long, or never end")
def faults(d):
    for request, status in (
            (b"POST /metrics HTTP/1.1\r\n\r\n", 405),
            (b"HEAD /metrics HTTP/1.1\r\n\r\n", 405),
            (b"\r\n\r\n", 405), (b"nonsense\r\n\r\n", 405),
            (b"GET / HTTP/1.1\r\n\r\n", 404),
            (b"GET /metrics/x HTTP/1.1\r\n\r\n", 404),
            (b"GET ../metrics HTTP/1.1\r\n\r\n", 404),
            (b"GET /metrics\r\n\r\n", 404),
            (b"GET " + b"/" * 4000 + b" HTTP/1.1\r\n\r\n", 400),
            (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 4000, 400),
            (b"GET /metrics HTTP/1.1\r\nX: \0\r\n\r\n", 400)):
        got, headers, _ = exchange(d, request)
        assert got == status, (request[:40], got)
        assert status != 405 or headers["allow"] == "get", headers
    for request in (b"", b"GET /metrics HTTP/1.1\r\n", b"GET"):
        with connect(d) as s:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            assert rest_of(s) == b"", request
    with connect(d) as s:  # in pieces
        for byte in b"GET /healthz HTTP/1.1\r\n\r\n":
            s.sendall(bytes((byte,)))
        assert rest_of(s).endswith(b"\r\n\r\nok\n")
    ask = b"GET /healthz HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
    assert exchange(d, ask + ask)[::2] == (200, b"ok\n")


@test("scrapers that say nothing keep nobody from sstpctl")
def idle(d):
    clients = [connect(d) for _ in range(40)]
    subprocess.run([SSTPCTL, "-s", d.directory / "control", "status"], check=True,
                   stdout=subprocess.DEVNULL, timeout=PATIENCE)
    for s in clients:
        s.close()

    def heard():  # that they have gone
        try:
            return get(d, "/healthz")
        except ConnectionResetError:
            return None
    wait_until(heard, "room for a scraper")


@test("many scrapes at once: what workers say answers them all")
def many(d):
    d.cc(WITH_ADDRESS)
    worker = d.worker_pids()[0]
    os.kill(worker, signal.SIGSTOP)
    clients = [connect(d) for _ in range(24)]
    for s in clients:
        s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    get(d, "/healthz")  # by now it has read them all
    os.kill(worker, signal.SIGCONT)
    assert select.select(clients, [], [], PATIENCE)[0], "no answer"
    get(d, "/healthz")
    assert len(select.select(clients, [], [], 0)[0]) == len(clients)
    for s in clients:
        body = rest_of(s).partition(b"\r\n\r\n")[2]
        s.close()
        e = Exposition(body.decode())
        assert in_state(e, "up") == 1


@test("scrapers that hang up at any time")
def hang_up(d):
    for request in (b"", b"GET /met", b"GET /metrics HTTP/1.1\r\n\r\n"):
        for _ in range(20):
            with connect(d) as s:
                s.sendall(request)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
    scrape(d)


# --- those who use them ---

def names_in(text):
    return set(re.findall(r"\bsstpd_[a-z0-9_]+\b", text))


def expressions():
    """PromQL of the rules and the dashboard."""
    found = []
    text = RULES.read_text()
    for rule in re.split(r"(?m)^ +- alert: ", text)[1:]:
        found.append(re.search(r"(?s)expr: (?:>-)?(.*?)\n +(?:for|labels):",
                               rule)[1])

    def walk(value):
        if isinstance(value, dict):
            found.extend(v for k, v in value.items() if k == "expr")
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                walk(item)
    walk(json.loads(DASHBOARD.read_text()))
    return [" ".join(e.split()) for e in found]


@test("alerts and dashboard use what there is, and the dashboard shows all")
def used(d):
    d.cc(WITH_ADDRESS)
    e = scrape(d)
    series = {n for n, _ in e.samples}
    rules = RULES.read_text()
    dashboard = DASHBOARD.read_text()
    assert names_in(rules) <= series, names_in(rules) - series
    assert names_in(dashboard) <= series, names_in(dashboard) - series
    shown = {re.sub("_(bucket|count|sum)$", "", n)
             for n in names_in(rules + dashboard)}
    left = set(e.families) - shown
    assert left <= {"sstpd_config_last_reload_success_timestamp_seconds"}, left
    # labels that are matched have such values
    values = collections.defaultdict(set)
    for _, labels in e.samples:
        for label, value in labels:
            values[label].add(value)
    matchers = re.findall(r'([a-z]+)(=~|=)"([^"$]+)"', " ".join(expressions()))
    assert len(matchers) >= 8, matchers
    for label, how, value in matchers:
        for part in value.split("|") if label != "job" else ():
            pattern = part if how == "=~" else re.escape(part)
            assert any(re.fullmatch(pattern, v) for v in values[label]), \
                (label, part)


def program(name):
    found = shutil.which(name)
    if found is None:
        raise Skipped(f"{name} is not installed (Debian: prometheus)")
    return found


@test("promtool finds no fault in metrics and rules")
def promtool(d):
    tool = program("promtool")
    d.cc(WITH_ADDRESS)
    for words, text in ((["check", "metrics"], text_of(d)),
                        (["check", "rules", RULES], "")):
        done = subprocess.run([tool, *words], input=text, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout, done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Prometheus:
    """A real one, which scrapes a daemon as fast as it can."""

    def __init__(self, d, binary):
        self.directory = d.directory / "prometheus"
        self.directory.mkdir()
        host, port = endpoint(d)
        config = self.directory / "prometheus.yml"
        config.write_text(f"""\
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
  evaluation_interval: 200ms
rule_files: ['{RULES}']
scrape_configs:
  - job_name: sstpd
    static_configs:
      - targets: ['{host}:{port}']
""")
        self.address = "127.0.0.1", free_port()
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                [binary, f"--config.file={config}",
                 f"--storage.tsdb.path={self.directory}/data",
                 "--web.listen-address={}:{}".format(*self.address)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def api(self, path, **query):
        request = f"GET /api/v1/{path}?{urllib.parse.urlencode(query)} " \
            "HTTP/1.0\r\n\r\n"
        with socket.create_connection(self.address, PATIENCE) as s:
            s.sendall(request.encode())
            body = rest_of(s).partition(b"\r\n\r\n")[2]
        return json.loads(body)

    def query(self, expression):
        answer = self.api("query", query=expression)
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]

    def value(self, expression):
        """Of the only series, or None."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def log(self):
        return (self.directory / "log").read_text("utf-8", "replace")

    def wait(self, condition, what):
        def look():
            assert self.process.poll() is None, self.log()
            try:
                return condition()
            except (ConnectionError, json.JSONDecodeError):
                return None  # it is still starting
        return wait_until(look, what)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@test("a real Prometheus: scrape, query, alerts, every expression")
def prometheus(d):
    p = Prometheus(d, program("prometheus"))
    try:
        p.wait(lambda: p.value('up{job="sstpd"}') == 1, "a scrape")
        assert p.value("sstpd_certificate_expiry_timestamp_seconds") > 0
        increase = 'sum(increase(sstpd_ended_total{cause="auth-failed"}[1m]))'
        p.wait(lambda: p.value(increase) == 0, "two scrapes")
        d.cc(WITH_ADDRESS)
        p.wait(lambda: p.value('sstpd_session_states{state="up"}') == 1,
               "the session")
        c = d.ccp(FAIL)
        c.send(sstp.data(sstp.LCP))
        c.expect(sstp.DISCONNECT)
        c.close()
        # the first failure is no different from the second
        p.wait(lambda: (p.value(increase) or 0) > 0, "a failure that counts")

        def firing():
            return {a["labels"]["alertname"]: a["state"]
                    for a in p.api("alerts")["data"]["alerts"]}
        # the tests' certificate is good for two days
        p.wait(lambda: firing().get("SstpdCertificateExpires") == "firing",
               "an alert")
        assert "SstpdDown" not in firing(), firing()
        for expression in expressions():
            for name, value in (("$__rate_interval", "1m"),
                                ("$__range", "1m"), ("$instance", ".+")):
                expression = expression.replace(name, value)
            p.query(expression)
        health = {r["name"]: (r["health"], r.get("lastError"))
                  for g in p.api("rules")["data"]["groups"]
                  for r in g["rules"]}
        assert set(h for h, _ in health.values()) == {"ok"}, health
    finally:
        p.stop()


main(default=HTTP, strict={"limits": {"auth-backoff": "60s", "ban-after": 1,
                                      "ban-time": "60s"}, **HTTP})
