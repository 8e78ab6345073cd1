/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* http.c: what clients send, what nobody should, limits, and replies. */

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define URI	 "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
#define LINE	 "SSTP_DUPLEX_POST " URI " HTTP/1.1\r\n"
#define LENGTH	 "Content-Length: 18446744073709551615\r\n"

enum { BIG = 64 * 1024 };

static struct http_request request;

/* Parse a block of just that size, where overreads show. */
static ssize_t
parse(const char *head, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	ssize_t len;

	assert_non_null(copy);
	memcpy(copy, head, n);
	memset(&request, 0xff, sizeof(request));
	len = http_parse_request(copy, n, &request);
	free(copy);
	assert_non_null(memchr(request.host, 0, sizeof(request.host)));
	assert_non_null(
	    memchr(request.correlation_id, 0, sizeof(request.correlation_id)));
	assert_non_null(memchr(request.method, 0, sizeof(request.method)));
	return len;
}

static ssize_t
parse_text(const char *head)
{
	return parse(head, strlen(head));
}

static const char *const good[] = {
	LINE "Host: vpn.example.net\r\n" LENGTH
	     "SSTPCORRELATIONID: {6C1F9D0E-4A5B-11EE-BE56-0242AC120002}\r\n"
	     "\r\n",
	/* nothing but the request line */
	LINE "\r\n",
	/* bare line feeds, mixed line ends */
	"SSTP_DUPLEX_POST " URI " HTTP/1.1\nHost: a\n\n",
	LINE "Host: a\n\r\n",
	LINE "Host: a\r\n\n",
	/* the path: digits of either case, a query */
	"SSTP_DUPLEX_POST /sra_{ba195980-cd49-458B-9e23-c84ee0adcd75}/"
	" HTTP/1.1\r\n\r\n",
	"SSTP_DUPLEX_POST " URI "?tenantid=abc HTTP/1.1\r\n\r\n",
	"SSTP_DUPLEX_POST " URI "? HTTP/1.1\r\n\r\n",
	"SSTP_DUPLEX_POST " URI "?a=/?b HTTP/1.1\r\n\r\n",
	/* any Content-Length, or several */
	LINE "Content-Length: 0\r\n\r\n",
	LINE "Content-Length: 18446744073709551616\r\n\r\n",
	LINE "Content-Length: "
	     "9999999999999999999999999999999999999999\r\n\r\n",
	LINE LENGTH LENGTH "Content-Length: x\r\n\r\n",
	/* unknown fields, empty values, odd but legal bytes */
	LINE "Cookie: a=b\r\nVia: 1.1 proxy\r\nX-Forwarded-For: ::1\r\n\r\n",
	LINE "Host:\r\nSSTPCORRELATIONID: {}\r\n!#$%&'*+-.^_`|~aZ09:x\r\n\r\n",
	LINE "X: \t a\tb \xc3\xa4 \t\r\n\r\n",
	LINE "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
};

static void
test_good(void **state)
{
	char text[1024];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		n = strlen(good[i]);
		assert_int_equal(parse(good[i], n), n);
		assert_string_equal(request.method, "SSTP_DUPLEX_POST");
		/* what follows is SSTP, whatever it is */
		memcpy(text, good[i], n);
		memcpy(text + n, "\x10\x01\x00\x0e\r\n\r\n\0\x7f", 10);
		assert_int_equal(parse(text, n + 10), n);
	}
}

static void
test_incomplete(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		for (n = 0; n < strlen(good[i]); n++) {
			assert_int_equal(parse(good[i], n), 0);
			assert_string_equal(request.method, "");
		}
	}
	/* a line of one byte is not blank, and judged with the others */
	assert_int_equal(parse_text("a\n"), 0);
	assert_int_equal(parse_text(LINE "a\n"), 0);
}

