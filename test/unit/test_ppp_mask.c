/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What is hidden in frames of each kind and what is not, also when they are cut
 * short at every byte.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ppp_mask.h"

#define HEX40  "407A5589115FD0D6209F510FE9C04566932CDA56"
#define STAR40 "****************************************"
#define ROW(frame, masked)                                                     \
	{                                                                      \
		frame, masked, sizeof(frame) - 1, sizeof(masked) - 1           \
	}

static const struct row {
	const char *frame, *masked;
	size_t n, masked_n;
} rows[] = {
	/* PAP: name and password, then what does not belong there */
	ROW("\xff\3\xc0\x23\1\7\0\x0e\5alice\3pwd",
	    "\xff\3\xc0\x23\1\7\0\x0e\5alice\3***"),
	ROW("\xc0\x23\1\7\0\x0e\5alice\3pwdpwd",
	    "\xc0\x23\1\7\0\x0e\5alice\3******"),
	ROW("\xc0\x23\1\7\0\x0e\0\3pwd", "\xc0\x23\1\7\0\x0e\0\3***"),
	ROW("\xc0\x23\2\7\0\x0a\5hello", "\xc0\x23\2\7\0\x0a\5hello"),
	ROW("\xc0\x23\3\7\0\x0a\5sorry", "\xc0\x23\3\7\0\x0a\5sorry"),
	ROW("\xc0\x23\4\7\0\x0a\5other", "\xc0\x23\4\7\0\x0a******"),
	/* CHAP: the response, not the name; a value longer than the frame */
	ROW("\xff\3\xc2\x23\1\7\0\x0c\3abcspn",
	    "\xff\3\xc2\x23\1\7\0\x0c\3abcspn"),
	ROW("\xff\3\xc2\x23\2\7\0\x0d\3abcalice",
	    "\xff\3\xc2\x23\2\7\0\x0d\3***alice"),
	ROW("\xc2\x23\2\7\0\x0d\x31"
	    "abcalice",
	    "\xc2\x23\2\7\0\x0d\x31********"),
	ROW("\xc2\x23\3\7\0\x08hi S=1", "\xc2\x23\3\7\0\x08hi S=1"),
	ROW("\xc2\x23\3\7\0\x2eS=" HEX40 " M=hi",
	    "\xc2\x23\3\7\0\x2eS=" STAR40 " M=hi"),
	ROW("\xc2\x23\3\7\0\x2eS=407A", "\xc2\x23\3\7\0\x2eS=****"),
	ROW("\xc2\x23\4\7\0\x0d"
	    "E=691 R=1",
	    "\xc2\x23\4\7\0\x0d"
	    "E=691 R=1"),
	ROW("\xc2\x23\7\7\0\x0bsecret!", "\xc2\x23\7\7\0\x0b*******"),
	/* EAP: identities and the choice of a method stay */
	ROW("\xff\3\xc2\x27\2\1\0\x08\1bob", "\xff\3\xc2\x27\2\1\0\x08\1bob"),
	ROW("\xc2\x27\1\1\0\x08\2hey", "\xc2\x27\1\1\0\x08\2hey"),
	ROW("\xc2\x27\2\1\0\6\3\x1a", "\xc2\x27\2\1\0\6\3\x1a"),
	ROW("\xc2\x27\2\1\0\x09\4\3md5", "\xc2\x27\2\1\0\x09\4****"),
	ROW("\xc2\x27\2\1\0\x09\x1a\2chp", "\xc2\x27\2\1\0\x09\x1a****"),
	ROW("\xc2\x27\1\1\0\x09\6token", "\xc2\x27\1\1\0\x09\6*****"),
	ROW("\xc2\x27\2\1\0\x09\0zero", "\xc2\x27\2\1\0\x09\0****"),
	ROW("\xc2\x27\2\1\0\x0d\xfe\0\0\0\x37xy",
	    "\xc2\x27\2\1\0\x0d\xfe******"),
	ROW("\xc2\x27\3\1\0\4", "\xc2\x27\3\1\0\4"),
	ROW("\xc2\x27\5\1\0\x06hm", "\xc2\x27\5\1\0\x06**"),
	/* a peer that does not know PAP sends the password back */
	ROW("\xff\3\xc0\x21\x08\1\0\x10\xc0\x23\1\7\0\x0e\5alice\3pwd",
	    "\xff\3\xc0\x21\x08\1\0\x10\xc0\x23\1\7\0\x0e\5alice\3***"),
	ROW("\xc0\x21\x08\1\0\x10\xc0\x21\x08\1\0\x10\xc0\x23\1\7\0\1",
	    "\xc0\x21\x08\1\0\x10\xc0\x21**********"),
	ROW("\xc0\x21\x08\1\0\x08\x80\xfd\1\2",
	    "\xc0\x21\x08\1\0\x08\x80\xfd\1\2"),
	/* other protocols: what authenticates, and what does not */
	ROW("\xc0\x27\1\1\0\7spa", "\xc0\x27*******"),
	ROW("\xff\3\xc4\x81\1\1\0\7ppp", "\xff\3\xc4\x81*******"),
	ROW("\xff\3\xc0\x21\1\1\0\x08\5\6ab", "\xff\3\xc0\x21\1\1\0\x08\5\6ab"),
	ROW("\xc0\x25quality", "\xc0\x25quality"),
	ROW("\xc0\x29\1\1\0\7cbk", "\xc0\x29\1\1\0\7cbk"),
	ROW("\xff\3\x80\x21\1\1\0\x0a\3\6\0\0\0\0",
	    "\xff\3\x80\x21\1\1\0\x0a\3\6\0\0\0\0"),
	ROW("\xff\3\0\x21\xc0\x23\1\7\0\x0e\5alice\3pwd",
	    "\xff\3\0\x21\xc0\x23\1\7\0\x0e\5alice\3pwd"),
	ROW("\x21\xc0\x23\1\7", "\x21\xc0\x23\1\7"),
};

static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

/* In a block of its own, where writing one byte too many is found out. */
static uint8_t *
masked(const char *frame, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, frame, n);
	ppp_mask(copy, n);
	return copy;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		uint8_t *copy = masked(rows[i].frame, rows[i].n);

		assert_int_equal(rows[i].n, rows[i].masked_n);
		assert_memory_equal(copy, rows[i].masked, rows[i].n);
		free(copy);
	}
}

/* A frame's beginning is masked as it is in the whole frame. */
static void
test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		for (size_t n = 0; n < rows[i].n; n++) {
			uint8_t *copy = masked(rows[i].frame, n);

			assert_memory_equal(copy, rows[i].masked, n);
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
