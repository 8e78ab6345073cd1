/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Sums against their plain definition: lengths, alignments, extreme values. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inet_sum.h"
#include "test/ip_reference.h"

typedef uint16_t copy_fn(uint8_t *dst, const uint8_t *src, size_t n);

/* The example of RFC 1071 3. */
static void
test_example(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5,
		0xf6, 0xf7 };
	uint8_t copy[sizeof(bytes)];

	(void)state;
	assert_int_equal(inet_sum_header(bytes, sizeof(bytes)), 0xddf2);
	assert_int_equal(inet_copy_sum(copy, bytes, sizeof(bytes)), 0xddf2);
}

static void
test_fold(void **state)
{
	static const struct {
		uint32_t sum;
		uint16_t folded;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 0xffff, 0xffff }, { 0x10000, 1 },
		{ 0x1fffe, 0xffff }, { 0xffff0000, 0xffff }, { 0xffff0001, 1 },
		{ 0xffffffff, 0xffff }, { 0x12345678, 0x68ac } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(inet_fold(rows[i].sum), rows[i].folded);
}

/* In blocks of their own, where one byte too many is found out. */
static void
check_copy(copy_fn *copy, const uint8_t *bytes, size_t n)
{
	uint8_t *src = malloc(n + 1), *dst = malloc(n + 1);

	assert_non_null(src);
	assert_non_null(dst);
	memcpy(src + 1, bytes, n); /* not aligned to anything */
	dst[0] = 0x5a;
	assert_int_equal(copy(dst + 1, src + 1, n), ref_sum(0, bytes, n));
	assert_memory_equal(dst + 1, bytes, n);
	assert_int_equal(dst[0], 0x5a);
	free(src);
	free(dst);
}

static void
check_all(const uint8_t *bytes, size_t n)
{
	check_copy(inet_copy_sum, bytes, n);
	check_copy(inet_copy_sum_plain, bytes, n);
	if (n % 4 == 0)
		assert_int_equal(
		    inet_sum_header(bytes, n), ref_sum(0, bytes, n));
}

static void
test_lengths(void **state)
{
	static uint8_t bytes[INET_COPY_MAX];
	uint64_t seed = 1;

	(void)state;
	ref_fill(&seed, bytes, sizeof(bytes));
	for (size_t n = 0; n <= 700; n++)
		check_all(bytes + n, n);
	for (size_t n = sizeof(bytes) - 70; n <= sizeof(bytes); n++)
		check_all(bytes, n);
}

/* All carries, no carries, the signs that vector instructions see. */
static void
test_values(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };
	static uint8_t bytes[INET_COPY_MAX];
	static const size_t lengths[] = { 1, 2, 31, 32, 33, 64, 255, 1448,
		INET_COPY_MAX - 1, INET_COPY_MAX };

	(void)state;
	for (size_t v = 0; v < 36; v++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = values[i % 2 ? v % 6 : v / 6];
		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
			check_all(bytes, lengths[i]);
	}
}

/* Adding the carries carries once more. */
static void
test_last_carry(void **state)
{
	uint8_t bytes[24];

	(void)state;
	for (size_t at = 16; at < sizeof(bytes); at++) {
		memset(bytes, 0xff, 16);
		memset(bytes + 16, 0, 8);
		bytes[at] = 1; /* the lowest of 64 bits, in either order */
		for (size_t n = at + 1; n <= sizeof(bytes); n++)
			check_all(bytes, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_last_carry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
