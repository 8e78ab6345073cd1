/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The options of LCP, IPCP and IPV6CP. */

#include <stdio.h>
#include <string.h>

#include "ppp_number.h"
#include "ppp_options.h"

enum { /* RFC 1661 section 6, RFC 1662 section 7 */
	LCP_OPTION_MRU = 1,
	LCP_OPTION_ACCM = 2,
	LCP_OPTION_AUTH = 3,
	LCP_OPTION_MAGIC = 5,
	LCP_OPTION_PFC = 7,
	LCP_OPTION_ACFC = 8,
};

enum { CHAP_ALGORITHM_MD5 = 5, CHAP_ALGORITHM_MSCHAP_V2 = 0x81 };

enum { /* RFC 1332, RFC 1877 */
	IPCP_OPTION_ADDRESS = 3,
	IPCP_OPTION_DNS1 = 129,
	IPCP_OPTION_DNS2 = 131,
};

enum { IPV6CP_OPTION_ID = 1 };

enum { MRU_MIN = 128, MRU_MAX = 4087 };

/* --- LCP --- */

static void
put_method(struct wire_out *out, enum login_method method)
{
	if (method == LOGIN_PAP) {
		cp_put_option(out, LCP_OPTION_AUTH, 2);
		put_be16(out, PPP_PAP);
		return;
	}
	cp_put_option(out, LCP_OPTION_AUTH, 3);
	put_be16(out, PPP_CHAP);
	put_u8(out, method == LOGIN_MSCHAP_V2 ? CHAP_ALGORITHM_MSCHAP_V2
					      : CHAP_ALGORITHM_MD5);
}

/* 0 for one that we do not know. */
static enum login_method
parse_method(struct wire_in value, char name[LCP_REFUSED_MAX])
{
	uint16_t protocol = 0;
	uint8_t algorithm = 0;

	take_be16(&value, &protocol);
	if (protocol == PPP_PAP && value.n == 0)
		return LOGIN_PAP;
	if (protocol == PPP_CHAP && value.n == 1) {
		take_u8(&value, &algorithm);
		if (algorithm == CHAP_ALGORITHM_MD5)
			return LOGIN_CHAP_MD5;
		if (algorithm == CHAP_ALGORITHM_MSCHAP_V2)
			return LOGIN_MSCHAP_V2;
		snprintf(name, LCP_REFUSED_MAX, "chap 0x%02x", algorithm);
		return 0;
	}
	if (protocol == PPP_EAP)
		snprintf(name, LCP_REFUSED_MAX, "eap");
	else
		snprintf(name, LCP_REFUSED_MAX, "protocol 0x%04x", protocol);
	return 0;
}

/* The strongest method not yet suggested; from the start when all were. */
static enum login_method
next_suggestion(struct lcp *lcp)
{
	static const enum login_method order[] = { LOGIN_MSCHAP_V2,
		LOGIN_CHAP_MD5, LOGIN_PAP };

	if ((lcp->allowed & ~lcp->suggested) == 0)
		lcp->suggested = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if ((lcp->allowed & ~lcp->suggested & order[i]) == 0)
			continue;
		lcp->suggested |= order[i];
		return order[i];
	}
	return 0;
}

static enum cp_judgement
judge_auth(struct lcp *lcp, struct wire_in value, struct wire_out *nak)
{
	char name[LCP_REFUSED_MAX];
	enum login_method method = parse_method(value, name);

	if (method & lcp->allowed) {
		lcp->method = method;
		return CP_ACK;
	}
	snprintf(lcp->refused, sizeof(lcp->refused), "%s",
	    method != 0 ? login_method_name(method) : name);
	method = next_suggestion(lcp);
	if (method == 0)
		return CP_REJECT;
	put_method(nak, method);
	return CP_NAK;
}

static void
lcp_begin(void *owner)
{
	struct lcp *lcp = owner;

	lcp->peer_mru = LCP_DEFAULT_MRU;
	lcp->method = 0;
}

