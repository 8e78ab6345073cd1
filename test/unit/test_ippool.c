/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The address pool: what is read as a range, and who gets which address. */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "ippool.h"

#define IP(a, b, c, d)                                                         \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static struct ippool_range
range(const char *text)
{
	struct ippool_range r = { 0, 0 };
	const char *why = NULL;

	if (ippool_parse_range(text, &r, &why) != 0)
		fail_msg("%s: %s", text, why);
	return r;
}

/* A pool of one range, of which nothing is left out. */
static struct ippool *
pool_of(const char *text)
{
	struct ippool_range r = range(text);
	struct ippool *pool = ippool_new(&r, 1, NULL, 0);

	assert_non_null(pool);
	return pool;
}

/* --- parsing --- */

static void
test_parse_good(void **state)
{
	static const struct {
		const char *text;
		uint32_t first, last;
	} rows[] = {
		{ "192.0.2.7", IP(192, 0, 2, 7), IP(192, 0, 2, 7) },
		{ "192.0.2.10-192.0.2.99", IP(192, 0, 2, 10),
		    IP(192, 0, 2, 99) },
		{ "192.0.2.7-192.0.2.7", IP(192, 0, 2, 7), IP(192, 0, 2, 7) },
		{ "0.0.0.1-255.255.255.255", 1, UINT32_MAX },
		/* no network and broadcast address */
		{ "192.0.2.0/24", IP(192, 0, 2, 1), IP(192, 0, 2, 254) },
		{ "192.0.2.4/30", IP(192, 0, 2, 5), IP(192, 0, 2, 6) },
		{ "10.0.0.0/8", IP(10, 0, 0, 1), IP(10, 255, 255, 254) },
		{ "0.0.0.0/0", 1, UINT32_MAX - 1 },
		{ "128.0.0.0/1", IP(128, 0, 0, 1), UINT32_MAX - 1 },
		/* too short to have any */
		{ "192.0.2.4/31", IP(192, 0, 2, 4), IP(192, 0, 2, 5) },
		{ "192.0.2.5/32", IP(192, 0, 2, 5), IP(192, 0, 2, 5) },
		{ "255.255.255.255/32", UINT32_MAX, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ippool_range r = range(rows[i].text);

		assert_int_equal(r.first, rows[i].first);
		assert_int_equal(r.last, rows[i].last);
	}
}

static void
test_parse_bad(void **state)
{
	static const char *const rows[] = { "", " ", "-", "/", "x", "192.0.2",
		"192.0.2.256", "192.0.2.1.1", "192.0.2.7x", " 192.0.2.7",
		"192.0.2.7 ", "192.0.2.7\n", "3221225991", "0xc0000207",
		"2001:db8::1", "0.0.0.0", "192.0.2.9-192.0.2.8", "192.0.2.1-",
		"-192.0.2.1", "192.0.2.1-9", "192.0.2.1--192.0.2.9",
		"192.0.2.1 - 192.0.2.9", "192.0.2.1-192.0.2.9 ",
		"192.0.2.1-192.0.2.9-192.0.2.10", "192.0.2.1,192.0.2.9",
		"0.0.0.0-192.0.2.1", "192.0.2.0/", "/24", "192.0.2.0/33",
		"192.0.2.0/-1", "192.0.2.0/+24", "192.0.2.0/ 24",
		"192.0.2.0/24 ", "192.0.2.0/24x", "192.0.2.0/024",
		"10.0.0.0/08", "192.0.2.0/999", "192.0.2.0/4294967320",
		"192.0.2.0/255.255.255.0", "192.0.2.0/24/24",
		"192.0.2.0-192.0.2.9/24", "192.0.2.1/24", "192.0.2.1/31",
		"0.0.0.0/31", "0.0.0.0/32",
		"192.0.2.0000000000000000000000000000000000000000000007" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ippool_range r = { 0, 0 };
		const char *why = NULL;

		if (ippool_parse_range(rows[i], &r, &why) != -1)
			fail_msg("\"%s\" is taken", rows[i]);
		assert_non_null(why);
	}
}

/* --- making --- */

/* Take everything; the addresses must be those of list, each once. */
static void
check_content(struct ippool *pool, const uint32_t *list, size_t n)
{
	bool *seen = calloc(n + 1, sizeof(*seen));

	assert_non_null(seen);
	assert_int_equal(ippool_size(pool), n);
	for (size_t i = 0; i < n; i++) {
		uint32_t address = ippool_take(pool, NULL);
		size_t at = 0;

		while (at < n && list[at] != address)
			at++;
		assert_true(at < n && !seen[at]);
		seen[at] = true;
		assert_int_equal(ippool_used(pool), i + 1);
	}
	assert_int_equal(ippool_take(pool, NULL), 0);
	assert_int_equal(ippool_take(pool, "alice"), 0);
	assert_int_equal(ippool_used(pool), n);
	free(seen);
}

static void
test_whole_prefix(void **state)
{
	struct ippool *pool = pool_of("192.0.2.0/24");
	uint32_t list[254];

	(void)state;
	for (unsigned i = 0; i < 254; i++)
		list[i] = IP(192, 0, 2, i + 1);
	check_content(pool, list, 254);
	ippool_free(pool);

	pool = pool_of("192.0.2.4/31");
	check_content(
	    pool, (uint32_t[]){ IP(192, 0, 2, 4), IP(192, 0, 2, 5) }, 2);
	ippool_free(pool);
	pool = pool_of("255.255.255.255/32");
	check_content(pool, (uint32_t[]){ UINT32_MAX }, 1);
	ippool_free(pool);
}

static void
test_overlap_and_exclude(void **state)
{
	/* 10-19 and 30-32, unsorted, overlapping, touching, doubled */
	struct ippool_range ranges[] = {
		range("192.0.2.30-192.0.2.32"),
		range("192.0.2.15-192.0.2.19"),
		range("192.0.2.10-192.0.2.14"),
		range("192.0.2.12-192.0.2.13"),
		range("192.0.2.30-192.0.2.32"),
	};
	/* beside, beyond each end, inside, doubled, whole */
	struct ippool_range excluded[] = {
		range("192.0.2.19-192.0.2.29"),
		range("192.0.2.1-192.0.2.10"),
		range("192.0.2.13-192.0.2.15"),
		range("192.0.2.14"),
		range("192.0.2.30-192.0.2.32"),
		range("255.255.255.255"),
	};
	const uint32_t list[] = { IP(192, 0, 2, 11), IP(192, 0, 2, 12),
		IP(192, 0, 2, 16), IP(192, 0, 2, 17), IP(192, 0, 2, 18) };
	struct ippool *pool = ippool_new(ranges, 5, NULL, 0);

	(void)state;
	assert_non_null(pool);
	assert_int_equal(ippool_size(pool), 13);
	ippool_free(pool);

	pool = ippool_new(ranges, 5, excluded, 6);
	assert_non_null(pool);
	check_content(pool, list, 5);
	ippool_free(pool);
}

/* The last address there is has no successor. */
static void
test_last_address(void **state)
{
	struct ippool_range ranges[] = {
		range("255.255.255.254-255.255.255.255"),
		range("255.255.255.255"),
	};
	struct ippool *pool = ippool_new(ranges, 2, NULL, 0);

	(void)state;
	assert_non_null(pool);
	check_content(pool, (uint32_t[]){ UINT32_MAX - 1, UINT32_MAX }, 2);
	ippool_free(pool);

	pool = ippool_new(ranges, 2, ranges + 1, 1);
	assert_non_null(pool);
	check_content(pool, (uint32_t[]){ UINT32_MAX - 1 }, 1);
	ippool_free(pool);
}

static void
test_two_pools(void **state)
{
	static const struct {
		const char *a, *b, *excluded; /* of b */
		uint32_t common;
	} rows[] = {
		{ "192.0.2.0/25", "192.0.2.128/25", NULL, 0 },
		{ "192.0.2.1-192.0.2.9", "192.0.2.9-192.0.2.20", NULL,
		    IP(192, 0, 2, 9) },
		{ "192.0.2.9-192.0.2.20", "192.0.2.1-192.0.2.9", NULL,
		    IP(192, 0, 2, 9) },
		{ "192.0.2.7", "10.0.0.0/16", NULL, 0 },
		{ "10.1.2.3", "10.1.0.0/16", NULL, IP(10, 1, 2, 3) },
		{ "10.1.2.3", "10.1.0.0/16", "10.1.2.3", 0 },
		{ "10.1.2.0/24", "10.1.0.0/16", "10.1.2.0/24", 0 },
		{ "10.1.1.0/24", "10.1.0.0/16", "10.1.2.0/24",
		    IP(10, 1, 1, 1) },
		{ "10.1.2.3-10.1.3.9", "10.1.0.0/16", "10.1.2.0-10.1.3.0",
		    IP(10, 1, 3, 1) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ippool_range r = range(rows[i].b), out = { 0 };
		struct ippool *a = pool_of(rows[i].a), *b;

		if (rows[i].excluded != NULL)
			out = range(rows[i].excluded);
		b = ippool_new(&r, 1, &out, rows[i].excluded != NULL);
		assert_non_null(b);
		assert_int_equal(ippool_overlap(a, b), rows[i].common);
		assert_int_equal(ippool_overlap(b, a), rows[i].common);
		if (rows[i].common != 0) {
			assert_true(ippool_has(a, rows[i].common));
			assert_true(ippool_has(b, rows[i].common));
		}
		ippool_free(a);
		ippool_free(b);
	}
}

/* Each exclusion cuts a range in two: the most blocks there can be. */
static void
test_most_blocks(void **state)
{
	struct ippool_range ranges[IPPOOL_RANGES_MAX];
	struct ippool_range excluded[IPPOOL_RANGES_MAX];
	uint32_t list[2 * IPPOOL_RANGES_MAX];
	struct ippool *pool;

	(void)state;
	for (unsigned i = 0; i < IPPOOL_RANGES_MAX; i++) {
		uint32_t at = IP(10, 0, i, 1);

		ranges[i] = (struct ippool_range){ at, at + 2 };
		excluded[i] = (struct ippool_range){ at + 1, at + 1 };
		list[2 * i] = at;
		list[2 * i + 1] = at + 2;
	}
	pool =
	    ippool_new(ranges, IPPOOL_RANGES_MAX, excluded, IPPOOL_RANGES_MAX);
	assert_non_null(pool);
	check_content(pool, list, 2 * IPPOOL_RANGES_MAX);
	for (unsigned i = 0; i < 2 * IPPOOL_RANGES_MAX; i++)
		assert_false(ippool_take_this(pool, list[i]));
	ippool_free(pool);
}

static void
test_empty(void **state)
{
	struct ippool_range r = range("192.0.2.0/24");
	struct ippool *pool = ippool_new(NULL, 0, NULL, 0);

	(void)state;
	assert_non_null(pool);
	check_content(pool, NULL, 0);
	assert_true(ippool_take_this(pool, IP(192, 0, 2, 1)));
	assert_false(ippool_take_this(pool, IP(192, 0, 2, 1)));
	ippool_free(pool);

	pool = ippool_new(&r, 1, &r, 1);
	assert_non_null(pool);
	check_content(pool, NULL, 0);
	ippool_free(pool);
	ippool_free(NULL);
}

static void
test_size_limit(void **state)
{
	struct ippool_range most = { 1, IPPOOL_SIZE_MAX };
	struct ippool_range all = range("0.0.0.0/0");
	struct ippool_range more[2] = { most, { UINT32_MAX, UINT32_MAX } };
	struct ippool *pool = ippool_new(&most, 1, NULL, 0);

	(void)state;
	assert_non_null(pool);
	assert_int_equal(ippool_size(pool), IPPOOL_SIZE_MAX);
	ippool_free(pool);

	errno = 0;
	assert_null(ippool_new(more, 2, NULL, 0));
	assert_int_equal(errno, E2BIG);
	errno = 0;
	assert_null(ippool_new(&all, 1, NULL, 0));
	assert_int_equal(errno, E2BIG);
	errno = 0;
	assert_null(ippool_new(&most, IPPOOL_RANGES_MAX + 1, NULL, 0));
	assert_int_equal(errno, E2BIG);

	/* it is what remains that counts */
	pool = ippool_new(more, 2, &most, 1);
	assert_non_null(pool);
	assert_int_equal(ippool_size(pool), 1);
	ippool_free(pool);
}

/* --- taking --- */

static void
test_sticky(void **state)
{
	struct ippool *pool = pool_of("192.0.2.0/24");
	uint32_t alice = ippool_take(pool, "alice");
	uint32_t bob = ippool_take(pool, "bob"), again;
	unsigned int different = 0;

	(void)state;
	/* FNV-1a of "alice" is 0x872213e7 */
	assert_int_equal(alice, IP(192, 0, 2, 1 + 0x872213e7 % 254));
	assert_int_not_equal(alice, bob);

	/* a second call of hers gets the next one */
	again = ippool_take(pool, "alice");
	assert_int_equal(again, alice + 1);
	ippool_give_back(pool, again);

	for (int i = 0; i < 10; i++) {
		ippool_give_back(pool, alice);
		assert_int_equal(ippool_take(pool, "alice"), alice);
	}
	/* others come and go while she is away */
	ippool_give_back(pool, alice);
	assert_int_not_equal(ippool_take(pool, NULL), alice);
	assert_int_equal(ippool_take(pool, "alice"), alice);
	ippool_free(pool);

	/* and another pool of the same addresses agrees: after a restart */
	pool = pool_of("192.0.2.1-192.0.2.254");
	assert_int_equal(ippool_take(pool, "bob"), bob);
	assert_int_equal(ippool_take(pool, "alice"), alice);
	ippool_free(pool);

	/* names spread */
	for (unsigned i = 0; i < 100; i++) {
		char user[16];

		pool = pool_of("192.0.2.0/24");
		snprintf(user, sizeof(user), "user%u", i);
		different += ippool_take(pool, user) != alice;
		ippool_free(pool);
	}
	assert_true(different > 90);
}

/* Without a user a freed address is the last to be given out again. */
static void
test_in_turn(void **state)
{
	struct ippool *pool = pool_of("192.0.2.1-192.0.2.4");

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		uint32_t address = ippool_take(pool, NULL);

		assert_int_equal(address, IP(192, 0, 2, 1 + i % 4));
		ippool_give_back(pool, address);
	}
	ippool_free(pool);
}

/* The search goes round the end of the pool, for users too. */
static void
test_wrap(void **state)
{
	struct ippool *pool = pool_of("192.0.2.1-192.0.2.4");
	uint32_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		sum += ippool_take(pool, "alice") - IP(192, 0, 2, 0);
	assert_int_equal(sum, 1 + 2 + 3 + 4);
	assert_int_equal(ippool_take(pool, "alice"), 0);
	for (unsigned i = 1; i <= 4; i++) {
		ippool_give_back(pool, IP(192, 0, 2, i));
		assert_int_equal(ippool_take(pool, "alice"), IP(192, 0, 2, i));
	}
	ippool_free(pool);
}

static void
test_take_this(void **state)
{
	struct ippool_range r = range("192.0.2.1-192.0.2.3");
	struct ippool_range excluded = range("192.0.2.2");
	struct ippool *pool = ippool_new(&r, 1, &excluded, 1);

	(void)state;
	assert_non_null(pool);
	assert_true(ippool_take_this(pool, IP(192, 0, 2, 1)));
	assert_false(ippool_take_this(pool, IP(192, 0, 2, 1)));
	assert_int_equal(ippool_used(pool), 1);
	assert_int_equal(ippool_take(pool, NULL), IP(192, 0, 2, 3));
	assert_false(ippool_take_this(pool, IP(192, 0, 2, 3)));
	assert_int_equal(ippool_take(pool, NULL), 0);

	/* excluded is outside: somebody else may choose it, once */
	assert_true(ippool_take_this(pool, IP(192, 0, 2, 2)));
	assert_false(ippool_take_this(pool, IP(192, 0, 2, 2)));
	assert_int_equal(ippool_used(pool), 2);
	ippool_give_back(pool, IP(192, 0, 2, 2));
	assert_true(ippool_take_this(pool, IP(192, 0, 2, 2)));

	assert_false(ippool_take_this(pool, 0));
	ippool_give_back(pool, IP(192, 0, 2, 1));
	assert_true(ippool_take_this(pool, IP(192, 0, 2, 1)));
	ippool_free(pool);
}

static void
test_give_back(void **state)
{
	struct ippool *pool = pool_of("192.0.2.1-192.0.2.2");

	(void)state;
	/* what is not in use, in and out of the pool */
	ippool_give_back(pool, IP(192, 0, 2, 1));
	ippool_give_back(pool, IP(198, 51, 100, 1));
	ippool_give_back(pool, 0);
	ippool_give_back(pool, UINT32_MAX);
	assert_int_equal(ippool_used(pool), 0);

	assert_int_equal(ippool_take(pool, NULL), IP(192, 0, 2, 1));
	ippool_give_back(pool, IP(192, 0, 2, 1));
	ippool_give_back(pool, IP(192, 0, 2, 1));
	assert_int_equal(ippool_used(pool), 0);
	ippool_free(pool);
}

/* Many addresses outside, in an order that is neither up nor down. */
static void
test_outside(void **state)
{
	enum { MANY = 1009 };
	struct ippool *pool = pool_of("192.0.2.0/24");

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t address = IP(10, 0, 0, 0) + i * 373 % MANY;

		assert_true(ippool_take_this(pool, address));
		assert_false(ippool_take_this(pool, address));
	}
	for (uint32_t i = 0; i < MANY; i += 2)
		ippool_give_back(pool, IP(10, 0, 0, 0) + i);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(
		    ippool_take_this(pool, IP(10, 0, 0, 0) + i), i % 2 == 0);
	assert_int_equal(ippool_used(pool), 0);
	ippool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_good),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_whole_prefix),
		cmocka_unit_test(test_overlap_and_exclude),
		cmocka_unit_test(test_last_address),
		cmocka_unit_test(test_two_pools),
		cmocka_unit_test(test_most_blocks),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_in_turn),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_take_this),
		cmocka_unit_test(test_give_back),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
