/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How many sessions may start at a time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pace.h"

static void
test_between(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 3);
	assert_int_equal(p.limit, 48);
	assert_false(pace_note(&p, 0)); /* no more than the most */
	for (unsigned int n = 48; n > 6; n--) {
		assert_int_equal(p.limit, n);
		assert_true(pace_note(&p, PACE_SLOW));
	}
	assert_false(pace_note(&p, UINT64_MAX)); /* no fewer than the least */
	for (unsigned int n = 6; n < 48; n++) {
		assert_int_equal(p.limit, n);
		assert_true(pace_note(&p, PACE_FAST));
	}
	assert_false(pace_note(&p, PACE_FAST));
	assert_int_equal(p.limit, 48);
}

/* Neither slow nor fast: it may stay. */
static void
test_steady(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1);
	assert_true(pace_note(&p, PACE_SLOW));
	assert_false(pace_note(&p, PACE_SLOW - 1));
	assert_false(pace_note(&p, PACE_FAST + 1));
	assert_int_equal(p.limit, PACE_MOST - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
