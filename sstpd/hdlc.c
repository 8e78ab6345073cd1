/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Async HDLC, RFC 1662: frames. What is done to each byte is in hdlc_loops. */

#include <assert.h>
#include <string.h>

#include "fcs16.h"
#include "hdlc.h"
#include "hdlc_loops.h"

enum {
	FRAME_MIN = 4, /* address, control, FCS */
	FRAME_AND_FCS_MAX = HDLC_FRAME_MAX + FCS16_LEN,
};

static const struct hdlc_loops *
loops(void)
{
	/* chosen once: the same for the life of the process */
	static const struct hdlc_loops *best;

	if (best == NULL)
		best = hdlc_loops_best();
	return best;
}

/* Control frames are short and few. */
static uint8_t *
stuff_control(uint8_t *dst, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 0x20) {
			dst = hdlc_stuff(dst, p + i, 1);
			continue;
		}
		*dst++ = HDLC_ESCAPE;
		*dst++ = p[i] ^ HDLC_ESCAPE_XOR;
	}
	return dst;
}

static size_t
encode(const struct hdlc_loops *by, uint8_t *dst, const uint8_t *frame,
    size_t n, uint8_t *(*stuff)(uint8_t *dst, const uint8_t *p, size_t n))
{
	uint8_t *p = dst;
	uint16_t fcs;

	assert(n <= HDLC_FRAME_MAX);
	fcs = (uint16_t)~by->fcs(FCS16_INIT, frame, n);
	*p++ = HDLC_FLAG;
	p = stuff(p, frame, n);
	/* the FCS goes out low byte first */
	p = stuff(
	    p, (uint8_t[]){ (uint8_t)fcs, (uint8_t)(fcs >> 8) }, FCS16_LEN);
	*p++ = HDLC_FLAG;
	return (size_t)(p - dst);
}

size_t
hdlc_encode_by(
    const struct hdlc_loops *by, uint8_t *dst, const uint8_t *frame, size_t n)
{
	return encode(by, dst, frame, n, by->stuff);
}

size_t
hdlc_encode(uint8_t *dst, const uint8_t *frame, size_t n)
{
	return hdlc_encode_by(loops(), dst, frame, n);
}

size_t
hdlc_encode_control(uint8_t *dst, const uint8_t *frame, size_t n)
{
	return encode(loops(), dst, frame, n, stuff_control);
}

void
hdlc_decoder_init(struct hdlc_decoder *d)
{
	*d = (struct hdlc_decoder){ .by = loops() };
}

/* A flag came. Returns the length of the good frame it ended, or 0. */
static size_t
end_frame(struct hdlc_decoder *d)
{
	size_t len = d->len;
	bool aborted = d->escaped;
	bool skipped = d->skipping;

	d->len = 0;
	d->escaped = false;
	d->skipping = false;
	if (skipped || (len == 0 && !aborted)) /* counted, or no frame at all */
		return 0;
	if (aborted || len < FRAME_MIN) {
		d->runt++;
		return 0;
	}
	if (d->by->fcs(FCS16_INIT, d->frame + HDLC_HEADROOM, len) !=
	    FCS16_GOOD) {
		d->bad_fcs++;
		return 0;
	}
	return len - FCS16_LEN;
}

/* Take bytes up to a flag. Returns how many. */
static size_t
collect(struct hdlc_decoder *d, const uint8_t *p, size_t n)
{
	uint8_t *frame = d->frame + HDLC_HEADROOM;
	struct hdlc_run run = {
		.p = p,
		.end = p + n,
		.dst = frame + d->len,
		.dst_end = frame + FRAME_AND_FCS_MAX,
		.escaped = d->escaped,
	};

	d->by->unstuff(&run);
	d->len = (size_t)(run.dst - frame);
	d->escaped = run.escaped;
	if (run.p < run.end && *run.p != HDLC_FLAG) {
		d->too_long++;
		d->skipping = true;
	}
	return (size_t)(run.p - p);
}

static size_t
skip_to_flag(const uint8_t *p, size_t n)
{
	const uint8_t *flag = memchr(p, HDLC_FLAG, n);

	return flag ? (size_t)(flag - p) : n;
}

size_t
hdlc_decode(struct hdlc_decoder *d, const uint8_t *p, size_t n, uint8_t **frame,
    size_t *frame_len)
{
	size_t i = 0, len;

	*frame = NULL;
	*frame_len = 0;
	while (i < n) {
		if (d->skipping)
			i += skip_to_flag(p + i, n - i);
		else
			i += collect(d, p + i, n - i);
		if (i == n || p[i] != HDLC_FLAG)
			continue;
		i++;
		len = end_frame(d);
		if (len == 0)
			continue;
		*frame = d->frame + HDLC_HEADROOM;
		*frame_len = len;
		break;
	}
	return i;
}
