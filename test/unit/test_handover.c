/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What an old monitor hands to its successor. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "handover.h"

static uint32_t addresses[] = { 0x0a090001, 0x0a090002, 0x0a0900ff };
static struct handover_failures failures[] = {
	{ .key = 1, .failures = 3, .keep_until = UINT64_MAX },
	{ .key = 2, .failures = 1, .keep_until = 1 },
};

static int
write_one(size_t n_addresses, size_t n_failures)
{
	struct handover h = { .serials = 7,
		.addresses = addresses,
		.address_count = n_addresses,
		.failures = failures,
		.failure_count = n_failures };
	int fd = handover_write(&h);

	assert_true(fd >= 0);
	return fd;
}

static void
what_is_written_is_read(void **state)
{
	char error[HANDOVER_ERROR_MAX];
	struct handover h;
	int fd = write_one(3, 2);

	(void)state;
	assert_int_equal(handover_read(&h, fd, error), 0);
	assert_int_equal(h.serials, 7);
	assert_int_equal(h.address_count, 3);
	assert_memory_equal(h.addresses, addresses, sizeof(addresses));
	assert_int_equal(h.failure_count, 2);
	assert_memory_equal(h.failures, failures, sizeof(failures));
	handover_free(&h);
	close(fd);
}

static void
nothing_is_something_too(void **state)
{
	char error[HANDOVER_ERROR_MAX];
	struct handover h;
	int fd = write_one(0, 0);

	(void)state;
	assert_int_equal(handover_read(&h, fd, error), 0);
	assert_int_equal(h.address_count, 0);
	assert_int_equal(h.failure_count, 0);
	handover_free(&h);
	close(fd);
}

/* Changes four bytes of a good file; returns what is said of it. */
static const char *
complaint(off_t at, uint32_t value)
{
	static char error[HANDOVER_ERROR_MAX];
	struct handover h;
	int fd = write_one(3, 2);

	assert_int_equal(pwrite(fd, &value, sizeof(value), at), sizeof(value));
	error[0] = '\0';
	assert_int_equal(handover_read(&h, fd, error), -1);
	assert_null(h.addresses);
	assert_null(h.failures);
	close(fd);
	return error;
}

static void
what_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_non_null(strstr(complaint(0, 0), "not understood"));
	assert_non_null(strstr(complaint(8, 99), "version 99"));
	assert_non_null(strstr(complaint(8, 99), "restart instead"));
	assert_non_null(strstr(complaint(16, UINT32_MAX), "not understood"));
	assert_non_null(strstr(complaint(20, UINT32_MAX), "not understood"));
	/* more than there is */
	assert_non_null(strstr(complaint(16, 100), "not complete"));
	assert_non_null(strstr(complaint(20, 3), "not complete"));
}

static void
a_short_file_is_refused(void **state)
{
	char error[HANDOVER_ERROR_MAX];
	struct handover h;

	(void)state;
	for (off_t n = 0; n < 24 + 12 + 2 * 32; n++) {
		int fd = write_one(3, 2);

		assert_int_equal(ftruncate(fd, n), 0);
		assert_int_equal(handover_read(&h, fd, error), -1);
		close(fd);
	}
}

static void
failures_go_from_table_to_table(void **state)
{
	struct peers *from = calloc(1, sizeof(*from));
	struct peers *to = calloc(1, sizeof(*to));
	uint64_t now = peers_now();
	struct handover h = { 0 };
	struct peer *p;

	(void)state;
	assert_int_equal(peers_init(from), 0);
	assert_int_equal(peers_init(to), 0);
	p = peers_take(from, 0x1111, now);
	p->failures = 4;
	p->refused_until = now + 50000;
	p->keep_until = now + 60000;
	p = peers_take(from, 0x2222, now);
	p->failures = 4;
	p->keep_until = now - 1;			  /* forgotten by now */
	peers_enter(from, peers_take(from, 0x3333, now)); /* a session only */

	assert_int_equal(handover_take_failures(&h, from), 0);
	assert_int_equal(h.failure_count, 1);
	handover_give_failures(&h, to);
	p = peers_take(to, 0x1111, now);
	assert_int_equal(p->failures, 4);
	assert_int_equal(p->refused_until, now + 50000);
	assert_int_equal(p->keep_until, now + 60000);
	assert_int_equal(p->count, 0);
	assert_int_equal(to->total, 0);
	assert_null(peers_find(to, 0x2222));
	assert_null(peers_find(to, 0x3333));
	handover_free(&h);
	free(from);
	free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(nothing_is_something_too),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(a_short_file_is_refused),
		cmocka_unit_test(failures_go_from_table_to_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
