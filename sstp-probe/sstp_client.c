/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The client's SSTP messages. */

#include <string.h>

#include <openssl/crypto.h>

#include "sstp_client.h"
#include "wire.h"

enum {
	CONTROL_BIT = 0x01,
	LENGTH_MASK = 0x0fff,
	PROTOCOL_PPP = 0x0001,
	PROTOCOL_LEN = 6, /* of attributes, with their header */
	BINDING_LEN = 104,
	BINDING_REQ_LEN = 40,
	CERT_HASH_MAX = 32,
	AT_COMPOUND_MAC = 80, /* from the start of CALL_CONNECTED */
};

/* The heads of a message and of its only attribute. */
static void
put_heads(struct wire_out *out, enum sstp_message type, enum sstp_attrib id,
    uint16_t attrib_len)
{
	put_u8(out, SSTP_VERSION);
	put_u8(out, CONTROL_BIT);
	put_be16(out, (uint16_t)(SSTP_CONTROL_HEADER_LEN + attrib_len));
	put_be16(out, (uint16_t)type);
	put_be16(out, 1);
	put_u8(out, 0);
	put_u8(out, (uint8_t)id);
	put_be16(out, attrib_len);
}

void
sstp_build_request(uint8_t dst[static SSTP_REQUEST_LEN])
{
	struct wire_out out = { dst, SSTP_REQUEST_LEN, false };

	put_heads(&out, SSTP_MSG_CALL_CONNECT_REQUEST,
	    SSTP_ATTRIB_ENCAPSULATED_PROTOCOL_ID, PROTOCOL_LEN);
	put_be16(&out, PROTOCOL_PPP);
}

bool
sstp_build_connected(uint8_t dst[static SSTP_CALL_CONNECTED_LEN],
    uint8_t hash_protocol, const uint8_t nonce[static SSTP_NONCE_LEN],
    const uint8_t *cert_hash, const struct binding_keys *keys)
{
	struct wire_out out = { dst, SSTP_CALL_CONNECTED_LEN, false };
	uint8_t padded[CERT_HASH_MAX] = { 0 };
	uint8_t hlak[BINDING_HLAK_LEN], mac[BINDING_SHA256_LEN];
	size_t n = 0;

	memcpy(padded, cert_hash,
	    hash_protocol == CERT_HASH_PROTOCOL_SHA1 ? BINDING_SHA1_LEN
						     : BINDING_SHA256_LEN);
	memset(dst, 0, SSTP_CALL_CONNECTED_LEN);
	put_heads(&out, SSTP_MSG_CALL_CONNECTED, SSTP_ATTRIB_CRYPTO_BINDING,
	    BINDING_LEN);
	put_be32(&out, hash_protocol); /* Reserved1 and Hash Protocol */
	put_block(&out, nonce, SSTP_NONCE_LEN);
	put_block(&out, padded, sizeof(padded));
	if (binding_hlak(keys, hlak) == 0)
		n = binding_compound_mac(hlak, dst, mac);
	if (n > 0)
		memcpy(dst + AT_COMPOUND_MAC, mac, n);
	OPENSSL_cleanse(hlak, sizeof(hlak));
	return n > 0;
}

/* Past the heads of packet and message, at the attributes. */
static bool
take_heads(const struct sstp_packet *packet, uint16_t type, struct wire_in *in,
    uint16_t *count)
{
	uint16_t is;

	*in = (struct wire_in){ packet->payload, packet->payload_len };
	return take_be16(in, &is) && is == type && take_be16(in, count);
}

static bool
take_attribute(struct wire_in *in, uint8_t *id, struct wire_in *value)
{
	uint8_t reserved;
	uint16_t len;

	if (!take_u8(in, &reserved) || !take_u8(in, id) || !take_be16(in, &len))
		return false;
	len &= LENGTH_MASK;
	return len >= 4 && take_block(in, (size_t)len - 4, value);
}

bool
sstp_parse_ack(const struct sstp_packet *packet, struct sstp_ack *ack)
{
	struct wire_in in, value, nonce;
	uint32_t hashes;
	uint16_t count;
	uint8_t id;

	if (!take_heads(packet, SSTP_MSG_CALL_CONNECT_ACK, &in, &count) ||
	    count != 1 || !take_attribute(&in, &id, &value) || in.n > 0 ||
	    id != SSTP_ATTRIB_CRYPTO_BINDING_REQ ||
	    value.n != BINDING_REQ_LEN - 4 || !take_be32(&value, &hashes) ||
	    !take_block(&value, SSTP_NONCE_LEN, &nonce))
		return false;
	ack->hash_bitmask = (uint8_t)hashes; /* above it is Reserved1 */
	memcpy(ack->nonce, nonce.p, SSTP_NONCE_LEN);
	return true;
}

bool
sstp_parse_nak(
    const struct sstp_packet *packet, uint8_t *attrib_id, uint32_t *status)
{
	struct wire_in in, value;
	uint32_t ids;
	uint16_t count;
	uint8_t id;

	if (!take_heads(packet, SSTP_MSG_CALL_CONNECT_NAK, &in, &count))
		return false;
	for (; count > 0 && take_attribute(&in, &id, &value); count--) {
		if (id != SSTP_ATTRIB_STATUS_INFO || !take_be32(&value, &ids) ||
		    !take_be32(&value, status))
			continue;
		*attrib_id = (uint8_t)ids;
		return true;
	}
	return false;
}

uint8_t
sstp_choose_hash(uint8_t bitmask, uint8_t allowed)
{
	bitmask &= allowed;
	if (bitmask & CERT_HASH_PROTOCOL_SHA256)
		return CERT_HASH_PROTOCOL_SHA256;
	return bitmask & CERT_HASH_PROTOCOL_SHA1;
}
