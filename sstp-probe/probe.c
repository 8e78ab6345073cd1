/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One connection, looked at and judged. */

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"
#include "probe_report.h"
#include "setup.h"
#include "traffic.h"

struct probe {
	const struct options *options;
	struct ev_loop *loop;
	struct client client;
	struct tls_facts facts;
	struct traffic traffic;
	struct traffic_plan plan;
	struct histogram round_trips;
	bool interrupted;
	ev_signal sigint, sigterm;
};

/* --- what the client tells --- */

static void
on_up(void *owner)
{
	struct probe *p = owner;

	if (p->plan.mode == TRAFFIC_NONE)
		client_leave(&p->client);
	else
		traffic_start(&p->traffic, p->loop);
}

static void
on_ip(void *owner, const uint8_t *packet, size_t n)
{
	struct probe *p = owner;

	traffic_on_ip(&p->traffic, packet, n);
}

static void
on_pings_done(void *owner)
{
	struct probe *p = owner;

	client_leave(&p->client);
}

static void
on_done(void *owner)
{
	struct probe *p = owner;

	traffic_stop(&p->traffic, p->loop);
	ev_break(p->loop, EVBREAK_ALL);
}

static void
on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	struct probe *p = w->data;

	(void)events;
	if (p->interrupted)
		ev_break(loop, EVBREAK_ALL);
	p->interrupted = true;
	client_leave(&p->client);
}

/* --- judgement --- */

/* The worst of all that is wrong gives the status, the message and the hint. */
static void __attribute__((format(printf, 4, 5))) judge(
    struct probe_result *r, int status, const char *hint, const char *fmt, ...)
{
	va_list args;

	if (status <= r->status)
		return;
	r->status = status;
	r->hint = hint;
	va_start(args, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, args);
	va_end(args);
}

static void
judge_certificate(struct probe_result *r)
{
	static const char hint[] = "renew the certificate";
	double days = (double)r->facts->seconds_left / 86400;
	int status = STATUS_OK;

	if (r->facts->not_after[0] == '\0')
		return;
	if (days < r->options->warning_days)
		status = STATUS_WARNING;
	if (days < r->options->critical_days)
		status = STATUS_CRITICAL;
	if (days < 0)
		judge(r, status, hint, "certificate expired %.1f days ago",
		    -days);
	else
		judge(
		    r, status, hint, "certificate expires in %.1f days", days);
}

static void
judge_pings(struct probe_result *r)
{
	uint64_t lost = r->pings_sent - r->pings_received;

	if (lost > 0)
		judge(r,
		    r->pings_received == 0 ? STATUS_CRITICAL : STATUS_WARNING,
		    "does a firewall on the server drop them? else see its log",
		    "%llu of %llu pings through the tunnel were lost",
		    (unsigned long long)lost,
		    (unsigned long long)r->pings_sent);
}

static void
say_what_is_fine(struct probe_result *r)
{
	const struct client_report *report = &r->client->report;
	const struct ppp *ppp = &r->client->ppp;
	size_t n;

	snprintf(r->message, sizeof(r->message),
	    "%s, %s, certificate good for %.1f days", report->peer,
	    report->tls_version, (double)r->facts->seconds_left / 86400);
	n = strlen(r->message);
	if (r->client->config->login)
		snprintf(r->message + n, sizeof(r->message) - n,
		    ", %.100s logged in by %s", r->options->user,
		    login_method_name(ppp->login.method));
}

static void
judge_all(struct probe *p, struct probe_result *r)
{
	const struct client_report *report = &p->client.report;

	if (p->interrupted) {
		judge(r, STATUS_UNKNOWN, NULL, "interrupted");
	} else if (report->cause != CAUSE_NONE) {
		judge(r,
		    report->cause == CAUSE_LOCAL ? STATUS_UNKNOWN
						 : STATUS_CRITICAL,
		    client_cause_hint(report->cause), "%s: %s",
		    client_stage_name(report->failed_at), report->why);
	} else {
		judge_pings(r);
		judge_certificate(r);
		if (!report->left_clean)
			judge(r, STATUS_WARNING, "see the server's log",
			    "leave: the server did not acknowledge it");
	}
	if (r->status == STATUS_OK)
		say_what_is_fine(r);
	/* the server may have had a say in it; a bar ends the text */
	for (char *bar = r->message; (bar = strchr(bar, '|')) != NULL;)
		*bar = '/';
}

/* --- life --- */

static void
watch_signals(struct probe *p)
{
	ev_signal_init(&p->sigint, on_signal, SIGINT);
	ev_signal_init(&p->sigterm, on_signal, SIGTERM);
	p->sigint.data = p->sigterm.data = p;
	ev_signal_start(p->loop, &p->sigint);
	ev_signal_start(p->loop, &p->sigterm);
}

int
probe_run(const struct options *options, const struct login_secret *secret)
{
	static const struct client_ops ops = {
		.up = on_up,
		.ip = on_ip,
		.done = on_done,
	};
	static struct probe p;
	struct setup setup;
	struct probe_result result = { .options = options,
		.client = &p.client,
		.facts = &p.facts,
		.round_trips = &p.round_trips };

	if (!setup_init(&setup, options))
		return STATUS_UNKNOWN;
	p.options = options;
	p.loop = ev_default_loop(0);
	if (p.loop == NULL) {
		setup_complain(options, "libev cannot be used");
		setup_fini(&setup);
		return STATUS_UNKNOWN;
	}
	setup.config.confirm = setup.config.login;
	p.plan = (struct traffic_plan){ options->ping > 0 ? TRAFFIC_PING
							  : TRAFFIC_NONE,
		10, 84, options->ping };
	traffic_init(
	    &p.traffic, &p.plan, &p.client, &p.round_trips, on_pings_done, &p);
	watch_signals(&p);
	p.client.facts = &p.facts;
	client_start(&p.client, p.loop, &setup.config, secret, &ops, &p);
	ev_run(p.loop, 0);

	result.resolve_took = setup.resolve_took;
	result.pings_sent = p.traffic.sent;
	result.pings_received = p.traffic.received;
	judge_all(&p, &result);
	probe_print(&result);
	ev_loop_destroy(p.loop);
	setup_fini(&setup);
	return result.status;
}
