/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the control process says about the daemon, as text for people and as
 * JSON for scripts. What it reads was written by others and is not trusted to
 * be well formed.
 */

#ifndef SSTPD_REPORT_H
#define SSTPD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "peers.h"
#include "stats.h"

enum { REPORT_WORKERS_MAX = 256 };

struct report {
	const struct stats_monitor *monitor;
	const struct stats_worker *workers[REPORT_WORKERS_MAX];
	unsigned int worker_count;
	const struct peers *peers; /* the monitor's */
	int64_t now;		   /* ms since 1970 */
};

/* Which sessions are meant; empty strings and 0 mean any. */
struct report_filter {
	uint64_t id;
	char user[KEYMSG_USER_MAX];
	char address[64]; /* the client's, without its port */
	char stage[16];
	char profile[KEYMSG_PROFILE_MAX];
};

/*
 * Read a session's name as the log has it: s2.17. Returns 0 for anything else.
 */
uint64_t report_parse_id(const char *text);

void report_status(const struct report *r, bool json, FILE *out);
void report_sessions(const struct report *r, const struct report_filter *filter,
    bool json, FILE *out);
/* Everything about one. False: there is none. */
bool report_session(const struct report *r, uint64_t id, bool json, FILE *out);
void report_failures(const struct report *r, bool json, FILE *out);

/* Ids of up to max sessions that the filter means; returns how many. */
unsigned int report_find(const struct report *r,
    const struct report_filter *filter, uint64_t *ids, unsigned int max);

/* How many profiles there are in the table, which is not trusted. */
unsigned int report_profiles(const struct stats_monitor *m);

/* For Prometheus, in its text format. */
void report_metrics(const struct report *r, FILE *out);
/*
 * The table of metrics for scripts/mkmetrics: a row a line, name, type, labels
 * ("-": none) and help, separated by tabs.
 */
void report_metrics_table(FILE *out);

#endif