static void
lcp_put_options(void *owner, struct wire_out *out)
{
	struct lcp *lcp = owner;

	if (lcp->want_mru) {
		cp_put_option(out, LCP_OPTION_MRU, 2);
		put_be16(out, lcp->mru);
	}
	if (lcp->want_magic) {
		cp_put_option(out, LCP_OPTION_MAGIC, 4);
		put_be32(out, lcp->magic);
	}
}

static enum cp_judgement
lcp_judge(void *owner, uint8_t type, struct wire_in value, struct wire_out *nak)
{
	struct lcp *lcp = owner;
	uint16_t mru;

	switch (type) {
	case LCP_OPTION_MRU:
		if (!take_be16(&value, &mru) || value.n > 0 || mru < MRU_MIN)
			return CP_REJECT;
		lcp->peer_mru = mru;
		return CP_ACK;
	case LCP_OPTION_AUTH:
		return judge_auth(lcp, value, nak);
	case LCP_OPTION_ACCM: /* there is nothing to escape */
	case LCP_OPTION_MAGIC:
		return value.n == 4 ? CP_ACK : CP_REJECT;
	default: /* PFC and ACFC too: frames look the same all the time */
		return CP_REJECT;
	}
}

static void
lcp_naked(void *owner, uint8_t type, struct wire_in value)
{
	struct lcp *lcp = owner;
	uint16_t mru;

	if (type == LCP_OPTION_MRU && take_be16(&value, &mru)) {
		lcp->mru = mru;
		lcp->want_mru = mru >= MRU_MIN && mru <= MRU_MAX;
	} else if (type == LCP_OPTION_MAGIC) {
		take_be32(&value, &lcp->magic);
	}
}

static void
lcp_rejected(void *owner, uint8_t type)
{
	struct lcp *lcp = owner;

	if (type == LCP_OPTION_MRU)
		lcp->want_mru = false;
	else if (type == LCP_OPTION_MAGIC)
		lcp->want_magic = false;
}

void
lcp_init(struct lcp *lcp, cp_send *send, void *link, uint32_t allowed,
    uint32_t magic)
{
	static const struct cp_ops ops = { lcp_begin, lcp_put_options,
		lcp_judge, lcp_naked, lcp_rejected };

	*lcp = (struct lcp){
		.cp = { .ops = &ops,
		    .owner = lcp,
		    .protocol = PPP_LCP,
		    .send = send,
		    .link = link },
		.allowed = allowed,
		.want_mru = true,
		.want_magic = true,
		.mru = LCP_MRU,
		.magic = magic,
		.peer_mru = LCP_DEFAULT_MRU,
	};
}

/* --- IPCP --- */

static void
ipcp_begin(void *owner)
{
	struct ipcp *ipcp = owner;

	ipcp->peer_address = 0;
}

static void
put_address(struct wire_out *out, uint8_t type, uint32_t address)
{
	cp_put_option(out, type, sizeof(address));
	put_block(out, &address, sizeof(address));
}

static void
ipcp_put_options(void *owner, struct wire_out *out)
{
	struct ipcp *ipcp = owner;

	if (ipcp->want_address)
		put_address(out, IPCP_OPTION_ADDRESS, ipcp->address);
	if (ipcp->want_dns[0])
		put_address(out, IPCP_OPTION_DNS1, ipcp->dns[0]);
	if (ipcp->want_dns[1])
		put_address(out, IPCP_OPTION_DNS2, ipcp->dns[1]);
}

static bool
parse_address(struct wire_in value, uint32_t *address)
{
	if (value.n != sizeof(*address))
		return false;
	memcpy(address, value.p, sizeof(*address));
	return true;
}

/* No compression of headers, and no address for whoever has none. */
static enum cp_judgement
ipcp_judge(
    void *owner, uint8_t type, struct wire_in value, struct wire_out *nak)
{
	struct ipcp *ipcp = owner;

	(void)nak;
	if (type != IPCP_OPTION_ADDRESS ||
	    !parse_address(value, &ipcp->peer_address) ||
	    ipcp->peer_address == 0)
		return CP_REJECT;
	return CP_ACK;
}

