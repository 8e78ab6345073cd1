/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Why a crypto binding was refused. A mistake that is known is still one: an
 * accepted zero key, say, would remove the protection.
 */

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>

#include "binding_diagnose.h"

enum {
	AT_HASH_PROTOCOL = 15, /* in CALL_CONNECTED */
	AT_COMPOUND_MAC = 80,
	FIRST_KEY_LEN = 16, /* of an MS-CHAPv2 key */
};

enum end_cause
binding_cause(enum binding_result result)
{
	static const enum end_cause causes[] = {
		[BINDING_FAILED_INTERNAL] = CAUSE_SERVER_FAILED,
		[BINDING_VERIFIED] = NO_CAUSE,
		[BINDING_BAD_HASH_PROTOCOL] = CAUSE_BINDING_HASH_PROTOCOL,
		[BINDING_BAD_NONCE] = CAUSE_BINDING_NONCE,
		[BINDING_BAD_CERT_HASH] = CAUSE_BINDING_CERTIFICATE,
		[BINDING_BAD_MAC] = CAUSE_BINDING_MAC,
	};

	if ((size_t)result >= sizeof(causes) / sizeof(causes[0]))
		return CAUSE_SERVER_FAILED;
	return causes[result];
}

/* how: NULL for the right way */
static bool
made_with(const struct binding_derivation *how, const uint8_t *hlak,
    const uint8_t *message)
{
	uint8_t mac[BINDING_SHA256_LEN];
	size_t n = how == NULL ? binding_compound_mac(hlak, message, mac)
			       : binding_derived_mac(how, hlak, message, mac);
	bool same =
	    n > 0 && CRYPTO_memcmp(message + AT_COMPOUND_MAC, mac, n) == 0;

	OPENSSL_cleanse(mac, sizeof(mac));
	return same;
}

/* The right HLAK, but a CMK that was made in a way seen in the field. */
static bool
derived_wrongly(const uint8_t *hlak, const uint8_t *message)
{
	bool sha1 = message[AT_HASH_PROTOCOL] == CERT_HASH_PROTOCOL_SHA1;
	uint8_t len = sha1 ? BINDING_SHA1_LEN : BINDING_SHA256_LEN;
	const struct binding_derivation ways[] = {
		{ { 0, len }, 2, len }, /* LEN big-endian */
		{ { 0 }, 0, len },	/* LEN left out */
		{ { len }, 8, len },	/* LEN of 8 bytes */
		/* as for SHA-256, but with SHA-1 */
		{ { BINDING_SHA256_LEN }, 2, BINDING_SHA256_LEN },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (made_with(&ways[i], hlak, message))
			return true;
	return false;
}

/* What a client may have put together instead of the right HLAK. */
static void
mistaken_hlak(
    enum end_cause mistake, const struct binding_keys *keys, uint8_t *hlak)
{
	const uint8_t *receive = keys->receive, *send = keys->send;
	bool whole = keys->receive_len == BINDING_HLAK_LEN;
	size_t first = FIRST_KEY_LEN;

	memset(hlak, 0, BINDING_HLAK_LEN);
	switch (mistake) {
	case CAUSE_BINDING_MAC_SWAPPED:
		memcpy(hlak, send, whole ? BINDING_HLAK_LEN : first);
		if (!whole)
			memcpy(hlak + first, receive, first);
		break;
	case CAUSE_BINDING_MAC_RECEIVE_ONLY:
		memcpy(hlak, receive, first);
		break;
	case CAUSE_BINDING_MAC_SEND_ONLY:
		memcpy(hlak, send, first);
		break;
	case CAUSE_BINDING_MAC_LONG_KEYS:
	case CAUSE_BINDING_MAC_HALVES:
		if (mistake == CAUSE_BINDING_MAC_LONG_KEYS)
			first = BINDING_SHA1_LEN;
		memcpy(hlak, receive, first);
		memcpy(hlak + first, send, BINDING_HLAK_LEN - first);
		break;
	default: /* zeros */
		break;
	}
}

static enum end_cause
find_mistake(const struct binding_keys *keys, const uint8_t *message)
{
	static const enum end_cause mistakes[] = {
		CAUSE_BINDING_MAC_ZERO_KEY,
		CAUSE_BINDING_MAC_SWAPPED,
		CAUSE_BINDING_MAC_RECEIVE_ONLY,
		CAUSE_BINDING_MAC_SEND_ONLY,
		CAUSE_BINDING_MAC_LONG_KEYS,
		CAUSE_BINDING_MAC_HALVES,
	};
	enum end_cause found = CAUSE_BINDING_MAC;
	uint8_t hlak[BINDING_HLAK_LEN];

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]) &&
			   found == CAUSE_BINDING_MAC;
	     i++) {
		mistaken_hlak(mistakes[i], keys, hlak);
		if (made_with(NULL, hlak, message))
			found = mistakes[i];
	}
	OPENSSL_cleanse(hlak, sizeof(hlak));
	return found;
}

enum end_cause
binding_diagnose(const struct binding_keys *keys,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN])
{
	uint8_t hlak[BINDING_HLAK_LEN];
	bool right_keys;

	if (binding_hlak(keys, hlak) != 0)
		return CAUSE_BINDING_MAC;
	right_keys = derived_wrongly(hlak, message);
	OPENSSL_cleanse(hlak, sizeof(hlak));
	if (right_keys)
		return CAUSE_BINDING_MAC_DERIVATION;
	/* without keys of our own there is nothing to try */
	if (keys->state == KEYS_NONE)
		return CAUSE_BINDING_MAC_UNEXPECTED_KEY;
	return find_mistake(keys, message);
}
