/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The PPP client of sstp-probe: a whole negotiation byte by byte, servers that
 * ask for other things, lie, never agree, or send rubbish.
 */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "ppp.h"

enum { FRAMES_MAX = 64, FRAME_KEPT = 128, EVENTS_MAX = 32 };

/* A client and what came out of it. */
struct link {
	struct ppp ppp;
	bool other_random; /* than RFC 2759 has */
	unsigned int frames, taken, events, packets;
	uint8_t frame[FRAMES_MAX][FRAME_KEPT];
	size_t len[FRAMES_MAX];
	enum ppp_event event[EVENTS_MAX];
	unsigned int frames_at[EVENTS_MAX]; /* frames sent before the event */
};

static void
on_send(void *owner, const uint8_t *frame, size_t n)
{
	struct link *l = owner;
	unsigned int i = l->frames++ % FRAMES_MAX;

	l->len[i] = n;
	memcpy(l->frame[i], frame, n < FRAME_KEPT ? n : FRAME_KEPT);
}

static void
on_event(void *owner, enum ppp_event event)
{
	struct link *l = owner;

	assert_true(l->events < EVENTS_MAX);
	l->frames_at[l->events] = l->frames;
	l->event[l->events++] = event;
}

static void
on_data(void *owner, uint16_t protocol, const uint8_t *p, size_t n)
{
	struct link *l = owner;

	(void)protocol;
	assert_true(n == 0 || p != NULL);
	l->packets++;
}

/* What RFC 2759 9.2 has for a client's challenge. */
static bool
on_random(void *owner, uint8_t *p, size_t n)
{
	static const uint8_t bytes[16] = { 0x21, 0x40, 0x23, 0x24, 0x25, 0x5e,
		0x26, 0x2a, 0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e };

	const struct link *l = owner;

	assert_true(n <= sizeof(bytes));
	memcpy(p, bytes, n);
	if (l->other_random && n > 0)
		p[0] ^= 1;
	return true;
}

static const struct ppp_ops ops = { on_send, on_event, on_data, on_random };
static const struct login_secret secret = { "User", "clientPass", 10 };

static void
start(struct link *l, uint32_t methods, bool anonymous)
{
	memset(l, 0, sizeof(*l));
	assert_true(ppp_init(&l->ppp, &ops, l, &secret, methods, anonymous));
	ppp_start(&l->ppp);
}

static size_t
unhex(const char *text, uint8_t *p, size_t cap)
{
	size_t n = 0;

	for (; *text != '\0'; text += 2) {
		unsigned int v;

		if (*text == ' ') {
			text--;
			continue;
		}
		assert_int_equal(sscanf(text, "%2x", &v), 1);
		assert_true(n < cap);
		p[n++] = (uint8_t)v;
	}
	return n;
}

/* From the server, in memory of its exact size, so that sanitizers see. */
static void
give_bytes(struct link *l, const uint8_t *bytes, size_t n)
{
	uint8_t *p = malloc(n > 0 ? n : 1);

	assert_non_null(p);
	memcpy(p, bytes, n);
	ppp_input(&l->ppp, p, n);
	free(p);
}

static void
give(struct link *l, const char *text)
{
	uint8_t bytes[512];

	give_bytes(l, bytes, unhex(text, bytes, sizeof(bytes)));
}

/* The next frame of the client is this. */
static void
expect(struct link *l, const char *text)
{
	uint8_t bytes[FRAME_KEPT];
	size_t n = unhex(text, bytes, sizeof(bytes));
	unsigned int i = l->taken++;

	assert_true(i < l->frames);
	assert_int_equal(l->len[i], n);
	assert_memory_equal(l->frame[i], bytes, n);
}

static void
expect_no_more(const struct link *l)
{
	assert_int_equal(l->taken, l->frames);
}

static void
expect_event(const struct link *l, unsigned int i, enum ppp_event event)
{
	assert_true(i < l->events);
	assert_int_equal(l->event[i], event);
}

/* --- a server that behaves: what it says, in its order --- */

