/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * MS-CHAPv2: the examples of RFC 1320, RFC 2759 9.2 and RFC 3079 3.5.3, and one
 * of another SSTP client's own tests.
 */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "binding.h"
#include "md4.h"
#include "mschap.h"

static void
unhex(const char *text, uint8_t *p, size_t n)
{
	assert_int_equal(strlen(text), 2 * n);
	for (size_t i = 0; i < n; i++) {
		unsigned int v;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
		p[i] = (uint8_t)v;
	}
}

static void
assert_hex(const uint8_t *p, size_t n, const char *text)
{
	uint8_t want[256];

	unhex(text, want, n);
	assert_memory_equal(p, want, n);
}

/* --- MD4 --- */

static void
test_md4(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
		{ "a", "bde52cb31de33e46245e05fbdbd6fb24" },
		{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
		{ "message digest", "d9130a8164549fe818874806e1c7014b" },
		{ "abcdefghijklmnopqrstuvwxyz",
		    "d79e1c308aa5bbcdeea8ed63df412da9" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		  "0123456789",
		    "043f8582f241db351ce627e153e7f0e4" },
		{ "1234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890",
		    "e33b4ddc9c38f2199c3e7b164fcc0536" },
	};
	/* where the padding needs a block of its own, and where not */
	static const struct {
		size_t n;
		const char *digest;
	} lengths[] = {
		{ 55, "c889c81dd86c4d2e025778944ea02881" },
		{ 56, "d5f9a9e9257077a5f08b0b92f348b0ad" },
		{ 63, "7ea3da77432d44c323671097d1348fc8" },
		{ 64, "52f5076fabd22680234a3fa9f9dc5732" },
	};
	uint8_t digest[MD4_LEN], many[64];

	(void)state;
	memset(many, 'a', sizeof(many));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		md4(many, lengths[i].n, digest);
		assert_hex(digest, MD4_LEN, lengths[i].digest);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		md4((const uint8_t *)rows[i].text, strlen(rows[i].text),
		    digest);
		assert_hex(digest, MD4_LEN, rows[i].digest);
	}
}

/* --- passwords --- */

static void
test_password_hash(void **state)
{
	/* UTF-16LE of the same, hashed as it is */
	static const uint8_t wide[] = { 0xe4, 0x00, 0xac, 0x20, 0x3d, 0xd8,
		0x00, 0xde };
	uint8_t hash[MSCHAP_HASH_LEN], want[MD4_LEN];

	(void)state;
	assert_true(mschap_hash("clientPass", 10, hash));
	assert_hex(hash, sizeof(hash), "44ebba8d5312b8d611474411f56989ae");
	/* two, three and four bytes of UTF-8 */
	assert_true(
	    mschap_hash("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, hash));
	md4(wide, sizeof(wide), want);
	assert_memory_equal(hash, want, sizeof(hash));
}

static void
test_bad_passwords(void **state)
{
	static const char *const bad[] = {
		"\x80",		    /* continues nothing */
		"\xc3",		    /* ends early */
		"\xc3(",	    /* continued by something else */
		"\xc0\xaf",	    /* longer than needed */
		"\xe0\x80\xaf",	    /* longer than needed */
		"\xed\xa0\x80",	    /* half of a surrogate pair */
		"\xf4\x90\x80\x80", /* past U+10FFFF */
		"\xff",
	};
	uint8_t hash[MSCHAP_HASH_LEN];
	char text[MSCHAP_PASSWORD_MAX + 3];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mschap_hash(bad[i], strlen(bad[i]), hash));
	memset(text, 'x', sizeof(text));
	assert_true(mschap_hash(text, MSCHAP_PASSWORD_MAX, hash));
	assert_false(mschap_hash(text, MSCHAP_PASSWORD_MAX + 1, hash));
	/* the last character takes two units: there are two, or one */
	memcpy(text + MSCHAP_PASSWORD_MAX - 2, "\xf0\x9f\x98\x80", 4);
	assert_true(mschap_hash(text, MSCHAP_PASSWORD_MAX + 2, hash));
	memcpy(text + MSCHAP_PASSWORD_MAX - 2, "x\xf0\x9f\x98\x80", 5);
	assert_false(mschap_hash(text, MSCHAP_PASSWORD_MAX + 3, hash));
	assert_false(mschap_hash("a\0b", 3, hash));
}

/* --- the exchange of RFC 2759 9.2 --- */

static struct mschap_exchange
rfc_exchange(const char *user)
{
	struct mschap_exchange x = { .user = user };

	assert_true(mschap_hash("clientPass", 10, x.hash));
	unhex("5b5d7c7d7b3f2f3e3c2c602132262628", x.server_challenge, 16);
	unhex("21402324255e262a28295f2b3a337c7e", x.client_challenge, 16);
	return x;
}

static void
test_response(void **state)
{
	static const char *const users[] = { "User", "BIGCO\\User" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct mschap_exchange x = rfc_exchange(users[i]);

		assert_true(mschap_respond(&x));
		assert_hex(x.response, sizeof(x.response),
		    "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
	}
}

static void
test_proof(void **state)
{
	static const char text[] = "S=407A5589115FD0D6209F510FE9C04566932CDA56";
	struct mschap_exchange x = rfc_exchange("User");
	char proof[MSCHAP_PROOF_LEN + 1];
	char message[] = "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hello";

	(void)state;
	assert_true(mschap_respond(&x));
	assert_true(mschap_proof(&x, proof));
	assert_string_equal(proof, text);
	assert_true(
	    mschap_check_proof(&x, (uint8_t *)message, sizeof(message) - 1));
	for (size_t n = 0; n < MSCHAP_PROOF_LEN; n++) {
		assert_false(mschap_check_proof(&x, (uint8_t *)message, n));
		message[n] ^= 1;
		assert_false(mschap_check_proof(
		    &x, (uint8_t *)message, sizeof(message) - 1));
		message[n] ^= 1;
	}
}

static void
test_keys(void **state)
{
	struct mschap_exchange x = rfc_exchange("User");
	struct binding_keys keys = { .state = KEYS_MPPE,
		.receive_len = MSCHAP_KEY_LEN,
		.send_len = MSCHAP_KEY_LEN };
	uint8_t hlak[BINDING_HLAK_LEN];

	(void)state;
	assert_true(mschap_respond(&x));
	assert_true(mschap_keys(&x, keys.receive, keys.send));
	/* RFC 3079 3.5.3 prints what the server sends with */
	assert_hex(keys.send, 16, "8b7cdc149b993a1ba118cb153f56dccb");
	assert_int_equal(binding_hlak(&keys, hlak), 0);
	assert_hex(hlak, sizeof(hlak),
	    "d5f0e9521e3ea9589645e86051c82226"
	    "8b7cdc149b993a1ba118cb153f56dccb");
}

static void
test_other_client(void **state)
{
	struct mschap_exchange x = { .user = "" };
	uint8_t receive[MSCHAP_KEY_LEN], send[MSCHAP_KEY_LEN];

	(void)state;
	assert_true(mschap_hash("DukeNuke3D", 10, x.hash));
	unhex("859a0c0ece474df20d0ae831ac3ae3d24f826e93679e36bc", x.response,
	    sizeof(x.response));
	assert_true(mschap_keys(&x, receive, send));
	assert_hex(receive, 16, "000bc1dea2cb8516bc77f552b9ec5a03");
	assert_hex(send, 16, "93d92706f513a2ea50f8cd9469573cdb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_md4),
		cmocka_unit_test(test_password_hash),
		cmocka_unit_test(test_bad_passwords),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_other_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
