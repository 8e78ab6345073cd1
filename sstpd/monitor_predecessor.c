/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Upgrade, the new monitor's side: take the sockets of the one that has started
 * us, accept once the workers are ready, and choose the addresses for what it
 * still has of sessions: they have one pool, and one owner of it at a time.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "handover.h"
#include "log.h"
#include "monitor_private.h"

/* PATIENCE: seconds for the next message of those that come at once */
enum { SOCKETS_MAX = WORKERS_MAX * CONF_LISTEN_MAX, PATIENCE = 60 };

/* --- what it hands over at first
 * -------------------------------------------------------------------- */

static int
add_socket(struct predecessor *p, unsigned int worker, int fd)
{
	struct inherited *more;

	if (p->socket_count >= SOCKETS_MAX)
		return -1;
	more =
	    realloc(p->sockets, (p->socket_count + 1) * sizeof(p->sockets[0]));
	if (more == NULL)
		return -1;
	p->sockets = more;
	p->sockets[p->socket_count++] =
	    (struct inherited){ .fd = fd, .worker = worker };
	return 0;
}

static int
take_state(struct monitor *m, int fd)
{
	struct predecessor *p = &m->predecessor;
	char error[HANDOVER_ERROR_MAX];
	struct handover h;

	if (handover_read(&h, fd, error) != 0) {
		log_errx("upgrade: %s", error);
		return -1;
	}
	m->serials = h.serials;
	handover_give_failures(&h, m->peers);
	p->used = h.addresses;
	p->used_count = p->used_cap = h.address_count;
	h.addresses = NULL;
	handover_free(&h);
	return 0;
}

/* 1: more is to come, 0: that was all, -1: it cannot be used. */
static int
take_one(struct monitor *m, const union msg *msg, int *fds)
{
	struct predecessor *p = &m->predecessor;
	int r = -1;

	switch (msg->header.type) {
	case MSG_HANDOVER_START:
		return 0;
	case MSG_HANDOVER_STATE:
		return take_state(m, fds[0]) == 0 ? 1 : -1;
	case MSG_HANDOVER_LISTENER:
		r = add_socket(p, msg->handover.number, fds[0]);
		break;
	case MSG_HANDOVER_GIVEN:
		if (m->given.count < CONF_LISTEN_MAX) {
			m->given.fds[m->given.count++] = fds[0];
			r = 0;
		}
		break;
	case MSG_HANDOVER_CONTROL:
		p->control = fds[0];
		r = 0;
		break;
	case MSG_HANDOVER_METRICS:
		if (p->metrics_count < CONF_LISTEN_MAX) {
			p->metrics[p->metrics_count++] = fds[0];
			r = 0;
		}
		break;
	default:
		break;
	}
	if (r != 0)
		return -1;
	fds[0] = -1;
	return 1;
}

/* The next message, which may still be on its way; as msg_recv(). */
static int
await_message(int channel, union msg *msg, int *fds)
{
	struct pollfd wait = { .fd = channel, .events = POLLIN };

	while (poll(&wait, 1, PATIENCE * 1000) < 0)
		if (errno != EINTR)
			return -1;
	return msg_recv(channel, msg, fds);
}

static int
take_all(struct monitor *m, int channel)
{
	int fds[MSG_FDS_MAX];
	union msg msg;
	int r = 1;

	while (r > 0) {
		r = await_message(channel, &msg, fds);
		if (r <= 0) {
			log_errx("upgrade: the old process hands over nothing");
			return -1;
		}
		if (msg_fd_count(msg.header.type) > 0 && fds[0] < 0)
			r = -1;
		else
			r = take_one(m, &msg, fds);
		msg_close_fds(fds);
	}
	return r;
}

/* --- while both run
 * -------------------------------------------------------------------- */

static void
say(struct monitor *m, const struct msg_handover *what)
{
	union msg msg = { .handover = *what };

	channel_send(&m->predecessor.channel, &msg, NULL);
}

static void
note_used(struct monitor *m, uint32_t address)
{
	struct predecessor *p = &m->predecessor;

	if (p->used_count == p->used_cap) {
		size_t cap = p->used_cap + 64;
		uint32_t *more = realloc(p->used, cap * sizeof(*more));

		if (more == NULL)
			return; /* never given back: a smaller pool */
		p->used = more;
		p->used_cap = cap;
	}
	p->used[p->used_count++] = address;
}

static void
on_used(struct monitor *m, uint32_t address)
{
	pools_take_this(&m->setup.pools, address);
	note_used(m, address);
	monitor_successor_used(m, address);
}

static void
on_free(struct monitor *m, uint32_t address)
{
	struct predecessor *p = &m->predecessor;

	for (size_t i = 0; i < p->used_count; i++) {
		if (p->used[i] != address)
			continue;
		p->used[i] = p->used[--p->used_count];
		pools_give_back(&m->setup.pools, address);
		monitor_successor_free(m, address);
		return;
	}
}

static void
on_take(struct monitor *m, struct msg_handover *wish)
{
	enum msg_end_cause cause = MSG_END_POOL;

	if (monitor_successor_take(m, wish))
		return;
	wish->user[sizeof(wish->user) - 1] = '\0';
	wish->profile[sizeof(wish->profile) - 1] = '\0';
	wish->address = monitor_choose_address(
	    m, wish->profile, wish->user, wish->address, &cause);
	if (wish->address != 0)
		note_used(m, wish->address);
	wish->header.type = MSG_HANDOVER_TAKEN;
	wish->number = (uint32_t)cause;
	say(m, wish);
}

