/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a worker writes to its stderr, of any content and cut anywhere, and what
 * the monitor makes of it: the same records however the bytes come, and of each
 * a line of text and an object of JSON that are whole and in valid UTF-8.
 */

#include <string.h>

#include "fuzz.h"
#include "log_journal.h"
#include "log_json.h"
#include "log_pipe.h"
#include "log_text.h"
#include "utf8.h"

/* No controls, C1 included, and nothing but UTF-8. */
static void
check_line(const char *p, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		unsigned char c = (unsigned char)p[i];

		len = utf8_length(p + i, n - i);
		require(len > 0);
		require(len > 1 || (c >= 0x20 && c != 0x7f));
		require(c != 0xc2 || (unsigned char)p[i + 1] >= 0xa0);
	}
}

static const char *
skip_string(const char *p)
{
	require(*p++ == '"');
	for (; *p != '"'; p++) {
		require(*p != '\0');
		if (*p != '\\')
			continue;
		p++;
		require(*p == '"' || *p == '\\' ||
			(*p == 'u' && strspn(p + 1, "0123456789abcdef") >= 4));
	}
	return p + 1;
}

static void
check_object(const char *p)
{
	require(*p == '{');
	do {
		p = skip_string(p + 1);
		require(*p++ == ':');
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		require(*p != '0' || strspn(p, "0123456789") == 1);
		require(strspn(p, "0123456789") > 0);
		p += strspn(p, "0123456789");
	} while (*p == ',');
	require(strcmp(p, "}") == 0);
}

static void
check_record(const struct log_record *r)
{
	struct timespec time = { .tv_sec = 1 };
	char text[LOG_LINE_MAX], json[LOG_JSON_MAX];
	uint8_t bytes[LOG_PIPE_MAX], entry[LOG_JOURNAL_MAX];
	struct log_record again;
	struct log_pipe pipe;
	bool complete;
	size_t n;

	n = log_text_line(r, true, text);
	require(n == strlen(text));
	check_line(text, n);
	n = log_json_line(r, &time, 1, json);
	require(n == strlen(json));
	check_line(json, n);
	check_object(json);
	require(log_journal_entry(r, 1, 0, entry) <= sizeof(entry));
	n = log_pipe_encode(r, bytes);
	log_pipe_init(&pipe);
	require(log_pipe_decode(&pipe, bytes, n, &again, &complete) == n);
	require(complete && again.level == r->level && again.used == r->used);
	require(memcmp(again.values, r->values, r->used) == 0);
}

/* Returns how many records there were; *last is the last of them. */
static unsigned int
decode(const uint8_t *p, size_t n, size_t step, struct log_record *last)
{
	unsigned int count = 0;
	struct log_record r;
	struct log_pipe pipe;
	bool complete;

	log_pipe_init(&pipe);
	for (size_t at = 0; at < n;) {
		size_t part = n - at < step ? n - at : step;
		size_t used =
		    log_pipe_decode(&pipe, p + at, part, &r, &complete);

		require(used <= part && (used > 0 || complete));
		at += used;
		if (!complete)
			continue;
		count++;
		*last = r;
		check_record(&r);
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log_record whole, sliced;
	unsigned int n = decode(data, size, size, &whole);

	require(decode(data, size, 1, &sliced) == n);
	if (n > 0)
		require(whole.used == sliced.used &&
			memcmp(whole.values, sliced.values, whole.used) == 0);
	return 0;
}
