/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Writes JSON, RFC 8259. */

#include "json.h"

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		fputs(", ", j->out);
	j->comma = true;
	if (key != NULL)
		fprintf(j->out, "\"%s\": ", key);
}

void
json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	fputc(bracket, j->out);
	j->comma = false;
}

void
json_close(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->comma = true;
}

/* Bytes that are not ASCII may be no UTF-8, so they do not get out either. */
void
json_string(struct json *j, const char *key, const char *text)
{
	begin(j, key);
	fputc('"', j->out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(j->out, "\\u%04x", c < ' ' ? c : '?');
		else
			fputc(c, j->out);
	}
	fputc('"', j->out);
}

void
json_number(struct json *j, const char *key, double number)
{
	begin(j, key);
	fprintf(j->out, "%.6f", number);
}

void
json_integer(struct json *j, const char *key, int64_t number)
{
	begin(j, key);
	fprintf(j->out, "%lld", (long long)number);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}
