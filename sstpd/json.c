/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Writing JSON. */

#include <inttypes.h>
#include <string.h>

#include "json.h"

/* Bytes of the UTF-8 sequence at p, 0 if it is none. */
static size_t
utf8_length(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80   ? 1
			: p[0] < 0xc2 ? 0
			: p[0] < 0xe0 ? 2
			: p[0] < 0xf0 ? 3
			: p[0] < 0xf5 ? 4
				      : 0;

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static void
put_string(FILE *out, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	n = strnlen(text, n);
	putc('"', out);
	for (size_t i = 0, length; i<n; i += length> 0 ? length : 1) {
		length = utf8_length(p + i, n - i);
		if (length == 0)
			fputs("\\ufffd", out);
		else if (p[i] == '"' || p[i] == '\\')
			fprintf(out, "\\%c", p[i]);
		else if (p[i] < 0x20 || p[i] == 0x7f)
			fprintf(out, "\\u%04x", p[i]);
		else
			fwrite(p + i, 1, length, out);
	}
	putc('"', out);
}

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		fputs(", ", j->out);
	j->comma = true;
	if (key == NULL)
		return;
	put_string(j->out, key, strlen(key));
	fputs(": ", j->out);
}

void
json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->out);
	j->comma = false;
}

void
json_close(struct json *j, char bracket)
{
	putc(bracket, j->out);
	j->comma = true;
}

void
json_number(struct json *j, const char *key, double value)
{
	begin(j, key);
	fprintf(j->out, "%.6f", value);
}

void
json_integer(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void
json_text(struct json *j, const char *key, const char *text, size_t n)
{
	begin(j, key);
	put_string(j->out, text, n);
}

void
json_string(struct json *j, const char *key, const char *text)
{
	json_text(j, key, text, strlen(text));
}
