/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Any sequence of events into the state machine: two bytes each, the event
 * and the status of an ABORT. Some things must happen once in a call, in
 * order, or never.
 */

#include "call.h"
#include "fuzz.h"

enum { ACTIONS = 13 };

struct history {
	unsigned int count[ACTIONS]; /* how often each action was asked for */
	enum call_timer timer;	     /* the one that runs */
	bool ppp;		     /* a pppd runs */
	bool said_abort, said_disconnect;
};

static unsigned int
count(const struct history *h, enum call_action action)
{
	unsigned int i = 0;

	while (1u << i != action)
		i++;
	return h->count[i];
}

/* what may not happen twice */
static const enum call_action once[] = {
	ACT_SEND_ACK,
	ACT_SEND_ABORT,
	ACT_SEND_DISCONNECT,
	ACT_SEND_DISCONNECT_ACK,
	ACT_START_PPP,
	ACT_HOLD_PROOF,
	ACT_OPEN_GATE,
	ACT_HANG_UP_PPP,
	ACT_CLOSE,
};

static void
check_counts(const struct history *h, enum call_state state)
{
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		require(count(h, once[i]) <= 1);
	require(count(h, ACT_SEND_NAK) <= CALL_NAK_LIMIT);
	require(count(h, ACT_CLOSE) == (state == CALL_CLOSED));
	require(count(h, ACT_SEND_ACK) == count(h, ACT_START_PPP));
	require(count(h, ACT_HOLD_PROOF) <= count(h, ACT_START_PPP));
	require(count(h, ACT_OPEN_GATE) <= count(h, ACT_HOLD_PROOF));
}

/* Our ABORT is the last word; our DISCONNECT is, but for an answer. */
static void
check_last_words(struct history *h, const struct call_result *r)
{
	static const unsigned int sends =
	    ACT_SEND_ACK | ACT_SEND_NAK | ACT_SEND_ECHO_REQUEST |
	    ACT_SEND_ECHO_RESPONSE | ACT_SEND_ABORT | ACT_SEND_DISCONNECT |
	    ACT_SEND_DISCONNECT_ACK;
	unsigned int sent = r->actions & sends;

	/* one message a step */
	require((sent & (sent - 1)) == 0);
	require(!h->said_abort || sent == 0);
	require(!h->said_disconnect ||
		(sent & ~(unsigned int)(ACT_SEND_ABORT |
					ACT_SEND_DISCONNECT_ACK)) == 0);
	h->said_abort |= (sent & ACT_SEND_ABORT) != 0;
	h->said_disconnect |= (sent & ACT_SEND_DISCONNECT) != 0;
}

static void
check_ppp(struct history *h, enum call_event event, const struct call_result *r)
{
	if (r->actions & (ACT_TERMINATE_PPP | ACT_HANG_UP_PPP))
		require(h->ppp);
	if (r->actions & ACT_START_PPP)
		h->ppp = true;
	if (r->actions & ACT_HANG_UP_PPP || event == EV_PPP_ENDED)
		h->ppp = false;
	/* a pppd runs in these states and no others */
	require(
	    h->ppp == (r->to == CALL_CONNECTED_PENDING ||
			  r->to == CALL_PROOF_HELD || r->to == CALL_CONNECTED));
}

static void
check_step(
    struct history *h, enum call_event event, const struct call_result *r)
{
	require(r->to < CALL_STATES && r->actions < 1u << ACTIONS);
	require(
	    r->from != CALL_CLOSED || (r->to == CALL_CLOSED && !r->actions));
	if (r->to == CALL_CONNECTED && r->from != CALL_CONNECTED)
		require(event == EV_BINDING_OK && r->from == CALL_PROOF_HELD);
	/* the gate opens by that step and no other */
	require(!(r->actions & ACT_OPEN_GATE) ==
		(r->to != CALL_CONNECTED || r->from == CALL_CONNECTED));
	if (r->actions & ACT_SEND_ABORT) {
		require(r->abort_attrib == SSTP_ATTRIB_STATUS_INFO ||
			r->abort_attrib == SSTP_ATTRIB_CRYPTO_BINDING);
		require(r->abort_status >= 4 && r->abort_status <= 9);
	}
	if (r->timer != TIMER_KEEP)
		h->timer = r->timer;
	/* whatever waits has a limit */
	require((h->timer == TIMER_NONE) == (r->to == CALL_CLOSED));
	require((h->timer == TIMER_HELLO) == (r->to == CALL_CONNECTED));
	require(call_may_pass(r->to, PPP_DATA) == (r->to == CALL_CONNECTED));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history h = { .timer = TIMER_NEGOTIATION };
	struct call call;

	call_init(&call);
	for (size_t i = 0; i + 1 < size && i < 4096; i += 2) {
		enum call_event event = data[i] % CALL_EVENTS;
		struct call_result r = call_input(&call, event, data[i + 1]);

		for (unsigned int bit = 0; bit < ACTIONS; bit++)
			h.count[bit] += r.actions >> bit & 1;
		check_step(&h, event, &r);
		check_last_words(&h, &r);
		check_ppp(&h, event, &r);
		check_counts(&h, call.state);
	}
	return 0;
}
