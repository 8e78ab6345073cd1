/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Crypto binding, [MS-SSTP] 3.2.5.2. Everything is fixed-size and computed
 * over the message as it came, reserved bits included. HLAK and CMK are wiped
 * before any function here returns; nonce, hash and MAC are compared in
 * constant time.
 */

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "binding.h"

enum { /* CALL_CONNECTED, from the start of the message */
	AT_HASH_PROTOCOL = 15,
	AT_NONCE = 16,
	AT_CERT_HASH = 48,
	AT_COMPOUND_MAC = 80, /* with its padding, up to the end */
};

enum { MSCHAP_KEY_LEN = 16 };

static const char cmk_seed[] = "SSTP inner method derived CMK";

enum { CMK_SEED_LEN = sizeof(cmk_seed) - 1 }; /* without its NUL */

/* One hash serves for certificate, CMK and MAC. */
struct hash {
	uint8_t protocol;
	uint8_t len;
	const EVP_MD *(*md)(void);
};

static const struct hash hashes[] = {
	{ CERT_HASH_PROTOCOL_SHA1, BINDING_SHA1_LEN, EVP_sha1 },
	{ CERT_HASH_PROTOCOL_SHA256, BINDING_SHA256_LEN, EVP_sha256 },
};

/* Hash Protocol is a value, not a mask: 3 is as unknown as 0. */
static const struct hash *
message_hash(const uint8_t *message)
{
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (hashes[i].protocol == message[AT_HASH_PROTOCOL])
			return &hashes[i];
	}
	return NULL;
}

static int
hmac(const struct hash *hash, const uint8_t *key, int key_len,
    const uint8_t *data, size_t n, uint8_t *mac)
{
	unsigned int len = 0;

	if (HMAC(hash->md(), key, key_len, data, n, mac, &len) == NULL)
		return -1;
	return len == hash->len ? 0 : -1;
}

/*
 * The PRF+ of [MS-SSTP] 3.2.5.2.3. The CMK is as long as the hash, so its
 * first block is all of it; LEN is the one little-endian field of SSTP.
 */
static int
derive_cmk(const struct hash *hash, const uint8_t *hlak, uint8_t *cmk)
{
	uint8_t data[CMK_SEED_LEN + 3];

	memcpy(data, cmk_seed, CMK_SEED_LEN);
	data[CMK_SEED_LEN] = hash->len;
	data[CMK_SEED_LEN + 1] = 0;
	data[CMK_SEED_LEN + 2] = 1;
	return hmac(hash, hlak, BINDING_HLAK_LEN, data, sizeof(data), cmk);
}

size_t
binding_compound_mac(const uint8_t hlak[static BINDING_HLAK_LEN],
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    uint8_t mac[static BINDING_SHA256_LEN])
{
	const struct hash *hash = message_hash(message);
	uint8_t data[SSTP_CALL_CONNECTED_LEN] = { 0 };
	uint8_t cmk[BINDING_SHA256_LEN];
	size_t ret = 0;

	if (hash == NULL)
		return 0;
	/*
	 * MAC field and the padding behind it count as zeros, so that padding
	 * is free; the one behind a SHA-1 certificate hash counts as it came.
	 */
	memcpy(data, message, AT_COMPOUND_MAC);
	if (derive_cmk(hash, hlak, cmk) == -1)
		goto out;
	if (hmac(hash, cmk, hash->len, data, sizeof(data), mac) == -1)
		goto out;
	ret = hash->len;
out:
	OPENSSL_cleanse(cmk, sizeof(cmk));
	return ret;
}

int
binding_hlak(
    const struct binding_keys *keys, uint8_t hlak[static BINDING_HLAK_LEN])
{
	memset(hlak, 0, BINDING_HLAK_LEN);
	if (keys->state == KEYS_NONE)
		return 0;
	if (keys->state != KEYS_MPPE)
		return -1;
	if (keys->receive_len == BINDING_HLAK_LEN) {
		memcpy(hlak, keys->receive, BINDING_HLAK_LEN);
		return 0;
	}
	/* 20: the SHA-1 block that MS-CHAPv2 cuts its key from */
	if (keys->receive_len != MSCHAP_KEY_LEN &&
	    keys->receive_len != BINDING_SHA1_LEN)
		return -1;
	if (keys->send_len != keys->receive_len)
		return -1;
	memcpy(hlak, keys->receive, MSCHAP_KEY_LEN);
	memcpy(hlak + MSCHAP_KEY_LEN, keys->send, MSCHAP_KEY_LEN);
	return 0;
}

enum binding_result
binding_check_context(const struct binding_context *context,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN])
{
	const struct hash *hash = message_hash(message);
	const uint8_t *cert;

	if (hash == NULL || !(context->hash_bitmask & hash->protocol))
		return BINDING_BAD_HASH_PROTOCOL;
	if (CRYPTO_memcmp(message + AT_NONCE, context->nonce, SSTP_NONCE_LEN) !=
	    0)
		return BINDING_BAD_NONCE;
	cert = hash->protocol == CERT_HASH_PROTOCOL_SHA1 ? context->cert_sha1
							 : context->cert_sha256;
	if (CRYPTO_memcmp(message + AT_CERT_HASH, cert, hash->len) != 0)
		return BINDING_BAD_CERT_HASH;
	return BINDING_VERIFIED;
}

enum binding_result
binding_verify(const struct binding_context *context,
    const struct binding_keys *keys,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN])
{
	enum binding_result result = binding_check_context(context, message);
	uint8_t hlak[BINDING_HLAK_LEN], mac[BINDING_SHA256_LEN];
	size_t n = 0;

	if (result != BINDING_VERIFIED)
		return result;
	if (binding_hlak(keys, hlak) == 0)
		n = binding_compound_mac(hlak, message, mac);
	OPENSSL_cleanse(hlak, sizeof(hlak));

	if (n == 0)
		result = BINDING_FAILED_INTERNAL;
	else if (CRYPTO_memcmp(message + AT_COMPOUND_MAC, mac, n) != 0)
		result = BINDING_BAD_MAC;
	OPENSSL_cleanse(mac, sizeof(mac));
	return result;
}

void
binding_keys_wipe(struct binding_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
	keys->state = KEYS_PENDING;
}

const char *
binding_result_text(enum binding_result result)
{
	static const char *const text[] = {
		[BINDING_FAILED_INTERNAL] = "no usable keys",
		[BINDING_VERIFIED] = "verified",
		[BINDING_BAD_HASH_PROTOCOL] = "hash protocol was not offered",
		[BINDING_BAD_NONCE] = "nonce of another connection",
		[BINDING_BAD_CERT_HASH] = "hash of another certificate",
		[BINDING_BAD_MAC] = "wrong compound MAC",
	};

	if ((size_t)result >= sizeof(text) / sizeof(text[0]))
		return "unknown result";
	return text[result];
}
