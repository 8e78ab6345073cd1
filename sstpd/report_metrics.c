/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the control process says to Prometheus. One table has a row a metric;
 * sstpd-metrics(7) is made of it. Names stay once released: dashboards and
 * alerts of others use them.
 */

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <openssl/crypto.h>

#include "report.h"

enum metric {
	BUILD,
	START,
	DRAINING,
	PREDECESSOR,
	WORKERS,
	WORKER_RESTARTS,
	WORKER_ORPHANS,
	RELOADS,
	RELOAD_GOOD,
	RELOAD_TIME,
	CERTIFICATE,
	CONNECTIONS,
	REFUSED,
	HALF_OPEN,
	TLS,
	CALLS,
	AUTH,
	AUTH_FAILURES,
	BANS,
	SETUP,
	SESSIONS,
	SESSIONS_MAX,
	STATES,
	PROFILE_SESSIONS,
	PROFILE_SESSIONS_MAX,
	ENDED,
	BYTES_IN,
	BYTES_OUT,
	PACKETS_IN,
	PACKETS_OUT,
	DROPPED,
	RETRANSMITS,
	QUEUED,
	UNSENT,
	HELD,
	POOL,
	POOL_USED,
	PPPD_STARTS,
	PPPD_CLONES,
	PPPD_START_FAILURES,
	PPPD_EXITS,
	METRICS,
};

static const char counter[] = "counter", gauge[] = "gauge",
		  histogram[] = "histogram";

