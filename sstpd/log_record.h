/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A line of the log before it has a form: an event and its fields, from a list
 * that is closed. log_text.h, log_json.h and log_journal.h give it the form,
 * log_pipe.h takes it from a worker to the monitor. Names are documented in
 * sstpd(8) and stay what they are once released: scripts match them.
 */

#ifndef SSTPD_LOG_RECORD_H
#define SSTPD_LOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVELS,
};

enum log_event {
	LOG_EVENT_MESSAGE, /* LOG_KEY_MESSAGE is all there is to say */
	LOG_EVENT_CONNECTED,
	LOG_EVENT_AUTHENTICATED,
	LOG_EVENT_BINDING_VERIFIED,
	LOG_EVENT_UP,
	LOG_EVENT_ENDED,
	LOG_EVENTS,
};

enum log_kind {
	LOG_KIND_WORD,	 /* ours: quoted only if there is a space in it */
	LOG_KIND_TEXT,	 /* perhaps chosen by a client: always quoted */
	LOG_KIND_NUMBER, /* decimal */
};

enum log_key {
	/* a line of text begins with these, without their names */
	LOG_KEY_SESSION,
	LOG_KEY_PEER,
	LOG_KEY_PEER_PORT,
	LOG_KEY_MESSAGE, /* of LOG_EVENT_MESSAGE only */
	LOG_KEY_REASON,
	/* and ends with these */
	LOG_KEY_STAGE,
	LOG_KEY_CAUSE,
	LOG_KEY_CLOSED_BY,
	LOG_KEY_USER,
	LOG_KEY_METHOD,
	LOG_KEY_HASH,
	LOG_KEY_TLS_VERSION,
	LOG_KEY_TLS_CIPHER,
	LOG_KEY_SNI,
	LOG_KEY_PROFILE,
	LOG_KEY_CORRELATION_ID,
	LOG_KEY_INTERFACE,
	LOG_KEY_LOCAL_ADDRESS,
	LOG_KEY_REMOTE_ADDRESS,
	LOG_KEY_MTU,
	LOG_KEY_DURATION,
	LOG_KEY_BYTES_IN,
	LOG_KEY_BYTES_OUT,
	LOG_KEY_WINDOWS_SHOWS,
	LOG_KEY_PPPD,
	LOG_KEY_HINT,
	LOG_KEYS,
};

enum {
	LOG_LINE_MAX = 2048, /* of a line of text, its end included */
	LOG_VALUES_MAX = LOG_LINE_MAX + 512, /* of all values of a record */
};

struct log_value {
	enum log_key key;
	const char *p; /* any bytes */
	size_t n;
};

struct log_record {
	enum log_level level;
	enum log_event event;
	unsigned int count;
	struct {
		enum log_key key;
		size_t at, n;
	} fields[LOG_KEYS];
	size_t used;
	char values[LOG_VALUES_MAX];
};

/* Whom a line is about. */
struct log_subject {
	char session[24], peer[64];
	unsigned int port;
};

void log_record_init(
    struct log_record *r, enum log_level level, enum log_event event);

/*
 * Add a copy of n bytes; the part of them that there is room for. No field is
 * added if n is 0, if there is one of this key, or for what is no number where
 * there should be one.
 */
void log_record_add(
    struct log_record *r, enum log_key key, const char *p, size_t n);
/* NULL is nothing. */
void log_record_add_text(
    struct log_record *r, enum log_key key, const char *text);
void log_record_add_number(
    struct log_record *r, enum log_key key, uint64_t number);
void log_record_add_subject(
    struct log_record *r, const struct log_subject *subject);

/* The i-th field, in the order they were added; i is less than count. */
struct log_value log_record_field(const struct log_record *r, unsigned int i);
/* False: there is none. */
bool log_record_find(
    const struct log_record *r, enum log_key key, struct log_value *value);

/* Lower case and underscores. */
const char *log_key_name(enum log_key key);
enum log_kind log_key_kind(enum log_key key);
const char *log_event_name(enum log_event event);
const char *log_level_name(enum log_level level); /* as in sstpd.conf(5) */
int log_level_priority(enum log_level level);	  /* syslog's */

#endif
