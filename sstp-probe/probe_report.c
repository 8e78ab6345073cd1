/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What one connection brought to light. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "probe_report.h"
#include "setup.h"

enum { ADDRESS_TEXT = 48 };

static const char *
text_of(uint32_t address, char text[ADDRESS_TEXT])
{
	inet_ntop(AF_INET, &address, text, ADDRESS_TEXT);
	return text;
}

static const char *
link_local(const uint8_t id[IPV6CP_ID_LEN], char text[ADDRESS_TEXT])
{
	uint8_t address[16] = { 0xfe, 0x80 };

	memcpy(address + 8, id, IPV6CP_ID_LEN);
	inet_ntop(AF_INET6, address, text, ADDRESS_TEXT);
	return text;
}

static bool
has_ipv6(const struct probe_result *r)
{
	return cp_is_open(&r->client->ppp.ipv6cp.cp) &&
	       !r->client->ppp.ipv6_refused;
}

static bool
has_certificate(const struct probe_result *r)
{
	return r->facts->not_after[0] != '\0';
}

static double
lost(const struct probe_result *r)
{
	return 100.0 * (double)(r->pings_sent - r->pings_received) /
	       (double)r->pings_sent;
}

static const char *
hash_names(uint8_t bitmask)
{
	static const char *const names[] = { "none", "sha1", "sha256",
		"sha1 sha256" };

	return names[bitmask & 3];
}

/* --- text --- */

/* The part after the bar, which monitoring keeps as numbers. */
static void
print_performance(const struct probe_result *r)
{
	const struct client_report *report = &r->client->report;

	printf(" | time=%.6fs;;;0 resolve=%.6fs;;;0",
	    report->total + r->resolve_took, r->resolve_took);
	for (int i = 0; i < STAGES_TIMED; i++)
		if (report->took[i] >= 0)
			printf(" %s=%.6fs;;;0",
			    client_stage_name((enum client_stage)i),
			    report->took[i]);
	if (has_certificate(r))
		printf(" days=%.2f;%u:;%u:",
		    (double)r->facts->seconds_left / 86400,
		    r->options->warning_days, r->options->critical_days);
	if (r->pings_sent > 0)
		printf(" rta=%.6fs;;;0 loss=%.0f%%;;;0;100",
		    histogram_mean(r->round_trips), lost(r));
}

static void
print_certificate(const struct probe_result *r)
{
	const struct tls_facts *facts = r->facts;
	const struct tls_verdict *verdict = &r->client->report.verdict;

	printf("certificate  %s, %s\n", facts->subject, facts->key);
	printf("  issuer     %s\n", facts->issuer);
	printf("  names     ");
	for (unsigned int i = 0; i < facts->names; i++)
		printf(" %s", facts->name[i]);
	printf("%s\n", facts->names == 0 ? " none" : "");
	printf("  valid      %s to %s, %.1f days left\n", facts->not_before,
	    facts->not_after, (double)facts->seconds_left / 86400);
	printf("  chain      %s\n", verdict->chain);
	printf("  name       %s %s\n",
	    verdict->name_ok ? "is for" : "is NOT for",
	    r->client->config->name);
	printf("  sha256     %s\n", facts->sha256);
}

static void
print_tunnel(const struct probe_result *r)
{
	const struct ppp *ppp = &r->client->ppp;
	char a[ADDRESS_TEXT], b[ADDRESS_TEXT];

	printf("login        %s by %s%s\n", r->options->user,
	    login_method_name(ppp->login.method),
	    ppp->login.method == LOGIN_MSCHAP_V2
		? "; the server knows the password, too"
		: "");
	printf("binding      %s, %s\n", hash_names(r->client->report.hash),
	    r->client->report.confirmed ? "confirmed by an echo"
					: "not refused, no echo came back");
	printf("address      %s, the server's %s\n",
	    text_of(ppp->ipcp.address, a), text_of(ppp->ipcp.peer_address, b));
	printf("dns          %s %s\n", text_of(ppp->ipcp.dns[0], a),
	    text_of(ppp->ipcp.dns[1], b));
	if (has_ipv6(r))
		printf("ipv6         %s, the server's %s\n",
		    link_local(ppp->ipv6cp.id, a),
		    link_local(ppp->ipv6cp.peer_id, b));
	printf("mru          %u, the server's %u\n",
	    ppp->lcp.want_mru ? ppp->lcp.mru : LCP_DEFAULT_MRU,
	    ppp->lcp.peer_mru);
}

