/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The loops of the HDLC codec, each set of them that this processor can do,
 * against their plain definition: octet stuffing and the FCS a byte, or a bit,
 * at a time. Blocks of memory have just the size promised.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fcs16.h"
#include "hdlc_loops.h"

enum { LONG = 2000, GUARD = 160, GUARD_BYTE = 0xa5 };

static const struct hdlc_loops *loops;

static uint32_t
next_random(void)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Random bytes of which one in special is 7D or 7E, on top of those by chance.
 */
static void
fill(uint8_t *p, size_t n, unsigned int special)
{
	for (size_t i = 0; i < n; i++) {
		p[i] = (uint8_t)next_random();
		if (next_random() % special == 0)
			p[i] = next_random() % 2 ? 0x7d : 0x7e;
	}
}

/* --- plain definitions -------------------------------------------------- */

static uint16_t
plain_fcs(uint16_t fcs, const uint8_t *p, size_t n)
{
	while (n-- > 0) {
		fcs ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			fcs = (uint16_t)(fcs >> 1 ^ (fcs & 1 ? 0x8408 : 0));
	}
	return fcs;
}

static uint8_t *
plain_stuff(uint8_t *dst, const uint8_t *p, size_t n)
{
	for (; n > 0; p++, n--) {
		if (*p == 0x7d || *p == 0x7e) {
			*dst++ = 0x7d;
			*dst++ = *p ^ 0x20;
		} else {
			*dst++ = *p;
		}
	}
	return dst;
}

static void
plain_unstuff(struct hdlc_run *r)
{
	for (; r->p < r->end && *r->p != 0x7e; r->p++) {
		if (*r->p == 0x7d && !r->escaped) {
			r->escaped = true;
			continue;
		}
		if (r->dst == r->dst_end)
			break;
		*r->dst++ = r->escaped ? *r->p ^ 0x20 : *r->p;
		r->escaped = false;
	}
}

/* --- one comparison ------------------------------------------------------ */

static uint8_t *
exactly(const uint8_t *p, size_t n)
{
	uint8_t *copy = calloc(1, n > 0 ? n : 1);

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

static void
assert_guard(const uint8_t *p)
{
	for (size_t i = 0; i < GUARD; i++)
		assert_int_equal(p[i], GUARD_BYTE);
}

static void
check_stuff(const uint8_t *p, size_t n)
{
	static uint8_t expected[2 * LONG], out[2 * LONG + GUARD];
	uint8_t *copy = exactly(p, n);
	size_t len = (size_t)(plain_stuff(expected, p, n) - expected);

	memset(out, GUARD_BYTE, sizeof(out));
	assert_int_equal(loops->stuff(out, copy, n) - out, len);
	assert_memory_equal(out, expected, len);
	assert_guard(out + 2 * n);
	free(copy);
}

/* n bytes into a given room, beginning after 7D or not. */
static void
check_unstuff(const uint8_t *p, size_t n, size_t room, bool escaped)
{
	static uint8_t plain[2 * LONG], out[2 * LONG + GUARD];
	uint8_t *copy = exactly(p, n);
	struct hdlc_run expected = { copy, copy + n, plain, plain + room,
		escaped };
	struct hdlc_run run = { copy, copy + n, out, out + room, escaped };
	size_t len;

	memset(out, GUARD_BYTE, room + GUARD);
	plain_unstuff(&expected);
	loops->unstuff(&run);
	len = (size_t)(expected.dst - plain);
	assert_ptr_equal(run.p, expected.p);
	assert_int_equal(run.dst - out, len);
	assert_int_equal(run.escaped, expected.escaped);
	assert_memory_equal(out, plain, len);
	assert_guard(out + room);
	free(copy);
}

/* --- tests -------------------------------------------------------------- */

static void
test_fcs(void **state)
{
	static uint8_t bytes[LONG];
	size_t n;

	(void)state;
	fill(bytes, sizeof(bytes), 50);
	for (n = 0; n <= LONG; n += n < 600 ? 1 : 13) {
		uint8_t *copy = exactly(bytes, n);
		uint16_t before = (uint16_t)next_random();

		assert_int_equal(
		    loops->fcs(before, copy, n), plain_fcs(before, copy, n));
		assert_int_equal(loops->fcs(FCS16_INIT, copy, n),
		    plain_fcs(FCS16_INIT, copy, n));
		free(copy);
	}
	/* CRC-16/X-25's check value, 906e, and what is left of a good frame */
	assert_int_equal(
	    loops->fcs(FCS16_INIT, (const uint8_t *)"123456789", 9),
	    0xffff - 0x906e);
	assert_int_equal(
	    loops->fcs(FCS16_INIT, (const uint8_t *)"123456789\x6e\x90", 11),
	    FCS16_GOOD);
}

/* Every bit of the message, wherever it is, has its own weight in the sum. */
static void
test_fcs_of_single_bits(void **state)
{
	static uint8_t bytes[400];
	size_t n, i;

	(void)state;
	for (n = 1; n <= sizeof(bytes); n += 19) {
		for (i = 0; i < 8 * n; i++) {
			bytes[i / 8] = (uint8_t)(1 << i % 8);
			assert_int_equal(
			    loops->fcs(0, bytes, n), plain_fcs(0, bytes, n));
			bytes[i / 8] = 0;
		}
	}
}

static void
test_fcs_in_parts(void **state)
{
	static uint8_t bytes[300];
	uint16_t whole;
	size_t i;

	(void)state;
	fill(bytes, sizeof(bytes), 50);
	whole = plain_fcs(FCS16_INIT, bytes, sizeof(bytes));
	for (i = 0; i <= sizeof(bytes); i++)
		assert_int_equal(loops->fcs(loops->fcs(FCS16_INIT, bytes, i),
				     bytes + i, sizeof(bytes) - i),
		    whole);
}

static void
test_stuff(void **state)
{
	static const unsigned int densities[] = { 1, 2, 5, 30, 200, 100000 };
	static uint8_t bytes[LONG];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(densities) / sizeof(densities[0]); i++) {
		fill(bytes, sizeof(bytes), densities[i]);
		for (n = 0; n <= LONG; n += n < 300 ? 1 : 17) {
			fill(bytes, 1 + next_random() % LONG, densities[i]);
			check_stuff(bytes, n);
		}
	}
	memset(bytes, 0x7e, sizeof(bytes));
	for (n = 0; n <= LONG; n += n < 300 ? 1 : 17)
		check_stuff(bytes, n);
}

