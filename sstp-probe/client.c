/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One connection of an SSTP client. */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client_private.h"
#include "sstp.h"

enum {
	/* with bulk: what waits shall wait before us, where it can be chosen */
	UNSENT_MAX = 64 * 1024,
	IN_MAX = 32 * 1024, /* a TLS record, a head of HTTP, a bit of SSTP */
};

/* seconds */
static const double next_address_after = 3; /* at most, without an answer */
static const double hello_after = 60;	    /* [MS-SSTP] 3.1.2 */
static const double close_within = 1;

double
client_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- ends --- */

void
client_set_timer(struct client *c, ev_timer *timer, double seconds)
{
	/* the loop's idea of the time may be older than a big piece of work */
	ev_now_update(c->loop);
	ev_timer_stop(c->loop, timer);
	ev_timer_set(timer, seconds, 0);
	ev_timer_start(c->loop, timer);
}

/* Nothing is freed here: a caller may be in the middle of it. */
static void
finish(struct client *c)
{
	if (c->stage == STAGE_DONE)
		return;
	c->stage = STAGE_DONE;
	ev_io_stop(c->loop, &c->readable);
	ev_io_stop(c->loop, &c->writable);
	ev_timer_stop(c->loop, &c->retry);
	ev_timer_stop(c->loop, &c->hello);
	client_set_timer(c, &c->deadline, 0);
}

void
client_begin_close(struct client *c)
{
	if (c->stage >= STAGE_CLOSE)
		return;
	c->stage = STAGE_CLOSE;
	ev_timer_stop(c->loop, &c->retry);
	ev_timer_stop(c->loop, &c->hello);
	tls_close_notify(&c->tls);
	client_set_timer(c, &c->deadline, close_within);
}

static bool record_failure(struct client *c, enum client_cause cause,
    const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));

/* What the report says of an end is what came first. */
static bool
record_failure(
    struct client *c, enum client_cause cause, const char *fmt, va_list args)
{
	if (c->report.cause != CAUSE_NONE || c->stage >= STAGE_CLOSE)
		return false;
	c->report.cause = cause;
	c->report.failed_at = c->stage;
	if (!c->report.was_up)
		c->report.total = client_now() - c->started;
	vsnprintf(c->report.why, sizeof(c->report.why), fmt, args);
	return true;
}

void
client_lose(struct client *c, enum client_cause cause, const char *fmt, ...)
{
	bool leaving =
	    c->stage == STAGE_LEAVE_PPP || c->stage == STAGE_LEAVE_SSTP;
	va_list args;

	/* once we leave, a server may end it any way it likes: that is not
	 * clean, but no failure */
	if (!leaving || (cause != CAUSE_CLOSED && cause != CAUSE_TLS)) {
		va_start(args, fmt);
		record_failure(c, cause, fmt, args);
		va_end(args);
	}
	finish(c);
}

void
client_fail(struct client *c, enum client_cause cause, const char *fmt, ...)
{
	uint8_t packet[64];
	va_list args;
	bool first;
	size_t n;

	va_start(args, fmt);
	first = record_failure(c, cause, fmt, args);
	va_end(args);
	if (!first)
		return;
	if (c->stage == STAGE_TCP) {
		finish(c);
		return;
	}
	if (c->stage >= STAGE_SSTP) {
		n = sstp_build_status(packet, sizeof(packet),
		    SSTP_MSG_CALL_DISCONNECT, SSTP_ATTRIB_NO_ERROR,
		    ATTRIB_STATUS_NO_ERROR);
		(void)tls_write(&c->tls, packet, n);
	}
	client_begin_close(c);
}

/* --- TLS --- */

/* Whether to go on: credentials are for nobody but who we mean. */
static bool
trust(struct client *c)
{
	struct tls_verdict *verdict = &c->report.verdict;

	tls_client_judge(&c->tls, c->config->name, verdict);
	if (c->facts != NULL)
		tls_client_describe(&c->tls, c->facts);
	if (!tls_client_hashes(&c->tls, c->cert_sha1, c->cert_sha256)) {
		client_fail(
		    c, CAUSE_CERTIFICATE, "the server has no certificate");
		return false;
	}
	if (c->config->insecure)
		return true;
	if (!verdict->chain_ok) {
		client_fail(
		    c, CAUSE_CERTIFICATE, "certificate: %s", verdict->chain);
		return false;
	}
	if (!verdict->name_ok) {
		client_fail(c, CAUSE_CERTIFICATE, "certificate: not for %.128s",
		    c->config->name);
		return false;
	}
	return true;
}

