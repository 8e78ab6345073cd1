/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What sstpctl shows fits a terminal of 80 columns, and cannot draw on it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"
#include "terminal.h"

enum { SESSIONS = 300, WIDTH = 80 };

static const int64_t now = INT64_C(1800000000000), hour = 3600 * 1000;

/* --- columns --- */

static void
check_column(const char *text, size_t width, const char *expected)
{
	char got[256] = "";
	FILE *out = fmemopen(got, sizeof(got), "w");

	assert_non_null(out);
	terminal_put_column(out, text, strlen(text), width);
	fclose(out);
	assert_string_equal(got, expected);
}

static void
test_columns(void **state)
{
	(void)state;
	check_column("alice", 7, "alice   ");
	check_column("alice", 5, "alice ");
	check_column("alice", 4, "ali+ ");
	check_column("", 3, "    ");
	/* a character is one column, and is not cut in the middle */
	check_column("zo\xc3\xab", 4, "zo\xc3\xab  ");
	check_column("zo\xc3\xab\xc3\xab", 4, "zo\xc3\xab\xc3\xab ");
	check_column("zo\xc3\xab\xc3\xab", 3, "zo+ ");
	/* but for those that may be wide */
	check_column(
	    "\xe4\xb8\xad\xe6\x96\x87", 4, "\xe4\xb8\xad\xe6\x96\x87 ");
	check_column("\xe4\xb8\xad\xe6\x96\x87", 3, "\xe4\xb8\xad+ ");
	check_column("\xe4\xb8\xad\xe6\x96\x87", 2, "+  ");
	/* no control, of either kind, and nothing that is not UTF-8 */
	check_column("\x1b[2J\x7f\n", 8, "?[2J??   ");
	check_column("\xc2\x9b"
		     "2J",
	    4, "?2J  ");
	check_column("\xff\xc3", 4, "??   ");
}

/* --- whole reports --- */

static struct stats_monitor *
largest_monitor(void)
{
	struct stats_monitor *m = malloc(sizeof(*m));

	assert_non_null(m);
	memset(m, 0xff, sizeof(*m));
	m->started = 0;
	m->certificate_expires = INT64_MAX;
	return m;
}

/* All numbers as large as they can be, all texts as long. */
static struct stats_worker *
largest_worker(unsigned int serial)
{
	static const char peer[] =
	    "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
	struct stats_worker *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	memset(w, 0xff, offsetof(struct stats_worker, session[SESSIONS]));
	w->now.sessions = SESSIONS;
	for (unsigned int i = 0; i < SESSIONS; i++) {
		struct stats_session *s = &w->session[i];

		s->id = (uint64_t)serial << 32 | (UINT32_MAX - i);
		s->stage = AT_UP;
		s->method = 0;
		s->began = s->connected =
		    i % 2 == 0 ? 0 : now - i * 24 * hour - 13 * hour;
		memset(s->user, 'u', sizeof(s->user));
		memset(s->sni, 0, sizeof(s->sni)); /* a row of their own */
		memset(s->correlation_id, 0, sizeof(s->correlation_id));
		memset(s->tls_cipher, 0, sizeof(s->tls_cipher));
		memcpy(s->peer, peer, sizeof(peer));
		memcpy(s->local, peer, sizeof(peer));
	}
	return w;
}

static void
check_lines(char *text, unsigned int least)
{
	unsigned int lines = 0;

	for (char *line; (line = strsep(&text, "\n")) != NULL && *line != '\0';
	     lines++)
		if (strlen(line) > WIDTH)
			fail_msg("%zu columns: %s", strlen(line), line);
	assert_true(lines >= least);
}

static void
test_width(void **state)
{
	const struct report_filter all = { 0 };
	struct stats_worker *w[2] = { largest_worker(1),
		largest_worker(65535) };
	struct stats_monitor *m = largest_monitor();
	const struct report r = { .monitor = m,
		.workers = { w[0], w[1] },
		.worker_count = 2,
		.now = now };
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	report_sessions(&r, &all, false, out);
	fclose(out);
	/* whoever is asked for by a name has to see all of it */
	assert_non_null(strstr(text, "\ns65535.4294967295 "));
	assert_non_null(strstr(text, "\n600 sessions\n"));
	check_lines(text, 2 * SESSIONS + 2);
	free(text);

	out = open_memstream(&text, &n);
	report_status(&r, false, out);
	fclose(out);
	check_lines(text, 15);
	free(text);

	for (unsigned int i = 0; i < 2; i++) {
		w[i]->session[0].user[60] = '\0';
		out = open_memstream(&text, &n);
		assert_true(
		    report_session(&r, w[i]->session[0].id, false, out));
		fclose(out);
		check_lines(text, 15);
		free(text);
	}
	free(w[0]);
	free(w[1]);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
