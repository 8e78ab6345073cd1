#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""sstpctl doctor: every fault it knows, provoked."""

import json
import os
import socket
import subprocess

from lib import BUILD, PATIENCE, SSTPD, Skipped, main, make_pppd, test

SSTPCTL = str((BUILD / "sstpctl/sstpctl").resolve())
VERDICTS = ["ok", "warning", "fault"]
ROOT = os.geteuid() == 0


class Findings(list):
    """What was found, each a dictionary."""

    def of(self, area, verdict):
        return [f for f in self if (f["area"], f["verdict"]) == (area, verdict)]

    def has(self, area, verdict, text=""):
        found = [f for f in self.of(area, verdict)
                 if text in f["found"] + " " + f.get("advice", "")]
        assert found, (area, verdict, text, self)
        return found[0]


def run(d, *arguments, before=(), **options):
    command = [SSTPD, "-t", "--deep", "-f", d.directory / "sstpd.conf"]
    done = subprocess.run([*before, *command, *arguments], text=True,
                          capture_output=True, timeout=PATIENCE, check=False,
                          **options)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def doctor(d, *arguments, **options):
    status, out = run(d, "--json", *arguments, **options)
    answer = json.loads(out)
    findings = Findings(answer["findings"])
    worst = max(VERDICTS.index(f["verdict"]) for f in findings)
    assert status == worst and answer["verdict"] == VERDICTS[worst], out
    assert all(("advice" in f) == (f["verdict"] != "ok") for f in findings), out
    return findings


def make_certificate(d, *options, days="90", name="server"):
    """In place of the daemon's; returns its path."""
    pem, key = d.directory / f"{name}.pem", d.directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", days,
         "-subj", f"/CN={name}", "-keyout", key, "-out", pem, *options],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return pem


CA = """\
[ca]
default_ca = me
[me]
database = {0}/index
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = DNS:vpn.example.net
"""


