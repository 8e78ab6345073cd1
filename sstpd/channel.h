/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One end of the channel between monitor and worker on an event loop: sends
 * without blocking, queues up to a ceiling, hands over what arrives.
 */

#ifndef SSTPD_CHANNEL_H
#define SSTPD_CHANNEL_H

#include <ev.h>
#include <stdbool.h>

#include "msg.h"

/*
 * What may wait. One event can be about every session there is: any message
 * without descriptors may be sent for each of 65536 at once.
 */
enum {
	CHANNEL_BYTES_MAX = 16 << 20,
	CHANNEL_CARRIERS_MAX = 4096, /* messages with descriptors */
};

struct channel_ops {
	/* fds not taken (set to -1) by the callee are closed afterwards */
	void (*on_message)(void *owner, union msg *msg, int *fds);
	/*
	 * The peer is gone, broke the rules or does not read. The channel is
	 * stopped; the callee may free it.
	 */
	void (*on_closed)(void *owner, const char *why);
};

struct channel_item;

struct channel {
	struct ev_loop *loop;
	int fd; /* -1 once closed */
	ev_io reader, writer;
	ev_timer
	    failer; /* reports a failed send from the loop, not the sender */
	const struct channel_ops *ops;
	void *owner;
	const char *why;
	struct channel_item *first, **last;
	size_t bytes; /* of the items */
	unsigned int carriers;
};

/* Takes the descriptor. */
void channel_init(struct channel *c, struct ev_loop *loop, int fd,
    const struct channel_ops *ops, void *owner);
/* Close it, dropping what is queued. May be called twice. */
void channel_fini(struct channel *c);

/*
 * Send or queue a message whose header.type and session are set. Takes the
 * descriptors, if the type has any, even on failure. A failure is reported by
 * on_closed, later. fds may be NULL for a type without.
 */
void channel_send(struct channel *c, union msg *msg, const int *fds);

#endif
