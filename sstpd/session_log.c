/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: the events that the log has of it, see sstpd(8). */

#include <string.h>

#include "auth.h"
#include "session_private.h"

void
slog(struct session *s, enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vabout(level, &s->subject, fmt, ap);
	va_end(ap);
}

void
session_log_begin(const struct session *s, struct log_record *r,
    enum log_level level, enum log_event event)
{
	log_record_init(r, level, event);
	log_record_add_subject(r, &s->subject);
}

void
session_log_tls(const struct session *s, struct log_record *r)
{
	log_record_add_text(r, LOG_KEY_TLS_VERSION, s->tls_version);
	log_record_add_text(r, LOG_KEY_TLS_CIPHER, s->tls_cipher);
	log_record_add_text(r, LOG_KEY_SNI, s->sni);
	if (s->conf->profile_count > 1)
		log_record_add_text(
		    r, LOG_KEY_PROFILE, s->conf->profiles[s->profile].name);
}

void
session_log_connected(const struct session *s)
{
	struct log_record r;

	session_log_begin(s, &r, LOG_LEVEL_INFO, LOG_EVENT_CONNECTED);
	session_log_tls(s, &r);
	log_record_add_text(&r, LOG_KEY_CORRELATION_ID, s->correlation_id);
	log_write(&r);
}

void
session_log_authenticated(const struct session *s, unsigned int method)
{
	struct log_record r;

	session_log_begin(s, &r, LOG_LEVEL_INFO, LOG_EVENT_AUTHENTICATED);
	log_record_add(&r, LOG_KEY_USER, s->user, s->user_len);
	log_record_add_text(&r, LOG_KEY_METHOD, auth_method_name(method));
	log_write(&r);
}

void
session_log_bound(const struct session *s, const char *hash)
{
	struct log_record r;

	session_log_begin(s, &r, LOG_LEVEL_INFO, LOG_EVENT_BINDING_VERIFIED);
	log_record_add_text(&r, LOG_KEY_HASH, hash);
	log_write(&r);
}

void
session_log_up(const struct session *s, const struct keymsg_up *up,
    const char *local, const char *remote)
{
	struct log_record r;

	session_log_begin(s, &r, LOG_LEVEL_INFO, LOG_EVENT_UP);
	log_record_add(&r, LOG_KEY_INTERFACE, up->ifname,
	    strnlen(up->ifname, sizeof(up->ifname)));
	log_record_add_text(&r, LOG_KEY_LOCAL_ADDRESS, local);
	log_record_add_text(&r, LOG_KEY_REMOTE_ADDRESS, remote);
	log_record_add_number(&r, LOG_KEY_MTU, up->mtu);
	log_write(&r);
}
