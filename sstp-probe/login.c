/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The client's side of PAP, CHAP-MD5 and MS-CHAPv2. */

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "login.h"

enum chap_code {
	CHAP_CHALLENGE = 1,
	CHAP_RESPONSE,
	CHAP_SUCCESS,
	CHAP_FAILURE
};
enum pap_code { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };

enum {
	MD5_LEN = 16,
	MSCHAP_VALUE_LEN = 49, /* challenge, zeros, response, flags */
};

void
login_init(struct login *login, const struct login_secret *secret)
{
	*login = (struct login){ .secret = *secret };
}

void
login_wipe(struct login *login)
{
	binding_keys_wipe(&login->keys);
	OPENSSL_cleanse(&login->exchange, sizeof(login->exchange));
}

static void
keep_text(struct login *login, struct wire_in text)
{
	size_t n = text.n < LOGIN_TEXT_MAX - 1 ? text.n : LOGIN_TEXT_MAX - 1;

	for (size_t i = 0; i < n; i++)
		login->text[i] = text.p[i] >= ' ' && text.p[i] < 0x7f
				     ? (char)text.p[i]
				     : '?';
	login->text[n] = '\0';
}

static enum login_result
succeed(struct login *login)
{
	login->done = true;
	login->answered = false;
	if (login->method != LOGIN_MSCHAP_V2)
		login->keys.state = KEYS_NONE;
	return LOGIN_DONE;
}

/* --- PAP --- */

enum login_result
login_pap_request(struct login *login, struct login_reply *reply)
{
	struct wire_out out = { reply->data, sizeof(reply->data), false };
	size_t user_len = strlen(login->secret.user);

	reply->wanted = false;
	if (login->done)
		return LOGIN_GOES_ON;
	if (user_len > UINT8_MAX || login->secret.password_len > UINT8_MAX ||
	    ++login->tries > LOGIN_TRIES_MAX)
		return LOGIN_BROKEN;
	put_u8(&out, (uint8_t)user_len);
	put_block(&out, login->secret.user, user_len);
	put_u8(&out, (uint8_t)login->secret.password_len);
	put_block(&out, login->secret.password, login->secret.password_len);
	login->answered = true;
	reply->wanted = true;
	reply->code = PAP_REQUEST;
	reply->id = ++login->id;
	reply->n = (size_t)(out.p - reply->data);
	return LOGIN_GOES_ON;
}

enum login_result
login_pap_input(struct login *login, const struct cp_packet *packet)
{
	struct wire_in in = packet->data, text;
	uint8_t n;

	if (!login->answered || packet->id != login->id)
		return LOGIN_GOES_ON;
	login->text[0] = '\0';
	if (take_u8(&in, &n) && take_block(&in, n, &text))
		keep_text(login, text);
	if (packet->code == PAP_ACK)
		return succeed(login);
	return packet->code == PAP_NAK ? LOGIN_REFUSED : LOGIN_GOES_ON;
}

/* --- CHAP --- */

static bool
md5_response(const struct login *login, uint8_t id, struct wire_in challenge,
    struct wire_out *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t digest[MD5_LEN];
	unsigned int n = 0;
	bool ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1 &&
	     EVP_DigestUpdate(ctx, &id, 1) == 1 &&
	     EVP_DigestUpdate(ctx, login->secret.password,
		 login->secret.password_len) == 1 &&
	     EVP_DigestUpdate(ctx, challenge.p, challenge.n) == 1 &&
	     EVP_DigestFinal_ex(ctx, digest, &n) == 1 && n == MD5_LEN;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return false;
	put_u8(out, MD5_LEN);
	put_block(out, digest, MD5_LEN);
	return true;
}

/*
 * A challenge that comes again is one whose answer was late. The proof that is
 * under way belongs to that answer, so it has to be given once more: another
 * one, and the server would seem not to know the password.
 */
static bool
is_repeated(const struct mschap_exchange *x, struct wire_in challenge)
{
	return x->user != NULL && memcmp(x->server_challenge, challenge.p,
				      MSCHAP_CHALLENGE_LEN) == 0;
}

