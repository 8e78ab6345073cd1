/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A PPP client. */

#include <stdio.h>
#include <string.h>

#include "ppp.h"

enum {
	ALL_STATIONS = 0xff,
	UNNUMBERED = 0x03,
	FRAME_HEADER_LEN = 4,
	FRAME_MAX = 4091, /* what an SSTP packet holds */
	REJECT_MAX = 64,  /* of a packet that we send back */
	CLOSES_MAX = 2,
};

static void
send_frame(struct ppp *ppp, uint16_t protocol, const void *head,
    size_t head_len, const void *data, size_t n)
{
	uint8_t frame[FRAME_MAX];
	struct wire_out out = { frame, sizeof(frame), false };

	put_u8(&out, ALL_STATIONS);
	put_u8(&out, UNNUMBERED);
	put_be16(&out, protocol);
	put_block(&out, head, head_len);
	put_block(&out, data, n);
	if (!out.overflow)
		ppp->ops->send(ppp->owner, frame, (size_t)(out.p - frame));
}

/* A packet of any protocol that has code, identifier and length. */
static void
send_packet(void *link, uint16_t protocol, uint8_t code, uint8_t id,
    const uint8_t *data, size_t n)
{
	size_t length = n + CP_HEADER_LEN;
	uint8_t head[] = { code, id, (uint8_t)(length >> 8), (uint8_t)length };

	send_frame(link, protocol, head, sizeof(head), data, n);
}

/* --- phases --- */

static void
fail(struct ppp *ppp, enum ppp_failure failure, const char *why)
{
	if (ppp->phase == PPP_ENDED)
		return;
	ppp->phase = PPP_ENDED;
	ppp->failure = failure;
	snprintf(ppp->why, sizeof(ppp->why), "%s", why);
	ppp->ops->event(ppp->owner, PPP_FAILED);
}

static void
enter_network(struct ppp *ppp)
{
	ppp->phase = PPP_NETWORK;
	ppp->ops->event(ppp->owner, PPP_AUTHENTICATED);
	if (ppp->phase == PPP_NETWORK)
		cp_start(&ppp->ipcp.cp);
}

/* Open once IPCP is, and IPV6CP if the server has begun it. */
static void
check_network(struct ppp *ppp)
{
	if (ppp->phase != PPP_NETWORK || !cp_is_open(&ppp->ipcp.cp))
		return;
	if (ppp->ipv6cp.cp.started && !ppp->ipv6_refused &&
	    !cp_is_open(&ppp->ipv6cp.cp))
		return;
	if (ppp->ipcp.address == 0 || !ppp->ipcp.want_address) {
		fail(ppp, PPP_NO_ADDRESS, "the server gives no IPv4 address");
		return;
	}
	ppp->phase = PPP_UP;
	ppp->ops->event(ppp->owner, PPP_OPENED);
}

/* --- authentication --- */

static void
on_refused(struct ppp *ppp)
{
	const struct login *login = &ppp->login;
	const char *meaning = login_code_text(login->code);
	char why[PPP_WHY_MAX];

	if (meaning == NULL)
		meaning = "the server refuses to let us in";
	if (login->text[0] != '\0')
		snprintf(
		    why, sizeof(why), "%s (\"%.128s\")", meaning, login->text);
	else
		snprintf(why, sizeof(why), "%s", meaning);
	fail(ppp, PPP_LOGIN_REFUSED, why);
}

static void
on_login(struct ppp *ppp, enum login_result result)
{
	switch (result) {
	case LOGIN_GOES_ON:
		break;
	case LOGIN_DONE:
		if (ppp->phase == PPP_AUTHENTICATE)
			enter_network(ppp);
		break;
	case LOGIN_REFUSED:
		on_refused(ppp);
		break;
	case LOGIN_UNPROVEN:
		fail(ppp, PPP_SERVER_UNPROVEN,
		    "the server does not prove that it knows the password");
		break;
	case LOGIN_BROKEN:
		fail(ppp, PPP_LOGIN_BROKEN,
		    ppp->login.method == LOGIN_PAP
			? "PAP is not answered, or the name is too long for it"
			: "the server's challenge cannot be answered");
		break;
	}
}

static void
send_login(struct ppp *ppp, uint16_t protocol, const struct login_reply *reply)
{
	if (reply->wanted)
		send_packet(ppp, protocol, reply->code, reply->id, reply->data,
		    reply->n);
}

