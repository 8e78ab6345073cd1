/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What a record of the log becomes: text, JSON, an entry of the journal, bytes
 * in a pipe; and which bytes are UTF-8. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "log_journal.h"
#include "log_json.h"
#include "log_pipe.h"
#include "log_text.h"
#include "utf8.h"

static const struct timespec when = { 1795262400, 987654321 };

static const struct log_subject subjects[] = {
	{ "s1.7", "203.0.113.9", 51820 },
	{ "s1.8", "2001:db8::9", 1 },
};

#define JSON_HEAD(level, event)                                                \
	"{\"time\":\"2026-11-21T12:00:00.987Z\",\"level\":\"" level            \
	"\",\"pid\":42,\"event\":\"" event "\","                               \
	"\"session\":\"s1.7\",\"peer\":\"203.0.113.9\",\"peer_port\":51820,"

static const char *
text(const struct log_record *r)
{
	static char line[LOG_LINE_MAX];
	size_t n = log_text_line(r, true, line);

	assert_int_equal(n, strlen(line));
	return line;
}

static const char *
json(const struct log_record *r)
{
	static char line[LOG_JSON_MAX];
	size_t n = log_json_line(r, &when, 42, line);

	assert_int_equal(n, strlen(line));
	return line;
}

static void
begin(struct log_record *r, enum log_level level, enum log_event event)
{
	log_record_init(r, level, event);
	log_record_add_subject(r, &subjects[0]);
}

/* One with this name of a user. */
static void
begin_user(struct log_record *r, const char *p, size_t n)
{
	begin(r, LOG_LEVEL_INFO, LOG_EVENT_AUTHENTICATED);
	log_record_add(r, LOG_KEY_USER, p, n);
}

static void
begin_end(struct log_record *r)
{
	begin(r, LOG_LEVEL_WARN, LOG_EVENT_ENDED);
	log_record_add_text(r, LOG_KEY_REASON, "it \"broke\": why");
	log_record_add_text(r, LOG_KEY_CLOSED_BY, "pppd");
	log_record_add_text(r, LOG_KEY_SNI, NULL);
	log_record_add_text(r, LOG_KEY_USER, "");
	log_record_add_number(r, LOG_KEY_BYTES_IN, UINT64_MAX);
	log_record_add_text(r, LOG_KEY_WINDOWS_SHOWS, "RasSstp event 6");
}

static void
test_events(void **state)
{
	struct log_record r;

	(void)state;
	begin(&r, LOG_LEVEL_INFO, LOG_EVENT_BINDING_VERIFIED);
	log_record_add_text(&r, LOG_KEY_HASH, "SHA-256");
	assert_string_equal(
	    text(&r), "s1.7 203.0.113.9:51820: binding verified: hash=SHA-256");
	assert_string_equal(json(&r),
	    JSON_HEAD("info",
		"binding_verified") "\"hash\":\"SHA-256\","
				    "\"message\":\"binding verified: hash=SHA-256\"}");
	begin_end(&r);
	assert_string_equal(text(&r),
	    "s1.7 203.0.113.9:51820: ended: it \"broke\": why; closed-by=pppd "
	    "bytes-in=18446744073709551615 windows-shows=\"RasSstp event 6\"");
	assert_string_equal(json(&r),
	    JSON_HEAD("warn",
		"ended") "\"reason\":\"it \\\"broke\\\": why\","
			 "\"closed_by\":\"pppd\",\"bytes_in\":18446744073709551615,"
			 "\"windows_shows\":\"RasSstp event 6\",\"message\":\"ended: it "
			 "\\\"broke\\\": why; closed-by=pppd bytes-in=18446744073709551615 "
			 "windows-shows=\\\"RasSstp event 6\\\"\"}");
}

