/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The SSTP packet codec, [MS-SSTP] 2.2: bytes to structs and back. It knows no
 * state and no timer; which message is welcome when is call.h's business.
 */

#ifndef SSTPD_SSTP_H
#define SSTPD_SSTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SSTP_VERSION = 0x10,
	SSTP_HEADER_LEN = 4,
	SSTP_CONTROL_HEADER_LEN = 8,
	SSTP_PACKET_MAX = 4095, /* the Length field has 12 bits */
	SSTP_PAYLOAD_MAX = SSTP_PACKET_MAX - SSTP_HEADER_LEN,
	SSTP_CALL_CONNECTED_LEN = 112,
	SSTP_NONCE_LEN = 32,
	SSTP_STATUS_VALUE_MAX = 64, /* AttribValue of a Status Info */
	SSTP_NAK_INFOS_MAX = 16,    /* Status Infos we put in one NAK */
};

enum sstp_message { /* [MS-SSTP] 2.2.2 */
	SSTP_MSG_CALL_CONNECT_REQUEST = 0x0001,
	SSTP_MSG_CALL_CONNECT_ACK = 0x0002,
	SSTP_MSG_CALL_CONNECT_NAK = 0x0003,
	SSTP_MSG_CALL_CONNECTED = 0x0004,
	SSTP_MSG_CALL_ABORT = 0x0005,
	SSTP_MSG_CALL_DISCONNECT = 0x0006,
	SSTP_MSG_CALL_DISCONNECT_ACK = 0x0007,
	SSTP_MSG_ECHO_REQUEST = 0x0008,
	SSTP_MSG_ECHO_RESPONSE = 0x0009,
};

enum sstp_attrib { /* [MS-SSTP] 2.2.4 */
	SSTP_ATTRIB_NO_ERROR = 0x00,
	SSTP_ATTRIB_ENCAPSULATED_PROTOCOL_ID = 0x01,
	SSTP_ATTRIB_STATUS_INFO = 0x02,
	SSTP_ATTRIB_CRYPTO_BINDING = 0x03,
	SSTP_ATTRIB_CRYPTO_BINDING_REQ = 0x04,
};

enum sstp_status { /* [MS-SSTP] 2.2.8 */
	ATTRIB_STATUS_NO_ERROR = 0x0,
	ATTRIB_STATUS_DUPLICATE_ATTRIBUTE = 0x1,
	ATTRIB_STATUS_UNRECOGNIZED_ATTRIBUTE = 0x2,
	ATTRIB_STATUS_INVALID_ATTRIB_VALUE_LENGTH = 0x3,
	ATTRIB_STATUS_VALUE_NOT_SUPPORTED = 0x4,
	ATTRIB_STATUS_UNACCEPTED_FRAME_RECEIVED = 0x5,
	ATTRIB_STATUS_RETRY_COUNT_EXCEEDED = 0x6,
	ATTRIB_STATUS_INVALID_FRAME_RECEIVED = 0x7,
	ATTRIB_STATUS_NEGOTIATION_TIMEOUT = 0x8,
	ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG = 0x9,
	ATTRIB_STATUS_REQUIRED_ATTRIBUTE_MISSING = 0xa,
	ATTRIB_STATUS_STATUS_INFO_NOT_SUPPORTED_IN_MSG = 0xb,
};

enum { /* bits of the Hash Protocol Bitmask, values of Hash Protocol */
	CERT_HASH_PROTOCOL_SHA1 = 0x01,
	CERT_HASH_PROTOCOL_SHA256 = 0x02,
};

enum sstp_error {
	SSTP_E_HEADER = 1, /* Version is not 0x10, or Length is below 4 */
};

/* One packet in place: the pointers are into the caller's buffer. */
struct sstp_packet {
	bool control;
	const uint8_t *bytes; /* the whole packet */
	size_t len;
	const uint8_t *payload; /* what follows the 4-byte header */
	size_t payload_len;
};

/* How a control packet stands once its attributes were looked at. */
enum sstp_verdict {
	SSTP_GOOD,
	SSTP_BROKEN, /* framing of message or attributes: abort (2, 7) */
	SSTP_REFUSE, /* well framed, wrong content: NAK, or abort (2, 9) */
};

