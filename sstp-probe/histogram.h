/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Durations, counted in buckets that are at most 1/64 of their value wide: any
 * number of them in a fixed amount of memory.
 */

#ifndef SSTP_PROBE_HISTOGRAM_H
#define SSTP_PROBE_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_STEPS = 64, /* buckets between a power of two and the next */
	HISTOGRAM_DOUBLINGS = 26, /* from 64 us to over an hour */
};

struct histogram {
	uint64_t count;
	double sum, min, max; /* seconds */
	uint32_t bucket[HISTOGRAM_STEPS * (HISTOGRAM_DOUBLINGS + 1)];
};

void histogram_add(struct histogram *h, double seconds);
/* The duration that a share (0 to 1) of them do not exceed; 0 if empty. */
double histogram_quantile(const struct histogram *h, double share);
double histogram_mean(const struct histogram *h);

#endif
