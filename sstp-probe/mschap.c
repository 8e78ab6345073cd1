/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * MS-CHAPv2, RFC 2759 section 8 and RFC 3079 section 3. Whatever is derived
 * from the password is wiped before a function returns.
 */

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "md4.h"
#include "mschap.h"

enum {
	SHA1_LEN = 20,
	DES_KEY_LEN = 7, /* 56 bits, without parity */
	DES_BLOCK = 8,
	CHALLENGE_HASH_LEN = 8,
	PAD_LEN = 40, /* SHSpad1 and SHSpad2 */
};

struct part {
	const void *p;
	size_t n;
};

static bool
sha1(const struct part *parts, unsigned int count, uint8_t digest[SHA1_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1;

	for (unsigned int i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* --- UTF-8 to UTF-16LE --- */

/* One character at *p; 0 if it is not well-formed (or NUL, which has no use).
 */
static uint32_t
take_utf8(const uint8_t **p, const uint8_t *end)
{
	static const uint32_t smallest[] = { 1, 0x80, 0x800, 0x10000 };
	uint32_t c = *(*p)++;
	unsigned int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || end - *p < (ptrdiff_t)more)
		return 0;
	if (more > 0)
		c &= 0x3fU >> more;
	for (unsigned int i = 0; i < more; i++) {
		if ((**p & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (*(*p)++ & 0x3f);
	}
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return c;
}

static size_t
put_utf16(uint8_t *dst, uint32_t c)
{
	uint32_t high, low;

	if (c < 0x10000) {
		dst[0] = (uint8_t)c;
		dst[1] = (uint8_t)(c >> 8);
		return 2;
	}
	high = 0xd800 + ((c - 0x10000) >> 10);
	low = 0xdc00 + (c & 0x3ff);
	return put_utf16(dst, high) + put_utf16(dst + 2, low);
}

bool
mschap_hash(
    const char *password, size_t n, uint8_t hash[static MSCHAP_HASH_LEN])
{
	uint8_t wide[2 * MSCHAP_PASSWORD_MAX + 4];
	const uint8_t *p = (const uint8_t *)password, *end = p + n;
	size_t len = 0;
	bool ok = true;

	while (p < end && ok) {
		uint32_t c = take_utf8(&p, end);

		ok = c != 0 && len < 2 * MSCHAP_PASSWORD_MAX;
		if (ok)
			len += put_utf16(wide + len, c);
	}
	ok = ok && len <= 2 * MSCHAP_PASSWORD_MAX;
	if (ok)
		md4(wide, len, hash);
	OPENSSL_cleanse(wide, sizeof(wide));
	return ok;
}

/* --- the response --- */

/* DES keys have seven bits a byte; the lowest is parity, which nobody checks.
 */
static void
spread_key(const uint8_t key[DES_KEY_LEN], uint8_t spread[DES_BLOCK])
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < DES_KEY_LEN; i++)
		bits = bits << 8 | key[i];
	for (unsigned int i = 0; i < DES_BLOCK; i++)
		spread[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
}

/*
 * DES by way of Triple DES: with the same key three times it is the same, and
 * OpenSSL 3 has it in its default provider, where DES itself is not.
 */
static bool
des_encrypt(const uint8_t key[DES_KEY_LEN], const uint8_t in[DES_BLOCK],
    uint8_t out[DES_BLOCK])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t keys[3 * DES_BLOCK];
	int n = 0;
	bool ok;

	for (unsigned int i = 0; i < 3; i++)
		spread_key(key, keys + i * DES_BLOCK);
	ok = ctx != NULL &&
	     EVP_EncryptInit_ex(ctx, EVP_des_ede3_ecb(), NULL, keys, NULL) ==
		 1 &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	     EVP_EncryptUpdate(ctx, out, &n, in, DES_BLOCK) == 1 &&
	     n == DES_BLOCK;
	EVP_CIPHER_CTX_free(ctx);
	OPENSSL_cleanse(keys, sizeof(keys));
	return ok;
}

/* ChallengeHash, RFC 2759 8.2 */
static bool
challenge_hash(
    const struct mschap_exchange *x, uint8_t hash[CHALLENGE_HASH_LEN])
{
	const char *domain = strrchr(x->user, '\\');
	const char *user = domain != NULL ? domain + 1 : x->user;
	uint8_t digest[SHA1_LEN];

	if (!sha1((const struct part[]){ { x->client_challenge,
					     MSCHAP_CHALLENGE_LEN },
		      { x->server_challenge, MSCHAP_CHALLENGE_LEN },
		      { user, strlen(user) } },
		3, digest))
		return false;
	memcpy(hash, digest, CHALLENGE_HASH_LEN);
	return true;
}

bool
mschap_respond(struct mschap_exchange *x)
{
	uint8_t challenge[CHALLENGE_HASH_LEN];
	uint8_t keys[3 * DES_KEY_LEN] = { 0 };
	bool ok = challenge_hash(x, challenge);

	memcpy(keys, x->hash, MSCHAP_HASH_LEN);
	for (unsigned int i = 0; ok && i < 3; i++)
		ok = des_encrypt(keys + i * DES_KEY_LEN, challenge,
		    x->response + i * DES_BLOCK);
	OPENSSL_cleanse(keys, sizeof(keys));
	return ok;
}

/* --- the server's proof --- */

bool
mschap_proof(
    const struct mschap_exchange *x, char proof[static MSCHAP_PROOF_LEN + 1])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] =
	    "Pad to make it do more than one iteration";
	uint8_t hash_hash[MD4_LEN], challenge[CHALLENGE_HASH_LEN];
	uint8_t digest[SHA1_LEN];
	bool ok;

	md4(x->hash, MSCHAP_HASH_LEN, hash_hash);
	ok = challenge_hash(x, challenge) &&
	     sha1((const struct part[]){ { hash_hash, MD4_LEN },
		      { x->response, MSCHAP_RESPONSE_LEN },
		      { magic1, sizeof(magic1) - 1 } },
		 3, digest) &&
	     sha1((const struct part[]){ { digest, SHA1_LEN },
		      { challenge, CHALLENGE_HASH_LEN },
		      { magic2, sizeof(magic2) - 1 } },
		 3, digest);
	OPENSSL_cleanse(hash_hash, sizeof(hash_hash));
	if (!ok)
		return false;
	memcpy(proof, "S=", 3);
	for (unsigned int i = 0; i < SHA1_LEN; i++)
		snprintf(proof + 2 + 2 * i, 3, "%02X", digest[i]);
	return true;
}

