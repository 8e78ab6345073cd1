/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How many sessions may start at a time. */

#include "pace.h"

void
pace_init(struct pace *p, unsigned int processors)
{
	p->least = PACE_LEAST * processors;
	p->most = p->limit = PACE_MOST * processors;
}

bool
pace_note(struct pace *p, uint64_t ms)
{
	unsigned int before = p->limit;

	if (ms >= PACE_SLOW && p->limit > p->least)
		p->limit--;
	else if (ms <= PACE_FAST && p->limit < p->most)
		p->limit++;
	return p->limit != before;
}
