/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: how far it comes, and why it ends. */

#include <stdio.h>
#include <string.h>

#include "ppp_peek.h"
#include "pppd.h"
#include "session_private.h"

/* --- how far it comes -----------------------------------------------------
 */

void
session_reached(struct session *s, enum cause_stage stage)
{
	if (stage > s->reached)
		s->reached = stage;
}

void
session_note_tls(struct session *s)
{
	snprintf(s->sni, sizeof(s->sni), "%s", tls_sni(&s->tls));
	if (s->stage == STAGE_TLS)
		return;
	s->tls_version = tls_version(&s->tls);
	s->tls_cipher = tls_cipher(&s->tls);
}

/* A name is claimed by the client, until authentication puts its own. */
static void
note_name(struct session *s, const struct ppp_name *name)
{
	if (name->n == 0 || s->authenticated)
		return;
	s->user_len = name->n < sizeof(s->user) ? name->n : sizeof(s->user);
	memcpy(s->user, name->p, s->user_len);
}

static void
note_sight(struct session *s, enum ppp_sight sight, bool from_client)
{
	switch (sight) {
	case PPP_SIGHT_LCP_TERMINATE:
		s->ppp_closed_by_client |= from_client;
		break;
	case PPP_SIGHT_LCP:
		s->lcp_heard |= from_client;
		break;
	case PPP_SIGHT_AUTH_ANSWER:
		s->auth_answered |= from_client;
		s->method_refused &= !from_client;
		break;
	case PPP_SIGHT_AUTH_NAK:
		s->method_refused |= from_client;
		break;
	case PPP_SIGHT_AUTH_FAILURE:
		s->auth_refused |= !from_client;
		break;
	case PPP_SIGHT_AUTH_SUCCESS:
		if (!from_client)
			session_reached(s, AT_BINDING);
		break;
	default:
		break;
	}
	if (sight < PPP_SIGHT_AUTH)
		return;
	session_reached(s, AT_AUTH);
	if (s->auth_began <= 0)
		s->auth_began = loop_clock();
}

void
session_note_frame(
    struct session *s, bool from_client, const uint8_t *frame, size_t n)
{
	struct ppp_name name;
	enum ppp_sight sight = ppp_peek(frame, n, &name);

	note_sight(s, sight, from_client);
	if (from_client)
		note_name(s, &name);
}

/* --- why it ends ----------------------------------------------------------
 */

static void
set_cause(struct session *s, enum end_cause cause)
{
	const struct cause_info *info = cause_info(cause);

	s->cause = cause;
	s->closer = info->closer;
	if (info->stage != AT_ANY)
		s->ended_at = info->stage;
	else if (s->ended_at == AT_ANY)
		s->ended_at = s->reached;
}

void
session_cause(struct session *s, enum end_cause cause)
{
	if (s->cause == NO_CAUSE)
		set_cause(s, cause);
}

void
session_reason(struct session *s, enum end_cause cause, const char *fmt, ...)
{
	va_list ap;

	if (s->cause != NO_CAUSE)
		return;
	set_cause(s, cause);
	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof(s->detail), fmt, ap);
	va_end(ap);
}

void
session_tls_reason(struct session *s)
{
	switch (s->tls.fault) {
	case CAUSE_TCP_RESET:
	case CAUSE_CLIENT_NOT_READING:
	case CAUSE_TLS_PLAIN_HTTP:
	case CAUSE_TLS_PROXY_HEADER: /* they say all there is to say */
		session_cause(s, s->tls.fault);
		break;
	default:
		session_reason(s, s->tls.fault, "%s", s->tls.why);
	}
}

/* pppd's exit code 11 is for every way not to be authenticated. */
static enum end_cause
cause_of_auth_exit(const struct session *s)
{
	if (s->method_refused)
		return CAUSE_AUTH_METHOD_REFUSED;
	if (s->auth_refused || s->auth_answered)
		return CAUSE_AUTH_FAILED;
	return s->reached == AT_AUTH ? CAUSE_AUTH_TIMEOUT
				     : CAUSE_AUTH_METHOD_REFUSED;
}

