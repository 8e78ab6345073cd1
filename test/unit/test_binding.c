/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Crypto binding: the two messages [MS-SSTP] 4.7 prints, vectors of our own
 * computed with an independent implementation, and every way to get it wrong
 * that was seen in the field.
 */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "binding.h"
#include "binding_diagnose.h"

enum { LEN = SSTP_CALL_CONNECTED_LEN };

/* --- the messages --- */

static const char sha256_message[] =
    "10010070000400010003006800000002"
    "412b489aebd7ecc7d08966f26be7cd72b231a0e9210d7c91b308862b0344c435"
    "7993ef314c493dace9f02d60e7e61c84b6690aafe9d7aeea92cbbe8ad599422d"
    "52a68efd8cffbf52770b8f0fe8ec73716583af6d611eb6d179b3b20840985449";
static const char sha256_hlak[] =
    "2a1bb40d55ab0f5ef32f06f2b3cc73c48fd3fac41d7a1315a19228d9024ca164";
static const char sha1_message[] =
    "10010070000400010003006800000001"
    "0f1a2d58d4a3e3000fad3ce4906e07b707aa9e441cceac5cbd7b2cc1c9d86cdf"
    "5826b629bda59b8e6fd8dcd2622fd34c534805a5000000000000000000000000"
    "69915dd583d8062fef16f61db2f03290ec27cb6c000000000000000000000000";
static const char sha1_hlak[] =
    "4b3128f43925d9006eefb1c4e86515a1d88e56bab3ca2bdf0373b7f5a8a13b19";

static size_t
unhex(const char *text, uint8_t *p, size_t cap)
{
	size_t n = strlen(text) / 2;

	assert_true(n <= cap);
	for (size_t i = 0; i < n; i++) {
		unsigned int v;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
		p[i] = (uint8_t)v;
	}
	return n;
}

/* A connection on which its CALL_CONNECTED is right, but for the keys. */
struct sample {
	struct binding_context context;
	struct binding_keys keys; /* the right ones */
	uint8_t hlak[BINDING_HLAK_LEN];
	uint8_t message[LEN];
	size_t mac_len;
	const EVP_MD *md;
};

static struct sample
make_sample(bool sha256)
{
	struct sample s = { .context.hash_bitmask = 0x03 };

	unhex(sha256 ? sha256_message : sha1_message, s.message, LEN);
	unhex(sha256 ? sha256_hlak : sha1_hlak, s.hlak, sizeof(s.hlak));
	memcpy(s.context.nonce, s.message + 16, 32);
	memset(s.context.cert_sha1, 0x5a, 20);
	memset(s.context.cert_sha256, 0xa5, 32);
	if (sha256)
		memcpy(s.context.cert_sha256, s.message + 48, 32);
	else
		memcpy(s.context.cert_sha1, s.message + 48, 20);
	s.keys.state = KEYS_MPPE;
	s.keys.receive_len = 32;
	memcpy(s.keys.receive, s.hlak, 32);
	s.mac_len = sha256 ? 32 : 20;
	s.md = sha256 ? EVP_sha256() : EVP_sha1();
	return s;
}

static void
put_mac(struct sample *s, const uint8_t *mac)
{
	memset(s->message + 80, 0, 32);
	memcpy(s->message + 80, mac, s->mac_len);
}

static enum binding_result
verify(const struct sample *s)
{
	return binding_verify(&s->context, &s->keys, s->message);
}

static void
set_keys(struct binding_keys *keys, const uint8_t *receive,
    unsigned receive_len, const uint8_t *send, unsigned send_len)
{
	memset(keys, 0, sizeof(*keys));
	keys->state = KEYS_MPPE;
	keys->receive_len = (uint8_t)receive_len;
	keys->send_len = (uint8_t)send_len;
	memcpy(keys->receive, receive, receive_len);
	memcpy(keys->send, send, send_len);
}

/* --- vectors --- */