def expire(d, pem, key):
    """Let that certificate be one of January 2020."""
    (d.directory / "index").write_text("")
    (d.directory / "ca.conf").write_text(CA.format(d.directory))
    request = d.directory / "request"
    for command in (["x509", "-x509toreq", "-in", pem, "-signkey", key,
                     "-out", request],
                    ["ca", "-batch", "-notext", "-selfsign", "-config",
                     d.directory / "ca.conf", "-keyfile", key, "-in", request,
                     "-outdir", d.directory, "-startdate",
                     "20200101000000Z", "-enddate", "20200201000000Z", "-out",
                     pem]):
        subprocess.run(["openssl", *command], check=True, cwd=d.directory,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def alternative(names):
    return "-addext", f"subjectAltName={names}"


def elsewhere(d, shell):
    """A command to run one in namespaces with an /etc/ppp of its own, $0."""
    if not ROOT:
        raise Skipped("needs root")
    ppp = d.directory / "ppp"
    ppp.mkdir()
    before = ["unshare", "-m", "-n", "sh", "-ec",
              f'mount --bind "$0" /etc/ppp; {shell}; exec "$@"', ppp]
    if subprocess.run([*before, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        raise Skipped("may not make namespaces")
    return before, ppp


@test("findings as text, by way of sstpctl", daemon=None)
def as_text(make):
    d = make()
    done = subprocess.run(
        [SSTPCTL, "--sstpd", SSTPD, "--config", d.directory / "sstpd.conf",
         "--name", "vpn.example.net", "doctor"], capture_output=True,
        text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and done.stderr == "", done
    lines = iter(done.stdout.splitlines())
    for line in lines:
        verdict, rest = line[:9].rstrip(), line[9:]
        assert verdict in VERDICTS and ": " in rest, line
        if verdict != "ok":
            advice = next(lines)
            assert advice[:9] == 9 * " " and len(advice) > 15, advice
    as_json = subprocess.run(
        [SSTPCTL, "--sstpd", SSTPD, "-f", d.directory / "sstpd.conf", "-j",
         "doctor"], capture_output=True, timeout=PATIENCE, check=False)
    assert json.loads(as_json.stdout)["verdict"] == "fault"
    gone = subprocess.run([SSTPCTL, "--sstpd", "/nowhere/sstpd", "doctor"],
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    assert gone.returncode == 3 and "/nowhere/sstpd" in gone.stderr, gone


@test("a configuration that is not understood", daemon=None)
def configuration(make):
    d = make({"log": {"level": "loud"}})
    findings = doctor(d)
    assert len(findings) == 1, findings
    findings.has("configuration", "fault", "level")


@test("a certificate as it should be", daemon=None)
def good_certificate(make):
    d = make()
    make_certificate(d, name="ca")
    pem = make_certificate(
        d, "-CA", d.directory / "ca.pem", "-CAkey", d.directory / "ca.key",
        *alternative("DNS:vpn.example.net,IP:192.0.2.1"),
        "-addext", "extendedKeyUsage=serverAuth", "-addext",
        "crlDistributionPoints=URI:http://crl.example.net/1.crl",
        "-addext", "basicConstraints=critical,CA:FALSE")
    trusted = {**os.environ, "SSL_CERT_FILE": str(d.directory / "ca.pem")}
    for name in ("vpn.example.net", "192.0.2.1"):
        findings = doctor(d, "--name", name, env=trusted)
        findings.has("name", "ok", name)
    findings.has("certificate", "ok", "days left")
    findings.has("certificate", "ok", "for servers")
    findings.has("chain", "ok")
    findings.has("revocation", "ok", "http://crl.example.net/1.crl")
    findings.has("revocation", "ok", "not checked")
    findings.has("key", "ok")
    doctor(d).has("chain", "warning", str(pem))


@test("names: another, a wildcard, this host's, none", daemon=None)
def names(make):
    d = make()
    host = socket.gethostname()
    make_certificate(d, *alternative("DNS:*.example.net"))
    doctor(d, "--name", "vpn.example.net").has("name", "ok")
    doctor(d, "--name", "example.net").has("name", "fault", "*.example.net")
    doctor(d, "--name", "192.0.2.1").has("name", "fault")
    doctor(d).has("name", "warning", host)
    make_certificate(d, *alternative(f"DNS:{host}"))
    doctor(d).has("name", "ok", host)
    make_certificate(d)
    doctor(d, "--name", "server").has("name", "warning", "subjectAltName")


@test("dates: expired, soon to expire; an intermediate that has", daemon=None)
def dates(make):
    d = make()
    names = alternative("DNS:vpn.example.net")
    pem = make_certificate(d)
    expire(d, pem, d.directory / "server.key")
    doctor(d).has("certificate", "fault", "expired")
    pem = make_certificate(d, *names, days="5")
    doctor(d).has("certificate", "warning", "expires in ")
    ca = make_certificate(d, name="ca")
    expire(d, ca, d.directory / "ca.key")
    make_certificate(d, "-CA", ca, "-CAkey", d.directory / "ca.key", *names)
    with open(pem, "ab") as out:
        out.write(ca.read_bytes())
    doctor(d).has("certificate", "fault", "an intermediate has expired")


@test("use: not for servers; nobody to ask whether it was revoked", daemon=None)
def use(make):
    d = make()
    make_certificate(d, "-addext", "extendedKeyUsage=clientAuth")
    doctor(d).has("certificate", "fault", "serverAuth")
    make_certificate(d, name="ca")
    make_certificate(d, "-CA", d.directory / "ca.pem",
                     "-CAkey", d.directory / "ca.key")
    doctor(d).has("revocation", "warning", "0x80092012")


@test("keys: another's, open to everybody, none; certificates: junk", daemon=None)
def keys(make):
    d = make()
    key = d.directory / "server.key"
    pem = make_certificate(d)
    good = pem.read_bytes()
    key.chmod(0o644)
    doctor(d).has("key", "fault", "chmod 600")
    key.chmod(0o600)
    make_certificate(d, name="other")
    key.write_bytes((d.directory / "other.key").read_bytes())
    doctor(d).has("key", "fault", "not the key of")
    key.unlink()
    doctor(d).has("key", "fault", str(key))
    pem.write_bytes(b"\x1b[2Jjunk" + good[40:])
    doctor(d).has("certificate", "fault", str(pem))
    pem.unlink()
    doctor(d).has("certificate", "fault", str(pem))


@test("two certificates with the same type of key", daemon=None)
def same_type(make):
    d = make({"certificates": {"one": "ec", "two": "ec"}})
    doctor(d).has("tls", "fault", "same type")


@test("versions of pppd and what they lack", daemon=None)
def versions(make):
    d = make()
    script = d.directory / "script"
    make_pppd(d, "2.4.9")
    findings = doctor(d)
    findings.has("pppd", "ok", "2.4.9")
    assert not findings.of("pppd", "fault") + findings.of("pppd", "warning")
    make_pppd(d, "2.4.7")
    doctor(d).has("pppd", "warning", "not known to work")
    make_pppd(d, "2.5.4")
    doctor(d).has("pppd", "warning", "ip-up")
    make_pppd(d, "2.5.0")
    assert not doctor(d).of("pppd", "fault")
    with open(script, "a", encoding="ascii") as out:
        out.write("[none]\nplugin \"radius.so\" # users\n")
    doctor(d).has("pppd", "fault", "decodes keys wrongly")
    make_pppd(d, "2.4.9")
    assert not doctor(d).of("pppd", "fault")


@test("what the tun device takes", daemon=None)
def tun(make):
    for path, warned in (("tun", True), ("auto", False), ("pty", False)):
        d = make({"ppp": {"data-path": path}})
        make_pppd(d, "2.4.9")
        findings = doctor(d)
        assert warned == bool(findings.of("data-path", "warning")), findings
        findings.has("data-path", "warning" if warned else "ok", "pty")
        found = [f for f in findings if "tun" in f["found"] and f["area"] == "kernel"]
        assert len(found) == (path != "pty"), findings
        make_pppd(d, "2.5.2")
        assert not doctor(d).of("pppd", "warning")


@test("versions of pppd and EAP", daemon=None)
def eap(make):
    d = make({"ppp": {"auth-methods": "eap"}})
    make_pppd(d, "2.4.9")
    doctor(d).has("pppd", "fault", "too short")
    make_pppd(d, "2.5.2")
    doctor(d).has("pppd", "warning", "TLS 1.3")
    make_pppd(d, "2.5.5")
    assert not doctor(d).of("pppd", "warning")
    make_pppd(d, "2.5.2")
    with open(d.directory / "script", "a", encoding="ascii") as out:
        out.write("[none]\nmax-tls-version 1.2\n")
    assert not doctor(d).of("pppd", "warning")


@test("a pppd that is none, is not there, or has no plugin", daemon=None)
def no_pppd(make):
    d = make()
    make_pppd(d, "eleven", 3)
    doctor(d).has("pppd", "warning", "ended with 3")
    d.sections["ppp"]["pppd"] = d.directory / "none"
    d.write_config()
    doctor(d).has("pppd", "fault", str(d.directory / "none"))
    (d.directory / "plugin.so").unlink()
    doctor(d).has("plugin", "fault", "plugin.so")
    (d.directory / "script").unlink()
    doctor(d).has("options", "fault", "options-file")


@test("options and plugin that pppd refuses", daemon=None)
def refused(make):
    if not ROOT:
        raise Skipped("needs root")
    d = make()
    doctor(d).has("options", "ok")
    script = d.directory / "script"
    script.write_text("refuse-options no such option\n")
    doctor(d).has("options", "fault", "no such option")
    script.write_text("refuse-options Plugin p is for pppd version 2.5.2, "
                      "this is 2.4.9\n")
    doctor(d).has("plugin", "fault", "was built for this pppd")


@test("who may write: the rule of pppd 2.5.3, and of others", daemon=None)
def writers(make):
    d = make()
    script = d.directory / "script"
    make_pppd(d, "2.5.3")
    if ROOT:
        script.chmod(0o664)
    doctor(d).has("files", "fault", "does not use it")
    make_pppd(d, "2.5.2")
    if ROOT:
        assert not doctor(d).of("files", "warning")
        script.chmod(0o646)
    doctor(d).has("files", "warning", str(script))


@test("passwords: none, open to others, good", daemon=None)
def secrets(make):
    d = make()
    before, ppp = elsewhere(d, ":")
    chap = ppp / "chap-secrets"

    def found():
        return doctor(d, before=before)
    found().has("secrets", "warning", "no users")
    chap.write_text("# nobody\n\n")
    found().has("secrets", "warning", "no users")
    chap.write_text("alice * secret *\n")
    chap.chmod(0o640)
    make_pppd(d, "2.5.2")
    found().has("secrets", "warning", "mode 640")
    make_pppd(d, "2.5.4")
    findings = found()
    findings.has("secrets", "fault", "mode 640")
    assert "secret *" not in json.dumps(findings), findings
    chap.chmod(0o600)
    findings = found()
    findings.has("secrets", "ok", "has users")
    assert not findings.of("secrets", "fault"), findings
    ip_up = ppp / "ip-up"
    ip_up.write_text("#!/bin/sh\n")
    ip_up.chmod(0o757)
    found().has("files", "fault", "/etc/ppp/ip-up")


@test("forwarding, on and off", daemon=None)
def forwarding(make):
    d = make()
    switch = "/proc/sys/net/ipv4/ip_forward"
    if not os.path.exists(switch):
        raise Skipped("no IPv4")
    for value, verdict in (("0", "warning"), ("1", "ok")):
        before, ppp = elsewhere(d, f"echo {value} >{switch}")
        doctor(d, before=before).has("forwarding", verdict, "IPv4")
        ppp.rmdir()


@test("a congestion control, there and not", daemon=None)
def congestion(make):
    for name, verdict, found in (("reno", "ok", ": reno"), ("nonesuch", "fault", "kernel has: ")):
        d = make({"server": {"tcp-congestion": name}})
        doctor(d).has("tcp", verdict, found)


@test("the kernel's PPP", daemon=None)
def kernel(make):
    if not ROOT:
        raise Skipped("needs root")
    try:
        os.close(os.open("/dev/ppp", os.O_RDWR))
        verdict = "ok"
    except OSError:
        verdict = "fault"
    doctor(make()).has("kernel", verdict)


@test("too few descriptors, no user for the workers", daemon=None)
def limits(make):
    d = make({"limits": {"max-sessions": 60000}})
    few = ["prlimit", "--nofile=1024:1024"]
    doctor(d, before=few).has("limits", "warning", "1024")
    d.sections["limits"]["max-sessions"] = 20
    d.sections["server"]["user"] = "nobody-of-that-name"
    d.write_config()
    findings = doctor(d)
    findings.has("limits", "ok")
    if ROOT:
        findings.has("user", "fault", "useradd")


@test("addresses: free, taken, of another host, our own", daemon=None)
def addresses(make):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        endpoint = f"127.0.0.1:{s.getsockname()[1]}"
        d = make({"server": {"listen": f"{endpoint}, 192.0.2.77:443"}})
        findings = doctor(d)
        findings.has("listen", "fault", f"{endpoint}: another program")
        findings.has("listen", "fault", "192.0.2.77:443")
    d.sections["server"]["listen"] = endpoint
    d.write_config()
    doctor(d).has("listen", "ok", "free")
    d.start()
    doctor(d).has("listen", "ok", "sstpd runs")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", 0))
        s.listen()
        other = make({"server": {
            "listen": f"127.0.0.1:{s.getsockname()[1]}"}})
        doctor(other).has("listen", "warning", "another sstpd")
    d.cc()
    d.settle()
    d.stop()


@test("not root: the rest is checked all the same", daemon=None)
def not_root(make):
    d = make()
    options = {}
    if ROOT:
        d.directory.parent.chmod(0o755)
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        findings = doctor(d, **options)
    except PermissionError:
        raise Skipped("others may not run it") from None
    findings.has("options", "warning", "run this as root")
    findings.has("certificate", "warning", "expires")
    if ROOT:
        findings.has("key", "warning", "run this as root")


main()
