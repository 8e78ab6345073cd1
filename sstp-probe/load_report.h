/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What many sessions brought to light, as text or JSON. */

#ifndef SSTP_PROBE_LOAD_REPORT_H
#define SSTP_PROBE_LOAD_REPORT_H

#include "client.h"
#include "histogram.h"
#include "options.h"

struct load_result {
	const struct options *options;
	int status;
	bool interrupted;
	uint64_t started, came_up;
	uint64_t failed;   /* before they were up */
	uint64_t dropped;  /* after */
	uint64_t unclean;  /* whose leave was not acknowledged */
	unsigned int peak; /* up at the same time */
	double first_start, last_up, ended; /* client_now() */
	struct histogram stage[STAGES_TIMED], total;
	uint64_t causes[CAUSES];
	char example[CAUSES][CLIENT_WHY_MAX]; /* of each cause, the first */
	struct histogram round_trips;
	uint64_t sent, received;      /* packets of the traffic */
	uint64_t bytes_out, bytes_in; /* of IP packets */
	double cpu;		      /* seconds that this process used */
};

/* Note how one of them ended. */
void load_record(
    struct load_result *result, const struct client_report *report);
void load_print(const struct load_result *result);

#endif