static void
test_case_44_specification(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		uint8_t mac[32];

		assert_int_equal(
		    binding_compound_mac(s.hlak, s.message, mac), s.mac_len);
		assert_memory_equal(mac, s.message + 80, s.mac_len);
		assert_int_equal(verify(&s), BINDING_VERIFIED);
	}
}

static void
test_case_46_zero_hlak(void **state)
{
	static const char *const macs[] = {
		"9a111c756b84d95002c9372556c181e0e5360da7",
		"37350a9168e4697495f2f535721af42b"
		"e80a185d6dc4c4dc929f8f87e304a616",
	};

	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		const struct binding_keys right = s.keys;
		uint8_t mac[32];

		/* without keys the right proof is as wrong as any other */
		s.keys.state = KEYS_NONE;
		assert_int_equal(verify(&s), BINDING_BAD_MAC);

		unhex(macs[sha256], mac, sizeof(mac));
		put_mac(&s, mac);
		assert_int_equal(verify(&s), BINDING_VERIFIED);
		s.keys = (struct binding_keys){ .state = KEYS_NONE };
		assert_int_equal(verify(&s), BINDING_VERIFIED);

		/* where there are keys, or shall be, zeros prove nothing */
		s.keys = right;
		assert_int_equal(verify(&s), BINDING_BAD_MAC);
		s.keys = (struct binding_keys){ .state = KEYS_MPPE };
		assert_int_equal(verify(&s), BINDING_FAILED_INTERNAL);
		s.keys = (struct binding_keys){ .state = KEYS_PENDING };
		assert_int_equal(verify(&s), BINDING_FAILED_INTERNAL);
	}
}

/* --- MS-CHAPv2: from the password's hash to the proof --- */

static void
sha1(uint8_t out[static 20], const uint8_t *data, size_t n)
{
	assert_true(EVP_Digest(data, n, out, NULL, EVP_sha1(), NULL));
}

/* RFC 3079, 3.4: the 20 bytes of which a session key is the beginning */
static void
derive_key(const char *hash_hash, const char *nt_response, const char *magic,
    uint8_t key[static 20])
{
	uint8_t data[256], master[20];
	size_t n, magic_len = strlen(magic);

	n = unhex(hash_hash, data, 16);
	n += unhex(nt_response, data + n, 24);
	memcpy(data + n, "This is the MPPE Master Key", 27);
	sha1(master, data, n + 27);

	assert_int_equal(magic_len, 84);
	memcpy(data, master, 16);
	memset(data + 16, 0x00, 40);
	memcpy(data + 56, magic, magic_len);
	memset(data + 140, 0xf2, 40);
	sha1(key, data, 180);
}

static const char magic2[] = "On the client side, this is the send key; "
			     "on the server side, it is the receive key.";
static const char magic3[] = "On the client side, this is the receive key; "
			     "on the server side, it is the send key.";

/* password clientPass, RFC 2759, 9.2 */
static void
mschap_sample(uint8_t receive[static 20], uint8_t send[static 20])
{
	static const char hash_hash[] = "41c00c584bd2d91c4017a2a12fa59f3f";
	static const char response[] =
	    "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df";

	derive_key(hash_hash, response, magic2, receive);
	derive_key(hash_hash, response, magic3, send);
}

static void
check_hex(const uint8_t *p, const char *text)
{
	uint8_t expected[64];
	size_t n = unhex(text, expected, sizeof(expected));

	assert_memory_equal(p, expected, n);
}

