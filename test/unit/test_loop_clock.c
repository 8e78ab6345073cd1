/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Time goes on evenly while somebody sets the system's clock. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop_clock.h"

static long set_by; /* seconds that the system's clock was set by */

/* Takes the place of the C library's. */
int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);

	if (r == 0 && clock == CLOCK_REALTIME)
		t->tv_sec += set_by;
	return r;
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void
pass(struct ev_loop *loop, ev_tstamp seconds)
{
	ev_timer timer;

	ev_timer_init(&timer, on_timer, seconds, 0.);
	ev_timer_start(loop, &timer);
	ev_run(loop, 0);
}

static void
test_set(void **state)
{
	static const long steps[] = { 0, -3600, 3600, -86400 * 60, 7 };
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	ev_tstamp before;

	(void)state;
	loop_clock_start(loop);
	pass(loop, 0.001);
	before = loop_clock();
	assert_true(before > 0.);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		set_by += steps[i];
		pass(loop, 0.002);
		assert_true(loop_clock() >= before + 0.001);
		assert_true(loop_clock() < before + 5.);
		before = loop_clock();
	}
	ev_loop_destroy(loop);
}

/* It is the only watcher, and keeps no loop from ending. */
static void
test_ends(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);

	(void)state;
	loop_clock_start(loop);
	ev_run(loop, 0);
	ev_loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
