/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* When to drop a packet of a queue that does not get empty. */

#include "codel.h"

/*
 * A queue that fills again so soon after we stopped needs drops about as often
 * as before.
 */
enum { RECENT = 16 * CODEL_INTERVAL };

static uint64_t
square_root(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ULL << 31; bit > 0; bit >>= 1)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

/* Ever sooner: the throughput of TCP goes with the root of the drops. */
static uint64_t
after(uint64_t time, uint32_t count)
{
	const uint64_t interval = CODEL_INTERVAL;

	return time + square_root(interval * interval / count);
}

void
codel_empty(struct codel *codel)
{
	codel->standing = 0;
	codel->dropping = false;
}

static void
begin(struct codel *codel, uint64_t now)
{
	bool recent = now - codel->next < RECENT;

	codel->dropping = true;
	codel->count = recent && codel->count > 2 ? codel->count - 2 : 1;
	codel->next = after(now, codel->count);
}

bool
codel_drop(struct codel *codel, uint64_t now)
{
	if (codel->standing == 0)
		codel->standing = now;
	if (now - codel->standing < CODEL_INTERVAL)
		return false;
	if (!codel->dropping) {
		begin(codel, now);
		return true;
	}
	if (now < codel->next)
		return false;
	codel->count++;
	/* nothing was taken meanwhile: what is late is not made up for */
	if (now - codel->next > CODEL_INTERVAL)
		codel->next = now;
	codel->next = after(codel->next, codel->count);
	return true;
}