static void
test_messages(void **state)
{
	struct log_record r;

	(void)state;
	log_record_init(&r, LOG_LEVEL_ERROR, LOG_EVENT_MESSAGE);
	log_record_add_text(&r, LOG_KEY_MESSAGE, "no memory");
	assert_string_equal(text(&r), "no memory");
	assert_string_equal(json(&r),
	    "{\"time\":\"2026-11-21T12:00:00.987Z\",\"level\":\"error\","
	    "\"pid\":42,\"event\":\"message\",\"message\":\"no memory\"}");
	log_record_init(&r, LOG_LEVEL_DEBUG, LOG_EVENT_MESSAGE);
	log_record_add_subject(&r, &subjects[1]);
	log_record_add_text(&r, LOG_KEY_MESSAGE, "accepted");
	assert_string_equal(text(&r), "s1.8 [2001:db8::9]:1: accepted");
}

static void
test_fields(void **state)
{
	struct log_record r;

	(void)state;
	begin(&r, LOG_LEVEL_INFO, LOG_EVENT_UP);
	log_record_add_text(&r, LOG_KEY_INTERFACE, "ppp0");
	log_record_add_text(&r, LOG_KEY_INTERFACE, "ppp1");
	log_record_add_text(&r, LOG_KEY_MTU, "01");
	log_record_add_text(&r, LOG_KEY_MTU, "1,\"x\":2");
	log_record_add_text(&r, LOG_KEY_MTU, "184467440737095516150");
	log_record_add_text(&r, LOG_KEY_BYTES_IN, "-1");
	log_record_add_text(&r, LOG_KEY_BYTES_OUT, "0");
	assert_string_equal(
	    text(&r), "s1.7 203.0.113.9:51820: up: interface=ppp0 bytes-out=0");
}

/* What clients may choose, and what becomes of it: in quotes in a line of text,
 * as a string of JSON. */
static void
test_hostile_values(void **state)
{
#define ROW(in, text, json)                                                    \
	{                                                                      \
		in, sizeof(in) - 1, text, json                                 \
	}
	static const struct {
		const char *in;
		size_t n;
		const char *text, *json;
	} rows[] = {
		ROW("a\" cause=x \\", "a\\\" cause=x \\\\",
		    "a\\\" cause=x \\\\"),
		ROW("\n\0\x7f\x1b[2J", "\\x0a\\x00\\x7f\\x1b[2J",
		    "\\u000a\\u0000\\u007f\\u001b[2J"),
		ROW("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e",
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e",
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e"),
		ROW("caf\xe9", "caf\\xe9", "caf\\ufffd"),
		/* a control sequence to 8-bit terminals */
		ROW("\xc2\x9b!", "\\xc2\\x9b!", "\\u009b!"),
		ROW("\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80",
		    "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"),
		ROW("\xe2\x82", "\\xe2\\x82", "\\ufffd\\ufffd"),
	};
	char wanted[512];
	struct log_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_user(&r, rows[i].in, rows[i].n);
		snprintf(wanted, sizeof(wanted),
		    "s1.7 203.0.113.9:51820: authenticated: user=\"%s\"",
		    rows[i].text);
		assert_string_equal(text(&r), wanted);
		snprintf(wanted, sizeof(wanted), "\"user\":\"%s\",\"message\"",
		    rows[i].json);
		assert_non_null(strstr(json(&r), wanted));
	}
}

