/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* pppd's arguments, from configuration and session; its exit codes in words. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "pppd.h"

static struct conf
sample(void)
{
	struct conf conf = {
		.pppd = "/usr/sbin/pppd",
		.plugin = "/usr/lib/pppd/2.5.2/sstpd-plugin.so",
		.auth_methods = CONF_AUTH_MSCHAP_V2,
	};

	return conf;
}

static const struct conf_profile profile = {
	.options_file = "/etc/ppp/options.sstpd",
	.local_address = 0xc0000201,
};

static const struct pppd_session session = {
	.tty = "/dev/pts/7",
	.plugin_fd = 3,
	.remote_address = "203.0.113.9",
	.session = "s1.17",
	.profile = &profile,
};

static void
assert_args(const struct pppd_args *args, const char *const *expected)
{
	unsigned int i;

	for (i = 0; expected[i] != NULL; i++) {
		assert_true(i < args->argc);
		assert_string_equal(args->argv[i], expected[i]);
	}
	assert_int_equal(args->argc, i);
	assert_null(args->argv[i]);
}

static void
test_usual(void **state)
{
	const char *expected[] = { "/usr/sbin/pppd", "file",
		"/etc/ppp/options.sstpd", "nodetach", "logfd", "1",
		"hide-password", "local", "receive-all", "asyncmap", "0",
		"auth", "require-mschap-v2", "plugin",
		"/usr/lib/pppd/2.5.2/sstpd-plugin.so", "192.0.2.1:", "sstpd-fd",
		"3", "/dev/pts/7", "remotenumber", "203.0.113.9", "ipparam",
		"s1.17", NULL };
	struct pppd_session template = session;
	struct conf conf = sample();
	struct pppd_args args;

	(void)state;
	assert_int_equal(pppd_build_args(&args, &conf, &session), 0);
	assert_args(&args, expected);
	/* what a clone goes on with is what comes after this one */
	template.template = true;
	expected[16] = "sstpd-template";
	assert_int_equal(pppd_build_args(&args, &conf, &template), 0);
	assert_args(&args, expected);
}

/* Whether args holds the word, and how often. */
static int
count(const struct pppd_args *args, const char *word)
{
	int n = 0;

	for (unsigned int i = 0; i < args->argc; i++)
		n += strcmp(args->argv[i], word) == 0;
	return n;
}

static void
test_every_set_of_methods(void **state)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} rows[] = {
		{ CONF_AUTH_MSCHAP_V2, "require-mschap-v2" },
		{ CONF_AUTH_EAP, "require-eap" },
		{ CONF_AUTH_CHAP_MD5, "require-chap" },
		{ CONF_AUTH_PAP, "require-pap" },
	};

	(void)state;
	for (uint32_t set = 0; set < 16; set++) {
		struct conf conf = sample();
		struct pppd_args args;

		conf.auth_methods = set;
		assert_int_equal(pppd_build_args(&args, &conf, &session), 0);
		/* whatever is allowed: nobody comes in unauthenticated */
		assert_int_equal(count(&args, "auth"), 1);
		assert_int_equal(count(&args, "noauth"), 0);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(count(&args, rows[i].word),
			    (set & rows[i].bit) != 0);
	}
}

static void
test_left_out(void **state)
{
	struct conf_profile another = profile;
	struct pppd_session dry = session;
	struct conf conf = sample();
	struct pppd_args args;

	(void)state;
	another.local_address = 0;
	dry.profile = &another;
	dry.plugin_fd = -1;
	assert_int_equal(pppd_build_args(&args, &conf, &dry), 0);
	assert_int_equal(count(&args, "sstpd-fd"), 0);
	assert_string_equal(args.argv[args.argc - 1], "s1.17");
}

static void
test_too_long(void **state)
{
	static char address[PPPD_TEXT_MAX];
	struct pppd_session longer = session;
	struct conf conf = sample();
	struct pppd_args args;

	(void)state;
	for (size_t n = 0; n < sizeof(address) - 1; n++) {
		address[n] = '1';
		longer.remote_address = address;
		if (pppd_build_args(&args, &conf, &longer) == 0) {
			assert_string_equal(args.argv[20], address);
			assert_true(args.text_len <= sizeof(args.text));
			continue;
		}
		assert_int_equal(errno, E2BIG);
		return;
	}
	fail_msg("%zu bytes were taken", sizeof(address));
}

static void
test_exit_texts(void **state)
{
	(void)state;
	assert_string_equal(pppd_exit_text(11), "peer authentication failed");
	assert_string_equal(pppd_exit_text(16), "link hung up");
	assert_string_equal(pppd_exit_text(126), "could not be executed");
	assert_string_equal(pppd_exit_text(127), "crashed");
	assert_string_equal(pppd_exit_text(22), "unknown exit code");
	assert_string_equal(pppd_exit_text(-1), "unknown exit code");
	assert_string_equal(pppd_exit_text(128), "unknown exit code");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_every_set_of_methods),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_exit_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
