/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The root half: binds, starts workers, starts and stops a pppd per session,
 * gives addresses. It parses no byte that came from the network, runs no shell
 * and takes no path from another process.
 */

#ifndef SSTPD_MONITOR_H
#define SSTPD_MONITOR_H

#include "conf.h"

/*
 * Run the daemon with a configuration that conf_load() read from path (which is
 * read again on SIGHUP). Returns the exit status: 0 after SIGTERM or SIGINT, 1
 * when the system failed, 2 when the configuration cannot be used.
 */
int monitor_main(const struct conf *conf, const char *path);

#endif
