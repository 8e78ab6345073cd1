/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the control process says: the daemon as a whole, the last failures. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "report.h"
#include "terminal.h"

/* --- status
 * -------------------------------------------------------------------- */

struct sums {
	uint64_t accepted, refused, half_open, calls, bytes_in, bytes_out, up;
};

static struct sums
sum(const struct report *r)
{
	struct sums n = { 0 };

	for (unsigned int i = 0; i < r->worker_count; i++) {
		const struct stats_worker *w = r->workers[i];

		n.accepted += w->accepted;
		n.half_open += w->now.half_open;
		n.calls += w->calls;
		n.bytes_in += w->bytes_in;
		n.bytes_out += w->bytes_out;
		for (unsigned int k = 0; k < STATS_LIMITS; k++)
			n.refused += w->refused[k];
		for (unsigned int k = 0; k < STATS_PROFILES; k++)
			n.up += w->now.states[k][AT_UP];
	}
	return n;
}

static void
put(FILE *out, const char *name, uint64_t n)
{
	fprintf(out, "%-22s %" PRIu64 "\n", name, n);
}

/* Only where there is more than the default one. */
static void
profiles_text(const struct stats_monitor *m, FILE *out)
{
	unsigned int n = report_profiles(m);

	for (unsigned int i = 0; n > 1 && i < n; i++) {
		const struct stats_profile *p = &m->profiles[i];

		fputs("profile ", out);
		terminal_put_column(out, p->name, sizeof(p->name), 14);
		fprintf(out, "%u sessions", p->sessions);
		if (p->max_sessions > 0)
			fprintf(out, " of %u", p->max_sessions);
		putc('\n', out);
		if (p->pool_size > 0)
			fprintf(out, "%-22s %" PRIu64 " of %" PRIu64 "\n",
			    "  its addresses used", p->pool_used, p->pool_size);
	}
}

static void
profiles_json(const struct stats_monitor *m, struct json *j)
{
	json_open(j, "profiles", '[');
	for (unsigned int i = 0; i < report_profiles(m); i++) {
		const struct stats_profile *p = &m->profiles[i];

		json_open(j, NULL, '{');
		json_text(j, "profile", p->name, sizeof(p->name));
		json_integer(j, "sessions", p->sessions);
		if (p->max_sessions > 0)
			json_integer(j, "max_sessions", p->max_sessions);
		json_integer(j, "pool_size", (int64_t)p->pool_size);
		json_integer(j, "pool_used", (int64_t)p->pool_used);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
status_text(const struct report *r, const struct sums *n, FILE *out)
{
	const struct stats_monitor *m = r->monitor;

	fprintf(out, "%-22s %s\n", "version", SSTPD_VERSION);
	fprintf(out, "%-22s %s\n", "state",
	    m->draining ? "draining: accepts no more" : "serving");
	if (m->predecessor != 0)
		fprintf(out, "%-22s pid %u with %u sessions\n", "upgraded from",
		    m->predecessor, m->predecessor_sessions);
	put(out, "running for (s)", (uint64_t)(r->now - m->started) / 1000);
	put(out, "sessions up", n->up);
	put(out, "sessions with a pppd", m->sessions);
	put(out, "half-open", n->half_open);
	put(out, "connections so far", n->accepted);
	put(out, "refused so far", n->refused);
	put(out, "calls so far", n->calls);
	put(out, "bytes from clients", n->bytes_in);
	put(out, "bytes to clients", n->bytes_out);
	if (m->pool_size > 0)
		fprintf(out, "%-22s %" PRIu64 " of %" PRIu64 "\n",
		    "pool addresses used", m->pool_used, m->pool_size);
	put(out, "failed logins", m->auth_failures);
	put(out, "bans", m->bans);
	put(out, "workers", r->worker_count);
	put(out, "workers started again", m->worker_restarts);
	if (m->certificate_expires > 0)
		fprintf(out, "%-22s %" PRId64 " days\n", "certificate good for",
		    (m->certificate_expires - r->now / 1000) / 86400);
	profiles_text(m, out);
}

static void
status_json(const struct report *r, const struct sums *n, FILE *out)
{
	const struct stats_monitor *m = r->monitor;
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_text(&j, "version", SSTPD_VERSION, 64);
	json_text(&j, "state", m->draining ? "draining" : "serving", 16);
	if (m->predecessor != 0) {
		json_open(&j, "predecessor", '{');
		json_integer(&j, "pid", m->predecessor);
		json_integer(&j, "sessions", m->predecessor_sessions);
		json_close(&j, '}');
	}
	json_integer(&j, "uptime_s", (int64_t)(r->now - m->started) / 1000);
	json_integer(&j, "sessions_up", (int64_t)n->up);
	json_integer(&j, "sessions", (int64_t)m->sessions);
	json_integer(&j, "half_open", (int64_t)n->half_open);
	json_integer(&j, "connections", (int64_t)n->accepted);
	json_integer(&j, "refused", (int64_t)n->refused);
	json_integer(&j, "calls", (int64_t)n->calls);
	json_integer(&j, "bytes_in", (int64_t)n->bytes_in);
	json_integer(&j, "bytes_out", (int64_t)n->bytes_out);
	json_integer(&j, "pool_size", (int64_t)m->pool_size);
	json_integer(&j, "pool_used", (int64_t)m->pool_used);
	json_integer(&j, "auth_failures", (int64_t)m->auth_failures);
	json_integer(&j, "bans", (int64_t)m->bans);
	json_integer(&j, "workers", r->worker_count);
	json_integer(&j, "worker_restarts", (int64_t)m->worker_restarts);
	if (m->certificate_expires > 0)
		json_integer(&j, "certificate_expires", m->certificate_expires);
	profiles_json(m, &j);
	json_close(&j, '}');
	putc('\n', out);
}

void
report_status(const struct report *r, bool json, FILE *out)
{
	const struct sums n = sum(r);

	if (json)
		status_json(r, &n, out);
	else
		status_text(r, &n, out);
}

/* --- failures
 * -------------------------------------------------------------------- */

static int
by_time(const void *a, const void *b)
{
	const struct stats_failure *x = *(const struct stats_failure *const *)a;
	const struct stats_failure *y = *(const struct stats_failure *const *)b;

	return (x->when > y->when) - (x->when < y->when);
}

static void
put_failure(FILE *out, const struct stats_failure *f)
{
	time_t t = (time_t)(f->when / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(out, "%s %.*s\n", text, STATS_LINE_MAX - 1, f->line);
}

void
report_failures(const struct report *r, bool json, FILE *out)
{
	static const struct stats_failure
	    *all[REPORT_WORKERS_MAX * STATS_FAILURES_MAX];
	struct json j = { .out = out };
	size_t n = 0;

	for (unsigned int i = 0; i < r->worker_count; i++)
		for (unsigned int k = 0; k < STATS_FAILURES_MAX; k++)
			if (r->workers[i]->failure[k].when > 0)
				all[n++] = &r->workers[i]->failure[k];
	qsort(all, n, sizeof(all[0]), by_time);
	if (!json) {
		for (size_t i = 0; i < n; i++)
			put_failure(out, all[i]);
		return;
	}
	json_open(&j, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, NULL, '{');
		json_integer(&j, "time_ms", (int64_t)all[i]->when);
		json_text(&j, "line", all[i]->line, STATS_LINE_MAX);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	putc('\n', out);
}