static void
print_details(const struct probe_result *r)
{
	const struct client_report *report = &r->client->report;

	printf("server       %s\n", report->peer);
	if (report->tls_version[0] != '\0')
		printf("tls          %s, %s\n", report->tls_version,
		    report->tls_cipher);
	if (has_certificate(r))
		print_certificate(r);
	if (report->http_status != 0)
		printf("http         %d %s\n", report->http_status,
		    report->http_server);
	if (report->took[STAGE_SSTP] >= 0)
		printf("hashes       %s\n", hash_names(report->hash_bitmask));
	if (r->client->config->login && report->was_up)
		print_tunnel(r);
	if (r->pings_sent > 0)
		printf("ping         %llu of %llu came back, round trip "
		       "%.3f/%.3f/%.3f ms\n",
		    (unsigned long long)r->pings_received,
		    (unsigned long long)r->pings_sent,
		    r->round_trips->min * 1e3,
		    histogram_mean(r->round_trips) * 1e3,
		    r->round_trips->max * 1e3);
	if (report->was_up)
		printf("leave        %s\n",
		    report->left_clean ? "acknowledged" : "not acknowledged");
}

static void
print_text(const struct probe_result *r)
{
	printf("SSTP %s - %s", status_name(r->status), r->message);
	print_performance(r);
	putchar('\n');
	if (r->hint != NULL && r->status != STATUS_OK)
		printf("hint: %s\n", r->hint);
	if (r->options->verbose > 0)
		print_details(r);
}

/* --- JSON --- */

static void
put_times(struct json *j, const struct probe_result *r)
{
	const struct client_report *report = &r->client->report;

	json_open(j, "seconds", '{');
	json_number(j, "resolve", r->resolve_took);
	for (int i = 0; i < STAGES_TIMED; i++)
		if (report->took[i] >= 0)
			json_number(j, client_stage_name((enum client_stage)i),
			    report->took[i]);
	json_number(j, "total", report->total + r->resolve_took);
	json_close(j, '}');
}

static void
put_certificate(struct json *j, const struct probe_result *r)
{
	const struct tls_facts *facts = r->facts;
	const struct tls_verdict *verdict = &r->client->report.verdict;

	json_open(j, "certificate", '{');
	json_string(j, "subject", facts->subject);
	json_string(j, "issuer", facts->issuer);
	json_open(j, "names", '[');
	for (unsigned int i = 0; i < facts->names; i++)
		json_string(j, NULL, facts->name[i]);
	json_close(j, ']');
	json_string(j, "key", facts->key);
	json_string(j, "not_before", facts->not_before);
	json_string(j, "not_after", facts->not_after);
	json_integer(j, "seconds_left", facts->seconds_left);
	json_bool(j, "chain_ok", verdict->chain_ok);
	json_string(j, "chain", verdict->chain);
	json_bool(j, "name_ok", verdict->name_ok);
	json_string(j, "sha256", facts->sha256);
	json_close(j, '}');
}

static void
put_tunnel(struct json *j, const struct probe_result *r)
{
	const struct ppp *ppp = &r->client->ppp;
	char text[ADDRESS_TEXT];

	json_open(j, "tunnel", '{');
	json_string(j, "user", r->options->user);
	json_string(j, "method", login_method_name(ppp->login.method));
	json_string(j, "binding_hash", hash_names(r->client->report.hash));
	json_bool(j, "confirmed", r->client->report.confirmed);
	json_string(j, "address", text_of(ppp->ipcp.address, text));
	json_string(j, "peer_address", text_of(ppp->ipcp.peer_address, text));
	json_open(j, "dns", '[');
	for (int i = 0; i < 2; i++)
		if (ppp->ipcp.dns[i] != 0)
			json_string(j, NULL, text_of(ppp->ipcp.dns[i], text));
	json_close(j, ']');
	if (has_ipv6(r)) {
		json_string(j, "ipv6", link_local(ppp->ipv6cp.id, text));
		json_string(
		    j, "peer_ipv6", link_local(ppp->ipv6cp.peer_id, text));
	}
	json_integer(
	    j, "mru", ppp->lcp.want_mru ? ppp->lcp.mru : LCP_DEFAULT_MRU);
	json_integer(j, "peer_mru", ppp->lcp.peer_mru);
	json_close(j, '}');
}

