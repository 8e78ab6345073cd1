/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The client's side of the one HTTP exchange, [MS-SSTP] 3.2.4.1: build the
 * head of SSTP_DUPLEX_POST, parse the head of the reply. No body is ever read.
 */

#ifndef SSTP_PROBE_HTTP_CLIENT_H
#define SSTP_PROBE_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HTTP_REQUEST_MAX = 768,
	HTTP_REPLY_HEAD_MAX = 8 * 1024, /* of a reply that we read */
	HTTP_REASON_MAX = 64,
	HTTP_SERVER_MAX = 64,
	HTTP_GUID_LEN = 16,
};

struct http_reply {
	int status; /* 100 to 999 */
	/* printable ASCII, cut to size; empty when absent */
	char reason[HTTP_REASON_MAX];
	char server[HTTP_SERVER_MAX];
};

/*
 * Returns the length, or 0 if host (which becomes the Host field) is too long.
 * The GUID is 16 random bytes that name this call in the server's log.
 */
size_t http_build_request(char dst[static HTTP_REQUEST_MAX], const char *host,
    const uint8_t guid[static HTTP_GUID_LEN]);

/*
 * Returns the bytes the head takes, blank line included; 0 if more are needed;
 * -1 if this is no HTTP, or larger than HTTP_REPLY_HEAD_MAX.
 */
ssize_t http_parse_reply(const uint8_t *p, size_t n, struct http_reply *reply);

#endif
