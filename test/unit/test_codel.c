/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* When packets of a queue are dropped: a packet each millisecond. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codel.h"

enum { MS = 1000 };

static const uint64_t begin = 1000 * MS;

/* Dropped of the n packets from the time *now on, which it adds to. */
static unsigned int
take(struct codel *codel, uint64_t *now, unsigned int n)
{
	unsigned int dropped = 0;

	for (unsigned int i = 0; i < n; i++, *now += MS)
		dropped += codel_drop(codel, *now);
	return dropped;
}

static void
test_empty_often_enough(void **state)
{
	struct codel codel = { 0 };
	uint64_t now = begin;

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(take(&codel, &now, 100), 0);
		codel_empty(&codel);
	}
}

/* However long it was before: it was empty. */
static void
test_first_after_long(void **state)
{
	struct codel codel = { 0 };

	(void)state;
	assert_false(codel_drop(&codel, begin));
	codel_empty(&codel);
	assert_false(codel_drop(&codel, 3600 * begin));
	assert_false(codel_drop(&codel, 3600 * begin + 99 * MS));
	assert_true(codel_drop(&codel, 3600 * begin + 100 * MS));
}

/* RFC 8289 5.3: the n-th comes 100 ms / sqrt(n) after the one before. */
static void
test_ever_sooner(void **state)
{
	static const unsigned int gaps[] = { 100, 100, 71, 58, 50, 45, 41, 38 };
	struct codel codel = { 0 };
	uint64_t now = begin, at = begin;

	(void)state;
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		while (!codel_drop(&codel, now))
			now += MS / 10;
		assert_in_range(
		    now, at + gaps[i] * MS - MS, at + gaps[i] * MS + MS);
		at = now;
	}
}

static void
test_stops_at_once(void **state)
{
	struct codel codel = { 0 };
	uint64_t now = begin;

	(void)state;
	assert_int_equal(take(&codel, &now, 101), 1);
	codel_empty(&codel);
	assert_int_equal(take(&codel, &now, 100), 0);
}

/* Soon after, it goes on about where it was; later it begins anew. */
static void
test_again(void **state)
{
	struct codel codel = { 0 };
	uint64_t now = begin;
	unsigned int first = take(&codel, &now, 1100);

	(void)state;
	assert_in_range(first, 20, 40);
	codel_empty(&codel);
	take(&codel, &now, 100);
	assert_in_range(take(&codel, &now, 100), first / 6, first);
	codel_empty(&codel);
	now += 10000 * MS;
	take(&codel, &now, 100);
	assert_in_range(take(&codel, &now, 100), 1, 2);
}

/* No packet came for long: as many are not dropped at once. */
static void
test_pause(void **state)
{
	struct codel codel = { 0 };
	uint64_t now = begin;

	(void)state;
	take(&codel, &now, 101);
	now += 5000 * MS;
	assert_true(codel_drop(&codel, now));
	assert_false(codel_drop(&codel, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_often_enough),
		cmocka_unit_test(test_first_after_long),
		cmocka_unit_test(test_ever_sooner),
		cmocka_unit_test(test_stops_at_once),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
