/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How much a socket is to hold before it wakes us. */

#include <stdbool.h>

#include "moderation.h"

enum {
	LEAST = 3 * 1024, /* two packets and a bit */
	/* less at a time are acknowledgments, which another sender waits for */
	SMALL = 512,
	HOLD = 100 * 1000, /* us */
};

/* Whether half as many arrivals would do, of packets that are data. */
static bool
is_worth_it(const struct moderation *m, uint64_t least)
{
	uint64_t mean = m->bytes / m->arrivals;

	return mean >= SMALL && 2 * mean <= least;
}

static uint64_t
think_over(struct moderation *m, uint64_t now)
{
	uint64_t least = m->bytes * MODERATION_TIME / (now - m->began);

	if (least > MODERATION_MOST)
		least = MODERATION_MOST;
	if (2 * least < m->least)
		m->slowed = now; /* perhaps it waits for us, too */
	if (least < LEAST || now - m->slowed < HOLD)
		return 0;
	return m->least > 0 || is_worth_it(m, least) ? least : 0;
}

void
moderation_note(struct moderation *m, uint64_t now, size_t bytes)
{
	m->bytes += bytes;
	m->arrivals++;
	if (now - m->began < MODERATION_SAMPLE)
		return;
	m->least = (uint32_t)think_over(m, now);
	m->began = now;
	m->bytes = m->arrivals = 0;
}

void
moderation_rest(struct moderation *m)
{
	m->least = 0;
}
