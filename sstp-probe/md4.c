/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* MD4, RFC 1320. */

#include <string.h>

#include <openssl/crypto.h>

#include "md4.h"

enum { BLOCK = 64, LENGTH_AT = 56 };

static uint32_t
rotate(uint32_t v, unsigned int n)
{
	return v << n | v >> (32 - n);
}

static uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* The functions F, G and H of section 3.4. */
static uint32_t
mix(unsigned int round, uint32_t x, uint32_t y, uint32_t z)
{
	switch (round) {
	case 0:
		return (x & y) | (~x & z);
	case 1:
		return (x & y) | (x & z) | (y & z);
	default:
		return x ^ y ^ z;
	}
}

static void
digest_block(uint32_t state[static 4], const uint8_t *p)
{
	static const uint32_t constants[3] = { 0, 0x5a827999, 0x6ed9eba1 };
	static const uint8_t shifts[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 },
		{ 3, 9, 11, 15 } };
	/* which word of the block a step takes */
	static const uint8_t words[3][16] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
		{ 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
	};
	uint32_t v[4];

	memcpy(v, state, sizeof(v));
	for (unsigned int i = 0; i < 48; i++) {
		unsigned int round = i / 16;
		uint32_t sum = v[0] + mix(round, v[1], v[2], v[3]) +
			       get_le32(p + 4 * words[round][i % 16]) +
			       constants[round];

		/* the registers change places instead of the formula */
		v[0] = v[3];
		v[3] = v[2];
		v[2] = v[1];
		v[1] = rotate(sum, shifts[round][i % 4]);
	}
	for (unsigned int i = 0; i < 4; i++)
		state[i] += v[i];
	OPENSSL_cleanse(v, sizeof(v));
}

void
md4(const uint8_t *p, size_t n, uint8_t digest[static MD4_LEN])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint64_t bits = (uint64_t)n * 8;
	uint8_t last[2 * BLOCK] = { 0 };
	size_t end;

	for (; n >= BLOCK; p += BLOCK, n -= BLOCK)
		digest_block(state, p);
	if (n > 0)
		memcpy(last, p, n);
	last[n] = 0x80;
	end = n < LENGTH_AT ? BLOCK : 2 * BLOCK;
	put_le32(last + end - 8, (uint32_t)bits);
	put_le32(last + end - 4, (uint32_t)(bits >> 32));
	for (size_t at = 0; at < end; at += BLOCK)
		digest_block(state, last + at);
	for (unsigned int i = 0; i < 4; i++)
		put_le32(digest + 4 * i, state[i]);
	OPENSSL_cleanse(last, sizeof(last));
	OPENSSL_cleanse(state, sizeof(state));
}
