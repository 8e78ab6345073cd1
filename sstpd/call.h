/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The server's state machine, [MS-SSTP] 3.3, as a table. It does no I/O and
 * knows no clock: an event goes in, what to do comes out, session.c does it.
 */

#ifndef SSTPD_CALL_H
#define SSTPD_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "sstp.h"

enum call_state {		/* [MS-SSTP] 3.3.1 */
	CALL_REQUEST_PENDING,	/* Server_Connect_Request_Pending */
	CALL_CONNECTED_PENDING, /* Server_Call_Connected_Pending */
	CALL_PROOF_HELD,    /* the same; a CALL_CONNECTED waits for the keys */
	CALL_CONNECTED,	    /* Server_Call_Connected */
	CALL_ABORT_PENDING, /* Call_Abort_Pending */
	CALL_ABORT_TIMEOUT_PENDING,	 /* Call_Abort_Timeout_Pending */
	CALL_DISCONNECT_ACK_PENDING,	 /* Call_Disconnect_Ack_Pending */
	CALL_DISCONNECT_TIMEOUT_PENDING, /* Call_Disconnect_Timeout_Pending */
	CALL_CLOSED,			 /* Server_Call_Disconnected */
	CALL_STATES,
};

enum call_event {
	/* messages; a client's CALL_CONNECT_ACK or NAK is EV_SERVER_MESSAGE */
	EV_CONNECT_REQUEST,
	EV_CONNECT_REQUEST_REFUSED, /* well framed, but deserves a NAK */
	EV_CONNECT_REQUEST_BROKEN,
	EV_SERVER_MESSAGE,
	EV_CALL_CONNECTED,
	EV_CALL_CONNECTED_REFUSED, /* lacks the one attribute it is for */
	EV_CALL_CONNECTED_BROKEN,
	EV_ABORT,
	EV_DISCONNECT,
	EV_DISCONNECT_ACK,
	EV_ECHO_REQUEST,
	EV_ECHO_RESPONSE,
	EV_UNKNOWN,	  /* unknown type, or too short to have one */
	EV_HEADER_BROKEN, /* the stream cannot be read any further */
	/* verdicts on a held CALL_CONNECTED */
	EV_BINDING_OK,
	EV_BINDING_FAILED,
	/* PPP */
	EV_PPP_ENDED, /* its last frames are queued to the client */
	/* someone wants the call to end: administrator, limit, server stop */
	EV_STOP,
	/* timers */
	EV_NEGOTIATION_TIMEOUT,
	EV_HELLO_IDLE,	/* a hello interval without any packet */
	EV_HELLO_LOST,	/* a second one in a row */
	EV_LINGER_OVER, /* ABORT_1, ABORT_2, DISCONNECT_1, DISCONNECT_2 */
	EV_LOWER_DOWN,	/* TCP or TLS is gone */
	CALL_EVENTS,
};

enum call_action { /* a set of bits, performed in this order */
	ACT_SEND_ACK = 1 << 0,
	ACT_SEND_NAK = 1 << 1,
	ACT_SEND_ECHO_REQUEST = 1 << 2,
	ACT_SEND_ECHO_RESPONSE = 1 << 3,
	ACT_SEND_ABORT = 1 << 4,
	ACT_SEND_DISCONNECT = 1 << 5,
	ACT_SEND_DISCONNECT_ACK = 1 << 6,
	ACT_START_PPP = 1 << 7,
	ACT_HOLD_PROOF = 1 << 8, /* keep the message, verify when keys come */
	ACT_OPEN_GATE = 1 << 9,	 /* IP may pass */
	ACT_TERMINATE_PPP = 1 << 10, /* ask pppd to end; EV_PPP_ENDED follows */
	ACT_HANG_UP_PPP = 1
			  << 11, /* lower layer down: pppd has lost its line */
	ACT_CLOSE = 1 << 12,	 /* close_notify, close TCP */
};

enum call_timer {
	TIMER_KEEP, /* leave it as it is */
	TIMER_NEGOTIATION,
	TIMER_HELLO,
	TIMER_ABORT_1,
	TIMER_ABORT_2,
	TIMER_DISCONNECT_1,
	TIMER_DISCONNECT_2,
	TIMER_NONE, /* stop it */
};

struct call {
	enum call_state state;
	unsigned int naks; /* unacceptable requests so far */
};

struct call_result {
	enum call_state from, to;
	unsigned int actions;  /* enum call_action */
	enum call_timer timer; /* the one timer of a call: restart it as this */
	uint8_t abort_attrib;  /* for ACT_SEND_ABORT */
	uint32_t abort_status;
};

enum { CALL_NAK_LIMIT = 3 }; /* the next bad request is answered by an abort */

void call_init(struct call *call);

/*
 * Feed one event; moves the call to its next state. peer_status is the status
 * of a received CALL_ABORT, echoed in our own; 0 otherwise. An event without a
 * row for the state is a fault of ours and closes the call.
 */
struct call_result call_input(
    struct call *call, enum call_event event, uint32_t peer_status);

/*
 * The data gate, [MS-SSTP] 3.3.7: whether a PPP frame of this class may pass,
 * in either direction.
 */
bool call_may_pass(enum call_state state, enum ppp_class class);

/* Names for logs and tests; never NULL. */
const char *call_state_name(enum call_state state);
const char *call_event_name(enum call_event event);
const char *call_action_name(enum call_action action);
const char *call_timer_name(enum call_timer timer);

#endif
