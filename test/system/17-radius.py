#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Users and accounting of a RADIUS server, with pppd's radius.so and FreeRADIUS: the
same whether packets take the pty or a tun device."""

import pathlib
import re
import socket
import subprocess

import lib
from lib import Client, Server, comment, require, test

SECRET = "not-a-real-secret"
PINGS, PING = 20, 1000  # and bytes in each
HEADERS = 28  # of a ping's IP and ICMP
INTERIM = 60  # seconds; pppd takes no less
BULK_MB = 2
PATHS = {"pty": "alice", "tun": "bob"}  # who uses which
ADDRESSES = {"alice": "10.9.0.61", "bob": "10.9.0.62"}
PORTS = {"pty": 443, "tun": 444}

# name, number, type: what radius.so asks its dictionary for
DICTIONARY = """\
User-Name 1 string
Password 2 string
CHAP-Password 3 string
NAS-IP-Address 4 ipaddr
NAS-Port-Id 5 integer
Service-Type 6 integer
Framed-Protocol 7 integer
Framed-IP-Address 8 ipaddr
Framed-MTU 12 integer
Class 25 string
Session-Timeout 27 integer
Idle-Timeout 28 integer
Calling-Station-Id 31 string
NAS-Identifier 32 string
Acct-Status-Type 40 integer
Acct-Delay-Time 41 integer
Acct-Input-Octets 42 integer
Acct-Output-Octets 43 integer
Acct-Session-Id 44 string
Acct-Authentic 45 integer
Acct-Session-Time 46 integer
Acct-Input-Packets 47 integer
Acct-Output-Packets 48 integer
Acct-Terminate-Cause 49 integer
Acct-Input-Gigawords 52 integer
Acct-Output-Gigawords 53 integer
CHAP-Challenge 60 string
NAS-Port-Type 61 integer
Acct-Interim-Interval 85 integer
Session-Octets-Limit 227 integer
Octets-Direction 228 integer
MS-CHAP-Response 1 string Microsoft
MS-CHAP-Error 2 string Microsoft
MS-MPPE-Encryption-Policy 7 string Microsoft
MS-MPPE-Encryption-Types 8 string Microsoft
MS-CHAP-Challenge 11 string Microsoft
MS-CHAP-MPPE-Keys 12 string Microsoft
MS-MPPE-Send-Key 16 string Microsoft
MS-MPPE-Recv-Key 17 string Microsoft
MS-CHAP2-Response 25 string Microsoft
MS-CHAP2-Success 26 string Microsoft
"""

RADIUSD = """\
name = test
logdir = {directory}
run_dir = {directory}
libdir = /usr/lib/freeradius
client here {{
	ipaddr = 127.0.0.1
	secret = {secret}
	require_message_authenticator = no
}}
modules {{
	files {{
		filename = {directory}/users
	}}
	mschap {{
	}}
	detail {{
		filename = {directory}/detail
	}}
}}
server test {{
	listen {{
		type = auth
		ipaddr = 127.0.0.1
		port = 1812
	}}
	listen {{
		type = acct
		ipaddr = 127.0.0.1
		port = 1813
	}}
	authorize {{
		mschap
		files
	}}
	authenticate {{
		Auth-Type MS-CHAP {{
			mschap
		}}
	}}
	accounting {{
		detail
	}}
}}
"""

CLIENT_CONF = """\
auth_order radius
login_tries 1
login_timeout 60
nologin /nonexistent
issue /nonexistent
authserver 127.0.0.1:1812
acctserver 127.0.0.1:1813
servers {directory}/servers
dictionary {directory}/attributes
login_radius /bin/false
login_local /bin/false
seqfile {directory}/sequence
mapfile {directory}/ports
default_realm
radius_timeout 10
radius_retries 3
"""


class Radius:
    """The server, and what pppd needs to find it."""

    def __init__(self, replies):
        """replies: {user: attributes of the answer, a line}"""
        self.directory = lib.new_directory("radius")
        self.detail = lib.Log(self.directory / "detail")
        self.log = lib.Log(self.directory / "log")
        self.write("users", "".join(
            f'{user} Cleartext-Password := "{lib.PASSWORD}"\n\t{reply}\n'
            for user, reply in replies.items()))
        self.write("attributes", "VENDOR Microsoft 311\n" + "".join(
            f"ATTRIBUTE {line}\n" for line in DICTIONARY.splitlines()))
        self.write("servers", f"127.0.0.1 {SECRET}\n")
        self.write("ports", "")
        for name, text in ("radiusd", RADIUSD), ("radiusclient", CLIENT_CONF):
            self.write(f"{name}.conf", text.format(directory=self.directory, secret=SECRET))
        # radius.so sends the address of the machine along
        self.write("hosts", f"127.0.0.1 localhost\n192.0.2.1 {socket.gethostname()}\n")
        lib.run("mount", "--bind", self.directory / "hosts", "/etc/hosts")
        with open(self.log.path, "wb") as log:
            self.process = subprocess.Popen(
                ["freeradius", "-X", "-d", self.directory], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def __enter__(self):
        self.log.wait("Ready to process requests")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(lib.PATIENCE)

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def options(self):
        return f"plugin radius.so\nradius-config-file {self.directory}/radiusclient.conf\n"

    def records(self, user):
        """[{attribute: value}] of what pppd has reported about a user, written to
        its end."""
        found = []
        for block in self.detail.text().split("\n\n"):
            pairs = dict(re.findall(r"^\t(\S+) = (.*)$", block, re.M))
            pairs = {name: value.strip('"') for name, value in pairs.items()}
            if pairs.get("User-Name") == user and "Timestamp" in pairs:
                found.append(pairs)
        return found

    def wait_record(self, user, status):
        def find():
            return [r for r in self.records(user) if r["Acct-Status-Type"] == status]
        return lib.wait_until(find, f"{status} of {user}", INTERIM + lib.PATIENCE)[-1]


def new_server(path, radius):
    """Without secrets of pppd's own; both kinds of server at the same time."""
    return Server({
        "server": {"listen": f"192.0.2.1:{PORTS[path]}", "workers": 1},
        "ppp": {"data-path": path}},
        options=lib.OPTIONS + radius.options()).start()


