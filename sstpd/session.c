/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: life, TLS and HTTP. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peers.h"
#include "profile.h"
#include "session_private.h"

enum {
	REFUSED_LINGER = 2000, /* ms for an HTTP error to be read */
};

struct generation *
generation_ref(struct generation *g)
{
	g->refs++;
	return g;
}

/* --- ending
 * -------------------------------------------------------------------- */

void
session_check_gone(struct session *s)
{
	if (s->stage != STAGE_CLOSED || s->told_gone ||
	    (s->ppp != PPP_NONE && s->ppp != PPP_GONE))
		return;
	s->told_gone = true;
	session_log_end(s);
	session_count_end(s);
	s->ops->gone(s->owner, s);
}

void
session_close(struct session *s)
{
	if (s->stage == STAGE_CLOSED)
		return;
	s->stage = STAGE_CLOSED;
	tls_close_notify(&s->tls);
	tls_flush(&s->tls); /* what does not leave now never will */
	session_reader_stop(s);
	ev_io_stop(s->loop, &s->sock_writer);
	ev_timer_stop(s->loop, &s->timer);
	session_count_close(s);
	session_capture_end(s);
	tls_fini(&s->tls);
	binding_keys_wipe(&s->keys);
	session_ppp_hang_up(s);
	session_check_gone(s);
}

void
session_trust(struct session *s)
{
	tls_trust(&s->tls);
	buf_trust(&s->rx, RX_MAX);
	buf_trust(&s->pty_out, PTY_OUT_MAX);
}

void
session_lower_down(struct session *s)
{
	if (s->stage == STAGE_SSTP)
		session_call_event(s, EV_LOWER_DOWN, 0);
	else
		session_close(s);
}

/* --- to the client
 * ------------------------------------------------------------- */

void
session_flush(struct session *s)
{
	session_call_echoes(s);
	if (s->stage == STAGE_CLOSED)
		return;
	switch (tls_flush(&s->tls)) {
	case TLS_OK:
		if (s->echoes_owed == 0)
			ev_io_stop(s->loop, &s->sock_writer);
		else
			ev_io_start(s->loop, &s->sock_writer);
		break;
	case TLS_WANT_WRITE:
		ev_io_start(s->loop, &s->sock_writer);
		break;
	default:
		session_tls_reason(s);
		session_lower_down(s);
		return;
	}
	if (s->downlink_full) {
		session_queue_adapt(s);
		if (session_queue_has_room(s))
			session_ppp_resume(s);
	}
	/* the pty has taken something, or is gone: the client may go on */
	if (s->uplink_full && session_ppp_has_room(s))
		session_pump(s);
}

static void
on_sock_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	session_flush(s);
}

/* --- HTTP
 * ----------------------------------------------------------------------- */

static void
http_reply(struct session *s, int status)
{
	char reply[HTTP_REPLY_MAX];
	size_t n = http_build_reply(reply, status, time(NULL));

	/* one record: sstp-client takes what it gets first for the whole */
	if (!tls_write(&s->tls, (const uint8_t *)reply, n)) {
		session_tls_reason(s);
		session_close(s);
	}
}

static void
http_refuse(
    struct session *s, int status, enum end_cause cause, const char *why)
{
	session_reason(s, cause, "%s, answered %d", why, status);
	http_reply(s, status);
	if (s->stage == STAGE_CLOSED)
		return;
	/* closing with unread data would reset the connection under the reply
	 */
	s->stage = STAGE_REFUSED;
	tls_close_notify(&s->tls);
	session_set_timer(s, REFUSED_LINGER);
}

static void
http_fault(struct session *s, int status)
{
	switch (status) {
	case 404:
		http_refuse(s, status, CAUSE_HTTP_NOT_SSTP, "another path");
		break;
	case 405:
		http_refuse(s, status, CAUSE_HTTP_NOT_SSTP, "another method");
		break;
	case 431:
		http_refuse(
		    s, status, CAUSE_HTTP_BAD_REQUEST, "head is too large");
		break;
	case 505:
		http_refuse(s, status, CAUSE_HTTP_BAD_REQUEST,
		    "version is not HTTP/1.1");
		break;
	default:
		http_refuse(s, status, CAUSE_HTTP_BAD_REQUEST, "not HTTP");
	}
}