#define CHALLENGE_REST "5d7c7d7b3f2f3e3c2c602132262628"
#define CHALLENGE      "5b" CHALLENGE_REST
#define ALGORITHM      "0305c22381"
#define LCP_REQ	       "ff03c021 01 01 0013 01040578 " ALGORITHM " 0506aabbccdd"
#define LCP_ACK	       "ff03c021 02 01 000e 01040578 050621402324"
#define CHAP_CHALLENGE "ff03c223 01 07 0019 10" CHALLENGE "7370766e"
/* "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hi" */
#define PROOF                                                                    \
	"533d343037413535383931313546443044363230394635313046453943303435363639" \
	"333243444135 36"
#define CHAP_SUCCESS "ff03c223 03 07 0033" PROOF "204d3d6869"
#define IPCP_REQ     "ff038021 01 01 000a 03060a090001"
#define IPCP_NAK     "ff038021 03 01 0016 03060a09000a 810608080808 830608080404"
#define IPCP_ACK     "ff038021 02 02 0016 03060a09000a 810608080808 830608080404"

static const char *const good_server[] = { LCP_REQ, LCP_ACK, CHAP_CHALLENGE,
	CHAP_SUCCESS, IPCP_REQ, IPCP_NAK, IPCP_ACK };

enum { GOOD_STEPS = sizeof(good_server) / sizeof(good_server[0]) };

static void
bring_up(struct link *l)
{
	start(l, LOGIN_MSCHAP_V2, false);
	for (int i = 0; i < GOOD_STEPS; i++)
		give(l, good_server[i]);
	assert_int_equal(l->ppp.phase, PPP_UP);
	l->taken = l->frames;
}

static void
to_authentication(struct link *l)
{
	start(l, LOGIN_MSCHAP_V2, false);
	give(l, LCP_REQ);
	give(l, LCP_ACK);
	assert_int_equal(l->ppp.phase, PPP_AUTHENTICATE);
	l->taken = l->frames;
}

static void
to_network(struct link *l)
{
	to_authentication(l);
	give(l, CHAP_CHALLENGE);
	give(l, CHAP_SUCCESS);
	assert_int_equal(l->ppp.phase, PPP_NETWORK);
	l->taken = l->frames;
}

static void
test_good_server(void **state)
{
	struct link l;
	uint8_t hlak[BINDING_HLAK_LEN], want[BINDING_HLAK_LEN];

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	expect(&l, "ff03c021 01 01 000e 01040578 050621402324");
	give(&l, LCP_REQ);
	expect(&l, "ff03c021 02 01 0013 01040578 " ALGORITHM " 0506aabbccdd");
	give(&l, LCP_ACK);
	expect_no_more(&l);
	expect_event(&l, 0, PPP_LCP_OPENED);
	give(&l, CHAP_CHALLENGE);
	expect(&l,
	    "ff03c223 02 07 003a 31 21402324255e262a28295f2b3a337c7e "
	    "0000000000000000 "
	    "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df 00 55736572");
	give(&l, CHAP_SUCCESS);
	expect_event(&l, 1, PPP_AUTHENTICATED);
	/* the binding has to leave before IPCP does */
	assert_int_equal(l.frames_at[1], l.taken);
	expect(
	    &l, "ff038021 01 01 0016 030600000000 810600000000 830600000000");
	unhex(
	    "d5f0e9521e3ea9589645e86051c822268b7cdc149b993a1ba118cb153f56dccb",
	    want, sizeof(want));
	assert_int_equal(binding_hlak(&l.ppp.login.keys, hlak), 0);
	assert_memory_equal(hlak, want, sizeof(want));
	give(&l, IPCP_REQ);
	expect(&l, "ff038021 02 01 000a 03060a090001");
	give(&l, IPCP_NAK);
	expect(
	    &l, "ff038021 01 02 0016 03060a09000a 810608080808 830608080404");
	assert_int_equal(l.events, 2);
	give(&l, IPCP_ACK);
	expect_event(&l, 2, PPP_OPENED);
	expect_no_more(&l);
	assert_memory_equal(&l.ppp.ipcp.address, "\x0a\x09\x00\x0a", 4);
	assert_memory_equal(&l.ppp.ipcp.peer_address, "\x0a\x09\x00\x01", 4);
	assert_memory_equal(&l.ppp.ipcp.dns[1], "\x08\x08\x04\x04", 4);
	assert_int_equal(l.ppp.lcp.peer_mru, 1400);
}

/* --- LCP --- */

