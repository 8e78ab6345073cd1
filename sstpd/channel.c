/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A message channel on an event loop. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

enum { MESSAGES_PER_TURN = 32 };

struct channel_item {
	struct channel_item *next;
	size_t size; /* of all this */
	bool carrier;
	int fds[MSG_FDS_MAX];
	_Alignas(union msg) unsigned char msg[]; /* as long as its type is */
};

static void
fail(struct channel *c, const char *why)
{
	if (c->why != NULL)
		return;
	c->why = why;
	ev_io_stop(c->loop, &c->reader);
	ev_io_stop(c->loop, &c->writer);
	ev_timer_start(c->loop, &c->failer);
}

static void
on_fail(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct channel *c = w->data;

	(void)loop;
	(void)revents;
	c->ops->on_closed(c->owner, c->why);
}

static void
drop_first(struct channel *c)
{
	struct channel_item *item = c->first;

	c->first = item->next;
	if (c->first == NULL)
		c->last = &c->first;
	c->bytes -= item->size;
	c->carriers -= item->carrier;
	msg_close_fds(item->fds);
	explicit_bzero(item, item->size); /* may hold keys */
	free(item);
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct channel *c = w->data;

	(void)revents;
	for (int i = 0; c->first != NULL && i < MESSAGES_PER_TURN; i++) {
		if (msg_send(c->fd, (void *)c->first->msg, c->first->fds) !=
		    0) {
			if (errno != EAGAIN)
				fail(c, strerror(errno));
			return;
		}
		drop_first(c);
	}
	if (c->first == NULL)
		ev_io_stop(loop, w);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct channel *c = w->data;
	union msg msg;
	int fds[MSG_FDS_MAX];

	(void)loop;
	(void)revents;
	for (int i = 0; c->why == NULL && i < MESSAGES_PER_TURN; i++) {
		int r = msg_recv(c->fd, &msg, fds);

		if (r == 0)
			fail(c, "closed by the other side");
		else if (r < 0 && errno != EAGAIN && errno != EINTR)
			fail(c, errno == EBADMSG ? "malformed message"
						 : strerror(errno));
		if (r <= 0)
			break;
		c->ops->on_message(c->owner, &msg, fds);
		msg_close_fds(fds);
	}
	explicit_bzero(&msg, sizeof(msg));
}

void
channel_init(struct channel *c, struct ev_loop *loop, int fd,
    const struct channel_ops *ops, void *owner)
{
	*c = (struct channel){
		.loop = loop, .fd = fd, .ops = ops, .owner = owner
	};
	c->last = &c->first;
	ev_io_init(&c->reader, on_readable, fd, EV_READ);
	ev_io_init(&c->writer, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->failer, on_fail, 0., 0.);
	c->reader.data = c->writer.data = c->failer.data = c;
	/* keys that are here already are taken before the packets they verify
	 */
	ev_set_priority(&c->reader, EV_MAXPRI);
	ev_io_start(loop, &c->reader);
}

void
channel_fini(struct channel *c)
{
	if (c->fd < 0)
		return;
	ev_io_stop(c->loop, &c->reader);
	ev_io_stop(c->loop, &c->writer);
	ev_timer_stop(c->loop, &c->failer);
	while (c->first != NULL)
		drop_first(c);
	close(c->fd);
	c->fd = -1;
}

static int
enqueue(struct channel *c, const union msg *msg, const int *fds)
{
	const size_t length = msg_size(msg->header.type);
	const size_t size = sizeof(struct channel_item) + length;
	const bool carrier = msg_fd_count(msg->header.type) > 0;
	struct channel_item *item;

	if (size > CHANNEL_BYTES_MAX - c->bytes ||
	    (carrier && c->carriers >= CHANNEL_CARRIERS_MAX))
		return -1;
	item = malloc(size);
	if (item == NULL)
		return -1;
	*item = (struct channel_item){ .size = size, .carrier = carrier };
	memcpy(item->msg, msg, length);
	memcpy(item->fds, fds, sizeof(item->fds));
	*c->last = item;
	c->last = &item->next;
	c->bytes += size;
	c->carriers += carrier;
	ev_io_start(c->loop, &c->writer);
	return 0;
}

void
channel_send(struct channel *c, union msg *msg, const int *fds)
{
	unsigned int n = msg_fd_count(msg->header.type);
	int owned[MSG_FDS_MAX] = { -1, -1 };

	for (unsigned int i = 0; i < n; i++)
		owned[i] = fds[i];
	if (c->fd < 0 || c->why != NULL) {
		msg_close_fds(owned);
		return;
	}
	if (c->first == NULL && msg_send(c->fd, msg, owned) == 0) {
		msg_close_fds(owned);
		return;
	}
	if (c->first == NULL && errno != EAGAIN) {
		msg_close_fds(owned);
		fail(c, strerror(errno));
		return;
	}
	if (enqueue(c, msg, owned) == 0)
		return; /* the item has the descriptors now */
	msg_close_fds(owned);
	fail(c, "does not read its messages");
}