static void
request_pap(struct ppp *ppp)
{
	struct login_reply reply;
	enum login_result result = login_pap_request(&ppp->login, &reply);

	send_login(ppp, PPP_PAP, &reply);
	on_login(ppp, result);
}

static void
input_chap(struct ppp *ppp, const struct cp_packet *packet)
{
	uint8_t random[MSCHAP_CHALLENGE_LEN];
	struct login_reply reply;
	enum login_result result;

	if (ppp->login.method == 0 || ppp->login.method == LOGIN_PAP)
		return;
	if (!ppp->ops->random(ppp->owner, random, sizeof(random))) {
		fail(ppp, PPP_LOGIN_BROKEN, "no random numbers");
		return;
	}
	result = login_chap_input(&ppp->login, packet, random, &reply);
	send_login(ppp, PPP_CHAP, &reply);
	on_login(ppp, result);
}

static void
fail_method(struct ppp *ppp)
{
	char why[PPP_WHY_MAX];

	snprintf(why, sizeof(why),
	    "the server wants to authenticate us by %s, which is not allowed "
	    "here",
	    ppp->lcp.refused);
	fail(ppp, PPP_NO_METHOD,
	    ppp->lcp.refused[0] != '\0'
		? why
		: "the server asks for no authentication");
}

static void
enter_authentication(struct ppp *ppp)
{
	ppp->phase = PPP_AUTHENTICATE;
	ppp->login.method = ppp->lcp.method;
	ppp->ops->event(ppp->owner, PPP_LCP_OPENED);
	if (ppp->phase != PPP_AUTHENTICATE)
		return;
	if (ppp->login.method == LOGIN_PAP) {
		request_pap(ppp);
	} else if (ppp->login.method == 0) {
		/* none, because we refused another, is no server's wish */
		ppp->login.keys.state = KEYS_NONE;
		if (ppp->anonymous && ppp->lcp.refused[0] == '\0')
			enter_network(ppp);
		else
			fail_method(ppp);
	}
}

/* --- control protocols --- */

static void
on_lcp(struct ppp *ppp, enum cp_result result)
{
	switch (result) {
	case CP_GOES_ON:
		break;
	case CP_OPENED:
		if (ppp->phase == PPP_ESTABLISH)
			enter_authentication(ppp);
		break;
	case CP_RESTART:
		/* afterwards, the binding would be another link's */
		if (ppp->phase == PPP_AUTHENTICATE)
			ppp->phase = PPP_ESTABLISH;
		else
			fail(ppp, PPP_NO_AGREEMENT,
			    "the server starts LCP over");
		break;
	case CP_FAILED:
		fail(ppp, PPP_NO_AGREEMENT, "LCP does not come to an end");
		break;
	}
}

static void
on_ncp(struct ppp *ppp, enum cp_result result, const char *name)
{
	char why[PPP_WHY_MAX];

	if (result == CP_FAILED) {
		snprintf(why, sizeof(why), "%s does not come to an end", name);
		fail(ppp, PPP_NO_AGREEMENT, why);
		return;
	}
	if (result == CP_RESTART && ppp->phase == PPP_UP)
		ppp->phase = PPP_NETWORK;
	if (result == CP_OPENED && ppp->phase == PPP_UP)
		ppp->ops->event(ppp->owner, PPP_OPENED);
	check_network(ppp);
}

static void
on_terminate(struct ppp *ppp, const struct cp_packet *packet)
{
	size_t n = packet->data.n < 64 ? packet->data.n : 64;
	char text[65], why[PPP_WHY_MAX];

	send_packet(ppp, PPP_LCP, CP_TERM_ACK, packet->id, NULL, 0);
	if (ppp->phase == PPP_TERMINATE)
		return; /* its answer to ours is still to come */
	for (size_t i = 0; i < n; i++)
		text[i] = packet->data.p[i] >= ' ' && packet->data.p[i] < 0x7f
			      ? (char)packet->data.p[i]
			      : '?';
	text[n] = '\0';
	if (ppp->phase == PPP_ESTABLISH && ppp->lcp.refused[0] != '\0') {
		fail_method(ppp);
		return;
	}
	snprintf(why, sizeof(why), "the server ends the link%s%s%s",
	    n > 0 ? " (\"" : "", text, n > 0 ? "\")" : "");
	fail(ppp, PPP_TERMINATED, why);
}