static void
test_mschap_keys(void **state)
{
	/* password DukeNuke3D; the keys as another SSTP client has them */
	static const char hash_hash[] = "27a53be757f62daffe20786d1feadddf";
	static const char response[] =
	    "859a0c0ece474df20d0ae831ac3ae3d24f826e93679e36bc";
	uint8_t receive[20], send[20], hlak[32];
	struct binding_keys keys;

	(void)state;
	mschap_sample(receive, send);
	check_hex(receive, "d5f0e9521e3ea9589645e86051c8222611885549");
	check_hex(send, "8b7cdc149b993a1ba118cb153f56dccbacf2b858");
	set_keys(&keys, receive, 20, send, 20);
	assert_int_equal(binding_hlak(&keys, hlak), 0);
	check_hex(hlak, "d5f0e9521e3ea9589645e86051c82226"
			"8b7cdc149b993a1ba118cb153f56dccb");

	derive_key(hash_hash, response, magic2, receive);
	derive_key(hash_hash, response, magic3, send);
	set_keys(&keys, receive, 16, send, 16);
	assert_int_equal(binding_hlak(&keys, hlak), 0);
	check_hex(hlak, "000bc1dea2cb8516bc77f552b9ec5a03"
			"93d92706f513a2ea50f8cd9469573cdb");
}

enum derivation {
	RIGHT,
	SWAPPED,
	RECEIVE_ZEROS,
	SEND_ZEROS,
	TWENTY_TWELVE,
	EAP_TLS,
	DERIVATIONS
};

static const char *const derivation_macs[DERIVATIONS][2] = {
	[RIGHT] = { "ff9d1b065cbac8e7a71ad85cad75eee5b14890c9",
	    "fc0f8e272dd23c80526c2a271158a121"
	    "95eb2df59780b17e6ef641ba0fe699d0" },
	[SWAPPED] = { "143ffbb26272407298b9080a98c1f649bdd35392",
	    "c3846ad3d3b45fbfc2e403f2e4e8f1ed"
	    "dfa4c598ae9debbf0b305cfbd04c8953" },
	[RECEIVE_ZEROS] = { "f45a15b522999006b73f31f3b3c852b832a7eaaa",
	    "27c59a7fec037a3332a8b1e6afceda6b"
	    "444b9fc94d2e02826c6f725954ae1039" },
	[SEND_ZEROS] = { "2d044fd14c9b6f1f59525932429f8a0403455b41",
	    "86841c7bae987c8ee61ff69034cc24f5"
	    "6cc5bb45ff24caf6acbbad846cc01690" },
	[TWENTY_TWELVE] = { "2b7512733dfeb0dc435141f13bf030d902c30324",
	    "0d1a9783227a85fd19dae9355f8d7753"
	    "0c7f67906a8f62947a50c24a4be250ac" },
	[EAP_TLS] = { "f79b3cd1785229cd44f1ce0fd6d4b1128dd4ba96",
	    "034697095430533cc0af00a028e9865c"
	    "95667fc00fa13004afc6fa47cf62489a" },
};

static void
build_hlak(enum derivation derivation, uint8_t hlak[static 32])
{
	uint8_t receive[20], send[20];

	mschap_sample(receive, send);
	memset(hlak, 0, 32);
	switch (derivation) {
	case RIGHT:
		memcpy(hlak, receive, 16);
		memcpy(hlak + 16, send, 16);
		break;
	case SWAPPED:
		memcpy(hlak, send, 16);
		memcpy(hlak + 16, receive, 16);
		break;
	case RECEIVE_ZEROS:
		memcpy(hlak, receive, 16);
		break;
	case SEND_ZEROS:
		memcpy(hlak, send, 16);
		break;
	case TWENTY_TWELVE:
		memcpy(hlak, receive, 20);
		memcpy(hlak + 20, send, 12);
		break;
	default:
		for (unsigned i = 0; i < 32; i++)
			hlak[i] = (uint8_t)i;
	}
}

/* Of all derivations the server must accept the right one alone. */
static void
test_case_47_derivations(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * DERIVATIONS; i++) {
		const unsigned derivation = i / 2, sha256 = i % 2;
		struct sample s = make_sample(sha256);
		uint8_t hlak[32], mac[32], receive[20], send[20];

		build_hlak(derivation, hlak);
		assert_int_equal(
		    binding_compound_mac(hlak, s.message, mac), s.mac_len);
		check_hex(mac, derivation_macs[derivation][sha256]);

		put_mac(&s, mac);
		mschap_sample(receive, send);
		set_keys(&s.keys, receive, 20, send, 20);
		assert_int_equal(verify(&s),
		    derivation == RIGHT ? BINDING_VERIFIED : BINDING_BAD_MAC);
		set_keys(&s.keys, receive, 16, send, 16);
		assert_int_equal(verify(&s),
		    derivation == RIGHT ? BINDING_VERIFIED : BINDING_BAD_MAC);
		set_keys(&s.keys, send, 20, receive, 20);
		assert_int_equal(verify(&s),
		    derivation == SWAPPED ? BINDING_VERIFIED : BINDING_BAD_MAC);
	}
}

