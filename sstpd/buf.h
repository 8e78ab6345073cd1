/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A queue of bytes with a ceiling. Its memory grows as needed up to the ceiling
 * and is given back when the queue runs empty, so an idle session holds none. A
 * process keeps a few blocks that were given back, 124 KiB at most.
 */

#ifndef SSTPD_BUF_H
#define SSTPD_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t start; /* of the queued bytes in data */
	size_t len;   /* bytes queued */
	size_t size;  /* of data */
	size_t max;   /* ceiling of len */
	bool trusted; /* see buf_trust() */
	/* the most of len since it was empty, and the time before */
	size_t most, usual;
};

void buf_init(struct buf *b, size_t max);
/*
 * Most bytes that all queues of this process hold memory for; 0, as at first,
 * is no limit. Growing beyond it fails with ENOBUFS.
 */
void buf_limit_all(size_t bytes);
/* What they hold memory for now. */
size_t buf_held_by_all(void);
/*
 * Whether that is most of it: queues should then take little, and let their
 * senders wait, so that there is something left for everybody.
 */
bool buf_is_tight(void);

/*
 * The last sixteenth of what all may hold is for trusted queues only, so that
 * clients who have not shown who they are cannot end those who have. From now
 * on its ceiling is max.
 */
void buf_trust(struct buf *b, size_t max);

/* Empty it and give its memory back; the buf may be used again. */
void buf_clear(struct buf *b);

/* Bytes that can still be queued. */
size_t buf_space(const struct buf *b);

/*
 * Room for n more bytes at *p, to be filled and then given to buf_commit(),
 * whole or in part. Returns 0, or -1 with errno ENOBUFS past the ceiling or
 * ENOMEM. Invalidates pointers into the queue.
 */
int buf_reserve(struct buf *b, size_t n, uint8_t **p);
void buf_commit(struct buf *b, size_t n);

/* Queue n bytes: all (0) or none (-1, errno as above). */
int buf_append(struct buf *b, const void *p, size_t n);

/* The queued bytes, in one piece. */
const uint8_t *buf_bytes(const struct buf *b);
size_t buf_len(const struct buf *b);

/* Take n <= buf_len() bytes off the front. */
void buf_consume(struct buf *b, size_t n);

#endif
