/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The monitor's side of the control process. */

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "monitor_private.h"

enum { BACKLOG = 64 };

/* --- sockets
 * -------------------------------------------------------------------- */

/* The directory of the socket, which is gone after a boot. */
static int
make_directory(const char *path)
{
	char directory[CONF_PATH_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return 0;
	*slash = '\0';
	return mkdir(directory, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

/* Whether somebody answers there, in which case it is not ours to take. */
static bool
is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)address,
		    sizeof(*address)) == 0;
	close(fd);
	return alive;
}

static int
set_owner(const struct conf *conf, const char *path)
{
	struct group *group = NULL;

	if (conf->control_group[0] != '\0') {
		group = getgrnam(conf->control_group);
		if (group == NULL) {
			log_errx("[control] group: there is no group \"%s\"",
			    conf->control_group);
			return -1;
		}
	}
	if (chmod(path, group != NULL ? 0660 : 0600) == 0 &&
	    (group == NULL || chown(path, (uid_t)-1, group->gr_gid) == 0))
		return 0;
	log_err("[control] socket: %s", path);
	return -1;
}

/* It is not, or no longer, ours to remove. */
static void
drop_socket(struct monitor *m)
{
	if (m->control_socket >= 0)
		close(m->control_socket);
	m->control_socket = -1;
}

/* A listening socket at m->control_path, in m->control_socket. */
static int
bind_control(struct monitor *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	if (strlen(m->control_path) >= sizeof(address.sun_path)) {
		log_errx("[control] socket: %s is too long for a socket",
		    m->control_path);
		return -1;
	}
	strcpy(address.sun_path, m->control_path);
	m->control_socket =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->control_socket < 0 || make_directory(m->control_path) != 0)
		goto fail;
	if (is_alive(&address)) {
		log_errx("[control] socket: %s: another sstpd listens there",
		    m->control_path);
		drop_socket(m);
		return -1;
	}
	unlink(m->control_path);
	mask = umask(0177); /* nobody gets in before its owner is set */
	r = bind(m->control_socket, (const struct sockaddr *)&address,
	    sizeof(address));
	umask(mask);
	if (r != 0 || listen(m->control_socket, BACKLOG) != 0)
		goto fail;
	return set_owner(&m->setup.conf, m->control_path);
fail:
	log_err("[control] socket: %s", m->control_path);
	drop_socket(m);
	return -1;
}

/* A predecessor's, if it is at the same place. */
static bool
inherit_control(struct monitor *m)
{
	struct predecessor *p = &m->predecessor;
	struct sockaddr_un address = { 0 };
	socklen_t len = sizeof(address) - 1;

	if (p->control < 0 ||
	    getsockname(p->control, (struct sockaddr *)&address, &len) != 0 ||
	    strcmp(address.sun_path, m->control_path) != 0 ||
	    set_owner(&m->setup.conf, m->control_path) != 0)
		return false;
	m->control_socket = p->control;
	m->control_shared = true;
	p->control = -1;
	return true;
}

/* A predecessor's, or a new one. */
static int
metrics_socket(struct monitor *m, const struct conf_listen *listen_on)
{
	struct predecessor *p = &m->predecessor;

	for (unsigned int i = 0; i < p->metrics_count; i++) {
		int fd = p->metrics[i];

		if (fd < 0 || !monitor_is_at(fd, &listen_on->address))
			continue;
		p->metrics[i] = -1;
		return fd;
	}
	return listener_bind_alone(listen_on);
}

static int
bind_metrics(struct monitor *m)
{
	const struct conf *conf = &m->setup.conf;

	for (unsigned int i = 0; i < conf->metrics_count; i++) {
		char text[ENDPOINT_TEXT_MAX];
		int fd = metrics_socket(m, &conf->metrics[i]);

		if (fd < 0 && conf->metrics[i].optional)
			continue;
		endpoint_text(&conf->metrics[i].address, text);
		if (fd < 0) {
			log_err("[control] metrics: %s", text);
			return -1;
		}
		m->control.listeners[m->control.listener_count++] = fd;
		listener_text(fd, text);
		log_info("metrics on http://%s/metrics", text);
	}
	return 0;
}

/* --- the process
 * ----------------------------------------------------------------- */

static void
on_started(struct child *c)
{
	struct monitor *m = c->owner;
	union msg commit = { .commit = { .header.type = MSG_COMMIT,
				 .generation = m->generation } };

	monitor_send_plain(
	    c, MSG_CONFIG, (int[]){ monitor_duplicate(m->setup.conf_fd) });
	monitor_send_plain(
	    c, MSG_STATS_MONITOR, (int[]){ monitor_duplicate(m->stats_read) });
	for (unsigned int i = 0; i < m->worker_count; i++)
		monitor_send_plain(c, MSG_STATS_WORKER,
		    (int[]){ monitor_duplicate(m->workers[i].stats_read) });
	if (m->control_socket >= 0)
		monitor_send_plain(c, MSG_CONTROL_SOCKET,
		    (int[]){ monitor_duplicate(m->control_socket) });
	for (unsigned int i = 0; i < c->listener_count; i++)
		monitor_send_plain(c, MSG_METRICS_SOCKET,
		    (int[]){ monitor_duplicate(c->listeners[i]) });
	channel_send(&c->channel, &commit, NULL);
}

void
monitor_control_answer(struct monitor *m, uint32_t request, uint32_t failed)
{
	union msg msg = { .result = { .header.type = MSG_RESULT,
			      .request = request,
			      .failed = failed } };

	if (m->control.running)
		channel_send(&m->control.channel, &msg, NULL);
}

/* --- what it asks for
 * ------------------------------------------------------------ */

