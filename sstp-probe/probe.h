/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One connection, looked at and judged. */

#ifndef SSTP_PROBE_PROBE_H
#define SSTP_PROBE_PROBE_H

#include "login.h"
#include "options.h"

/* Prints what it found; returns the process's exit status. */
int probe_run(const struct options *options, const struct login_secret *secret);

#endif
