/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* When a listening socket takes a rest. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listener.h"

/* accept() would fail again at once, and its socket stay readable. */
static void
test_lacks_room(void **state)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_true(listener_lacks_room(errors[i]));
}

/* The next connection may be well; accept(2) has the list. */
static void
test_connection_is_gone(void **state)
{
	static const int errors[] = { EAGAIN, EINTR, ECONNABORTED, EPERM,
		EPROTO, ENOPROTOOPT, ENETDOWN, ENETUNREACH, EHOSTDOWN,
		EHOSTUNREACH, ENONET, EOPNOTSUPP, ETIMEDOUT };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_false(listener_lacks_room(errors[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lacks_room),
		cmocka_unit_test(test_connection_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