static void
test_lcp_refuses_options(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	l.taken = l.frames;
	/* PFC, ACFC and callback, the last with a value */
	give(&l, "ff03c021 01 05 0012 " ALGORITHM " 0702 0802 0d06 06 0202");
	expect_no_more(&l); /* the last one lacks its value */
	give(&l, "ff03c021 01 05 0010 " ALGORITHM " 0702 0802 0d03 06");
	expect(&l, "ff03c021 04 05 000b 0702 0802 0d0306");
	give(&l, "ff03c021 01 06 0008 01040040");
	expect(&l, "ff03c021 04 06 0008 01040040");
	expect_no_more(&l);
}

static void
test_lcp_options_refused(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	l.taken = l.frames;
	give(&l, "ff03c021 03 01 0008 01040500"); /* Nak: rather 1280 */
	expect(&l, "ff03c021 01 02 000e 01040500 050621402324");
	give(&l, "ff03c021 04 02 000a 050621402324"); /* Reject of the magic */
	expect(&l, "ff03c021 01 03 0008 01040500");
	give(&l, "ff03c021 03 03 0008 01040001"); /* absurd: not asked again */
	expect(&l, "ff03c021 01 04 0004");
	give(&l, "ff03c021 02 04 0004");
	give(&l, LCP_REQ);
	assert_int_equal(l.ppp.phase, PPP_AUTHENTICATE);
}

static void
test_wrong_answers_are_ignored(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	give(&l, LCP_REQ);
	l.taken = l.frames;
	give(&l, "ff03c021 02 02 000e 01040578 050621402324"); /* identifier */
	give(&l, "ff03c021 02 01 000e 01040579 050621402324"); /* a value */
	give(&l, "ff03c021 02 01 0008 01040578"); /* one is missing */
	give(&l, "ff03c021 02 01 0004");
	expect_no_more(&l);
	assert_int_equal(l.ppp.phase, PPP_ESTABLISH);
	give(&l, LCP_ACK);
	assert_int_equal(l.ppp.phase, PPP_AUTHENTICATE);
}

static void
test_lcp_odds_and_ends(void **state)
{
	struct link l;

	(void)state;
	to_authentication(&l);
	give(&l, "ff03c021 09 33 000b aabbccdd 616263"); /* echo */
	expect(&l, "ff03c021 0a 33 000b 21402324 616263");
	give(&l, "ff0380fd 01 01 0004"); /* CCP */
	expect(&l, "ff03c021 08 01 000a 80fd 01010004");
	give(&l, "ff03c021 09 33 0007 aabbcc");	  /* no whole magic number */
	give(&l, "ff03c021 0b 34 0008 aabbccdd"); /* discard */
	give(&l, "ff03c021 ff 35 0004");
	expect_no_more(&l);
	/* compressed headers, although we never allow them */
	give(&l, "c021 09 36 0008 aabbccdd");
	expect(&l, "ff03c021 0a 36 0008 21402324");
}

static void
test_lcp_started_over(void **state)
{
	struct link l;

	(void)state;
	to_authentication(&l);
	give(&l, LCP_REQ);
	expect(&l, "ff03c021 01 02 000e 01040578 050621402324");
	expect(&l, "ff03c021 02 01 0013 01040578 " ALGORITHM " 0506aabbccdd");
	assert_int_equal(l.ppp.phase, PPP_ESTABLISH);
	give(&l, "ff03c021 02 02 000e 01040578 050621402324");
	assert_int_equal(l.ppp.phase, PPP_AUTHENTICATE);
	/* but not once the call is bound */
	to_network(&l);
	give(&l, LCP_REQ);
	assert_int_equal(l.ppp.failure, PPP_NO_AGREEMENT);
}

/* --- authentication --- */

