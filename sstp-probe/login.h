/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Who we say we are: the client's side of PAP, CHAP-MD5 and MS-CHAPv2 (RFC
 * 1334, 1994, 2759). Packets in, packets out; which method is for LCP to agree
 * on.
 */

#ifndef SSTP_PROBE_LOGIN_H
#define SSTP_PROBE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binding.h"
#include "cp.h"
#include "mschap.h"

enum login_method { /* bits, the strongest last */
	LOGIN_PAP = 0x1,
	LOGIN_CHAP_MD5 = 0x2,
	LOGIN_MSCHAP_V2 = 0x4,
	LOGIN_ANY = 0x7,
};

enum {
	LOGIN_USER_MAX = 255,
	LOGIN_TEXT_MAX = 128,
	LOGIN_PACKET_MAX = 1024, /* any packet of ours, header included */
	LOGIN_TRIES_MAX = 10,
};

/* Borrowed for as long as a session lasts: a server may ask again. */
struct login_secret {
	const char *user;
	const char *password;
	size_t password_len;
};

enum login_result {
	LOGIN_GOES_ON,
	LOGIN_DONE,	/* keys holds what the method gives */
	LOGIN_REFUSED,	/* text says what the server says */
	LOGIN_UNPROVEN, /* the server did not prove that it knows the password
			 */
	LOGIN_BROKEN,	/* a challenge nobody can answer; or no crypto */
};

struct login {
	enum login_method method;  /* 0: none */
	bool done;		   /* once, at least */
	struct binding_keys keys;  /* as the server has them */
	char text[LOGIN_TEXT_MAX]; /* of the server, printable */
	unsigned int code;	   /* E= of an MS-CHAPv2 Failure, or 0 */
	/* internal */
	struct login_secret secret;
	struct mschap_exchange exchange;
	uint8_t id;
	unsigned int tries;
	bool answered;
};

/* What to send back: data below a CHAP or PAP header. */
struct login_reply {
	bool wanted;
	uint8_t code, id;
	size_t n;
	uint8_t data[LOGIN_PACKET_MAX];
};

void login_init(struct login *login, const struct login_secret *secret);
void login_wipe(struct login *login);

/* PAP: the client speaks first, and again when nothing came. */
enum login_result login_pap_request(
    struct login *login, struct login_reply *reply);
enum login_result login_pap_input(
    struct login *login, const struct cp_packet *packet);
/*
 * CHAP with method; random is the client's challenge, should the packet ask
 * for one.
 */
enum login_result login_chap_input(struct login *login,
    const struct cp_packet *packet,
    const uint8_t random[static MSCHAP_CHALLENGE_LEN],
    struct login_reply *reply);

const char *login_method_name(enum login_method method);
/* What error codes of MS-CHAPv2 mean, RFC 2759 section 6; NULL if unknown. */
const char *login_code_text(unsigned int code);

#endif