struct sstp_status_info {
	uint8_t attrib_id;
	uint32_t status;
	uint8_t value_len; /* 0 to SSTP_STATUS_VALUE_MAX */
	uint8_t value[SSTP_STATUS_VALUE_MAX];
};

struct sstp_control {
	uint16_t type; /* as received, perhaps no enum sstp_message */
	enum sstp_verdict verdict;
	/* CALL_CONNECT_REQUEST, refused: every fault found, for one NAK */
	unsigned int info_count;
	struct sstp_status_info info[SSTP_NAK_INFOS_MAX];
	/* CALL_ABORT, CALL_DISCONNECT: status of its Status Info, or 0 */
	uint32_t status;
};

/*
 * Look for one packet at the start of n bytes.
 *
 * Returns its length, 0 if more bytes are needed, or -SSTP_E_HEADER, after
 * which the stream cannot be read any further ([MS-SSTP] 3.1.5.1). Reserved
 * bits are ignored.
 */
ssize_t sstp_parse_packet(
    const uint8_t *p, size_t n, struct sstp_packet *packet);

/*
 * Parse a packet whose control bit is set, following the ladder of [MS-SSTP]
 * 3.3.5.2. A control packet shorter than 8 bytes has type 0 and is broken, as
 * are unknown types. What a CALL_ABORT, CALL_DISCONNECT, CALL_DISCONNECT_ACK
 * or echo means does not depend on attributes, so those are never broken.
 */
void sstp_parse_control(
    const struct sstp_packet *packet, struct sstp_control *control);

/* Write the header of a data packet with a payload of n bytes. */
void sstp_put_data_header(uint8_t header[static SSTP_HEADER_LEN], size_t n);

/*
 * Each builder writes one whole packet, returning its length: at most
 * SSTP_PACKET_MAX for a NAK and 48 for the others, or 0 if cap is too small.
 */
size_t sstp_build_ack(uint8_t *dst, size_t cap, uint8_t hash_bitmask,
    const uint8_t nonce[static SSTP_NONCE_LEN]);
size_t sstp_build_nak(
    uint8_t *dst, size_t cap, const struct sstp_status_info *info, unsigned n);
/* CALL_ABORT and CALL_DISCONNECT, with their one Status Info */
size_t sstp_build_status(uint8_t *dst, size_t cap, enum sstp_message type,
    uint8_t attrib_id, uint32_t status);
/* messages without attributes */
size_t sstp_build_plain(uint8_t *dst, size_t cap, enum sstp_message type);

enum ppp_class { PPP_DROP, PPP_CONTROL, PPP_DATA };

/*
 * Tell by its protocol number whether a PPP frame (with or without FF 03,
 * with a long or a compressed protocol field) is control or data. PPP_DROP: it
 * is too short to hold a protocol, or holds 00FF, which is none.
 */
enum ppp_class sstp_classify_ppp(const uint8_t *frame, size_t n);

enum { SSTP_PPP_IP = 0x0021, SSTP_PPP_IPV6 = 0x0057, SSTP_PPP_HEADER_LEN = 4 };

struct sstp_ip {	   /* in place, in a frame */
	uint16_t protocol; /* SSTP_PPP_IP or SSTP_PPP_IPV6, whatever it is */
	const uint8_t *packet;
	size_t len; /* of packet, 0 where there is none */
};

/*
 * Find the packet of a PPP frame with the protocol of IP or IPv6, in any of
 * these forms. False: the frame is of another protocol, or of none.
 */
bool sstp_ip_of_ppp(const uint8_t *frame, size_t n, struct sstp_ip *ip);

/* Write the PPP header for a packet, in the form that everybody reads. */
void sstp_put_ppp_header(
    uint8_t header[static SSTP_PPP_HEADER_LEN], uint16_t protocol);

/* Names for logs; never NULL. */
const char *sstp_message_name(uint16_t type);
const char *sstp_status_name(uint32_t status);

#endif