static void
test_method_is_not_negotiable(void **state)
{
	static const char *const asked[] = {
		"0008 0304c023",     /* PAP */
		"0009 0305c22305",   /* CHAP-MD5 */
		"0009 0305c22380",   /* MS-CHAPv1 */
		"0008 0304c227",     /* EAP */
		"0006 0302",	     /* nothing */
		"000a 0306c2238100", /* a byte too many */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct link l;
		char text[64];

		start(&l, LOGIN_MSCHAP_V2, false);
		give(&l, LCP_ACK);
		l.taken = l.frames;
		for (unsigned int id = 1; id <= CP_TRIES_MAX + 1; id++) {
			const uint8_t *f = l.frame[l.frames % FRAMES_MAX];

			snprintf(text, sizeof(text), "ff03c021 01 %02x %s", id,
			    asked[i]);
			give(&l, text);
			if (l.ppp.phase == PPP_ENDED)
				break;
			assert_true(id <= CP_TRIES_MAX);
			/* a Nak with what we want at first, then a Reject */
			assert_int_equal(f[4], id <= CP_NAKS_MAX ? 3 : 4);
			if (id <= CP_NAKS_MAX)
				assert_memory_equal(
				    f + 8, "\x03\x05\xc2\x23\x81", 5);
		}
		assert_int_equal(l.ppp.failure, PPP_NO_AGREEMENT);
		give(&l, "ff03c023 02 01 0005 00"); /* PAP: you are in */
		assert_int_equal(l.ppp.phase, PPP_ENDED);
	}
}

static void
test_server_that_gives_up(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	give(&l, "ff03c021 01 01 0008 0304c227");
	give(&l, "ff03c021 05 02 0010 6e6f206175746800ff7c0a61");
	assert_int_equal(l.ppp.failure, PPP_NO_METHOD);
	assert_non_null(strstr(l.ppp.why, "eap"));
}

static void
test_no_authentication(void **state)
{
	struct link l;

	(void)state;
	for (int anonymous = 0; anonymous < 2; anonymous++) {
		start(&l, LOGIN_MSCHAP_V2, anonymous);
		give(&l, "ff03c021 01 01 0004");
		give(&l, LCP_ACK);
		assert_int_equal(
		    l.ppp.phase, anonymous ? PPP_NETWORK : PPP_ENDED);
		assert_int_equal(
		    l.ppp.failure, anonymous ? PPP_NO_FAILURE : PPP_NO_METHOD);
	}
	assert_int_equal(l.ppp.login.keys.state, KEYS_NONE);
	/* what pppd does when its method is refused */
	start(&l, LOGIN_ANY, true);
	give(&l, LCP_ACK);
	give(&l, "ff03c021 01 01 0008 0304c227");
	give(&l, "ff03c021 01 02 0004");
	assert_int_equal(l.ppp.failure, PPP_NO_METHOD);
	assert_non_null(strstr(l.ppp.why, "eap"));
}

/* A request without authentication must not inherit that of an earlier one. */
static void
test_method_is_forgotten(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	give(&l, LCP_REQ);
	give(&l, "ff03c021 01 02 0004");
	give(&l, LCP_ACK);
	assert_int_equal(l.ppp.failure, PPP_NO_METHOD);
}

static void
test_server_without_proof(void **state)
{
	static const char *const liars[] = {
		"ff03c223 03 07 0004",
		"ff03c223 03 07 0006 533d",
		"ff03c223 03 07 0033"
		"533d34303741353538393131354644304436323039463531304645394330"
		"34353636393332434441 35 37 204d3d6869",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
		struct link l;

		to_authentication(&l);
		give(&l, CHAP_CHALLENGE);
		l.taken = l.frames;
		give(&l, liars[i]);
		assert_int_equal(l.ppp.failure, PPP_SERVER_UNPROVEN);
		expect_event(&l, 1, PPP_FAILED);
		expect_no_more(&l);
		assert_int_equal(l.ppp.login.keys.state, KEYS_PENDING);
	}
}

static void
test_success_out_of_the_blue(void **state)
{
	struct link l;

	(void)state;
	to_authentication(&l);
	give(&l, CHAP_SUCCESS); /* to no response */
	give(&l, "ff03c223 03 00 0033" PROOF "204d3d6869");
	give(&l, CHAP_CHALLENGE);
	give(&l, "ff03c223 03 08 0033" PROOF "204d3d6869"); /* to another */
	give(&l, "ff03c023 02 07 0005 00");		    /* PAP's */
	assert_int_equal(l.ppp.phase, PPP_AUTHENTICATE);
	assert_int_equal(l.events, 1);
	give(&l, CHAP_SUCCESS);
	assert_int_equal(l.ppp.phase, PPP_NETWORK);
}

