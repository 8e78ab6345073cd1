/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the service manager that started us wants to know, by the protocol of
 * sd_notify(3): text in datagrams to the socket that $NOTIFY_SOCKET names. The
 * protocol is stable and made to be spoken without libsystemd. Without the
 * variable all of this does nothing.
 */

#ifndef SSTPD_NOTIFY_H
#define SSTPD_NOTIFY_H

#include <stdint.h>

enum { NOTIFY_NAME_MAX = 108 };

struct notify {
	int fd; /* -1: nobody listens */
	char name[NOTIFY_NAME_MAX];
	uint64_t
	    watchdog_us; /* between signs of life at most; 0: not watched */
};

/*
 * Connect to the manager and learn what it wants, then take the variables out
 * of the environment: workers and pppd are not the service. Returns 0, also
 * without a manager, or -1 with errno when $NOTIFY_SOCKET cannot be used.
 */
int notify_init(struct notify *n);
void notify_fini(struct notify *n);

/* What the service is doing; a manager that does not read is waited for 1 s. */
void notify_ready(const struct notify *n);
void notify_reloading(const struct notify *n); /* notify_ready() ends it */
void notify_stopping(const struct notify *n, uint64_t within_us);

/*
 * Another process is the service from now on; it is to get the environment that
 * notify_export() makes. The manager listens only to the one it knows of.
 */
void notify_main_pid(const struct notify *n, int pid);

/* In the process that will be the service, before exec: as notify_init() got
 * it.
 */
void notify_export(const struct notify *n);

/* A line for people, without a newline. Neither waits. */
void notify_status(const struct notify *n, const char *text);
void notify_watchdog(const struct notify *n);

#endif
