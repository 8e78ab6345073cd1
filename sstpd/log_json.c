/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A record as one object of JSON. */

#include <stdio.h>
#include <string.h>

#include "log_json.h"
#include "log_text.h"
#include "utf8.h"
#include "wire.h"

enum {
	VALUE_MAX = 512, /* bytes of a field's value, escaped */
	/* a line of text, which has neither control characters nor anything
	   else of which more than two bytes become, and its key and the end */
	MESSAGE_MAX = 2 * LOG_LINE_MAX,
	TAIL_MAX = MESSAGE_MAX + 32,
	ESCAPE_MAX = 6,
};

static void
put_text(struct wire_out *out, const char *text)
{
	put_block(out, text, strlen(text));
}

static void
put_escape(struct wire_out *out, unsigned int c)
{
	char escape[ESCAPE_MAX + 1];

	snprintf(escape, sizeof(escape), "\\u%04x", c & 0xffff);
	put_text(out, escape);
}

/* The next character of a text; returns how many bytes of it that was. */
static size_t
put_character(struct wire_out *out, const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;
	size_t len = utf8_length(p, n);

	if (len == 0) {
		put_escape(out, 0xfffd);
		return 1;
	}
	if (len == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0)
		put_escape(out, (unsigned char)p[1]); /* C1 */
	else if (len == 1 && (c < 0x20 || c == 0x7f))
		put_escape(out, c);
	else if (c == '"' || c == '\\')
		put_block(out, (char[]){ '\\', *p }, 2);
	else
		put_block(out, p, len);
	return len;
}

/* At most max bytes and two for the quotes. */
static void
put_string(struct wire_out *out, const char *p, size_t n, size_t max)
{
	static const char dots[] = "...";
	size_t space = out->n;

	put_u8(out, '"');
	for (size_t i = 0; i < n && !out->overflow;) {
		if (space - out->n + ESCAPE_MAX + sizeof(dots) > max) {
			put_text(out, dots);
			break;
		}
		i += put_character(out, p + i, n - i);
	}
	put_u8(out, '"');
}

static void
put_name(struct wire_out *out, const char *name)
{
	put_text(out, ",\"");
	put_text(out, name);
	put_text(out, "\":");
}

/* A whole field, or none where there is no room. */
static void
put_field(struct wire_out *out, const struct log_value *v)
{
	struct wire_out before = *out;

	put_name(out, log_key_name(v->key));
	if (log_key_kind(v->key) == LOG_KIND_NUMBER)
		put_block(out, v->p, v->n);
	else
		put_string(out, v->p, v->n, VALUE_MAX);
	if (out->overflow)
		*out = before;
}

static void
put_head(struct wire_out *out, const struct log_record *r,
    const struct timespec *time, pid_t pid)
{
	char text[128], when[32];
	struct tm tm;

	if (gmtime_r(&time->tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\"",
	    when, time->tv_nsec / 1000000, log_level_name(r->level));
	put_text(out, text);
	snprintf(text, sizeof(text), ",\"pid\":%d,\"event\":\"%s\"", (int)pid,
	    log_event_name(r->event));
	put_text(out, text);
}

size_t
log_json_line(const struct log_record *r, const struct timespec *time,
    pid_t pid, char line[static LOG_JSON_MAX])
{
	struct wire_out out = { (uint8_t *)line, LOG_JSON_MAX - TAIL_MAX,
		false };
	char message[LOG_LINE_MAX];
	size_t n = log_text_line(r, false, message);

	put_head(&out, r, time, pid);
	for (unsigned int i = 0; i < r->count; i++) {
		struct log_value v = log_record_field(r, i);

		if (v.key != LOG_KEY_MESSAGE)
			put_field(&out, &v);
	}
	out.n += TAIL_MAX - 1;
	put_name(&out, log_key_name(LOG_KEY_MESSAGE));
	put_string(&out, message, n, MESSAGE_MAX);
	put_u8(&out, '}');
	*out.p = '\0';
	return (size_t)(out.p - (uint8_t *)line);
}
