/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How the monitor ends, and how it gets there: stop and drain. */

#include <signal.h>

#include "log.h"
#include "monitor_private.h"

/* Parts of shutdown-timeout: what then is left is killed, or left alone. */
static const ev_tstamp kill_after = .8, give_up_after = .95;
static const ev_tstamp drain_interval = 0.2;

static ev_tstamp
shutdown_time(const struct monitor *m)
{
	return m->setup.conf.shutdown_timeout / 1000.;
}

static bool
any_worker(const struct monitor *m)
{
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running)
			return true;
	return false;
}

/* Also those who have connected and may yet become sessions are served. */
static bool
is_drained(const struct monitor *m)
{
	if (m->peers->total > 0 || m->predecessor.there)
		return false;
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].accepting ||
		    (m->workers[i].ready && m->half_open[i]->total > 0))
			return false;
	return true;
}

void
monitor_stop_turn(struct monitor *m)
{
	if (m->draining && !m->holding && !m->stopping && is_drained(m)) {
		log_info("drain: the last session has ended");
		monitor_stop(m);
	}
	if (m->stopping && m->links == NULL && !any_worker(m) &&
	    !m->predecessor.there && !m->control.renewing)
		ev_break(m->loop, EVBREAK_ALL);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct monitor *m = w->data;

	(void)revents;
	if (m->late) {
		log_warnx("stopping: giving up on %u sessions: see "
			  "[server] shutdown-timeout",
		    m->peers->total);
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	m->late = true;
	if (m->links != NULL)
		log_warnx("stopping: %u sessions have not ended in time and "
			  "are killed: see [server] shutdown-timeout",
		    m->peers->total);
	for (struct link *l = m->links; l != NULL; l = l->next)
		link_kill(l);
	ev_timer_set(w, shutdown_time(m) * (give_up_after - kill_after), 0.);
	ev_timer_start(loop, w);
}

void
monitor_stop(struct monitor *m)
{
	if (m->stopping)
		return;
	m->stopping = m->control.stopping = true;
	m->stats->draining = 1;
	ev_timer_stop(m->loop, &m->drain);
	log_info("stopping: %u sessions are told", m->peers->total);
	service_stopping(&m->service, shutdown_time(m));
	monitor_templates_end(m);
	monitor_successor_stop(m);
	monitor_predecessor_stop(m);
	activation_close(&m->given);
	for (unsigned int i = 0; i < m->worker_count; i++) {
		m->workers[i].stopping = true;
		ev_timer_stop(m->loop, &m->workers[i].restart);
		child_close_listeners(&m->workers[i]);
		if (m->workers[i].running)
			monitor_send_plain(&m->workers[i], MSG_STOP_ALL, NULL);
	}
	ev_timer_set(&m->deadline, shutdown_time(m) * kill_after, 0.);
	ev_timer_start(m->loop, &m->deadline);
}

static void
on_stop_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	monitor_stop(w->data);
}

static void
on_drained(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct monitor *m = w->data;

	(void)loop;
	(void)revents;
	log_info("drain: its time is over");
	monitor_stop(m);
}

/* A connection that ends is in a table only: it wakes nobody. */
static void
on_drain_check(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

int
monitor_drain(struct monitor *m, uint32_t seconds, enum drain how)
{
	bool hold = how == DRAIN_HOLD;
	/* a service manager's sockets stay open, whatever we do */
	union msg drain = { .ask = { .header.type = MSG_DRAIN,
				.request = m->drains + 1,
				.hold = how != DRAIN_CLOSE ||
					m->given.count > 0 } };

	if (m->stopping)
		return 0;
	if (hold && m->draining && !m->holding) {
		log_errx("drain: the sockets are closed already: undrain, then "
			 "drain with --hold");
		return -1;
	}
	m->drains++;
	m->draining = true;
	m->holding = hold;
	m->stats->draining = 1;
	monitor_templates_end(m);
	log_info("drain: no more connections are accepted%s, %u sessions go on",
	    hold ? ", who connects waits" : "", m->peers->total);
	for (unsigned int i = 0; i < m->worker_count; i++) {
		if (!hold)
			child_close_listeners(&m->workers[i]);
		if (m->workers[i].running)
			channel_send(&m->workers[i].channel, &drain, NULL);
	}
	ev_timer_start(m->loop, &m->drain_check);
	ev_timer_stop(m->loop, &m->drain);
	if (seconds == 0)
		return 0;
	ev_timer_set(&m->drain, seconds, 0.);
	ev_timer_start(m->loop, &m->drain);
	return 0;
}

/* All that a drain has closed, or nothing. */
static int
bind_again(struct monitor *m)
{
	unsigned int i = 0;

	while (!m->holding && i < m->worker_count &&
	       monitor_bind_worker(m, i) == 0)
		i++;
	if (m->holding || i == m->worker_count)
		return 0;
	for (i = 0; i < m->worker_count; i++)
		child_close_listeners(&m->workers[i]);
	return -1;
}

int
monitor_undrain(struct monitor *m)
{
	if (m->stopping || m->successor.accepting)
		return -1;
	if (!m->draining)
		return 0;
	if (bind_again(m) != 0)
		return -1;
	ev_timer_stop(m->loop, &m->drain);
	ev_timer_stop(m->loop, &m->drain_check);
	m->draining = m->holding = false;
	m->stats->draining = 0;
	monitor_accept(m);
	log_info("drain: is over, connections are accepted again");
	return 0;
}

void
monitor_stop_init(struct monitor *m)
{
	ev_signal_init(&m->on_term, on_stop_signal, SIGTERM);
	ev_signal_init(&m->on_int, on_stop_signal, SIGINT);
	ev_timer_init(&m->deadline, on_deadline, 0., 0.);
	ev_timer_init(&m->drain, on_drained, 0., 0.);
	ev_timer_init(
	    &m->drain_check, on_drain_check, drain_interval, drain_interval);
	m->on_term.data = m->on_int.data = m;
	m->deadline.data = m->drain.data = m;
	ev_signal_start(m->loop, &m->on_term);
	ev_signal_start(m->loop, &m->on_int);
}
