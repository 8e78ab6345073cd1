# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Runs of sstp-probe, and TLS for servers that tests make up for it."""

import functools
import json
import os
import pathlib
import ssl
import subprocess
import tempfile

from lib import BUILD, PATIENCE, certificate

PROBE = str((BUILD / "sstp-probe/sstp-probe").resolve())
OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]

# to read all that the system trusts takes longer than all else in a run
os.environ["SSL_CERT_FILE"] = os.devnull


def run(*arguments, **environment):
    """(exit status, what it printed)"""
    done = subprocess.run(
        [PROBE, *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
        capture_output=True, timeout=PATIENCE, check=False,
        env={**os.environ, **environment}, start_new_session=True)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def understand(status, out):
    """(exit status, its JSON)"""
    found = json.loads(out)
    assert found["exit"] == status, (status, out)
    assert found["status"] == NAMES[status], (status, out)
    return status, found


def probe(*arguments, **environment):
    """(exit status, its JSON), whatever the certificate"""
    return understand(*run("--json", "-k", "-w", 0, "-c", 0, *arguments, **environment))


@functools.cache
def server_context():
    """With a certificate of nobody's, which takes longest to make."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        context.load_cert_chain(*certificate(pathlib.Path(directory), "impostor"))
    return context
