/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How the monitor ends, and how it gets there: stop and drain. */

#include <signal.h>

#include "log.h"
#include "monitor_private.h"

/* SIGTERM to exit takes 10 s at most: pppd gets what is left of it. */
static const ev_tstamp kill_links_after = 8., give_up_after = 9.5;

static bool
any_worker(const struct monitor *m)
{
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running)
			return true;
	return false;
}

void
monitor_stop_turn(struct monitor *m)
{
	if (m->draining && m->peers->total == 0 && !m->stopping) {
		log_info("drain: the last session has ended");
		monitor_stop(m);
	}
	if (m->stopping && m->links == NULL && !any_worker(m))
		ev_break(m->loop, EVBREAK_ALL);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct monitor *m = w->data;

	(void)revents;
	if (m->late) {
		log_warnx("monitor: giving up on what is left");
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	m->late = true;
	for (struct link *l = m->links; l != NULL; l = l->next)
		link_kill(l);
	ev_timer_set(w, give_up_after - kill_links_after, 0.);
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
	service_stopping(&m->service);
	activation_close(&m->given);
	for (unsigned int i = 0; i < m->worker_count; i++) {
		m->workers[i].stopping = true;
		ev_timer_stop(m->loop, &m->workers[i].restart);
		child_close_listeners(&m->workers[i]);
		if (m->workers[i].running)
			monitor_send_plain(&m->workers[i], MSG_STOP_ALL, NULL);
	}
	ev_timer_set(&m->deadline, kill_links_after, 0.);
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

void
monitor_drain(struct monitor *m, uint32_t seconds)
{
	union msg drain = { .ask = { .header.type = MSG_DRAIN } };

	if (m->stopping)
		return;
	m->draining = true;
	m->stats->draining = 1;
	log_info("drain: no more connections are accepted, %u sessions go on",
	    m->peers->total);
	for (unsigned int i = 0; i < m->worker_count; i++) {
		child_close_listeners(&m->workers[i]);
		if (m->workers[i].running)
			channel_send(&m->workers[i].channel, &drain, NULL);
	}
	ev_timer_stop(m->loop, &m->drain);
	if (seconds == 0)
		return;
	ev_timer_set(&m->drain, seconds, 0.);
	ev_timer_start(m->loop, &m->drain);
}

int
monitor_undrain(struct monitor *m)
{
	if (m->stopping || !m->draining)
		return m->stopping ? -1 : 0;
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (monitor_bind_worker(m, i) != 0)
			return -1;
	ev_timer_stop(m->loop, &m->drain);
	m->draining = false;
	m->stats->draining = 0;
	for (unsigned int i = 0; i < m->worker_count; i++) {
		if (!m->workers[i].ready)
			continue;
		monitor_send_listeners(&m->workers[i]);
		monitor_send_conf(m, &m->workers[i]);
	}
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
	m->on_term.data = m->on_int.data = m;
	m->deadline.data = m->drain.data = m;
	ev_signal_start(m->loop, &m->on_term);
	ev_signal_start(m->loop, &m->on_int);
}
