/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * How many sessions may start at a time where the configuration leaves that to
 * us ("auto" of max-starting): as many as keep the processors busy while their
 * clients are waited for, and fewer where the machine is slow. It shows in how
 * long a pppd takes until it speaks PPP, since it waits for nobody until then.
 */

#ifndef SSTPD_PACE_H
#define SSTPD_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PACE_MOST = 16, /* per processor */
	PACE_LEAST = 2,
	PACE_SLOW = 1000, /* ms: one fewer after each that took that long */
	PACE_FAST = 250,  /* ms: one more after each that took no longer */
};

struct pace {
	unsigned int limit; /* at a time */
	/* internal */
	unsigned int least, most;
};

/* Begins with the most. */
void pace_init(struct pace *p, unsigned int processors);
/* A pppd has taken that many ms; true: the limit is another one now. */
bool pace_note(struct pace *p, uint64_t ms);

#endif
