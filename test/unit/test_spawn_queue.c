/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The queue of sessions that wait for their pppd. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "spawn_queue.h"

static int a, b; /* workers */

static void
put(struct spawn_queue *q, void *worker, uint64_t session)
{
	struct msg_spawn msg = { .header.session = session,
		.peer = session % 2 };

	assert_int_equal(spawn_queue_put(q, worker, &msg, 1000), 0);
}

static void
is(struct spawn_request *r, const void *worker, uint64_t session)
{
	assert_non_null(r);
	assert_ptr_equal(r->worker, worker);
	assert_int_equal(r->msg.header.session, session);
	assert_int_equal(r->since, 1000);
	assert_null(r->next);
	free(r);
}

static void
test_order(void **state)
{
	struct spawn_queue q;

	(void)state;
	spawn_queue_init(&q);
	assert_null(spawn_queue_take(&q, 2000));
	for (uint64_t i = 1; i <= 3; i++)
		put(&q, &a, i);
	assert_int_equal(q.waiting, 3);
	is(spawn_queue_take(&q, 2000), &a, 1);
	put(&q, &b, 1);
	is(spawn_queue_take(&q, 2000), &a, 2);
	is(spawn_queue_take(&q, 2000), &a, 3);
	is(spawn_queue_take(&q, 2000), &b, 1);
	assert_null(spawn_queue_take(&q, 2000));
	assert_int_equal(q.waiting, 0);
	spawn_queue_fini(&q);
}

/* Whichever is removed, the others keep their order, and one more fits in. */
static void
test_remove(void **state)
{
	(void)state;
	for (uint64_t gone = 1; gone <= 3; gone++) {
		struct spawn_queue q;

		spawn_queue_init(&q);
		for (uint64_t i = 1; i <= 3; i++)
			put(&q, &a, i);
		assert_null(spawn_queue_remove(&q, &b, gone));
		assert_null(spawn_queue_remove(&q, &a, 4));
		assert_true(spawn_queue_has(&q, &a, gone));
		is(spawn_queue_remove(&q, &a, gone), &a, gone);
		assert_false(spawn_queue_has(&q, &a, gone));
		put(&q, &a, 4);
		for (uint64_t i = 1; i <= 4; i++)
			if (i != gone)
				is(spawn_queue_take(&q, 2000), &a, i);
		assert_null(spawn_queue_take(&q, 2000));
		spawn_queue_fini(&q);
	}
}

static void
test_worker(void **state)
{
	struct spawn_queue q;

	(void)state;
	spawn_queue_init(&q);
	put(&q, &a, 1);
	put(&q, &b, 2);
	put(&q, &a, 3);
	is(spawn_queue_remove_any(&q, &a), &a, 1);
	is(spawn_queue_remove_any(&q, &a), &a, 3);
	assert_null(spawn_queue_remove_any(&q, &a));
	put(&q, &b, 4);
	assert_int_equal(q.waiting, 2);
	spawn_queue_fini(&q); /* what is left is freed */
	assert_int_equal(q.waiting, 0);
}

/* Those of one address, whichever worker has them. */
static void
test_peer(void **state)
{
	struct spawn_queue q;

	(void)state;
	spawn_queue_init(&q);
	put(&q, &a, 1);
	put(&q, &a, 2);
	put(&q, &b, 3);
	is(spawn_queue_remove_peer(&q, 1), &a, 1);
	is(spawn_queue_remove_peer(&q, 1), &b, 3);
	assert_null(spawn_queue_remove_peer(&q, 1));
	put(&q, &b, 4);
	is(spawn_queue_take(&q, 2000), &a, 2);
	is(spawn_queue_take(&q, 2000), &b, 4);
	assert_null(spawn_queue_remove_peer(&q, 0));
	spawn_queue_fini(&q);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
