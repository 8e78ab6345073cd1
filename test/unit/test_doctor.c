/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the doctor reads: versions, options, owners; and how it reports. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "doctor_files.h"
#include "doctor_report.h"
#include "pppd_facts.h"

static void
test_versions(void **state)
{
	static const struct {
		const char *text;
		unsigned int version;
	} cases[] = {
		{ "pppd version 2.4.9\n", 20409 },
		{ "pppd version 2.5.0", 20500 },
		{ "pppd version 2.5.1-dev\n", 20501 },
		{ "pppd version 2.4.5b2", 20405 },
		{ "pppd version 2.6\n", 20600 },
		{ "pppd version 10.0.99\n", 100099 },
		{ "sh: version of what", 0 },
		{ "pppd version two", 0 },
		{ "pppd version 2", 0 },
		{ "2.4.9", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    pppd_parse_version(cases[i].text), cases[i].version);
}

/* A file with that text; free() its path. */
static char *
make_file(const char *text)
{
	char *path = strdup("/tmp/sstpd-test.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void
test_options(void **state)
{
	char *path = make_file("auth # plugin a.so\n"
			       "#max-tls-version 1.2\n"
			       "\tplugin\t\"radius.so\"\r\n"
			       "name 'x y'");
	static const char *const words[] = { "x y", "name", "a.so", "auth" };
	struct conf_profile profile = { 0 };

	(void)state;
	assert_true(pppd_file_has(path, "auth"));
	assert_true(pppd_file_has(path, "plugin"));
	assert_true(pppd_file_has(path, "radius.so"));
	assert_true(pppd_file_has(path, "y"));
	assert_false(pppd_file_has(path, "a.so"));
	assert_false(pppd_file_has(path, "max-tls-version"));
	assert_false(pppd_file_has(path, "radius"));
	memcpy(profile.options_file, path, strlen(path) + 1);
	assert_int_equal(
	    pppd_find_options(&profile, words, 4), 1 << 1 | 1 << 3);
	unlink(path);
	assert_false(pppd_file_has(path, "auth"));
	free(path);
}

static void
test_clonable(void **state)
{
	static const struct {
		const char *text, *obstacle; /* "": none */
	} cases[] = {
		{ "", "" },
		{ "auth\nplugin radius.so\nplugin /a/b/radattr.so\n", "" },
		{ "plugin winbind.so # plugin other.so\n", "" },
		{ "#call isp\nname file1\n", "" },
		{ "auth\nplugin 'other.so'\nfile x", "plugin other.so" },
		{ "plugin\n/a/other.so\n", "plugin /a/other.so" },
		{ "plugin file\n", "plugin file" },
		{ "auth call isp\n", "call" },
		{ "\tfile\t/etc/ppp/more\n", "file" },
	};
	struct conf_profile profile;
	char obstacle[PPPD_FACT_MAX], *path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = make_file(cases[i].text);
		profile = (struct conf_profile){ 0 };
		memcpy(profile.options_file, path, strlen(path) + 1);
		assert_int_equal(pppd_is_clonable(&profile, obstacle),
		    cases[i].obstacle[0] == '\0');
		assert_string_equal(obstacle, cases[i].obstacle);
		unlink(path);
		free(path);
	}
}

static void
test_owners(void **state)
{
	char *path = make_file(""), why[256];

	(void)state;
	/* the sticky bit of the directory is not enough for 2.5.3 */
	assert_false(doctor_is_safe(path, true, why, sizeof(why)));
	assert_true(doctor_is_safe("/", true, why, sizeof(why)));
	if (geteuid() != 0) {
		assert_false(doctor_is_safe(path, false, why, sizeof(why)));
		assert_non_null(strstr(why, "belong to root"));
	} else {
		assert_true(doctor_is_safe(path, false, why, sizeof(why)));
		chmod(path, 0620);
		assert_true(doctor_is_safe(path, false, why, sizeof(why)));
		chmod(path, 0602);
		assert_false(doctor_is_safe(path, false, why, sizeof(why)));
		assert_non_null(strstr(why, path));
		chmod(path, 0600);
		assert_int_equal(chown(path, 65534, 0), 0);
		assert_false(doctor_is_safe(path, false, why, sizeof(why)));
	}
	unlink(path);
	assert_false(doctor_is_safe(path, false, why, sizeof(why)));
	free(path);
}

static char *
report(bool as_json, enum doctor_verdict verdict, const char *text, int *status)
{
	struct doctor d;
	char *out = NULL;
	size_t n;
	FILE *f = open_memstream(&out, &n);

	assert_non_null(f);
	doctor_begin(&d, f, as_json);
	doctor_say(&d, DOCTOR_OK, "a", "fine");
	doctor_say(&d, verdict, "b", "%s", text);
	doctor_say(&d, DOCTOR_OK, "c", "fine");
	*status = doctor_end(&d);
	fclose(f);
	return out;
}

static void
test_report(void **state)
{
	static char longest[2 * DOCTOR_TEXT_MAX];
	int status;
	char *out;

	(void)state;
	out = report(false, DOCTOR_WARNING, "\x1b[2J\tlow\ndo\nthat", &status);
	assert_string_equal(out, "ok       a: fine\n"
				 "warning  b:  [2J low\n"
				 "         do that\n"
				 "ok       c: fine\n");
	assert_int_equal(status, 1);
	free(out);
	out = report(true, DOCTOR_FAULT, "say \"no\"\nnever", &status);
	assert_string_equal(out,
	    "{\"findings\": ["
	    "{\"verdict\": \"ok\", \"area\": \"a\", \"found\": \"fine\"}, "
	    "{\"verdict\": \"fault\", \"area\": \"b\", "
	    "\"found\": \"say \\\"no\\\"\", \"advice\": \"never\"}, "
	    "{\"verdict\": \"ok\", \"area\": \"c\", \"found\": \"fine\"}], "
	    "\"verdict\": \"fault\"}\n");
	assert_int_equal(status, 2);
	free(out);
	memset(longest, 'x', sizeof(longest) - 1);
	out = report(false, DOCTOR_OK, longest, &status);
	assert_true(strlen(out) < DOCTOR_TEXT_MAX + 100);
	assert_int_equal(status, 0);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_clonable),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
