/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What many sessions brought to light. */

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "load_report.h"
#include "setup.h"

static const double shares[] = { 0.5, 0.95, 0.99 };

enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

static const char *const share_names[SHARES] = { "p50", "p95", "p99" };

void
load_record(struct load_result *result, const struct client_report *report)
{
	char *example = result->example[report->cause];

	result->bytes_in += report->bytes_in;
	result->bytes_out += report->bytes_out;
	for (int i = 0; i < STAGES_TIMED; i++)
		if (report->took[i] >= 0)
			histogram_add(&result->stage[i], report->took[i]);
	if (report->was_up)
		histogram_add(&result->total, report->total);
	if (report->cause == CAUSE_NONE) {
		result->unclean += report->was_up && !report->left_clean;
		return;
	}
	if (report->was_up)
		result->dropped++;
	else
		result->failed++;
	result->causes[report->cause]++;
	if (example[0] == '\0')
		snprintf(example, CLIENT_WHY_MAX, "%s: %.200s",
		    client_stage_name(report->failed_at), report->why);
}

/* Sessions a second, from the first start until the last was up. */
static double
rate(const struct load_result *r)
{
	double took = r->last_up - r->first_start;

	return r->came_up > 0 && took > 0 ? (double)r->came_up / took : 0;
}

static double
megabits(const struct load_result *r, uint64_t bytes)
{
	double took = r->ended - r->first_start;

	return took > 0 ? (double)bytes * 8 / took / 1e6 : 0;
}

/* --- text --- */

static void
print_row(const char *name, const struct histogram *h)
{
	if (h->count == 0)
		return;
	printf("%-10s", name);
	for (int i = 0; i < SHARES; i++)
		printf(" %9.2f", histogram_quantile(h, shares[i]) * 1e3);
	printf(" %9.2f  (%llu)\n", h->max * 1e3, (unsigned long long)h->count);
}

static void
print_latencies(const struct load_result *r)
{
	printf("%-10s %9s %9s %9s %9s\n", "ms", "p50", "p95", "p99", "max");
	for (int i = 0; i < STAGES_TIMED; i++)
		print_row(
		    client_stage_name((enum client_stage)i), &r->stage[i]);
	print_row("until up", &r->total);
}

static void
print_traffic(const struct load_result *r)
{
	if (r->sent > 0)
		printf("traffic    %llu sent", (unsigned long long)r->sent);
	if (r->sent > 0 && r->options->traffic.mode != TRAFFIC_UP)
		printf(", %llu answered, %.2f%% not",
		    (unsigned long long)r->received,
		    100.0 * (double)(r->sent - r->received) / (double)r->sent);
	if (r->sent > 0)
		putchar('\n');
	print_row("round trip", &r->round_trips);
	if (r->bytes_out > 0)
		printf("volume     %.1f Mbit/s out, %.1f Mbit/s in, on "
		       "average\n",
		    megabits(r, r->bytes_out), megabits(r, r->bytes_in));
}

static void
print_failures(const struct load_result *r)
{
	for (int i = CAUSE_NONE + 1; i < CAUSES; i++) {
		enum client_cause cause = (enum client_cause)i;

		if (r->causes[i] == 0)
			continue;
		printf("  %-12s %llu, such as \"%s\"\n",
		    client_cause_name(cause), (unsigned long long)r->causes[i],
		    r->example[i]);
		if (client_cause_hint(cause) != NULL)
			printf("  %-12s %s\n", "", client_cause_hint(cause));
	}
}

static void
print_text(const struct load_result *r)
{
	printf("sessions   %llu begun, %llu came up, %.1f a second, at most "
	       "%u at a time%s\n",
	    (unsigned long long)r->started, (unsigned long long)r->came_up,
	    rate(r), r->peak, r->interrupted ? " (interrupted)" : "");
	printf("failures   %llu before they were up, %llu after, %llu left "
	       "unacknowledged\n",
	    (unsigned long long)r->failed, (unsigned long long)r->dropped,
	    (unsigned long long)r->unclean);
	print_failures(r);
	print_latencies(r);
	print_traffic(r);
	printf("this side  %.2f s of processor time in %.2f s\n", r->cpu,
	    r->ended - r->first_start);
}

/* --- JSON --- */

static void
put_histogram(struct json *j, const char *key, const struct histogram *h)
{
	if (h->count == 0)
		return;
	json_open(j, key, '{');
	json_integer(j, "count", (int64_t)h->count);
	json_number(j, "mean", histogram_mean(h));
	for (int i = 0; i < SHARES; i++)
		json_number(
		    j, share_names[i], histogram_quantile(h, shares[i]));
	json_number(j, "max", h->max);
	json_close(j, '}');
}

static void
put_failures(struct json *j, const struct load_result *r)
{
	json_open(j, "failures", '[');
	for (int i = CAUSE_NONE + 1; i < CAUSES; i++) {
		if (r->causes[i] == 0)
			continue;
		json_open(j, NULL, '{');
		json_string(
		    j, "cause", client_cause_name((enum client_cause)i));
		json_integer(j, "count", (int64_t)r->causes[i]);
		json_string(j, "example", r->example[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_traffic(struct json *j, const struct load_result *r)
{
	json_open(j, "traffic", '{');
	json_integer(j, "sent", (int64_t)r->sent);
	json_integer(j, "answered", (int64_t)r->received);
	json_integer(j, "bytes_out", (int64_t)r->bytes_out);
	json_integer(j, "bytes_in", (int64_t)r->bytes_in);
	put_histogram(j, "round_trip", &r->round_trips);
	json_close(j, '}');
}

static void
print_json(const struct load_result *r)
{
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_string(&j, "status", status_name(r->status));
	json_integer(&j, "exit", r->status);
	json_string(&j, "host", r->options->host);
	json_integer(&j, "port", r->options->port);
	json_integer(&j, "started", (int64_t)r->started);
	json_integer(&j, "came_up", (int64_t)r->came_up);
	json_integer(&j, "failed", (int64_t)r->failed);
	json_integer(&j, "dropped", (int64_t)r->dropped);
	json_integer(&j, "left_unacknowledged", (int64_t)r->unclean);
	json_integer(&j, "peak", r->peak);
	json_number(&j, "setups_per_second", rate(r));
	json_bool(&j, "interrupted", r->interrupted);
	put_failures(&j, r);
	json_open(&j, "seconds", '{');
	for (int i = 0; i < STAGES_TIMED; i++)
		put_histogram(
		    &j, client_stage_name((enum client_stage)i), &r->stage[i]);
	put_histogram(&j, "until_up", &r->total);
	json_close(&j, '}');
	put_traffic(&j, r);
	json_number(&j, "elapsed_seconds", r->ended - r->first_start);
	json_number(&j, "cpu_seconds", r->cpu);
	json_close(&j, '}');
	putchar('\n');
}

void
load_print(const struct load_result *result)
{
	if (result->options->output == OUTPUT_JSON)
		print_json(result);
	else
		print_text(result);
}
