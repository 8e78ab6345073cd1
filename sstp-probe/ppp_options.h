/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What we ask for, and what we let a peer have, in LCP, IPCP and IPV6CP (RFC
 * 1661, 1332, 1877, 5072): the owners of one struct cp each.
 */

#ifndef SSTP_PROBE_PPP_OPTIONS_H
#define SSTP_PROBE_PPP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cp.h"
#include "login.h"

enum {
	LCP_MRU = 1400, /* what Windows has on such a link */
	LCP_DEFAULT_MRU = 1500,
	LCP_REFUSED_MAX = 24,
	IPV6CP_ID_LEN = 8,
};

struct lcp {
	struct cp cp;
	uint32_t allowed; /* of enum login_method */
	/* ours */
	bool want_mru, want_magic;
	uint16_t mru;
	uint32_t magic;
	/* the peer's */
	uint16_t peer_mru;
	enum login_method method;      /* agreed on; 0: it wants none */
	uint32_t suggested;	       /* methods named in a Nak of ours */
	char refused[LCP_REFUSED_MAX]; /* one it asked for in vain, or "" */
};

/* Addresses are in network order. */
struct ipcp {
	struct cp cp;
	bool want_address, want_dns[2];
	uint32_t address, dns[2];
	uint32_t peer_address;
};

struct ipv6cp {
	struct cp cp;
	bool want_id;
	uint8_t id[IPV6CP_ID_LEN], peer_id[IPV6CP_ID_LEN];
};

/* To be embedded where they stay: each struct cp points to what is around it.
 */
void lcp_init(struct lcp *lcp, cp_send *send, void *link, uint32_t allowed,
    uint32_t magic);
void ipcp_init(struct ipcp *ipcp, cp_send *send, void *link);
void ipv6cp_init(struct ipv6cp *ipv6cp, cp_send *send, void *link,
    const uint8_t id[static IPV6CP_ID_LEN]);

#endif
