/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the control process says to Prometheus. */

#include <inttypes.h>

#include "report.h"

static void
put(FILE *out, const char *name, const char *type, const char *help, uint64_t n)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help,
	    name, type, name, n);
}

void
report_metrics(const struct report *r, FILE *out)
{
	uint64_t accepted = 0;

	for (unsigned int i = 0; i < r->worker_count; i++)
		accepted += r->workers[i]->accepted;
	put(out, "sstpd_sessions", "gauge", "Sessions with a pppd.",
	    r->monitor->sessions);
	put(out, "sstpd_connections_total", "counter",
	    "TCP connections accepted.", accepted);
}