/* Its answer is late, so the server asks again: the same has to come again. */
static void
test_repeated_challenge(void **state)
{
	struct link l;
	unsigned int first;

	(void)state;
	to_authentication(&l);
	first = l.frames;
	give(&l, CHAP_CHALLENGE);
	l.other_random = true;
	give(&l, CHAP_CHALLENGE);
	assert_int_equal(l.frames, first + 2);
	assert_int_equal(l.len[first], l.len[first + 1]);
	assert_memory_equal(l.frame[first], l.frame[first + 1], l.len[first]);
	give(&l, CHAP_SUCCESS);
	assert_int_equal(l.ppp.phase, PPP_NETWORK);
	/* one that was still under way, and what follows it */
	give(&l, CHAP_CHALLENGE);
	assert_memory_equal(
	    l.frame[first], l.frame[l.frames - 1], l.len[first]);
	give(&l, CHAP_SUCCESS);
	assert_int_equal(l.ppp.phase, PPP_NETWORK);
	/* another challenge gets another answer */
	give(&l, "ff03c223 01 07 0019 10 00" CHALLENGE_REST "7370766e");
	assert_memory_not_equal(
	    l.frame[first], l.frame[l.frames - 1], l.len[first]);
}

static void
test_refused_login(void **state)
{
	struct link l;

	(void)state;
	to_authentication(&l);
	give(&l, CHAP_CHALLENGE);
	/* E=691 R=0 M=no|\xff */
	give(&l, "ff03c223 04 07 0014 453d36393120523d30204d3d6e6f7cff");
	assert_int_equal(l.ppp.failure, PPP_LOGIN_REFUSED);
	assert_string_equal(
	    l.ppp.why, "wrong user name or password (\"no|?\")");
	to_authentication(&l);
	give(&l, CHAP_CHALLENGE);
	give(&l, "ff03c223 04 07 0006 4e6f"); /* not of that form */
	assert_string_equal(
	    l.ppp.why, "the server refuses to let us in (\"No\")");
}

static void
test_bad_challenges(void **state)
{
	static const char *const bad[] = {
		"ff03c223 01 07 0004",
		"ff03c223 01 07 0005 00",
		"ff03c223 01 07 000d 08 1122334455667788", /* MS-CHAPv1's */
		"ff03c223 01 07 0007 10 1122",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct link l;

		to_authentication(&l);
		give(&l, bad[i]);
		assert_int_equal(l.ppp.failure, PPP_LOGIN_BROKEN);
		expect_no_more(&l);
	}
}

static void
test_chap_md5(void **state)
{
	struct link l;
	uint8_t digest[16];
	unsigned int n;

	(void)state;
	start(&l, LOGIN_CHAP_MD5, false);
	give(&l, "ff03c021 01 01 0009 0305c22305");
	give(&l, LCP_ACK);
	give(&l, "ff03c223 01 07 0008 03616263");
	assert_int_equal(EVP_Digest("\x07"
				    "clientPassabc",
			     14, digest, &n, EVP_md5(), NULL),
	    1);
	assert_int_equal(l.frames, 3);
	assert_int_equal(l.len[2], 4 + 4 + 1 + 16 + 4);
	assert_memory_equal(l.frame[2] + 9, digest, 16);
	give(&l, "ff03c223 03 07 0004");
	assert_int_equal(l.ppp.phase, PPP_NETWORK);
	assert_int_equal(l.ppp.login.keys.state, KEYS_NONE);
	give(&l, "ff03c223 01 08 0005 00"); /* no challenge at all */
	assert_int_equal(l.ppp.failure, PPP_LOGIN_BROKEN);
}

static void
test_pap(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_ANY, true);
	give(&l, "ff03c021 01 01 0008 0304c023");
	give(&l, LCP_ACK);
	l.taken = 2;
	expect(&l, "ff03c023 01 01 0014 0455736572 0a636c69656e7450617373");
	ppp_timeout(&l.ppp);
	expect(&l, "ff03c023 01 02 0014 0455736572 0a636c69656e7450617373");
	give(&l, "ff03c023 02 01 0005 00"); /* to the first: too late */
	assert_int_equal(l.ppp.phase, PPP_AUTHENTICATE);
	give(&l, "ff03c023 02 02 0005 00");
	assert_int_equal(l.ppp.phase, PPP_NETWORK);
	start(&l, LOGIN_PAP, false);
	give(&l, "ff03c021 01 01 0008 0304c023");
	give(&l, LCP_ACK);
	give(&l, "ff03c023 03 01 0008 036e6f21");
	assert_int_equal(l.ppp.failure, PPP_LOGIN_REFUSED);
	assert_non_null(strstr(l.ppp.why, "no!"));
}