/* True: the head is complete and was accepted. */
static bool
http_input(struct session *s)
{
	struct http_request request;
	enum end_cause cause;
	ssize_t n =
	    http_parse_request(buf_bytes(&s->rx), buf_len(&s->rx), &request);

	if (n == 0)
		return false;
	if (n < 0) {
		http_fault(s, (int)-n);
		return false;
	}
	buf_consume(&s->rx, (size_t)n);
	memcpy(s->correlation_id, request.correlation_id,
	    sizeof(s->correlation_id));
	session_reached(s, AT_SSTP);
	cause = s->ops->may_begin(s->owner, s);
	if (cause != NO_CAUSE) {
		http_refuse(s, 503, cause,
		    cause == CAUSE_LIMIT_BANNED
			? "auth-backoff or ban-after"
			: "max-sessions or max-sessions-per-address");
		return false;
	}
	http_reply(s, 200);
	if (s->stage == STAGE_CLOSED)
		return false;
	s->stage = STAGE_SSTP;
	session_log_connected(s);
	session_call_begin(s);
	return true;
}

/* --- from the client
 * ------------------------------------------------------------ */

/* True: a packet was handled, there may be another. */
static bool
sstp_input(struct session *s)
{
	struct sstp_packet packet;
	ssize_t n;

	s->uplink_full = !session_ppp_has_room(s);
	if (s->uplink_full)
		return false;
	n = sstp_parse_packet(buf_bytes(&s->rx), buf_len(&s->rx), &packet);
	if (n == 0)
		return false;
	if (n < 0) {
		session_cause(s, CAUSE_SSTP_BAD_HEADER);
		session_call_event(s, EV_HEADER_BROKEN, 0);
		return false;
	}
	session_call_packet(s, &packet);
	if (s->stage == STAGE_CLOSED)
		return false;
	buf_consume(&s->rx, (size_t)n);
	return true;
}

/*
 * Of one record, at most. sstp-client would let the second packet of a record
 * lie until more comes; who packs records itself can also read such ones.
 */
static void
consume(struct session *s)
{
	unsigned int packets = 0;
	bool more = true;

	while (more && buf_len(&s->rx) > 0) {
		switch (s->stage) {
		case STAGE_HTTP:
			more = http_input(s);
			break;
		case STAGE_SSTP:
			more = sstp_input(s);
			if (more && ++packets > 1)
				s->tls.packs = s->conf->packs_records;
			break;
		default:
			buf_clear(&s->rx);
			return;
		}
	}
}

/* Nothing was asked for: our certificate is the last that it saw. */
static enum end_cause
client_closed(const struct session *s)
{
	bool silent = s->stage == STAGE_HTTP && buf_len(&s->rx) == 0;

	if (silent || (s->stage == STAGE_TLS && s->tls.offer.ciphers > 0))
		return CAUSE_TLS_CLIENT_LEFT;
	return CAUSE_CLIENT_CLOSED;
}

/* Finish the handshake as far as the bytes reach; false: it needs more. */
static bool
handshake(struct session *s)
{
	switch (tls_handshake(&s->tls)) {
	case TLS_OK:
		break;
	case TLS_WANT_READ:
		return false;
	case TLS_EOF:
		session_note_tls(s);
		session_cause(s, client_closed(s));
		session_flush(s);
		session_close(s);
		return false;
	default:
		session_note_tls(s);
		session_tls_reason(s);
		session_close(s); /* the alert leaves with it */
		return false;
	}
	s->binding.hash_bitmask = (uint8_t)s->conf->hash_protocols;
	if (tls_leaf_hashes(
		&s->tls, s->binding.cert_sha1, s->binding.cert_sha256) != 0) {
		session_reason(
		    s, CAUSE_SERVER_FAILED, "cannot hash the certificate");
		session_close(s);
		return false;
	}
	s->stage = STAGE_HTTP;
	session_reached(s, AT_HTTP);
	session_count_handshake(s);
	session_note_tls(s);
	session_set_timer(s, s->conf->http_timeout);
	return true;
}

