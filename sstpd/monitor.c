/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The root half. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bans.h"
#include "ippool.h"
#include "listener.h"
#include "log.h"
#include "monitor.h"
#include "monitor_private.h"
#include "sandbox.h"
#include "table.h"

enum { STARTING_PER_CORE = 16 }; /* "auto" of max-starting */

/* SIGTERM to exit takes 10 s at most: pppd gets what is left of it. */
static const ev_tstamp kill_links_after = 8., give_up_after = 9.5;

/* --- workers
 * -------------------------------------------------------------------------- */

/* A duplicate for a message, which takes its descriptors. */
int
monitor_duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		log_err("monitor: cannot duplicate a descriptor");
	return copy;
}

void
monitor_send_plain(struct child *w, enum msg_type type, const int *fds)
{
	union msg msg = { .header.type = (uint16_t)type };

	channel_send(&w->channel, &msg, fds);
}

static void
send_listeners(struct child *w)
{
	for (unsigned int i = 0; i < w->listener_count; i++)
		monitor_send_plain(w, MSG_LISTENER,
		    (int[]){ monitor_duplicate(w->listeners[i]) });
}

/* What a worker gets once. */
static void
send_fixed(struct monitor *m, struct child *w)
{
	monitor_send_plain(
	    w, MSG_PEERS_OWN, (int[]){ monitor_duplicate(w->peers) });
	monitor_send_plain(
	    w, MSG_STATS_OWN, (int[]){ monitor_duplicate(w->stats) });
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (&m->workers[i] != w)
			monitor_send_plain(w, MSG_PEERS_OTHER,
			    (int[]){
				monitor_duplicate(m->workers[i].peers_read) });
	send_listeners(w);
}

static void
send_conf(struct monitor *m, struct child *w)
{
	union msg commit = { .commit = { .header.type = MSG_COMMIT,
				 .generation = m->generation } };

	monitor_send_plain(
	    w, MSG_CONFIG, (int[]){ monitor_duplicate(m->setup.conf_fd) });
	for (unsigned int i = 0; i < m->setup.conf.certificate_count; i++)
		monitor_send_plain(w, MSG_CERTIFICATE,
		    (int[]){ monitor_duplicate(m->setup.fds[i].certificate),
			monitor_duplicate(m->setup.fds[i].key) });
	if (!w->ready)
		send_fixed(m, w);
	channel_send(&w->channel, &commit, NULL);
}

static void
on_worker_started(struct child *w)
{
	send_conf(w->owner, w);
}

/* Take a worker's sessions out of the queue. */
static void
forget_waiting(struct monitor *m, const struct child *w)
{
	struct spawn_request *r;

	while ((r = spawn_queue_remove_any(&m->queue, w)) != NULL) {
		peers_leave(m->peers, r->msg.peer);
		free(r);
	}
}

static void
count_workers(struct monitor *m)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < m->worker_count; i++)
		n += m->workers[i].ready;
	m->stats->workers = n;
}

/*
 * Its counters stay, but what it had is no more. Returns how many calls that
 * were: some of their pppds are gone before we know that the worker is.
 */
static uint64_t
clear_stats(const struct child *w)
{
	static const struct stats_now nothing;
	struct stats_now had;
	const off_t offset = offsetof(struct stats_worker, now);

	if (pread(w->stats, &had, sizeof(had), offset) == sizeof(had) &&
	    pwrite(w->stats, &nothing, sizeof(nothing), offset) ==
		sizeof(nothing))
		return had.calls;
	log_err("worker %u: statistics", w->serial);
	return 0;
}

static void
on_worker_died(struct child *w)
{
	struct monitor *m = w->owner;
	uint64_t orphans = clear_stats(w);

	forget_waiting(m, w);
	if (w->ready)
		monitor_control_lost(m);
	w->ready = false;
	count_workers(m);
	if (!m->stopping)
		m->stats->worker_restarts++;

	for (struct link *l = m->links; l != NULL; l = l->next) {
		if (l->worker != w)
			continue;
		l->worker = NULL;
		link_hang_up(l);
	}
	m->stats->worker_orphans += orphans;
	if (orphans > 0)
		log_warnx("worker %u: its %" PRIu64 " sessions end with it",
		    w->serial, orphans);
	if (!m->stopping && !m->all_ready) {
		/* never worked: starting it again would not help */
		m->status = 1;
		ev_break(m->loop, EVBREAK_ALL);
	}
}

