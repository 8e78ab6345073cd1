/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Log lines: levels, errno, escaping, length, and what workers' lines become.
 */

#include <errno.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static int out[2], saved;
static char text[8192];

static int
setup(void **state)
{
	(void)state;
	saved = dup(2);
	return pipe(out) == 0 && dup2(out[1], 2) == 2 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	dup2(saved, 2);
	close(saved);
	close(out[0]);
	close(out[1]);
	return 0;
}

/* What was logged since the last call. */
static const char *
logged(void)
{
	ssize_t n;

	/* so that there is something to read */
	assert_int_equal(write(2, "", 1), 1);
	n = read(out[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n - 1] = '\0';
	return text;
}

static void
test_levels(void **state)
{
	(void)state;
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_WARN, 0);
	log_info("no");
	log_debug("no");
	assert_string_equal(logged(), "");
	assert_false(log_enabled(LOG_LEVEL_INFO));
	errno = ENOENT;
	log_warn("one");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(logged(), "<4>one: No such file or directory\n");
	log_errx("two %d", 2);
	assert_string_equal(logged(), "<3>two 2\n");
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_DEBUG, 0);
	log_line(LOG_LEVEL_DEBUG, "s1.1 192.0.2.1:1", "x");
	assert_string_equal(logged(), "<7>s1.1 192.0.2.1:1: x\n");
}

static void
test_peers_cannot_forge_lines(void **state)
{
	(void)state;
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_INFO, 0);
	log_info("user \"%s\"", "a\n<3>root: hello\r\t\033[2J\x7f\xff");
	assert_string_equal(logged(),
	    "<6>user \"a\\x0a<3>root: hello\\x0d\\x09\\x1b[2J\\x7f\xff\"\n");
}

static void
test_long_lines_are_cut(void **state)
{
	static char many[3 * LOG_LINE_MAX];
	const char *line;

	(void)state;
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_INFO, 0);
	memset(many, '\n', sizeof(many) - 1);
	log_info("%s", many);
	line = logged();
	assert_true(strlen(line) <= LOG_LINE_MAX + 8);
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
}

static void
test_time_before_lines(void **state)
{
	int y, mo, d, h, mi, s, ms;

	(void)state;
	log_open(LOG_SINK_STDERR, LOG_LEVEL_INFO, 0);
	log_info("hello");
	assert_int_equal(sscanf(logged(), "%d-%d-%dT%d:%d:%d.%d hello", &y, &mo,
			     &d, &h, &mi, &s, &ms),
	    7);
}

static void
test_relay(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "<6>from a worker", "<6>from a worker\n" },
		{ "<7>debug", "<7>debug\n" },
		{ "==1==ERROR: AddressSanitizer", "<3>==1==ERROR: "
						  "AddressSanitizer\n" },
		{ "<9>odd", "<3>odd\n" },
		{ "<", "<3><\n" },
		{ "<6>\033", "<6>\\x1b\n" },
	};

	(void)state;
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_INFO, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_relay(rows[i].in, strlen(rows[i].in));
		assert_string_equal(logged(), rows[i].out);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_levels),
		CASE(test_peers_cannot_forge_lines),
		CASE(test_long_lines_are_cut),
		CASE(test_time_before_lines),
		CASE(test_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
