/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A record as a line of text. */

#include <string.h>

#include "log_text.h"
#include "utf8.h"
#include "wire.h"

enum { QUOTED_MAX = 160 }; /* bytes of a value in quotes, escaped */

static const char *const words[] = {
	[LOG_EVENT_CONNECTED] = "connected",
	[LOG_EVENT_AUTHENTICATED] = "authenticated",
	[LOG_EVENT_BINDING_VERIFIED] = "binding verified",
	[LOG_EVENT_UP] = "up",
	[LOG_EVENT_ENDED] = "ended",
};

static void
put_text(struct wire_out *out, const char *text)
{
	put_block(out, text, strlen(text));
}

static void
put_hex(struct wire_out *out, const char *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		put_block(
		    out, (char[]){ '\\', 'x', hex[c >> 4], hex[c & 15] }, 4);
	}
}

/* C0 and C1, which a terminal obeys. */
static bool
is_control(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[n - 1];

	return (n == 1 && (c < 0x20 || c == 0x7f)) ||
	       (n == 2 && (unsigned char)p[0] == 0xc2 && c < 0xa0);
}

/* The next character of a text; returns how many bytes of it that was. */
static size_t
put_character(struct wire_out *out, const char *p, size_t n, bool quoted)
{
	size_t len = utf8_length(p, n);

	if (len == 0) {
		put_hex(out, p, 1);
		return 1;
	}
	if (is_control(p, len))
		put_hex(out, p, len);
	else if (quoted && (*p == '"' || *p == '\\'))
		put_block(out, (char[]){ '\\', *p }, 2);
	else
		put_block(out, p, len);
	return len;
}

static void
put_free(struct wire_out *out, const struct log_value *v)
{
	for (size_t i = 0; i < v->n && !out->overflow;)
		i += put_character(out, v->p + i, v->n - i, false);
}

/* In quotes, so that no text can pass for another key of the line. */
static void
put_quoted(struct wire_out *out, const struct log_value *v)
{
	size_t space = out->n;

	put_u8(out, '"');
	for (size_t i = 0; i < v->n && !out->overflow;) {
		if (space - out->n > QUOTED_MAX) {
			put_text(out, "...");
			break;
		}
		i += put_character(out, v->p + i, v->n - i, true);
	}
	put_u8(out, '"');
}

static bool
needs_quotes(const struct log_value *v)
{
	if (log_key_kind(v->key) == LOG_KIND_TEXT)
		return true;
	for (size_t i = 0; i < v->n; i++)
		if (v->p[i] <= ' ' || v->p[i] >= 0x7f || v->p[i] == '"')
			return true;
	return false;
}

/* " closed-by=client" */
static void
put_field(struct wire_out *out, const struct log_value *v)
{
	put_u8(out, ' ');
	for (const char *p = log_key_name(v->key); *p != '\0'; p++)
		put_u8(out, *p == '_' ? '-' : (uint8_t)*p);
	put_u8(out, '=');
	if (needs_quotes(v))
		put_quoted(out, v);
	else
		put_block(out, v->p, v->n);
}

/* "s1.7 203.0.113.9:51820: " */
static void
put_subject(struct wire_out *out, const struct log_record *r)
{
	struct log_value session, peer, port;
	bool brackets;

	if (!log_record_find(r, LOG_KEY_SESSION, &session) ||
	    !log_record_find(r, LOG_KEY_PEER, &peer) ||
	    !log_record_find(r, LOG_KEY_PEER_PORT, &port))
		return;
	brackets = memchr(peer.p, ':', peer.n) != NULL;
	put_free(out, &session);
	put_text(out, brackets ? " [" : " ");
	put_free(out, &peer);
	put_text(out, brackets ? "]:" : ":");
	put_free(out, &port);
	put_text(out, ": ");
}

/* "ended: why; key=value key=value", "up: key=value" */
static void
put_event(struct wire_out *out, const struct log_record *r)
{
	struct log_value v;
	bool any = false;

	put_text(out, words[r->event]);
	put_u8(out, ':');
	if (log_record_find(r, LOG_KEY_REASON, &v)) {
		put_u8(out, ' ');
		put_free(out, &v);
		any = true;
	}
	for (unsigned int i = 0; i < r->count; i++) {
		v = log_record_field(r, i);
		if (v.key <= LOG_KEY_REASON)
			continue;
		if (any)
			put_u8(out, ';');
		any = false;
		put_field(out, &v);
	}
}

size_t
log_text_line(
    const struct log_record *r, bool subject, char line[static LOG_LINE_MAX])
{
	struct wire_out out = { (uint8_t *)line, LOG_LINE_MAX - 1, false };
	struct log_value message;

	if (subject)
		put_subject(&out, r);
	if (r->event != LOG_EVENT_MESSAGE)
		put_event(&out, r);
	else if (log_record_find(r, LOG_KEY_MESSAGE, &message))
		put_free(&out, &message);
	*out.p = '\0';
	return (size_t)(out.p - (uint8_t *)line);
}
