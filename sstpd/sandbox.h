/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Giving up privileges for good. */

#ifndef SSTPD_SANDBOX_H
#define SSTPD_SANDBOX_H

#include "syscall_filter.h"

struct sandbox {
	const char *process; /* its name in the log, kept */
	const char *user, *dir;
	enum syscall_filter filter;
};

/*
 * Make sure that dir exists, is empty, and is root's. Returns 0, or -1 with
 * errno (ENOTEMPTY, EPERM for a wrong owner or mode).
 */
int sandbox_prepare_dir(const char *dir);

/*
 * As root: chroot to dir, become user, be out of reach of that user's other
 * processes, no way back. As anybody: no new privileges, no core file, no file
 * written, no other process, and of system calls only those that
 * syscall_filter.c lists. Returns 0, or -1 with errno and *what naming the
 * step; what was done until then stays done.
 */
int sandbox_enter(const struct sandbox *sandbox, const char **what);

#endif