static void
handshake(struct client *c)
{
	switch (tls_handshake(&c->tls)) {
	case TLS_OK:
		break;
	case TLS_EOF:
		client_lose(c, CAUSE_TLS_CLOSED,
		    "the server closes the connection during the handshake");
		return;
	case TLS_FAIL:
		/* the alert that tells the server why is queued */
		(void)tls_flush(&c->tls);
		client_lose(c, CAUSE_TLS, "handshake: %s", c->tls.why);
		return;
	default:
		return;
	}
	/* of a certificate that is refused, too */
	c->report.took[STAGE_TLS] = client_now() - c->stage_started;
	snprintf(c->report.tls_version, sizeof(c->report.tls_version), "%s",
	    tls_version(&c->tls));
	snprintf(c->report.tls_cipher, sizeof(c->report.tls_cipher), "%s",
	    tls_cipher(&c->tls));
	if (!trust(c))
		return;
	client_enter(c, STAGE_HTTP);
}

/* Most of it is understood where it lies, and but a rest kept. */
static void
take(struct client *c, const uint8_t *p, size_t n)
{
	size_t used = 0;

	if (buf_len(&c->in) == 0)
		used = client_input(c, p, n);
	if (used == n)
		return;
	if (buf_append(&c->in, p + used, n - used) != 0) {
		client_lose(c, CAUSE_LOCAL, "%s", strerror(errno));
		return;
	}
	if (used == 0)
		buf_consume(&c->in,
		    client_input(c, buf_bytes(&c->in), buf_len(&c->in)));
}

static void
read_records(struct client *c)
{
	uint8_t record[TLS_RECORD_MAX];
	size_t n;

	while (c->stage != STAGE_DONE) {
		enum tls_result result =
		    tls_read(&c->tls, record, sizeof(record), &n);

		if (result == TLS_OK) {
			take(c, record, n);
			continue;
		}
		if (result == TLS_EOF)
			client_lose(c, CAUSE_CLOSED,
			    "the server closes the connection");
		else if (result == TLS_FAIL)
			client_lose(c, CAUSE_TLS, "%s", c->tls.why);
		return;
	}
}

static void
lose_socket(struct client *c)
{
	client_lose(c, c->stage == STAGE_TLS ? CAUSE_TLS_CLOSED : CAUSE_CLOSED,
	    "%s", c->tls.why);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct client *c = w->data;

	(void)loop;
	(void)events;
	switch (tls_fill(&c->tls)) {
	case TLS_WANT_READ:
		return;
	case TLS_FAIL:
		lose_socket(c);
		return;
	default:
		break;
	}
	if (c->stage == STAGE_TLS)
		handshake(c);
	if (c->stage > STAGE_TLS)
		read_records(c);
	if (c->stage == STAGE_UP && c->heard)
		ev_timer_again(c->loop, &c->hello);
	c->heard = false;
	if (c->ops->batch_end != NULL)
		c->ops->batch_end(c->owner);
	client_settle(c);
}

void
client_settle(struct client *c)
{
	if (c->stage == STAGE_TCP || c->stage == STAGE_DONE)
		return;
	switch (tls_flush(&c->tls)) {
	case TLS_OK:
		ev_io_stop(c->loop, &c->writable);
		if (c->stage == STAGE_UP && c->ops->drained != NULL)
			c->ops->drained(c->owner);
		if (c->stage == STAGE_CLOSE && !c->shut) {
			c->shut = true;
			shutdown(c->tls.fd, SHUT_WR);
		}
		break;
	case TLS_WANT_WRITE:
		ev_io_start(c->loop, &c->writable);
		break;
	default:
		lose_socket(c);
		break;
	}
}

/* --- TCP --- */

static void connect_next(struct client *c);

