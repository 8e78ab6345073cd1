#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The soak with the real pppd, for a few sessions: that it works at all."""

import json
import os
import subprocess
import sys

import lib

LIMIT = 400  # seconds; emulation takes about forty
WARM_UP, CYCLES = 4, 6


def soak():
    """What is wrong with it, or nothing."""
    # it makes namespaces of its own
    done = subprocess.run(
        [lib.SRC / "test/soak", "--real", "--build", lib.BUILD, "--json",
         "--warm-up", str(WARM_UP), "--cycles", str(CYCLES)],
        env=dict(os.environ, TMPDIR=os.environ.get("TEST_TMP", "/tmp")),
        capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode != 0:
        return done.stdout + done.stderr
    result = json.loads(done.stdout)
    good = (result["cycles"], result["faults"]) == (WARM_UP + CYCLES, [])
    return "" if good else done.stdout


lib.check_machine()
wrong = soak()
lib.comment(wrong or "no fault")
print(f"{'not ' if wrong else ''}ok 1 - {WARM_UP + CYCLES} sessions, and none leaves "
      "anything")
print("1..1")
sys.exit(1 if wrong else 0)
