/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the control process says about the daemon. */

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "json.h"
#include "report.h"
#include "terminal.h"

#define TEXT(field) field, sizeof(field)

/* --- all sessions
 * -------------------------------------------------------------------- */

uint64_t
report_parse_id(const char *text)
{
	unsigned int worker, number;
	char after;

	if (sscanf(text, "s%9u.%9u%c", &worker, &number, &after) != 2)
		return 0;
	return (uint64_t)worker << 32 | number;
}

static void
id_text(uint64_t id, char text[static 32])
{
	snprintf(
	    text, 32, "s%u.%u", (unsigned int)(id >> 32), (unsigned int)id);
}

/* The address in front of a port: 192.0.2.1:443, [2001:db8::1]:443. */
static bool
is_address(const char *endpoint, const char *address)
{
	size_t n = strlen(address);

	if (endpoint[0] == '[')
		return strncmp(endpoint + 1, address, n) == 0 &&
		       endpoint[n + 1] == ']';
	return strncmp(endpoint, address, n) == 0 && endpoint[n] == ':';
}

static const char *
stage_of(const struct stats_session *s)
{
	return cause_stage_name((enum cause_stage)s->stage);
}

static bool
is_meant(const struct stats_session *s, const struct report_filter *f)
{
	return (f->id == 0 || s->id == f->id) &&
	       (f->user[0] == '\0' ||
		   strncmp(s->user, f->user, sizeof(s->user)) == 0) &&
	       (f->address[0] == '\0' || is_address(s->peer, f->address)) &&
	       (f->stage[0] == '\0' || strcmp(stage_of(s), f->stage) == 0) &&
	       (f->profile[0] == '\0' ||
		   strncmp(s->profile, f->profile, sizeof(s->profile)) == 0);
}

/* A copy whose strings end, of one that is still being looked for. */
static bool
copy(const struct stats_worker *w, uint32_t i, struct stats_session *s)
{
	*s = w->session[i];
	s->peer[sizeof(s->peer) - 1] = '\0';
	s->local[sizeof(s->local) - 1] = '\0';
	return s->id != 0;
}

static uint32_t
listed(const struct stats_worker *w)
{
	uint32_t n = w->now.sessions;

	return n < STATS_SESSIONS_MAX ? n : STATS_SESSIONS_MAX;
}

struct visitor {
	void (*visit)(struct visitor *v, const struct stats_session *s);
	const struct report *report;
	struct json json;
	FILE *out;
	uint64_t *ids;
	unsigned int count, max;
};

static void
each(const struct report *r, const struct report_filter *f, struct visitor *v)
{
	struct stats_session s;

	v->report = r;
	for (unsigned int i = 0; i < r->worker_count; i++)
		for (uint32_t k = 0; k < listed(r->workers[i]); k++)
			if (copy(r->workers[i], k, &s) && is_meant(&s, f))
				v->visit(v, &s);
}

unsigned int
report_profiles(const struct stats_monitor *m)
{
	uint32_t n = m->profile_count;

	return n < STATS_PROFILES_MAX ? n : STATS_PROFILES_MAX;
}

/* --- texts
 * -------------------------------------------------------------------- */

/* "3d 4h", "5m 6s": the two that matter, in 7 columns. */
static void
age_text(int64_t ms, char text[static 24])
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 60)
		snprintf(text, 24, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(text, 24, "%" PRId64 "m %" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, 24, "%" PRId64 "h %" PRId64 "m", s / 3600,
		    s / 60 % 60);
	else if (s < 100 * 86400)
		snprintf(text, 24, "%" PRId64 "d %" PRId64 "h", s / 86400,
		    s / 3600 % 24);
	else
		snprintf(text, 24, "%" PRId64 "d", s / 86400);
}

static void
bytes_text(uint64_t bytes, char text[static 16])
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	unsigned int i = 0;

	while (value >= 999.5 && i + 2 < sizeof(units)) {
		value /= 1024;
		i++;
	}
	snprintf(text, 16, i == 0 || value >= 99.5 ? "%.0f%c" : "%.1f%c", value,
	    units[i]);
}

