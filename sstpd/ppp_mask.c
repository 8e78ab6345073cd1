/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Secrets in PPP frames: RFC 1334, 1661, 1994, 2433, 2759 and 3748. */

#include <string.h>

#include "ppp_mask.h"

enum {
	PPP_FIRST_LINK = 0xc000, /* link control and authentication */
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_LQR = 0xc025,
	PPP_CBCP = 0xc029,
	PPP_CHAP = 0xc223,
	PPP_EAP = 0xc227,
	LCP_PROTOCOL_REJECT = 8,
	PROOF_LEN = 40, /* hex digits in a Success of MS-CHAPv2 */
	EAP_TYPE_IDENTITY = 1,
	EAP_TYPE_NAK = 3,
};

struct rest { /* of a frame, up to its end, to be written to */
	uint8_t *p;
	size_t n;
};

/* Go on, as far as there is something. */
static void
skip(struct rest *r, size_t n)
{
	n = n < r->n ? n : r->n;
	r->p += n;
	r->n -= n;
}

/* The next byte; 0 if there is none. */
static uint8_t
next(struct rest *r)
{
	uint8_t v = r->n > 0 ? r->p[0] : 0;

	skip(r, 1);
	return v;
}

static uint16_t
next_be16(struct rest *r)
{
	uint8_t high = next(r);

	return (uint16_t)(high << 8 | next(r));
}

static void
blank(struct rest *r, size_t n)
{
	n = n < r->n ? n : r->n;
	if (n > 0)
		memset(r->p, PPP_MASK, n);
	skip(r, n);
}

static void
mask_pap(uint8_t code, struct rest body)
{
	if (code == 2 || code == 3)
		return;	 /* Ack, Nak: a message for people */
	if (code == 1) { /* Authenticate-Request: name, password */
		skip(&body, next(&body));
		next(&body);
	}
	blank(&body, body.n);
}

static void
mask_chap(uint8_t code, struct rest body)
{
	switch (code) {
	case 1: /* Challenge */
	case 4: /* Failure */
		return;
	case 2: /* Response: value, name */
		blank(&body, next(&body));
		return;
	case 3: /* Success; the proof is made of the password, too */
		if (body.n >= 2 && memcmp(body.p, "S=", 2) == 0) {
			skip(&body, 2);
			blank(&body, PROOF_LEN);
		}
		return;
	default: /* Change-Password has both of them, encrypted */
		blank(&body, body.n);
	}
}

static void
mask_eap(uint8_t code, struct rest body)
{
	uint8_t type;

	if (code == 1 || code == 2) { /* Request, Response */
		type = next(&body);
		if (type >= EAP_TYPE_IDENTITY && type <= EAP_TYPE_NAK)
			return;
	}
	blank(&body, body.n);
}

static void
mask_packet(uint16_t protocol, struct rest packet)
{
	struct rest body = packet;
	uint8_t code = next(&body);

	skip(&body, 3); /* identifier and length, which may lie */
	switch (protocol) {
	case PPP_LQR:
	case PPP_CBCP:
		break;
	case PPP_PAP:
		mask_pap(code, body);
		break;
	case PPP_CHAP:
		mask_chap(code, body);
		break;
	case PPP_EAP:
		mask_eap(code, body);
		break;
	default:
		if (protocol >= PPP_FIRST_LINK)
			blank(&packet, packet.n);
	}
}

void
ppp_mask(uint8_t *frame, size_t n)
{
	struct rest r = { frame, n }, body;
	uint16_t protocol;

	if (n >= 2 && frame[0] == 0xff && frame[1] == 0x03)
		skip(&r, 2);
	if (r.n > 0 && (r.p[0] & 1))
		return; /* a protocol in one byte is one of data */
	protocol = next_be16(&r);
	body = r;
	if (protocol != PPP_LCP) {
		mask_packet(protocol, r);
	} else if (next(&body) == LCP_PROTOCOL_REJECT) {
		skip(&body, 3);
		protocol = next_be16(&body);
		mask_packet(protocol, body);
	}
}