/* Decrypt one record's worth; false: there is none, or no room for it. */
static bool
decrypt(struct session *s)
{
	uint8_t *p;
	size_t room = buf_space(&s->rx), n;
	enum tls_result r;

	if (!tls_has_input(&s->tls))
		return false;
	if (room > TLS_RECORD_MAX)
		room = TLS_RECORD_MAX;
	if (buf_is_tight() && room > TIGHT_LOW)
		room = TIGHT_LOW;
	/* room is never 0: heads and packets that rx cannot hold are refused */
	if (buf_reserve(&s->rx, room, &p) != 0) {
		session_reason(s,
		    errno == ENOBUFS ? CAUSE_LIMIT_BUFFERS
				     : CAUSE_SERVER_FAILED,
		    "%s", errno == ENOBUFS ? "max-buffers" : "out of memory");
		session_lower_down(s);
		return false;
	}
	r = tls_read(&s->tls, p, room, &n);
	if (r == TLS_OK) {
		buf_commit(&s->rx, n);
		return true;
	}
	if (buf_len(&s->rx) == 0)
		buf_clear(&s->rx);
	if (r == TLS_EOF)
		session_cause(s, client_closed(s));
	else if (r == TLS_FAIL)
		session_tls_reason(s);
	if (r == TLS_EOF || r == TLS_FAIL)
		session_lower_down(s);
	return false;
}

void
session_pump(struct session *s)
{
	bool more = true;

	if (s->tls.head.n > 0)
		session_reached(s, AT_TLS);
	if (s->stage == STAGE_TLS)
		more = handshake(s);
	/* bounded by the ciphertext that one recv() brought */
	while (more && s->stage != STAGE_CLOSED) {
		consume(s);
		if (s->uplink_full)
			/* a pty that takes it all at once wakes nobody later */
			more = session_ppp_write(s);
		else
			more = s->stage != STAGE_CLOSED && decrypt(s);
	}
	session_tun_flush(s);
	if (!s->uplink_full)
		session_ppp_write(s);
	if (s->stage == STAGE_CLOSED)
		return;
	/* a full pty stops the socket; session_ppp_write() starts it again */
	if (s->uplink_full)
		session_reader_stop(s);
	else
		session_reader_start(s);
	session_flush(s);
}

/* --- time
 * ----------------------------------------------------------------------- */

void
session_set_timer(struct session *s, uint32_t ms)
{
	ev_timer_stop(s->loop, &s->timer);
	if (ms == 0)
		return;
	ev_timer_set(&s->timer, ms / 1000., 0.);
	ev_timer_start(s->loop, &s->timer);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	switch (s->stage) {
	case STAGE_TLS:
		session_reason(s, CAUSE_TLS_TIMEOUT, "%u ms are over",
		    s->conf->tls_timeout);
		session_close(s);
		break;
	case STAGE_HTTP:
		session_reason(s, CAUSE_HTTP_TIMEOUT, "%u ms are over",
		    s->conf->http_timeout);
		session_close(s);
		break;
	case STAGE_SSTP:
		session_call_timeout(s);
		break;
	default:
		session_close(s);
	}
}

/* Whose client it is, by the name that it asks for. */
static SSL_CTX *
choose_profile(void *owner, const char *name)
{
	struct session *s = owner;

	s->profile = profile_by_server_name(s->conf, name);
	return s->generation->ctx[s->profile];
}

/* --- birth, messages, death
 * ------------------------------------------------------ */