/* A 32-byte receive key (EAP-TLS, PEAP) is used whole, whatever is sent. */
static void
test_case_60_long_key(void **state)
{
	uint8_t msk[64], mac[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(msk); i++)
		msk[i] = (uint8_t)i;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);

		unhex(derivation_macs[EAP_TLS][sha256], mac, sizeof(mac));
		put_mac(&s, mac);
		set_keys(&s.keys, msk, 32, msk + 32, 32);
		assert_int_equal(verify(&s), BINDING_VERIFIED);
		set_keys(&s.keys, msk, 32, msk + 32, 0);
		assert_int_equal(verify(&s), BINDING_VERIFIED);
		set_keys(&s.keys, msk, 16, msk + 16, 16);
		assert_int_equal(verify(&s), BINDING_VERIFIED);
		set_keys(&s.keys, msk, 16, msk + 32, 16);
		assert_int_equal(verify(&s), BINDING_BAD_MAC);
	}
}

/* --- wrong derivations of CMK and HLAK on the printed messages --- */

/* A client with a mistake: LEN as given, a CMK of another length. */
static void
mistaken_mac(const struct sample *s, const uint8_t *hlak, const char *len,
    size_t len_len, size_t cmk_len, uint8_t *mac)
{
	uint8_t seed[40] = "SSTP inner method derived CMK",
		t[2][64] = { { 0 } };
	uint8_t data[LEN] = { 0 }, again[80];
	unsigned int n;

	memcpy(seed + 29, len, len_len);
	seed[29 + len_len] = 1;
	assert_non_null(HMAC(s->md, hlak, 32, seed, 30 + len_len, t[0], &n));
	if (cmk_len > n) { /* T2 = HMAC(HLAK, T1 | SEED | LEN | 2) */
		seed[29 + len_len] = 2;
		memcpy(again, t[0], n);
		memcpy(again + n, seed, 30 + len_len);
		assert_true(n + 30 + len_len <= sizeof(again));
		assert_non_null(
		    HMAC(s->md, hlak, 32, again, n + 30 + len_len, t[1], NULL));
		memcpy(t[0] + n, t[1], cmk_len - n);
	}
	memcpy(data, s->message, 80);
	assert_non_null(
	    HMAC(s->md, t[0], (int)cmk_len, data, sizeof(data), mac, NULL));
}

