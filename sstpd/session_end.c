/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: the last line that the log has of it, see sstpd-errors(7). */

#include <stdio.h>
#include <string.h>

#include "pppd.h"
#include "session_private.h"

enum { QUOTED_MAX = 160 }; /* of a client's text in the log, escaped */

struct line {
	char text[LOG_LINE_MAX];
	size_t n;
};

static void add(struct line *l, const char *fmt, ...) LOG_PRINTF(2, 3);

static void
add(struct line *l, const char *fmt, ...)
{
	size_t left = sizeof(l->text) - l->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->n, left, fmt, ap);
	va_end(ap);
	l->n += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

/* In quotes, so that no text can pass for another key of the line. */
static void
add_quoted(struct line *l, const char *key, const char *p, size_t n)
{
	size_t start = l->n;

	if (n == 0)
		return;
	add(l, " %s=\"", key);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (l->n - start > QUOTED_MAX) {
			add(l, "...");
			break;
		}
		if (c == '"' || c == '\\')
			add(l, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			add(l, "\\x%02x", c);
		else
			add(l, "%c", c);
	}
	add(l, "\"");
}

static void
add_text(struct line *l, const char *key, const char *text)
{
	if (text != NULL)
		add_quoted(l, key, text, strlen(text));
}

/* Numbers stand as they are, words in quotes. */
static void
add_windows(struct line *l, const char *shows)
{
	if (shows == NULL)
		return;
	if (strchr(shows, ' ') == NULL)
		add(l, " windows-shows=%s", shows);
	else
		add_text(l, "windows-shows", shows);
}

/* Codes after which pppd's last words are worth a place in the log. */
static bool
needs_words(unsigned int code)
{
	return (code >= 1 && code <= 4) || (code >= 6 && code <= 10) ||
	       code == 18 || code == 127;
}

static void
add_pppd(struct line *l, const struct session *s)
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
	add_text(l, "pppd", text);
}

static void
add_facts(struct line *l, const struct session *s)
{
	if (s->tls_version != NULL)
		add(l, " tls=%s,%s", s->tls_version, s->tls_cipher);
	add_text(l, "sni", s->sni[0] != '\0' ? s->sni : NULL);
	if (s->connected > 0)
		add(l, " up=%.0fs in=%llu out=%llu",
		    ev_now(s->loop) - s->connected,
		    (unsigned long long)s->bytes_in,
		    (unsigned long long)s->bytes_out);
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
keep(const struct session *s, const char *text)
{
	char line[LOG_LINE_MAX + sizeof(s->label) + 2];

	snprintf(line, sizeof(line), "%s: %s", s->label, text);
	stats_note_failure(s->stats, (int64_t)(ev_time() * 1000), line);
}

void
session_log_end(struct session *s)
{
	const struct cause_info *info;
	struct line l = { .n = 0 };

	session_settle_cause(s);
	info = cause_info(s->cause);
	add(&l, "ended: %s%s%s; stage=%s cause=%s closed-by=%s", info->reason,
	    s->detail[0] != '\0' ? ": " : "", s->detail,
	    cause_stage_name(s->ended_at), info->name,
	    cause_closer_name(s->closer));
	add_quoted(&l, "user", s->user, s->user_len);
	add_facts(&l, s);
	add_windows(&l, info->windows);
	add_pppd(&l, s);
	add_text(&l, "hint", info->hint);
	slog(s, level_of(s, info), "%s", l.text);
	if (level_of(s, info) == LOG_LEVEL_WARN)
		keep(s, l.text);
	log_damage(s);
}
