/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The system calls that an unprivileged process of ours may make, as a seccomp
 * filter. Any other is not executed: the process writes a line with the name of
 * the call to stderr, as the monitor reads it, and is killed by SIGSYS.
 */

#ifndef SSTPD_SYSCALL_FILTER_H
#define SSTPD_SYSCALL_FILTER_H

enum syscall_filter {
	SYSCALL_FILTER_ON,
	SYSCALL_FILTER_LOG, /* let it through, the kernel's audit tells */
	SYSCALL_FILTER_OFF,
};

/*
 * Whether this kernel, and what we are run by, knows such filters: 0, or -1
 * with errno. Always 0 for SYSCALL_FILTER_OFF.
 */
int syscall_filter_check(enum syscall_filter mode);

/*
 * Confine this process for good. It must have a single thread and no new
 * privileges, and have opened whatever its libraries open; process is its name
 * in the line about a violation, and is kept. Returns 0, also where
 * syscall_filter_check() fails, or -1 with errno.
 */
int syscall_filter_load(enum syscall_filter mode, const char *process);

#endif
