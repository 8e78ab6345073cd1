/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Big-endian cursors over bytes: one that cannot overrun what it reads and one
 * that cannot overflow what it writes. No struct is ever cast onto a buffer.
 */

#ifndef SSTPD_WIRE_H
#define SSTPD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_in {
	const uint8_t *p;
	size_t n; /* bytes left */
};

struct wire_out {
	uint8_t *p;
	size_t n;      /* space left */
	bool overflow; /* something did not fit; nothing more is written */
};

/* The take functions return false, and take nothing, if too little is left. */

static inline bool
take_block(struct wire_in *in, size_t n, struct wire_in *block)
{
	if (in->n < n)
		return false;
	*block = (struct wire_in){ in->p, n };
	in->p += n;
	in->n -= n;
	return true;
}

static inline bool
take_u8(struct wire_in *in, uint8_t *v)
{
	struct wire_in b;

	if (!take_block(in, 1, &b))
		return false;
	*v = b.p[0];
	return true;
}

static inline bool
take_be16(struct wire_in *in, uint16_t *v)
{
	struct wire_in b;

	if (!take_block(in, 2, &b))
		return false;
	*v = (uint16_t)(b.p[0] << 8 | b.p[1]);
	return true;
}

static inline bool
take_be32(struct wire_in *in, uint32_t *v)
{
	struct wire_in b;

	if (!take_block(in, 4, &b))
		return false;
	*v = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 |
	     (uint32_t)b.p[2] << 8 | b.p[3];
	return true;
}

/* The put functions write nothing, and set overflow, if it does not fit. */

static inline void
put_block(struct wire_out *out, const void *p, size_t n)
{
	if (out->overflow || out->n < n) {
		out->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(out->p, p, n);
	out->p += n;
	out->n -= n;
}

static inline void
put_u8(struct wire_out *out, uint8_t v)
{
	put_block(out, &v, 1);
}

static inline void
put_be16(struct wire_out *out, uint16_t v)
{
	put_block(out, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static inline void
put_be32(struct wire_out *out, uint32_t v)
{
	put_block(out,
	    (uint8_t[]){ (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v },
	    4);
}

#endif
