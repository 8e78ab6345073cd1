/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A line of the log before it has a form. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "log_record.h"

enum { DIGITS_MAX = 20 }; /* of 64 bits */

static const struct {
	const char *name;
	enum log_kind kind;
} keys[] = {
	[LOG_KEY_SESSION] = { "session", LOG_KIND_TEXT },
	[LOG_KEY_PEER] = { "peer", LOG_KIND_TEXT },
	[LOG_KEY_PEER_PORT] = { "peer_port", LOG_KIND_NUMBER },
	[LOG_KEY_MESSAGE] = { "message", LOG_KIND_TEXT },
	[LOG_KEY_REASON] = { "reason", LOG_KIND_TEXT },
	[LOG_KEY_STAGE] = { "stage", LOG_KIND_WORD },
	[LOG_KEY_CAUSE] = { "cause", LOG_KIND_WORD },
	[LOG_KEY_CLOSED_BY] = { "closed_by", LOG_KIND_WORD },
	[LOG_KEY_USER] = { "user", LOG_KIND_TEXT },
	[LOG_KEY_METHOD] = { "method", LOG_KIND_WORD },
	[LOG_KEY_HASH] = { "hash", LOG_KIND_WORD },
	[LOG_KEY_TLS_VERSION] = { "tls_version", LOG_KIND_WORD },
	[LOG_KEY_TLS_CIPHER] = { "tls_cipher", LOG_KIND_WORD },
	[LOG_KEY_SNI] = { "sni", LOG_KIND_TEXT },
	[LOG_KEY_PROFILE] = { "profile", LOG_KIND_WORD },
	[LOG_KEY_CORRELATION_ID] = { "correlation_id", LOG_KIND_TEXT },
	[LOG_KEY_INTERFACE] = { "interface", LOG_KIND_WORD },
	[LOG_KEY_LOCAL_ADDRESS] = { "local_address", LOG_KIND_WORD },
	[LOG_KEY_REMOTE_ADDRESS] = { "remote_address", LOG_KIND_WORD },
	[LOG_KEY_MTU] = { "mtu", LOG_KIND_NUMBER },
	[LOG_KEY_DURATION] = { "duration", LOG_KIND_NUMBER },
	[LOG_KEY_BYTES_IN] = { "bytes_in", LOG_KIND_NUMBER },
	[LOG_KEY_BYTES_OUT] = { "bytes_out", LOG_KIND_NUMBER },
	[LOG_KEY_WINDOWS_SHOWS] = { "windows_shows", LOG_KIND_WORD },
	[LOG_KEY_PPPD] = { "pppd", LOG_KIND_TEXT },
	[LOG_KEY_HINT] = { "hint", LOG_KIND_TEXT },
};

static const char *const events[] = {
	[LOG_EVENT_MESSAGE] = "message",
	[LOG_EVENT_CONNECTED] = "connected",
	[LOG_EVENT_AUTHENTICATED] = "authenticated",
	[LOG_EVENT_BINDING_VERIFIED] = "binding_verified",
	[LOG_EVENT_UP] = "up",
	[LOG_EVENT_ENDED] = "ended",
};

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) == LOG_KEYS, "keys");
_Static_assert(sizeof(events) / sizeof(events[0]) == LOG_EVENTS, "events");

const char *
log_key_name(enum log_key key)
{
	return keys[key].name;
}

enum log_kind
log_key_kind(enum log_key key)
{
	return keys[key].kind;
}

const char *
log_event_name(enum log_event event)
{
	return events[event];
}

const char *
log_level_name(enum log_level level)
{
	return levels[level].name;
}

int
log_level_priority(enum log_level level)
{
	return levels[level].priority;
}

void
log_record_init(
    struct log_record *r, enum log_level level, enum log_event event)
{
	r->level = level;
	r->event = event;
	r->count = 0;
	r->used = 0;
}

struct log_value
log_record_field(const struct log_record *r, unsigned int i)
{
	return (struct log_value){ .key = r->fields[i].key,
		.p = r->values + r->fields[i].at,
		.n = r->fields[i].n };
}

bool
log_record_find(
    const struct log_record *r, enum log_key key, struct log_value *value)
{
	for (unsigned int i = 0; i < r->count; i++)
		if (r->fields[i].key == key) {
			*value = log_record_field(r, i);
			return true;
		}
	return false;
}

/* As JSON has them: no leading zero. */
static bool
is_number(const char *p, size_t n)
{
	if (n == 0 || n > DIGITS_MAX || (p[0] == '0' && n > 1))
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return true;
}

void
log_record_add(struct log_record *r, enum log_key key, const char *p, size_t n)
{
	struct log_value there;

	if (keys[key].kind == LOG_KIND_NUMBER &&
	    (!is_number(p, n) || n > sizeof(r->values) - r->used))
		return;
	if (n > sizeof(r->values) - r->used)
		n = sizeof(r->values) - r->used;
	if (n == 0 || log_record_find(r, key, &there))
		return;
	r->fields[r->count].key = key;
	r->fields[r->count].at = r->used;
	r->fields[r->count].n = n;
	r->count++;
	memcpy(r->values + r->used, p, n);
	r->used += n;
}

void
log_record_add_text(struct log_record *r, enum log_key key, const char *text)
{
	if (text != NULL)
		log_record_add(r, key, text, strlen(text));
}

void
log_record_add_number(struct log_record *r, enum log_key key, uint64_t number)
{
	char digits[DIGITS_MAX + 1];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	log_record_add_text(r, key, digits);
}

void
log_record_add_subject(struct log_record *r, const struct log_subject *subject)
{
	log_record_add_text(r, LOG_KEY_SESSION, subject->session);
	log_record_add_text(r, LOG_KEY_PEER, subject->peer);
	log_record_add_number(r, LOG_KEY_PEER_PORT, subject->port);
}
