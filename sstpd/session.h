/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One client from accept to free: glue between the socket, the codecs, the
 * state machine and a pppd's pty. It owns watchers and queues and knows no byte
 * layout. Implemented in eight files: session.c (life, TLS and HTTP),
 * session_call.c (the state machine's wishes), session_ppp.c (the pty side),
 * session_tun.c (IP over a tun device instead),
 * session_story.c (how far it comes, why it ends), session_log.c (the events
 * in the log), session_end.c (the last one of them), session_capture.c (its
 * frames for an administrator).
 */

#ifndef SSTPD_SESSION_H
#define SSTPD_SESSION_H

#include <ev.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cause.h"
#include "conf.h"
#include "msg.h"

struct session;
struct tun_shared;
struct stats_session;
struct stats_sums;
struct stats_worker;

/*
 * A configuration in use. Sessions keep the one they began with; the worker
 * replaces the current one on reload.
 */
struct generation {
	const struct conf *conf;
	SSL_CTX *ctx[CONF_PROFILES_MAX];
	unsigned int refs;
};

struct generation *generation_ref(struct generation *g);
void generation_unref(struct generation *g); /* NULL is allowed */

struct session_ops {
	/* a message to the monitor about this session */
	void (*send)(void *owner, union msg *msg);
	/* nothing is left of it, the session may be freed at any time now */
	void (*gone)(void *owner, struct session *s);
	/* NO_CAUSE if there is room for its call, else why there is none */
	enum end_cause (*may_begin)(void *owner, const struct session *s);
	/* it has proved who it is, and is half-open no longer */
	void (*connected)(void *owner, struct session *s);
	/* what all sessions with a tun device share; NULL: out of memory */
	struct tun_shared *(*tun_shared)(void *owner);
};

/* Buffers of the tun path; none of a session's bytes stay in them. */
struct tun_shared *tun_shared_new(void); /* NULL: out of memory */

/* All that is to be shown of it, now. */
void session_sample(const struct session *s, struct stats_session *out);
/*
 * Add it to these, by the profiles of the current configuration, and its
 * traffic so far to the worker's.
 */
void session_sum(
    struct session *s, const struct conf *current, struct stats_sums *sums);

/* Its place in a worker's registry, whose business they are. */
struct session_links {
	struct session *next_of_id, *previous, *next;
	bool half_open;
};

/*
 * Begin with an accepted connection; takes fd, even on failure (NULL: out of
 * memory). id is unique in this daemon's life.
 */
struct session *session_new(struct ev_loop *loop, struct generation *generation,
    uint64_t id, int fd, const struct sockaddr_storage *peer,
    const struct sockaddr_storage *local, struct stats_worker *stats,
    const struct session_ops *ops, void *owner);
void session_free(struct session *s);

uint64_t session_id(const struct session *s);
/* Key of the client's address, see peers.h. */
uint64_t session_peer(const struct session *s);
/* It speaks SSTP, so it is worth listing. */
bool session_is_call(const struct session *s);
/* It costs no more than a connection so far: no pppd was asked for. */
bool session_is_cheap(const struct session *s);
/* Close it to make room for another. */
void session_drop(struct session *s, enum end_cause cause);

/* What the monitor says. Descriptors taken are set to -1 in fds. */
void session_on_message(struct session *s, const union msg *msg, int *fds);

/*
 * Write its frames from now on to *fd, which is taken (set to -1) on success.
 * Returns an enum msg_failure.
 */
uint32_t session_capture_begin(
    struct session *s, const struct msg_capture *ask, int *fd);
bool session_is_captured(const struct session *s);

/* End it in the protocol's way. */
void session_stop(struct session *s, enum end_cause cause);
/* The same for an administrator, whose words, if any, go to the log. */
void session_disconnect(
    struct session *s, const char reason[static MSG_REASON_MAX]);

struct session_links *session_links(struct session *s);

#endif