static void
test_challenged_again(void **state)
{
	struct link l;

	(void)state;
	bring_up(&l);
	give(&l, CHAP_CHALLENGE);
	assert_int_equal(l.frames, l.taken + 1);
	give(&l, CHAP_SUCCESS);
	assert_int_equal(l.ppp.phase, PPP_UP);
	assert_int_equal(l.events, 3);
	give(&l, CHAP_CHALLENGE);
	give(&l, "ff03c223 03 07 0006 533d");
	assert_int_equal(l.ppp.failure, PPP_SERVER_UNPROVEN);
}

/* --- network --- */

static void
test_ipcp_refuses(void **state)
{
	struct link l;

	(void)state;
	to_network(&l);
	/* VJ compression, and no address of its own */
	give(&l, "ff038021 01 01 0010 0206002d0f01 030600000000");
	expect(&l, "ff038021 04 01 0010 0206002d0f01 030600000000");
	expect_no_more(&l);
}

static void
test_ipcp_without_dns(void **state)
{
	struct link l;

	(void)state;
	to_network(&l);
	give(&l, IPCP_REQ);
	give(&l, "ff038021 04 01 0010 810600000000 830600000000");
	give(&l, "ff038021 03 02 000a 03060a09000a");
	give(&l, "ff038021 02 03 000a 03060a09000a");
	assert_int_equal(l.ppp.phase, PPP_UP);
	assert_int_equal(l.ppp.ipcp.dns[0], 0);
}

