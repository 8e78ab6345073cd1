/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Option negotiation, RFC 1661 section 4. */

#include <string.h>

#include "cp.h"

enum { PACKET_MAX = 4087 }; /* options in an answer: never more than came */

struct answer {
	struct wire_out out;
	uint8_t bytes[PACKET_MAX];
};

bool
cp_parse(const uint8_t *p, size_t n, struct cp_packet *packet)
{
	struct wire_in in = { p, n };
	uint16_t length;

	return take_u8(&in, &packet->code) && take_u8(&in, &packet->id) &&
	       take_be16(&in, &length) && length >= CP_HEADER_LEN &&
	       take_block(&in, (size_t)length - CP_HEADER_LEN, &packet->data);
}

void
cp_put_option(struct wire_out *out, uint8_t type, size_t n)
{
	put_u8(out, type);
	put_u8(out, (uint8_t)(n + 2));
}

static bool
take_option(struct wire_in *in, uint8_t *type, struct wire_in *value)
{
	uint8_t length;

	return take_u8(in, type) && take_u8(in, &length) && length >= 2 &&
	       take_block(in, (size_t)length - 2, value);
}

bool
cp_is_open(const struct cp *cp)
{
	return cp->local && cp->remote;
}

static enum cp_result
send_request(struct cp *cp)
{
	struct wire_out out = { cp->request, sizeof(cp->request), false };

	if (++cp->requests > CP_TRIES_MAX)
		return CP_FAILED;
	cp->ops->put_options(cp->owner, &out);
	cp->request_len = (size_t)(out.p - cp->request);
	cp->local = false;
	cp->send(cp->link, cp->protocol, CP_CONF_REQ, ++cp->id, cp->request,
	    cp->request_len);
	return CP_GOES_ON;
}

void
cp_start(struct cp *cp)
{
	if (cp->started)
		return;
	cp->started = true;
	send_request(cp);
}

static void
put_same(struct wire_out *out, uint8_t type, struct wire_in value)
{
	cp_put_option(out, type, value.n);
	put_block(out, value.p, value.n);
}

/*
 * Judge all options of a request. What is rejected outranks what gets another
 * value; an Ack repeats all of them. False: the options are malformed.
 */
static bool
judge_options(struct cp *cp, struct wire_in in, struct answer *naks,
    struct answer *rejects)
{
	struct wire_in value;
	uint8_t type;

	cp->ops->begin(cp->owner);
	while (in.n > 0) {
		enum cp_judgement j;

		if (!take_option(&in, &type, &value))
			return false;
		j = cp->ops->judge(cp->owner, type, value, &naks->out);
		if (j == CP_REJECT ||
		    (j == CP_NAK && cp->refusals >= CP_NAKS_MAX))
			put_same(&rejects->out, type, value);
	}
	return true;
}

static enum cp_result
send_answer(struct cp *cp, uint8_t code, uint8_t id, struct answer *a)
{
	cp->remote = false;
	if (++cp->refusals > CP_TRIES_MAX)
		return CP_FAILED;
	cp->send(cp->link, cp->protocol, code, id, a->bytes,
	    (size_t)(a->out.p - a->bytes));
	return CP_GOES_ON;
}

static enum cp_result
on_request(struct cp *cp, const struct cp_packet *packet)
{
	struct answer naks, rejects;

	naks.out = (struct wire_out){ naks.bytes, PACKET_MAX, false };
	rejects.out = (struct wire_out){ rejects.bytes, PACKET_MAX, false };
	if (!judge_options(cp, packet->data, &naks, &rejects))
		return CP_GOES_ON;
	if (rejects.out.p != rejects.bytes)
		return send_answer(cp, CP_CONF_REJ, packet->id, &rejects);
	if (naks.out.p != naks.bytes)
		return send_answer(cp, CP_CONF_NAK, packet->id, &naks);
	cp->remote = true;
	cp->send(cp->link, cp->protocol, CP_CONF_ACK, packet->id,
	    packet->data.p, packet->data.n);
	return cp_is_open(cp) ? CP_OPENED : CP_GOES_ON;
}

static enum cp_result
on_ack(struct cp *cp, const struct cp_packet *packet)
{
	if (cp->local || packet->data.n != cp->request_len ||
	    (cp->request_len > 0 &&
		memcmp(packet->data.p, cp->request, cp->request_len) != 0))
		return CP_GOES_ON;
	cp->local = true;
	return cp_is_open(cp) ? CP_OPENED : CP_GOES_ON;
}

/* Our options are refused, by a Nak or a Reject. */
static enum cp_result
on_refusal(struct cp *cp, const struct cp_packet *packet)
{
	struct wire_in in = packet->data, value;
	uint8_t type;

	if (cp->local)
		return CP_GOES_ON;
	while (take_option(&in, &type, &value)) {
		if (packet->code == CP_CONF_REJ)
			cp->ops->rejected(cp->owner, type);
		else
			cp->ops->naked(cp->owner, type, value);
	}
	return send_request(cp);
}

enum cp_result
cp_input(struct cp *cp, const struct cp_packet *packet)
{
	bool was_open = cp_is_open(cp);
	enum cp_result result = CP_GOES_ON;

	if (packet->code == CP_CONF_REQ) {
		if (was_open && send_request(cp) == CP_FAILED)
			return CP_FAILED;
		result = on_request(cp, packet);
		return was_open && result == CP_GOES_ON ? CP_RESTART : result;
	}
	/* answers to anything but the last request are late */
	if (!cp->started || packet->id != cp->id)
		return CP_GOES_ON;
	if (packet->code == CP_CONF_ACK)
		result = on_ack(cp, packet);
	else if (packet->code == CP_CONF_NAK || packet->code == CP_CONF_REJ)
		result = on_refusal(cp, packet);
	return result;
}

enum cp_result
cp_timeout(struct cp *cp)
{
	if (!cp->started || cp_is_open(cp))
		return CP_GOES_ON;
	if (!cp->local)
		return send_request(cp);
	/* all we can do is wait for a request of the peer */
	return ++cp->requests > CP_TRIES_MAX ? CP_FAILED : CP_GOES_ON;
}