static void
reply_echo(struct ppp *ppp, const struct cp_packet *packet)
{
	uint8_t data[FRAME_MAX];
	struct wire_out out = { data, sizeof(data), false };
	struct wire_in in = packet->data;
	uint32_t magic;

	if (!take_be32(&in, &magic) || !cp_is_open(&ppp->lcp.cp))
		return;
	put_be32(&out, ppp->lcp.want_magic ? ppp->lcp.magic : 0);
	put_block(&out, in.p, in.n);
	if (!out.overflow)
		send_packet(ppp, PPP_LCP, CP_ECHO_REP, packet->id, data,
		    (size_t)(out.p - data));
}

static void
on_protocol_reject(struct ppp *ppp, struct wire_in in)
{
	uint16_t protocol;

	if (!take_be16(&in, &protocol))
		return;
	if (protocol == PPP_IPCP) {
		fail(ppp, PPP_NO_ADDRESS, "the server knows no IPv4");
	} else if (protocol == PPP_IPV6CP) {
		ppp->ipv6_refused = true;
		check_network(ppp);
	}
}

static void
input_lcp(struct ppp *ppp, const struct cp_packet *packet)
{
	switch (packet->code) {
	case CP_CONF_REQ:
	case CP_CONF_ACK:
	case CP_CONF_NAK:
	case CP_CONF_REJ:
		if (ppp->phase != PPP_TERMINATE)
			on_lcp(ppp, cp_input(&ppp->lcp.cp, packet));
		break;
	case CP_TERM_REQ:
		on_terminate(ppp, packet);
		break;
	case CP_TERM_ACK:
		if (ppp->phase != PPP_TERMINATE)
			break;
		ppp->phase = PPP_ENDED;
		ppp->ops->event(ppp->owner, PPP_CLOSED);
		break;
	case CP_ECHO_REQ:
		reply_echo(ppp, packet);
		break;
	case CP_PROTO_REJ:
		on_protocol_reject(ppp, packet->data);
		break;
	default: /* nothing of ours that a peer may not know */
		break;
	}
}

static void
input_ncp(struct ppp *ppp, uint16_t protocol, const struct cp_packet *packet)
{
	struct cp *cp = protocol == PPP_IPCP ? &ppp->ipcp.cp : &ppp->ipv6cp.cp;
	const char *name = protocol == PPP_IPCP ? "IPCP" : "IPV6CP";

	if (ppp->phase != PPP_NETWORK && ppp->phase != PPP_UP)
		return;
	if (packet->code == CP_TERM_REQ) {
		send_packet(ppp, protocol, CP_TERM_ACK, packet->id, NULL, 0);
		if (protocol == PPP_IPCP)
			fail(ppp, PPP_TERMINATED, "the server ends IPCP");
		else
			ppp->ipv6_refused = true;
		check_network(ppp);
		return;
	}
	if (packet->code == CP_CONF_REQ && protocol == PPP_IPV6CP)
		cp_start(cp);
	on_ncp(ppp, cp_input(cp, packet), name);
}

/* --- frames --- */

/* Address and control may be missing, as may a protocol's first byte. */
static bool
take_protocol(struct wire_in *in, uint16_t *protocol)
{
	uint8_t first;

	if (in->n >= 2 && in->p[0] == ALL_STATIONS && in->p[1] == UNNUMBERED) {
		in->p += 2;
		in->n -= 2;
	}
	if (in->n == 0 || (in->p[0] & 1) == 0)
		return take_be16(in, protocol);
	take_u8(in, &first);
	*protocol = first;
	return first != ALL_STATIONS; /* which is no protocol */
}

static void
reject_protocol(struct ppp *ppp, uint16_t protocol, struct wire_in in)
{
	uint8_t data[2 + REJECT_MAX];
	struct wire_out out = { data, sizeof(data), false };

	if (!cp_is_open(&ppp->lcp.cp))
		return;
	put_be16(&out, protocol);
	put_block(&out, in.p, in.n < REJECT_MAX ? in.n : REJECT_MAX);
	send_packet(ppp, PPP_LCP, CP_PROTO_REJ, ++ppp->id, data,
	    (size_t)(out.p - data));
}

static void
input_control(
    struct ppp *ppp, uint16_t protocol, const struct cp_packet *packet)
{
	bool late = ppp->phase == PPP_ESTABLISH || ppp->phase == PPP_TERMINATE;

