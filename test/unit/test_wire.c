/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* wire.h: what the cursors take and put, and that they stop at the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire.h"

static const uint8_t bytes[] = { 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7 };

static void
test_take(void **state)
{
	struct wire_in in = { bytes, sizeof(bytes) };
	uint32_t v32;
	uint16_t v16;
	uint8_t v8;

	(void)state;
	assert_true(take_be32(&in, &v32));
	assert_int_equal(v32, 0x8192a3b4);
	assert_true(take_be16(&in, &v16));
	assert_int_equal(v16, 0xc5d6);
	assert_true(take_u8(&in, &v8));
	assert_int_equal(v8, 0xe7);
	assert_int_equal(in.n, 0);
	assert_ptr_equal(in.p, bytes + sizeof(bytes));
}

static void
test_take_block(void **state)
{
	struct wire_in in = { bytes, sizeof(bytes) }, block;

	(void)state;
	assert_true(take_block(&in, 0, &block));
	assert_ptr_equal(block.p, bytes);
	assert_int_equal(block.n, 0);
	assert_true(take_block(&in, 3, &block));
	assert_ptr_equal(block.p, bytes);
	assert_int_equal(block.n, 3);
	assert_ptr_equal(in.p, bytes + 3);
	assert_int_equal(in.n, 4);
	assert_false(take_block(&in, 5, &block));
	assert_false(take_block(&in, SIZE_MAX, &block));
	assert_int_equal(block.n, 3);
	assert_true(take_block(&in, 4, &block));
	assert_int_equal(in.n, 0);
	assert_true(take_block(&in, 0, &block));
	assert_false(take_block(&in, 1, &block));
}

/* Where too little is left nothing is taken and nothing is stored. */
static void
test_take_too_much(void **state)
{
	struct wire_in in;
	uint32_t v32 = 1;
	uint16_t v16 = 2;
	uint8_t v8 = 3;
	size_t n;

	(void)state;
	for (n = 0; n < 4; n++) {
		in = (struct wire_in){ bytes, n };
		assert_false(take_be32(&in, &v32));
		assert_ptr_equal(in.p, bytes);
		assert_int_equal(in.n, n);
	}
	for (n = 0; n < 2; n++) {
		in = (struct wire_in){ bytes, n };
		assert_false(take_be16(&in, &v16));
		assert_int_equal(in.n, n);
	}
	in = (struct wire_in){ NULL, 0 };
	assert_false(take_u8(&in, &v8));
	assert_int_equal(v32, 1);
	assert_int_equal(v16, 2);
	assert_int_equal(v8, 3);
}

static void
test_put(void **state)
{
	uint8_t dst[10];
	struct wire_out out = { dst, sizeof(dst), false };

	(void)state;
	put_be32(&out, 0x8192a3b4);
	put_be16(&out, 0xc5d6);
	put_u8(&out, 0xe7);
	put_block(&out, bytes, 3);
	put_block(&out, NULL, 0);
	assert_false(out.overflow);
	assert_int_equal(out.n, 0);
	assert_ptr_equal(out.p, dst + sizeof(dst));
	assert_memory_equal(dst, bytes, 7);
	assert_memory_equal(dst + 7, bytes, 3);
}

static void
test_put_too_much(void **state)
{
	uint8_t dst[8], same[8];
	struct wire_out out;
	size_t n;

	(void)state;
	memset(same, 0x5a, sizeof(same));
	for (n = 0; n < 4; n++) {
		memset(dst, 0x5a, sizeof(dst));
		out = (struct wire_out){ dst, n, false };
		put_be32(&out, 0);
		assert_true(out.overflow);
		assert_ptr_equal(out.p, dst);
		/* nor does what would still fit follow a hole */
		put_u8(&out, 0);
		put_be16(&out, 0);
		put_block(&out, bytes, 1);
		put_block(&out, NULL, 0);
		assert_true(out.overflow);
		assert_ptr_equal(out.p, dst);
		assert_int_equal(out.n, n);
		assert_memory_equal(dst, same, sizeof(same));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_block),
		cmocka_unit_test(test_take_too_much),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_put_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
