/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The one HTTP exchange of a connection, [MS-SSTP] 3.2.4.1 and 3.3.5.2: parse
 * the head of SSTP_DUPLEX_POST, build the reply. No body is ever read.
 */

#ifndef SSTPD_HTTP_H
#define SSTPD_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
	HTTP_HEAD_MAX = 16 * 1024, /* bytes of request head we accept */
	HTTP_FIELDS_MAX = 64,
	HTTP_REPLY_MAX = 512,
	HTTP_CORRELATION_MAX = 64,
	HTTP_HOST_MAX = 256,
};

struct http_request {
	/* printable ASCII, cut to size; empty when the field is absent */
	char host[HTTP_HOST_MAX];
	char correlation_id[HTTP_CORRELATION_MAX];
	char method[32]; /* of a request line that could be parsed */
};

/*
 * Parse a request head at the start of n bytes.
 *
 * Returns the bytes it takes, blank line included (what follows is SSTP); 0 if
 * more are needed; or minus the HTTP status of the reply that refuses it: 400
 * not parseable, 404 another path, 405 another method, 431 over a limit, 505
 * another version. Lines may end in CRLF or LF; field names are compared
 * without case, unknown and repeated fields are ignored, as are the values of
 * Host, Content-Length and Cookie.
 */
ssize_t http_parse_request(
    const uint8_t *p, size_t n, struct http_request *request);

/*
 * Build the reply: 200 opens the tunnel, any other status ends the connection.
 * Returns its length, without a terminator; HTTP_REPLY_MAX is always enough.
 * Clients limit its form (few and short fields), see [MS-SSTP] 3.3.5.2.1.
 */
size_t http_build_reply(
    char dst[static HTTP_REPLY_MAX], int status, time_t now);

#endif
