/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * hdlc.c against a second, byte-wise and bit-wise, implementation of RFC 1662:
 * all of it once for each set of loops this processor can do.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hdlc.h"
#include "hdlc_loops.h"

enum { OUTPUT_MAX = 64 * 1024 };

/* What came out of a decoder: each frame as two bytes of length and itself. */
struct output {
	unsigned int frames;
	size_t n;
	uint8_t bytes[OUTPUT_MAX];
};

static const struct hdlc_loops *loops;
static struct hdlc_decoder decoder;
static struct output output;
static uint8_t frame[HDLC_FRAME_MAX + 16], wire[4 * HDLC_ENCODED_MAX];

static uint32_t
next_random(void)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void
fill_random(uint8_t *p, size_t n)
{
	while (n-- > 0)
		*p++ = (uint8_t)next_random();
}

static uint16_t
plain_fcs(const uint8_t *p, size_t n)
{
	uint16_t fcs = 0xffff;
	int bit;

	while (n-- > 0) {
		fcs ^= *p++;
		for (bit = 0; bit < 8; bit++)
			fcs = (uint16_t)(fcs >> 1 ^ (fcs & 1 ? 0x8408 : 0));
	}
	return (uint16_t)~fcs;
}

/* Encode, escaping also all bytes below escape_below, as pppd may do. */
static size_t
plain_encode(uint8_t *dst, const uint8_t *p, size_t n, uint8_t escape_below)
{
	uint16_t fcs = plain_fcs(p, n);
	uint8_t *q = dst, c;
	size_t i;

	*q++ = 0x7e;
	for (i = 0; i < n + 2; i++) {
		c = i < n ? p[i] : i == n ? (uint8_t)fcs : (uint8_t)(fcs >> 8);
		if (c == 0x7d || c == 0x7e || c < escape_below) {
			*q++ = 0x7d;
			c ^= 0x20;
		}
		*q++ = c;
	}
	*q++ = 0x7e;
	return (size_t)(q - dst);
}

/* Decode n bytes from a block of just that size, where overreads show. */
static void
feed(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1), *f;
	size_t i = 0, used, len;

	assert_non_null(copy);
	memcpy(copy, p, n);
	while (i < n) {
		used = hdlc_decode(&decoder, copy + i, n - i, &f, &len);
		assert_in_range(used, 1, n - i);
		i += used;
		if (f == NULL) {
			assert_int_equal(i, n);
			assert_int_equal(len, 0);
			break;
		}
		assert_in_range(len, 2, HDLC_FRAME_MAX);
		assert_true(output.n + len + 2 <= OUTPUT_MAX);
		output.bytes[output.n++] = (uint8_t)(len >> 8);
		output.bytes[output.n++] = (uint8_t)len;
		memcpy(output.bytes + output.n, f, len);
		output.n += len;
		output.frames++;
		/* the headroom is the caller's */
		memset(f - HDLC_HEADROOM, 0x7e, HDLC_HEADROOM);
	}
	free(copy);
}

static void
restart(void)
{
	memset(&decoder, 0xff, sizeof(decoder));
	hdlc_decoder_init(&decoder);
	decoder.by = loops;
	output.frames = 0;
	output.n = 0;
}

static void
assert_counters(uint64_t bad_fcs, uint64_t too_long, uint64_t runt)
{
	assert_int_equal(decoder.bad_fcs, bad_fcs);
	assert_int_equal(decoder.too_long, too_long);
	assert_int_equal(decoder.runt, runt);
}

static void
assert_one_frame(const uint8_t *p, size_t n)
{
	assert_int_equal(output.frames, 1);
	assert_int_equal(output.n, n + 2);
	assert_memory_equal(output.bytes + 2, p, n);
}

