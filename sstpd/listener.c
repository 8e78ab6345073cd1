/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Listening sockets. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "listener.h"
#include "log.h"
#include "loop_clock.h"

enum {
	BACKLOG = 1024,
	ACCEPTS_PER_TURN = 16,
};

static const ev_tstamp rest_seconds = 1., complain_seconds = 300.;

static int
bind_to(const struct conf_listen *listen_on, int share)
{
	const struct sockaddr *address =
	    (const struct sockaddr *)&listen_on->address;
	int fd, on = 1;

	fd = socket(
	    address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof(share)) !=
		0)
		goto fail;
	/* "*" is two sockets, so that IPv4 peers look like IPv4 */
	if (address->sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		goto fail;
	if (bind(fd, address, listen_on->address_len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		goto fail;
	return fd;
fail:
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

int
listener_bind(const struct conf_listen *listen_on)
{
	return bind_to(listen_on, 1);
}

int
listener_bind_alone(const struct conf_listen *listen_on)
{
	return bind_to(listen_on, 0);
}

bool
listener_is_down(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       listens == 0;
}

int
listener_again(int fd)
{
	return listen(fd, BACKLOG);
}

void
listener_text(int fd, char text[static ENDPOINT_TEXT_MAX])
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &len);
	endpoint_text(&address, text);
}

/*
 * Not getnameinfo(): to name the interface of a link-local address it makes a
 * socket, which is not for a worker to do.
 */
void
address_text(
    const struct sockaddr_storage *address, char text[static ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	size_t n;

	if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, text, ADDRESS_TEXT_MAX);
		return;
	}
	if (address->ss_family != AF_INET6) {
		snprintf(text, ADDRESS_TEXT_MAX, "unknown");
		return;
	}
	inet_ntop(AF_INET6, &in6->sin6_addr, text, ADDRESS_TEXT_MAX);
	n = strlen(text);
	if (in6->sin6_scope_id != 0)
		snprintf(text + n, ADDRESS_TEXT_MAX - n, "%%%u",
		    (unsigned int)in6->sin6_scope_id);
}

unsigned int
address_port(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

void
address_set_port(struct sockaddr_storage *address, unsigned int port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port =
		    htons((uint16_t)port);
	else
		((struct sockaddr_in *)address)->sin_port =
		    htons((uint16_t)port);
}

void
endpoint_text(
    const struct sockaddr_storage *address, char text[static ENDPOINT_TEXT_MAX])
{
	char host[ADDRESS_TEXT_MAX];

	address_text(address, host);
	snprintf(text, ENDPOINT_TEXT_MAX,
	    address->ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
	    address_port(address));
}

static void
on_rested(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct listener *l = w->data;

	(void)revents;
	ev_io_start(loop, &l->acceptor);
}

static void
take_rest(struct listener *l)
{
	/* it may go on for hours, and other processes may be to blame */
	if (l->complained == 0 ||
	    loop_clock() - l->complained >= complain_seconds) {
		log_warn("listener: cannot accept, trying again every second");
		l->complained = loop_clock();
	}
	ev_io_stop(l->loop, &l->acceptor);
	ev_timer_set(&l->rest, rest_seconds, 0.);
	ev_timer_start(l->loop, &l->rest);
}

/* An IPv4 client of a socket for both families is an IPv4 client. */
static void
unmap(struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (address->ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	in.sin_port = in6->sin6_port;
	memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, 4);
	*address = (struct sockaddr_storage){ 0 };
	memcpy(address, &in, sizeof(in));
}

bool
listener_lacks_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

/* False: there is nobody to accept, or no room. */
static bool
accept_some(struct listener *l)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage peer = { 0 }, local = { 0 };
		socklen_t peer_len = sizeof(peer), local_len = sizeof(local);
		int on = 1;
		int fd = accept4(l->acceptor.fd, (struct sockaddr *)&peer,
		    &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		/* EINVAL: somebody has shut it down for all who have it */
		if (fd < 0 && (listener_lacks_room(errno) || errno == EINVAL)) {
			take_rest(l);
			return false;
		}
		if (fd < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (fd < 0)
			continue; /* that connection is already gone */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		getsockname(fd, (struct sockaddr *)&local, &local_len);
		unmap(&peer);
		unmap(&local);
		l->on_connection(l->owner, fd, &peer, &local);
	}
	return true;
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	accept_some(w->data);
}

void
listener_start(struct listener *l, struct ev_loop *loop, int fd)
{
	l->loop = loop;
	l->complained = 0;
	ev_io_init(&l->acceptor, on_readable, fd, EV_READ);
	ev_timer_init(&l->rest, on_rested, 0., 0.);
	l->acceptor.data = l->rest.data = l;
	ev_io_start(loop, &l->acceptor);
}

void
listener_stop(struct listener *l)
{
	if (l->acceptor.fd < 0)
		return;
	ev_io_stop(l->loop, &l->acceptor);
	ev_timer_stop(l->loop, &l->rest);
	close(l->acceptor.fd);
	l->acceptor.fd = -1;
}

void
listener_finish(struct listener *l)
{
	/* new ones keep coming: no more than can have waited */
	for (int i = 0; i < BACKLOG / ACCEPTS_PER_TURN + 1; i++)
		if (!accept_some(l))
			break;
	listener_stop(l);
}