static void
ipcp_naked(void *owner, uint8_t type, struct wire_in value)
{
	struct ipcp *ipcp = owner;

	if (type == IPCP_OPTION_ADDRESS)
		parse_address(value, &ipcp->address);
	else if (type == IPCP_OPTION_DNS1)
		parse_address(value, &ipcp->dns[0]);
	else if (type == IPCP_OPTION_DNS2)
		parse_address(value, &ipcp->dns[1]);
}

static void
ipcp_rejected(void *owner, uint8_t type)
{
	struct ipcp *ipcp = owner;

	if (type == IPCP_OPTION_ADDRESS)
		ipcp->want_address = false;
	else if (type == IPCP_OPTION_DNS1)
		ipcp->want_dns[0] = false;
	else if (type == IPCP_OPTION_DNS2)
		ipcp->want_dns[1] = false;
}

void
ipcp_init(struct ipcp *ipcp, cp_send *send, void *link)
{
	static const struct cp_ops ops = { ipcp_begin, ipcp_put_options,
		ipcp_judge, ipcp_naked, ipcp_rejected };

	*ipcp = (struct ipcp){
		.cp = { .ops = &ops,
		    .owner = ipcp,
		    .protocol = PPP_IPCP,
		    .send = send,
		    .link = link },
		.want_address = true,
		.want_dns = { true, true },
	};
}

/* --- IPV6CP --- */

static const uint8_t no_id[IPV6CP_ID_LEN];

static void
ipv6cp_begin(void *owner)
{
	struct ipv6cp *ipv6cp = owner;

	memset(ipv6cp->peer_id, 0, IPV6CP_ID_LEN);
}

static void
ipv6cp_put_options(void *owner, struct wire_out *out)
{
	struct ipv6cp *ipv6cp = owner;

	if (!ipv6cp->want_id)
		return;
	cp_put_option(out, IPV6CP_OPTION_ID, IPV6CP_ID_LEN);
	put_block(out, ipv6cp->id, IPV6CP_ID_LEN);
}

static enum cp_judgement
ipv6cp_judge(
    void *owner, uint8_t type, struct wire_in value, struct wire_out *nak)
{
	struct ipv6cp *ipv6cp = owner;
	uint8_t other[IPV6CP_ID_LEN];

	if (type != IPV6CP_OPTION_ID || value.n != IPV6CP_ID_LEN)
		return CP_REJECT;
	if (memcmp(value.p, no_id, IPV6CP_ID_LEN) != 0 &&
	    memcmp(value.p, ipv6cp->id, IPV6CP_ID_LEN) != 0) {
		memcpy(ipv6cp->peer_id, value.p, IPV6CP_ID_LEN);
		return CP_ACK;
	}
	/* any but ours will do */
	memcpy(other, ipv6cp->id, IPV6CP_ID_LEN);
	other[IPV6CP_ID_LEN - 1] ^= 1;
	cp_put_option(nak, IPV6CP_OPTION_ID, IPV6CP_ID_LEN);
	put_block(nak, other, IPV6CP_ID_LEN);
	return CP_NAK;
}

static void
ipv6cp_naked(void *owner, uint8_t type, struct wire_in value)
{
	struct ipv6cp *ipv6cp = owner;

	if (type == IPV6CP_OPTION_ID && value.n == IPV6CP_ID_LEN)
		memcpy(ipv6cp->id, value.p, IPV6CP_ID_LEN);
}

static void
ipv6cp_rejected(void *owner, uint8_t type)
{
	struct ipv6cp *ipv6cp = owner;

	if (type == IPV6CP_OPTION_ID)
		ipv6cp->want_id = false;
}

void
ipv6cp_init(struct ipv6cp *ipv6cp, cp_send *send, void *link,
    const uint8_t id[static IPV6CP_ID_LEN])
{
	static const struct cp_ops ops = { ipv6cp_begin, ipv6cp_put_options,
		ipv6cp_judge, ipv6cp_naked, ipv6cp_rejected };

	*ipv6cp = (struct ipv6cp){
		.cp = { .ops = &ops,
		    .owner = ipv6cp,
		    .protocol = PPP_IPV6CP,
		    .send = send,
		    .link = link },
		.want_id = true,
	};
	memcpy(ipv6cp->id, id, IPV6CP_ID_LEN);
}
