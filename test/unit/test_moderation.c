/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* How much is waited for: of streams of so many bytes each so often. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "moderation.h"

enum { MS = 1000, FRAME = 1426 };

struct stream {
	struct moderation m;
	uint64_t now;
};

static struct stream
new_stream(void)
{
	return (struct stream){ .now = 1000 * MS };
}

/* So long, in microseconds; returns the most that was waited for meanwhile. */
static uint32_t
feed(struct stream *s, uint64_t time, uint64_t each, size_t bytes)
{
	uint32_t most = 0;

	for (uint64_t end = s->now + time; s->now < end; s->now += each) {
		moderation_note(&s->m, s->now, bytes);
		if (s->m.least > most)
			most = s->m.least;
	}
	return most;
}

static void
test_one_by_one(void **state)
{
	struct stream s = new_stream();

	(void)state;
	feed(&s, 50 * MS, 125, FRAME);
	assert_in_range(s.m.least, 7 * FRAME, 9 * FRAME);
}

static void
test_not_the_first(void **state)
{
	struct stream s = new_stream();

	(void)state;
	assert_int_equal(feed(&s, MODERATION_SAMPLE, 125, FRAME), 0);
}

static void
test_never_for_few(void **state)
{
	static const struct {
		uint64_t each;
		size_t bytes;
	} streams[] = {
		{ 20, 100 },	       /* acknowledgments of a download */
		{ 1 * MS, 150 },       /* calls */
		{ 1 * MS, FRAME },     /* 11 Mbit/s */
		{ 20 * MS, FRAME },    /* pings */
		{ 500, 16 * 1024 },    /* rows */
		{ 10, 16 * 1024 },     /* more than we can take at once */
		{ 50 * MS, 64 * 1024 } /* pictures */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct stream s = new_stream();

		assert_int_equal(
		    feed(&s, 1000 * MS, streams[i].each, streams[i].bytes), 0);
	}
}

static void
test_most(void **state)
{
	struct stream s = new_stream();

	(void)state;
	assert_int_equal(feed(&s, 100 * MS, 10, FRAME), MODERATION_MOST);
}

/* Arrivals are rows then, for which nobody would begin to wait. */
static void
test_goes_on(void **state)
{
	struct stream s = new_stream();

	(void)state;
	feed(&s, 50 * MS, 125, FRAME);
	for (int i = 0; i < 100; i++) {
		feed(&s, 10 * MS, 1 * MS, 8 * FRAME);
		assert_in_range(s.m.least, 7 * FRAME, 9 * FRAME);
	}
}

static void
test_follows(void **state)
{
	struct stream s = new_stream();

	(void)state;
	feed(&s, 50 * MS, 125, FRAME);
	feed(&s, 50 * MS, 200, FRAME);
	assert_in_range(s.m.least, 4 * FRAME, 6 * FRAME);
	feed(&s, 50 * MS, 300, FRAME);
	assert_in_range(s.m.least, 3 * FRAME, 4 * FRAME);
	feed(&s, 50 * MS, 2 * MS, FRAME);
	assert_int_equal(s.m.least, 0);
}

/*
 * A client that sends nothing before there is an answer: only now and then is
 * it tried whether it does.
 */
static void
test_lock_step(void **state)
{
	struct stream s = new_stream();
	uint64_t end = s.now + 2000 * MS, waited = 0;

	(void)state;
	while (s.now < end) {
		uint64_t each = s.m.least > 0 ? MODERATION_TIME : 200;

		waited += s.m.least > 0 ? each : 0;
		moderation_note(&s.m, s.now, FRAME);
		s.now += each;
	}
	assert_in_range(waited, 50 * MS, 250 * MS);
}

/* And after a pause the first do not wait, either. */
static void
test_rests(void **state)
{
	struct stream s = new_stream();

	(void)state;
	feed(&s, 50 * MS, 125, FRAME);
	moderation_rest(&s.m);
	assert_int_equal(s.m.least, 0);
	s.now += 1000 * MS;
	assert_int_equal(feed(&s, MODERATION_SAMPLE, 125, FRAME), 0);
}

/* Whoever sets the clock does no harm. */
static void
test_clock_goes_back(void **state)
{
	struct stream s = new_stream();

	(void)state;
	feed(&s, 50 * MS, 125, FRAME);
	s.now -= 500 * MS;
	assert_int_equal(feed(&s, MODERATION_SAMPLE, 125, FRAME), 0);
	feed(&s, 200 * MS, 125, FRAME);
	assert_in_range(s.m.least, 7 * FRAME, 9 * FRAME);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_by_one),
		cmocka_unit_test(test_not_the_first),
		cmocka_unit_test(test_never_for_few),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_lock_step),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_clock_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
