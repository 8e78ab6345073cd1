/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A glance at PPP control frames as they pass, for the log's story of a call:
 * how far LCP and authentication are, and the name that the client gives. What
 * is seen here decides nothing.
 */

#ifndef SSTPD_PPP_PEEK_H
#define SSTPD_PPP_PEEK_H

#include <stddef.h>
#include <stdint.h>

enum ppp_sight {
	PPP_SIGHT_OTHER, /* a network protocol's frame, or one too short */
	PPP_SIGHT_LCP,
	PPP_SIGHT_LCP_TERMINATE, /* Terminate-Request */
	PPP_SIGHT_AUTH,		 /* PAP, CHAP or EAP, none of these: */
	PPP_SIGHT_AUTH_ANSWER,	 /* PAP request, CHAP or EAP response */
	PPP_SIGHT_AUTH_NAK,	 /* EAP: another method, please */
	PPP_SIGHT_AUTH_SUCCESS,
	PPP_SIGHT_AUTH_FAILURE,
};

struct ppp_name { /* within the frame, any bytes; n is 0 when it has none */
	const uint8_t *p;
	size_t n;
};

/* The frame, RFC 1661, may begin with FF 03. */
enum ppp_sight ppp_peek(const uint8_t *frame, size_t n, struct ppp_name *name);

#endif