static void
name_peer(struct client *c, const struct client_address *a)
{
	char host[48], port[8];

	if (getnameinfo((const struct sockaddr *)&a->address, a->len, host,
		sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(c->report.peer, sizeof(c->report.peer),
	    a->address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static void
watch(struct client *c, int fd)
{
	ev_io_set(&c->readable, fd, EV_READ);
	ev_io_set(&c->writable, fd, EV_WRITE);
}

static void
on_refusal(struct client *c, int error)
{
	ev_io_stop(c->loop, &c->writable);
	ev_timer_stop(c->loop, &c->retry);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->next_address < c->config->addresses)
		connect_next(c);
	else
		client_lose(c,
		    error == EMFILE || error == ENFILE ? CAUSE_LOCAL
						       : CAUSE_CONNECT,
		    "%s: %s", c->report.peer, strerror(error));
}

static void
on_connected(struct client *c)
{
	int fd = c->fd;

	c->fd = -1;
	ev_timer_stop(c->loop, &c->retry);
	ev_io_stop(c->loop, &c->writable);
	if (tls_client_init(&c->tls, c->config->ctx, fd, c->config->name) !=
	    0) {
		client_lose(c, CAUSE_LOCAL, "TLS cannot be set up");
		return;
	}
	c->tls.packs = c->config->bulk;
	client_enter(c, STAGE_TLS);
	ev_io_start(c->loop, &c->readable);
	handshake(c);
	client_settle(c);
}

/* Each address gets its share of the time that is left. */
static double
share_of_time(const struct client *c)
{
	double left = c->started + c->config->timeout - client_now();
	double share = left / (c->config->addresses - c->next_address + 1);

	return share < next_address_after ? share : next_address_after;
}

static void
connect_next(struct client *c)
{
	const struct client_address *a = &c->config->address[c->next_address++];
	int one = 1, unsent = UNSENT_MAX;

	name_peer(c, a);
	c->fd = socket(a->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (c->fd == -1) {
		on_refusal(c, errno);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (c->config->bulk)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
		    sizeof(unsent));
	watch(c, c->fd);
	if (connect(c->fd, (const struct sockaddr *)&a->address, a->len) != 0 &&
	    errno != EINPROGRESS) {
		on_refusal(c, errno);
		return;
	}
	ev_io_start(c->loop, &c->writable);
	if (c->next_address < c->config->addresses)
		client_set_timer(c, &c->retry, share_of_time(c));
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct client *c = w->data;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)loop;
	(void)events;
	if (c->stage != STAGE_TCP) {
		client_settle(c);
		return;
	}
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		on_refusal(c, error);
	else
		on_connected(c);
}

/* --- time --- */

static void
end(struct client *c)
{
	tls_fini(&c->tls);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_clear(&c->in);
	ppp_fini(&c->ppp);
	c->ops->done(c->owner);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct client *c = w->data;

	(void)loop;
	(void)events;
	switch (c->stage) {
	case STAGE_DONE:
		end(c);
		return; /* it may be gone */
	case STAGE_LEAVE_PPP:
		client_enter(c, STAGE_LEAVE_SSTP);
		break;
	case STAGE_LEAVE_SSTP:
		client_begin_close(c);
		break;
	case STAGE_CLOSE:
		finish(c);
		break;
	case STAGE_TCP:
		client_lose(c, CAUSE_TIMEOUT,
		    "%s does not answer within %.0f s", c->report.peer,
		    c->config->timeout);
		break;
	default:
		client_fail(c, CAUSE_TIMEOUT, "not up within %.0f s",
		    c->config->timeout);
		break;
	}
	client_settle(c);
}

static void
on_retry(struct ev_loop *loop, ev_timer *w, int events)
{
	struct client *c = w->data;

	(void)loop;
	(void)events;
	if (c->stage == STAGE_TCP) {
		on_refusal(c, ETIMEDOUT);
		return;
	}
	if (c->stage == STAGE_CONFIRM) {
		c->echo_pending = false; /* some servers never answer */
		client_enter(c, STAGE_UP);
	} else if (c->stage >= STAGE_LCP && c->stage <= STAGE_LEAVE_PPP) {
		ppp_timeout(&c->ppp);
		if (ppp_is_waiting(&c->ppp) && c->stage < STAGE_CLOSE)
			client_set_timer(c, &c->retry, client_retry_after);
	}
	client_settle(c);
}

/* [MS-SSTP] 3.1.2: ask a server that says nothing, then give it up. */
static void
on_hello(struct ev_loop *loop, ev_timer *w, int events)
{
	struct client *c = w->data;

	(void)loop;
	(void)events;
	if (c->echo_pending) {
		client_lose(
		    c, CAUSE_CLOSED, "the server says nothing any more");
		return;
	}
	client_echo(c);
	client_settle(c);
}

/* --- life --- */

void
client_start(struct client *c, struct ev_loop *loop,
    const struct client_config *config, const struct login_secret *secret,
    const struct client_ops *ops, void *owner)
{
	struct tls_facts *facts = c->facts;

	*c = (struct client){
		.config = config,
		.ops = ops,
		.owner = owner,
		.loop = loop,
		.facts = facts,
		.fd = -1,
		.tls.fd = -1,
	};
	for (int i = 0; i < STAGES_TIMED; i++)
		c->report.took[i] = -1;
	buf_init(&c->in, IN_MAX);
	ev_init(&c->readable, on_readable);
	ev_init(&c->writable, on_writable);
	ev_init(&c->deadline, on_deadline);
	ev_init(&c->retry, on_retry);
	ev_init(&c->hello, on_hello);
	c->readable.data = c->writable.data = c;
	c->deadline.data = c->retry.data = c->hello.data = c;
	c->hello.repeat = hello_after;
	c->started = c->stage_started = client_now();
	client_set_timer(c, &c->deadline, config->timeout);
	if (!client_init_ppp(c, secret))
		client_lose(c, CAUSE_LOCAL, "no random numbers");
	else
		connect_next(c);
}

const struct sockaddr *
client_server(const struct client *c)
{
	return (const struct sockaddr *)&c->config->address[c->next_address - 1]
	    .address;
}

void
client_leave(struct client *c)
{
	if (c->stage >= STAGE_LEAVE_PPP)
		return;
	if (c->stage < STAGE_UP)
		c->report.total = client_now() - c->started;
	if (c->stage < STAGE_SSTP)
		finish(c);
	else if (c->stage >= STAGE_LCP && c->config->login)
		client_enter(c, STAGE_LEAVE_PPP);
	else
		client_enter(c, STAGE_LEAVE_SSTP);
	client_settle(c);
}
