/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The table of causes: complete, its identifiers fit for scripts and all
 * different, its sentences fit for one line of the log.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cause.h"

static bool
is_identifier(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	size_t n = strlen(name);

	return n > 0 && n < 40 && strspn(name, letters) == n &&
	       name[0] != '-' && name[n - 1] != '-';
}

/* One line, in quotes, between tabs: nothing in it may end any of these. */
static bool
is_text(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > 150 || text[n - 1] == '.' || text[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~' ||
		    strchr("\"\\", text[i]) != NULL)
			return false;
	return true;
}

static void
test_complete(void **state)
{
	(void)state;
	for (int i = NO_CAUSE; i < CAUSE_COUNT; i++) {
		const struct cause_info *c = cause_info((enum end_cause)i);

		assert_non_null(c->name); /* a row is missing */
		assert_true(is_identifier(c->name));
		assert_non_null(c->reason);
		assert_true(is_text(c->reason));
		assert_null(strchr(c->reason, ';')); /* ends it in the log */
		assert_true(c->windows == NULL || is_text(c->windows));
		assert_true(c->hint == NULL || is_text(c->hint));
		assert_true((unsigned int)c->stage < CAUSE_STAGES);
		assert_true((unsigned int)c->closer < CAUSE_CLOSERS);
	}
}

static void
test_unique(void **state)
{
	(void)state;
	for (int i = NO_CAUSE; i < CAUSE_COUNT; i++)
		for (int k = NO_CAUSE; k < i; k++) {
			const struct cause_info *a = cause_info(
						    (enum end_cause)i),
						*b = cause_info(
						    (enum end_cause)k);

			assert_string_not_equal(a->name, b->name);
			assert_string_not_equal(a->reason, b->reason);
		}
}

/* What ends well has no number of an error and no advice. */
static void
test_good_ends(void **state)
{
	(void)state;
	for (int i = NO_CAUSE; i < CAUSE_COUNT; i++) {
		const struct cause_info *c = cause_info((enum end_cause)i);

		if (c->kind == ENDS_BADLY)
			continue;
		assert_null(c->windows);
		assert_null(c->hint);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(cause_info(CAUSE_AUTH_FAILED)->name, "auth-failed");
	assert_string_equal(cause_info(CAUSE_AUTH_FAILED)->windows, "691");
	assert_string_equal(cause_info(CAUSE_COUNT)->name, "unknown");
	assert_string_equal(cause_info((enum end_cause) - 1)->name, "unknown");
	for (int i = AT_ANY; i < CAUSE_STAGES; i++)
		assert_true(
		    is_identifier(cause_stage_name((enum cause_stage)i)));
	for (int i = BY_CLIENT; i < CAUSE_CLOSERS; i++)
		assert_true(
		    is_identifier(cause_closer_name((enum cause_closer)i)));
	assert_string_equal(cause_stage_name(CAUSE_STAGES), "unknown");
	assert_string_equal(cause_closer_name(CAUSE_CLOSERS), "unknown");
}

static void
test_print(void **state)
{
	char *text = NULL, *line;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int lines = 0;

	(void)state;
	assert_non_null(out);
	cause_print_table(out);
	fclose(out);
	for (line = strtok(text, "\n"); line != NULL;
	     line = strtok(NULL, "\n"), lines++) {
		int tabs = 0;

		for (const char *p = line; *p != '\0'; p++)
			tabs += *p == '\t';
		assert_int_equal(tabs, 6);
		assert_int_equal(strcspn(line, "\t"),
		    strlen(cause_info((enum end_cause)lines)->name));
	}
	assert_int_equal(lines, CAUSE_COUNT);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_good_ends),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
