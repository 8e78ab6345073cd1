# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Counting a program's instructions with valgrind: they are the same each time, on a
busy machine, too."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

RECORDED = "CFLAGS = -O2 -g"  # what configure takes: other flags, other figures
SKIP_STATUS = 77


class Skip(Exception):
    """There is nothing to count with, or nothing to compare with."""


def check_build(build):
    lines = (build / "config.mk").read_text(encoding="utf-8").splitlines()
    if RECORDED not in lines or "SAN_FLAGS = " not in lines:
        raise Skip(f"figures are recorded for \"{RECORDED}\" without sanitizers")


def read_total(file):
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("totals: "):
            return int(line.split()[1])
    sys.exit(f"no totals in {file}")


def count(command, function, case):
    """Run a program; returns what it wrote and, for each call of a function named
    case in turn, the instructions in calls of function below it."""
    if shutil.which("valgrind") is None:
        raise Skip("no valgrind here: install valgrind")
    with tempfile.TemporaryDirectory(prefix="sstpd-count-") as top:
        out = pathlib.Path(top) / "out"
        done = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
             f"--toggle-collect={function}", f"--dump-after={case}", *command],
            stdout=subprocess.PIPE, check=False, encoding="ascii")
        if done.returncode != 0:
            sys.exit(f"{command[0]} ended with status {done.returncode}")
        files = sorted(pathlib.Path(top).glob("out.*"), key=lambda file: int(file.suffix[1:]))
        return done.stdout, [read_total(file) for file in files]
