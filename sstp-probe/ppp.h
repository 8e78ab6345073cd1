/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A PPP client: LCP, authentication, IPCP, and IPV6CP where the server begins
 * it. Frames come in, frames go out through a callback; it has no line, no
 * clock (time is an event) and no source of random numbers. A frame of the
 * server is answered by two at most, and negotiations that do not converge end
 * it.
 */

#ifndef SSTP_PROBE_PPP_H
#define SSTP_PROBE_PPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "login.h"
#include "ppp_number.h"
#include "ppp_options.h"

enum { PPP_WHY_MAX = 192 };

enum ppp_phase {
	PPP_ESTABLISH,
	PPP_AUTHENTICATE,
	PPP_NETWORK,
	PPP_UP,
	PPP_TERMINATE, /* we have asked the server to end it */
	PPP_ENDED,
};

enum ppp_event {
	PPP_LCP_OPENED,
	PPP_AUTHENTICATED, /* keys are there; comes before any IPCP frame */
	/* IPCP, and IPV6CP if the server began it; or the latter, later on */
	PPP_OPENED,
	PPP_FAILED, /* see failure and why */
	PPP_CLOSED, /* after ppp_close() */
};

enum ppp_failure {
	PPP_NO_FAILURE,
	PPP_NO_AGREEMENT, /* LCP or IPCP does not converge */
	PPP_NO_METHOD,	  /* none that both sides allow */
	PPP_LOGIN_REFUSED,
	PPP_SERVER_UNPROVEN, /* MS-CHAPv2: it does not know the password */
	PPP_LOGIN_BROKEN,
	PPP_NO_ADDRESS,
	PPP_TERMINATED, /* by the server */
};

struct ppp_ops {
	void (*send)(void *owner, const uint8_t *frame, size_t n);
	void (*event)(void *owner, enum ppp_event event);
	/* an IP packet; the protocol is PPP_IPV4 or PPP_IPV6 */
	void (*data)(
	    void *owner, uint16_t protocol, const uint8_t *p, size_t n);
	bool (*random)(void *owner, uint8_t *p, size_t n);
};

struct ppp {
	enum ppp_phase phase;
	enum ppp_failure failure;
	char why[PPP_WHY_MAX];
	struct lcp lcp;
	struct login login;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	bool ipv6_refused; /* by a Protocol-Reject */
	/* internal */
	const struct ppp_ops *ops;
	void *owner;
	bool anonymous; /* no authentication is fine */
	uint8_t id;	/* of LCP packets of ours other than requests */
	unsigned int closes;
};

/*
 * allowed has the bits of enum login_method; anonymous lets a server go without
 * any. secret's texts are borrowed. False: no random numbers.
 */
bool ppp_init(struct ppp *ppp, const struct ppp_ops *ops, void *owner,
    const struct login_secret *secret, uint32_t allowed, bool anonymous);
void ppp_start(struct ppp *ppp);
/* One frame, without flags, escapes and FCS. */
void ppp_input(struct ppp *ppp, const uint8_t *frame, size_t n);
/* To be called every few seconds while ppp_is_waiting(). */
void ppp_timeout(struct ppp *ppp);
bool ppp_is_waiting(const struct ppp *ppp);
/* Whether packets of this protocol, PPP_IPV4 or PPP_IPV6, pass. */
bool ppp_is_up(const struct ppp *ppp, uint16_t protocol);
void ppp_send_ip(struct ppp *ppp, const uint8_t *packet, size_t n);
/* Terminate-Request; PPP_CLOSED follows, now or later. */
void ppp_close(struct ppp *ppp);
/* Wipe what is secret. */
void ppp_fini(struct ppp *ppp);

#endif
