/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Those who ask the control process. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_private.h"

static const ev_tstamp patience = 10., sample_patience = 2.;
static const ev_tstamp last_patience = 1.; /* with those who ask nothing */

/* --- answers
 * -------------------------------------------------------------------- */

void
control_free(struct control_client *c)
{
	struct control_clients *clients = c->clients;
	struct control_client **p = &clients->first;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	clients->count[c->kind]--;
	if (clients->finishing && clients->first == NULL)
		ev_break(clients->loop, EVBREAK_ALL);
	ev_io_stop(c->clients->loop, &c->io);
	ev_timer_stop(c->clients->loop, &c->timer);
	ev_timer_stop(c->clients->loop, &c->sample);
	if (c->out != NULL)
		fclose(c->out);
	free(c->reply);
	free(c->ids);
	if (c->given >= 0)
		close(c->given);
	close(c->fd);
	free(c);
}

/* Closing with something unread would take the answer away, too. */
static void
discard(struct control_client *c)
{
	char rest[4096];

	shutdown(c->fd, SHUT_WR);
	for (int i = 0; i < 16; i++)
		if (recv(c->fd, rest, sizeof(rest), 0) <= 0)
			return;
}

static void
send_reply(struct control_client *c)
{
	while (c->sent < c->reply_len) {
		ssize_t n = send(c->fd, c->reply + c->sent,
		    c->reply_len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_stop(c->clients->loop, &c->io);
			ev_io_set(&c->io, c->fd, EV_WRITE);
			ev_io_start(c->clients->loop, &c->io);
			return;
		}
		if (n < 0)
			break;
		c->sent += (size_t)n;
	}
	discard(c);
	control_free(c);
}

/* False: out of memory, and the client is gone. */
bool
control_begin(struct control_client *c)
{
	c->out = open_memstream(&c->reply, &c->reply_len);
	if (c->out != NULL)
		return true;
	control_free(c);
	return false;
}

void
control_finish(struct control_client *c)
{
	bool good = !ferror(c->out) && fclose(c->out) == 0;

	c->out = NULL;
	ev_io_stop(c->clients->loop, &c->io);
	ev_timer_stop(c->clients->loop, &c->sample);
	if (good)
		send_reply(c);
	else
		control_free(c);
}

void
control_refuse(struct control_client *c, const char *fmt, ...)
{
	va_list ap;

	if (!control_begin(c))
		return;
	fputs("error ", c->out);
	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	putc('\n', c->out);
	control_finish(c);
}

struct ucred
control_peer(const struct control_client *c)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer;
}

/* --- clients
 * -------------------------------------------------------------------- */

static void
take_request(struct control_client *c)
{
	const char *end = c->kind == CONTROL_HTTP ? "\r\n\r\n" : "\n";
	bool is_text = memchr(c->request, '\0', c->request_len) == NULL;
	char *found;

	c->request[c->request_len] = '\0';
	found = is_text ? strstr(c->request, end) : NULL;
	if (found == NULL && is_text && c->request_len + 1 < sizeof(c->request))
		return;
	ev_io_stop(c->clients->loop, &c->io);
	if (found == NULL && c->kind == CONTROL_HTTP) {
		control_answer_http(
		    c, "400 Bad Request", "too long, or no text\n");
	} else if (found == NULL) {
		control_refuse(c, "the request is too long, or is no text");
	} else {
		*found = '\0';
		if (c->kind == CONTROL_HTTP)
			control_run_http(c, c->request);
		else
			control_run(c, c->request);
	}
}

/* As recv(); of descriptors that come with it the first is kept. */
static ssize_t
receive(struct control_client *c, char *p, size_t n)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = p, .iov_len = n };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_LEN(sizeof(int)), /* room for one */
	};
	ssize_t got = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = got < 0 ? NULL : CMSG_FIRSTHDR(&mh);

	if (h == NULL || h->cmsg_level != SOL_SOCKET ||
	    h->cmsg_type != SCM_RIGHTS || h->cmsg_len != CMSG_LEN(sizeof(int)))
		return got;
	if (c->given >= 0)
		close(c->given);
	memcpy(&c->given, CMSG_DATA(h), sizeof(c->given));
	return got;
}

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct control_client *c = w->data;
	ssize_t n;

	(void)loop;
	if (revents & EV_WRITE) {
		send_reply(c);
		return;
	}
	n = receive(c, c->request + c->request_len,
	    sizeof(c->request) - 1 - c->request_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		control_free(c);
		return;
	}
	c->request_len += (size_t)n;
	take_request(c);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	control_free(w->data);
}

static void
client_new(struct control_clients *clients, int fd, enum control_kind kind)
{
	struct control_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return;
	}
	c->clients = clients;
	c->kind = kind;
	c->fd = fd;
	c->given = -1;
	c->next = clients->first;
	clients->first = c;
	clients->count[kind]++;
	ev_io_init(&c->io, on_io, fd, EV_READ);
	ev_timer_init(&c->timer, on_timeout, patience, 0.);
	ev_timer_init(&c->sample, control_on_sample_late, sample_patience, 0.);
	c->io.data = c->timer.data = c->sample.data = c;
	ev_io_start(clients->loop, &c->io);
	ev_timer_start(clients->loop, &c->timer);
}

static void
on_connection(struct ev_loop *loop, ev_io *w, int revents)
{
	struct control_socket *s = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)revents;
	if (fd < 0)
		return;
	if (s->clients->count[s->kind] >= CONTROL_CLIENTS_MAX) {
		close(fd); /* each of the others has some seconds only */
		return;
	}
	client_new(s->clients, fd, s->kind);
}

void
control_clients_init(struct control_clients *clients, struct ev_loop *loop,
    void (*ask_monitor)(void *owner, union msg *msg, const int *fds),
    void *owner)
{
	clients->loop = loop;
	clients->uid = getuid(); /* still the daemon's */
	clients->ask = ask_monitor;
	clients->owner = owner;
}

int
control_clients_listen(
    struct control_clients *clients, int fd, enum control_kind kind)
{
	struct control_socket *s;

	if (clients->socket_count >= CONTROL_SOCKETS_MAX)
		return -1;
	s = &clients->sockets[clients->socket_count++];
	s->clients = clients;
	s->kind = kind;
	ev_io_init(&s->acceptor, on_connection, fd, EV_READ);
	s->acceptor.data = s;
	ev_io_start(clients->loop, &s->acceptor);
	return 0;
}

void
control_clients_finish(struct control_clients *clients)
{
	for (unsigned int i = 0; i < clients->socket_count; i++) {
		ev_io_stop(clients->loop, &clients->sockets[i].acceptor);
		close(clients->sockets[i].acceptor.fd);
	}
	clients->socket_count = 0;
	clients->finishing = true;
	for (struct control_client *c = clients->first; c != NULL;
	     c = c->next) {
		if (c->then != THEN_NOTHING || c->reply != NULL)
			continue;
		ev_timer_stop(clients->loop, &c->timer);
		ev_timer_set(&c->timer, last_patience, 0.);
		ev_timer_start(clients->loop, &c->timer);
	}
	if (clients->first == NULL)
		ev_break(clients->loop, EVBREAK_ALL);
}
