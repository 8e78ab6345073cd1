/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Crypto binding, [MS-SSTP] 3.2.5.2. Everything is fixed-size and computed
 * over the message as it came, reserved bits included. HLAK and CMK are wiped
 * before any function here returns; nonce, hash and MAC are compared in
 * constant time.
 */

#include <stdbool.h>
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
 * first block is all of it; only a mistaken one needs the second.
 */
static int
derive_cmk(const struct hash *hash, const struct binding_derivation *how,
    const uint8_t *hlak, uint8_t cmk[static 2 * BINDING_SHA256_LEN])
{
	uint8_t data[BINDING_SHA256_LEN + CMK_SEED_LEN + sizeof(how->len) + 1];
	uint8_t *input = data + hash->len;
	size_t n = 0;

	memcpy(input, cmk_seed, CMK_SEED_LEN);
	n = CMK_SEED_LEN;
	memcpy(input + n, how->len, how->len_len);
	n += how->len_len;
	input[n++] = 1;
	if (hmac(hash, hlak, BINDING_HLAK_LEN, input, n, cmk) == -1)
		return -1;
	if (how->cmk_len <= hash->len)
		return 0;
	memcpy(data, cmk, hash->len);
	input[n - 1] = 2;
	n += hash->len;
	n = hmac(hash, hlak, BINDING_HLAK_LEN, data, n, cmk + hash->len) == 0;
	OPENSSL_cleanse(data, sizeof(data));
	return n ? 0 : -1;
}

size_t
binding_derived_mac(const struct binding_derivation *how,
    const uint8_t hlak[static BINDING_HLAK_LEN],
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    uint8_t mac[static BINDING_SHA256_LEN])
{
	const struct hash *hash = message_hash(message);
	uint8_t data[SSTP_CALL_CONNECTED_LEN] = { 0 };
	uint8_t cmk[2 * BINDING_SHA256_LEN];
	size_t ret = 0;

	if (hash == NULL || how->cmk_len > BINDING_SHA256_LEN)
		return 0;
	/*
	 * MAC field and the padding behind it count as zeros, so that padding
	 * is free; the one behind a SHA-1 certificate hash counts as it came.
	 */
	memcpy(data, message, AT_COMPOUND_MAC);
	if (derive_cmk(hash, how, hlak, cmk) == 0 &&
	    hmac(hash, cmk, how->cmk_len, data, sizeof(data), mac) == 0)
		ret = hash->len;
	OPENSSL_cleanse(cmk, sizeof(cmk));
	return ret;
}

size_t
binding_compound_mac(const uint8_t hlak[static BINDING_HLAK_LEN],
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    uint8_t mac[static BINDING_SHA256_LEN])
{
	const struct hash *hash = message_hash(message);
	uint8_t len = hash != NULL ? hash->len : 0;
	/* LEN is the one little-endian field of SSTP */
	struct binding_derivation right = { { len }, 2, len };

	return binding_derived_mac(&right, hlak, message, mac);
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

static void
put_hex(char *text, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	text[2 * n] = '\0';
}

void
binding_certificates(const struct binding_context *context,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN],
    struct binding_certificates *found)
{
	const struct hash *hash = message_hash(message);

	found->seen[0] = found->presented[0] = '\0';
	if (hash == NULL)
		return;
	put_hex(found->seen, message + AT_CERT_HASH, hash->len);
	put_hex(found->presented,
	    hash->protocol == CERT_HASH_PROTOCOL_SHA1 ? context->cert_sha1
						      : context->cert_sha256,
	    hash->len);
}
