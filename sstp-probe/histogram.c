/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Durations in logarithmic buckets with linear steps. */

#include <stddef.h>

#include "histogram.h"

enum { BUCKETS = HISTOGRAM_STEPS * (HISTOGRAM_DOUBLINGS + 1) };

static size_t
bucket_of(double seconds)
{
	uint64_t us =
	    seconds > 0 && seconds < 1e6 ? (uint64_t)(seconds * 1e6) : 0;
	size_t doubling = 0;

	if (seconds >= 1e6)
		return BUCKETS - 1;
	while (us >> doubling >= 2 * HISTOGRAM_STEPS)
		doubling++;
	/* the first 64 steps are single microseconds, then each row has 64 */
	us = (us >> doubling) + doubling * HISTOGRAM_STEPS;
	return us < BUCKETS ? (size_t)us : BUCKETS - 1;
}

/* The end of a bucket. */
static double
limit_of(size_t bucket)
{
	size_t doubling = 0;

	if (bucket >= 2 * HISTOGRAM_STEPS)
		doubling = bucket / HISTOGRAM_STEPS - 1;
	bucket -= doubling * HISTOGRAM_STEPS;
	return (double)((uint64_t)(bucket + 1) << doubling) / 1e6;
}

void
histogram_add(struct histogram *h, double seconds)
{
	if (h->count == 0 || seconds < h->min)
		h->min = seconds;
	if (h->count == 0 || seconds > h->max)
		h->max = seconds;
	h->count++;
	h->sum += seconds;
	h->bucket[bucket_of(seconds)]++;
}

double
histogram_quantile(const struct histogram *h, double share)
{
	double wanted = share * (double)h->count;
	uint64_t seen = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		double limit;

		seen += h->bucket[i];
		if (seen == 0 || (double)seen < wanted)
			continue;
		limit = i < BUCKETS - 1 ? limit_of(i) : h->max;
		if (limit < h->min)
			return h->min;
		return limit < h->max ? limit : h->max;
	}
	return h->max;
}

double
histogram_mean(const struct histogram *h)
{
	return h->count > 0 ? h->sum / (double)h->count : 0;
}