def connect(server, path, user, **options):
    client = Client(server, user, address=f"192.0.2.1:{PORTS[path]}", **options)
    start = server.log.size()
    client.up()
    interface = server.wait_log(r" up: interface=(\S+) ", start)[1]
    require(interface.startswith("pppsstp") == (path == "tun"), f"{path}: {interface}")
    return client


def number(record, name):
    return int(record[name])


def check_same_kind(records):
    """Of a status: the same attributes, and values that the path does not change."""
    pty, tun = records["pty"], records["tun"]
    require(set(pty) == set(tun), f"attributes: {set(pty) ^ set(tun)}")
    for name in ("Service-Type", "Framed-Protocol", "Acct-Authentic", "NAS-Port-Type",
                 "Calling-Station-Id", "Class", "NAS-IP-Address", "Acct-Terminate-Cause"):
        require(pty.get(name) == tun.get(name), f"{name}: {pty.get(name)}, {tun.get(name)}")
    require(pty["NAS-Port"] != tun["NAS-Port"], f"NAS-Port: {tun['NAS-Port']} twice")
    for path, record in records.items():
        require(record["Framed-IP-Address"] == ADDRESSES[PATHS[path]],
                f"{path}: Framed-IP-Address = {record['Framed-IP-Address']}")


def check_traffic(records):
    """That of the pings, but for a few packets more that a device may have had."""
    least = PINGS * (PING + HEADERS)
    for path, record in records.items():
        for way in ("Input", "Output"):
            octets = number(record, f"Acct-{way}-Octets")
            packets = number(record, f"Acct-{way}-Packets")
            comment(f"{path}: {way} {octets} octets, {packets} packets")
            require(least <= octets <= least + 1000 and PINGS <= packets <= PINGS + 10,
                    f"{path}: {octets} octets, {packets} packets")


