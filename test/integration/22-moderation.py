#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""For who sends much, piece by piece, the server waits for some of them together: but
never for long if nothing follows."""

import sstp
from lib import main, test
from sstp import data

FRAME = sstp.ip_frame(bytes(1400))
COUNT = 1000


def one_by_one(c):
    """None is sent before the one before has come back."""
    for _ in range(COUNT):
        c.send(data(FRAME))
        c.expect_data(FRAME)


@test("each of many frames comes back, and so does what follows them")
def alone(d):
    c = d.cc()
    one_by_one(c)
    c.fence()
    one_by_one(c)


@test("who leaves in the middle has left")
def leaves(d):
    c = d.cc()
    one_by_one(c)
    before = d.log_size()
    c.close()
    d.wait_log("ended: ", before)


main(default={})
