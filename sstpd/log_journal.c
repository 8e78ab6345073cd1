/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A record for the journal of systemd. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "log_journal.h"
#include "log_text.h"
#include "wire.h"

/*
 * The form for any bytes: name, newline, length in 64 bits from the lowest,
 * value, newline. No value can then pass for another field.
 */
static void
put_field(struct wire_out *out, const char *name, const void *p, size_t n)
{
	put_block(out, name, strlen(name));
	put_u8(out, '\n');
	for (unsigned int i = 0; i < 8; i++)
		put_u8(out, (uint8_t)((uint64_t)n >> 8 * i));
	put_block(out, p, n);
	put_u8(out, '\n');
}

static void
put_text(struct wire_out *out, const char *name, const char *text)
{
	put_field(out, name, text, strlen(text));
}

static void
put_number(struct wire_out *out, const char *name, int number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", number);
	put_text(out, name, digits);
}

static void
put_value(struct wire_out *out, const struct log_value *v)
{
	char name[64];

	snprintf(name, sizeof(name), "SSTPD_%s", log_key_name(v->key));
	for (char *p = name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	put_field(out, name, v->p, v->n);
}

/* It fits: a line, the values of a record once more, and the names. */
_Static_assert(
    LOG_JOURNAL_MAX > LOG_LINE_MAX + LOG_VALUES_MAX + (LOG_KEYS + 6) * 48,
    "an entry may not fit");

size_t
log_journal_entry(const struct log_record *r, pid_t pid, int facility,
    uint8_t entry[static LOG_JOURNAL_MAX])
{
	struct wire_out out = { entry, LOG_JOURNAL_MAX, false };
	char message[LOG_LINE_MAX];
	size_t n = log_text_line(r, true, message);

	put_field(&out, "MESSAGE", message, n);
	put_number(&out, "PRIORITY", log_level_priority(r->level));
	put_text(&out, "SYSLOG_IDENTIFIER", "sstpd");
	put_number(&out, "SYSLOG_FACILITY", facility >> 3);
	put_number(&out, "SYSLOG_PID", (int)pid);
	put_text(&out, "SSTPD_EVENT", log_event_name(r->event));
	for (unsigned int i = 0; i < r->count; i++) {
		struct log_value v = log_record_field(r, i);

		if (v.key != LOG_KEY_MESSAGE)
			put_value(&out, &v);
	}
	return LOG_JOURNAL_MAX - out.n;
}
