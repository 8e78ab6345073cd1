/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: the last line that the log has of it, see sstpd-errors(7). */

#include <stdio.h>
#include <string.h>

#include "log_text.h"
#include "pppd.h"
#include "session_private.h"

/* Codes after which pppd's last words are worth a place in the log. */
static bool
needs_words(unsigned int code)
{
	return (code >= 1 && code <= 4) || (code >= 6 && code <= 10) ||
	       code == 18 || code == PPPD_NOT_EXECUTED || code == PPPD_CRASHED;
}

static void
add_pppd(struct log_record *r, const struct session *s)
{
	char text[PPPD_LINE_MAX + 64];
	unsigned int code = s->pppd_code;
	bool words = needs_words(code) && s->last_line[0] != '\0';

	if (!s->pppd_reaped)
		return;
	if (s->pppd_signal != 0)
		snprintf(
		    text, sizeof(text), "killed by signal %u", s->pppd_signal);
	else if (code == 0 || code == 5 || code == 16)
		return; /* an end like any other */
	else
		snprintf(text, sizeof(text), "%s (%u)%s%s",
		    pppd_exit_text((int)code), code, words ? ": " : "",
		    words ? s->last_line : "");
	log_record_add_text(r, LOG_KEY_PPPD, text);
}

static void
add_traffic(struct log_record *r, const struct session *s)
{
	if (s->connected <= 0)
		return;
	log_record_add_number(
	    r, LOG_KEY_DURATION, (uint64_t)(loop_clock() - s->connected + 0.5));
	log_record_add_number(r, LOG_KEY_BYTES_IN, s->bytes_in);
	log_record_add_number(r, LOG_KEY_BYTES_OUT, s->bytes_out);
}

static void
add_reason(struct log_record *r, const struct session *s, const char *reason)
{
	char text[DETAIL_MAX + 128];

	snprintf(text, sizeof(text), "%s%s%s", reason,
	    s->detail[0] != '\0' ? ": " : "", s->detail);
	log_record_add_text(r, LOG_KEY_REASON, text);
}

/* Whoever never got to speak SSTP, a scanner above all, must not cause alarm.
 */
static enum log_level
level_of(const struct session *s, const struct cause_info *info)
{
	if (s->reached < AT_SSTP || info->kind == ENDS_WELL ||
	    (info->kind == ENDS_WELL_IF_UP && s->ended_at == AT_UP))
		return LOG_LEVEL_INFO;
	return LOG_LEVEL_WARN;
}

static void
log_damage(struct session *s)
{
	if (s->decoder != NULL &&
	    s->decoder->bad_fcs + s->decoder->too_long > 0)
		slog(s, LOG_LEVEL_WARN,
		    "pty: %llu frames with a bad FCS, %llu too long",
		    (unsigned long long)s->decoder->bad_fcs,
		    (unsigned long long)s->decoder->too_long);
}

/* For those who ask for the last failures. */
static void
keep(const struct session *s, const struct log_record *r)
{
	char line[LOG_LINE_MAX];

	log_text_line(r, true, line);
	stats_note_failure(s->stats, (int64_t)(ev_time() * 1000), line);
}

void
session_log_end(struct session *s)
{
	const struct cause_info *info;
	struct log_record r;

	session_settle_cause(s);
	info = cause_info(s->cause);
	session_log_begin(s, &r, level_of(s, info), LOG_EVENT_ENDED);
	add_reason(&r, s, info->reason);
	log_record_add_text(&r, LOG_KEY_STAGE, cause_stage_name(s->ended_at));
	log_record_add_text(&r, LOG_KEY_CAUSE, info->name);
	log_record_add_text(
	    &r, LOG_KEY_CLOSED_BY, cause_closer_name(s->closer));
	log_record_add(&r, LOG_KEY_USER, s->user, s->user_len);
	session_log_tls(s, &r);
	add_traffic(&r, s);
	log_record_add_text(&r, LOG_KEY_WINDOWS_SHOWS, info->windows);
	add_pppd(&r, s);
	log_record_add_text(&r, LOG_KEY_HINT, info->hint);
	log_write(&r);
	if (level_of(s, info) == LOG_LEVEL_WARN)
		keep(s, &r);
	log_damage(s);
}