/* The help ends with a full stop: the manual page has it as a sentence. */
/* clang-format off */
static const struct {
	const char *name, *type, *labels, *help;
} table[METRICS] = {
	[BUILD] = { "sstpd_build_info", gauge, "version, openssl",
	    "1, with the versions of sstpd and of the OpenSSL it runs with." },
	[START] = { "sstpd_start_time_seconds", gauge, "",
	    "When the daemon was started, in seconds since 1970." },
	[PREDECESSOR] = { "sstpd_predecessor_sessions", gauge, "",
	    "Sessions that the process before the last upgrade still has" },
	[DRAINING] = { "sstpd_draining", gauge, "",
	    "1 while no more connections are accepted, as it drains or stops." },
	[WORKERS] = { "sstpd_workers", gauge, "",
	    "Worker processes that serve." },
	[WORKER_RESTARTS] = { "sstpd_worker_restarts_total", counter, "",
	    "Workers that died and were started again." },
	[WORKER_ORPHANS] = { "sstpd_worker_lost_sessions_total", counter, "",
	    "Sessions that ended because their worker died." },
	[RELOADS] = { "sstpd_config_reloads_total", counter, "result",
	    "Times the configuration was read again, by result: ok or failed." },
	[RELOAD_GOOD] = { "sstpd_config_last_reload_successful", gauge, "",
	    "0 if the configuration read last was not usable, or a worker "
	    "could not use it so far, else 1." },
	[RELOAD_TIME] = {
	    "sstpd_config_last_reload_success_timestamp_seconds", gauge, "",
	    "When the configuration in force was read, in seconds since 1970." },
	[CERTIFICATE] = { "sstpd_certificate_expiry_timestamp_seconds", gauge,
	    "", "When the first of the certificates expires, in seconds since "
	    "1970." },
	[CONNECTIONS] = { "sstpd_connections_total", counter, "",
	    "TCP connections accepted, those that were refused included." },
	[REFUSED] = { "sstpd_connections_refused_total", counter, "limit",
	    "Connections closed at once, by the limit that was reached." },
	[HALF_OPEN] = { "sstpd_connections_half_open", gauge, "",
	    "Connections that are not bound yet, as max-half-open counts." },
	[TLS] = { "sstpd_tls_handshake_seconds", histogram, "le",
	    "From the TCP connection to the end of a good TLS handshake." },
	[CALLS] = { "sstpd_calls_total", counter, "",
	    "Acceptable requests for a call, each of which asks for a pppd." },
	[AUTH] = { "sstpd_authentication_seconds", histogram, "le",
	    "From the first frame of an authentication to its success." },
	[AUTH_FAILURES] = { "sstpd_authentication_failures_total", counter, "",
	    "Authentications that failed." },
	[BANS] = { "sstpd_bans_total", counter, "",
	    "Addresses that were banned, see ban-after in sstpd.conf(5)." },
	[SETUP] = { "sstpd_setup_seconds", histogram, "le",
	    "From the TCP connection to the first network protocol that is up." },
	[SESSIONS] = { "sstpd_sessions", gauge, "",
	    "Sessions with a pppd, as max-sessions counts." },
	[SESSIONS_MAX] = { "sstpd_sessions_max", gauge, "",
	    "The most there may be: max-sessions." },
	[STATES] = { "sstpd_session_states", gauge, "profile, state",
	    "Connections by how far they have come, see STAGES in "
	    "sstpd-errors(7), and by profile, which is default until the client "
	    "asks for a name; closing is one whose pppd has not ended yet." },
	[PROFILE_SESSIONS] = { "sstpd_profile_sessions", gauge, "profile",
	    "Sessions with a pppd, or waiting for one, by profile." },
	[PROFILE_SESSIONS_MAX] = { "sstpd_profile_sessions_max", gauge,
	    "profile", "The most there may be: max-sessions of the profile, or "
	    "that of all sessions." },
	[ENDED] = { "sstpd_ended_total", counter, "stage, cause, result",
	    "Connections that have ended, by stage and cause as in "
	    "sstpd-errors(7); result is ok or failed." },
	[BYTES_IN] = { "sstpd_receive_bytes_total", counter, "",
	    "Bytes in PPP frames with data from clients." },
	[BYTES_OUT] = { "sstpd_transmit_bytes_total", counter, "",
	    "Bytes in PPP frames with data to clients." },
	[PACKETS_IN] = { "sstpd_receive_packets_total", counter, "",
	    "PPP frames with data from clients." },
	[PACKETS_OUT] = { "sstpd_transmit_packets_total", counter, "",
	    "PPP frames with data to clients." },
	[DROPPED] = { "sstpd_dropped_packets_total", counter, "",
	    "PPP frames that came too early, were too long, or had no room." },
	[RETRANSMITS] = { "sstpd_tcp_retransmitted_segments_total", counter, "",
	    "TCP segments that were sent to clients again." },
	[QUEUED] = { "sstpd_queue_bytes", gauge, "direction",
	    "What waits in queues of the daemon: to_client or to_pppd." },
	[UNSENT] = { "sstpd_tcp_unsent_bytes", gauge, "",
	    "What waits in sockets to clients and was not sent once." },
	[HELD] = { "sstpd_buffer_bytes", gauge, "",
	    "Memory that is held for queues, as max-buffers limits." },
	[POOL] = { "sstpd_pool_addresses", gauge, "profile",
	    "Addresses in the pool of the default profile, 0 if there is none, "
	    "and of each that has its own." },
	[POOL_USED] = { "sstpd_pool_addresses_used", gauge, "profile",
	    "Addresses of these pools that are given to sessions." },
	[PPPD_STARTS] = { "sstpd_pppd_starts_total", counter, "",
	    "pppds that were started." },
	[PPPD_CLONES] = { "sstpd_pppd_clones_total", counter, "",
	    "Those of them that were cloned from a template." },
	[PPPD_START_FAILURES] = { "sstpd_pppd_start_failures_total", counter,
	    "", "pppds that could not be started." },
	[PPPD_EXITS] = { "sstpd_pppd_exits_total", counter, "code",
	    "pppds that ended, by exit status, see EXIT STATUS in pppd(8); "
	    "signal is one that was killed." },
};
/* clang-format on */

void
report_metrics_table(FILE *out)
{
	for (unsigned int i = 0; i < METRICS; i++)
		fprintf(out, "%s\t%s\t%s\t%s\n", table[i].name, table[i].type,
		    table[i].labels[0] != '\0' ? table[i].labels : "-",
		    table[i].help);
}

