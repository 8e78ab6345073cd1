/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The root half. */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "monitor.h"
#include "monitor_private.h"
#include "pppd_child.h"
#include "sandbox.h"
#include "table.h"

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

/* What a worker gets once. */
static void
send_fixed(struct monitor *m, struct child *w)
{
	w->life.fixed_sent = true;
	monitor_send_plain(
	    w, MSG_PEERS_OWN, (int[]){ monitor_duplicate(w->peers) });
	monitor_send_plain(
	    w, MSG_STATS_OWN, (int[]){ monitor_duplicate(w->stats) });
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (&m->workers[i] != w)
			monitor_send_plain(w, MSG_PEERS_OTHER,
			    (int[]){
				monitor_duplicate(m->workers[i].peers_read) });
	monitor_send_listeners(w);
}

static void
send_certificates(
    struct child *w, const struct credential_fds *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		monitor_send_plain(w, MSG_CERTIFICATE,
		    (int[]){ monitor_duplicate(fds[i].certificate),
			monitor_duplicate(fds[i].key) });
}

void
monitor_send_conf(struct monitor *m, struct child *w)
{
	union msg commit = { .commit = { .header.type = MSG_COMMIT,
				 .generation = m->generation } };

	monitor_send_plain(
	    w, MSG_CONFIG, (int[]){ monitor_duplicate(m->setup.conf_fd) });
	for (unsigned int i = 0; i < m->setup.conf.profile_count; i++)
		send_certificates(w, m->setup.fds[i],
		    m->setup.conf.profiles[i].certificate_count);
	if (!w->life.fixed_sent)
		send_fixed(m, w);
	w->life.commits++;
	channel_send(&w->channel, &commit, NULL);
}

void
monitor_distrust(struct child *w, enum msg_type sent, const char *why)
{
	log_errx("worker %u: sent %s, %s: killing it", w->serial,
	    msg_name(sent), why);
	w->life.distrusted = true;
	kill(w->pid, SIGKILL); /* not yet reaped, so still its pid */
}

struct child *
monitor_worker_of(struct monitor *m, uint64_t session)
{
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (m->workers[i].ready &&
		    m->workers[i].serial == session >> 32)
			return &m->workers[i];
	return NULL;
}

static void
on_worker_started(struct child *w)
{
	monitor_send_conf(w->owner, w);
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

	monitor_orphan_links(m, w);
	monitor_mend_listeners(m, w);
	if (w->ready)
		monitor_control_lost(m);
	w->ready = w->accepting = false;
	count_workers(m);
	monitor_note_behind(m);
	if (!m->stopping)
		m->stats->worker_restarts++;
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
	if (m->setup.conf.address_file[0] != '\0' &&
	    monitor_write_addresses(m) != 0)
		log_err(
		    "[server] address-file: %s", m->setup.conf.address_file);
	if (m->setup.conf.pid_file[0] != '\0' && write_pid(&m->setup.conf) != 0)
		log_err("[server] pid-file: %s", m->setup.conf.pid_file);
	log_info("ready: %u workers, %u listening sockets each",
	    m->worker_count, m->workers[0].listener_count);
}

static void
take_answer(struct monitor *m, struct child *w, const struct msg_commit *c)
{
	w->life.readies++;
	w->answered = c->generation;
	w->life.behind = c->failed != 0;
	if (c->failed) {
		log_errx("worker %u: keeps its old configuration, and is given "
			 "this one again",
		    w->serial);
		if (w->life.listeners_in == w->life.readies)
			w->accepting = false; /* nor did it take those */
	} else {
		w->ready = true;
	}
	monitor_note_behind(m);
}

/* It was being started when a drain was over. */
static void
let_accept(struct monitor *m, struct child *w)
{
	if (w->accepting || m->draining || m->stopping || m->predecessor.waits)
		return;
	monitor_send_listeners(w);
	monitor_send_conf(m, w);
}

/* It has closed its sockets, unless those were others that it has since got. */
static void
on_drained(struct monitor *m, struct child *w, uint32_t request)
{
	if (request != m->drains || w->life.drains == m->drains)
		return;
	w->accepting = false;
	let_accept(m, w);
}