static void
test_case_48_mistakes(void **state)
{
	static const struct {
		bool sha256, swapped;
		const char *len;
		size_t len_len, cmk_len;
		const char *mac; /* its beginning */
		enum binding_result result;
	} rows[] = {
		/* to see that the mistakes are the only difference */
		{ true, false, "\x20\0", 2, 32, "52a68efd8cffbf52",
		    BINDING_VERIFIED },
		{ false, false, "\x14\0", 2, 20, "69915dd583d8062f",
		    BINDING_VERIFIED },
		/* LEN big-endian, left out; halves swapped; CMK too long */
		{ true, false, "\0\x20", 2, 32, "6f427735056c5909",
		    BINDING_BAD_MAC },
		{ false, false, "\0\x14", 2, 20, "412e051193ce57b2",
		    BINDING_BAD_MAC },
		{ true, false, "", 0, 32, "db4f95a0a115c6d8", BINDING_BAD_MAC },
		{ false, false, "", 0, 20, "dd9bbf923cbe4d68",
		    BINDING_BAD_MAC },
		{ true, true, "\x20\0", 2, 32, "cce9c18ad2972e28",
		    BINDING_BAD_MAC },
		{ false, true, "\x14\0", 2, 20, "2cef8f3500f337ee",
		    BINDING_BAD_MAC },
		{ false, false, "\x20\0", 2, 32, "8c7e4c651f05a217",
		    BINDING_BAD_MAC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s = make_sample(rows[i].sha256);
		uint8_t hlak[32], mac[64];

		memcpy(hlak, s.hlak + (rows[i].swapped ? 16 : 0), 16);
		memcpy(hlak + 16, s.hlak + (rows[i].swapped ? 0 : 16), 16);
		mistaken_mac(&s, hlak, rows[i].len, rows[i].len_len,
		    rows[i].cmk_len, mac);
		check_hex(mac, rows[i].mac);
		put_mac(&s, mac);
		assert_int_equal(verify(&s), rows[i].result);
	}
}

/* --- damage --- */

static enum binding_result
expected_of_change(size_t at, bool sha256)
{
	if (at == 15)
		return BINDING_BAD_HASH_PROTOCOL;
	if (at >= 16 && at < 48)
		return BINDING_BAD_NONCE;
	if (at >= 48 && at < (sha256 ? 80 : 68))
		return BINDING_BAD_CERT_HASH;
	if (at >= 100 && !sha256)
		return BINDING_VERIFIED; /* padding behind the MAC */
	return BINDING_BAD_MAC;
}

static void
test_case_45_every_bit(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);

		for (size_t bit = 0; bit < 8 * LEN; bit++) {
			s.message[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(
			    verify(&s), expected_of_change(bit / 8, sha256));
			s.message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(verify(&s), BINDING_VERIFIED);
	}
}

static void
test_hash_protocol(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		const uint8_t own = s.message[15];
		uint8_t mac[32];

		for (unsigned v = 0; v < 256; v++) {
			s.message[15] = (uint8_t)v;
			s.context.hash_bitmask = 0xff;
			if (v != 1 && v != 2) {
				assert_int_equal(
				    verify(&s), BINDING_BAD_HASH_PROTOCOL);
				assert_int_equal(binding_compound_mac(
						     s.hlak, s.message, mac),
				    0);
			} else if (v != own) {
				assert_int_equal(
				    verify(&s), BINDING_BAD_CERT_HASH);
			}
		}
		s.message[15] = own;
		for (unsigned mask = 0; mask < 256; mask++) {
			s.context.hash_bitmask = (uint8_t)mask;
			assert_int_equal(
			    verify(&s), mask & own ? BINDING_VERIFIED
						   : BINDING_BAD_HASH_PROTOCOL);
		}
	}
}

static void
test_context(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256), other = s;

		/* the MAC is nothing to it */
		memset(s.message + 80, 0xee, 32);
		assert_int_equal(binding_check_context(&s.context, s.message),
		    BINDING_VERIFIED);

		/* replayed from another connection; relayed */
		other.context.nonce[31] ^= 1;
		assert_int_equal(
		    binding_check_context(&other.context, s.message),
		    BINDING_BAD_NONCE);
		assert_int_equal(verify(&other), BINDING_BAD_NONCE);
		other = make_sample(sha256);
		other.context.cert_sha1[19] ^= 1;
		other.context.cert_sha256[31] ^= 1;
		assert_int_equal(
		    binding_check_context(&other.context, s.message),
		    BINDING_BAD_CERT_HASH);
		assert_int_equal(verify(&other), BINDING_BAD_CERT_HASH);
	}
}

/* --- keys --- */

static void
test_pending(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		uint8_t hlak[32];

		/* even with the right bytes lying there */
		s.keys.state = KEYS_PENDING;
		assert_int_equal(verify(&s), BINDING_FAILED_INTERNAL);
		assert_int_equal(binding_hlak(&s.keys, hlak), -1);
		s.keys.state = (enum keys_state)77;
		assert_int_equal(verify(&s), BINDING_FAILED_INTERNAL);
	}
}