struct session *
session_new(struct ev_loop *loop, struct generation *generation, uint64_t id,
    int fd, const struct sockaddr_storage *peer,
    const struct sockaddr_storage *local, struct stats_worker *stats,
    const struct session_ops *ops, void *owner)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL ||
	    tls_init(&s->tls, generation->ctx[0], fd, choose_profile, s) != 0) {
		if (s == NULL)
			close(fd);
		free(s);
		return NULL;
	}
	s->loop = loop;
	s->generation = generation_ref(generation);
	s->conf = generation->conf;
	s->ops = ops;
	s->owner = owner;
	s->stats = stats;
	s->id = id;
	s->peer = *peer;
	s->peer_key = peers_key(peer);
	s->local = *local;
	s->began = loop_clock();
	s->reached = AT_TCP;
	snprintf(s->subject.session, sizeof(s->subject.session), "s%u.%u",
	    (unsigned int)(id >> 32), (unsigned int)id);
	address_text(peer, s->subject.peer);
	s->subject.port = address_port(peer);
	session_queue_init(s);
	buf_init(&s->rx, RX_MAX);
	call_init(&s->call);
	ev_io_init(&s->sock_writer, on_sock_writable, fd, EV_WRITE);
	ev_timer_init(&s->timer, on_timeout, 0., 0.);
	s->sock_writer.data = s->timer.data = s;
	session_reader_init(s);
	session_ppp_init(s);
	session_reader_start(s);
	session_set_timer(s, s->conf->tls_timeout);
	slog(s, LOG_LEVEL_DEBUG, "accepted");
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	s->told_gone = true; /* whoever frees it knows */
	session_close(s);
	session_ppp_fini(s);
	buf_clear(&s->rx);
	generation_unref(s->generation);
	OPENSSL_cleanse(s->proof, sizeof(s->proof));
	free(s);
}

uint64_t
session_id(const struct session *s)
{
	return s->id;
}

uint64_t
session_peer(const struct session *s)
{
	return s->peer_key;
}

bool
session_is_call(const struct session *s)
{
	return s->reached >= AT_SSTP;
}

bool
session_is_cheap(const struct session *s)
{
	return s->ppp == PPP_NONE;
}

void
session_drop(struct session *s, enum end_cause cause)
{
	session_cause(s, cause);
	session_lower_down(s);
}

struct session_links *
session_links(struct session *s)
{
	return &s->links;
}

void
session_stop(struct session *s, enum end_cause cause)
{
	session_cause(s, cause);
	if (s->stage != STAGE_SSTP) {
		session_close(s);
		return;
	}
	session_call_event(s, EV_STOP, 0);
	session_flush(s);
}

void
session_disconnect(struct session *s, const char reason[static MSG_REASON_MAX])
{
	if (reason[0] != '\0')
		session_reason(
		    s, CAUSE_ADMINISTRATOR, "%.*s", MSG_REASON_MAX - 1, reason);
	session_stop(s, CAUSE_ADMINISTRATOR);
}

void
session_on_message(struct session *s, const union msg *msg, int *fds)
{
	switch (msg->header.type) {
	case MSG_STARTED:
		session_ppp_started(s, fds);
		break;
	case MSG_REFUSED:
		session_ppp_refused(s, msg->refused.refusal);
		break;
	case MSG_AUTH:
		if (s->stage != STAGE_CLOSED)
			session_call_auth(s, &msg->auth.auth);
		break;
	case MSG_TUN:
		session_tun_begin(s, fds);
		break;
	case MSG_AUTH_FAILED:
		s->auth_refused = true;
		break;
	case MSG_UP:
		session_ppp_up(s, &msg->up.up);
		break;
	case MSG_DOWN:
		session_ppp_down(s, msg->down.down.family);
		break;
	case MSG_EXITED:
		session_ppp_exited(s, &msg->exited);
		break;
	default: /* msg_recv() lets no other type about a session pass */
		break;
	}
	session_flush(s);
}