static void
put_pings(struct json *j, const struct probe_result *r)
{
	json_open(j, "ping", '{');
	json_integer(j, "sent", (int64_t)r->pings_sent);
	json_integer(j, "received", (int64_t)r->pings_received);
	json_number(j, "min", r->round_trips->min);
	json_number(j, "mean", histogram_mean(r->round_trips));
	json_number(j, "max", r->round_trips->max);
	json_close(j, '}');
}

static void
put_failure(struct json *j, const struct client_report *report)
{
	json_string(j, "failed_at", client_stage_name(report->failed_at));
	json_string(j, "cause", client_cause_name(report->cause));
}

static void
print_json(const struct probe_result *r)
{
	const struct client_report *report = &r->client->report;
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_string(&j, "status", status_name(r->status));
	json_integer(&j, "exit", r->status);
	json_string(&j, "message", r->message);
	if (r->hint != NULL && r->status != STATUS_OK)
		json_string(&j, "hint", r->hint);
	if (report->cause != CAUSE_NONE)
		put_failure(&j, report);
	json_string(&j, "host", r->options->host);
	json_integer(&j, "port", r->options->port);
	json_string(&j, "server", report->peer);
	put_times(&j, r);
	if (report->tls_version[0] != '\0') {
		json_string(&j, "tls_version", report->tls_version);
		json_string(&j, "tls_cipher", report->tls_cipher);
	}
	if (has_certificate(r))
		put_certificate(&j, r);
	if (report->http_status != 0) {
		json_integer(&j, "http_status", report->http_status);
		json_string(&j, "http_server", report->http_server);
	}
	if (report->took[STAGE_SSTP] >= 0)
		json_string(&j, "hashes", hash_names(report->hash_bitmask));
	if (r->client->config->login && report->was_up)
		put_tunnel(&j, r);
	if (r->pings_sent > 0)
		put_pings(&j, r);
	if (report->was_up)
		json_bool(&j, "left_clean", report->left_clean);
	json_close(&j, '}');
	putchar('\n');
}

/* --- Prometheus --- */

static void
put_metric(const struct probe_result *r, const char *name, const char *stage,
    const char *help, double value)
{
	if (help != NULL)
		printf("# HELP sstp_probe_%s %s\n# TYPE sstp_probe_%s gauge\n",
		    name, help, name);
	printf("sstp_probe_%s{target=\"%s:%u\"", name, r->options->host,
	    r->options->port);
	if (stage != NULL)
		printf(",stage=\"%s\"", stage);
	printf("} %.6f\n", value);
}

static void
print_prometheus(const struct probe_result *r)
{
	const struct client_report *report = &r->client->report;

	put_metric(r, "success", NULL, "1 if the server could be used.",
	    report->cause == CAUSE_NONE && r->status != STATUS_UNKNOWN);
	put_metric(r, "status", NULL, "0 ok, 1 warning, 2 critical, 3 unknown.",
	    r->status);
	put_metric(r, "duration_seconds", NULL,
	    "Time until the connection was up, or failed.",
	    report->total + r->resolve_took);
	put_metric(r, "stage_seconds", "resolve", "Time of one stage.",
	    r->resolve_took);
	for (int i = 0; i < STAGES_TIMED; i++)
		if (report->took[i] >= 0)
			put_metric(r, "stage_seconds",
			    client_stage_name((enum client_stage)i), NULL,
			    report->took[i]);
	if (has_certificate(r)) {
		put_metric(r, "certificate_seconds_left", NULL,
		    "Until the certificate expires.",
		    (double)r->facts->seconds_left);
		put_metric(r, "certificate_trusted", NULL,
		    "1 if chain and name of the certificate are right.",
		    report->verdict.chain_ok && report->verdict.name_ok);
	}
	if (r->pings_sent > 0) {
		put_metric(r, "ping_loss_ratio", NULL,
		    "Share of pings without an answer.", lost(r) / 100);
		put_metric(r, "ping_seconds", NULL,
		    "Mean round trip through the tunnel.",
		    histogram_mean(r->round_trips));
	}
}

void
probe_print(const struct probe_result *result)
{
	switch (result->options->output) {
	case OUTPUT_JSON:
		print_json(result);
		break;
	case OUTPUT_PROMETHEUS:
		print_prometheus(result);
		break;
	default:
		print_text(result);
		break;
	}
}
