/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * When to drop a packet of a queue that does not get empty, after CoDel (RFC
 * 8289). It knows neither queue nor clock, and needs no time stamps: a queue
 * whose length nobody tells is short enough if it gets empty once per interval.
 */

#ifndef SSTPD_CODEL_H
#define SSTPD_CODEL_H

#include <stdbool.h>
#include <stdint.h>

enum { CODEL_INTERVAL = 100 * 1000 }; /* us */

/* All zero is one whose queue is empty. */
struct codel {
	uint64_t standing; /* the time since when it has not been; 0: it is */
	uint64_t next;	   /* when to drop the next, while dropping */
	uint32_t count;	   /* dropped since it began to */
	bool dropping;
};

/* The queue is empty. */
void codel_empty(struct codel *codel);

/*
 * A packet has been taken off the queue at the time now, in microseconds since
 * whenever, never 0 and never going back. True: it is one to drop, or to mark.
 */
bool codel_drop(struct codel *codel, uint64_t now);

#endif
