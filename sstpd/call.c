/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The server's state machine, [MS-SSTP] 3.1 and 3.3, as rows; there is no
 * other place where a state changes. The rows are grouped by event. Within a
 * group no state is named twice, and a state that is not named cannot see that
 * event: such timers do not run then, and no proof is held.
 *
 * Where the specification is silent or of two minds:
 * - What state a message comes in matters before what is wrong with it: a
 *   broken one in a wrong state is an unaccepted frame, not an invalid one.
 * - Only requests with readable attributes count as refused and can be tried
 *   again, three times; a broken one aborts at once.
 * - A proof may come before PPP has told its keys. It is held, and a second one
 *   meanwhile is as wrong as one after the call is connected.
 * - Echoes before the call is connected are answered or ignored rather than
 *   punished (3.3.5.2.7), as clients send them when the user is slow to
 *   authenticate; but they do not move the negotiation timer. Before the
 *   request they abort.
 * - The answer to an ABORT repeats its status, where that is one an ABORT can
 *   have. An ABORT that crosses ours is its answer.
 * - An ABORT while our DISCONNECT waits takes the place of that wait
 *   (3.3.5.2.4 does not say what becomes of the timer).
 * - A DISCONNECT after an ABORT, or a second one, is not acknowledged, as in
 *   3.3.5.2.5 and unlike 3.2.4.2. To stop a call that is ending is nothing.
 * - While a call is ending, broken messages are discarded like all others. A
 *   broken header ends the wait, as nothing more can be read.
 * - The negotiation timer aborts also before a request came (3.3.6.1; 3.3.2.1
 *   knows no ABORT there), so that the client learns why.
 * - A lost hello closes without an ABORT (3.1.2.3, against figure 5).
 * - PPP's end is a DISCONNECT, also after a failed authentication: PPP has told
 *   the client about that. To stop a call is to let PPP end.
 * - Frames are no events. What may not pass call_may_pass() is dropped in every
 *   state, and aborts in none.
 */

#include "call.h"

enum { /* sets of states, for the rows */
	REQUEST = 1 << CALL_REQUEST_PENDING,
	PENDING = 1 << CALL_CONNECTED_PENDING,
	HELD = 1 << CALL_PROOF_HELD,
	CONNECTED = 1 << CALL_CONNECTED,
	ABORT_WAIT = 1 << CALL_ABORT_PENDING,
	ABORT_LINGER = 1 << CALL_ABORT_TIMEOUT_PENDING,
	DISC_WAIT = 1 << CALL_DISCONNECT_ACK_PENDING,
	DISC_LINGER = 1 << CALL_DISCONNECT_TIMEOUT_PENDING,
	CLOSED = 1 << CALL_CLOSED,

	RUNNING = PENDING | HELD | CONNECTED, /* those with a pppd */
	ENDING = ABORT_WAIT | ABORT_LINGER | DISC_WAIT | DISC_LINGER,
};

enum {
	STAY = CALL_STATES,	      /* as the next state */
	NAKS_EXHAUSTED = CALL_EVENTS, /* what a request too many turns into */
	ANY_EVENT,
	PEER_STATUS = 0xff, /* as abort_status */
};

enum { /* short, for the rows */
	UNACCEPTED = ATTRIB_STATUS_UNACCEPTED_FRAME_RECEIVED,
	INVALID = ATTRIB_STATUS_INVALID_FRAME_RECEIVED,
	RETRIES = ATTRIB_STATUS_RETRY_COUNT_EXCEEDED,
	TIMEOUT = ATTRIB_STATUS_NEGOTIATION_TIMEOUT,
	NO_BINDING = ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG,
	NOT_SUPPORTED = ATTRIB_STATUS_VALUE_NOT_SUPPORTED,
};

struct outcome {
	unsigned int next; /* enum call_state, or STAY */
	unsigned int actions;
	enum call_timer timer;
	uint8_t abort_attrib;
	uint8_t abort_status;
};

struct rule {
	unsigned int in; /* set of states */
	unsigned int event;
	struct outcome then;
};

