/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A glance at PPP control frames: RFC 1661, 1334, 1994 and 3748. */

#include <stdbool.h>

#include "ppp_peek.h"
#include "wire.h"

enum {
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_CHAP = 0xc223,
	PPP_EAP = 0xc227,
	LCP_TERMINATE_REQUEST = 5,
	EAP_TYPE_IDENTITY = 1,
	EAP_TYPE_NAK = 3,
};

/* Code, identifier and length, and the data that this length allows. */
static bool
take_packet(struct wire_in *in, uint8_t *code, struct wire_in *body)
{
	uint16_t length;
	uint8_t id;

	return take_u8(in, code) && take_u8(in, &id) &&
	       take_be16(in, &length) && length >= 4 &&
	       take_block(in, length - 4u, body);
}

/* A block behind its length in one byte. */
static bool
take_sized(struct wire_in *in, struct wire_in *block)
{
	uint8_t n;

	return take_u8(in, &n) && take_block(in, n, block);
}

static enum ppp_sight
peek_pap(uint8_t code, struct wire_in body, struct wire_in *name)
{
	switch (code) {
	case 1: /* Authenticate-Request: name, password */
		take_sized(&body, name);
		return PPP_SIGHT_AUTH_ANSWER;
	case 2:
		return PPP_SIGHT_AUTH_SUCCESS;
	case 3:
		return PPP_SIGHT_AUTH_FAILURE;
	default:
		return PPP_SIGHT_AUTH;
	}
}

static enum ppp_sight
peek_chap(uint8_t code, struct wire_in body, struct wire_in *name)
{
	struct wire_in value;

	switch (code) {
	case 2: /* Response: value, name */
		if (take_sized(&body, &value))
			*name = body;
		return PPP_SIGHT_AUTH_ANSWER;
	case 3:
		return PPP_SIGHT_AUTH_SUCCESS;
	case 4:
		return PPP_SIGHT_AUTH_FAILURE;
	default:
		return PPP_SIGHT_AUTH;
	}
}

static enum ppp_sight
peek_eap(uint8_t code, struct wire_in body, struct wire_in *name)
{
	uint8_t type;

	switch (code) {
	case 2: /* Response */
		if (!take_u8(&body, &type))
			return PPP_SIGHT_AUTH;
		if (type == EAP_TYPE_NAK)
			return PPP_SIGHT_AUTH_NAK;
		if (type == EAP_TYPE_IDENTITY)
			*name = body;
		return PPP_SIGHT_AUTH_ANSWER;
	case 3:
		return PPP_SIGHT_AUTH_SUCCESS;
	case 4:
		return PPP_SIGHT_AUTH_FAILURE;
	default:
		return PPP_SIGHT_AUTH;
	}
}

enum ppp_sight
ppp_peek(const uint8_t *frame, size_t n, struct ppp_name *name)
{
	struct wire_in in = { frame, n }, body, found = { NULL, 0 };
	enum ppp_sight sight = PPP_SIGHT_OTHER;
	uint16_t protocol;
	uint8_t code;

	*name = (struct ppp_name){ NULL, 0 };
	if (n >= 2 && frame[0] == 0xff && frame[1] == 0x03)
		in = (struct wire_in){ frame + 2, n - 2 };
	if (!take_be16(&in, &protocol) || !take_packet(&in, &code, &body))
		return PPP_SIGHT_OTHER;
	switch (protocol) {
	case PPP_LCP:
		return code == LCP_TERMINATE_REQUEST ? PPP_SIGHT_LCP_TERMINATE
						     : PPP_SIGHT_LCP;
	case PPP_PAP:
		sight = peek_pap(code, body, &found);
		break;
	case PPP_CHAP:
		sight = peek_chap(code, body, &found);
		break;
	case PPP_EAP:
		sight = peek_eap(code, body, &found);
		break;
	default:
		break;
	}
	*name = (struct ppp_name){ found.p, found.n };
	return sight;
}
