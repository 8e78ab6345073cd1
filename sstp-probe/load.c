/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Many sessions at once. A tick starts what is due and lets go what has to go,
 * so that neither comes in one burst; all else happens in the clients.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"
#include "load_report.h"
#include "setup.h"
#include "traffic.h"

enum {
	DESCRIPTORS_BESIDES = 32,
	USER_LEN = LOGIN_USER_MAX + 1,
	LEAVE_SECONDS = 5, /* in which all shall have been told to leave */
};

static const double tick_every = 0.02; /* seconds */
static const double progress_every = 1;

enum session_state {
	SESSION_IDLE,
	SESSION_BEGINS,
	SESSION_UP,
	SESSION_LEAVES,
	SESSION_OVER,
};

struct session {
	enum session_state state;
	struct load *load;
	struct client client;
	struct traffic traffic;
	ev_timer stay; /* with --duration */
	char user[USER_LEN];
};

enum load_phase {
	LOAD_RAMP,
	LOAD_HOLD,
	LOAD_LEAVE,
};

struct load {
	const struct options *options;
	const struct login_secret *secret;
	struct ev_loop *loop;
	struct setup setup;
	enum load_phase phase;
	struct session *sessions;
	unsigned int next;	/* to be looked at for a start, or a leave */
	unsigned int beginning; /* how many are in which state */
	unsigned int up, leaving;
	double ramp_began, leave_began;
	uint64_t told_to_leave;
	struct load_result result;
	ev_timer tick, hold, progress;
	ev_signal sigint, sigterm;
};

/* --- one session --- */

/* The only way from one state to another: it keeps the counts. */
static void
change(struct session *s, enum session_state state)
{
	struct load *load = s->load;

	load->beginning -= s->state == SESSION_BEGINS;
	load->up -= s->state == SESSION_UP;
	load->leaving -= s->state == SESSION_LEAVES;
	s->state = state;
	load->beginning += state == SESSION_BEGINS;
	load->up += state == SESSION_UP;
	load->leaving += state == SESSION_LEAVES;
	if (load->up > load->result.peak)
		load->result.peak = load->up;
}

static void
leave(struct session *s)
{
	traffic_stop(&s->traffic, s->load->loop);
	ev_timer_stop(s->load->loop, &s->stay);
	change(s, SESSION_LEAVES);
	client_leave(&s->client);
}

static void
on_stayed(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	leave(w->data);
}

static void
on_up(void *owner)
{
	struct session *s = owner;
	struct load *load = s->load;

	load->result.came_up++;
	load->result.last_up = client_now();
	if (s->state != SESSION_BEGINS)
		return;
	change(s, SESSION_UP);
	traffic_start(&s->traffic, load->loop);
	if (load->options->duration > 0)
		ev_timer_start(load->loop, &s->stay);
}

static void
on_echo(void *owner, double seconds)
{
	struct session *s = owner;

	traffic_on_echo(&s->traffic, seconds);
}

static void
on_ip(void *owner, const uint8_t *packet, size_t n)
{
	struct session *s = owner;

	traffic_on_ip(&s->traffic, packet, n);
}

static void
on_done(void *owner)
{
	struct session *s = owner;
	struct load_result *result = &s->load->result;

	traffic_stop(&s->traffic, s->load->loop);
	ev_timer_stop(s->load->loop, &s->stay);
	result->sent += s->traffic.sent;
	result->received += s->traffic.received;
	load_record(result, &s->client.report);
	change(s, s->load->options->duration > 0 ? SESSION_IDLE : SESSION_OVER);
}

static void
begin(struct load *load, struct session *s)
{
	static const struct client_ops ops = {
		.up = on_up,
		.echo = on_echo,
		.ip = on_ip,
		.done = on_done,
	};
	struct login_secret secret = *load->secret;

	if (load->options->user_prefix != NULL) {
		snprintf(s->user, sizeof(s->user), "%s%u",
		    load->options->user_prefix,
		    (unsigned int)(s - load->sessions) + 1);
		secret.user = s->user;
	}
	s->load = load;
	change(s, SESSION_BEGINS);
	load->result.started++;
	ev_timer_init(&s->stay, on_stayed, load->options->hold, 0);
	s->stay.data = s;
	traffic_init(&s->traffic, &load->options->traffic, &s->client,
	    &load->result.round_trips, NULL, NULL);
	client_start(
	    &s->client, load->loop, &load->setup.config, &secret, &ops, s);
}

/* --- all of them --- */

static void
begin_leave(struct load *load)
{
	if (load->phase == LOAD_LEAVE)
		return;
	load->phase = LOAD_LEAVE;
	load->leave_began = client_now();
	load->next = 0;
	ev_timer_stop(load->loop, &load->hold);
}

/* The next session in a state, none being looked at twice in one turn. */
static struct session *
find(struct load *load, enum session_state state)
{
	unsigned int n = load->options->sessions;

	for (unsigned int i = 0; i < n; i++) {
		struct session *s = &load->sessions[load->next];

		load->next = (load->next + 1) % n;
		if (s->state == state)
			return s;
	}
	return NULL;
}

