/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Which authentications count: every method under every set of allowed methods
 * and every length of key. Above all: no keys never passes for KEYS_NONE where
 * the method should have brought some.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"

enum { METHODS = KEYMSG_METHOD_EAP_OTHER + 1 };

/* The rule once more, in other words. */
static bool
expected(unsigned int method, uint32_t allowed, unsigned int len)
{
	bool keys16 = len == 16 || len == 20 || len == 32;

	switch (method) {
	case KEYMSG_METHOD_PAP:
		return (allowed & CONF_AUTH_PAP) != 0;
	case KEYMSG_METHOD_CHAP_MD5:
		return (allowed & CONF_AUTH_CHAP_MD5) != 0;
	case KEYMSG_METHOD_MSCHAP_V2:
		return (allowed & CONF_AUTH_MSCHAP_V2) && keys16;
	case KEYMSG_METHOD_EAP_TLS:
	case KEYMSG_METHOD_EAP_PEAP:
		return (allowed & CONF_AUTH_EAP) && len == 32;
	case KEYMSG_METHOD_EAP_MSCHAP_V2:
	case KEYMSG_METHOD_EAP_OTHER:
		return (allowed & CONF_AUTH_EAP) && keys16;
	default:
		return false;
	}
}

static void
test_every_combination(void **state)
{
	static const uint8_t lens[] = { 0, 16, 20, 32 };

	(void)state;
	for (unsigned int method = 0; method < METHODS + 3; method++) {
		for (uint32_t allowed = 0; allowed < 16; allowed++) {
			for (size_t i = 0; i < sizeof(lens); i++) {
				struct keymsg_auth auth = { .method = method,
					.receive_len = lens[i],
					.send_len = lens[i] };
				struct binding_keys keys;
				const char *why = NULL;
				bool good =
				    auth_accept(allowed, &auth, &keys, &why);

				assert_int_equal(
				    good, expected(method, allowed, lens[i]));
				if (!good) {
					assert_non_null(why);
					assert_int_equal(
					    keys.state, KEYS_PENDING);
				} else if (keys.state == KEYS_NONE) {
					assert_true(
					    method == KEYMSG_METHOD_PAP ||
					    method == KEYMSG_METHOD_CHAP_MD5);
				} else {
					assert_int_equal(keys.state, KEYS_MPPE);
					assert_int_equal(
					    keys.receive_len, lens[i]);
				}
			}
		}
	}
}

static void
test_keys_are_copied(void **state)
{
	struct keymsg_auth auth = { .method = KEYMSG_METHOD_MSCHAP_V2,
		.receive_len = 16,
		.send_len = 16 };
	struct binding_keys keys;
	const char *why;

	(void)state;
	memset(auth.receive, 1, 32);
	memset(auth.send, 2, 32);
	assert_true(auth_accept(CONF_AUTH_MSCHAP_V2, &auth, &keys, &why));
	for (int i = 0; i < 16; i++) {
		assert_int_equal(keys.receive[i], 1);
		assert_int_equal(keys.send[i], 2);
		assert_int_equal(keys.receive[16 + i], 0);
	}
}

static void
test_impossible_lengths(void **state)
{
	struct keymsg_auth auth = { .method = KEYMSG_METHOD_MSCHAP_V2,
		.receive_len = 33,
		.send_len = 16 };
	struct binding_keys keys;
	const char *why;

	(void)state;
	assert_false(auth_accept(CONF_AUTH_MSCHAP_V2, &auth, &keys, &why));
	auth.receive_len = 16;
	auth.send_len = 255;
	assert_false(auth_accept(CONF_AUTH_MSCHAP_V2, &auth, &keys, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_keys_are_copied),
		cmocka_unit_test(test_impossible_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