/* Encode into a block of the size promised as enough, compare, decode. */
static void
check_encoder(const uint8_t *p, size_t n, uint8_t escape_below,
    size_t (*encode)(uint8_t *dst, const uint8_t *frame, size_t n))
{
	uint8_t *dst = malloc(2 * (n + 2) + 2);
	size_t len;

	assert_non_null(dst);
	len = encode(dst, p, n);
	assert_int_equal(len, plain_encode(wire, p, n, escape_below));
	assert_memory_equal(dst, wire, len);
	restart();
	feed(dst, len);
	free(dst);
	if (n < 2) { /* no address and control field */
		assert_int_equal(output.frames, 0);
		assert_counters(0, 0, 1);
		return;
	}
	assert_one_frame(p, n);
	assert_counters(0, 0, 0);
}

static size_t
encode_data(uint8_t *dst, const uint8_t *p, size_t n)
{
	return hdlc_encode_by(loops, dst, p, n);
}

static void
check_round_trip(const uint8_t *p, size_t n)
{
	check_encoder(p, n, 0, encode_data);
	check_encoder(p, n, 0x20, hdlc_encode_control);
}

static void
test_known_vector(void **state)
{
	/* the check value of CRC-16/X-25 is 906e */
	static const uint8_t digits[] = "123456789";
	static const uint8_t encoded[] = "\x7e"
					 "123456789\x6e\x90\x7e";
	uint8_t dst[64];

	(void)state;
	assert_int_equal(encode_data(dst, digits, 9), sizeof(encoded) - 1);
	assert_memory_equal(dst, encoded, sizeof(encoded) - 1);
	restart();
	feed(encoded, sizeof(encoded) - 1);
	assert_one_frame(digits, 9);
}

static void
test_every_byte_value(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < 256; i++)
		frame[i] = (uint8_t)i;
	check_round_trip(frame, 256);
	/* alone, at each place of a word */
	for (i = 0; i < 256 * 16; i++) {
		memset(frame, 0x55, 16);
		frame[i % 16] = (uint8_t)(i / 16);
		check_round_trip(frame, 16);
	}
	/* escaped without need, pppd's default for control characters */
	for (i = 0; i < 256; i++)
		frame[i] = (uint8_t)i;
	n = plain_encode(wire, frame, 256, 0x20);
	assert_true(n > 256 + 32 + 4);
	restart();
	feed(wire, n);
	assert_one_frame(frame, 256);
}

static void
test_worst_case(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n <= HDLC_FRAME_MAX; n += n < 64 ? 1 : 61) {
		memset(frame, 0x7e, n);
		check_round_trip(frame, n);
		memset(frame, 0x7d, n);
		check_round_trip(frame, n);
	}
	memset(frame, 0x7e, HDLC_FRAME_MAX);
	check_round_trip(frame, HDLC_FRAME_MAX);
	assert_true(
	    encode_data(wire, frame, HDLC_FRAME_MAX) <= HDLC_ENCODED_MAX);
}

static void
test_fcs_that_needs_escapes(void **state)
{
	unsigned int both = 0, i;
	uint16_t fcs;

	(void)state;
	for (i = 0; i < 65536; i++) {
		frame[0] = 0xff;
		frame[1] = (uint8_t)(i >> 8);
		frame[2] = (uint8_t)i;
		fcs = plain_fcs(frame, 3);
		if ((fcs >> 8 != 0x7d && fcs >> 8 != 0x7e) ||
		    ((fcs & 0xff) != 0x7d && (fcs & 0xff) != 0x7e))
			continue;
		both++;
		check_round_trip(frame, 3);
	}
	assert_int_equal(both, 4);
}

static void
test_every_length(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n <= HDLC_FRAME_MAX; n += n < 300 ? 1 : 7) {
		fill_random(frame, n);
		check_round_trip(frame, n);
	}
	fill_random(frame, HDLC_FRAME_MAX);
	check_round_trip(frame, HDLC_FRAME_MAX);
}