/* And 10 for every protocol that did not come up. */
static enum end_cause
cause_of_negotiation_exit(const struct session *s)
{
	if (s->ppp_closed_by_client)
		return CAUSE_CLIENT_HUNG_UP;
	if (s->reached >= AT_BINDING)
		return CAUSE_IPCP_FAILED;
	if (s->reached == AT_AUTH)
		return CAUSE_AUTH_TIMEOUT;
	return s->lcp_heard ? CAUSE_LCP_FAILED : CAUSE_LCP_NO_ANSWER;
}

static enum end_cause
cause_of_exit(const struct session *s, const struct msg_exited *exited)
{
	if (exited->signal != 0)
		return CAUSE_PPPD_KILLED;
	switch (exited->exit_code) {
	case 0:
		return s->ppp_closed_by_client ? CAUSE_CLIENT_HUNG_UP
					       : CAUSE_PPPD_ENDED;
	case 4:
		return CAUSE_PPPD_NO_PPP;
	case 5:
		return CAUSE_PPPD_TERMINATED;
	case 10:
		return cause_of_negotiation_exit(s);
	case 11:
		return cause_of_auth_exit(s);
	case 12:
		return CAUSE_IDLE_TIMEOUT;
	case 13:
		return CAUSE_SESSION_TIMEOUT;
	case 15:
		return CAUSE_LCP_ECHO_LOST;
	case 16:
		return CAUSE_PPPD_ENDED;
	case 19:
		return CAUSE_AUTH_SERVER_REFUSED;
	case 20:
		return CAUSE_TRAFFIC_LIMIT;
	case PPPD_CRASHED:
		return CAUSE_PPPD_KILLED;
	default:
		return CAUSE_PPPD_FAILED;
	}
}

void
session_note_exit(struct session *s, const struct msg_exited *exited)
{
	static const enum end_cause told[] = {
		[MSG_END_PPPD] = NO_CAUSE,
		[MSG_END_POOL] = CAUSE_POOL_EMPTY,
		[MSG_END_ADDRESS_TAKEN] = CAUSE_ADDRESS_IN_USE,
		[MSG_END_METHOD] = CAUSE_AUTH_METHOD_NOT_ALLOWED,
		[MSG_END_CHANNEL] = CAUSE_PPPD_PLUGIN,
		[MSG_END_PROFILE] = CAUSE_PROFILE_GONE,
		[MSG_END_BANNED] = CAUSE_LIMIT_BANNED,
	};
	enum end_cause cause = NO_CAUSE;

	s->pppd_reaped = true;
	s->pppd_code = exited->exit_code;
	s->pppd_signal = exited->signal;
	if (s->cause != NO_CAUSE && s->cause != CAUSE_PPPD_ENDED)
		return;
	if (exited->cause < sizeof(told) / sizeof(told[0]))
		cause = told[exited->cause];
	/* what its plugin had told before is known only now */
	s->ended_at = AT_ANY;
	set_cause(s, cause != NO_CAUSE ? cause : cause_of_exit(s, exited));
}

/* NO_CAUSE: neither frames nor pppd tell of a login that was refused. */
static enum end_cause
refusal(const struct session *s)
{
	unsigned int code = s->pppd_reaped ? s->pppd_code : 0;

	if (s->authenticated)
		return NO_CAUSE;
	if (s->auth_refused || code == 11)
		return cause_of_auth_exit(s);
	return code == 19 ? CAUSE_AUTH_SERVER_REFUSED : NO_CAUSE;
}

/*
 * A client that was refused often hangs up before pppd has done so: the refusal
 * is the cause, though the client was first to close.
 */
void
session_settle_cause(struct session *s)
{
	enum end_cause cause = refusal(s);
	enum cause_closer closer;

	session_cause(s, NO_CAUSE);
	closer = s->closer;
	switch (s->cause) {
	case CAUSE_CLIENT_CLOSED:
	case CAUSE_CLIENT_HUNG_UP:
	case CAUSE_CLIENT_ABORTED:
	case CAUSE_TCP_RESET:
		break;
	default:
		return;
	}
	if (cause == NO_CAUSE)
		return;
	set_cause(s, cause);
	s->closer = closer;
	s->detail[0] = '\0';
}
