/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The monitor's part in captures: it hands the socket of whoever wants one to
 * the worker that has the session, at once or when such a session begins. What
 * is written there it never sees.
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "monitor_private.h"

/*
 * A socket takes a message without waiting, whatever flags somebody else sets
 * on it. One that keeps messages apart takes a whole one or none.
 */
static bool
is_message_socket(int fd)
{
	int domain, type;
	socklen_t domain_len = sizeof(domain), type_len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) ==
		   0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET;
}

/* --- those who wait
 * ------------------------------------------------------------- */

static void
stop_waiting(struct capture_wait *wait)
{
	ev_io_stop(wait->monitor->loop, &wait->gone);
	wait->monitor = NULL;
}

/* It has nothing to say to us, so it has gone, or wants no more. */
static void
on_gone(struct ev_loop *loop, ev_io *w, int revents)
{
	struct capture_wait *wait = w->data;

	(void)loop;
	(void)revents;
	stop_waiting(wait);
	close(w->fd);
}

/* Takes the socket on success. */
static uint32_t
start_waiting(struct monitor *m, const struct msg_capture *ask, int *fd)
{
	struct capture_wait *wait = m->captures;

	while (wait < m->captures + CAPTURES_MAX && wait->monitor != NULL)
		wait++;
	if (wait == m->captures + CAPTURES_MAX)
		return MSG_FAILED_BUSY;
	wait->monitor = m;
	wait->ask = *ask;
	wait->ask.address[sizeof(wait->ask.address) - 1] = '\0';
	wait->ask.user[sizeof(wait->ask.user) - 1] = '\0';
	ev_io_init(&wait->gone, on_gone, *fd, EV_READ);
	wait->gone.data = wait;
	ev_io_start(m->loop, &wait->gone);
	*fd = -1;
	log_info("capture: uid %u waits for a session", ask->uid);
	return MSG_SUCCEEDED;
}

static bool
is_for(const struct msg_capture *ask, const char *address, const char *user)
{
	if (ask->address[0] != '\0')
		return address != NULL && strncmp(ask->address, address,
					      sizeof(ask->address)) == 0;
	if (ask->user[0] != '\0')
		return user != NULL &&
		       strncmp(ask->user, user, sizeof(ask->user)) == 0;
	return address != NULL;
}

static void
offer(struct monitor *m, struct child *w, uint64_t session, const char *address,
    const char *user)
{
	for (unsigned int i = 0; i < CAPTURES_MAX; i++) {
		struct capture_wait *wait = &m->captures[i];
		union msg msg = { .capture = wait->ask };

		if (wait->monitor == NULL || !is_for(&wait->ask, address, user))
			continue;
		msg.header.session = session;
		msg.capture.request = 0; /* was answered long ago */
		stop_waiting(wait);
		channel_send(&w->channel, &msg, (int[]){ wait->gone.fd });
		return;
	}
}

void
monitor_capture_begins(
    struct monitor *m, struct child *w, const struct msg_spawn *spawn)
{
	offer(m, w, spawn->header.session, spawn->session.remote_address, NULL);
}

void
monitor_capture_known(
    struct monitor *m, struct child *w, const struct msg_auth *auth)
{
	offer(m, w, auth->header.session, NULL, auth->auth.user);
}

/* --- those who ask
 * ------------------------------------------------------------------ */

uint32_t
monitor_capture_ask(struct monitor *m, union msg *msg, int *fds)
{
	uint64_t session = msg->header.session;
	struct child *w = monitor_worker_of(m, session);

	if (fds[0] < 0)
		return MSG_FAILED;
	if (!is_message_socket(fds[0]))
		return MSG_FAILED_SOCKET;
	if (session == 0)
		return start_waiting(m, &msg->capture, &fds[0]);
	if (w == NULL)
		return MSG_FAILED_SESSION;
	channel_send(&w->channel, msg, fds);
	fds[0] = -1;
	return MSG_SUCCEEDED;
}
