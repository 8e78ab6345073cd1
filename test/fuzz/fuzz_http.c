/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The verdict on a request head depends on its bytes, not on their slices. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request whole, part;
	char reply[HTTP_REPLY_MAX];
	ssize_t want = http_parse_request(data, size, &whole), got;
	size_t i, step = size > 1024 ? 61 : 1;

	check(want <= (ssize_t)size && want <= HTTP_HEAD_MAX);
	check(memchr(whole.host, 0, sizeof(whole.host)) != NULL);
	check(memchr(whole.method, 0, sizeof(whole.method)) != NULL);
	for (i = 0; i < size; i += step) {
		got = http_parse_request(data, i, &part);
		check(got == 0 || got == want);
		check(want <= 0 || got == 0 || i >= (size_t)want);
	}
	if (want > 0) { /* what follows the head does not count */
		got = http_parse_request(data, (size_t)want, &part);
		check(got == want && memcmp(&whole, &part, sizeof(part)) == 0);
	}
	if (want < 0)
		check(http_build_reply(reply, (int)-want, (time_t)size) > 0);
	return 0;
}
