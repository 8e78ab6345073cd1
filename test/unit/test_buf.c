/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The byte queue: order, ceiling, and that an empty one holds no memory. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"

static void
test_keeps_order(void **state)
{
	struct buf b;
	uint8_t next_in = 0, next_out = 0;

	(void)state;
	buf_init(&b, 10000);
	/* 97 in, 61 out: every alignment of start and end comes about */
	for (int turn = 0; turn < 300; turn++) {
		uint8_t bytes[97];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = next_in++;
		if (buf_space(&b) >= sizeof(bytes))
			assert_int_equal(
			    buf_append(&b, bytes, sizeof(bytes)), 0);
		else
			next_in = (uint8_t)(next_in - sizeof(bytes));
		for (size_t i = 0; i < 61; i++)
			assert_int_equal(buf_bytes(&b)[i], next_out++);
		buf_consume(&b, 61);
	}
	buf_clear(&b);
}

static void
test_ceiling(void **state)
{
	static const uint8_t bytes[101];
	struct buf b;
	uint8_t *p;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_append(&b, bytes, 101), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(buf_append(&b, bytes, 100), 0);
	assert_int_equal(buf_space(&b), 0);
	assert_int_equal(buf_reserve(&b, 1, &p), -1);
	assert_int_equal(errno, ENOBUFS);
	buf_consume(&b, 1);
	assert_int_equal(buf_reserve(&b, 1, &p), 0);
	buf_clear(&b);
}

static void
test_reserve_and_commit_less(void **state)
{
	struct buf b;
	uint8_t *p;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_reserve(&b, 500, &p), 0);
	memcpy(p, "abc", 3);
	buf_commit(&b, 3);
	assert_int_equal(buf_len(&b), 3);
	assert_int_equal(buf_append(&b, "def", 3), 0);
	assert_memory_equal(buf_bytes(&b), "abcdef", 6);
	buf_clear(&b);
}

static void
test_empty_holds_no_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_null(b.data);
	assert_int_equal(buf_append(&b, "x", 1), 0);
	assert_non_null(b.data);
	buf_consume(&b, 1);
	assert_null(b.data);
	assert_int_equal(buf_append(&b, "", 0), 0);
	assert_null(b.data);
	assert_int_equal(buf_append(&b, "y", 1), 0);
	assert_memory_equal(buf_bytes(&b), "y", 1);
	buf_clear(&b);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_space(&b), 1000);
}

static void
test_ceiling_of_all(void **state)
{
	static const uint8_t bytes[10000];
	struct buf a, b;

	(void)state;
	buf_init(&a, 100000);
	buf_init(&b, 100000);
	buf_trust(&a, 100000);
	buf_trust(&b, 100000);
	buf_limit_all(16384);
	assert_int_equal(buf_append(&a, bytes, 10000), 0);
	assert_int_equal(buf_held_by_all(), 16384);
	assert_true(buf_is_tight());
	assert_int_equal(buf_append(&b, bytes, 1), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(buf_append(&a, bytes, 10000), -1);
	assert_int_equal(buf_len(&a), 10000);
	buf_consume(&a, 10000);
	assert_int_equal(buf_held_by_all(), 0);
	assert_int_equal(buf_append(&b, bytes, 1), 0);
	assert_int_equal(buf_append(&a, bytes, 1), 0);
	buf_clear(&a);
	assert_int_equal(buf_held_by_all(), 4096);
	assert_false(buf_is_tight());
	buf_limit_all(0);
	assert_int_equal(buf_append(&b, bytes, 10000), 0);
	assert_int_equal(buf_append(&a, bytes, 10000), 0);
	buf_clear(&a);
	buf_clear(&b);
	assert_int_equal(buf_held_by_all(), 0);
}

static void
test_kept_back(void **state)
{
	static const uint8_t bytes[65536];
	struct buf anybody, trusted;

	(void)state;
	buf_init(&anybody, 50000);
	buf_init(&trusted, 100);
	buf_trust(&trusted, 70000);
	buf_limit_all(65536);
	assert_int_equal(buf_append(&trusted, bytes, 32768), 0);
	assert_int_equal(buf_append(&anybody, bytes, 32768), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(buf_append(&anybody, bytes, 4096), 0);
	buf_consume(&trusted, 32768);
	assert_true(trusted.trusted); /* also of what comes next */
	buf_clear(&anybody);
	assert_int_equal(buf_append(&trusted, bytes, 65536), 0);
	assert_int_equal(buf_append(&anybody, bytes, 1), -1);
	buf_clear(&trusted);
	buf_limit_all(0);
	assert_int_equal(buf_held_by_all(), 0);
}

/* The next one to get the block must not find it. */
static void
assert_wiped(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 0);
}

static void
test_wipes_passwords(void **state)
{
	static uint8_t secret[3000];
	struct buf b;
	uint8_t *p;

	(void)state;
	memset(secret, 's', sizeof(secret));
	buf_init(&b, 100000);
	assert_int_equal(buf_append(&b, secret, 3000), 0);
	buf_consume(&b, 2000);
	assert_int_equal(buf_append(&b, secret, 3000), 0);
	/* it was moved to the front of its block */
	assert_wiped(b.data + b.len, 4096 - b.len);
	buf_consume(&b, 3500);
	buf_clear(&b);
	assert_int_equal(buf_reserve(&b, 4096, &p), 0);
	assert_wiped(p, 4096);
	buf_clear(&b);
}

static void
test_begins_with_what_it_needed(void **state)
{
	static const uint8_t bytes[20000];
	struct buf b;
	const uint8_t *block;

	(void)state;
	buf_init(&b, 100000);
	buf_trust(&b, 100000);
	assert_int_equal(buf_append(&b, bytes, 1), 0);
	assert_int_equal(b.size, 4096);
	assert_int_equal(buf_append(&b, bytes, 19999), 0);
	assert_int_equal(b.size, 32768);
	block = b.data;
	buf_consume(&b, 20000);
	assert_int_equal(buf_append(&b, bytes, 1), 0);
	assert_int_equal(b.size, 32768);
	assert_ptr_equal(b.data, block); /* it was at hand */
	buf_consume(&b, 1);
	assert_int_equal(buf_append(&b, bytes, 1), 0);
	assert_int_equal(b.size, 4096); /* one byte was all, that time */
	/* not while memory is tight, nor to the last byte of what there is */
	assert_int_equal(buf_append(&b, bytes, 19999), 0);
	buf_clear(&b);
	buf_limit_all(16384);
	assert_int_equal(buf_append(&b, bytes, 1), 0);
	assert_int_equal(b.size, 4096);
	buf_limit_all(0);
	buf_clear(&b);
	assert_int_equal(buf_held_by_all(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_order),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_reserve_and_commit_less),
		cmocka_unit_test(test_empty_holds_no_memory),
		cmocka_unit_test(test_ceiling_of_all),
		cmocka_unit_test(test_kept_back),
		cmocka_unit_test(test_wipes_passwords),
		cmocka_unit_test(test_begins_with_what_it_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
