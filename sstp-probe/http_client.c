/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The client's side of the HTTP exchange. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_client.h"
#include "wire.h"

#define PATH "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"

size_t
http_build_request(char dst[static HTTP_REQUEST_MAX], const char *host,
    const uint8_t guid[static HTTP_GUID_LEN])
{
	/* the version and variant bits of a random one, RFC 9562 */
	uint8_t g6 = (guid[6] & 0x0f) | 0x40, g8 = (guid[8] & 0x3f) | 0x80;
	int n;

	n = snprintf(dst, HTTP_REQUEST_MAX,
	    "SSTP_DUPLEX_POST " PATH " HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Content-Length: 18446744073709551615\r\n"
	    "SSTPCORRELATIONID: {%02X%02X%02X%02X-%02X%02X-%02X%02X-"
	    "%02X%02X-%02X%02X%02X%02X%02X%02X}\r\n\r\n",
	    host, guid[0], guid[1], guid[2], guid[3], guid[4], guid[5], g6,
	    guid[7], g8, guid[9], guid[10], guid[11], guid[12], guid[13],
	    guid[14], guid[15]);
	return n > 0 && n < HTTP_REQUEST_MAX ? (size_t)n : 0;
}

/* A line without its end; false if it is not complete. */
static bool
take_line(struct wire_in *in, struct wire_in *line)
{
	const uint8_t *end = in->n > 0 ? memchr(in->p, '\n', in->n) : NULL;

	if (end == NULL)
		return false;
	take_block(in, (size_t)(end - in->p), line);
	in->p++;
	in->n--;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static void
keep(char *dst, size_t cap, struct wire_in text)
{
	size_t i;

	for (; text.n > 0 && text.p[0] == ' '; text.p++)
		text.n--;
	for (i = 0; i < text.n && i + 1 < cap; i++)
		dst[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? (char)text.p[i]
							      : '?';
	dst[i] = '\0';
}

static bool
parse_status_line(struct wire_in line, struct http_reply *reply)
{
	static const char version[] = "HTTP/1.1 ";
	struct wire_in head, digits;

	if (!take_block(&line, sizeof(version) - 1, &head) ||
	    memcmp(head.p, version, head.n) != 0 ||
	    !take_block(&line, 3, &digits) || (line.n > 0 && line.p[0] != ' '))
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
		reply->status = reply->status * 10 + (digits.p[i] - '0');
	}
	keep(reply->reason, sizeof(reply->reason), line);
	return reply->status >= 100;
}

static void
parse_field(struct wire_in line, struct http_reply *reply)
{
	static const char name[] = "Server:";
	struct wire_in head;

	if (take_block(&line, sizeof(name) - 1, &head) &&
	    strncasecmp((const char *)head.p, name, head.n) == 0)
		keep(reply->server, sizeof(reply->server), line);
}

/* What cannot become a status line is told before it is complete. */
static bool
may_be_http(const uint8_t *p, size_t n)
{
	return memcmp(p, "HTTP/", n < 5 ? n : 5) == 0;
}

ssize_t
http_parse_reply(const uint8_t *p, size_t n, struct http_reply *reply)
{
	struct wire_in in, line;

	*reply = (struct http_reply){ 0 };
	if (n == 0)
		return 0;
	if (!may_be_http(p, n))
		return -1;
	in = (struct wire_in){ p,
		n < HTTP_REPLY_HEAD_MAX ? n : HTTP_REPLY_HEAD_MAX };
	if (take_line(&in, &line)) {
		if (!parse_status_line(line, reply))
			return -1;
		while (take_line(&in, &line)) {
			if (line.n == 0)
				return (ssize_t)(in.p - p);
			parse_field(line, reply);
		}
	}
	return n < HTTP_REPLY_HEAD_MAX ? 0 : -1;
}