static void
start_due(struct load *load)
{
	double due =
	    (client_now() - load->ramp_began) * load->options->ramp + 1;

	while ((double)load->result.started < due) {
		struct session *s = find(load, SESSION_IDLE);

		if (s == NULL) {
			/* what is not begun now is not made up for later */
			load->ramp_began +=
			    (due - (double)load->result.started) /
			    load->options->ramp;
			return;
		}
		begin(load, s);
	}
}

static void
release_due(struct load *load)
{
	double rate = load->options->sessions / (double)LEAVE_SECONDS;
	double due =
	    (client_now() - load->leave_began) *
		(rate > load->options->ramp ? rate : load->options->ramp) +
	    1;

	while ((double)load->told_to_leave < due) {
		struct session *s = find(load, SESSION_UP);

		if (s == NULL)
			s = find(load, SESSION_BEGINS);
		if (s == NULL)
			return;
		load->told_to_leave++;
		leave(s);
	}
}

static bool
has_begun_all(const struct load *load)
{
	return load->result.started >= load->options->sessions &&
	       load->beginning == 0;
}

static void
on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	struct load *load = w->data;

	(void)events;
	switch (load->phase) {
	case LOAD_RAMP:
		start_due(load);
		if (load->options->duration > 0 || !has_begun_all(load))
			break;
		load->phase = LOAD_HOLD;
		if (load->up == 0)
			begin_leave(load);
		else
			ev_timer_start(loop, &load->hold);
		break;
	case LOAD_HOLD:
		if (load->up == 0)
			begin_leave(load);
		break;
	case LOAD_LEAVE:
		release_due(load);
		if (load->up + load->beginning + load->leaving == 0)
			ev_break(loop, EVBREAK_ALL);
		break;
	}
}

static void
on_hold(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	begin_leave(w->data);
}

static void
on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	struct load *load = w->data;

	(void)events;
	if (load->result.interrupted)
		ev_break(loop, EVBREAK_ALL);
	load->result.interrupted = true;
	begin_leave(load);
}

static void
on_progress(struct ev_loop *loop, ev_timer *w, int events)
{
	const struct load *load = w->data;

	(void)loop;
	(void)events;
	fprintf(stderr,
	    "\r%llu begun, %u beginning, %u up, %u leaving, %llu failed, %llu "
	    "dropped  ",
	    (unsigned long long)load->result.started, load->beginning, load->up,
	    load->leaving, (unsigned long long)load->result.failed,
	    (unsigned long long)load->result.dropped);
}

/* --- life --- */

static bool
raise_limit(const struct options *options)
{
	rlim_t need = options->sessions + DESCRIPTORS_BESIDES;
	struct rlimit limit;
	char why[128];

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < need) {
		limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= need)
		return true;
	snprintf(why, sizeof(why),
	    "%u sessions need %llu file descriptors, the limit is %llu: see "
	    "ulimit -n",
	    options->sessions, (unsigned long long)need,
	    (unsigned long long)limit.rlim_max);
	setup_complain(options, why);
	return false;
}

static void
start_watchers(struct load *load)
{
	double until = load->options->duration > 0 ? load->options->duration
						   : load->options->hold;

	ev_timer_init(&load->tick, on_tick, 0, tick_every);
	ev_timer_init(&load->hold, on_hold, until, 0);
	ev_timer_init(
	    &load->progress, on_progress, progress_every, progress_every);
	ev_signal_init(&load->sigint, on_signal, SIGINT);
	ev_signal_init(&load->sigterm, on_signal, SIGTERM);
	load->tick.data = load->hold.data = load->progress.data = load;
	load->sigint.data = load->sigterm.data = load;
	ev_timer_start(load->loop, &load->tick);
	ev_signal_start(load->loop, &load->sigint);
	ev_signal_start(load->loop, &load->sigterm);
	if (load->options->duration > 0)
		ev_timer_start(load->loop, &load->hold);
	if (isatty(STDERR_FILENO))
		ev_timer_start(load->loop, &load->progress);
}

static double
seconds_of(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void
measure(struct load *load)
{
	struct load_result *r = &load->result;
	struct rusage usage;

	load->ramp_began = r->first_start = client_now();
	start_watchers(load);
	ev_run(load->loop, 0);
	r->ended = client_now();
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%78s\r", "");
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		r->cpu =
		    seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	if (r->came_up == 0 && r->failed == 0 && r->interrupted)
		r->status = STATUS_UNKNOWN;
	else if (r->came_up == 0)
		r->status = STATUS_CRITICAL;
	else if (r->failed + r->dropped > 0)
		r->status = STATUS_WARNING;
	load_print(r);
}

int
load_run(const struct options *options, const struct login_secret *secret)
{
	static struct load load;

	load.options = options;
	load.secret = secret;
	load.result.options = options;
	if (!raise_limit(options) || !setup_init(&load.setup, options))
		return STATUS_UNKNOWN;
	load.loop = ev_default_loop(0);
	load.sessions = calloc(options->sessions, sizeof(*load.sessions));
	load.result.status = STATUS_UNKNOWN;
	if (load.loop == NULL || load.sessions == NULL) {
		setup_complain(options, "not enough memory");
	} else {
		load.result.status = STATUS_OK;
		measure(&load);
	}
	free(load.sessions);
	setup_fini(&load.setup);
	return load.result.status;
}