bool
mschap_check_proof(
    const struct mschap_exchange *x, const uint8_t *text, size_t n)
{
	char proof[MSCHAP_PROOF_LEN + 1];

	return n >= MSCHAP_PROOF_LEN && mschap_proof(x, proof) &&
	       CRYPTO_memcmp(text, proof, MSCHAP_PROOF_LEN) == 0;
}

/* --- keys --- */

static bool
derive_key(const uint8_t master[MSCHAP_KEY_LEN], const char *magic,
    uint8_t key[MSCHAP_KEY_LEN])
{
	uint8_t pad1[PAD_LEN] = { 0 }, pad2[PAD_LEN], digest[SHA1_LEN];
	bool ok;

	memset(pad2, 0xf2, sizeof(pad2));
	ok = sha1((const struct part[]){ { master, MSCHAP_KEY_LEN },
		      { pad1, PAD_LEN }, { magic, strlen(magic) },
		      { pad2, PAD_LEN } },
	    4, digest);
	if (ok)
		memcpy(key, digest, MSCHAP_KEY_LEN);
	OPENSSL_cleanse(digest, sizeof(digest));
	return ok;
}

bool
mschap_keys(const struct mschap_exchange *x,
    uint8_t receive[static MSCHAP_KEY_LEN], uint8_t send[static MSCHAP_KEY_LEN])
{
	static const char magic1[] = "This is the MPPE Master Key";
	static const char magic2[] =
	    "On the client side, this is the send key; "
	    "on the server side, it is the receive key.";
	static const char magic3[] =
	    "On the client side, this is the receive key; "
	    "on the server side, it is the send key.";
	uint8_t hash_hash[MD4_LEN], master[SHA1_LEN];
	bool ok;

	md4(x->hash, MSCHAP_HASH_LEN, hash_hash);
	ok = sha1((const struct part[]){ { hash_hash, MD4_LEN },
		      { x->response, MSCHAP_RESPONSE_LEN },
		      { magic1, sizeof(magic1) - 1 } },
		 3, master) &&
	     derive_key(master, magic2, receive) &&
	     derive_key(master, magic3, send);
	OPENSSL_cleanse(hash_hash, sizeof(hash_hash));
	OPENSSL_cleanse(master, sizeof(master));
	return ok;
}
