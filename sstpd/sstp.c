/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The SSTP packet codec, [MS-SSTP] 2.2 and the format checks of 3.3.5.2. All
 * reading goes through a bounded cursor; an attribute takes at least four
 * bytes, so every walk ends.
 */

#include <assert.h>
#include <string.h>

#include "sstp.h"
#include "wire.h"

enum {
	CONTROL_BIT = 0x01,
	LENGTH_MASK = 0x0fff, /* the upper four bits are reserved */
	ATTRIB_HEADER_LEN = 4,
	STATUS_INFO_LEN = 12, /* without AttribValue */
	PROTOCOL_VALUE_LEN = 2,
	PROTOCOL_PPP = 0x0001,
	BINDING_VALUE_LEN = 100,
	BINDING_REQ_LEN = 40,
	PPP_ALLSTATIONS = 0xff,
	PPP_UI = 0x03,
	PPP_FIRST_CONTROL = 0x8000, /* network control protocols and up */
};

struct attribute {
	uint8_t id;
	struct wire_in value;
};

ssize_t
sstp_parse_packet(const uint8_t *p, size_t n, struct sstp_packet *packet)
{
	struct wire_in in = { p, n }, payload;
	uint8_t version, flags;
	uint16_t length;

	/* a wrong first byte must not wait for three more */
	if (!take_u8(&in, &version))
		return 0;
	if (version != SSTP_VERSION)
		return -SSTP_E_HEADER;
	if (!take_u8(&in, &flags) || !take_be16(&in, &length))
		return 0;
	length &= LENGTH_MASK;
	if (length < SSTP_HEADER_LEN)
		return -SSTP_E_HEADER;
	if (!take_block(&in, (size_t)length - SSTP_HEADER_LEN, &payload))
		return 0;
	*packet = (struct sstp_packet){
		.control = flags & CONTROL_BIT,
		.bytes = p,
		.len = length,
		.payload = payload.p,
		.payload_len = payload.n,
	};
	return length;
}

static bool
take_attribute(struct wire_in *in, struct attribute *a)
{
	uint8_t reserved;
	uint16_t length;

	if (!take_u8(in, &reserved) || !take_u8(in, &a->id) ||
	    !take_be16(in, &length))
		return false;
	length &= LENGTH_MASK;
	return length >= ATTRIB_HEADER_LEN &&
	       take_block(in, (size_t)length - ATTRIB_HEADER_LEN, &a->value);
}

/* Tell whether in begins with count attributes, and how much follows them. */
static bool
skip_attributes(struct wire_in in, unsigned int count, size_t *left)
{
	struct attribute a;

	for (; count > 0; count--)
		if (!take_attribute(&in, &a))
			return false;
	*left = in.n;
	return true;
}

/* The Status of a Status Info; false if it is too short to hold one. */
static bool
status_of(const struct attribute *a, uint32_t *status)
{
	struct wire_in value = a->value;
	uint32_t ids; /* Reserved1 and AttribID */

	return take_be32(&value, &ids) && take_be32(&value, status);
}

static void
add_fault(struct sstp_control *control, uint8_t attrib_id, uint32_t status,
    struct wire_in value)
{
	struct sstp_status_info *info;

	control->verdict = SSTP_REFUSE;
	if (control->info_count == SSTP_NAK_INFOS_MAX)
		return;
	info = &control->info[control->info_count++];
	info->attrib_id = attrib_id;
	info->status = status;
	if (value.n > SSTP_STATUS_VALUE_MAX)
		value.n = SSTP_STATUS_VALUE_MAX;
	info->value_len = (uint8_t)value.n;
	memcpy(info->value, value.p, value.n);
}

static void
check_protocol(struct sstp_control *control, const struct attribute *a)
{
	struct wire_in value = a->value;
	uint16_t protocol;

	if (!take_be16(&value, &protocol) || value.n > 0)
		add_fault(control, a->id,
		    ATTRIB_STATUS_INVALID_ATTRIB_VALUE_LENGTH, a->value);
	else if (protocol != PROTOCOL_PPP)
		add_fault(control, a->id, ATTRIB_STATUS_VALUE_NOT_SUPPORTED,
		    a->value);
}

