# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""What the contenders have in common."""

import re
import shutil
import socket

import lib
from lib import require


class Contender:
    programs = ()

    @classmethod
    def lacks(cls, _suite):
        return ", ".join(p for p in cls.programs if shutil.which(p) is None)


def cipher_of(suite):
    """What OpenVPN and GnuTLS call it."""
    return re.match("TLS_(.*)_SHA", suite)[1].replace("_", "-")


def connect(ours, theirs):
    """Through a tunnel, from the client's address in it to ours."""
    with socket.create_server((ours, 0)) as listener:
        with lib.network_of("client"):
            there = socket.create_connection(
                listener.getsockname(), lib.PATIENCE, source_address=(theirs, 0))
        here, peer = listener.accept()
    require(peer[0] == theirs, f"it comes from {peer[0]}, not through the tunnel")
    return here, there


def end(*processes):
    for process in processes:
        process.terminate()
        process.wait(lib.PATIENCE)
