/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Sessions that wait for their pppd to be started, first come, first served. A
 * reconnect storm waits here, where it costs some memory, and not in hundreds
 * of processes that all start at once. It decides nothing and owns the
 * requests; the limits on sessions bound it, and a session waits for
 * auth-timeout at most.
 */

#ifndef SSTPD_SPAWN_QUEUE_H
#define SSTPD_SPAWN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

struct spawn_request {
	struct spawn_request *next;
	void *worker;
	uint64_t since; /* ms */
	struct msg_spawn msg;
};

struct spawn_queue {
	struct spawn_request *first, **last;
	unsigned int waiting;
	/* internal: for the log */
	bool busy, announced;
	uint64_t told; /* ms; 0: never */
	uint64_t longest;
	unsigned int served;
};

void spawn_queue_init(struct spawn_queue *q);
void spawn_queue_fini(struct spawn_queue *q);

/* At the end. Times are peers_now()'s. Returns 0, or -1 with errno. */
int spawn_queue_put(struct spawn_queue *q, void *worker,
    const struct msg_spawn *msg, uint64_t now);

/*
 * Out of the queue, for the caller to free: the one whose turn it is, that of a
 * session, the first of a worker, or of an address. NULL: there is none.
 */
struct spawn_request *spawn_queue_take(struct spawn_queue *q, uint64_t now);
struct spawn_request *spawn_queue_remove(
    struct spawn_queue *q, const void *worker, uint64_t session);
struct spawn_request *spawn_queue_remove_any(
    struct spawn_queue *q, const void *worker);
struct spawn_request *spawn_queue_remove_peer(
    struct spawn_queue *q, uint64_t peer);

/* Whether the session waits in it. */
bool spawn_queue_has(
    const struct spawn_queue *q, const void *worker, uint64_t session);

/*
 * After every change: a log line when sessions begin to wait, another when none
 * does any more; of storms that follow one another closely, the first only.
 */
void spawn_queue_log(struct spawn_queue *q, unsigned int limit, uint64_t now);

#endif