static void
check_status_info(struct sstp_control *control, const struct attribute *a)
{
	uint32_t status;

	if (!status_of(a, &status))
		add_fault(control, a->id,
		    ATTRIB_STATUS_INVALID_ATTRIB_VALUE_LENGTH, a->value);
	else if (status != ATTRIB_STATUS_NO_ERROR)
		add_fault(control, a->id,
		    ATTRIB_STATUS_STATUS_INFO_NOT_SUPPORTED_IN_MSG, a->value);
}

/* CALL_CONNECT_REQUEST, well framed: collect all its faults for one NAK. */
static void
check_request(struct sstp_control *control, struct wire_in in)
{
	const struct wire_in nothing = { in.p, 0 };
	struct attribute a;
	bool seen = false;

	while (take_attribute(&in, &a)) {
		if (a.id == SSTP_ATTRIB_STATUS_INFO) {
			check_status_info(control, &a);
		} else if (a.id != SSTP_ATTRIB_ENCAPSULATED_PROTOCOL_ID) {
			add_fault(control, a.id,
			    ATTRIB_STATUS_UNRECOGNIZED_ATTRIBUTE, nothing);
		} else if (seen) {
			add_fault(control, a.id,
			    ATTRIB_STATUS_DUPLICATE_ATTRIBUTE, a.value);
		} else {
			seen = true;
			check_protocol(control, &a);
		}
	}
	if (!seen)
		add_fault(control, SSTP_ATTRIB_ENCAPSULATED_PROTOCOL_ID,
		    ATTRIB_STATUS_REQUIRED_ATTRIBUTE_MISSING, nothing);
}

/*
 * CALL_CONNECTED, well framed: the binding and nothing else will do. That
 * also makes it the 112 bytes over which the Compound MAC is defined.
 */
static void
check_connected(
    struct sstp_control *control, struct wire_in in, unsigned int count)
{
	struct attribute a;
	bool good = false;

	while (take_attribute(&in, &a))
		good = count == 1 && a.id == SSTP_ATTRIB_CRYPTO_BINDING &&
		       a.value.n == BINDING_VALUE_LEN;
	if (!good)
		control->verdict = SSTP_REFUSE;
}

/* CALL_ABORT, CALL_DISCONNECT: why, if it says so; garbage is ignored. */
static uint32_t
find_status(struct wire_in in, unsigned int count)
{
	struct attribute a;
	uint32_t status;

	for (; count > 0 && take_attribute(&in, &a); count--)
		if (a.id == SSTP_ATTRIB_STATUS_INFO && status_of(&a, &status))
			return status;
	return ATTRIB_STATUS_NO_ERROR;
}

/* Messages whose attributes matter. */
static void
check_attributes(
    struct sstp_control *control, struct wire_in in, unsigned int count)
{
	size_t left;

	if (!skip_attributes(in, count, &left))
		return;
	if (left > 0) {
		/*
		 * Too few bytes for an attribute: the count is right, but not
		 * the length, and for that CALL_CONNECTED has an answer of its
		 * own, 3.3.5.2.3.
		 */
		if (control->type == SSTP_MSG_CALL_CONNECTED &&
		    left < ATTRIB_HEADER_LEN)
			control->verdict = SSTP_REFUSE;
		return;
	}
	control->verdict = SSTP_GOOD;
	if (control->type == SSTP_MSG_CALL_CONNECT_REQUEST)
		check_request(control, in);
	else if (control->type == SSTP_MSG_CALL_CONNECTED)
		check_connected(control, in, count);
}

void
sstp_parse_control(
    const struct sstp_packet *packet, struct sstp_control *control)
{
	struct wire_in in = { packet->payload, packet->payload_len };
	uint16_t type, count;

	*control = (struct sstp_control){ .verdict = SSTP_BROKEN };
	if (!take_be16(&in, &type) || !take_be16(&in, &count))
		return;
	control->type = type;
	switch (type) {
	case SSTP_MSG_CALL_CONNECT_REQUEST:
	case SSTP_MSG_CALL_CONNECT_ACK:
	case SSTP_MSG_CALL_CONNECT_NAK:
	case SSTP_MSG_CALL_CONNECTED:
		check_attributes(control, in, count);
		break;
	case SSTP_MSG_CALL_ABORT:
	case SSTP_MSG_CALL_DISCONNECT:
		control->verdict = SSTP_GOOD;
		control->status = find_status(in, count);
		break;
	case SSTP_MSG_CALL_DISCONNECT_ACK:
	case SSTP_MSG_ECHO_REQUEST:
	case SSTP_MSG_ECHO_RESPONSE:
		control->verdict = SSTP_GOOD;
		break;
	}
}

