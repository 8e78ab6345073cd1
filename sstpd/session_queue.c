/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One client: how much waits for it, in our queue and unsent in its socket.
 *
 * All of that is one line in which a call waits behind a download, and where
 * nobody can drop; so it is kept short, and the line stands before us, in the
 * queue of the network interface. What is short depends on how fast the client
 * takes it: some milliseconds' worth, and on a fast line as much as saves
 * system calls.
 */

#include <linux/tcp.h>
#include <netinet/in.h>

#include "session_private.h"

enum {
	/* in the socket: on a slow line still some packets */
	UNSENT_MAX = 128 * 1024,
	UNSENT_MIN = 8 * 1024,
	UNSENT_MS = 5,
	/* in our queue */
	QUEUE_MAX = 64 * 1024,
};

static const ev_tstamp sample_seconds = .1, calm_seconds = 1.,
		       burst_seconds = .5;

static void
set_unsent(struct session *s, uint32_t unsent)
{
	int value = (int)unsent;

	s->unsent = unsent;
	setsockopt(
	    s->tls.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof(value));
}

void
session_queue_init(struct session *s)
{
	set_unsent(s, UNSENT_MAX);
}

/* Whether it is worth a system call. */
static bool
differs(uint32_t a, uint32_t b)
{
	return a > b + b / 4 || b > a + a / 4;
}

void
session_queue_adapt(struct session *s)
{
	ev_tstamp now = loop_clock();
	uint64_t rate, unsent;

	if (now - s->rate_sampled < sample_seconds && now >= s->rate_sampled)
		return;
	s->rate_sampled = now;
	rate = session_delivery_rate(s);
	unsent = rate * UNSENT_MS / 1000;
	if (rate == 0 || unsent > UNSENT_MAX)
		unsent = UNSENT_MAX;
	if (unsent < UNSENT_MIN)
		unsent = UNSENT_MIN;
	if (differs((uint32_t)unsent, s->unsent))
		set_unsent(s, (uint32_t)unsent);
}

/* What we queue before we read no more. */
static size_t
most(const struct session *s)
{
	size_t n = s->unsent / 2;

	if (buf_is_tight())
		return TIGHT_HIGH;
	return n < QUEUE_MAX ? n : QUEUE_MAX;
}

/*
 * What comes after a calm may be a burst, such as a datagram of many fragments:
 * that passes as a whole, since an interface of pppd's has room for three
 * packets where its qdisc is none that queues.
 */
static bool
is_burst(struct session *s)
{
	ev_tstamp now = loop_clock();

	if (now - s->last_over > calm_seconds)
		s->burst_began = now;
	s->last_over = now;
	return now - s->burst_began < burst_seconds && !buf_is_tight();
}

bool
session_queue_is_full(struct session *s)
{
	size_t n = tls_queued(&s->tls);

	return n >= most(s) && (!is_burst(s) || n >= QUEUE_MAX);
}

bool
session_queue_has_room(const struct session *s)
{
	return tls_queued(&s->tls) < most(s) / 2;
}
