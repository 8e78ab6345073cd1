#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""The soak, for a few seconds: that it works at all, and that what it finds in few
sessions is found here."""

import json
import os
import pathlib
import subprocess

from lib import BUILD, main, test

SOAK = pathlib.Path(os.environ.get("TEST_SRC") or
                    pathlib.Path(__file__).resolve().parents[2]) / "test/soak"
LIMIT = 120  # seconds; it takes about five


def soak(*arguments):
    environment = dict(os.environ, TMPDIR=os.environ.get("TEST_TMP", "/tmp"))
    return subprocess.run([SOAK, "--build", BUILD, *arguments], env=environment,
                          capture_output=True, text=True, timeout=LIMIT, check=False)


@test("sessions that begin and end in any way leave nothing", daemon=None)
def works(_):
    done = soak("--warm-up", "30", "--cycles", "60", "--parallel", "4", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["cycles"] == 90 and result["faults"] == [], result
    assert sum(result["endings"].values()) == 90 and len(result["endings"]) > 10, result


@test("it takes no unknown option, and no wrong number", daemon=None)
def usage(_):
    for words in (["--nonsense"], ["--cycles", "0"], ["--parallel", "many"]):
        done = soak(*words)
        assert done.returncode == 2 and "usage:" in done.stderr, done


main()
