/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Any frame comes back; any stream decodes alike whole and in slices. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hdlc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	struct hdlc_decoder decoder;
	uint64_t frames, bytes, sum;
};

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
feed(struct result *r, const uint8_t *p, size_t n)
{
	uint8_t *frame;
	size_t used, len, i;

	for (; n > 0; p += used, n -= used) {
		used = hdlc_decode(&r->decoder, p, n, &frame, &len);
		check(used > 0 && used <= n && (frame != NULL || used == n));
		if (frame == NULL)
			continue;
		check(len >= 2 && len <= HDLC_FRAME_MAX);
		r->frames++;
		r->bytes += len;
		for (i = 0; i < len; i++)
			r->sum = r->sum * 31 + frame[i];
		memset(frame - HDLC_HEADROOM, 0, HDLC_HEADROOM);
	}
}

static void
check_round_trip(const uint8_t *data, size_t size)
{
	static uint8_t wire[HDLC_ENCODED_MAX];
	struct hdlc_decoder decoder;
	uint8_t *frame;
	size_t n, len;

	if (size < 2 || size > HDLC_FRAME_MAX)
		return;
	n = hdlc_encode(wire, data, size);
	check(n <= 2 * (size + 2) + 2);
	hdlc_decoder_init(&decoder);
	check(hdlc_decode(&decoder, wire, n, &frame, &len) == n);
	check(frame != NULL && len == size && memcmp(frame, data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result whole, sliced;
	size_t i, n;

	check_round_trip(data, size);
	memset(&whole, 0, sizeof(whole));
	memset(&sliced, 0, sizeof(sliced));
	feed(&whole, data, size);
	for (i = 0; i < size; i += n) {
		n = 1 + data[i] % 16;
		n = n < size - i ? n : size - i;
		feed(&sliced, data + i, n);
	}
	check(whole.frames == sliced.frames && whole.bytes == sliced.bytes);
	check(whole.sum == sliced.sum);
	check(whole.decoder.bad_fcs == sliced.decoder.bad_fcs);
	check(whole.decoder.too_long == sliced.decoder.too_long);
	check(whole.decoder.runt == sliced.decoder.runt);
	return 0;
}
