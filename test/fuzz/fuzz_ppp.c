/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A server that says anything to sstp-probe's PPP client. The first byte of an
 * input are the methods allowed and whether none is fine; then each step is a
 * byte: below 0xf0 with the next one the length of a frame that follows, else
 * time passes, an IP packet is sent or the link is closed.
 */

#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "ppp.h"

enum {
	STEPS_MAX = 256,
	STEP_CLOSE = 0xf0,
	STEP_SEND = 0xf8,
	STEP_TIMEOUT = 0xfc,
	FRAME_MAX = 4091,
	RESTARTS_MAX =
	    64, /* of LCP and IPCP together, far more than it takes */
};

/* as in RFC 2759 9.2, so that a right proof can be among the seeds */
static const struct login_secret secret = { "User", "clientPass", 10 };
/* to its challenge; to any other, a server cannot prove itself by chance */
static const char proof[] = "407A5589115FD0D6209F510FE9C04566932CDA56";

struct link {
	struct ppp ppp;
	uint32_t allowed;
	unsigned int frames; /* since the last step */
	unsigned int events[PPP_CLOSED + 1];
	unsigned long sum;
	bool proof; /* is somewhere in the input */
	bool ended; /* FAILED or CLOSED was told */
};

static bool
contains(const uint8_t *p, size_t n, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= n; i++)
		if (strncasecmp((const char *)p + i, text, len) == 0)
			return true;
	return false;
}

static void
on_send(void *owner, const uint8_t *frame, size_t n)
{
	struct link *l = owner;
	uint16_t protocol;
	struct cp_packet packet;

	require(n >= 4 && n <= FRAME_MAX);
	require(frame[0] == 0xff && frame[1] == 0x03);
	require(!l->ended);
	l->frames++;
	protocol = (uint16_t)(frame[2] << 8 | frame[3]);
	if (protocol == PPP_IPV4) {
		require(l->ppp.phase == PPP_UP);
		return;
	}
	require(cp_parse(frame + 4, n - 4, &packet));
	require(packet.data.n + 8 == n);
	if (protocol == PPP_IPCP || protocol == PPP_IPV6CP)
		require(l->events[PPP_AUTHENTICATED] > 0);
	if (protocol == PPP_PAP)
		require((l->allowed & LOGIN_PAP) && packet.code == 1);
}

static void
on_event(void *owner, enum ppp_event event)
{
	struct link *l = owner;
	const struct ppp *ppp = &l->ppp;

	require(!l->ended);
	l->events[event]++;
	switch (event) {
	case PPP_LCP_OPENED:
		require(ppp->lcp.method == 0 ||
			(ppp->lcp.method & l->allowed) != 0);
		break;
	case PPP_AUTHENTICATED:
		require(l->events[PPP_LCP_OPENED] > 0);
		require(ppp->login.keys.state != KEYS_PENDING);
		require((ppp->login.method == LOGIN_MSCHAP_V2) ==
			(ppp->login.keys.state == KEYS_MPPE));
		require(ppp->login.method != 0 || ppp->anonymous);
		require(ppp->login.method != LOGIN_MSCHAP_V2 || l->proof);
		break;
	case PPP_OPENED:
		require(l->events[PPP_AUTHENTICATED] > 0);
		require(ppp->ipcp.address != 0);
		break;
	case PPP_FAILED:
		require(ppp->failure != PPP_NO_FAILURE);
		require(memchr(ppp->why, 0, sizeof(ppp->why)) != NULL);
		require(ppp->why[0] != '\0');
		for (const char *p = ppp->why; *p != '\0'; p++)
			require(*p >= ' ' && *p <= '~');
		l->ended = true;
		break;
	case PPP_CLOSED:
		l->ended = true;
		break;
	}
}

static void
on_data(void *owner, uint16_t protocol, const uint8_t *p, size_t n)
{
	struct link *l = owner;

	require(l->ppp.phase == PPP_UP);
	require(protocol == PPP_IPV4 || protocol == PPP_IPV6);
	for (size_t i = 0; i < n; i++)
		l->sum += p[i]; /* all of it can be read */
}

static bool
on_random(void *owner, uint8_t *p, size_t n)
{
	static const uint8_t bytes[16] = { 0x21, 0x40, 0x23, 0x24, 0x25, 0x5e,
		0x26, 0x2a, 0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e };

	(void)owner;
	require(n <= sizeof(bytes));
	memcpy(p, bytes, n);
	return true;
}

static const struct ppp_ops ops = { on_send, on_event, on_data, on_random };

/* One step; returns the bytes it took. */
static size_t
step(struct link *l, const uint8_t *data, size_t size)
{
	static const uint8_t packet[] = { 0x45, 0, 0, 20 };
	size_t n;

	l->frames = 0;
	if (data[0] >= STEP_TIMEOUT) {
		if (ppp_is_waiting(&l->ppp))
			ppp_timeout(&l->ppp);
		require(l->frames <= 2); /* IPCP's and IPV6CP's */
		return 1;
	}
	if (data[0] >= STEP_SEND) {
		ppp_send_ip(&l->ppp, packet, sizeof(packet));
		require(l->frames == (l->ppp.phase == PPP_UP));
		return 1;
	}
	if (data[0] >= STEP_CLOSE) {
		ppp_close(&l->ppp);
		return 1;
	}
	if (size < 2)
		return size;
	n = ((size_t)data[0] << 8 | data[1]) % (FRAME_MAX + 1);
	n = n < size - 2 ? n : size - 2;
	ppp_input(&l->ppp, data + 2, n);
	require(l->frames <= 2);
	return 2 + n;
}

static void
check_state(const struct link *l)
{
	const struct ppp *ppp = &l->ppp;

	require((ppp->phase == PPP_ENDED) == l->ended);
	require(l->events[PPP_FAILED] + l->events[PPP_CLOSED] <= 1);
	require(ppp->lcp.cp.requests <= CP_TRIES_MAX + 1);
	require(ppp->lcp.cp.refusals <= CP_TRIES_MAX + 1);
	require(ppp->ipcp.cp.requests <= CP_TRIES_MAX + 1);
	require(ppp->ipcp.cp.refusals <= CP_TRIES_MAX + 1);
	require(l->events[PPP_LCP_OPENED] <= RESTARTS_MAX);
	require(l->events[PPP_OPENED] <= RESTARTS_MAX);
	require(memchr(ppp->login.text, 0, LOGIN_TEXT_MAX) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link l = { .frames = 0 };

	if (size == 0)
		return 0;
	l.allowed = data[0] & LOGIN_ANY;
	l.proof = contains(data, size, proof);
	require(
	    ppp_init(&l.ppp, &ops, &l, &secret, l.allowed, (data[0] & 8) != 0));
	ppp_start(&l.ppp);
	data++;
	size--;
	for (int i = 0; i < STEPS_MAX && size > 0; i++) {
		size_t n = step(&l, data, size);

		check_state(&l);
		data += n;
		size -= n;
	}
	ppp_fini(&l.ppp);
	require(l.ppp.login.keys.state == KEYS_PENDING);
	return 0;
}
