/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Any frame comes back; any stream decodes alike whole and in slices, and by
 * every set of loops this processor can do.
 */

#include <string.h>

#include "fuzz.h"
#include "hdlc.h"
#include "hdlc_loops.h"

struct result {
	struct hdlc_decoder decoder;
	uint64_t frames, bytes, sum;
};

static void
feed(struct result *r, const uint8_t *p, size_t n)
{
	uint8_t *frame;
	size_t used, len, i;

	for (; n > 0; p += used, n -= used) {
		used = hdlc_decode(&r->decoder, p, n, &frame, &len);
		require(used > 0 && used <= n && (frame != NULL || used == n));
		if (frame == NULL)
			continue;
		require(len >= 2 && len <= HDLC_FRAME_MAX);
		r->frames++;
		r->bytes += len;
		for (i = 0; i < len; i++)
			r->sum = r->sum * 31 + frame[i];
		memset(frame - HDLC_HEADROOM, 0, HDLC_HEADROOM);
	}
}

static void
start(struct result *r, const struct hdlc_loops *by)
{
	r->frames = r->bytes = r->sum = 0;
	hdlc_decoder_init(&r->decoder);
	r->decoder.by = by;
}

static void
require_same(const struct result *a, const struct result *b)
{
	require(a->frames == b->frames && a->bytes == b->bytes);
	require(a->sum == b->sum);
	require(a->decoder.bad_fcs == b->decoder.bad_fcs);
	require(a->decoder.too_long == b->decoder.too_long);
	require(a->decoder.runt == b->decoder.runt);
	require(a->decoder.len == b->decoder.len);
	require(a->decoder.escaped == b->decoder.escaped);
}

static void
check_same_encoding(
    const struct hdlc_loops *by, const uint8_t *data, size_t size)
{
	static uint8_t wire[2][HDLC_ENCODED_MAX];
	size_t n = hdlc_encode_by(&hdlc_loops[0], wire[0], data, size);

	require(hdlc_encode_by(by, wire[1], data, size) == n);
	require(memcmp(wire[0], wire[1], n) == 0);
}

/* Encoded by one or the other, twice in a row and with one flag between. */
static void
check_round_trip(size_t (*encode)(uint8_t *, const uint8_t *, size_t),
    const uint8_t *data, size_t size)
{
	static uint8_t wire[2 * HDLC_ENCODED_MAX];
	struct hdlc_decoder decoder;
	uint8_t *frame;
	size_t n = encode(wire, data, size), len;

	require(n <= 2 * (size + 2) + 2);
	require(wire[0] == 0x7e && wire[n - 1] == 0x7e);
	require(memchr(wire + 1, 0x7e, n - 2) == NULL);
	require(encode(wire + n - 1, data, size) == n);
	hdlc_decoder_init(&decoder);
	require(hdlc_decode(&decoder, wire, 2 * n - 1, &frame, &len) == n);
	require(frame != NULL && len == size && memcmp(frame, data, size) == 0);
	require(hdlc_decode(&decoder, wire + n, n - 1, &frame, &len) == n - 1);
	require(frame != NULL && len == size && memcmp(frame, data, size) == 0);
	require(decoder.bad_fcs + decoder.too_long + decoder.runt == 0);
}

/* A frame with one bit changed, whichever the input names, never comes back. */
static void
check_damage(const uint8_t *data, size_t size)
{
	static uint8_t wire[HDLC_ENCODED_MAX];
	struct hdlc_decoder decoder;
	size_t n = hdlc_encode(wire, data, size), used, len;
	size_t at = 1 + (data[0] | (size_t)data[1] << 8) % (n - 2);
	uint8_t *frame;

	wire[at] ^= (uint8_t)(1 << data[size - 1] % 8);
	hdlc_decoder_init(&decoder);
	for (size_t i = 0; i < n; i += used) {
		used = hdlc_decode(&decoder, wire + i, n - i, &frame, &len);
		require(frame == NULL || len != size ||
			memcmp(frame, data, size) != 0);
	}
}

static void
feed_slices(struct result *r, const uint8_t *data, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = 1 + data[i];
		n = n < size - i ? n : size - i;
		feed(r, data + i, n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result plain, whole, sliced;
	const struct hdlc_loops *by;

	if (size >= 2 && size <= HDLC_FRAME_MAX) {
		check_round_trip(hdlc_encode, data, size);
		check_round_trip(hdlc_encode_control, data, size);
		check_damage(data, size);
	}
	start(&plain, &hdlc_loops[0]);
	for (size_t i = 0; i < size; i++)
		feed(&plain, data + i, 1);
	for (by = hdlc_loops; by->name != NULL; by++) {
		if (by->usable != NULL && !by->usable())
			continue;
		if (size <= HDLC_FRAME_MAX)
			check_same_encoding(by, data, size);
		start(&whole, by);
		feed(&whole, data, size);
		require_same(&plain, &whole);
		start(&sliced, by);
		feed_slices(&sliced, data, size);
		require_same(&plain, &sliced);
	}
	return 0;
}