/* The bound addresses, one a line, in place at once. */
static int
write_addresses(const struct monitor *m)
{
	const struct child *w = &m->workers[0];
	char temporary[CONF_PATH_MAX + 8];
	FILE *f;

	snprintf(
	    temporary, sizeof(temporary), "%s.new", m->setup.conf.address_file);
	f = fopen(temporary, "we");
	if (f == NULL)
		return -1;
	for (unsigned int i = 0; i < w->listener_count; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		char text[ENDPOINT_TEXT_MAX];

		if (getsockname(w->listeners[i], (struct sockaddr *)&address,
			&len) != 0)
			continue;
		endpoint_text(&address, text);
		fprintf(f, "%s\n", text);
	}
	return fclose(f) == 0 ? rename(temporary, m->setup.conf.address_file)
			      : -1;
}

static int
write_pid(const struct conf *conf)
{
	FILE *f = fopen(conf->pid_file, "we");

	if (f == NULL)
		return -1;
	fprintf(f, "%d\n", (int)getpid());
	return fclose(f);
}

static void
become_ready(struct monitor *m)
{
	m->all_ready = true;
	if (m->setup.conf.address_file[0] != '\0' && write_addresses(m) != 0)
		log_err(
		    "[server] address-file: %s", m->setup.conf.address_file);
	if (m->setup.conf.pid_file[0] != '\0' && write_pid(&m->setup.conf) != 0)
		log_err("[server] pid-file: %s", m->setup.conf.pid_file);
	log_info("ready: %u workers, %u listening sockets each",
	    m->worker_count, m->workers[0].listener_count);
}

static void
on_ready(struct monitor *m, struct child *w, const struct msg_commit *c)
{
	w->answered = c->generation;
	if (c->failed)
		log_errx("worker %u: keeps its old configuration", w->serial);
	else
		w->ready = true;
	count_workers(m);
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (!m->workers[i].ready ||
		    m->workers[i].answered != m->generation)
			return;
	if (!m->all_ready)
		become_ready(m);
	if (!m->stopping)
		service_ready(&m->service);
}

/* --- links
 * ------------------------------------------------------------------------------
 */

static void
on_link_send(struct link *l, union msg *msg, const int *fds)
{
	struct child *w = l->worker;

	if (w != NULL) {
		channel_send(&w->channel, msg, fds);
		return;
	}
	for (unsigned int i = 0; i < msg_fd_count(msg->header.type); i++)
		close(fds[i]);
}

static uint32_t
on_link_take_address(struct link *l, const char *user, uint32_t wanted,
    enum msg_end_cause *cause)
{
	struct monitor *m = l->owner;

	*cause = MSG_END_POOL;
	if (m->setup.pool == NULL)
		return wanted; /* addresses are somebody else's business */
	if (wanted == 0)
		return ippool_take(m->setup.pool, user);
	*cause = MSG_END_ADDRESS_TAKEN;
	return ippool_take_this(m->setup.pool, wanted) ? wanted : 0;
}

static void
on_link_auth_failed(struct link *l)
{
	struct monitor *m = l->owner;
	struct bans_result r =
	    bans_failure(m->peers, &m->setup.conf, l->peer, peers_now());
	char text[PEERS_TEXT_MAX];

	m->stats->auth_failures++;
	if (!r.banned)
		return;
	m->stats->bans++;
	peers_text(l->peer, text);
	log_warnx("limits: banned %s for %u s after %u failed authentications",
	    text, r.pause / 1000, r.failures);
}

static void
count_exit(struct stats_monitor *stats, const struct link *l)
{
	if (l->killed)
		stats->pppd_killed++;
	else
		stats->pppd_exits[l->exit_code < STATS_EXITS_MAX - 1
				      ? l->exit_code
				      : STATS_EXITS_MAX - 1]++;
}

static void
on_link_starting(struct link *l)
{
	struct monitor *m = l->owner;

	if (l->starting)
		m->starting++;
	else
		m->starting--;
}

static void
on_link_gone(struct link *l)
{
	struct monitor *m = l->owner;
	struct link **p = &m->links;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	if (l->address != 0 && m->setup.pool != NULL)
		ippool_give_back(m->setup.pool, l->address);
	peers_leave(m->peers, l->peer);
	count_exit(m->stats, l);
	link_free(l);
	if (m->stopping && m->links == NULL && m->late)
		ev_break(m->loop, EVBREAK_ALL);
}

static const struct link_ops link_ops = {
	.send = on_link_send,
	.take_address = on_link_take_address,
	.starting = on_link_starting,
	.auth_failed = on_link_auth_failed,
	.gone = on_link_gone,
};

static struct link *
find_link(const struct monitor *m, const struct child *w, uint64_t session)
{
	struct link *l = m->links;

	while (l != NULL && (l->session != session || l->worker != w))
		l = l->next;
	return l;
}