static void
put_header(struct wire_out *out, uint8_t flags, size_t length)
{
	put_u8(out, SSTP_VERSION);
	put_u8(out, flags);
	put_be16(out, (uint16_t)length);
}

void
sstp_put_data_header(uint8_t header[static SSTP_HEADER_LEN], size_t n)
{
	struct wire_out out = { header, SSTP_HEADER_LEN, false };

	assert(n <= SSTP_PAYLOAD_MAX);
	put_header(&out, 0, SSTP_HEADER_LEN + n);
}

static void
put_control_header(struct wire_out *out, enum sstp_message type, size_t length,
    unsigned int attributes)
{
	put_header(out, CONTROL_BIT, length);
	put_be16(out, (uint16_t)type);
	put_be16(out, (uint16_t)attributes);
}

static void
put_attribute_header(struct wire_out *out, enum sstp_attrib id, size_t length)
{
	put_u8(out, 0);
	put_u8(out, (uint8_t)id);
	put_be16(out, (uint16_t)length);
}

static void
put_status_info(struct wire_out *out, uint8_t attrib_id, uint32_t status,
    const uint8_t *value, size_t n)
{
	put_attribute_header(out, SSTP_ATTRIB_STATUS_INFO, STATUS_INFO_LEN + n);
	put_be32(out, attrib_id); /* Reserved1 and AttribID */
	put_be32(out, status);
	put_block(out, value, n);
}

static size_t
written(const struct wire_out *out, const uint8_t *dst)
{
	return out->overflow ? 0 : (size_t)(out->p - dst);
}

size_t
sstp_build_ack(uint8_t *dst, size_t cap, uint8_t hash_bitmask,
    const uint8_t nonce[static SSTP_NONCE_LEN])
{
	struct wire_out out = { dst, cap, false };

	put_control_header(&out, SSTP_MSG_CALL_CONNECT_ACK,
	    SSTP_CONTROL_HEADER_LEN + BINDING_REQ_LEN, 1);
	put_attribute_header(
	    &out, SSTP_ATTRIB_CRYPTO_BINDING_REQ, BINDING_REQ_LEN);
	put_be32(&out, hash_bitmask); /* Reserved1 and the bitmask */
	put_block(&out, nonce, SSTP_NONCE_LEN);
	return written(&out, dst);
}

static size_t
value_len(const struct sstp_status_info *info)
{
	return info->value_len < SSTP_STATUS_VALUE_MAX ? info->value_len
						       : SSTP_STATUS_VALUE_MAX;
}

size_t
sstp_build_nak(
    uint8_t *dst, size_t cap, const struct sstp_status_info *info, unsigned n)
{
	struct wire_out out = { dst, cap, false };
	size_t length = SSTP_CONTROL_HEADER_LEN;
	unsigned int i;

	if (n > SSTP_NAK_INFOS_MAX)
		n = SSTP_NAK_INFOS_MAX;
	for (i = 0; i < n; i++)
		length += STATUS_INFO_LEN + value_len(&info[i]);
	put_control_header(&out, SSTP_MSG_CALL_CONNECT_NAK, length, n);
	for (i = 0; i < n; i++)
		put_status_info(&out, info[i].attrib_id, info[i].status,
		    info[i].value, value_len(&info[i]));
	return written(&out, dst);
}

size_t
sstp_build_status(uint8_t *dst, size_t cap, enum sstp_message type,
    uint8_t attrib_id, uint32_t status)
{
	struct wire_out out = { dst, cap, false };

	put_control_header(
	    &out, type, SSTP_CONTROL_HEADER_LEN + STATUS_INFO_LEN, 1);
	put_status_info(&out, attrib_id, status, NULL, 0);
	return written(&out, dst);
}

size_t
sstp_build_plain(uint8_t *dst, size_t cap, enum sstp_message type)
{
	struct wire_out out = { dst, cap, false };

	put_control_header(&out, type, SSTP_CONTROL_HEADER_LEN, 0);
	return written(&out, dst);
}