static void
finish_sample(struct monitor *m)
{
	union msg msg = { .result = { .header.type = MSG_SAMPLED,
			      .request = m->sample } };

	m->stats->sessions = m->peers->total;
	monitor_profiles_sample(m);
	if (m->control.running)
		channel_send(&m->control.channel, &msg, NULL);
}

/* A newer request takes the place of one whose answers are late. */
static void
start_sample(struct monitor *m, const struct msg_ask *ask)
{
	union msg msg = { .ask = *ask };

	m->sample = ask->request;
	m->sample_waits = 0;
	for (unsigned int i = 0; i < m->worker_count; i++) {
		if (!m->workers[i].ready)
			continue;
		channel_send(&m->workers[i].channel, &msg, NULL);
		m->sample_waits++;
	}
	if (m->sample_waits == 0)
		finish_sample(m);
}

void
monitor_control_sampled(struct monitor *m, uint32_t request)
{
	if (request == m->sample && m->sample_waits > 0 &&
	    --m->sample_waits == 0)
		finish_sample(m);
}

void
monitor_control_lost(struct monitor *m)
{
	monitor_control_sampled(m, m->sample);
}

void
monitor_control_captured(struct monitor *m, const struct msg_result *result)
{
	union msg msg = { .result = { .header.type = MSG_CAPTURED,
			      .request = result->request,
			      .failed = result->failed } };

	if (m->control.running)
		channel_send(&m->control.channel, &msg, NULL);
}

/* It may wait for its pppd yet: the worker knows. */
static void
disconnect(struct monitor *m, const struct msg_disconnect *ask)
{
	struct child *w = monitor_worker_of(m, ask->header.session);
	union msg msg = { .disconnect = *ask };

	if (w != NULL)
		channel_send(&w->channel, &msg, NULL);
	monitor_control_answer(
	    m, ask->request, w != NULL ? MSG_SUCCEEDED : MSG_FAILED_SESSION);
}

/* Of one of a session the worker knows more, and answers if it has it. */
static void
capture(struct monitor *m, union msg *msg, int *fds)
{
	uint64_t session = msg->header.session;
	uint32_t request = msg->capture.request;
	uint32_t failed = monitor_capture_ask(m, msg, fds);

	if (session == 0 || failed != MSG_SUCCEEDED)
		monitor_control_answer(m, request, failed);
}

static void
on_message(struct child *c, union msg *msg, int *fds)
{
	struct monitor *m = c->owner;
	bool failed = false;

	switch (msg->header.type) {
	case MSG_READY:
		c->ready = true;
		return;
	case MSG_SAMPLE:
		start_sample(m, &msg->ask);
		return;
	case MSG_DISCONNECT:
		disconnect(m, &msg->disconnect);
		return;
	case MSG_CAPTURE:
		capture(m, msg, fds);
		return;
	case MSG_RELOAD:
		failed = m->stopping || monitor_reload(m) != 0;
		break;
	case MSG_DRAIN:
		failed = m->successor.accepting ||
			 monitor_drain(m, msg->ask.seconds,
			     msg->ask.hold ? DRAIN_HOLD : DRAIN_CLOSE) != 0;
		break;
	case MSG_UPGRADE:
		failed =
		    monitor_upgrade(m, msg->ask.request, msg->ask.seconds) != 0;
		if (!failed)
			return; /* answered when it is done */
		break;
	case MSG_UNDRAIN:
		failed = monitor_undrain(m) != 0;
		break;
	default:
		log_errx("control: sent %s, which is not its to send: "
			 "killing it",
		    msg_name(msg->header.type));
		kill(c->pid, SIGKILL); /* not yet reaped, so still its pid */
		return;
	}
	monitor_control_answer(
	    m, msg->ask.request, failed ? MSG_FAILED : MSG_SUCCEEDED);
}

static void
on_died(struct child *c)
{
	(void)c; /* sessions do not depend on it */
}

static const struct child_ops control_ops = {
	.on_started = on_started,
	.on_message = on_message,
	.on_died = on_died,
};

int
monitor_control_start(struct monitor *m)
{
	const struct conf *conf = &m->setup.conf;

	m->control = (struct child){
		.ops = &control_ops,
		.owner = m,
		.name = "control",
		.role = "--control",
		.loop = m->loop,
		.exe = m->exe,
		.monitor_peers = m->peers_read,
		.peers = -1,
		.peers_read = -1,
		.stats = -1,
		.stats_read = -1,
		.serials = &m->controls,
	};
	if (conf->control_socket[0] == '\0' && conf->metrics_count == 0)
		return 0;
	strcpy(m->control_path, conf->control_socket);
	if (conf->control_socket[0] != '\0' && !inherit_control(m) &&
	    bind_control(m) != 0)
		return -1;
	if (bind_metrics(m) != 0)
		return -1;
	if (child_start(&m->control) == 0)
		return 0;
	log_err("control: cannot be started");
	return -1;
}

void
monitor_control_fini(struct monitor *m)
{
	if (m->control.ops == NULL)
		return;
	child_fini(&m->control);
	if (m->control_socket < 0)
		return;
	close(m->control_socket);
	if (!m->control_shared)
		unlink(m->control_path);
}

void
monitor_control_move(struct monitor *m)
{
	union msg drain = { .header.type = MSG_DRAIN };
	struct child *c = &m->control;

	if (!c->running)
		return;
	child_close_listeners(c);
	if (m->control_socket >= 0) {
		drop_socket(m);
		snprintf(m->control_path, sizeof(m->control_path), "%s.%d",
		    m->setup.conf.control_socket, (int)getpid());
		if (bind_control(m) == 0)
			log_info("upgrade: what is left here is told by "
				 "sstpctl --socket %s",
			    m->control_path);
	}
	/* it ends when it has answered, and the next one has our socket */
	c->renewing = true;
	channel_send(&c->channel, &drain, NULL);
}
