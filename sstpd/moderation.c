/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How much a socket is to hold before it wakes us. */

#include <stdbool.h>

#include "moderation.h"

enum {
	LEAST = 3 * 1024, /* two packets and a bit */
	/* less at a time are acknowledgments, which another sender waits for */
	SMALL = 512,
};

/* Whether half as many arrivals would do, of packets that are data. */
static bool
is_worth_it(const struct moderation *m, uint64_t least)
{
	uint64_t mean = m->bytes / m->arrivals;

	return mean >= SMALL && 2 * mean <= least;
}

static uint32_t
think_over(const struct moderation *m, uint64_t elapsed)
{
	uint64_t least = m->bytes * MODERATION_TIME / elapsed;

	if (least > MODERATION_MOST)
		least = MODERATION_MOST;
	if (least < LEAST || (m->least == 0 && !is_worth_it(m, least)))
		return 0;
	return (uint32_t)least;
}

void
moderation_note(struct moderation *m, uint64_t now, size_t bytes)
{
	uint64_t elapsed = now - m->began;

	m->bytes += bytes;
	m->arrivals++;
	if (elapsed < MODERATION_SAMPLE)
		return;
	m->least = think_over(m, elapsed);
	m->began = now;
	m->bytes = m->arrivals = 0;
}

void
moderation_rest(struct moderation *m)
{
	m->least = 0;
}