/* Take the header of a PPP frame; false if it is cut short, or no protocol. */
static bool
take_protocol(struct wire_in *in, uint16_t *protocol)
{
	uint8_t byte;

	if (in->n >= 2 && in->p[0] == PPP_ALLSTATIONS && in->p[1] == PPP_UI)
		*in = (struct wire_in){ in->p + 2, in->n - 2 };
	if (!take_u8(in, &byte))
		return false;
	*protocol = byte;
	if ((byte & 1) == 0) { /* not compressed: the low byte follows */
		if (!take_u8(in, &byte))
			return false;
		*protocol = (uint16_t)(*protocol << 8 | byte);
	}
	/* never assigned, so that FF can only be the start of FF 03 */
	return *protocol != PPP_ALLSTATIONS;
}

enum ppp_class
sstp_classify_ppp(const uint8_t *frame, size_t n)
{
	struct wire_in in = { frame, n };
	uint16_t protocol;

	if (!take_protocol(&in, &protocol))
		return PPP_DROP;
	return protocol < PPP_FIRST_CONTROL ? PPP_DATA : PPP_CONTROL;
}

bool
sstp_ip_of_ppp(const uint8_t *frame, size_t n, struct sstp_ip *ip)
{
	struct wire_in in = { frame, n };

	if (!take_protocol(&in, &ip->protocol) ||
	    (ip->protocol != SSTP_PPP_IP && ip->protocol != SSTP_PPP_IPV6))
		return false;
	ip->packet = in.p;
	ip->len = in.n;
	return true;
}

void
sstp_put_ppp_header(
    uint8_t header[static SSTP_PPP_HEADER_LEN], uint16_t protocol)
{
	header[0] = PPP_ALLSTATIONS;
	header[1] = PPP_UI;
	header[2] = (uint8_t)(protocol >> 8);
	header[3] = (uint8_t)protocol;
}

static const char *const message_names[] = {
	[0] = "no message",
	[SSTP_MSG_CALL_CONNECT_REQUEST] = "CALL_CONNECT_REQUEST",
	[SSTP_MSG_CALL_CONNECT_ACK] = "CALL_CONNECT_ACK",
	[SSTP_MSG_CALL_CONNECT_NAK] = "CALL_CONNECT_NAK",
	[SSTP_MSG_CALL_CONNECTED] = "CALL_CONNECTED",
	[SSTP_MSG_CALL_ABORT] = "CALL_ABORT",
	[SSTP_MSG_CALL_DISCONNECT] = "CALL_DISCONNECT",
	[SSTP_MSG_CALL_DISCONNECT_ACK] = "CALL_DISCONNECT_ACK",
	[SSTP_MSG_ECHO_REQUEST] = "ECHO_REQUEST",
	[SSTP_MSG_ECHO_RESPONSE] = "ECHO_RESPONSE",
};

static const char *const status_names[] = {
	[ATTRIB_STATUS_NO_ERROR] = "no error",
	[ATTRIB_STATUS_DUPLICATE_ATTRIBUTE] = "duplicate attribute",
	[ATTRIB_STATUS_UNRECOGNIZED_ATTRIBUTE] = "unrecognized attribute",
	[ATTRIB_STATUS_INVALID_ATTRIB_VALUE_LENGTH] =
	    "invalid attribute length",
	[ATTRIB_STATUS_VALUE_NOT_SUPPORTED] = "value not supported",
	[ATTRIB_STATUS_UNACCEPTED_FRAME_RECEIVED] = "unaccepted frame received",
	[ATTRIB_STATUS_RETRY_COUNT_EXCEEDED] = "retry count exceeded",
	[ATTRIB_STATUS_INVALID_FRAME_RECEIVED] = "invalid frame received",
	[ATTRIB_STATUS_NEGOTIATION_TIMEOUT] = "negotiation timeout",
	[ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG] =
	    "attribute not supported in message",
	[ATTRIB_STATUS_REQUIRED_ATTRIBUTE_MISSING] =
	    "required attribute missing",
	[ATTRIB_STATUS_STATUS_INFO_NOT_SUPPORTED_IN_MSG] =
	    "status info not supported in message",
};

const char *
sstp_message_name(uint16_t type)
{
	if (type >= sizeof(message_names) / sizeof(message_names[0]))
		return "unknown message";
	return message_names[type];
}

const char *
sstp_status_name(uint32_t status)
{
	if (status >= sizeof(status_names) / sizeof(status_names[0]))
		return "unknown status";
	return status_names[status];
}
