/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the parts of a client share: client.c has the socket, TLS, time and
 * every end; client_call.c has what is spoken on it, client_send.c packets to
 * send.
 */

#ifndef SSTP_PROBE_CLIENT_PRIVATE_H
#define SSTP_PROBE_CLIENT_PRIVATE_H

#include "client.h"

#define CLIENT_PRINTF __attribute__((format(printf, 3, 4)))

static const double client_retry_after = 3; /* seconds, RFC 1661 */

/* --- client.c --- */

void client_set_timer(struct client *c, ev_timer *timer, double seconds);
/* It goes on no further, but the server shall know. */
void client_fail(struct client *c, enum client_cause cause, const char *fmt,
    ...) CLIENT_PRINTF;
/* The line is of no more use. */
void client_lose(struct client *c, enum client_cause cause, const char *fmt,
    ...) CLIENT_PRINTF;
void client_begin_close(struct client *c);

/* --- client_call.c --- */

bool client_init_ppp(struct client *c, const struct login_secret *secret);
/* The only way from one stage to the next, up to STAGE_LEAVE_SSTP. */
void client_enter(struct client *c, enum client_stage stage);
/* Understand what was received; returns how many bytes are done with. */
size_t client_input(struct client *c, const uint8_t *p, size_t n);

/* --- client_send.c --- */

/* Queue it; the client ends where that fails. */
void client_put(struct client *c, const void *p, size_t n);

#endif