/* Good, aborted, short, damaged, overlong and again good frames. */
static size_t
build_mixed_stream(uint8_t *dst)
{
	uint8_t *p = dst;
	size_t n;

	fill_random(frame, 40);
	memset(frame, 0x7e, 4);
	p += plain_encode(p, frame, 40, 0x20);
	memcpy(p, "\x7e\x7e\xff\x03\x7d\x7e", 6);
	p += 6;
	memcpy(p, "\x01\x02\x03\x7e", 4);
	p += 4;
	n = plain_encode(p, frame, 30, 0);
	p[8] ^= 1;
	p += n;
	memset(p, 0x7d, HDLC_ENCODED_MAX + 6);
	p += HDLC_ENCODED_MAX + 6;
	n = plain_encode(p, frame, 20, 0);
	p += n - 1; /* shares the next one's flag */
	p += plain_encode(p, frame, 10, 0);
	return (size_t)(p - dst);
}

static void
test_every_split(void **state)
{
	static struct output whole;
	size_t n = build_mixed_stream(wire), i, step;

	(void)state;
	restart();
	feed(wire, n);
	assert_int_equal(output.frames, 3);
	assert_int_equal(output.n, 40 + 20 + 10 + 3 * 2);
	assert_counters(1, 1, 2);
	whole = output;
	for (i = 0; i <= n; i++) {
		restart();
		feed(wire, i);
		feed(wire + i, n - i);
		assert_int_equal(output.n, whole.n);
		assert_memory_equal(output.bytes, whole.bytes, whole.n);
		assert_counters(1, 1, 2);
	}
	for (step = 1; step < 20; step++) {
		restart();
		for (i = 0; i < n; i += step)
			feed(wire + i, n - i < step ? n - i : step);
		assert_int_equal(output.n, whole.n);
		assert_memory_equal(output.bytes, whole.bytes, whole.n);
		assert_counters(1, 1, 2);
	}
}

/* One frame a call; what follows it is left to the next. */
static void
test_one_frame_a_call(void **state)
{
	uint8_t *f;
	size_t first, n, len;

	(void)state;
	memcpy(frame, "\xff\x03\xc0\x21\x09\x00\x00\x04", 8);
	first = plain_encode(wire, frame, 8, 0);
	n = first + plain_encode(wire + first, frame, 4, 0);
	restart();
	assert_int_equal(hdlc_decode(&decoder, wire, n, &f, &len), first);
	assert_ptr_equal(f, decoder.frame + HDLC_HEADROOM);
	assert_int_equal(len, 8);
	assert_memory_equal(f, frame, 8);
	assert_int_equal(
	    hdlc_decode(&decoder, wire + first, n - first, &f, &len),
	    n - first);
	assert_int_equal(len, 4);
	assert_int_equal(hdlc_decode(&decoder, wire, 0, &f, &len), 0);
	assert_null(f);
}

static void
test_flags(void **state)
{
	static const uint8_t flags[] = "\x7e\x7e\x7e\x7e";
	size_t n;

	(void)state;
	fill_random(frame, 50);
	n = plain_encode(wire, frame, 50, 0);
	restart();
	feed(wire + 1, n - 1); /* the first frame need not have a flag before */
	assert_one_frame(frame, 50);
	feed(flags, 4); /* back to back they are no frames */
	feed(wire, n - 1);
	feed(wire, n); /* one flag between two frames is enough */
	feed(flags, 4);
	assert_int_equal(output.frames, 3);
	assert_counters(0, 0, 0);
}

static void
test_abort(void **state)
{
	size_t n;

	(void)state;
	fill_random(frame, 50);
	n = plain_encode(wire, frame, 50, 0);
	restart();
	feed(wire, n - 1);
	feed((const uint8_t *)"\x7d\x7e", 2);
	assert_counters(0, 0, 1);
	feed(wire + 1, n - 1); /* that flag also begins a frame */
	assert_one_frame(frame, 50);
	feed((const uint8_t *)"\x7d\x7e", 2); /* of an empty frame */
	assert_counters(0, 0, 2);
	feed((const uint8_t *)"\x7e", 1);
	assert_counters(0, 0, 2);
}