static void
refuse(struct child *w, uint64_t session, enum msg_refusal refusal)
{
	union msg msg = { .refused = { .header = { .type = MSG_REFUSED,
					   .session = session },
			      .refusal = refusal } };

	channel_send(&w->channel, &msg, NULL);
}

static void
on_spawn(struct monitor *m, struct child *w, const struct msg_spawn *msg)
{
	uint64_t session = msg->header.session;
	struct peer *peer = peers_take(m->peers, msg->peer, peers_now());

	if (m->stopping) {
		refuse(w, session, MSG_REFUSED_STOPPING);
		return;
	}
	if (m->peers->total >= m->setup.conf.max_sessions || peer == NULL ||
	    peer->count >= m->setup.conf.max_sessions_per_address) {
		refuse(w, session, MSG_REFUSED_LIMIT);
		return;
	}
	if (find_link(m, w, session) != NULL ||
	    spawn_queue_has(&m->queue, w, session))
		return; /* a worker asks once */
	if (spawn_queue_put(&m->queue, w, msg, peers_now()) != 0) {
		log_err("pppd: cannot be started");
		refuse(w, session, MSG_REFUSED_SPAWN);
		return;
	}
	peers_enter(m->peers, peer);
}

static void
start_link(struct monitor *m, const struct spawn_request *r)
{
	const char *what;
	struct link *l = link_new(
	    m->loop, &m->setup.conf, &r->msg, &link_ops, m, r->worker, &what);

	if (l == NULL) {
		m->stats->pppd_start_failures++;
		log_err("pppd: cannot be started: %s", what);
		peers_leave(m->peers, r->msg.peer);
		refuse(r->worker, r->msg.header.session, MSG_REFUSED_SPAWN);
		return;
	}
	m->stats->pppd_starts++;
	l->next = m->links;
	m->links = l;
}

/* Every turn of the loop: whose turn it is, as far as max-starting allows. */
static void
start_waiting(struct monitor *m)
{
	unsigned int limit = m->setup.conf.max_starting;
	uint64_t now = peers_now();
	struct spawn_request *r;

	if (limit == 0)
		limit = m->cores * STARTING_PER_CORE;
	while (!m->stopping && m->starting < limit &&
	       (r = spawn_queue_take(&m->queue, now)) != NULL) {
		start_link(m, r);
		free(r);
	}
	spawn_queue_log(&m->queue, limit, now);
}

/* The session ends before its turn has come; true if it was waiting. */
static bool
withdraw(struct monitor *m, struct child *w, uint64_t session)
{
	struct spawn_request *r = spawn_queue_remove(&m->queue, w, session);

	if (r == NULL)
		return false;
	peers_leave(m->peers, r->msg.peer);
	free(r);
	refuse(w, session, MSG_REFUSED_WITHDRAWN);
	return true;
}

static void
on_worker_message(struct child *w, union msg *msg, int *fds)
{
	struct monitor *m = w->owner;
	struct link *l;

	(void)fds; /* no message of a worker has any */
	switch (msg->header.type) {
	case MSG_READY:
		on_ready(m, w, &msg->commit);
		break;
	case MSG_SAMPLED:
		monitor_control_sampled(m, msg->result.request);
		break;
	case MSG_SPAWN:
		on_spawn(m, w, &msg->spawn);
		break;
	case MSG_HANG_UP:
	case MSG_TERMINATE:
		if (withdraw(m, w, msg->header.session))
			break;
		l = find_link(m, w, msg->header.session);
		if (l == NULL)
			break; /* it has just ended */
		if (msg->header.type == MSG_HANG_UP)
			link_hang_up(l);
		else
			link_terminate(l);
		break;
	default:
		log_errx("worker %u: sent %s, which is not its to send: "
			 "killing it",
		    w->serial, msg_name(msg->header.type));
		kill(w->pid, SIGKILL); /* not yet reaped, so still its pid */
	}
}

static const struct child_ops worker_ops = {
	.on_started = on_worker_started,
	.on_message = on_worker_message,
	.on_died = on_worker_died,
};

/* --- stop and reload
 * ---------------------------------------------------------------------- */

static bool
any_worker(const struct monitor *m)
{
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running)
			return true;
	return false;
}

