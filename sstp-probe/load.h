/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Many sessions at once, and how they fare. */

#ifndef SSTP_PROBE_LOAD_H
#define SSTP_PROBE_LOAD_H

#include "login.h"
#include "options.h"

/*
 * secret has the password; its user is that of all, unless the options have a
 * prefix. Prints what was measured; returns the process's exit status.
 */
int load_run(const struct options *options, const struct login_secret *secret);

#endif
