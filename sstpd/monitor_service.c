/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the monitor tells a service manager. */

#include <stdio.h>

#include "monitor_private.h"

/* A monitor whose workers die as fast as it starts them is no service. */
static bool
is_alive(void *owner)
{
	const struct monitor *m = owner;

	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running && m->workers[i].ready)
			return true;
	return m->stopping || !m->all_ready;
}

static void
describe(void *owner, char text[static SERVICE_TEXT_MAX])
{
	const struct monitor *m = owner;
	unsigned int half_open = 0;

	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->half_open[i] != NULL)
			half_open += m->half_open[i]->total;
	snprintf(text, SERVICE_TEXT_MAX,
	    "%s%u sessions, %u half-open, %u waiting to start%s",
	    m->stopping ? "stopping: " : "", m->peers->total, half_open,
	    m->queue.waiting,
	    m->reload_failed	   ? "; the last reload failed, see the log"
	    : monitor_is_behind(m) ? "; a worker has an old configuration, "
				     "see the log"
				   : "");
}

const struct service_ops monitor_service_ops = {
	.alive = is_alive,
	.status = describe,
};
