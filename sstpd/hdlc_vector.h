/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The loops with vectors; hdlc_vector.c and hdlc_avx2.c include this, and say
 * before what a vector is:
 *
 *	vector          a type of VECTOR bytes
 *	TARGET          the attribute of functions with its instructions
 *	STUFF, UNSTUFF  their names
 *	specials()      a bit for each 7D and 7E in a vector, BITS for each byte
 *
 * Blocks are written as they are, before their special bytes are known. From
 * each special byte on, the rest of its block is written anew a place further:
 * of the bytes that data has there is one in some 128, so this is seldom and
 * cheaper than to look where it begins.
 */

#ifndef SSTPD_HDLC_VECTOR_H
#define SSTPD_HDLC_VECTOR_H

#include <string.h>

#include "hdlc_loops.h"

static inline size_t
first_special(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / BITS;
}

/*
 * The block at p has been written to dst, unescaped. Reads and writes at most
 * one block beyond it. Returns the end of what was written.
 */
TARGET static inline uint8_t *
escape_block(uint8_t *dst, const uint8_t *p, uint64_t mask)
{
	vector v;

	for (; mask != 0; mask &= mask - 1, dst++) {
		size_t i = first_special(mask);

		memcpy(&v, p + i + 1, VECTOR);
		dst[i] = HDLC_ESCAPE;
		dst[i + 1] = p[i] ^ HDLC_ESCAPE_XOR;
		memcpy(dst + i + 2, &v, VECTOR);
	}
	return dst + VECTOR;
}

/*
 * The last n < VECTOR bytes before end. If the block that ends with them is
 * plain, then what it has before them is already there, just as it is.
 */
TARGET static inline uint8_t *
stuff_tail(uint8_t *dst, const uint8_t *end, size_t n)
{
	vector v;

	memcpy(&v, end - VECTOR, VECTOR);
	if (specials(v) != 0)
		return hdlc_stuff(dst, end - n, n);
	memcpy(dst + n - VECTOR, &v, VECTOR);
	return dst + n;
}

TARGET uint8_t *
STUFF(uint8_t *dst, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *last;
	uint64_t mask;
	vector v;

	if (n < VECTOR)
		return hdlc_stuff(dst, p, n);
	for (last = end - VECTOR; p <= last; p += VECTOR) {
		memcpy(&v, p, VECTOR);
		mask = specials(v);
		memcpy(dst, &v, VECTOR);
		if (mask == 0)
			dst += VECTOR;
		else if (end - p >= 2 * VECTOR)
			dst = escape_block(dst, p, mask);
		else
			return hdlc_stuff(dst, p, (size_t)(end - p));
	}
	return stuff_tail(dst, end, (size_t)(end - p));
}

/*
 * Take blocks that are plain. Returns what is special in the next one, which
 * has been written, too; 0 if there is no block any more.
 */
TARGET static inline uint64_t
unstuff_plain(struct hdlc_run *r)
{
	const size_t n = (size_t)(r->end - r->p);
	const size_t room = (size_t)(r->dst_end - r->dst);
	const size_t blocks = (n < room ? n : room) / VECTOR;
	/* r might be where dst points to, for all the compiler knows */
	const uint8_t *p = r->p;
	uint8_t *dst = r->dst;
	uint64_t mask = 0;
	size_t i = 0;
	vector v;

	for (; i < blocks * VECTOR; i += VECTOR) {
		memcpy(&v, p + i, VECTOR);
		mask = specials(v);
		memcpy(dst + i, &v, VECTOR);
		if (mask != 0)
			break;
	}
	r->p = p + i;
	r->dst = dst + i;
	return mask;
}

/*
 * The block at p has been written to dst, escapes and all; another one follows.
 * False: stop, as the byte at p is a flag, or 7D before one.
 */
TARGET static inline bool
unescape_block(struct hdlc_run *r, uint64_t mask)
{
	const uint8_t *p = r->p;
	uint8_t *dst = r->dst;
	size_t i = 0;
	vector v;

	while (mask != 0) {
		i = first_special(mask);
		if (i == VECTOR - 1 || p[i] == HDLC_FLAG ||
		    p[i + 1] == HDLC_FLAG)
			break;
		memcpy(&v, p + i + 2, VECTOR);
		dst[i] = p[i + 1] ^ HDLC_ESCAPE_XOR;
		memcpy(dst + i + 1, &v, VECTOR);
		dst--;
		mask &= ~(UINT64_C(0xff) >> (8 - 2 * BITS) << i * BITS);
	}
	if (mask == 0)
		i = VECTOR;
	r->p = p + i;
	r->dst = dst + i;
	return mask == 0 || (i == VECTOR - 1 && p[i] == HDLC_ESCAPE);
}

/* The same near the end of what there is, up to the first escape only. */
TARGET static inline bool
unescape_one(struct hdlc_run *r, uint64_t mask)
{
	size_t i = first_special(mask);

	r->p += i;
	r->dst += i;
	return hdlc_unstuff_byte(r) && hdlc_unstuff_byte(r);
}

TARGET void
UNSTUFF(struct hdlc_run *r)
{
	bool more = !r->escaped || hdlc_unstuff_byte(r);
	uint64_t mask;

	while (more) {
		mask = unstuff_plain(r);
		if (mask == 0)
			break;
		if (r->end - r->p >= 2 * VECTOR &&
		    r->dst_end - r->dst >= 2 * VECTOR)
			more = unescape_block(r, mask);
		else
			more = unescape_one(r, mask);
	}
	hdlc_unstuff(r);
}

#endif
