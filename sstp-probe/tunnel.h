/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One connection that carries the packets of a tun device. */

#ifndef SSTP_PROBE_TUNNEL_H
#define SSTP_PROBE_TUNNEL_H

#include "login.h"
#include "options.h"

/*
 * Stays until a signal, the server or --time ends it, and leaves nothing of the
 * device. Returns the process's exit status.
 */
int tunnel_run(
    const struct options *options, const struct login_secret *secret);

#endif
