/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Why a connection or session ended: one table with a row a cause, read by the
 * log's last line of each and by sstpd-errors(7). Identifiers stay what they
 * are once released: scripts match them.
 */

#ifndef SSTPD_CAUSE_H
#define SSTPD_CAUSE_H

#include <stdio.h>

/* How far it had come, in the order of a session's life. */
enum cause_stage {
	AT_ANY, /* only in the table: wherever it happens to be */
	AT_TCP, /* connected, not one byte came */
	AT_TLS,
	AT_HTTP,
	AT_SSTP,    /* HTTP is done, no call request yet */
	AT_LCP,	    /* pppd was asked for */
	AT_AUTH,    /* the first frame of an authentication has passed */
	AT_BINDING, /* authenticated; the proof is to come */
	AT_IPCP,    /* bound; no network protocol is up yet */
	AT_UP,
	CAUSE_STAGES,
};

enum cause_closer { BY_CLIENT, BY_SERVER, BY_PPPD, BY_NETWORK, CAUSE_CLOSERS };

enum cause_kind {
	ENDS_BADLY,
	ENDS_WELL,
	ENDS_WELL_IF_UP, /* in any other stage somebody gave up */
};

enum end_cause {
	NO_CAUSE, /* not known yet */
	/* TCP, in any stage */
	CAUSE_CLIENT_CLOSED,
	CAUSE_TCP_RESET,
	CAUSE_TCP_TIMEOUT,
	CAUSE_TCP_FAILED,
	CAUSE_CLIENT_NOT_READING,
	/* TLS */
	CAUSE_TLS_TIMEOUT,
	CAUSE_TLS_PLAIN_HTTP,
	CAUSE_TLS_PROXY_HEADER,
	CAUSE_TLS_NOT_TLS,
	CAUSE_TLS_NO_SHARED_VERSION,
	CAUSE_TLS_NO_SHARED_CIPHER,
	CAUSE_TLS_NO_SHARED_GROUP,
	CAUSE_TLS_NO_SHARED_SIGNATURE,
	CAUSE_TLS_CERTIFICATE_EXPIRED,
	CAUSE_TLS_CERTIFICATE_UNTRUSTED,
	CAUSE_TLS_CERTIFICATE_REJECTED,
	CAUSE_TLS_CLIENT_ALERT,
	CAUSE_TLS_CLIENT_LEFT,
	CAUSE_TLS_FAILED,
	/* HTTP */
	CAUSE_HTTP_TIMEOUT,
	CAUSE_HTTP_NOT_SSTP,
	CAUSE_HTTP_BAD_REQUEST,
	/* SSTP */
	CAUSE_SSTP_NEGOTIATION_TIMEOUT,
	CAUSE_SSTP_BAD_HEADER,
	CAUSE_SSTP_PROTOCOL,
	CAUSE_SSTP_REQUEST_REFUSED,
	CAUSE_CLIENT_ABORTED,
	CAUSE_CLIENT_HUNG_UP,
	/* LCP */
	CAUSE_LCP_NO_ANSWER,
	CAUSE_LCP_TIMEOUT,
	CAUSE_LCP_FAILED,
	CAUSE_LCP_ECHO_LOST,
	/* authentication */
	CAUSE_AUTH_FAILED,
	CAUSE_AUTH_METHOD_REFUSED,
	CAUSE_AUTH_METHOD_NOT_ALLOWED,
	CAUSE_AUTH_TIMEOUT,
	CAUSE_AUTH_SERVER_REFUSED,
	/* binding */
	CAUSE_BINDING_NO_KEYS,
	CAUSE_BINDING_SHORT_KEYS,
	CAUSE_BINDING_TIMEOUT,
	CAUSE_BINDING_MISSING,
	CAUSE_BINDING_HASH_PROTOCOL,
	CAUSE_BINDING_NONCE,
	CAUSE_BINDING_CERTIFICATE,
	CAUSE_BINDING_MAC,
	CAUSE_BINDING_MAC_ZERO_KEY,
	CAUSE_BINDING_MAC_UNEXPECTED_KEY,
	CAUSE_BINDING_MAC_SWAPPED,
	CAUSE_BINDING_MAC_RECEIVE_ONLY,
	CAUSE_BINDING_MAC_SEND_ONLY,
	CAUSE_BINDING_MAC_LONG_KEYS,
	CAUSE_BINDING_MAC_HALVES,
	CAUSE_BINDING_MAC_DERIVATION,
	/* IPCP */
	CAUSE_IPCP_FAILED,
	CAUSE_POOL_EMPTY,
	CAUSE_ADDRESS_IN_USE,
	/* up */
	CAUSE_HELLO_LOST,
	CAUSE_IDLE_TIMEOUT,
	CAUSE_SESSION_TIMEOUT,
	CAUSE_TRAFFIC_LIMIT,
	/* limits */
	CAUSE_LIMIT_SESSIONS,
	CAUSE_LIMIT_PROFILE,
	CAUSE_LIMIT_HALF_OPEN,
	CAUSE_LIMIT_UNAUTHENTICATED,
	CAUSE_LIMIT_BANNED,
	CAUSE_LIMIT_BUFFERS,
	/* pppd, in any stage */
	CAUSE_PPPD_ENDED,
	CAUSE_PPPD_TERMINATED,
	CAUSE_PPPD_KILLED,
	CAUSE_PPPD_NO_PPP,
	CAUSE_PPPD_NOT_STARTED,
	CAUSE_PPPD_SILENT,
	CAUSE_PPPD_FAILED,
	CAUSE_PPPD_PLUGIN,
	/* the daemon, in any stage */
	CAUSE_PROFILE_GONE,
	CAUSE_ADMINISTRATOR,
	CAUSE_SERVER_STOPPING,
	CAUSE_SERVER_FAILED,
	CAUSE_COUNT,
};

struct cause_info {
	const char *name; /* identifier: lower case and hyphens */
	enum cause_stage stage;
	enum cause_closer closer;
	enum cause_kind kind;
	const char *reason;  /* one sentence, no full stop */
	const char *windows; /* what a Windows client shows; NULL: not known */
	const char *hint;    /* what to do about it; NULL: nothing to say */
};

/* The row of a cause; never NULL. */
const struct cause_info *cause_info(enum end_cause cause);

/* Names as the log has them; never NULL. */
const char *cause_stage_name(enum cause_stage stage);
const char *cause_closer_name(enum cause_closer closer);

/*
 * The table for scripts/mkerrors: a row a line, columns separated by tabs, in
 * the order of struct cause_info, "-" where there is nothing.
 */
void cause_print_table(FILE *out);

#endif
