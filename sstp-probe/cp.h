/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Option negotiation, RFC 1661 section 4, for one control protocol (LCP, IPCP,
 * IPV6CP): Configure-Request, -Ack, -Nak and -Reject. It knows neither clock
 * nor line: packets come in, packets go to a callback, time is an event. It
 * stops by itself where a peer never agrees.
 */

#ifndef SSTP_PROBE_CP_H
#define SSTP_PROBE_CP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum cp_code { /* RFC 1661 section 5 */
	CP_CONF_REQ = 1,
	CP_CONF_ACK,
	CP_CONF_NAK,
	CP_CONF_REJ,
	CP_TERM_REQ,
	CP_TERM_ACK,
	CP_CODE_REJ,
	CP_PROTO_REJ,
	CP_ECHO_REQ,
	CP_ECHO_REP,
	CP_DISCARD_REQ,
};

enum {
	CP_HEADER_LEN = 4,
	CP_REQUEST_MAX = 64, /* bytes of options in a request of ours */
	CP_TRIES_MAX = 20,   /* requests of ours, or refusals, then it fails */
	CP_NAKS_MAX = 5, /* refusals with a Nak, then options are rejected */
};

enum cp_judgement { CP_ACK, CP_NAK, CP_REJECT };

/* One packet of any control or authentication protocol. */
struct cp_packet {
	uint8_t code, id;
	struct wire_in data;
};

struct cp_ops {
	/* a request of the peer comes: forget what an earlier one said */
	void (*begin)(void *owner);
	/* our options, as many as the peer still likes */
	void (*put_options)(void *owner, struct wire_out *out);
	/* an option of the peer; for CP_NAK put the option it should send */
	enum cp_judgement (*judge)(void *owner, uint8_t type,
	    struct wire_in value, struct wire_out *nak);
	/* the peer would rather have this value, or has no such option */
	void (*naked)(void *owner, uint8_t type, struct wire_in value);
	void (*rejected)(void *owner, uint8_t type);
};

/* The way out, for all protocols of a link. */
typedef void cp_send(void *link, uint16_t protocol, uint8_t code, uint8_t id,
    const uint8_t *data, size_t n);

struct cp {
	const struct cp_ops *ops;
	void *owner;
	uint16_t protocol;
	cp_send *send;
	void *link;
	bool started;
	bool local;  /* the peer has acknowledged our options */
	bool remote; /* we have acknowledged the peer's */
	uint8_t id;  /* of our last request */
	unsigned int requests, refusals;
	uint8_t request[CP_REQUEST_MAX]; /* options of the last one */
	size_t request_len;
};

enum cp_result {
	CP_GOES_ON,
	CP_OPENED,  /* both sides agree, since this packet */
	CP_RESTART, /* was open, and is negotiated again */
	CP_FAILED,  /* too many rounds */
};

/*
 * Take one packet apart; false if its Length does not fit. What follows Length
 * is padding.
 */
bool cp_parse(const uint8_t *p, size_t n, struct cp_packet *packet);

/* Send the first request; ops, owner, protocol, send and link are set. */
void cp_start(struct cp *cp);
bool cp_is_open(const struct cp *cp);
/* A packet with one of the four codes; others are ignored. */
enum cp_result cp_input(struct cp *cp, const struct cp_packet *packet);
/* Nothing came for a while: send the request again, if it waits for an answer.
 */
enum cp_result cp_timeout(struct cp *cp);

/* Begin an option, whose value of n bytes has to follow. */
void cp_put_option(struct wire_out *out, uint8_t type, size_t n);

#endif
