/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The monitor and its configuration: log, reload. */

#include <signal.h>
#include <stdlib.h>

#include "log.h"
#include "monitor_private.h"

/* What a worker lacks may be there soon, or not for hours. */
static const ev_tstamp first_again = 1., last_again = 300.;

void
monitor_open_log(const struct conf *conf)
{
	enum log_sink sink = LOG_SINK_STDERR;

	log_set_format((enum log_format)conf->log_format);
	log_set_journal(conf->journal_socket);
	if (conf->log_target == CONF_LOG_SYSLOG)
		sink = LOG_SINK_SYSLOG;
	else if (conf->log_target == CONF_LOG_JOURNAL)
		sink = LOG_SINK_JOURNAL;
	else if (getenv("JOURNAL_STREAM") != NULL)
		sink = LOG_SINK_TAGGED;
	log_open(sink, (enum log_level)conf->log_level, conf->log_facility);
}

/* What the control process tells of the configuration. */
void
monitor_note_setup(struct monitor *m)
{
	monitor_profiles_note(m);
	m->stats->max_sessions = m->setup.conf.max_sessions;
	m->stats->loaded = (int64_t)(ev_time() * 1000);
}

static int
try_reload(struct monitor *m)
{
	char error[CONF_ERROR_MAX];
	struct setup next;
	struct conf new;

	if (conf_load(m->path, &new, error) != 0) {
		log_errx("reload: %s: keeping the old configuration", error);
		return -1;
	}
	if (setup_keep_fixed(&m->setup.conf, &new))
		log_warnx("reload: listen, workers, user, chroot-dir, seccomp "
			  "and [control] take a restart to change");
	if (setup_make(&next, &new) != 0) {
		log_errx("reload: keeping the old configuration");
		return -1;
	}
	/* addresses in use stay in use, also those that left the pool */
	for (struct link *l = m->links; l != NULL; l = l->next)
		if (l->address != 0)
			pools_take_this(&next.pools, l->address);
	monitor_predecessor_mark(m, &next.pools);
	setup_free(&m->setup);
	m->setup = next;
	monitor_templates_end(m);
	m->generation++;
	monitor_note_setup(m);
	monitor_open_log(&m->setup.conf);
	for (unsigned int i = 0; i < m->worker_count; i++) {
		monitor_set_congestion(m, &m->workers[i]);
		if (m->workers[i].running)
			monitor_send_conf(m, &m->workers[i]);
	}
	data_path_tell(&m->setup.conf, &m->data_path);
	log_info("reload: done, new connections use the new configuration");
	return 0;
}

int
monitor_reload(struct monitor *m)
{
	int r;

	service_reloading(&m->service);
	r = try_reload(m);
	m->reload_failed = r != 0;
	monitor_note_behind(m);
	if (r == 0) {
		m->stats->reloads++; /* ready once the workers have answered */
	} else {
		m->stats->reloads_failed++;
		service_ready(&m->service);
	}
	return r;
}

static void
on_reload_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct monitor *m = w->data;

	(void)loop;
	(void)revents;
	if (!m->stopping)
		monitor_reload(m);
}

/* --- workers that could not use it
 * ------------------------------------------------- */

bool
monitor_is_behind(const struct monitor *m)
{
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running && m->workers[i].life.behind)
			return true;
	return false;
}

void
monitor_note_behind(struct monitor *m)
{
	bool behind = monitor_is_behind(m);

	m->stats->reload_failed = m->reload_failed || behind;
	if (!behind) {
		ev_timer_stop(m->loop, &m->again);
		m->again_after = first_again;
		return;
	}
	if (ev_is_active(&m->again))
		return;
	ev_timer_set(&m->again, m->again_after, 0.);
	ev_timer_start(m->loop, &m->again);
	m->again_after *= 2;
	if (m->again_after > last_again)
		m->again_after = last_again;
}

static void
on_again(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct monitor *m = timer->data;

	(void)loop;
	(void)revents;
	for (unsigned int i = 0; i < m->worker_count && !m->stopping; i++) {
		struct child *w = &m->workers[i];

		if (!w->running || !w->life.behind)
			continue;
		if (!w->accepting)
			monitor_send_listeners(w);
		monitor_send_conf(m, w);
	}
}

void
monitor_reload_init(struct monitor *m)
{
	m->again_after = first_again;
	ev_timer_init(&m->again, on_again, 0., 0.);
	m->again.data = m;
	ev_signal_init(&m->on_hup, on_reload_signal, SIGHUP);
	m->on_hup.data = m;
	ev_signal_start(m->loop, &m->on_hup);
}
