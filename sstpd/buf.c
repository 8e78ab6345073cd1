/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A queue of bytes with a ceiling. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum {
	BUF_STEP = 4096, /* allocations are that, or twice the one before */
	SPARE_SIZES = 5, /* up to 64 KiB */
};

/* of the data of all queues */
static size_t held, held_max;

/*
 * Of each size the block that was given back last: with every packet some queue
 * runs empty and the next one begins.
 */
static uint8_t *spare[SPARE_SIZES];

void
buf_limit_all(size_t bytes)
{
	held_max = bytes;
}

size_t
buf_held_by_all(void)
{
	return held;
}

bool
buf_is_tight(void)
{
	return held_max != 0 && held > held_max / 4 * 3;
}

/* Its place among the spare blocks, or NULL. */
static uint8_t **
spare_of(size_t size)
{
	for (unsigned int i = 0; i < SPARE_SIZES; i++)
		if (size == (size_t)BUF_STEP << i)
			return &spare[i];
	return NULL;
}

static uint8_t *
take_block(size_t size)
{
	uint8_t **place = spare_of(size);
	uint8_t *data;

	if (place == NULL || *place == NULL)
		return malloc(size);
	data = *place;
	*place = NULL;
	return data;
}

static void
give_block(uint8_t *data, size_t size)
{
	uint8_t **place = spare_of(size);

	if (data == NULL)
		return;
	if (place == NULL) {
		free(data);
		return;
	}
	free(*place);
	*place = data;
}

static size_t
block_size(size_t need)
{
	size_t size = BUF_STEP;

	while (size < need)
		size *= 2;
	return size;
}

/* Who has not logged in yet may have sent a password. */
static void
wipe(const struct buf *b, size_t from)
{
	size_t end = b->start + b->most; /* no byte ever lay behind that */

	if (end > b->size)
		end = b->size;
	if (!b->trusted && end > from)
		explicit_bzero(b->data + from, end - from);
}

static void
release(struct buf *b)
{
	held -= b->size;
	wipe(b, 0);
	give_block(b->data, b->size);
	*b = (struct buf){
		.max = b->max, .usual = b->most, .trusted = b->trusted
	};
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_trust(struct buf *b, size_t max)
{
	b->trusted = true;
	b->max = max;
}

void
buf_clear(struct buf *b)
{
	release(b);
}

size_t
buf_space(const struct buf *b)
{
	return b->max - b->len;
}

/* Whether it may have so many bytes more. */
static bool
may_hold(const struct buf *b, size_t more)
{
	size_t kept_back = b->trusted ? 0 : held_max / 16;

	return held_max == 0 || held + more <= held_max - kept_back;
}

static int
grow(struct buf *b, size_t need)
{
	size_t size = block_size(need);
	uint8_t *data;

	/* as large as it is going to be, unless somebody else may need that */
	if (b->size == 0 && b->usual > size && !buf_is_tight())
		size = block_size(b->usual);
	if (!may_hold(b, size - b->size))
		size = block_size(need);
	if (!may_hold(b, size - b->size)) {
		errno = ENOBUFS;
		return -1;
	}
	data = take_block(size);
	if (data == NULL)
		return -1;
	if (b->len > 0)
		memcpy(data, b->data + b->start, b->len);
	wipe(b, 0);
	give_block(b->data, b->size);
	held += size - b->size;
	b->data = data;
	b->size = size;
	b->start = 0;
	return 0;
}

int
buf_reserve(struct buf *b, size_t n, uint8_t **p)
{
	if (n > buf_space(b)) {
		errno = ENOBUFS;
		return -1;
	}
	if (b->len + n > b->size) {
		if (grow(b, b->len + n) != 0)
			return -1;
	} else if (b->start + b->len + n > b->size) {
		memmove(b->data, b->data + b->start, b->len);
		wipe(b, b->len);
		b->start = 0;
	}
	*p = b->data + b->start + b->len;
	return 0;
}

void
buf_commit(struct buf *b, size_t n)
{
	b->len += n;
	if (b->len > b->most)
		b->most = b->len;
}

int
buf_append(struct buf *b, const void *p, size_t n)
{
	uint8_t *dst;

	if (n == 0)
		return 0;
	if (buf_reserve(b, n, &dst) != 0)
		return -1;
	memcpy(dst, p, n);
	buf_commit(b, n);
	return 0;
}

const uint8_t *
buf_bytes(const struct buf *b)
{
	return b->data + b->start;
}

size_t
buf_len(const struct buf *b)
{
	return b->len;
}

void
buf_consume(struct buf *b, size_t n)
{
	b->start += n;
	b->len -= n;
	if (b->len == 0)
		release(b);
}
