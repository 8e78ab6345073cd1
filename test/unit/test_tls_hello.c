/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The size of a ClientHello, however its bytes are cut. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls_hello.h"

enum { PART = 50, ALL = 4096 };

struct bytes {
	uint8_t byte[ALL];
	size_t n;
};

static void
add(struct bytes *b, uint8_t byte)
{
	assert_true(b->n < ALL);
	b->byte[b->n++] = byte;
}

/* A record with so many bytes, which are zeros from the fourth on. */
static void
record(struct bytes *b, uint8_t type, uint8_t message, uint32_t size,
    unsigned int payload)
{
	const uint8_t head[] = { type, 3, 1, (uint8_t)(payload >> 8),
		(uint8_t)payload };
	const uint8_t begin[] = { message, (uint8_t)(size >> 16),
		(uint8_t)(size >> 8), (uint8_t)size };

	for (size_t i = 0; i < sizeof(head); i++)
		add(b, head[i]);
	for (size_t i = 0; i < payload; i++)
		add(b, i < sizeof(begin) ? begin[i] : 0);
}

/* In pieces of each size. */
static bool
is_fair(const struct bytes *b, bool is_tls_1_2, uint32_t *size)
{
	bool fair = true;

	for (size_t piece = 1; piece <= b->n; piece++) {
		struct tls_hello h = { 0 };
		bool now = true;

		for (size_t i = 0; i < b->n && now; i += piece) {
			size_t n = b->n - i < piece ? b->n - i : piece;

			now = tls_hello_is_fair(&h, b->byte + i, n, is_tls_1_2);
		}
		if (piece > 1)
			assert_int_equal(now, fair);
		fair = now;
		*size = h.size;
	}
	return fair;
}

static void
assert_fair(const struct bytes *b, bool is_tls_1_2)
{
	uint32_t size;

	assert_true(is_fair(b, is_tls_1_2, &size));
}

static void
assert_unfair(const struct bytes *b, bool is_tls_1_2, uint32_t expected)
{
	uint32_t size;

	assert_false(is_fair(b, is_tls_1_2, &size));
	assert_int_equal(size, expected);
}

static void
test_limit(void **state)
{
	struct bytes at = { 0 }, above = { 0 };

	(void)state;
	record(&at, 22, 1, TLS_HELLO_MAX, PART);
	assert_fair(&at, false);
	record(&above, 22, 1, TLS_HELLO_MAX + 1, 4);
	assert_unfair(&above, false, TLS_HELLO_MAX + 1);
}

/* After one that was fine; OpenSSL asks for it where a key share is missing. */
static void
test_second(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	record(&b, 22, 1, PART - 4, PART);
	record(&b, 20, 1, 0, 1);
	record(&b, 22, 1, 0x1ffff, PART);
	assert_unfair(&b, false, 0x1ffff);
}

static void
test_in_pieces(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		record(&b, 22, i == 0 ? 1 : i == 1 ? 2 : 0, 0, 1);
	/* type 1, length 0x0200.. and more, a byte in each record */
	add(&b, 22), add(&b, 3), add(&b, 1), add(&b, 0), add(&b, 1);
	add(&b, 9);
	assert_unfair(&b, false, 0x020009);
}

/* Two messages in a record, the second one begins in its middle. */
static void
test_shared_record(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	record(&b, 22, 1, 10, 20);
	b.byte[5 + 14] = 1;
	b.byte[5 + 15] = 1;
	assert_unfair(&b, false, 0x010000);
}

static void
test_others(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	record(&b, 22, 16, 0x10000, 30); /* not a ClientHello */
	assert_fair(&b, false);
	b.n = 0;
	record(&b, 23, 1, 0xffffff, 30); /* nor a handshake */
	record(&b, 22, 0, 0, 0);
	record(&b, 21, 1, 0xffffff, 30);
	assert_fair(&b, false);
}

/* An encrypted Finished of TLS 1.2 looks like anything. */
static void
test_encrypted(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	record(&b, 22, 1, PART - 4, PART);
	record(&b, 20, 1, 0, 1);
	record(&b, 22, 1, 0xabcdef, 40);
	assert_fair(&b, true);
	assert_unfair(&b, false, 0xabcdef);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_shared_record),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
