/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Log lines: levels, errno, escaping, length, and where each kind of them goes.
 */

#include <errno.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "log_pipe.h"

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
	log_open(LOG_SINK_STDERR, LOG_LEVEL_INFO, 0);
	log_set_format(LOG_FORMAT_TEXT);
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

static const struct log_subject subject = { "s1.7", "192.0.2.1", 51820 };

static void LOG_PRINTF(1, 2) about(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vabout(LOG_LEVEL_DEBUG, &subject, fmt, ap);
	va_end(ap);
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
	about("x %d", 1);
	assert_string_equal(logged(), "<7>s1.7 192.0.2.1:51820: x 1\n");
}

static void
test_peers_cannot_forge_lines(void **state)
{
	(void)state;
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_INFO, 0);
	log_info("user \"%s\"", "a\n<3>root: hello\r\t\033[2J\x7f\xff");
	assert_string_equal(logged(),
	    "<6>user \"a\\x0a<3>root: hello\\x0d\\x09\\x1b[2J\\x7f\\xff\"\n");
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

/* What was logged to a pipe, sent on as the monitor does it. */
static void
relay(void)
{
	struct log_pipe pipe;
	struct log_record r;
	uint8_t bytes[8192];
	ssize_t n = read(out[0], bytes, sizeof(bytes));
	bool complete;

	assert_true(n > 0);
	log_pipe_init(&pipe);
	for (size_t i = 0; i < (size_t)n;) {
		i += log_pipe_decode(
		    &pipe, bytes + i, (size_t)n - i, &r, &complete);
		if (complete)
			log_relay(&r, 4711);
	}
}

static void
test_pipe(void **state)
{
	(void)state;
	log_open(LOG_SINK_PIPE, LOG_LEVEL_DEBUG, 0);
	log_warnx("one");
	assert_int_equal(write(2, "<6>two\nthree", 12), 12);
	about("\033 four");
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_ERROR, 0);
	relay();
	assert_string_equal(logged(), "<4>one\n<6>two\n<3>three\n"
				      "<7>s1.7 192.0.2.1:51820: \\x1b four\n");
}

static void
test_json(void **state)
{
	static const char about_it[] =
	    "\"level\":\"debug\",\"pid\":4711,\"event\":\"message\","
	    "\"session\":\"s1.7\",\"peer\":\"192.0.2.1\",\"peer_port\":51820,"
	    "\"message\":\"x\"}\n";
	const char *line;

	(void)state;
	log_set_format(LOG_FORMAT_JSON);
	log_open(LOG_SINK_PIPE, LOG_LEVEL_DEBUG, 0);
	about("x");
	log_open(LOG_SINK_STDERR, LOG_LEVEL_DEBUG, 0);
	relay();
	line = logged();
	assert_memory_equal(line, "{\"time\":\"20", 11);
	assert_non_null(strstr(line, "Z\",\"level\""));
	assert_string_equal(strstr(line, "\"level\""), about_it);
	log_open(LOG_SINK_TAGGED, LOG_LEVEL_DEBUG, 0);
	log_info("y");
	assert_memory_equal(logged(), "<6>{\"time\":", 11);
	log_open(LOG_SINK_PLAIN, LOG_LEVEL_DEBUG, 0);
	log_info("z");
	assert_string_equal(logged(), "sstpd: z\n");
}

static void
test_journal(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[] = "/tmp/sstpd-log.XXXXXX", entry[8192];
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t n;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
	log_set_journal(address.sun_path);
	log_open(LOG_SINK_JOURNAL, LOG_LEVEL_INFO, LOG_LOCAL0);
	log_info("nobody is there");
	assert_non_null(strstr(logged(), " nobody is there\n"));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	log_info("here");
	assert_string_equal(logged(), "");
	n = recv(fd, entry, sizeof(entry), MSG_DONTWAIT);
	assert_true(n > 20);
	assert_memory_equal(entry, "MESSAGE\n\4\0\0\0\0\0\0\0here\n", 21);
	close(fd);
	unlink(address.sun_path);
	rmdir(directory);
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
		CASE(test_pipe),
		CASE(test_json),
		CASE(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
