/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The client's side of MS-CHAPv2: what RFC 2759 answers to a challenge, how
 * the server proves that it knows the password too, and the keys of RFC 3079.
 * Computes only; packets are login.h's business.
 */

#ifndef SSTP_PROBE_MSCHAP_H
#define SSTP_PROBE_MSCHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MSCHAP_PASSWORD_MAX = 256, /* UTF-16 units */
	MSCHAP_HASH_LEN = 16,
	MSCHAP_CHALLENGE_LEN = 16,
	MSCHAP_RESPONSE_LEN = 24,
	MSCHAP_PROOF_LEN = 42, /* "S=" and 40 hexadecimal digits */
	MSCHAP_KEY_LEN = 16,
};

/* What one exchange is computed from. */
struct mschap_exchange {
	uint8_t hash[MSCHAP_HASH_LEN]; /* of the password */
	uint8_t server_challenge[MSCHAP_CHALLENGE_LEN];
	uint8_t client_challenge[MSCHAP_CHALLENGE_LEN];
	uint8_t response[MSCHAP_RESPONSE_LEN];
	const char *user; /* of DOMAIN\user only what follows counts */
};

/*
 * NtPasswordHash of a password in UTF-8. False if it is no UTF-8, or longer
 * than MSCHAP_PASSWORD_MAX.
 */
bool mschap_hash(
    const char *password, size_t n, uint8_t hash[static MSCHAP_HASH_LEN]);

/*
 * Each returns false if the crypto library fails. mschap_respond() fills the
 * response, the others need it.
 */
bool mschap_respond(struct mschap_exchange *x);
bool mschap_proof(
    const struct mschap_exchange *x, char proof[static MSCHAP_PROOF_LEN + 1]);
/*
 * The server's receive key and send key, which are the client's send key and
 * receive key.
 */
bool mschap_keys(const struct mschap_exchange *x,
    uint8_t receive[static MSCHAP_KEY_LEN],
    uint8_t send[static MSCHAP_KEY_LEN]);

/* Whether the text of a Success packet starts with the right proof. */
bool mschap_check_proof(
    const struct mschap_exchange *x, const uint8_t *text, size_t n);

#endif