/* Every turn of the loop while stopping: done when nothing is left. */
static void
check_stopped(struct monitor *m)
{
	if (m->links == NULL && !any_worker(m))
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

/*
 * The manager's sockets, the same for every worker: the one that is fastest
 * accepts. Sockets of our own beside them would lose what they hold when we
 * restart, which is what these are for.
 */
static int
share_given(struct monitor *m, unsigned int number)
{
	struct child *w = &m->workers[number];

	for (unsigned int i = 0; i < m->given.count; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t len = sizeof(address);
		char text[ENDPOINT_TEXT_MAX];
		int fd = monitor_duplicate(m->given.fds[i]);

		if (fd < 0)
			return -1;
		w->listeners[w->listener_count++] = fd;
		if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
			return -1;
		endpoint_text(&address, text);
		if (number == 0)
			log_info("listening on %s, a socket that was given: "
				 "[server] listen is not used",
			    text);
	}
	return 0;
}

/* Sockets for one worker; the first one decides what port 0 means. */
static int
bind_worker(struct monitor *m, unsigned int number)
{
	struct child *w = &m->workers[number];

	if (m->given.count > 0)
		return share_given(m, number);
	for (unsigned int i = 0; i < m->setup.conf.listen_count; i++) {
		struct conf_listen *listen_on = &m->bound[i];
		char text[ENDPOINT_TEXT_MAX];
		socklen_t len = sizeof(listen_on->address);
		int fd = listener_bind(listen_on);

		if (fd < 0 && listen_on->optional &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
			continue;
		endpoint_text(&listen_on->address, text);
		if (fd < 0) {
			log_err("[server] listen: %s", text);
			return -1;
		}
		w->listeners[w->listener_count++] = fd;
		if (getsockname(
			fd, (struct sockaddr *)&listen_on->address, &len) != 0)
			return -1;
		endpoint_text(&listen_on->address, text);
		if (number == 0)
			log_info("listening on %s", text);
	}
	return 0;
}

/* --- drain
 * ---------------------------------------------------------------------- */

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
		if (bind_worker(m, i) != 0)
			return -1;
	ev_timer_stop(m->loop, &m->drain);
	m->draining = false;
	m->stats->draining = 0;
	for (unsigned int i = 0; i < m->worker_count; i++) {
		if (!m->workers[i].ready)
			continue;
		send_listeners(&m->workers[i]);
		send_conf(m, &m->workers[i]);
	}
	log_info("drain: is over, connections are accepted again");
	return 0;
}

static void
open_log(const struct conf *conf)
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
static void
note_setup(struct monitor *m)
{
	const struct setup *s = &m->setup;

	m->stats->pool_size = s->pool != NULL ? ippool_size(s->pool) : 0;
	m->stats->certificate_expires = credentials_expiry(&s->conf, s->fds);
	m->stats->max_sessions = s->conf.max_sessions;
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
	for (struct link *l = m->links; next.pool != NULL && l != NULL;
	     l = l->next)
		if (l->address != 0)
			ippool_take_this(next.pool, l->address);
	setup_free(&m->setup);
	m->setup = next;
	m->generation++;
	note_setup(m);
	open_log(&m->setup.conf);
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].running)
			send_conf(m, &m->workers[i]);
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
	m->stats->reload_failed = r != 0;
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

/* --- start
 * ---------------------------------------------------------------------------------
 */

static int
start_workers(struct monitor *m)
{
	unsigned int n = m->setup.conf.workers;

	if (n == 0)
		n = m->cores;
	if (n > WORKERS_MAX)
		n = WORKERS_MAX;
	memcpy(m->bound, m->setup.conf.listen, sizeof(m->bound));
	for (unsigned int i = 0; i < n; i++) {
		struct child *w = &m->workers[i];

		*w = (struct child){
			.ops = &worker_ops,
			.owner = m,
			.loop = m->loop,
			.exe = m->exe,
			.monitor_peers = m->peers_read,
			.name = "worker",
			.role = "--worker",
			.peers = -1,
			.peers_read = -1,
			.stats = -1,
			.stats_read = -1,
			.serials = &m->serials,
		};
		m->worker_count++;
		if (table_make("peers", sizeof(struct peers), &w->peers,
			&w->peers_read) != 0 ||
		    table_make("stats", sizeof(struct stats_worker), &w->stats,
			&w->stats_read) != 0) {
			log_err("worker: memory file");
			return -1;
		}
		m->half_open[i] =
		    table_map_to_read(w->peers_read, sizeof(struct peers));
		if (bind_worker(m, i) != 0)
			return -1;
	}
	for (unsigned int i = 0; i < n; i++)
		if (child_start(&m->workers[i]) != 0) {
			log_err("worker: cannot be started");
			return -1;
		}
	return 0;
}