/* clang-format off */

#define IGNORE { STAY, 0, TIMER_KEEP, 0, 0 }
#define DO(actions, timer) { STAY, actions, timer, 0, 0 }
#define GO(next, actions, timer) { next, actions, timer, 0, 0 }
/* our abort, of the status given; theirs */
#define ABORT(status) { CALL_ABORT_PENDING, ACT_SEND_ABORT, \
	TIMER_ABORT_1, SSTP_ATTRIB_STATUS_INFO, status }
#define ABORT_PPP(status) { CALL_ABORT_PENDING, \
	ACT_SEND_ABORT | ACT_HANG_UP_PPP, \
	TIMER_ABORT_1, SSTP_ATTRIB_STATUS_INFO, status }
#define ABORT_UNPROVEN { CALL_ABORT_PENDING, \
	ACT_SEND_ABORT | ACT_HANG_UP_PPP, \
	TIMER_ABORT_1, SSTP_ATTRIB_CRYPTO_BINDING, NOT_SUPPORTED }
#define ANSWER_ABORT(hang_up) { CALL_ABORT_TIMEOUT_PENDING, \
	ACT_SEND_ABORT | (hang_up), \
	TIMER_ABORT_2, SSTP_ATTRIB_STATUS_INFO, PEER_STATUS }
/* our disconnect; theirs */
#define DISCONNECT { CALL_DISCONNECT_ACK_PENDING, \
	ACT_SEND_DISCONNECT, TIMER_DISCONNECT_1, 0, 0 }
#define ANSWER_DISCONNECT(hang_up) { CALL_DISCONNECT_TIMEOUT_PENDING, \
	ACT_SEND_DISCONNECT_ACK | (hang_up), TIMER_DISCONNECT_2, 0, 0 }
#define CLOSE { CALL_CLOSED, ACT_CLOSE, TIMER_NONE, 0, 0 }
#define CLOSE_PPP { CALL_CLOSED, ACT_HANG_UP_PPP | ACT_CLOSE, TIMER_NONE, 0, 0 }

