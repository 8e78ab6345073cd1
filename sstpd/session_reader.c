/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One client: when its socket is read. Where it sends much in small pieces, the
 * kernel is to wake us only for some of them together (SO_RCVLOWAT), and a
 * timer sees to it that what is less than that does not lie; it begins anew
 * each time, so that it seldom fires while more comes.
 */

#include <sys/socket.h>

#include "session_private.h"

static void
set_awaited(struct session *s, uint32_t bytes)
{
	int value = (int)bytes;

	if (bytes == s->awaited)
		return;
	s->awaited = bytes;
	setsockopt(s->tls.fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

static void
start_timer(struct session *s)
{
	if (s->awaited > 0)
		ev_timer_again(s->loop, &s->sock_timer);
	else
		ev_timer_stop(s->loop, &s->sock_timer);
}

/* While memory is tight, less is taken at once than we would wait for. */
static void
note_arrival(struct session *s, size_t bytes)
{
	uint64_t now = (uint64_t)(loop_clock() * 1e6);

	moderation_note(&s->moderation, now, bytes);
	set_awaited(s, buf_is_tight() ? 0 : s->moderation.least);
	start_timer(s);
}

/* One recv(). False: there was nothing; otherwise the socket may be gone. */
static bool
take(struct session *s)
{
	size_t before = buf_len(&s->tls.in);

	switch (tls_fill(&s->tls)) {
	case TLS_WANT_READ:
		return false;
	case TLS_FAIL:
		session_tls_reason(s);
		session_lower_down(s);
		break;
	default: /* also end of file, which OpenSSL is to judge */
		note_arrival(s, buf_len(&s->tls.in) - before);
		session_pump(s);
	}
	return true;
}

static void
on_sock_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	take(w->data);
}

static void
on_sock_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	if (take(s))
		return;
	moderation_rest(&s->moderation);
	set_awaited(s, 0);
	start_timer(s);
}

void
session_reader_init(struct session *s)
{
	ev_io_init(&s->sock_reader, on_sock_readable, s->tls.fd, EV_READ);
	ev_timer_init(&s->sock_timer, on_sock_timer, 0., MODERATION_TIME / 1e6);
	s->sock_reader.data = s->sock_timer.data = s;
}

void
session_reader_start(struct session *s)
{
	if (ev_is_active(&s->sock_reader))
		return;
	ev_io_start(s->loop, &s->sock_reader);
	start_timer(s);
}

void
session_reader_stop(struct session *s)
{
	ev_io_stop(s->loop, &s->sock_reader);
	ev_timer_stop(s->loop, &s->sock_timer);
}