/* Our own tables: what others get of them cannot be written to. */
static int
make_tables(struct monitor *m)
{
	int fd;

	if (table_make("peers", sizeof(*m->peers), &fd, &m->peers_read) != 0)
		return -1;
	m->peers = table_map(fd, sizeof(*m->peers));
	close(fd);
	if (table_make("stats", sizeof(*m->stats), &fd, &m->stats_read) != 0)
		return -1;
	m->stats = table_map(fd, sizeof(*m->stats));
	close(fd);
	if (m->peers == NULL || m->stats == NULL)
		return -1;
	m->stats->started = (int64_t)(ev_time() * 1000);
	return peers_init(m->peers);
}

static void
start_signals(struct monitor *m)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	ev_signal_init(&m->on_term, on_stop_signal, SIGTERM);
	ev_signal_init(&m->on_int, on_stop_signal, SIGINT);
	ev_signal_init(&m->on_hup, on_reload_signal, SIGHUP);
	ev_timer_init(&m->deadline, on_deadline, 0., 0.);
	ev_timer_init(&m->drain, on_drained, 0., 0.);
	m->drain.data = m;
	m->on_term.data = m->on_int.data = m->on_hup.data = m;
	m->deadline.data = m;
	ev_signal_start(m->loop, &m->on_term);
	ev_signal_start(m->loop, &m->on_int);
	ev_signal_start(m->loop, &m->on_hup);
}

/* Each session takes up to five descriptors here and in a worker. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void
on_turn(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct monitor *m = w->data;

	(void)loop;
	(void)revents;
	if (m->draining && m->peers->total == 0 && !m->stopping) {
		log_info("drain: the last session has ended");
		monitor_stop(m);
	}
	start_waiting(m);
	if (m->stopping)
		check_stopped(m);
}

static void
warn_of_filter(enum syscall_filter mode)
{
	if (mode == SYSCALL_FILTER_LOG)
		log_warnx("[server] seccomp: log: workers may make any system "
			  "call");
	else if (mode == SYSCALL_FILTER_OFF)
		log_warnx("[server] seccomp: off: workers may make any system "
			  "call");
	if (syscall_filter_check(mode) != 0)
		log_warn("[server] seccomp: this kernel cannot filter system "
			 "calls: workers may make any");
}

static unsigned int
count_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > 1024 ? 1024 : (unsigned int)cores;
}

static int
start(struct monitor *m, const struct conf *conf)
{
	char error[ACTIVATION_ERROR_MAX];

	m->cores = count_cores();
	spawn_queue_init(&m->queue);
	m->loop = ev_loop_new(EVFLAG_AUTO);
	m->exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (m->loop == NULL || m->exe < 0 || make_tables(m) != 0) {
		log_err("monitor: event loop, /proc or shared memory");
		return 1;
	}
	service_init(&m->service, m->loop, &monitor_service_ops, m);
	if (activation_take(&m->given, error) != 0) {
		log_errx("%s", error);
		return 2;
	}
	if (setup_make(&m->setup, conf) != 0)
		return 2;
	note_setup(m);
	if (geteuid() != 0) {
		log_warnx("not run as root: workers share this user's "
			  "privileges and see its files");
	} else if (sandbox_prepare_dir(m->setup.conf.chroot_dir) != 0) {
		log_err("[server] chroot-dir: %s", m->setup.conf.chroot_dir);
		return 2;
	}
	warn_of_filter((enum syscall_filter)m->setup.conf.seccomp);
	start_signals(m);
	if (start_workers(m) != 0)
		return 1;
	return monitor_control_start(m) == 0 ? 0 : 1;
}

int
monitor_main(const struct conf *conf, const char *path)
{
	struct monitor *m = calloc(1, sizeof(*m));
	ev_prepare turn;
	int status;

	if (m == NULL)
		return 1;
	m->path = path;
	m->control_socket = -1;
	open_log(conf);
	raise_limits();
	umask(022); /* for the files it makes; pppd sets its own */
	status = start(m, conf);
	if (status == 0) {
		ev_prepare_init(&turn, on_turn);
		turn.data = m;
		ev_prepare_start(m->loop, &turn);
		ev_run(m->loop, 0);
		status = m->status;
	}
	for (unsigned int i = 0; i < m->worker_count; i++)
		child_fini(&m->workers[i]);
	monitor_control_fini(m);
	if (m->setup.conf.address_file[0] != '\0' && m->all_ready)
		unlink(m->setup.conf.address_file);
	if (m->setup.conf.pid_file[0] != '\0' && m->all_ready)
		unlink(m->setup.conf.pid_file);
	service_fini(&m->service);
	activation_close(&m->given);
	spawn_queue_fini(&m->queue);
	log_info("stopped");
	ippool_free(m->setup.pool);
	free(m);
	return status;
}
