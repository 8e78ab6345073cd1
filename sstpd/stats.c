/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the control process shows: the writers' side. */

#include <stdio.h>

#include "stats.h"

const uint32_t stats_bounds_ms[STATS_BUCKETS] = { 5, 10, 25, 50, 100, 250, 500,
	1000, 2500, 5000, 15000, 60000 };

void
stats_note(struct stats_histogram *h, uint32_t ms)
{
	unsigned int i = 0;

	while (i < STATS_BUCKETS && ms > stats_bounds_ms[i])
		i++;
	h->bucket[i]++;
	h->sum_ms += ms;
}

void
stats_set(struct stats_now *now, const struct stats_sums *sums)
{
	for (unsigned int i = 0; i < STATS_PROFILES; i++)
		for (unsigned int k = 0; k < STATS_STATES; k++)
			now->states[i][k] = sums->states[i][k];
	now->to_client = sums->to_client;
	now->to_pppd = sums->to_pppd;
	now->unsent = sums->unsent;
}

void
stats_note_failure(struct stats_worker *w, int64_t when, const char *line)
{
	struct stats_failure *f = &w->failure[w->failures % STATS_FAILURES_MAX];

	f->when = when;
	snprintf(f->line, sizeof(f->line), "%s", line);
	w->failures++;
}