static const struct rule rules[] = {
	/* Call Connect Request, 3.3.5.2.2 */
	{ REQUEST, EV_CONNECT_REQUEST,
	    GO(CALL_CONNECTED_PENDING,
		ACT_SEND_ACK | ACT_START_PPP, TIMER_NEGOTIATION) },
	{ RUNNING, EV_CONNECT_REQUEST, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CONNECT_REQUEST, IGNORE },

	{ REQUEST, EV_CONNECT_REQUEST_REFUSED, DO(ACT_SEND_NAK, TIMER_KEEP) },
	{ RUNNING, EV_CONNECT_REQUEST_REFUSED, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CONNECT_REQUEST_REFUSED, IGNORE },

	{ REQUEST, NAKS_EXHAUSTED, ABORT(RETRIES) },

	/* a message in the wrong state is that before it is broken */
	{ REQUEST, EV_CONNECT_REQUEST_BROKEN, ABORT(INVALID) },
	{ RUNNING, EV_CONNECT_REQUEST_BROKEN, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CONNECT_REQUEST_BROKEN, IGNORE },

	/* Call Connect Ack and Nak: only we send them */
	{ REQUEST, EV_SERVER_MESSAGE, ABORT(UNACCEPTED) },
	{ RUNNING, EV_SERVER_MESSAGE, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_SERVER_MESSAGE, IGNORE },

	/* Call Connected, 3.3.5.2.3; the verdict on it comes further down */
	{ REQUEST, EV_CALL_CONNECTED, ABORT(UNACCEPTED) },
	{ PENDING, EV_CALL_CONNECTED,
	    GO(CALL_PROOF_HELD, ACT_HOLD_PROOF, TIMER_KEEP) },
	{ HELD | CONNECTED, EV_CALL_CONNECTED, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CALL_CONNECTED, IGNORE },

	{ REQUEST, EV_CALL_CONNECTED_REFUSED, ABORT(UNACCEPTED) },
	{ PENDING, EV_CALL_CONNECTED_REFUSED, ABORT_PPP(NO_BINDING) },
	{ HELD | CONNECTED, EV_CALL_CONNECTED_REFUSED, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CALL_CONNECTED_REFUSED, IGNORE },

	{ REQUEST, EV_CALL_CONNECTED_BROKEN, ABORT(UNACCEPTED) },
	{ PENDING, EV_CALL_CONNECTED_BROKEN, ABORT_PPP(INVALID) },
	{ HELD | CONNECTED, EV_CALL_CONNECTED_BROKEN, ABORT_PPP(UNACCEPTED) },
	{ ENDING, EV_CALL_CONNECTED_BROKEN, IGNORE },

	/* Call Abort, 3.3.5.2.4 */
	{ REQUEST, EV_ABORT, ANSWER_ABORT(0) },
	{ RUNNING, EV_ABORT, ANSWER_ABORT(ACT_HANG_UP_PPP) },
	{ ABORT_WAIT, EV_ABORT,
	    GO(CALL_ABORT_TIMEOUT_PENDING, 0, TIMER_ABORT_2) },
	{ DISC_WAIT, EV_ABORT, ANSWER_ABORT(0) },
	{ ABORT_LINGER | DISC_LINGER, EV_ABORT, IGNORE },

	/* Call Disconnect, 3.3.5.2.5 */
	{ REQUEST | DISC_WAIT, EV_DISCONNECT, ANSWER_DISCONNECT(0) },
	{ RUNNING, EV_DISCONNECT, ANSWER_DISCONNECT(ACT_HANG_UP_PPP) },
	{ ABORT_WAIT | ABORT_LINGER | DISC_LINGER, EV_DISCONNECT, IGNORE },

	/* Call Disconnect Ack, 3.3.5.2.6 */
	{ REQUEST, EV_DISCONNECT_ACK, ABORT(UNACCEPTED) },
	{ RUNNING, EV_DISCONNECT_ACK, ABORT_PPP(UNACCEPTED) },
	{ DISC_WAIT, EV_DISCONNECT_ACK, CLOSE },
	{ ABORT_WAIT | ABORT_LINGER | DISC_LINGER, EV_DISCONNECT_ACK, IGNORE },

	/* Echo Request, 3.3.5.2.7 */
	{ REQUEST, EV_ECHO_REQUEST, ABORT(UNACCEPTED) },
	{ RUNNING, EV_ECHO_REQUEST, DO(ACT_SEND_ECHO_RESPONSE, TIMER_KEEP) },
	{ ENDING, EV_ECHO_REQUEST, IGNORE },

	/* Echo Response, 3.3.5.2.8 */
	{ REQUEST, EV_ECHO_RESPONSE, ABORT(UNACCEPTED) },
	{ RUNNING, EV_ECHO_RESPONSE, IGNORE },
	{ ENDING, EV_ECHO_RESPONSE, IGNORE },

	/* what is no message at all */
	{ REQUEST, EV_UNKNOWN, ABORT(INVALID) },
	{ RUNNING, EV_UNKNOWN, ABORT_PPP(INVALID) },
	{ ENDING, EV_UNKNOWN, IGNORE },

	{ REQUEST | ENDING, EV_HEADER_BROKEN, CLOSE },
	{ RUNNING, EV_HEADER_BROKEN, CLOSE_PPP },

	/* the proof: there is no other way into CALL_CONNECTED */
	{ HELD, EV_BINDING_OK,
	    GO(CALL_CONNECTED, ACT_OPEN_GATE, TIMER_HELLO) },
	{ HELD, EV_BINDING_FAILED, ABORT_UNPROVEN },

	/* PPP has said all it had to say; the stop comes back as PPP's end */
	{ RUNNING, EV_PPP_ENDED, DISCONNECT },
	{ ENDING, EV_PPP_ENDED, IGNORE },

	{ REQUEST, EV_STOP, DISCONNECT },
	{ RUNNING, EV_STOP, DO(ACT_TERMINATE_PPP, TIMER_KEEP) },
	{ ENDING, EV_STOP, IGNORE },

	/* timers, 3.1.2 and 3.3.6.1 */
	{ REQUEST, EV_NEGOTIATION_TIMEOUT, ABORT(TIMEOUT) },
	{ PENDING | HELD, EV_NEGOTIATION_TIMEOUT, ABORT_PPP(TIMEOUT) },
	{ CONNECTED, EV_HELLO_IDLE, DO(ACT_SEND_ECHO_REQUEST, TIMER_HELLO) },
	{ CONNECTED, EV_HELLO_LOST, CLOSE_PPP },
	{ ENDING, EV_LINGER_OVER, CLOSE },

	{ REQUEST | ENDING, EV_LOWER_DOWN, CLOSE },
	{ RUNNING, EV_LOWER_DOWN, CLOSE_PPP },

	{ CLOSED, ANY_EVENT, IGNORE },
};

