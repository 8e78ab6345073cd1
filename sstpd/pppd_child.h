/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A child of the monitor that becomes a pppd, made so that it costs little
 * however much memory and however many descriptors the monitor has.
 */

#ifndef SSTPD_PPPD_CHILD_H
#define SSTPD_PPPD_CHILD_H

#include <sys/types.h>

enum { PPPD_PLUGIN_FD = 3 }; /* in the child */

/*
 * Take the few descriptors that this needs to keep, while small ones are free.
 * Otherwise the first start does.
 */
void pppd_child_prepare(void);

/*
 * Run argv[0] in a process group of its own, with nothing open but /dev/null,
 * log as its output, and plugin (-1: none) as PPPD_PLUGIN_FD; both remain the
 * caller's. Returns its pid, or -1 with errno; one that cannot be executed
 * exits with PPPD_NOT_EXECUTED.
 */
pid_t pppd_child_start(char *const argv[], int plugin, int log);

#endif