	switch (protocol) {
	case PPP_LCP:
		input_lcp(ppp, packet);
		break;
	case PPP_PAP:
		if (ppp->login.method == LOGIN_PAP && !late)
			on_login(ppp, login_pap_input(&ppp->login, packet));
		break;
	case PPP_CHAP:
		if (!late)
			input_chap(ppp, packet);
		break;
	default:
		input_ncp(ppp, protocol, packet);
		break;
	}
}

void
ppp_input(struct ppp *ppp, const uint8_t *frame, size_t n)
{
	struct wire_in in = { frame, n };
	struct cp_packet packet;
	uint16_t protocol;

	if (ppp->phase == PPP_ENDED || !take_protocol(&in, &protocol))
		return;
	switch (protocol) {
	case PPP_IPV4:
	case PPP_IPV6:
		if (ppp->phase == PPP_UP)
			ppp->ops->data(ppp->owner, protocol, in.p, in.n);
		break;
	case PPP_LCP:
	case PPP_PAP:
	case PPP_CHAP:
	case PPP_IPCP:
	case PPP_IPV6CP:
		if (cp_parse(in.p, in.n, &packet))
			input_control(ppp, protocol, &packet);
		break;
	default:
		reject_protocol(ppp, protocol, in);
		break;
	}
}

void
ppp_send_ip(struct ppp *ppp, const uint8_t *packet, size_t n)
{
	if (ppp->phase == PPP_UP)
		send_frame(ppp, PPP_IPV4, NULL, 0, packet, n);
}

/* --- life --- */

bool
ppp_init(struct ppp *ppp, const struct ppp_ops *ops, void *owner,
    const struct login_secret *secret, uint32_t allowed, bool anonymous)
{
	uint8_t id[IPV6CP_ID_LEN], bytes[4];
	struct wire_in in = { bytes, sizeof(bytes) };
	uint32_t magic = 0;

	*ppp =
	    (struct ppp){ .ops = ops, .owner = owner, .anonymous = anonymous };
	if (!ops->random(owner, bytes, sizeof(bytes)) ||
	    !ops->random(owner, id, sizeof(id)))
		return false;
	take_be32(&in, &magic);
	id[0] &= 0xfd; /* not a universal one, RFC 5072 */
	lcp_init(&ppp->lcp, send_packet, ppp, allowed, magic);
	login_init(&ppp->login, secret);
	ipcp_init(&ppp->ipcp, send_packet, ppp);
	ipv6cp_init(&ppp->ipv6cp, send_packet, ppp, id);
	return true;
}

void
ppp_start(struct ppp *ppp)
{
	cp_start(&ppp->lcp.cp);
}

bool
ppp_is_waiting(const struct ppp *ppp)
{
	return ppp->phase != PPP_UP && ppp->phase != PPP_ENDED;
}

bool
ppp_is_up(const struct ppp *ppp, uint16_t protocol)
{
	if (ppp->phase != PPP_UP)
		return false;
	return protocol == PPP_IPV4 ||
	       (protocol == PPP_IPV6 && cp_is_open(&ppp->ipv6cp.cp) &&
		   !ppp->ipv6_refused);
}

void
ppp_timeout(struct ppp *ppp)
{
	switch (ppp->phase) {
	case PPP_ESTABLISH:
		on_lcp(ppp, cp_timeout(&ppp->lcp.cp));
		break;
	case PPP_AUTHENTICATE:
		if (ppp->login.method == LOGIN_PAP)
			request_pap(ppp);
		break;
	case PPP_NETWORK:
		on_ncp(ppp, cp_timeout(&ppp->ipcp.cp), "IPCP");
		if (ppp->phase == PPP_NETWORK)
			on_ncp(ppp, cp_timeout(&ppp->ipv6cp.cp), "IPV6CP");
		break;
	case PPP_TERMINATE:
		ppp_close(ppp);
		break;
	case PPP_UP:
	case PPP_ENDED:
		break;
	}
}

void
ppp_close(struct ppp *ppp)
{
	if (ppp->phase == PPP_ENDED)
		return;
	if (ppp->closes++ < CLOSES_MAX) {
		ppp->phase = PPP_TERMINATE;
		send_packet(ppp, PPP_LCP, CP_TERM_REQ, ++ppp->id, NULL, 0);
		return;
	}
	ppp->phase = PPP_ENDED;
	ppp->ops->event(ppp->owner, PPP_CLOSED);
}

void
ppp_fini(struct ppp *ppp)
{
	login_wipe(&ppp->login);
}