static void
test_every_byte_everywhere(void **state)
{
	static uint8_t bytes[200];
	size_t at, n;
	int c;

	(void)state;
	memset(bytes, 0x41, sizeof(bytes));
	for (n = 1; n <= sizeof(bytes); n += 66) {
		for (at = 0; at < n; at++) {
			for (c = 0; c < 256; c++) {
				bytes[at] = (uint8_t)c;
				check_stuff(bytes, n);
				check_unstuff(bytes, n, n, false);
				check_unstuff(bytes, n, n, true);
			}
			bytes[at] = 0x41;
		}
	}
}

/* Stuffed data, or anything at all: 7D before 7D, 7E in the middle. */
static size_t
make_line(uint8_t *line, size_t n, unsigned int special, bool valid)
{
	static uint8_t bytes[LONG];

	if (!valid) {
		fill(line, n, special);
		return n;
	}
	fill(bytes, n, special);
	return (size_t)(plain_stuff(line, bytes, n) - line);
}

static void
test_unstuff(void **state)
{
	static const unsigned int densities[] = { 1, 2, 5, 30, 200, 100000 };
	static uint8_t line[2 * LONG];
	size_t i, n, len;

	(void)state;
	for (i = 0; i < sizeof(densities) / sizeof(densities[0]); i++) {
		for (n = 0; n <= LONG; n += n < 300 ? 1 : 17) {
			len = make_line(line, n, densities[i], true);
			check_unstuff(line, len, n, false);
			check_unstuff(line, len, len, n % 2);
			len = make_line(line, n, densities[i], false);
			check_unstuff(line, len, len, n % 2);
		}
	}
}

/* Every split of what comes, and every room for it. */
static void
test_splits(void **state)
{
	static uint8_t line[2 * LONG];
	size_t len, i;

	(void)state;
	for (unsigned int special = 1; special < 400; special *= 3) {
		len = make_line(line, 300, special, true);
		line[len++] = 0x7e;
		for (i = 0; i <= len; i++) {
			check_unstuff(line, i, len, false);
			check_unstuff(line + i, len - i, len, true);
			check_unstuff(line, len, i, false);
			check_unstuff(line, i, i / 2, false);
		}
	}
	memset(line, 0x7d, 300);
	for (i = 0; i <= 300; i++) {
		check_unstuff(line, i, i, false);
		check_unstuff(line, 300, i, true);
	}
}

int
main(void)
{
	int failed = 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fcs),
		cmocka_unit_test(test_fcs_of_single_bits),
		cmocka_unit_test(test_fcs_in_parts),
		cmocka_unit_test(test_stuff),
		cmocka_unit_test(test_every_byte_everywhere),
		cmocka_unit_test(test_unstuff),
		cmocka_unit_test(test_splits),
	};

	for (loops = hdlc_loops; loops->name != NULL; loops++) {
		if (loops->usable == NULL || loops->usable())
			failed += cmocka_run_group_tests_name(
			    loops->name, tests, NULL, NULL);
	}
	return failed;
}