static void
test_no_address(void **state)
{
	static const char *const answers[][2] = {
		/* Reject of the address, then Ack of the rest */
		{ "ff038021 04 01 000a 030600000000",
		    "ff038021 02 02 0010 810600000000 830600000000" },
		{ "ff038021 02 01 0016 030600000000 810600000000 830600000000",
		    NULL },
		{ "ff03c021 08 01 000a 8021 01010004", NULL },
		/* an address with a byte too few is none */
		{ "ff038021 03 01 0009 03050a0900",
		    "ff038021 02 02 0016 030600000000 810600000000 "
		    "830600000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct link l;

		to_network(&l);
		give(&l, IPCP_REQ);
		give(&l, answers[i][0]);
		if (answers[i][1] != NULL)
			give(&l, answers[i][1]);
		assert_int_equal(l.ppp.failure, PPP_NO_ADDRESS);
	}
}

static void
test_endless_naks(void **state)
{
	struct link l;
	char text[64];

	(void)state;
	to_network(&l);
	for (unsigned int id = 1; id < 100; id++) {
		snprintf(text, sizeof(text),
		    "ff038021 03 %02x 000a 03060a0900%02x", id, id);
		give(&l, text);
	}
	assert_int_equal(l.ppp.failure, PPP_NO_AGREEMENT);
	assert_int_equal(l.frames, l.taken + CP_TRIES_MAX - 1);
}

#define V6_REQ "ff038057 01 01 000e 010a 0200000000000001"

static void
test_ipv6(void **state)
{
	struct link l;

	(void)state;
	to_network(&l);
	give(&l, V6_REQ);
	expect(&l, "ff038057 01 01 000e 010a 21402324255e262a");
	expect(&l, "ff038057 02 01 000e 010a 0200000000000001");
	give(&l, IPCP_REQ);
	give(&l, IPCP_NAK);
	give(&l, IPCP_ACK);
	assert_int_equal(l.ppp.phase, PPP_NETWORK); /* the other is not */
	give(&l, "ff038057 02 01 000e 010a 21402324255e262a");
	assert_int_equal(l.ppp.phase, PPP_UP);
	assert_memory_equal(
	    l.ppp.ipv6cp.peer_id, "\x02\0\0\0\0\0\0\x01", IPV6CP_ID_LEN);
	/* started, but then the server has none */
	to_network(&l);
	give(&l, V6_REQ);
	give(&l, IPCP_REQ);
	give(&l, IPCP_NAK);
	give(&l, IPCP_ACK);
	give(&l, "ff03c021 08 01 000a 8057 01010004");
	assert_int_equal(l.ppp.phase, PPP_UP);
	/* the same identifier as ours, or none */
	to_network(&l);
	give(&l, "ff038057 01 01 000e 010a 21402324255e262a");
	l.taken++;
	expect(&l, "ff038057 03 01 000e 010a 21402324255e262b");
	give(&l, "ff038057 01 02 000e 010a 0000000000000000");
	expect(&l, "ff038057 03 02 000e 010a 21402324255e262b");
}

static void
test_late_ipv6(void **state)
{
	unsigned int events;
	struct link l;

	(void)state;
	bring_up(&l);
	assert_true(ppp_is_up(&l.ppp, PPP_IPV4));
	events = l.events;
	give(&l, V6_REQ);
	assert_int_equal(l.events, events);
	assert_false(ppp_is_up(&l.ppp, PPP_IPV6));
	give(&l, "ff038057 02 01 000e 010a 21402324255e262a");
	assert_int_equal(l.events, events + 1);
	assert_int_equal(l.event[events], PPP_OPENED);
	assert_true(ppp_is_up(&l.ppp, PPP_IPV6));
	/* it goes again */
	give(&l, "ff038057 05 02 0004");
	assert_true(ppp_is_up(&l.ppp, PPP_IPV4));
	assert_false(ppp_is_up(&l.ppp, PPP_IPV6));
	assert_false(ppp_is_up(&l.ppp, PPP_IPCP));
}

static void
test_data(void **state)
{
	struct link l;

	(void)state;
	to_network(&l);
	give(&l, "ff030021 4500");
	assert_int_equal(l.packets, 0);
	ppp_send_ip(&l.ppp, (const uint8_t *)"x", 1);
	expect_no_more(&l);
	bring_up(&l);
	give(&l, "ff030021 4500");
	give(&l, "21 4500"); /* all compressed */
	give(&l, "ff030057 60");
	give(&l, "ff030021");
	assert_int_equal(l.packets, 4);
	ppp_send_ip(&l.ppp, (const uint8_t *)"x", 1);
	expect(&l, "ff030021 78");
	/* one that no SSTP packet could hold does not leave */
	ppp_send_ip(&l.ppp, (const uint8_t *)&l, 4088);
	expect_no_more(&l);
}

/* --- ends and time --- */

static void
test_server_ends(void **state)
{
	struct link l;

	(void)state;
	bring_up(&l);
	give(&l, "ff03c021 05 09 000a 627965210a7f");
	expect(&l, "ff03c021 06 09 0004");
	assert_int_equal(l.ppp.failure, PPP_TERMINATED);
	assert_string_equal(l.ppp.why, "the server ends the link (\"bye!??\")");
	give(&l, "ff03c021 09 33 0008 aabbccdd");
	expect_no_more(&l); /* nobody is there any more */
}

static void
test_we_end(void **state)
{
	struct link l;

	(void)state;
	bring_up(&l);
	ppp_close(&l.ppp);
	expect(&l, "ff03c021 05 01 0004");
	give(&l, LCP_REQ); /* does not bring it back */
	give(&l, IPCP_REQ);
	give(&l, "ff030021 4500");
	expect_no_more(&l);
	assert_int_equal(l.packets, 0);
	give(&l, "ff03c021 05 07 0004"); /* crossed */
	expect(&l, "ff03c021 06 07 0004");
	give(&l, "ff03c021 06 01 0004");
	expect_event(&l, 3, PPP_CLOSED);
	/* a server that does not answer */
	bring_up(&l);
	ppp_close(&l.ppp);
	ppp_timeout(&l.ppp);
	assert_int_equal(l.events, 3);
	ppp_timeout(&l.ppp);
	expect_event(&l, 3, PPP_CLOSED);
	assert_int_equal(l.frames, l.taken + 2);
}

static void
test_time(void **state)
{
	struct link l;

	(void)state;
	start(&l, LOGIN_MSCHAP_V2, false);
	for (int i = 0; i < 100; i++)
		ppp_timeout(&l.ppp);
	assert_int_equal(l.frames, CP_TRIES_MAX);
	assert_int_equal(l.ppp.failure, PPP_NO_AGREEMENT);
	to_network(&l);
	ppp_timeout(&l.ppp);
	expect(
	    &l, "ff038021 01 02 0016 030600000000 810600000000 830600000000");
	bring_up(&l);
	assert_false(ppp_is_waiting(&l.ppp));
	ppp_timeout(&l.ppp);
	expect_no_more(&l);
}

/* --- damage --- */

/* A frame cut anywhere is as good as none. */
static void
test_truncated(void **state)
{
	(void)state;
	for (int cut = 0; cut < GOOD_STEPS; cut++) {
		uint8_t bytes[256];
		size_t n = unhex(good_server[cut], bytes, sizeof(bytes));

		for (size_t len = 0; len < n; len++) {
			struct link l;
			enum ppp_phase phase;

			start(&l, LOGIN_MSCHAP_V2, false);
			for (int i = 0; i < cut; i++)
				give(&l, good_server[i]);
			phase = l.ppp.phase;
			l.taken = l.frames;
			give_bytes(&l, bytes, len);
			assert_int_equal(l.ppp.phase, phase);
			expect_no_more(&l);
		}
	}
}

/* One bit, anywhere: what comes out may differ, but nobody gets in unproven. */
static void
test_bits_flipped(void **state)
{
	(void)state;
	for (int bad = 0; bad < GOOD_STEPS; bad++) {
		uint8_t bytes[256];
		size_t n = unhex(good_server[bad], bytes, sizeof(bytes));

		for (size_t bit = 0; bit < 8 * n; bit++) {
			struct link l;

			start(&l, LOGIN_MSCHAP_V2, false);
			for (int i = 0; i < GOOD_STEPS; i++) {
				if (i != bad) {
					give(&l, good_server[i]);
					continue;
				}
				bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
				give_bytes(&l, bytes, n);
				bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			if (l.ppp.phase == PPP_UP || l.ppp.phase == PPP_NETWORK)
				assert_int_equal(
				    l.ppp.login.keys.state, KEYS_MPPE);
		}
	}
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Rubbish below the right headers, in each phase. */
static void
test_garbage(void **state)
{
	static const uint16_t protocols[] = { PPP_LCP, PPP_PAP, PPP_CHAP,
		PPP_IPCP, PPP_IPV6CP, PPP_IPV4, 0x80fd };
	uint32_t seed = 1;

	(void)state;
	for (int steps = 0; steps <= GOOD_STEPS; steps++) {
		struct link l;

		start(&l, LOGIN_MSCHAP_V2, false);
		for (int i = 0; i < 20000; i++) {
			uint8_t f[64] = { 0xff, 0x03 };
			size_t n = next_random(&seed) % 56;
			uint16_t protocol = protocols[next_random(&seed) % 7];
			unsigned int before;

			if (i % 100 == 0) {
				start(&l, LOGIN_MSCHAP_V2, false);
				for (int s = 0; s < steps; s++)
					give(&l, good_server[s]);
			}
			for (size_t b = 4; b < sizeof(f); b++)
				f[b] = (uint8_t)next_random(&seed);
			f[2] = (uint8_t)(protocol >> 8);
			f[3] = (uint8_t)protocol;
			f[4] %= 13;
			f[6] = 0;
			f[7] = (uint8_t)(n + 4);
			before = l.frames;
			give_bytes(&l, f, 8 + n);
			assert_true(l.frames <= before + 2);
			assert_true(steps > 3 || l.ppp.phase != PPP_UP);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_server),
		cmocka_unit_test(test_lcp_refuses_options),
		cmocka_unit_test(test_lcp_options_refused),
		cmocka_unit_test(test_wrong_answers_are_ignored),
		cmocka_unit_test(test_lcp_odds_and_ends),
		cmocka_unit_test(test_lcp_started_over),
		cmocka_unit_test(test_method_is_not_negotiable),
		cmocka_unit_test(test_server_that_gives_up),
		cmocka_unit_test(test_no_authentication),
		cmocka_unit_test(test_method_is_forgotten),
		cmocka_unit_test(test_server_without_proof),
		cmocka_unit_test(test_success_out_of_the_blue),
		cmocka_unit_test(test_repeated_challenge),
		cmocka_unit_test(test_refused_login),
		cmocka_unit_test(test_bad_challenges),
		cmocka_unit_test(test_chap_md5),
		cmocka_unit_test(test_pap),
		cmocka_unit_test(test_challenged_again),
		cmocka_unit_test(test_ipcp_refuses),
		cmocka_unit_test(test_ipcp_without_dns),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_endless_naks),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_late_ipv6),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_server_ends),
		cmocka_unit_test(test_we_end),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bits_flipped),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
