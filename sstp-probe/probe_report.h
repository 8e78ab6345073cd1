/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What one connection brought to light, as text, JSON or metrics. */

#ifndef SSTP_PROBE_PROBE_REPORT_H
#define SSTP_PROBE_PROBE_REPORT_H

#include "client.h"
#include "histogram.h"
#include "options.h"

enum { PROBE_MESSAGE_MAX = 512 };

struct probe_result {
	const struct options *options;
	int status;
	char message[PROBE_MESSAGE_MAX];
	const char *hint; /* or NULL */
	double resolve_took;
	const struct client *client; /* that is done */
	const struct tls_facts *facts;
	uint64_t pings_sent, pings_received;
	const struct histogram *round_trips;
};

void probe_print(const struct probe_result *result);

#endif