/* --- the format
 * -------------------------------------------------------------------- */

static void
head(FILE *out, enum metric m)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", table[m].name,
	    table[m].help, table[m].name, table[m].type);
}

static void
put(FILE *out, enum metric m, uint64_t n)
{
	head(out, m);
	fprintf(out, "%s %" PRIu64 "\n", table[m].name, n);
}

/* Milliseconds as seconds. */
static void
put_time(FILE *out, enum metric m, int64_t ms)
{
	head(out, m);
	fprintf(out, "%s %" PRId64 ".%03d\n", table[m].name, ms / 1000,
	    (int)(ms % 1000));
}

/* One of several with a label; the value is one of our own plain words. */
static void
put_labelled(
    FILE *out, enum metric m, const char *label, const char *value, uint64_t n)
{
	fprintf(
	    out, "%s{%s=\"%s\"} %" PRIu64 "\n", table[m].name, label, value, n);
}

/* For texts that are not ours. */
static void
put_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

/* --- sums of all workers
 * ---------------------------------------------------- */

static const void *
at(const struct stats_worker *w, size_t offset)
{
	return (const char *)w + offset;
}

/* offset: that of an _Atomic uint64_t in a struct stats_worker. */
static uint64_t
sum(const struct report *r, size_t offset)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < r->worker_count; i++) {
		const _Atomic uint64_t *p = at(r->workers[i], offset);

		n += *p;
	}
	return n;
}

#define SUM(r, field) sum(r, offsetof(struct stats_worker, field))
/* One of an array. */
#define SUM_OF(r, field, i)                                                    \
	sum(r, offsetof(struct stats_worker, field) + (i) * sizeof(uint64_t))

/* offset: that of a struct stats_histogram in a struct stats_worker. */
static void
put_histogram(FILE *out, enum metric m, const struct report *r, size_t offset)
{
	uint64_t count = 0, sum_ms = 0;

	head(out, m);
	for (unsigned int k = 0; k <= STATS_BUCKETS; k++) {
		for (unsigned int i = 0; i < r->worker_count; i++) {
			const struct stats_histogram *h =
			    at(r->workers[i], offset);

			count += h->bucket[k];
			sum_ms += k == 0 ? h->sum_ms : 0;
		}
		fprintf(out, "%s_bucket{le=\"", table[m].name);
		if (k < STATS_BUCKETS)
			fprintf(out, "%g", stats_bounds_ms[k] / 1000.);
		else
			fputs("+Inf", out);
		fprintf(out, "\"} %" PRIu64 "\n", count);
	}
	fprintf(out, "%s_sum %" PRIu64 ".%03u\n%s_count %" PRIu64 "\n",
	    table[m].name, sum_ms / 1000, (unsigned int)(sum_ms % 1000),
	    table[m].name, count);
}

/* --- families
 * -------------------------------------------------------------------- */

static void
put_build(FILE *out)
{
	head(out, BUILD);
	fprintf(out, "%s{version=\"", table[BUILD].name);
	put_escaped(out, SSTPD_VERSION);
	fputs("\",openssl=\"", out);
	put_escaped(out, OpenSSL_version(OPENSSL_VERSION_STRING));
	fputs("\"} 1\n", out);
}

static void
put_daemon(const struct report *r, FILE *out)
{
	const struct stats_monitor *m = r->monitor;

	put_build(out);
	put_time(out, START, m->started);
	put(out, DRAINING, m->draining);
	put(out, PREDECESSOR, m->predecessor_sessions);
	put(out, WORKERS, m->workers);
	put(out, WORKER_RESTARTS, m->worker_restarts);
	put(out, WORKER_ORPHANS, m->worker_orphans);
	head(out, RELOADS);
	put_labelled(out, RELOADS, "result", "ok", m->reloads);
	put_labelled(out, RELOADS, "result", "failed", m->reloads_failed);
	put(out, RELOAD_GOOD, !m->reload_failed);
	put_time(out, RELOAD_TIME, m->loaded);
	if (m->certificate_expires > 0)
		put(out, CERTIFICATE, (uint64_t)m->certificate_expires);
}