/* The string at p has an end, and after it comes what follows. */
static const char *
skip_string(const char *p)
{
	assert_int_equal(*p++, '"');
	for (; *p != '"'; p++) {
		assert_true((unsigned char)*p >= 0x20);
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

/* As much of it as matters here: it is whole, with one level of members. */
static void
check_object(const char *p)
{
	assert_int_equal(*p, '{');
	do {
		p = skip_string(p + 1);
		assert_int_equal(*p++, ':');
		p = *p == '"' ? skip_string(p) : p + strspn(p, "0123456789");
	} while (*p == ',');
	assert_string_equal(p, "}");
}

static void
test_long_values_are_shortened(void **state)
{
	static const char fillers[] = { 'a', '"', '\\', '\n', '\xff' };
	static char many[2 * LOG_LINE_MAX];
	struct log_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(fillers); i++) {
		memset(many, fillers[i], sizeof(many));
		begin_user(&r, many, 256);
		assert_non_null(strstr(text(&r), "...\""));
		check_object(json(&r));
		log_record_add(&r, LOG_KEY_METHOD, many, 600);
		assert_non_null(strstr(json(&r), "...\",\"message\":"));
		/* all there can be, of which not everything fits */
		begin(&r, LOG_LEVEL_INFO, LOG_EVENT_ENDED);
		log_record_add(&r, LOG_KEY_REASON, many, 500);
		for (int key = LOG_KEY_STAGE; key < LOG_KEYS; key++)
			log_record_add(&r, (enum log_key)key, many, 150);
		check_object(json(&r));
		assert_true(strlen(text(&r)) < LOG_LINE_MAX);
		/* no more room in the record */
		log_record_init(&r, LOG_LEVEL_INFO, LOG_EVENT_MESSAGE);
		log_record_add(&r, LOG_KEY_MESSAGE, many, sizeof(many));
		log_record_add_subject(&r, &subjects[0]);
		assert_true(strlen(text(&r)) > LOG_LINE_MAX - 8);
		check_object(json(&r));
	}
}

/* --- the journal --- */

/* The next field of an entry: "NAME=value". */
static size_t
next_field(const uint8_t *p, char *field, size_t cap)
{
	size_t name = (size_t)((const uint8_t *)memchr(p, '\n', 64) - p);
	uint64_t n = 0;

	for (int i = 7; i >= 0; i--)
		n = n << 8 | p[name + 1 + (size_t)i];
	assert_true(name + n + 2 < cap);
	memcpy(field, p, name);
	field[name] = '=';
	memcpy(field + name + 1, p + name + 9, n);
	field[name + 1 + n] = '\0';
	assert_int_equal(p[name + 9 + n], '\n');
	return name + n + 10;
}

static void
test_journal(void **state)
{
	static const char *const wanted[] = {
		("MESSAGE=s1.7 203.0.113.9:51820: authenticated: "
		 "user=\"a\\x0aPRIORITY=0\""),
		"PRIORITY=6",
		"SYSLOG_IDENTIFIER=sstpd",
		"SYSLOG_FACILITY=16",
		"SYSLOG_PID=42",
		"SSTPD_EVENT=authenticated",
		"SSTPD_SESSION=s1.7",
		"SSTPD_PEER=203.0.113.9",
		"SSTPD_PEER_PORT=51820",
		"SSTPD_USER=a\nPRIORITY=0",
	};
	uint8_t entry[LOG_JOURNAL_MAX];
	struct log_record r;
	char field[512];
	size_t n, used = 0;

	(void)state;
	begin_user(&r, "a\nPRIORITY=0", 12);
	n = log_journal_entry(&r, 42, LOG_LOCAL0, entry);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		used += next_field(entry + used, field, sizeof(field));
		assert_string_equal(field, wanted[i]);
	}
	assert_int_equal(used, n);
}

/* --- the pipe --- */

static void
check_same(const struct log_record *a, const struct log_record *b)
{
	char line[LOG_JSON_MAX];

	snprintf(line, sizeof(line), "%s", json(a));
	assert_string_equal(line, json(b));
}

/* Take all of it, so many bytes at a time; returns how many records came. */
static unsigned int
decode(const uint8_t *p, size_t n, size_t step, struct log_record *r)
{
	unsigned int count = 0;
	struct log_pipe pipe;
	bool complete;

	log_pipe_init(&pipe);
	for (size_t at = 0; at < n;) {
		size_t part = n - at < step ? n - at : step;

		at += log_pipe_decode(&pipe, p + at, part, r, &complete);
		count += complete;
	}
	return count;
}

