/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Crypto binding, [MS-SSTP] 3.2.5.2 and 3.3.5.2.3: the client proves that it
 * knows the keys of the PPP authentication and which certificate it saw.
 */

#ifndef SSTPD_BINDING_H
#define SSTPD_BINDING_H

#include <stddef.h>
#include <stdint.h>

#include "sstp.h"

enum {
	BINDING_KEY_MAX = 32,
	BINDING_HLAK_LEN = 32,
	BINDING_SHA1_LEN = 20,
	BINDING_SHA256_LEN = 32,
};

enum keys_state {
	KEYS_PENDING, /* pppd has not spoken: nothing can be verified */
	KEYS_NONE, /* the method gives none, and the configuration allows it */
	KEYS_MPPE, /* receive and send key are here */
};

/* MPPE keys as this server's pppd holds them, with their true lengths. */
struct binding_keys {
	enum keys_state state;
	uint8_t receive_len; /* 16, 20 or 32, see binding_hlak() */
	uint8_t send_len;
	uint8_t receive[BINDING_KEY_MAX];
	uint8_t send[BINDING_KEY_MAX];
};

/* What the server knows of this connection before any key. */
struct binding_context {
	uint8_t hash_bitmask; /* offered in CALL_CONNECT_ACK */
	uint8_t nonce[SSTP_NONCE_LEN];
	uint8_t cert_sha1[BINDING_SHA1_LEN]; /* of the leaf presented */
	uint8_t cert_sha256[BINDING_SHA256_LEN];
};

enum binding_result {
	BINDING_FAILED_INTERNAL, /* no keys, or the crypto library failed */
	BINDING_VERIFIED,
	BINDING_BAD_HASH_PROTOCOL, /* neither SHA-1 nor SHA-256, or not offered
				    */
	BINDING_BAD_NONCE,
	BINDING_BAD_CERT_HASH,
	BINDING_BAD_MAC,
};

/*
 * Check what needs no key: hash protocol, nonce, certificate hash of a
 * CALL_CONNECTED. BINDING_VERIFIED here means no more than "so far".
 */
enum binding_result binding_check_context(const struct binding_context *context,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN]);

/*
 * Check everything: the above and the Compound MAC under the given keys.
 * Keys that are still pending never verify.
 */
enum binding_result binding_verify(const struct binding_context *context,
    const struct binding_keys *keys,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN]);

/*
 * The HLAK of the server's keys, [MS-SSTP] 3.2.5.2.2: a 32-byte receive key is
 * used whole (EAP-TLS, PEAP); shorter ones are MS-CHAPv2's 16 bytes of each,
 * which some pppd hand out with 4 bytes of padding. KEYS_NONE: zeros. Returns
 * -1 for pending keys and other lengths. The caller wipes hlak.
 */
int binding_hlak(
    const struct binding_keys *keys, uint8_t hlak[static BINDING_HLAK_LEN]);

/*
 * The Compound MAC of a CALL_CONNECTED under hlak with the message's own hash
 * protocol: 20 or 32 bytes into mac. Returns its length, or 0 on failure.
 * Also what a client computes.
 */
size_t binding_compound_mac(const uint8_t hlak[static BINDING_HLAK_LEN],
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    uint8_t mac[static BINDING_SHA256_LEN]);

/*
 * How a CMK is made of the HLAK: LEN as it stands in the input of the PRF+, and
 * how many bytes of that are used. binding_compound_mac() knows the one right
 * way, this is for telling mistakes apart. cmk_len is BINDING_SHA256_LEN at
 * most; returns as the above.
 */
struct binding_derivation {
	uint8_t len[8], len_len;
	uint8_t cmk_len;
};

size_t binding_derived_mac(const struct binding_derivation *how,
    const uint8_t hlak[static BINDING_HLAK_LEN],
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    uint8_t mac[static BINDING_SHA256_LEN]);

/* Wipe and set to KEYS_PENDING. */
void binding_keys_wipe(struct binding_keys *keys);

/*
 * Hash of the certificate that the client saw and of the one it was presented,
 * in hexadecimal, by the message's own hash protocol ("" if it has none).
 */
struct binding_certificates {
	char seen[2 * BINDING_SHA256_LEN + 1];
	char presented[2 * BINDING_SHA256_LEN + 1];
};

void binding_certificates(const struct binding_context *context,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    struct binding_certificates *found);

#endif