static void
on_ready(struct monitor *m, struct child *w, const struct msg_commit *c)
{
	if (w->life.readies == w->life.commits) {
		/* each may be told to the service manager, which takes time */
		monitor_distrust(w, MSG_READY, "which nobody asked for");
		return;
	}
	take_answer(m, w, c);
	if (!c->failed)
		let_accept(m, w);
	count_workers(m);
	for (unsigned int i = 0; i < m->worker_count; i++)
		if (!m->workers[i].ready ||
		    m->workers[i].answered != m->generation)
			return;
	if (m->predecessor.waits) {
		monitor_predecessor_ready(m);
		return;
	}
	if (!m->all_ready) {
		become_ready(m);
		if (monitor_predecessor_accepting(m))
			return; /* the service is still the old one's */
	}
	if (!m->stopping)
		service_ready(&m->service);
}

/* --- what they want
 * ---------------------------------------------------------------------- */

static void
on_worker_message(struct child *w, union msg *msg, int *fds)
{
	struct monitor *m = w->owner;

	(void)fds; /* no message of a worker has any */
	if (w->life.distrusted)
		return; /* it is not dead yet */
	switch (msg->header.type) {
	case MSG_READY:
		on_ready(m, w, &msg->commit);
		break;
	case MSG_SAMPLED:
		monitor_control_sampled(m, msg->result.request);
		break;
	case MSG_DRAINED:
		on_drained(m, w, msg->result.request);
		break;
	case MSG_CAPTURED:
		monitor_control_captured(m, &msg->result);
		break;
	case MSG_SPAWN:
		monitor_spawn(m, w, &msg->spawn);
		break;
	case MSG_HANG_UP:
	case MSG_TERMINATE:
		monitor_end_link(m, w, msg->header.session, msg->header.type);
		break;
	default:
		monitor_distrust(
		    w, msg->header.type, "which is not its to send");
	}
}

static const struct child_ops worker_ops = {
	.on_started = on_worker_started,
	.on_message = on_worker_message,
	.on_died = on_worker_died,
};

/* --- start
 * ---------------------------------------------------------------------------------
 */

static int
start_workers(struct monitor *m)
{
	unsigned int n = setup_workers(&m->setup.conf);

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
		if (monitor_bind_worker(m, i) != 0)
			return -1;
	}
	monitor_share_rest(m);
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

static int
start_signals(struct monitor *m)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	monitor_stop_init(m);
	monitor_reload_init(m);
	return monitor_successor_init(m);
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
	monitor_start_waiting(m);
	monitor_stop_turn(m);
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
	pace_init(&m->pace, m->cores);
	pppd_child_prepare();
	spawn_queue_init(&m->queue);
	monitor_templates_init(m);
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
	if (monitor_predecessor_init(m) != 0)
		return 1;
	if (setup_make(&m->setup, conf) != 0)
		return 2;
	monitor_predecessor_mark(m, &m->setup.pools);
	monitor_note_setup(m);
	data_path_tell(conf, &m->data_path);
	if (geteuid() != 0) {
		log_warnx("not run as root: workers share this user's "
			  "privileges and see its files");
	} else if (sandbox_prepare_dir(m->setup.conf.chroot_dir) != 0) {
		log_err("[server] chroot-dir: %s", m->setup.conf.chroot_dir);
		return 2;
	}
	warn_of_filter((enum syscall_filter)m->setup.conf.seccomp);
	if (start_signals(m) != 0 || start_workers(m) != 0)
		return 1;
	return monitor_control_start(m) == 0 ? 0 : 1;
}

static void
remove_files(const struct conf *conf)
{
	if (conf->address_file[0] != '\0')
		unlink(conf->address_file);
	if (conf->pid_file[0] != '\0')
		unlink(conf->pid_file);
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
	m->control_socket = m->successor.pidfd = -1;
	m->predecessor.control = -1;
	monitor_open_log(conf);
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
	monitor_templates_end(m);
	monitor_control_fini(m);
	monitor_predecessor_fini(m);
	if (m->all_ready && !m->successor.accepting)
		remove_files(&m->setup.conf);
	service_fini(&m->service);
	activation_close(&m->given);
	spawn_queue_fini(&m->queue);
	log_info("stopped");
	pools_free(&m->setup.pools);
	free(m);
	return status;
}
