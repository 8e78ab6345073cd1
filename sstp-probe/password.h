/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Where a password comes from, other than the command line, which everybody on
 * a machine can see.
 */

#ifndef SSTP_PROBE_PASSWORD_H
#define SSTP_PROBE_PASSWORD_H

#include <stddef.h>

enum { PASSWORD_MAX = 1024, PASSWORD_WHY_MAX = 256 };

struct password {
	size_t len;
	char text[PASSWORD_MAX + 1];
};

/*
 * The first line of file ("-": of stdin) if that is given, else what the
 * environment variable SSTP_PROBE_PASSWORD holds, else what is typed on the
 * terminal. A FIFO has timeout seconds to give it. Returns 0, or -1 with why.
 */
int password_get(struct password *password, const char *file,
    unsigned int timeout, const char *user, char why[static PASSWORD_WHY_MAX]);
void password_wipe(struct password *password);

#endif
