# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Bytes through a connection, whatever it goes through."""

import hashlib
import os
import socket
import threading


def transfer(source, sink, size):
    """As many from one socket to the other, which are closed then; all have to come."""
    sent = os.urandom(size)
    with source, sink:
        def send():
            source.sendall(sent)
            source.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=send)
        thread.start()
        digest = hashlib.md5()
        while block := sink.recv(1 << 16):
            digest.update(block)
        thread.join()
    assert digest.digest() == hashlib.md5(sent).digest(), "other bytes have come"