static void
put_connections(const struct report *r, FILE *out)
{
	static const char *const limits[STATS_LIMITS] = { NULL, "banned",
		"rate", "half-open-address", "half-open" };

	put(out, CONNECTIONS, SUM(r, accepted));
	head(out, REFUSED);
	for (unsigned int i = 1; i < STATS_LIMITS; i++)
		put_labelled(
		    out, REFUSED, "limit", limits[i], SUM_OF(r, refused, i));
	put(out, HALF_OPEN, SUM(r, now.half_open));
	put_histogram(out, TLS, r, offsetof(struct stats_worker, tls));
	put(out, CALLS, SUM(r, calls));
	put_histogram(out, AUTH, r, offsetof(struct stats_worker, auth));
	put(out, AUTH_FAILURES, r->monitor->auth_failures);
	put(out, BANS, r->monitor->bans);
	put_histogram(out, SETUP, r, offsetof(struct stats_worker, up));
}

static const char *
state_name(unsigned int state)
{
	return state == STATS_CLOSING
		   ? "closing"
		   : cause_stage_name((enum cause_stage)state);
}

static bool
has_profile(const struct stats_monitor *m, const char *name)
{
	for (unsigned int i = 0; i < report_profiles(m); i++)
		if (strncmp(m->profiles[i].name, name, KEYMSG_PROFILE_MAX) == 0)
			return true;
	return false;
}

/*
 * A worker numbers profiles by its own configuration, which may be older. NULL
 * stands for all that the current one does not have.
 */
static uint64_t
sum_states(const struct report *r, const char *name, unsigned int state)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < r->worker_count; i++) {
		const struct stats_now *now = &r->workers[i]->now;

		for (unsigned int k = 0; k < STATS_PROFILES; k++) {
			const char *its = now->profile[k];

			if (name != NULL
				? strncmp(its, name, KEYMSG_PROFILE_MAX) == 0
				: !has_profile(r->monitor, its))
				n += now->states[k][state];
		}
	}
	return n;
}

/* A name of our configuration, so it needs no escapes; its end is not sure. */
static void
put_state(FILE *out, const char *profile, unsigned int state, uint64_t n)
{
	fprintf(out, "%s{profile=\"%.*s\",state=\"%s\"} %" PRIu64 "\n",
	    table[STATES].name, KEYMSG_PROFILE_MAX, profile, state_name(state),
	    n);
}

static void
put_states(const struct report *r, FILE *out)
{
	const struct stats_monitor *m = r->monitor;

	head(out, STATES);
	for (unsigned int i = 0; i < report_profiles(m); i++)
		for (unsigned int k = AT_TCP; k < STATS_STATES; k++)
			put_state(out, m->profiles[i].name, k,
			    sum_states(r, m->profiles[i].name, k));
	/* no profile is called that */
	for (unsigned int k = AT_TCP; k < STATS_STATES; k++) {
		uint64_t n = sum_states(r, NULL, k);

		if (n > 0)
			put_state(out, "-", k, n);
	}
}

static void
put_profile(FILE *out, enum metric m, const struct stats_profile *p, uint64_t n)
{
	fprintf(out, "%s{profile=\"%.*s\"} %" PRIu64 "\n", table[m].name,
	    KEYMSG_PROFILE_MAX, p->name, n);
}

static void
put_profile_sessions(const struct stats_monitor *m, FILE *out)
{
	head(out, PROFILE_SESSIONS);
	for (unsigned int i = 0; i < report_profiles(m); i++)
		put_profile(out, PROFILE_SESSIONS, &m->profiles[i],
		    m->profiles[i].sessions);
	head(out, PROFILE_SESSIONS_MAX);
	for (unsigned int i = 0; i < report_profiles(m); i++) {
		uint32_t max = m->profiles[i].max_sessions;

		put_profile(out, PROFILE_SESSIONS_MAX, &m->profiles[i],
		    max != 0 && max < m->max_sessions ? max : m->max_sessions);
	}
}

