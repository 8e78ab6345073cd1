/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Sessions that wait for their pppd. */

#include <stdlib.h>

#include "log.h"
#include "spawn_queue.h"

enum { LOG_INTERVAL = 10 * 1000 }; /* ms between announcements */

void
spawn_queue_init(struct spawn_queue *q)
{
	*q = (struct spawn_queue){ 0 };
	q->last = &q->first;
}

void
spawn_queue_fini(struct spawn_queue *q)
{
	struct spawn_request *next;

	for (struct spawn_request *r = q->first; r != NULL; r = next) {
		next = r->next;
		free(r);
	}
	spawn_queue_init(q);
}

int
spawn_queue_put(struct spawn_queue *q, void *worker,
    const struct msg_spawn *msg, uint64_t now)
{
	struct spawn_request *r = malloc(sizeof(*r));

	if (r == NULL)
		return -1;
	*r = (struct spawn_request){
		.worker = worker,
		.since = now,
		.msg = *msg,
	};
	*q->last = r;
	q->last = &r->next;
	q->waiting++;
	return 0;
}

/* Unlink the one that *p points to. */
static struct spawn_request *
take_out(struct spawn_queue *q, struct spawn_request **p)
{
	struct spawn_request *r = *p;

	if (r == NULL)
		return NULL;
	*p = r->next;
	if (q->last == &r->next)
		q->last = p;
	r->next = NULL;
	q->waiting--;
	return r;
}

struct spawn_request *
spawn_queue_take(struct spawn_queue *q, uint64_t now)
{
	struct spawn_request *r = take_out(q, &q->first);

	if (r == NULL || !q->busy)
		return r;
	q->served++;
	if (now - r->since > q->longest)
		q->longest = now - r->since;
	return r;
}

struct spawn_request *
spawn_queue_remove(struct spawn_queue *q, const void *worker, uint64_t session)
{
	struct spawn_request **p = &q->first;

	while (*p != NULL &&
	       ((*p)->worker != worker || (*p)->msg.header.session != session))
		p = &(*p)->next;
	return take_out(q, p);
}

struct spawn_request *
spawn_queue_remove_any(struct spawn_queue *q, const void *worker)
{
	struct spawn_request **p = &q->first;

	while (*p != NULL && (*p)->worker != worker)
		p = &(*p)->next;
	return take_out(q, p);
}

struct spawn_request *
spawn_queue_remove_peer(struct spawn_queue *q, uint64_t peer)
{
	struct spawn_request **p = &q->first;

	while (*p != NULL && (*p)->msg.peer != peer)
		p = &(*p)->next;
	return take_out(q, p);
}

bool
spawn_queue_has(
    const struct spawn_queue *q, const void *worker, uint64_t session)
{
	const struct spawn_request *r = q->first;

	while (r != NULL &&
	       (r->worker != worker || r->msg.header.session != session))
		r = r->next;
	return r != NULL;
}

static void
log_begin(struct spawn_queue *q, unsigned int limit, uint64_t now)
{
	q->busy = true;
	q->served = 0;
	q->longest = 0;
	q->announced = q->told == 0 || now - q->told >= LOG_INTERVAL;
	if (!q->announced)
		return;
	q->told = now;
	log_warnx("limits: %u sessions are starting, others wait their turn "
		  "(max-starting)",
	    limit);
}

static void
log_end(struct spawn_queue *q)
{
	q->busy = false;
	if (q->announced)
		log_info("limits: no session waits to start any more: %u had "
			 "to, up to %llu ms",
		    q->served, (unsigned long long)q->longest);
}

void
spawn_queue_log(struct spawn_queue *q, unsigned int limit, uint64_t now)
{
	if (q->waiting > 0 && !q->busy)
		log_begin(q, limit, now);
	else if (q->waiting == 0 && q->busy)
		log_end(q);
}