static void
test_pipe(void **state)
{
	uint8_t bytes[2 * LOG_PIPE_MAX];
	struct log_record r, got;
	size_t n;

	(void)state;
	begin_end(&r);
	log_record_add(&r, LOG_KEY_USER, "\1\n\0x", 4);
	n = log_pipe_encode(&r, bytes);
	for (size_t step = 1; step <= n; step++) {
		assert_int_equal(decode(bytes, n, step, &got), 1);
		check_same(&r, &got);
	}
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(decode(bytes, cut, n, &got), 0);
	memcpy(bytes + n, bytes, n);
	assert_int_equal(decode(bytes, 2 * n, 7, &got), 2);
}

static void
test_pipe_refuses(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[16];
		size_t n;
	} rows[] = {
		{ "empty", { 1, 0, 0 }, 3 },
		{ "only a level", { 1, 0, 1, 0 }, 4 },
		{ "level", { 1, 0, 2, LOG_LEVELS, 0 }, 5 },
		{ "event", { 1, 0, 2, 0, LOG_EVENTS }, 5 },
		{ "key", { 1, 0, 6, 0, 0, LOG_KEYS, 0, 1, 'x' }, 9 },
		{ "value too long", { 1, 0, 6, 0, 0, 0, 0, 2, 'x' }, 9 },
		{ "half a length", { 1, 0, 4, 0, 0, 0, 0 }, 7 },
		{ "length", { 1, 0xff, 0xff }, 3 },
	};
	static const uint8_t good[] = { 1, 0, 2, 0, 0 };
	uint8_t bytes[32];
	struct log_record r;

	(void)state;
	assert_int_equal(decode(good, sizeof(good), 1, &r), 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(bytes, rows[i].bytes, rows[i].n);
		memcpy(bytes + rows[i].n, good, sizeof(good));
		print_message("%s\n", rows[i].name);
		assert_int_equal(decode(bytes, rows[i].n, 1, &r), 0);
		/* and it does not take the next one with it */
		assert_int_equal(
		    decode(bytes, rows[i].n + sizeof(good), 1, &r), 1);
	}
}

static void
test_pipe_lines(void **state)
{
	static const struct {
		const char *in;
		enum log_level level;
		const char *out;
	} rows[] = {
		{ "<6>from a worker\n", LOG_LEVEL_INFO, "from a worker" },
		{ "<7>debug\n", LOG_LEVEL_DEBUG, "debug" },
		{ "==1==ERROR: AddressSanitizer\n", LOG_LEVEL_ERROR,
		    "==1==ERROR: AddressSanitizer" },
		{ "<9>odd\n", LOG_LEVEL_ERROR, "odd" },
		{ "<\n", LOG_LEVEL_ERROR, "<" },
		{ "<6>\033\n", LOG_LEVEL_INFO, "\\x1b" },
	};
	static uint8_t many[3 * LOG_LINE_MAX];
	struct log_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(decode((const uint8_t *)rows[i].in,
				     strlen(rows[i].in), 3, &r),
		    1);
		assert_int_equal(r.level, rows[i].level);
		assert_string_equal(text(&r), rows[i].out);
	}
	assert_int_equal(decode((const uint8_t *)"a\n\nb\nc", 6, 2, &r), 2);
	/* without an end: in pieces */
	memset(many, 'x', sizeof(many));
	assert_int_equal(decode(many, sizeof(many), 1000, &r), 2);
}

/* --- UTF-8 --- */

static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t n, length;
	} rows[] = {
		{ "", 0, 0 },
		{ "\0", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xdf\xbfx", 3, 2 },
		{ "\xdf", 1, 0 },
		{ "\xdf\xc0", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xef\xbf\x7f", 3, 0 },
		{ "\xef\xbf", 2, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xf1\x80\x80\xff", 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    utf8_length(rows[i].text, rows[i].n), rows[i].length);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_long_values_are_shortened),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_pipe_refuses),
		cmocka_unit_test(test_pipe_lines),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
