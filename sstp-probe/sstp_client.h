/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The client's SSTP messages, [MS-SSTP] 2.2: what only a client builds and what
 * only a client receives. Framing and all other messages are sstp.h's.
 */

#ifndef SSTP_PROBE_SSTP_CLIENT_H
#define SSTP_PROBE_SSTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binding.h"
#include "sstp.h"

enum { SSTP_REQUEST_LEN = 14 };

/* What CALL_CONNECT_ACK says. */
struct sstp_ack {
	uint8_t hash_bitmask;
	uint8_t nonce[SSTP_NONCE_LEN];
};

/* CALL_CONNECT_REQUEST for PPP. */
void sstp_build_request(uint8_t dst[static SSTP_REQUEST_LEN]);

/*
 * CALL_CONNECTED: the binding of a call to its connection by the hash of the
 * server's certificate (20 or 32 bytes, as hash_protocol has it) and the keys
 * of the PPP authentication. False if there are no such keys or no such hash.
 */
bool sstp_build_connected(uint8_t dst[static SSTP_CALL_CONNECTED_LEN],
    uint8_t hash_protocol, const uint8_t nonce[static SSTP_NONCE_LEN],
    const uint8_t *cert_hash, const struct binding_keys *keys);

/*
 * For packets that sstp_parse_control() found good. The first is false unless
 * there is just a Crypto Binding Request; the second finds the first Status
 * Info of a CALL_CONNECT_NAK.
 */
bool sstp_parse_ack(const struct sstp_packet *packet, struct sstp_ack *ack);
bool sstp_parse_nak(
    const struct sstp_packet *packet, uint8_t *attrib_id, uint32_t *status);

/*
 * The strongest hash protocol of a bitmask, among those in allowed; 0: none.
 * [MS-SSTP] 3.2.5.3.2 wants SHA-256 where both are on offer.
 */
uint8_t sstp_choose_hash(uint8_t bitmask, uint8_t allowed);

#endif