@test("accounting from start to stop, with updates in between")
def accounting():
    with Radius({user: f"Framed-IP-Address = {address}, Class = 0x3132, "
                       f"Acct-Interim-Interval = {INTERIM}"
                 for user, address in ADDRESSES.items()}) as radius:
        servers = {path: new_server(path, radius) for path in PATHS}
        clients = {path: connect(servers[path], path, user)
                   for path, user in PATHS.items()}
        for client in clients.values():
            client.ping("-s", PING, count=PINGS)
        seen = {status: wait_records(radius, status)
                for status in ("Start", "Interim-Update")}
        check_traffic(seen["Interim-Update"])
        for path, client in clients.items():
            here, there = lib.tunnel_connection(client)
            lib.transfer(here, there, BULK_MB)
            client.hang_up()
            servers[path].wait_idle()
        seen["Stop"] = wait_records(radius, "Stop")
        check_stop(seen)
        for server in servers.values():
            server.stop()


def wait_records(radius, status):
    records = {path: radius.wait_record(user, status) for path, user in PATHS.items()}
    check_same_kind(records)
    return records


def check_stop(seen):
    """A device counts the headers of a train of segments once, the pty's interface
    those of each."""
    for path, record in seen["Stop"].items():
        interim = seen["Interim-Update"][path]
        comment(f"{path}: " + ", ".join(f"{n} = {v}" for n, v in record.items()
                                        if n.startswith("Acct")))
        require(record["Acct-Session-Id"] == seen["Start"][path]["Acct-Session-Id"] and
                record["NAS-Port"] == seen["Start"][path]["NAS-Port"], f"{path}: another")
        require(number(record, "Acct-Session-Time") >= number(interim, "Acct-Session-Time")
                >= INTERIM, f"{path}: session time")
        require(number(record, "Acct-Output-Octets") > BULK_MB << 20, f"{path}: output")
        require(number(record, "Acct-Input-Packets") >
                number(interim, "Acct-Input-Packets"), f"{path}: input")
    pty, tun = (number(seen["Stop"][path], "Acct-Output-Octets") for path in PATHS)
    require(tun > 0.9 * pty, f"{tun} octets instead of {pty}")


# what a reply may limit, and the cause that the end is reported with
LIMITS = {"Session-Timeout = 20": "Session-Timeout",
          "Idle-Timeout = 6": "Idle-Timeout",
          "Attr-227 = 0x00004e20": "NAS-Request"}  # Session-Octets-Limit


def use_up(client, cause):
    """Whatever makes the limit take effect, if waiting does not."""
    if cause != "NAS-Request":
        return
    here, there = lib.tunnel_connection(client)
    with here, there:
        there.settimeout(lib.PATIENCE)
        try:
            there.sendall(bytes(1 << 20))
        except OSError:
            pass


@test("limits of a user end a session on a tun device, too, and that of a clone")
def limits():
    with Radius({f"user{i}": reply for i, reply in enumerate(LIMITS)}) as radius:
        server = new_server("tun", radius)
        clients = []
        for i in range(len(LIMITS)):
            if i == 2:  # two sessions make a template
                server.wait_log(r"template of pid \d+ waits")
            clients.append(connect(server, "tun", f"user{i}"))
        for client, cause in zip(clients, LIMITS.values()):
            use_up(client, cause)
        for i, cause in enumerate(LIMITS.values()):
            clients[i].wait_end()
            record = radius.wait_record(f"user{i}", "Stop")
            require(record["Acct-Terminate-Cause"] == cause,
                    f"{record['Acct-Terminate-Cause']} instead of {cause}")
        require(server.clones() >= 1, "no clone")
        server.wait_idle()
        server.stop()


def check_programs():
    if lib.shutil.which("freeradius") is None:
        lib.skip_all("needs freeradius")
    lib.check_tun()


lib.main(check_programs)
