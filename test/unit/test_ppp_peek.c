/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What is seen in passing PPP frames: each kind, each cut short at every byte,
 * and names that pretend to be longer than their frames.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ppp_peek.h"

#define FRAME(bytes) bytes, sizeof(bytes) - 1

static const struct row {
	const char *frame;
	size_t n;
	enum ppp_sight sight;
	const char *name;
} rows[] = {
	{ FRAME("\xff\x03\xc0\x21\1\1\0\x04"), PPP_SIGHT_LCP, "" },
	{ FRAME("\xc0\x21\x09\1\0\x04"), PPP_SIGHT_LCP, "" },
	{ FRAME("\xff\x03\xc0\x21\5\1\0\x04"), PPP_SIGHT_LCP_TERMINATE, "" },
	{ FRAME("\xff\x03\xc0\x23\1\7\0\x0e\5alice\3pwd"),
	    PPP_SIGHT_AUTH_ANSWER, "alice" },
	{ FRAME("\xff\x03\xc0\x23\2\7\0\5\0"), PPP_SIGHT_AUTH_SUCCESS, "" },
	{ FRAME("\xff\x03\xc0\x23\3\7\0\5\0"), PPP_SIGHT_AUTH_FAILURE, "" },
	{ FRAME("\xc2\x23\1\7\0\x0a\2\0\0our"), PPP_SIGHT_AUTH, "" },
	{ FRAME("\xff\x03\xc2\x23\2\7\0\x0c\2\0\0alice"), PPP_SIGHT_AUTH_ANSWER,
	    "alice" },
	{ FRAME("\xff\x03\xc2\x23\3\1\0\4"), PPP_SIGHT_AUTH_SUCCESS, "" },
	{ FRAME("\xff\x03\xc2\x23\4\1\0\x09"
		"E=691"),
	    PPP_SIGHT_AUTH_FAILURE, "" },
	{ FRAME("\xff\x03\xc2\x27\1\1\0\5\1"), PPP_SIGHT_AUTH, "" },
	{ FRAME("\xff\x03\xc2\x27\2\1\0\x08\1bob"), PPP_SIGHT_AUTH_ANSWER,
	    "bob" },
	{ FRAME("\xff\x03\xc2\x27\2\1\0\x08\x1a\2\1\0"), PPP_SIGHT_AUTH_ANSWER,
	    "" },
	{ FRAME("\xff\x03\xc2\x27\2\1\0\6\3\x1a"), PPP_SIGHT_AUTH_NAK, "" },
	{ FRAME("\xff\x03\xc2\x27\3\1\0\4"), PPP_SIGHT_AUTH_SUCCESS, "" },
	{ FRAME("\xff\x03\xc2\x27\4\1\0\4"), PPP_SIGHT_AUTH_FAILURE, "" },
	{ FRAME("\xff\x03\x80\x21\1\1\0\4"), PPP_SIGHT_OTHER, "" },
};

static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

/* In a block of its own, where reading one byte too many is found out. */
static enum ppp_sight
peek(const void *frame, size_t n, struct ppp_name *name, uint8_t **copy)
{
	*copy = malloc(n > 0 ? n : 1);
	assert_non_null(*copy);
	if (n > 0)
		memcpy(*copy, frame, n);
	return ppp_peek(*copy, n, name);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		struct ppp_name name;
		uint8_t *copy;

		assert_int_equal(peek(rows[i].frame, rows[i].n, &name, &copy),
		    rows[i].sight);
		assert_int_equal(name.n, strlen(rows[i].name));
		if (name.n > 0)
			assert_memory_equal(name.p, rows[i].name, name.n);
		free(copy);
	}
}

/* The length says more than there is: not a packet. */
static void
test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		for (size_t n = 0; n < rows[i].n; n++) {
			struct ppp_name name;
			uint8_t *copy;

			assert_int_equal(peek(rows[i].frame, n, &name, &copy),
			    PPP_SIGHT_OTHER);
			assert_int_equal(name.n, 0);
			free(copy);
		}
	}
}

/* Whatever the bytes are, a name lies within the frame. */
static void
test_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		for (size_t at = 0; at < rows[i].n; at++) {
			for (unsigned int v = 0; v < 256; v++) {
				uint8_t frame[32], *copy;
				struct ppp_name name;

				memcpy(frame, rows[i].frame, rows[i].n);
				frame[at] = (uint8_t)v;
				peek(frame, rows[i].n, &name, &copy);
				if (name.n > 0) {
					assert_true(name.p >= copy);
					assert_true(name.p + name.n <=
						    copy + rows[i].n);
				}
				free(copy);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