static void
test_runts(void **state)
{
	size_t n;

	(void)state;
	for (n = 1; n < 4; n++) {
		restart();
		feed((const uint8_t *)"\x7e\x01\x02\x03", 1 + n);
		feed((const uint8_t *)"\x7e", 1);
		assert_int_equal(output.frames, 0);
		assert_counters(0, 0, 1);
	}
	restart();
	feed((const uint8_t *)"\x7e\x01\x02\x03\x04\x7e", 6);
	assert_int_equal(output.frames, 0);
	assert_counters(1, 0, 0);
}

static void
test_too_long(void **state)
{
	size_t n, extra;

	(void)state;
	fill_random(frame, sizeof(frame));
	for (extra = 1; extra <= 16; extra++) {
		restart();
		n = plain_encode(wire, frame, HDLC_FRAME_MAX + extra, 0);
		feed(wire, n);
		assert_int_equal(output.frames, 0);
		assert_counters(0, 1, 0);
		n = plain_encode(wire, frame, HDLC_FRAME_MAX, 0);
		feed(wire, n);
		assert_one_frame(frame, HDLC_FRAME_MAX);
		assert_counters(0, 1, 0);
	}
	/* without end, and without flags */
	restart();
	memset(wire, 0x41, sizeof(wire));
	for (n = 0; n < 50; n++)
		feed(wire, sizeof(wire));
	assert_counters(0, 1, 0);
	feed((const uint8_t *)"\x7d\x7e", 2);
	assert_counters(0, 1, 0);
	n = plain_encode(wire, frame, 100, 0);
	feed(wire, n);
	assert_one_frame(frame, 100);
}

/* A damaged frame is dropped and counted, and the one after it comes. */
static void
test_bit_flips(void **state)
{
	uint8_t good[64];
	size_t n, good_len, i;

	(void)state;
	fill_random(frame, 200);
	frame[50] = 0x7e;
	frame[60] = 0x7d;
	n = plain_encode(wire, frame, 200, 0);
	good_len = plain_encode(good, frame, 20, 0);
	for (i = 0; i < n * 8; i++) {
		restart();
		wire[i / 8] ^= (uint8_t)(1 << i % 8);
		feed(wire, n);
		assert_int_equal(output.frames, 0);
		feed(good, good_len);
		assert_one_frame(frame, 20);
		assert_true(decoder.bad_fcs + decoder.runt > 0);
		wire[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
test_truncation(void **state)
{
	size_t n, i;

	(void)state;
	fill_random(frame, 200);
	frame[50] = 0x7e;
	n = plain_encode(wire, frame, 200, 0);
	for (i = 0; i < n - 1; i++) {
		restart();
		feed(wire, i);
		feed((const uint8_t *)"\x7e", 1);
		assert_int_equal(output.frames, 0);
		assert_int_equal(decoder.bad_fcs + decoder.runt, i > 1);
	}
	restart();
	feed(wire, n - 1);
	assert_int_equal(output.frames, 0);
	feed((const uint8_t *)"\x7e", 1);
	assert_one_frame(frame, 200);
}

/* The fastest loops are what everybody gets. */
static void
test_choice(void **state)
{
	const struct hdlc_loops *row;

	(void)state;
	hdlc_decoder_init(&decoder);
	assert_ptr_equal(decoder.by, hdlc_loops_best());
	assert_null(hdlc_loops[0].usable);
	for (row = decoder.by + 1; row->name != NULL; row++)
		assert_false(row->usable());
	fill_random(frame, 500);
	assert_int_equal(hdlc_encode(wire, frame, 500),
	    hdlc_encode_by(hdlc_loops, wire + HDLC_ENCODED_MAX, frame, 500));
}

int
main(void)
{
	int failed = 0;

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_vector),
		cmocka_unit_test(test_every_byte_value),
		cmocka_unit_test(test_worst_case),
		cmocka_unit_test(test_fcs_that_needs_escapes),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_one_frame_a_call),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_runts),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_choice),
	};

	for (loops = hdlc_loops; loops->name != NULL; loops++) {
		if (loops->usable == NULL || loops->usable())
			failed += cmocka_run_group_tests_name(
			    loops->name, tests, NULL, NULL);
	}
	return failed;
}