static void
ipv4_text(uint32_t address, char text[static INET_ADDRSTRLEN])
{
	text[0] = '\0';
	if (address != 0)
		inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static void
ipv6_text(const uint8_t id[static 8], char text[static INET6_ADDRSTRLEN])
{
	static const uint8_t none[8];
	struct in6_addr a = { .s6_addr = { 0xfe, 0x80 } };

	text[0] = '\0';
	if (memcmp(id, none, sizeof(none)) == 0)
		return;
	memcpy(a.s6_addr + 8, id, 8);
	inet_ntop(AF_INET6, &a, text, INET6_ADDRSTRLEN);
}

static void
time_text(int64_t ms, char text[static 32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	text[0] = '\0';
	if (ms > 0 && gmtime_r(&t, &tm) != NULL)
		strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* --- sessions
 * -------------------------------------------------------------------- */

/* A name is asked for by, so it is not cut: the user makes room for it. */
static void
put_names(FILE *out, const struct stats_session *s)
{
	enum { SESSION = 8, USER = 13, USER_MIN = 4 };
	size_t user = USER, n;
	char id[32];

	id_text(s->id, id);
	n = strlen(id);
	if (n > SESSION)
		user = n - SESSION < USER - USER_MIN ? USER - (n - SESSION)
						     : USER_MIN;
	fprintf(out, "%-*s ", SESSION, id);
	terminal_put_column(out, TEXT(s->user), user);
}

static void
visit_text(struct visitor *v, const struct stats_session *s)
{
	char age[24], in[16], out[16], inner[INET_ADDRSTRLEN];

	age_text(v->report->now - (s->connected != 0 ? s->connected : s->began),
	    age);
	bytes_text(s->bytes_in, in);
	bytes_text(s->bytes_out, out);
	ipv4_text(s->remote4, inner);
	put_names(v->out, s);
	terminal_put_column(v->out, TEXT(s->peer), 21);
	terminal_put_column(
	    v->out, inner[0] != '\0' ? inner : stage_of(s), 16, 15);
	fprintf(v->out, "%-7s %5s %5s\n", age, in, out);
	v->count++;
}

static void
json_address(struct json *j, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_text(j, key, text, strlen(text));
}

static void
json_network(struct json *j, const struct stats_session *s)
{
	char text[INET6_ADDRSTRLEN];

	if (s->mtu == 0)
		return;
	json_text(j, "interface", TEXT(s->ifname));
	ipv4_text(s->local4, text);
	json_address(j, "local_address", text);
	ipv4_text(s->remote4, text);
	json_address(j, "remote_address", text);
	ipv6_text(s->local6, text);
	json_address(j, "local_address6", text);
	ipv6_text(s->remote6, text);
	json_address(j, "remote_address6", text);
	json_integer(j, "mtu", (int64_t)s->mtu);
}

static void
json_times(struct json *j, const struct stats_session *s)
{
	char text[32];

	time_text(s->began, text);
	json_text(j, "began", TEXT(text));
	if (s->connected != 0) {
		time_text(s->connected, text);
		json_text(j, "connected", TEXT(text));
	}
	if (s->tls_ms != 0)
		json_integer(j, "tls_ms", (int64_t)s->tls_ms);
	if (s->auth_ms != 0)
		json_integer(j, "auth_ms", (int64_t)s->auth_ms);
	if (s->up_ms != 0)
		json_integer(j, "up_ms", (int64_t)s->up_ms);
}

static void
json_traffic(struct json *j, const struct stats_session *s)
{
	json_integer(j, "bytes_in", (int64_t)s->bytes_in);
	json_integer(j, "bytes_out", (int64_t)s->bytes_out);
	json_integer(j, "packets_in", (int64_t)s->packets_in);
	json_integer(j, "packets_out", (int64_t)s->packets_out);
	json_integer(j, "dropped", (int64_t)s->dropped);
	json_integer(j, "queue_to_client", (int64_t)s->queue_to_client);
	json_integer(j, "queue_to_pppd", (int64_t)s->queue_to_pppd);
	json_open(j, "tcp", '{');
	json_integer(j, "rtt_us", (int64_t)s->rtt_us);
	json_integer(j, "rttvar_us", (int64_t)s->rttvar_us);
	json_integer(j, "retransmits", (int64_t)s->retransmits);
	json_integer(j, "cwnd", (int64_t)s->cwnd);
	json_integer(j, "unsent", (int64_t)s->unsent);
	json_integer(j, "delivery_rate", (int64_t)s->delivery_rate);
	json_close(j, '}');
}

static void
visit_json(struct visitor *v, const struct stats_session *s)
{
	struct json *j = &v->json;
	char id[32];

	id_text(s->id, id);
	json_open(j, NULL, '{');
	json_text(j, "session", TEXT(id));
	json_text(j, "stage", stage_of(s), 16);
	json_text(j, "user", TEXT(s->user));
	if (s->method != 0)
		json_text(j, "method", auth_method_name(s->method), 64);
	json_text(j, "peer", TEXT(s->peer));
	json_text(j, "local", TEXT(s->local));
	json_text(j, "sni", TEXT(s->sni));
	json_text(j, "profile", TEXT(s->profile));
	json_text(j, "correlation_id", TEXT(s->correlation_id));
	json_text(j, "tls_version", TEXT(s->tls_version));
	json_text(j, "tls_cipher", TEXT(s->tls_cipher));
	json_network(j, s);
	json_times(j, s);
	json_traffic(j, s);
	json_close(j, '}');
	v->count++;
}

void
report_sessions(const struct report *r, const struct report_filter *filter,
    bool json, FILE *out)
{
	struct visitor v = { .visit = json ? visit_json : visit_text,
		.json = { .out = out },
		.out = out };

	if (json) {
		json_open(&v.json, NULL, '[');
		each(r, filter, &v);
		json_close(&v.json, ']');
		putc('\n', out);
		return;
	}
	fprintf(out, "%-8s %-13s %-21s %-15s %-7s %5s %5s\n", "SESSION", "USER",
	    "CLIENT", "ADDRESS", "AGE", "IN", "OUT");
	each(r, filter, &v);
	fprintf(out, "%u session%s\n", v.count, v.count == 1 ? "" : "s");
}

/* --- one session
 * -------------------------------------------------------------------- */

static void
put_row(FILE *out, const char *name, const char *text, size_t n)
{
	if (n == 0 || text[0] == '\0')
		return;
	fprintf(out, "%-16s ", name);
	terminal_put(out, text, n);
	putc('\n', out);
}

static void
put_number(FILE *out, const char *name, uint64_t n, const char *unit)
{
	fprintf(out, "%-16s %" PRIu64 "%s\n", name, n, unit);
}

static void
put_network(FILE *out, const struct stats_session *s)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	if (s->mtu == 0)
		return;
	put_row(out, "interface", TEXT(s->ifname));
	ipv4_text(s->local4, a);
	ipv4_text(s->remote4, b);
	if (b[0] != '\0')
		fprintf(out, "%-16s %s -> %s\n", "addresses", a, b);
	ipv6_text(s->local6, a);
	ipv6_text(s->remote6, b);
	if (b[0] != '\0')
		fprintf(out, "%-16s %s -> %s\n", "IPv6", a, b);
	put_number(out, "mtu", s->mtu, "");
}

static void
put_times(FILE *out, const struct stats_session *s)
{
	char text[32];

	time_text(s->began, text);
	put_row(out, "began", TEXT(text));
	if (s->tls_ms != 0)
		put_number(out, "TLS after", s->tls_ms, " ms");
	if (s->auth_ms != 0)
		put_number(out, "login after", s->auth_ms, " ms");
	if (s->up_ms != 0)
		put_number(out, "up after", s->up_ms, " ms");
}

static void
put_traffic(FILE *out, const struct stats_session *s)
{
	char in[16], sent[16], rate[16];

	bytes_text(s->bytes_in, in);
	bytes_text(s->bytes_out, sent);
	bytes_text(s->delivery_rate, rate);
	fprintf(out, "%-16s %s in %" PRIu64 " packets\n", "from client", in,
	    s->packets_in);
	fprintf(out, "%-16s %s in %" PRIu64 " packets\n", "to client", sent,
	    s->packets_out);
	fprintf(out, "%-16s %" PRIu64 " frames\n", "dropped", s->dropped);
	fprintf(out, "%-16s %u bytes, and %u unsent in its socket\n",
	    "queue to client", s->queue_to_client, s->unsent);
	put_number(out, "queue to pppd", s->queue_to_pppd, " bytes");
	fprintf(out, "%-16s rtt %.1f ms +- %.1f, %u retransmits\n",
	    "TCP to client", s->rtt_us / 1000., s->rttvar_us / 1000.,
	    s->retransmits);
	fprintf(out, "%-16s %u, delivers %s/s\n", "TCP window", s->cwnd, rate);
}

static void
visit_all_text(struct visitor *v, const struct stats_session *s)
{
	char id[32];

	id_text(s->id, id);
	put_row(v->out, "session", TEXT(id));
	put_row(v->out, "stage", stage_of(s), 16);
	put_row(v->out, "user", TEXT(s->user));
	if (s->method != 0)
		put_row(v->out, "method", auth_method_name(s->method), 64);
	put_row(v->out, "client", TEXT(s->peer));
	put_row(v->out, "server", TEXT(s->local));
	put_row(v->out, "server name", TEXT(s->sni));
	put_row(v->out, "profile", TEXT(s->profile));
	put_row(v->out, "correlation id", TEXT(s->correlation_id));
	put_row(v->out, "TLS", TEXT(s->tls_version));
	put_row(v->out, "cipher", TEXT(s->tls_cipher));
	put_network(v->out, s);
	put_times(v->out, s);
	put_traffic(v->out, s);
	v->count++;
}

bool
report_session(const struct report *r, uint64_t id, bool json, FILE *out)
{
	const struct report_filter filter = { .id = id };
	struct visitor v = { .visit = json ? visit_json : visit_all_text,
		.json = { .out = out },
		.out = out };

	each(r, &filter, &v);
	if (json && v.count > 0)
		putc('\n', out);
	return v.count > 0;
}

static void
visit_id(struct visitor *v, const struct stats_session *s)
{
	if (v->count < v->max)
		v->ids[v->count++] = s->id;
}

unsigned int
report_find(const struct report *r, const struct report_filter *filter,
    uint64_t *ids, unsigned int max)
{
	struct visitor v = { .visit = visit_id, .ids = ids, .max = max };

	each(r, filter, &v);
	return v.count;
}