static void
test_key_lengths(void **state)
{
	struct sample s = make_sample(true);

	(void)state;
	memset(s.keys.receive, 0x11, 32);
	memset(s.keys.send, 0x22, 32);
	for (unsigned i = 0; i < 256 * 256; i++) {
		unsigned receive = i / 256, send = i % 256;
		bool pair = receive == send && (send == 16 || send == 20);
		uint8_t hlak[32], expected[32] = { 0 };

		if (receive == 32) {
			memset(expected, 0x11, 32);
		} else if (pair) {
			memset(expected, 0x11, 16);
			memset(expected + 16, 0x22, 16);
		}
		s.keys.receive_len = (uint8_t)receive;
		s.keys.send_len = (uint8_t)send;
		assert_int_equal(binding_hlak(&s.keys, hlak),
		    receive == 32 || pair ? 0 : -1);
		assert_memory_equal(hlak, expected, 32);
		if (receive != 32 && !pair)
			assert_int_equal(verify(&s), BINDING_FAILED_INTERNAL);
	}
}

static void
test_wipe(void **state)
{
	static const struct binding_keys zero;
	struct binding_keys keys;

	(void)state;
	memset(&keys, 0xff, sizeof(keys));
	binding_keys_wipe(&keys);
	assert_int_equal(keys.state, KEYS_PENDING);
	assert_int_equal(keys.receive_len, 0);
	assert_int_equal(keys.send_len, 0);
	assert_memory_equal(keys.receive, zero.receive, 32);
	assert_memory_equal(keys.send, zero.send, 32);
}

static void
test_causes(void **state)
{
	(void)state;
	assert_int_equal(binding_cause(BINDING_VERIFIED), NO_CAUSE);
	for (int i = -1; i <= BINDING_BAD_MAC + 1; i++) {
		enum end_cause cause = binding_cause((enum binding_result)i);

		assert_int_equal(cause == NO_CAUSE, i == (int)BINDING_VERIFIED);
		for (int k = BINDING_FAILED_INTERNAL; k < i; k++)
			if (i <= BINDING_BAD_MAC)
				assert_int_not_equal(cause,
				    binding_cause((enum binding_result)k));
	}
}

/* --- the cause of a wrong MAC --- */

static enum end_cause
diagnose(const struct sample *s)
{
	return binding_diagnose(&s->keys, s->message);
}

/* A row each of 4.8.4, with keys of 16 and of 20 bytes. */
static void
test_diagnose_keys(void **state)
{
	static const enum end_cause causes[] = {
		[SWAPPED] = CAUSE_BINDING_MAC_SWAPPED,
		[RECEIVE_ZEROS] = CAUSE_BINDING_MAC_RECEIVE_ONLY,
		[SEND_ZEROS] = CAUSE_BINDING_MAC_SEND_ONLY,
		[TWENTY_TWELVE] = CAUSE_BINDING_MAC_LONG_KEYS,
		[EAP_TLS] = CAUSE_BINDING_MAC,
	};

	(void)state;
	for (unsigned i = 2 * SWAPPED; i < 2 * DERIVATIONS; i++) {
		const unsigned derivation = i / 2, sha256 = i % 2;
		struct sample s = make_sample(sha256);
		uint8_t mac[32], receive[20], send[20];

		unhex(derivation_macs[derivation][sha256], mac, sizeof(mac));
		put_mac(&s, mac);
		mschap_sample(receive, send);
		set_keys(&s.keys, receive, 20, send, 20);
		assert_int_equal(diagnose(&s), causes[derivation]);
		if (derivation == TWENTY_TWELVE)
			continue;
		set_keys(&s.keys, receive, 16, send, 16);
		assert_int_equal(diagnose(&s), causes[derivation]);
	}
}

