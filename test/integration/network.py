# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""A network of a test's own, where it can make devices."""

import os
import pathlib
import re
import subprocess
import sys


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def enter_network(devices=True):
    """Start over in a network of our own, where nobody else has a device; devices
    tells whether there will be others than lo."""
    def skip(why):
        print(f"1..0 # SKIP {why}")
        sys.exit(77)
    if os.geteuid() != 0:
        skip("needs root, to make a network")
    if devices and not os.path.exists("/dev/net/tun"):
        skip("needs /dev/net/tun")
    if not os.environ.get("SSTPD_TEST_INSIDE"):
        if subprocess.run(["unshare", "--net", "true"], check=False).returncode:
            skip("needs a network namespace")
        os.environ["SSTPD_TEST_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    ip("link", "set", "lo", "up")


def counters(device):
    text = pathlib.Path("/proc/net/dev").read_text()
    return [int(n) for n in re.search(rf"{device}: *(.*)", text)[1].split()]