static bool
mschap_response(struct login *login, struct wire_in challenge,
    const uint8_t *random, struct wire_out *out)
{
	static const uint8_t reserved[8];
	struct mschap_exchange *x = &login->exchange;

	if (challenge.n != MSCHAP_CHALLENGE_LEN ||
	    !mschap_hash(
		login->secret.password, login->secret.password_len, x->hash))
		return false;
	if (!is_repeated(x, challenge)) {
		memcpy(x->server_challenge, challenge.p, MSCHAP_CHALLENGE_LEN);
		memcpy(x->client_challenge, random, MSCHAP_CHALLENGE_LEN);
	}
	x->user = login->secret.user;
	if (!mschap_respond(x))
		return false;
	put_u8(out, MSCHAP_VALUE_LEN);
	put_block(out, x->client_challenge, MSCHAP_CHALLENGE_LEN);
	put_block(out, reserved, sizeof(reserved));
	put_block(out, x->response, MSCHAP_RESPONSE_LEN);
	put_u8(out, 0); /* flags */
	return true;
}

static enum login_result
on_challenge(struct login *login, const struct cp_packet *packet,
    const uint8_t *random, struct login_reply *reply)
{
	struct wire_out out = { reply->data, sizeof(reply->data), false };
	struct wire_in in = packet->data, challenge;
	uint8_t n;
	bool ok;

	if (!take_u8(&in, &n) || n == 0 || !take_block(&in, n, &challenge))
		return LOGIN_BROKEN;
	if (login->method == LOGIN_MSCHAP_V2)
		ok = mschap_response(login, challenge, random, &out);
	else
		ok = md5_response(login, packet->id, challenge, &out);
	put_block(&out, login->secret.user, strlen(login->secret.user));
	if (!ok || out.overflow)
		return LOGIN_BROKEN;
	login->id = packet->id;
	login->answered = true;
	reply->wanted = true;
	reply->code = CHAP_RESPONSE;
	reply->id = packet->id;
	reply->n = (size_t)(out.p - reply->data);
	return LOGIN_GOES_ON;
}

static enum login_result
on_success(struct login *login, struct wire_in text)
{
	struct binding_keys *keys = &login->keys;
	bool again = login->done;

	keep_text(login, text);
	if (login->method != LOGIN_MSCHAP_V2)
		return succeed(login);
	if (!mschap_check_proof(&login->exchange, text.p, text.n))
		return LOGIN_UNPROVEN;
	/* the binding is made of the first exchange, whatever comes later */
	if (!again) {
		if (!mschap_keys(&login->exchange, keys->receive, keys->send))
			return LOGIN_BROKEN;
		keys->receive_len = keys->send_len = MSCHAP_KEY_LEN;
		keys->state = KEYS_MPPE;
	}
	return succeed(login);
}

/* "E=691 R=1 C=... V=3 M=text", all parts optional to a careful reader. */
static void
parse_failure(struct login *login, struct wire_in text)
{
	const char *message;

	keep_text(login, text);
	if (sscanf(login->text, "E=%5u", &login->code) != 1)
		login->code = 0;
	message = strstr(login->text, "M=");
	if (login->method != LOGIN_MSCHAP_V2 || login->code == 0)
		return;
	if (message == NULL)
		login->text[0] = '\0';
	else
		memmove(login->text, message + 2, strlen(message + 2) + 1);
}

enum login_result
login_chap_input(struct login *login, const struct cp_packet *packet,
    const uint8_t random[static MSCHAP_CHALLENGE_LEN],
    struct login_reply *reply)
{
	reply->wanted = false;
	if (packet->code == CHAP_CHALLENGE)
		return on_challenge(login, packet, random, reply);
	if (!login->answered || packet->id != login->id)
		return LOGIN_GOES_ON;
	if (packet->code == CHAP_SUCCESS)
		return on_success(login, packet->data);
	if (packet->code != CHAP_FAILURE)
		return LOGIN_GOES_ON;
	parse_failure(login, packet->data);
	return LOGIN_REFUSED;
}

/* --- names --- */

const char *
login_method_name(enum login_method method)
{
	switch (method) {
	case LOGIN_PAP:
		return "pap";
	case LOGIN_CHAP_MD5:
		return "chap-md5";
	case LOGIN_MSCHAP_V2:
		return "mschap-v2";
	default:
		return "none";
	}
}

const char *
login_code_text(unsigned int code)
{
	switch (code) {
	case 646:
		return "not at this hour";
	case 647:
		return "the account is disabled";
	case 648:
		return "the password has expired";
	case 649:
		return "no permission to dial in";
	case 691:
		return "wrong user name or password";
	case 709:
		return "the password cannot be changed";
	default:
		return NULL;
	}
}