void
monitor_predecessor_taken(struct monitor *m, const struct msg_handover *msg)
{
	if (!m->predecessor.there)
		return;
	if (msg->address != 0)
		note_used(m, msg->address);
	say(m, msg);
}

static void
on_left(struct monitor *m, uint32_t left)
{
	m->predecessor.left = left;
	m->stats->predecessor_sessions = left;
	monitor_successor_left(m);
}

/* Those that nobody of ours has taken. */
static void
close_metrics(struct predecessor *p)
{
	for (unsigned int i = 0; i < p->metrics_count; i++)
		if (p->metrics[i] >= 0)
			close(p->metrics[i]);
	p->metrics_count = 0;
}

/*
 * It no longer serves what it had, so that what this configuration does not
 * want is gone.
 */
static void
take_the_rest(struct monitor *m)
{
	struct predecessor *p = &m->predecessor;
	struct sockaddr_un address = { 0 };
	socklen_t len = sizeof(address) - 1;

	m->control_shared = false;
	close_metrics(p);
	if (p->control < 0)
		return;
	if (getsockname(p->control, (struct sockaddr *)&address, &len) == 0)
		unlink(address.sun_path);
	close(p->control);
	p->control = -1;
}

/* It is gone, and so are its sessions. */
static void
on_closed(void *owner, const char *why)
{
	struct monitor *m = owner;
	struct predecessor *p = &m->predecessor;

	(void)why;
	channel_fini(&p->channel);
	p->there = false;
	take_the_rest(m);
	m->stats->predecessor = 0;
	if (p->waits) {
		log_errx("upgrade: the old process has died: starting anyway");
		monitor_predecessor_accept(m);
	} else {
		log_info(
		    "upgrade: pid %d, the old process, has ended", (int)p->pid);
	}
	while (p->used_count > 0)
		on_free(m, p->used[p->used_count - 1]);
	on_left(m, 0);
}

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct monitor *m = owner;

	(void)fds; /* none of these has any */
	switch (msg->header.type) {
	case MSG_HANDOVER_OWNER:
		monitor_predecessor_accept(m);
		break;
	case MSG_HANDOVER_DONE:
		service_ready(&m->service);
		break;
	case MSG_HANDOVER_USED:
		on_used(m, msg->handover.address);
		break;
	case MSG_HANDOVER_FREE:
		on_free(m, msg->handover.address);
		break;
	case MSG_HANDOVER_TAKE:
		on_take(m, &msg->handover);
		break;
	case MSG_HANDOVER_LEFT:
		on_left(m, msg->handover.number);
		break;
	default:
		log_errx("upgrade: the old process sent %s, which is not its "
			 "to send",
		    msg_name(msg->header.type));
		shutdown(m->predecessor.channel.fd, SHUT_RDWR);
	}
}

static const struct channel_ops ops = {
	.on_message = on_message,
	.on_closed = on_closed,
};

/* --- steps
 * -------------------------------------------------------------------- */

/* The descriptor that HANDOVER_VARIABLE names, or -1. */
static int
channel_from_environment(void)
{
	const char *text = getenv(HANDOVER_VARIABLE);
	int fd, type = 0;
	socklen_t len = sizeof(type);

	if (text == NULL)
		return -1;
	fd = atoi(text);
	unsetenv(HANDOVER_VARIABLE);
	if (fd < 3 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != SOCK_SEQPACKET || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	return fd;
}

int
monitor_predecessor_init(struct monitor *m)
{
	struct predecessor *p = &m->predecessor;
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd = channel_from_environment();

	p->control = -1;
	if (fd < 0)
		return 0;
	if (take_all(m, fd) != 0)
		return -1;
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	p->pid = peer.pid;
	p->there = p->waits = true;
	m->stats->predecessor = (uint32_t)p->pid;
	channel_init(&p->channel, m->loop, fd, &ops, m);
	log_info("upgrade: taking over from pid %d", (int)p->pid);
	return 0;
}

void
monitor_predecessor_mark(const struct monitor *m, struct pools *pools)
{
	const struct predecessor *p = &m->predecessor;

	for (size_t i = 0; i < p->used_count; i++)
		pools_take_this(pools, p->used[i]);
}

void
monitor_predecessor_ready(struct monitor *m)
{
	if (!m->predecessor.told)
		say(m, &(struct msg_handover){
			   .header.type = MSG_HANDOVER_READY });
	m->predecessor.told = true;
}

void
monitor_predecessor_accept(struct monitor *m)
{
	if (!m->predecessor.waits)
		return;
	m->predecessor.waits = false;
	m->generation++; /* so that it is known when all do */
	monitor_accept(m);
}

bool
monitor_predecessor_accepting(struct monitor *m)
{
	if (!m->predecessor.there)
		return false;
	say(m, &(struct msg_handover){ .header.type = MSG_HANDOVER_ACCEPTING });
	take_the_rest(m);
	return true;
}

void
monitor_predecessor_stop(struct monitor *m)
{
	if (m->predecessor.there)
		say(m,
		    &(struct msg_handover){ .header.type = MSG_HANDOVER_STOP });
}

void
monitor_predecessor_fini(struct monitor *m)
{
	struct predecessor *p = &m->predecessor;

	if (p->there)
		channel_fini(&p->channel);
	for (unsigned int i = 0; i < p->socket_count; i++)
		close(p->sockets[i].fd);
	close_metrics(p);
	if (p->control >= 0)
		close(p->control);
	free(p->sockets);
	free(p->used);
}
