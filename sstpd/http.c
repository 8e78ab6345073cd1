/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * HTTP as far as [MS-SSTP] needs it: one request head, one reply head, RFC
 * 9112 narrowed to what an SSTP client sends.
 */

#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "wire.h"

#define METHOD	  "SSTP_DUPLEX_POST"
#define PATH_HEAD "/sra_{"
#define PATH_GUID "BA195980-CD49-458b-9E23-C84EE0ADCD75"
#define PATH_TAIL "}/"

#define LAST_DATE INT64_C(253402300799) /* in the year 9999 */

enum { HEAD_LINES_MAX = 1 + HTTP_FIELDS_MAX }; /* with the request line */

/*
 * Find the blank line, checking what can be checked line by line so that a
 * head that will never do is refused before it is complete: 400 for control
 * characters (a CR without its LF is one), 431 for limits. Looks only forward,
 * so that the answer does not depend on how the bytes arrived.
 */
static ssize_t
scan_head(const uint8_t *p, size_t n)
{
	size_t i, line = 0; /* where the line starts */
	int lines = 0;

	if (n > HTTP_HEAD_MAX)
		n = HTTP_HEAD_MAX;
	for (i = 0; i < n; i++) {
		if (p[i] == '\r' && (i + 1 == n || p[i + 1] == '\n'))
			continue;
		if (p[i] == '\n') {
			if (i == line || (i == line + 1 && p[line] == '\r'))
				return (ssize_t)i + 1;
			if (++lines > HEAD_LINES_MAX)
				return -431;
			line = i + 1;
			continue;
		}
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return -400;
	}
	return n == HTTP_HEAD_MAX ? -431 : 0;
}

/* Take what comes before the next c, and c. */
static bool
take_until(struct wire_in *in, char c, struct wire_in *before)
{
	const uint8_t *end = memchr(in->p, c, in->n);

	if (end == NULL)
		return false;
	take_block(in, (size_t)(end - in->p), before);
	in->p++;
	in->n--;
	return true;
}

static bool
take_line(struct wire_in *in, struct wire_in *line)
{
	if (!take_until(in, '\n', line))
		return false;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool
is_token(struct wire_in text)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";
	size_t i;

	for (i = 0; i < text.n; i++)
		if (memchr(chars, text.p[i], sizeof(chars) - 1) == NULL)
			return false;
	return text.n > 0;
}

static bool
equals(struct wire_in text, const char *s)
{
	return text.n == strlen(s) && memcmp(text.p, s, text.n) == 0;
}

static uint8_t
to_lower(uint8_t c) /* whatever the locale */
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
equals_nocase(struct wire_in text, const char *s)
{
	size_t i;

	if (text.n != strlen(s))
		return false;
	for (i = 0; i < text.n; i++)
		if (to_lower(text.p[i]) != to_lower((uint8_t)s[i]))
			return false;
	return true;
}

/* Keep a text for logs, cut to size; what is not printable becomes '?'. */
static void
keep(char *dst, size_t cap, struct wire_in text)
{
	size_t i;

	for (i = 0; i < text.n && i + 1 < cap; i++)
		dst[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? (char)text.p[i]
							      : '?';
	dst[i] = '\0';
}

static bool
is_our_path(struct wire_in target)
{
	struct wire_in path = { 0 }, head, guid;

	if (!take_until(&target, '?', &path))
		path = target;
	return take_block(&path, strlen(PATH_HEAD), &head) &&
	       take_block(&path, strlen(PATH_GUID), &guid) &&
	       equals(head, PATH_HEAD) && equals_nocase(guid, PATH_GUID) &&
	       equals(path, PATH_TAIL);
}

static bool
is_version(struct wire_in text)
{
	const uint8_t *p = text.p;

	return text.n == strlen("HTTP/1.1") && memcmp(p, "HTTP/", 5) == 0 &&
	       p[5] >= '0' && p[5] <= '9' && p[6] == '.' && p[7] >= '0' &&
	       p[7] <= '9';
}

/*
 * Returns 200, or the status that refuses the line. Whoever speaks another
 * version learns that first, as it is what gives the rest its meaning; then
 * the method, so that a browser gets 405 wherever it looks; then the path.
 */
static int
judge_request_line(struct wire_in line, struct http_request *request)
{
	struct wire_in method = { 0 }, target = { 0 };

	if (!take_until(&line, ' ', &method) || !is_token(method) ||
	    !take_until(&line, ' ', &target) || target.n == 0 ||
	    memchr(target.p, '\t', target.n) != NULL || !is_version(line))
		return 400;
	keep(request->method, sizeof(request->method), method);
	if (!equals(line, "HTTP/1.1"))
		return 505;
	if (!equals(method, METHOD))
		return 405;
	return is_our_path(target) ? 200 : 404;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* A folded line has no token before its colon, so it is refused here too. */
static bool
parse_field(struct wire_in value, struct http_request *request)
{
	struct wire_in name;

	if (!take_until(&value, ':', &name) || !is_token(name))
		return false;
	for (; value.n > 0 && is_blank(value.p[0]); value.p++)
		value.n--;
	while (value.n > 0 && is_blank(value.p[value.n - 1]))
		value.n--;
	/* of repeated fields the first that says something counts */
	if (equals_nocase(name, "Host") && request->host[0] == '\0')
		keep(request->host, sizeof(request->host), value);
	if (equals_nocase(name, "SSTPCORRELATIONID") &&
	    request->correlation_id[0] == '\0')
		keep(request->correlation_id, sizeof(request->correlation_id),
		    value);
	return true;
}

/* 400 outranks all other refusals; they follow judge_request_line(). */
ssize_t
http_parse_request(const uint8_t *p, size_t n, struct http_request *request)
{
	ssize_t len = scan_head(p, n);
	struct wire_in in, line = { p, 0 };
	int status;

	memset(request, 0, sizeof(*request));
	if (len <= 0)
		return len;
	in = (struct wire_in){ p, (size_t)len };
	take_line(&in, &line);
	status = judge_request_line(line, request);
	while (take_line(&in, &line) && line.n > 0)
		if (!parse_field(line, request))
			return -400;
	return status == 200 ? len : -status;
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return ""; /* RFC 9112: the phrase may be absent */
}

/* The fields that say what follows: a stream without end, or nothing. */
static const char *
body_fields(int status)
{
	switch (status) {
	case 200:
		return "Content-Length: 18446744073709551615\r\n";
	case 405:
		return "Content-Length: 0\r\n"
		       "Connection: close\r\n"
		       "Allow: " METHOD "\r\n";
	default:
		return "Content-Length: 0\r\n"
		       "Connection: close\r\n";
	}
}

/* IMF-fixdate of RFC 9110; strftime() would speak the locale's language. */
static void
format_date(char *dst, size_t cap, time_t now)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	if (now < 0 || now > LAST_DATE)
		now = 0; /* so that gmtime_r() cannot fail */
	gmtime_r(&now, &tm);
	snprintf(dst, cap, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], 1900 + tm.tm_year,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

size_t
http_build_reply(char dst[static HTTP_REPLY_MAX], int status, time_t now)
{
	char date[64];
	int len;

	format_date(date, sizeof(date), now);
	len = snprintf(dst, HTTP_REPLY_MAX,
	    "HTTP/1.1 %d %s\r\n%sServer: Microsoft-HTTPAPI/2.0\r\n"
	    "Date: %s\r\n\r\n",
	    status, reason(status), body_fields(status), date);
	return (size_t)len;
}
