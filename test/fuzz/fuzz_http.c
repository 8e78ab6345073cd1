/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The verdict on a request head depends on its bytes, not on their slices. */

#include <string.h>

#include "fuzz.h"
#include "http.h"

/* It goes into logs and into the environment of scripts. */
static void
check_text(const char *text, size_t size)
{
	require(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		require(*text >= ' ' && *text <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request whole, part;
	char reply[HTTP_REPLY_MAX];
	ssize_t want = http_parse_request(data, size, &whole), got;
	size_t i, step = size > 1024 ? 61 : 1;

	require(want <= (ssize_t)size && want <= HTTP_HEAD_MAX);
	check_text(whole.host, sizeof(whole.host));
	check_text(whole.method, sizeof(whole.method));
	check_text(whole.correlation_id, sizeof(whole.correlation_id));
	for (i = 0; i < size; i += step) {
		got = http_parse_request(data, i, &part);
		require(got == 0 || got == want);
		require(want <= 0 || got == 0 || i >= (size_t)want);
	}
	if (want > 0) { /* what follows the head does not count */
		require(memcmp(data, "SSTP_DUPLEX_POST ", 17) == 0);
		require(data[want - 1] == '\n');
		got = http_parse_request(data, (size_t)want, &part);
		require(
		    got == want && memcmp(&whole, &part, sizeof(part)) == 0);
	}
	if (want < 0)
		require(http_build_reply(reply, (int)-want, (time_t)size) > 0);
	return 0;
}
