/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the files about the control process' clients share. */

#ifndef SSTPD_CONTROL_PRIVATE_H
#define SSTPD_CONTROL_PRIVATE_H

#include <stdio.h>
#include <sys/socket.h>

#include "control_client.h"

enum then { /* when the monitor has answered */
	THEN_NOTHING,
	THEN_STATUS,
	THEN_SESSIONS,
	THEN_SESSION,
	THEN_METRICS,
	THEN_FIND, /* the sessions to disconnect */
	THEN_FIND_CAPTURE,
	THEN_DONE, /* it only had to be done */
	THEN_CAPTURE,
};

struct control_client {
	struct control_client *next;
	struct control_clients *clients;
	enum control_kind kind;
	int fd;
	ev_io io;
	ev_timer timer, sample;
	char request[CONTROL_REQUEST_MAX];
	size_t request_len;
	/* what it waits for */
	enum then then;
	uint32_t waits_for; /* the request */
	unsigned int waits, failed, done;
	uint32_t why; /* the last failure, enum msg_failure */
	/* sessions to disconnect, of which so many have been asked for */
	uint64_t *ids;
	unsigned int ids_count, ids_asked;
	struct report_filter filter;
	char reason[MSG_REASON_MAX]; /* of a disconnect */
	bool json, hold, secrets;
	bool awaited; /* the session has not begun yet */
	int given;    /* descriptor that came with the request; -1: none */
	/* the answer */
	char *reply;
	size_t reply_len, sent;
	FILE *out; /* to the reply, while it is being made */
};

/* --- control_client.c --- */
/* Who it is. */
struct ucred control_peer(const struct control_client *c);
/* Open c->out for an answer. False: out of memory, and the client is gone. */
bool control_begin(struct control_client *c);
/* Send what was written to c->out, then free the client. */
void control_finish(struct control_client *c);
/* Answer that it cannot be, and why, then free the client. */
void control_refuse(struct control_client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void control_free(struct control_client *c);

/* --- control_command.c --- */
/* Do what a line wants: words separated by tabs, which are written over. */
void control_run(struct control_client *c, char *line);
/* Ask the monitor; what then is done when it has answered. */
void control_ask(struct control_client *c, enum then then, enum msg_type type,
    uint32_t seconds);
void control_on_sample_late(struct ev_loop *loop, ev_timer *w, int revents);

/* --- control_http.c --- */
void control_run_http(struct control_client *c, const char *head);
void control_answer_http(
    struct control_client *c, const char *status, const char *body);
void control_answer_metrics(struct control_client *c, const struct report *r);

#endif