/* an event without a row: ours is the fault, and nothing can be trusted */
static const struct outcome fault = CLOSE;
static const struct outcome fault_ppp = CLOSE_PPP;

/* clang-format on */

static const struct outcome *
find_outcome(enum call_state state, unsigned int event)
{
	unsigned int in = 1u << state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!(rules[i].in & in))
			continue;
		if (rules[i].event == event || rules[i].event == ANY_EVENT)
			return &rules[i].then;
	}
	return in & RUNNING ? &fault_ppp : &fault;
}

/* An ABORT can have the statuses 4 to 9; to all others 7 is the answer. */
static uint32_t
answer_status(uint32_t peer_status)
{
	if (peer_status < ATTRIB_STATUS_VALUE_NOT_SUPPORTED ||
	    peer_status > ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG)
		return ATTRIB_STATUS_INVALID_FRAME_RECEIVED;
	return peer_status;
}

void
call_init(struct call *call)
{
	*call = (struct call){ CALL_REQUEST_PENDING, 0 };
}

struct call_result
call_input(struct call *call, enum call_event event, uint32_t peer_status)
{
	bool exhausted = event == EV_CONNECT_REQUEST_REFUSED &&
			 call->state == CALL_REQUEST_PENDING &&
			 call->naks == CALL_NAK_LIMIT;
	const struct outcome *then =
	    find_outcome(call->state, exhausted ? NAKS_EXHAUSTED : event);
	struct call_result result = {
		.from = call->state,
		.to = then->next == STAY ? call->state
					 : (enum call_state)then->next,
		.actions = then->actions,
		.timer = then->timer,
		.abort_attrib = then->abort_attrib,
		.abort_status = then->abort_status,
	};

	if (then->abort_status == PEER_STATUS)
		result.abort_status = answer_status(peer_status);
	if (result.actions & ACT_SEND_NAK)
		call->naks++;
	call->state = result.to;
	return result;
}

bool
call_may_pass(enum call_state state, enum ppp_class class)
{
	switch (state) {
	case CALL_CONNECTED_PENDING:
	case CALL_PROOF_HELD:
		return class == PPP_CONTROL;
	case CALL_CONNECTED:
		return class == PPP_CONTROL || class == PPP_DATA;
	default:
		return false;
	}
}

const char *
call_state_name(enum call_state state)
{
	static const char *const names[CALL_STATES] = {
		[CALL_REQUEST_PENDING] = "REQUEST_PENDING",
		[CALL_CONNECTED_PENDING] = "CONNECTED_PENDING",
		[CALL_PROOF_HELD] = "PROOF_HELD",
		[CALL_CONNECTED] = "CONNECTED",
		[CALL_ABORT_PENDING] = "ABORT_PENDING",
		[CALL_ABORT_TIMEOUT_PENDING] = "ABORT_TIMEOUT_PENDING",
		[CALL_DISCONNECT_ACK_PENDING] = "DISCONNECT_ACK_PENDING",
		[CALL_DISCONNECT_TIMEOUT_PENDING] =
		    "DISCONNECT_TIMEOUT_PENDING",
		[CALL_CLOSED] = "CLOSED",
	};

	return (unsigned)state < CALL_STATES ? names[state] : "unknown";
}