static void
test_diagnose_zero_key(void **state)
{
	static const uint8_t zeros[32];

	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		uint8_t mac[32];

		binding_compound_mac(zeros, s.message, mac);
		put_mac(&s, mac);
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC_ZERO_KEY);

		/* where there are none, whoever has some is the stranger */
		binding_compound_mac(s.hlak, s.message, mac);
		put_mac(&s, mac);
		s.keys = (struct binding_keys){ .state = KEYS_NONE };
		assert_int_equal(
		    diagnose(&s), CAUSE_BINDING_MAC_UNEXPECTED_KEY);

		/* without a verdict there is nothing to explain */
		s.keys.state = KEYS_PENDING;
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC);
	}
}

static void
test_diagnose_whole_keys(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct sample s = make_sample(sha256);
		uint8_t receive[32], send[32], hlak[32], mac[32];

		memset(receive, 0x11, 32);
		memset(send, 0x22, 32);
		set_keys(&s.keys, receive, 32, send, 32);
		binding_compound_mac(send, s.message, mac);
		put_mac(&s, mac);
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC_SWAPPED);
		memcpy(hlak, receive, 16);
		memcpy(hlak + 16, send, 16);
		binding_compound_mac(hlak, s.message, mac);
		put_mac(&s, mac);
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC_HALVES);
	}
}

/* 4.8.5, and the LEN of 8 bytes that another server's plugin had */
static void
test_diagnose_derivation(void **state)
{
	static const struct {
		bool sha256;
		const char *len;
		size_t len_len, cmk_len;
	} rows[] = {
		{ true, "\0\x20", 2, 32 },
		{ false, "\0\x14", 2, 20 },
		{ true, "", 0, 32 },
		{ false, "", 0, 20 },
		{ true, "\x20\0\0\0\0\0\0\0", 8, 32 },
		{ false, "\x14\0\0\0\0\0\0\0", 8, 20 },
		{ false, "\x20\0", 2, 32 },
	};
	static const uint8_t zeros[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s = make_sample(rows[i].sha256);
		uint8_t mac[64];

		mistaken_mac(&s, s.hlak, rows[i].len, rows[i].len_len,
		    rows[i].cmk_len, mac);
		put_mac(&s, mac);
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC_DERIVATION);
		assert_int_equal(verify(&s), BINDING_BAD_MAC);
		mistaken_mac(&s, zeros, rows[i].len, rows[i].len_len,
		    rows[i].cmk_len, mac);
		put_mac(&s, mac);
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC);
		s.keys = (struct binding_keys){ .state = KEYS_NONE };
		assert_int_equal(diagnose(&s), CAUSE_BINDING_MAC_DERIVATION);
	}
}

static void
test_certificates(void **state)
{
	struct binding_certificates c;
	struct sample s = make_sample(true);

	(void)state;
	s.context.cert_sha256[0] ^= 1;
	binding_certificates(&s.context, s.message, &c);
	assert_string_equal(c.seen, "7993ef314c493dace9f02d60e7e61c84"
				    "b6690aafe9d7aeea92cbbe8ad599422d");
	assert_string_equal(c.presented, "7893ef314c493dace9f02d60e7e61c84"
					 "b6690aafe9d7aeea92cbbe8ad599422d");
	s = make_sample(false);
	binding_certificates(&s.context, s.message, &c);
	assert_string_equal(c.seen, "5826b629bda59b8e6fd8dcd2622fd34c534805a5");
	assert_string_equal(c.presented, c.seen);
	s.message[15] = 0;
	binding_certificates(&s.context, s.message, &c);
	assert_string_equal(c.seen, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_44_specification),
		cmocka_unit_test(test_case_46_zero_hlak),
		cmocka_unit_test(test_mschap_keys),
		cmocka_unit_test(test_case_47_derivations),
		cmocka_unit_test(test_case_60_long_key),
		cmocka_unit_test(test_case_48_mistakes),
		cmocka_unit_test(test_case_45_every_bit),
		cmocka_unit_test(test_hash_protocol),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_key_lengths),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_diagnose_keys),
		cmocka_unit_test(test_diagnose_zero_key),
		cmocka_unit_test(test_diagnose_whole_keys),
		cmocka_unit_test(test_diagnose_derivation),
		cmocka_unit_test(test_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