/* One that has none of its own is not there. */
static void
put_pools(const struct stats_monitor *m, FILE *out)
{
	head(out, POOL);
	for (unsigned int i = 0; i < report_profiles(m); i++)
		if (i == 0 || m->profiles[i].pool_size > 0)
			put_profile(out, POOL, &m->profiles[i],
			    m->profiles[i].pool_size);
	head(out, POOL_USED);
	for (unsigned int i = 0; i < report_profiles(m); i++)
		if (i == 0 || m->profiles[i].pool_size > 0)
			put_profile(out, POOL_USED, &m->profiles[i],
			    m->profiles[i].pool_used);
}

static void
put_end(
    const struct report *r, FILE *out, unsigned int stage, unsigned int cause)
{
	const struct cause_info *info = cause_info((enum end_cause)cause);
	uint64_t n = SUM_OF(r, ended, cause * CAUSE_STAGES + stage);
	bool possible = info->stage == AT_ANY || info->stage == stage;
	bool good = info->kind == ENDS_WELL ||
		    (info->kind == ENDS_WELL_IF_UP && stage == AT_UP);

	if (!possible && n == 0)
		return;
	fprintf(out,
	    "%s{stage=\"%s\",cause=\"%s\",result=\"%s\"} %" PRIu64 "\n",
	    table[ENDED].name, cause_stage_name((enum cause_stage)stage),
	    info->name, good ? "ok" : "failed", n);
}

/*
 * Whatever may happen has its row of 0 before it does: a series that begins
 * with 1 has no first failure for rate() and increase() to see.
 */
static void
put_ends(const struct report *r, FILE *out)
{
	head(out, ENDED);
	for (unsigned int stage = AT_TCP; stage < CAUSE_STAGES; stage++)
		for (unsigned int cause = 0; cause < CAUSE_COUNT; cause++)
			put_end(r, out, stage, cause);
}

static void
put_sessions(const struct report *r, FILE *out)
{
	put(out, SESSIONS, r->monitor->sessions);
	put(out, SESSIONS_MAX, r->monitor->max_sessions);
	put_states(r, out);
	put_profile_sessions(r->monitor, out);
	put_ends(r, out);
	put(out, BYTES_IN, SUM(r, bytes_in));
	put(out, BYTES_OUT, SUM(r, bytes_out));
	put(out, PACKETS_IN, SUM(r, packets_in));
	put(out, PACKETS_OUT, SUM(r, packets_out));
	put(out, DROPPED, SUM(r, dropped));
	put(out, RETRANSMITS, SUM(r, retransmits));
	head(out, QUEUED);
	put_labelled(
	    out, QUEUED, "direction", "to_client", SUM(r, now.to_client));
	put_labelled(out, QUEUED, "direction", "to_pppd", SUM(r, now.to_pppd));
	put(out, UNSENT, SUM(r, now.unsent));
	put(out, HELD, SUM(r, now.held));
}

static void
put_pppd(const struct stats_monitor *m, FILE *out)
{
	put_pools(m, out);
	put(out, PPPD_STARTS, m->pppd_starts);
	put(out, PPPD_CLONES, m->pppd_clones);
	put(out, PPPD_START_FAILURES, m->pppd_start_failures);
	head(out, PPPD_EXITS);
	for (unsigned int i = 0; i < STATS_EXITS_MAX - 1; i++) {
		char code[16];

		snprintf(code, sizeof(code), "%u", i);
		put_labelled(out, PPPD_EXITS, "code", code, m->pppd_exits[i]);
	}
	put_labelled(out, PPPD_EXITS, "code", "other",
	    m->pppd_exits[STATS_EXITS_MAX - 1]);
	put_labelled(out, PPPD_EXITS, "code", "signal", m->pppd_killed);
}

void
report_metrics(const struct report *r, FILE *out)
{
	put_daemon(r, out);
	put_connections(r, out);
	put_sessions(r, out);
	put_pppd(r->monitor, out);
}