const char *
call_event_name(enum call_event event)
{
	static const char *const names[CALL_EVENTS] = {
		[EV_CONNECT_REQUEST] = "CONNECT_REQUEST",
		[EV_CONNECT_REQUEST_REFUSED] = "CONNECT_REQUEST_REFUSED",
		[EV_CONNECT_REQUEST_BROKEN] = "CONNECT_REQUEST_BROKEN",
		[EV_SERVER_MESSAGE] = "SERVER_MESSAGE",
		[EV_CALL_CONNECTED] = "CALL_CONNECTED",
		[EV_CALL_CONNECTED_REFUSED] = "CALL_CONNECTED_REFUSED",
		[EV_CALL_CONNECTED_BROKEN] = "CALL_CONNECTED_BROKEN",
		[EV_ABORT] = "ABORT",
		[EV_DISCONNECT] = "DISCONNECT",
		[EV_DISCONNECT_ACK] = "DISCONNECT_ACK",
		[EV_ECHO_REQUEST] = "ECHO_REQUEST",
		[EV_ECHO_RESPONSE] = "ECHO_RESPONSE",
		[EV_UNKNOWN] = "UNKNOWN",
		[EV_HEADER_BROKEN] = "HEADER_BROKEN",
		[EV_BINDING_OK] = "BINDING_OK",
		[EV_BINDING_FAILED] = "BINDING_FAILED",
		[EV_PPP_ENDED] = "PPP_ENDED",
		[EV_STOP] = "STOP",
		[EV_NEGOTIATION_TIMEOUT] = "NEGOTIATION_TIMEOUT",
		[EV_HELLO_IDLE] = "HELLO_IDLE",
		[EV_HELLO_LOST] = "HELLO_LOST",
		[EV_LINGER_OVER] = "LINGER_OVER",
		[EV_LOWER_DOWN] = "LOWER_DOWN",
	};

	return (unsigned)event < CALL_EVENTS ? names[event] : "unknown";
}

const char *
call_action_name(enum call_action action)
{
	static const struct {
		enum call_action action;
		const char *name;
	} names[] = {
		{ ACT_SEND_ACK, "SEND_ACK" },
		{ ACT_SEND_NAK, "SEND_NAK" },
		{ ACT_SEND_ECHO_REQUEST, "SEND_ECHO_REQUEST" },
		{ ACT_SEND_ECHO_RESPONSE, "SEND_ECHO_RESPONSE" },
		{ ACT_SEND_ABORT, "SEND_ABORT" },
		{ ACT_SEND_DISCONNECT, "SEND_DISCONNECT" },
		{ ACT_SEND_DISCONNECT_ACK, "SEND_DISCONNECT_ACK" },
		{ ACT_START_PPP, "START_PPP" },
		{ ACT_HOLD_PROOF, "HOLD_PROOF" },
		{ ACT_OPEN_GATE, "OPEN_GATE" },
		{ ACT_TERMINATE_PPP, "TERMINATE_PPP" },
		{ ACT_HANG_UP_PPP, "HANG_UP_PPP" },
		{ ACT_CLOSE, "CLOSE" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].action == action)
			return names[i].name;
	}
	return "unknown";
}

const char *
call_timer_name(enum call_timer timer)
{
	static const char *const names[] = {
		[TIMER_KEEP] = "KEEP",
		[TIMER_NEGOTIATION] = "NEGOTIATION",
		[TIMER_HELLO] = "HELLO",
		[TIMER_ABORT_1] = "ABORT_1",
		[TIMER_ABORT_2] = "ABORT_2",
		[TIMER_DISCONNECT_1] = "DISCONNECT_1",
		[TIMER_DISCONNECT_2] = "DISCONNECT_2",
		[TIMER_NONE] = "NONE",
	};

	return (unsigned)timer <= TIMER_NONE ? names[timer] : "unknown";
}