static const struct {
	int status;
	const char *head;
} bad[] = {
	/* not parseable */
	{ 400, "\r\n" },
	{ 400, "\n" },
	{ 400, "\r\n" LINE "\r\n" },
	{ 400, "SSTP_DUPLEX_POST\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI "\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST  HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST  " URI " HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI "  HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/1.1 \r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/1.10\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/11.\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/a.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/..1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/1.a\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/1..\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " HTTP/1_1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI " http/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI "\tHTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST " URI "?\t HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP_DUPLEX_POST\t" URI " HTTP/1.1\r\n\r\n" },
	{ 400, " SSTP_DUPLEX_POST " URI " HTTP/1.1\r\n\r\n" },
	{ 400, "SSTP(POST " URI " HTTP/1.1\r\n\r\n" },
	{ 400, LINE "Host\r\n\r\n" },
	{ 400, LINE ": a\r\n\r\n" },
	{ 400, LINE "Host : a\r\n\r\n" },
	{ 400, LINE "Ho st: a\r\n\r\n" },
	{ 400, LINE "H\xc3\xb6st: a\r\n\r\n" },
	{ 400, LINE "Host: a\r\n b\r\n\r\n" },
	{ 400, LINE "Host: a\r\n\tb: c\r\n\r\n" },
	{ 400, LINE " Host: a\r\n\r\n" },
	{ 400, LINE "Host: a\r\n \r\n\r\n" },
	/* another version, before all that follows */
	{ 505, "SSTP_DUPLEX_POST " URI " HTTP/1.0\r\n\r\n" },
	{ 505, "SSTP_DUPLEX_POST " URI " HTTP/2.0\r\n\r\n" },
	{ 505, "SSTP_DUPLEX_POST " URI " HTTP/0.1\r\n\r\n" },
	{ 505, "SSTP_DUPLEX_POST " URI " HTTP/9.9\r\n\r\n" },
	{ 505, "PRI * HTTP/2.0\r\n\r\n" },
	{ 505, "GET / HTTP/1.0\r\n\r\n" },
	/* another method, whatever the path */
	{ 405, "GET / HTTP/1.1\r\n\r\n" },
	{ 405, "GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n" },
	{ 405, "POST " URI " HTTP/1.1\r\n\r\n" },
	{ 405, "sstp_duplex_post " URI " HTTP/1.1\r\n\r\n" },
	{ 405, "SSTP_DUPLEX_POSTS " URI " HTTP/1.1\r\n\r\n" },
	{ 405, "SSTP_DUPLEX_POS " URI " HTTP/1.1\r\n\r\n" },
	{ 405, "CONNECT vpn.example.net:443 HTTP/1.1\r\n\r\n" },
	/* another path */
	{ 404, "SSTP_DUPLEX_POST / HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST ? HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST /?" URI " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST " URI "x HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST " URI "#a HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST x" URI " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST https://a" URI " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST /SRA_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
	       " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}"
	       " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD76}/"
	       " HTTP/1.1\r\n\r\n" },
	{ 404, "SSTP_DUPLEX_POST /sra_{BA195980\xad"
	       "CD49-458b-9E23-C84EE0ADCD75}/"
	       " HTTP/1.1\r\n\r\n" },
	/* 400 outranks them */
	{ 400, "GET / HTTP/1.1\r\nHost\r\n\r\n" },
	{ 400, "GET / HTTP/1.0\r\n a\r\n\r\n" },
};

/* The answer is the same in any slices, and stays when more bytes come. */
static void
assert_refused(const char *head, size_t n, int status)
{
	size_t i;
	ssize_t len = 0;

	assert_int_equal(parse(head, n), -status);
	for (i = 0; i < n && len == 0; i++)
		len = parse(head, i);
	assert_true(len == 0 || len == -status);
}

static void
test_bad(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_refused(bad[i].head, strlen(bad[i].head), bad[i].status);
}

/* Every control character but tab, and at the ends of lines LF, anywhere. */
static void
test_control_characters(void **state)
{
	static const char head[] = LINE "Host: abcdef\r\n" LENGTH "\r\n";
	char text[sizeof(head)];
	size_t i, n = sizeof(head) - 1;
	int c;

	(void)state;
	for (i = 0; i < n; i++) {
		for (c = 0; c <= 0x7f; c++) {
			if ((c >= ' ' && c < 0x7f) || c == '\t' || c == '\n' ||
			    head[i] == c)
				continue;
			memcpy(text, head, n);
			text[i] = (char)c;
			assert_refused(text, n, 400);
			/* refused at once, not when the head is complete */
			assert_int_equal(
			    parse(text, i + 2 < n ? i + 2 : n), -400);
		}
	}
}

static void
test_kept_fields(void **state)
{
	char text[1024], *p;

	(void)state;
	assert_true(parse_text(good[0]) > 0);
	assert_string_equal(request.host, "vpn.example.net");
	assert_string_equal(
	    request.correlation_id, "{6C1F9D0E-4A5B-11EE-BE56-0242AC120002}");
	/* absent */
	assert_true(parse_text(LINE "\r\n") > 0);
	assert_string_equal(request.host, "");
	assert_string_equal(request.correlation_id, "");
	/* any case, blanks around, not printable bytes, repeated */
	assert_true(parse_text(LINE "hOST:\t a b\t\xc3\r\n"
				    "sstpCorrelationId:{}  \r\n"
				    "Host: c\r\nSSTPCORRELATIONID: d\r\n"
				    "\r\n") > 0);
	assert_string_equal(request.host, "a b??");
	assert_string_equal(request.correlation_id, "{}");
	/* only these names */
	assert_true(parse_text(LINE "Hos: a\r\nHostx: b\r\n\r\n") > 0);
	assert_string_equal(request.host, "");
	/* the first that says something */
	assert_true(parse_text(LINE "Host: \r\nHost: c\r\n\r\n") > 0);
	assert_string_equal(request.host, "c");
	/* cut to size */
	p = stpcpy(text, LINE "Host: ");
	memset(p, 'h', 300);
	p = stpcpy(p + 300, "\r\nSSTPCORRELATIONID: ");
	memset(p, 'c', 300);
	strcpy(p + 300, "\r\n\r\n");
	assert_true(parse_text(text) > 0);
	assert_int_equal(strlen(request.host), HTTP_HOST_MAX - 1);
	assert_int_equal(
	    strlen(request.correlation_id), HTTP_CORRELATION_MAX - 1);
	/* of a refused request as well */
	assert_int_equal(parse_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), -405);
	assert_string_equal(request.method, "GET");
	assert_string_equal(request.host, "a");
	assert_int_equal(
	    parse_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 / HTTP/1.1\n\n"),
	    -405);
	assert_string_equal(request.method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234");
}

/* LINE, a field that makes the head n bytes long, the blank line. */
static void
build_long_head(char *dst, size_t n)
{
	size_t line = strlen(LINE);

	memset(dst, 'a', n);
	memcpy(dst, LINE "X: ", line + 3);
	memcpy(dst + n - 4, "\r\n\r\n", 4);
}

static void
test_size_limit(void **state)
{
	static char text[BIG];

	(void)state;
	build_long_head(text, HTTP_HEAD_MAX);
	assert_int_equal(parse(text, HTTP_HEAD_MAX), HTTP_HEAD_MAX);
	assert_int_equal(parse(text, HTTP_HEAD_MAX + 100), HTTP_HEAD_MAX);
	assert_int_equal(parse(text, HTTP_HEAD_MAX - 1), 0);
	build_long_head(text, HTTP_HEAD_MAX + 1);
	assert_int_equal(parse(text, HTTP_HEAD_MAX + 1), -431);
	assert_int_equal(parse(text, HTTP_HEAD_MAX), -431);
	assert_int_equal(parse(text, HTTP_HEAD_MAX - 1), 0);
	/* without any line */
	memset(text, 'a', sizeof(text));
	assert_int_equal(parse(text, HTTP_HEAD_MAX - 1), 0);
	assert_int_equal(parse(text, HTTP_HEAD_MAX), -431);
	assert_int_equal(parse(text, sizeof(text)), -431);
	/* bytes beyond the limit are not looked at */
	text[HTTP_HEAD_MAX - 1] = '\r';
	text[HTTP_HEAD_MAX] = '\0';
	assert_int_equal(parse(text, sizeof(text)), -431);
}

static size_t
build_fields(char *dst, int count)
{
	char *p = stpcpy(dst, LINE);

	while (count-- > 0)
		p = stpcpy(p, "A: b\r\n");
	return (size_t)(stpcpy(p, "\r\n") - dst);
}

static void
test_field_limit(void **state)
{
	static char text[BIG];
	size_t n;

	(void)state;
	n = build_fields(text, HTTP_FIELDS_MAX);
	assert_int_equal(parse(text, n), n);
	n = build_fields(text, HTTP_FIELDS_MAX + 1);
	assert_refused(text, n, 431);
	assert_int_equal(parse(text, n - 2), -431); /* at once */
	assert_int_equal(parse(text, n - 3), 0);
	n = build_fields(text, 10000);
	assert_int_equal(parse(text, n), -431);
}

/* --- replies ------------------------------------------------------------- */

static void
assert_reply(int status, time_t now, const char *want)
{
	char dst[HTTP_REPLY_MAX];

	memset(dst, 0xff, sizeof(dst));
	assert_int_equal(http_build_reply(dst, status, now), strlen(want));
	assert_memory_equal(dst, want, strlen(want));
}

#define SERVER	"Server: Microsoft-HTTPAPI/2.0\r\n"
#define NO_BODY "Content-Length: 0\r\nConnection: close\r\n"

static void
test_replies(void **state)
{
	static const struct {
		int status;
		const char *line;
	} refusals[] = {
		{ 400, "HTTP/1.1 400 Bad Request\r\n" },
		{ 404, "HTTP/1.1 404 Not Found\r\n" },
		{ 408, "HTTP/1.1 408 Request Timeout\r\n" },
		{ 431, "HTTP/1.1 431 Request Header Fields Too Large\r\n" },
		{ 503, "HTTP/1.1 503 Service Unavailable\r\n" },
		{ 505, "HTTP/1.1 505 HTTP Version Not Supported\r\n" },
		{ 418, "HTTP/1.1 418 \r\n" },
	};
	char want[HTTP_REPLY_MAX];
	size_t i;

	(void)state;
	assert_reply(200, 784111777,
	    "HTTP/1.1 200 OK\r\n" LENGTH SERVER
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
	assert_reply(405, 784111777,
	    "HTTP/1.1 405 Method Not Allowed\r\n" NO_BODY
	    "Allow: SSTP_DUPLEX_POST\r\n" SERVER
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
	for (i = 0; i < COUNT(refusals); i++) {
		stpcpy(stpcpy(want, refusals[i].line), NO_BODY SERVER
		    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
		assert_reply(refusals[i].status, 784111777, want);
	}
}

static void
test_dates(void **state)
{
	static const struct {
		int64_t now;
		const char *want;
	} cases[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 951827696, "Tue, 29 Feb 2000 12:34:56 GMT" },
		{ 1767225599, "Wed, 31 Dec 2025 23:59:59 GMT" },
		{ 1772323200, "Sun, 01 Mar 2026 00:00:00 GMT" },
		{ 1775606400, "Wed, 08 Apr 2026 00:00:00 GMT" },
		{ 1778457600, "Mon, 11 May 2026 00:00:00 GMT" },
		{ 1781308800, "Sat, 13 Jun 2026 00:00:00 GMT" },
		{ 1784246400, "Fri, 17 Jul 2026 00:00:00 GMT" },
		{ 1787184000, "Thu, 20 Aug 2026 00:00:00 GMT" },
		{ 1790121600, "Wed, 23 Sep 2026 00:00:00 GMT" },
		{ 1792972800, "Mon, 26 Oct 2026 00:00:00 GMT" },
		/* clocks nobody should have */
		{ -1, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ 253402300800, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_MAX, "Thu, 01 Jan 1970 00:00:00 GMT" },
	};
	char dst[HTTP_REPLY_MAX + 1];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		n = http_build_reply(dst, 200, (time_t)cases[i].now);
		dst[n] = '\0';
		assert_string_equal(
		    strstr(dst, "Date: ") + 6 + strlen(cases[i].want),
		    "\r\n\r\n");
		assert_memory_equal(strstr(dst, "Date: ") + 6, cases[i].want,
		    strlen(cases[i].want));
	}
}

/* sstp-client keeps six fields, names below 32 and values below 128 bytes. */
static void
test_reply_is_small(void **state)
{
	char dst[HTTP_REPLY_MAX + 1], *p, *end;
	size_t n;
	int fields = 0;

	(void)state;
	n = http_build_reply(dst, 200, 1775606400);
	dst[n] = '\0';
	assert_memory_equal(dst + 9, "200", 3);
	for (p = strstr(dst, "\r\n") + 2; *p != '\r'; p = end + 2) {
		end = strstr(p, "\r\n");
		assert_true(strcspn(p, ":") < 32);
		assert_true(end - p < 128);
		fields++;
	}
	assert_true(fields <= 6);
	assert_string_equal(p, "\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_kept_fields),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_field_limit),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_reply_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
