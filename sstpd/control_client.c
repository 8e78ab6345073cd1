/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Those who ask the control process. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_client.h"
#include "log.h"

enum { WORDS_MAX = 16, DISCONNECTS_MAX = 65536 };

static const ev_tstamp patience = 10., sample_patience = 2.,
		       upgrade_patience = 45.;

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
	struct report_filter filter;
	bool json, hold, secrets;
	bool awaited; /* the session has not begun yet */
	int given;    /* descriptor that came with the request; -1: none */
	/* the answer */
	char *reply;
	size_t reply_len, sent;
	FILE *out; /* to the reply, while it is being made */
};

/* --- answers
 * -------------------------------------------------------------------- */

static void
client_free(struct control_client *c)
{
	struct control_clients *clients = c->clients;
	struct control_client **p = &clients->first;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	clients->count--;
	if (clients->finishing && clients->count == 0)
		ev_break(clients->loop, EVBREAK_ALL);
	ev_io_stop(c->clients->loop, &c->io);
	ev_timer_stop(c->clients->loop, &c->timer);
	ev_timer_stop(c->clients->loop, &c->sample);
	if (c->out != NULL)
		fclose(c->out);
	free(c->reply);
	if (c->given >= 0)
		close(c->given);
	close(c->fd);
	free(c);
}

/* Closing with something unread would take the answer away, too. */
static void
discard(struct control_client *c)
{
	char rest[4096];

	shutdown(c->fd, SHUT_WR);
	for (int i = 0; i < 16; i++)
		if (recv(c->fd, rest, sizeof(rest), 0) <= 0)
			return;
}

static void
send_reply(struct control_client *c)
{
	while (c->sent < c->reply_len) {
		ssize_t n = send(c->fd, c->reply + c->sent,
		    c->reply_len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_stop(c->clients->loop, &c->io);
			ev_io_set(&c->io, c->fd, EV_WRITE);
			ev_io_start(c->clients->loop, &c->io);
			return;
		}
		if (n < 0)
			break;
		c->sent += (size_t)n;
	}
	discard(c);
	client_free(c);
}

/* False: out of memory, and the client is gone. */
static bool
begin(struct control_client *c)
{
	c->out = open_memstream(&c->reply, &c->reply_len);
	if (c->out != NULL)
		return true;
	client_free(c);
	return false;
}

static void
finish(struct control_client *c)
{
	bool good = !ferror(c->out) && fclose(c->out) == 0;

	c->out = NULL;
	ev_io_stop(c->clients->loop, &c->io);
	ev_timer_stop(c->clients->loop, &c->sample);
	if (good)
		send_reply(c);
	else
		client_free(c);
}

static void refuse(struct control_client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
refuse(struct control_client *c, const char *fmt, ...)
{
	va_list ap;

	if (!begin(c))
		return;
	fputs("error ", c->out);
	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	putc('\n', c->out);
	finish(c);
}

static void
http_answer(struct control_client *c, const char *status, const char *body)
{
	if (!begin(c))
		return;
	fprintf(c->out,
	    "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    status, strlen(body), body);
	finish(c);
}

/* Who it is; nobody in particular if that cannot be found out. */
static struct ucred
peer_of(const struct control_client *c)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer;
}

/* --- questions to the monitor
 * ---------------------------------------------------- */

static void
ask(struct control_client *c, enum msg_type type, uint64_t session,
    uint32_t seconds)
{
	union msg msg = { .ask = { .header = { .type = (uint16_t)type,
				       .session = session },
			      .request = c->waits_for,
			      .seconds = seconds,
			      .hold = c->hold } };

	c->waits++;
	c->clients->ask(c->clients->owner, &msg, NULL);
}

static void
ask_one(struct control_client *c, enum then then, enum msg_type type,
    uint32_t seconds)
{
	c->then = then;
	c->waits_for = ++c->clients->last_request;
	c->waits = 0;
	ask(c, type, 0, seconds);
	if (type == MSG_SAMPLE)
		ev_timer_start(c->clients->loop, &c->sample);
}

static void
disconnect_found(struct control_client *c)
{
	static uint64_t ids[DISCONNECTS_MAX];
	unsigned int n =
	    report_find(&c->clients->report, &c->filter, ids, DISCONNECTS_MAX);

	if (n == 0) {
		refuse(c, "there is no such session");
		return;
	}
	c->then = THEN_DONE;
	c->waits_for = ++c->clients->last_request;
	c->waits = c->failed = c->done = 0;
	ev_timer_stop(c->clients->loop, &c->sample);
	for (unsigned int i = 0; i < n; i++)
		ask(c, MSG_DISCONNECT, ids[i], 0);
}

/* The socket goes on to the monitor: what is written there is not for us. */
static void
ask_capture(struct control_client *c, uint64_t session)
{
	union msg msg = { .capture = {
			      .header = { .type = MSG_CAPTURE,
				  .session = session },
			      .uid = peer_of(c).uid,
			      .secrets = c->secrets,
			  } };

	c->then = THEN_CAPTURE;
	c->waits_for = msg.capture.request = ++c->clients->last_request;
	c->waits = 1;
	snprintf(msg.capture.address, sizeof(msg.capture.address), "%s",
	    c->filter.address);
	snprintf(
	    msg.capture.user, sizeof(msg.capture.user), "%s", c->filter.user);
	c->clients->ask(c->clients->owner, &msg, &c->given);
	c->given = -1;
}

static void
capture_found(struct control_client *c)
{
	uint64_t ids[2];
	unsigned int n = report_find(&c->clients->report, &c->filter, ids, 2);

	ev_timer_stop(c->clients->loop, &c->sample);
	if (n == 1)
		ask_capture(c, ids[0]);
	else if (n == 0)
		refuse(c, "there is no such session");
	else
		refuse(c, "there are several such sessions: name one");
}

static void
answer_http(struct control_client *c, const struct report *r)
{
	char *body = NULL;
	size_t n;
	FILE *out = open_memstream(&body, &n);

	if (out == NULL) {
		client_free(c);
		return;
	}
	report_metrics(r, out);
	if (fclose(out) != 0 || !begin(c)) {
		free(body);
		return;
	}
	fprintf(c->out,
	    "HTTP/1.1 200 OK\r\n"
	    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    n);
	fwrite(body, 1, n, c->out);
	free(body);
	finish(c);
}

static const char *
failure(uint32_t why)
{
	switch (why) {
	case MSG_FAILED_SESSION:
		return "there is no such session";
	case MSG_FAILED_BUSY:
		return "it is captured already, or there are too many captures";
	case MSG_FAILED_SOCKET:
		return "that is no socket to capture to";
	default:
		return "that failed: see the log of sstpd";
	}
}

static void
answer_done(struct control_client *c)
{
	if (c->failed > 0 && c->done == 0) {
		refuse(c, "%s", failure(c->why));
		return;
	}
	if (!begin(c))
		return;
	fputs("ok\n", c->out);
	if (c->done > 1 || c->failed > 0)
		fprintf(c->out, "%u done, %u failed\n", c->done, c->failed);
	finish(c);
}

static void
answer(struct control_client *c)
{
	struct report *r = &c->clients->report;

	r->now = (int64_t)(ev_time() * 1000);
	switch (c->then) {
	case THEN_FIND:
		disconnect_found(c);
		return;
	case THEN_FIND_CAPTURE:
		capture_found(c);
		return;
	case THEN_DONE:
	case THEN_CAPTURE:
		answer_done(c);
		return;
	case THEN_METRICS:
		if (c->kind == CONTROL_HTTP) {
			answer_http(c, r);
			return;
		}
		break;
	case THEN_SESSION:
		if (report_find(r, &c->filter, &(uint64_t){ 0 }, 1) == 0) {
			refuse(c, "there is no such session");
			return;
		}
		break;
	default:
		break;
	}
	if (!begin(c))
		return;
	fputs("ok\n", c->out);
	if (c->then == THEN_STATUS)
		report_status(r, c->json, c->out);
	else if (c->then == THEN_SESSIONS)
		report_sessions(r, &c->filter, c->json, c->out);
	else if (c->then == THEN_SESSION)
		report_session(r, c->filter.id, c->json, c->out);
	else
		report_metrics(r, c->out);
	finish(c);
}

/* A worker that is too busy to answer is shown as it was. */
static void
on_sample_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	answer(w->data);
}

/*
 * A sample is as good for all who asked earlier on: of many requests at a time
 * only the last one is answered.
 */
static void
answer_sampled(struct control_clients *clients, uint32_t request)
{
	struct control_client *c = clients->first, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		if (ev_is_active(&c->sample) &&
		    (int32_t)(request - c->waits_for) >= 0)
			answer(c);
	}
}

/* A worker, which is less trusted, answers what is about captures only. */
static bool
is_answered(const struct control_client *c, const struct msg_result *result)
{
	return c->waits_for == result->request &&
	       (c->then == THEN_CAPTURE ||
		   (c->then == THEN_DONE && result->header.type == MSG_RESULT));
}

void
control_clients_answer(
    struct control_clients *clients, const struct msg_result *result)
{
	struct control_client *c = clients->first;

	if (result->header.type == MSG_SAMPLED) {
		answer_sampled(clients, result->request);
		return;
	}
	while (c != NULL && !is_answered(c, result))
		c = c->next;
	if (c == NULL)
		return; /* it did not wait so long */
	c->why = result->failed;
	if (result->failed)
		c->failed++;
	else
		c->done++;
	if (--c->waits == 0)
		answer(c);
}

/* --- commands
 * -------------------------------------------------------------------- */

static bool
set_filter(struct report_filter *f, const char *word)
{
	static const struct {
		const char *key;
		size_t offset, size;
	} keys[] = {
		{ "user=", offsetof(struct report_filter, user),
		    sizeof(f->user) },
		{ "address=", offsetof(struct report_filter, address),
		    sizeof(f->address) },
		{ "stage=", offsetof(struct report_filter, stage),
		    sizeof(f->stage) },
		{ "profile=", offsetof(struct report_filter, profile),
		    sizeof(f->profile) },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(word, keys[i].key, n) != 0 ||
		    strlen(word + n) >= keys[i].size || word[n] == '\0')
			continue;
		memcpy(
		    (char *)f + keys[i].offset, word + n, strlen(word + n) + 1);
		return true;
	}
	f->id = report_parse_id(word);
	return f->id != 0;
}

/* What comes after a command: json, filters, a number of seconds. */
static bool
parse_words(struct control_client *c, char *const *words, unsigned int n,
    uint32_t *seconds)
{
	bool capture = n > 0 && strcmp(words[0], "capture") == 0;

	for (unsigned int i = 1; i < n; i++) {
		char *end;
		unsigned long v = strtoul(words[i], &end, 10);

		if (strcmp(words[i], "json") == 0) {
			c->json = true;
		} else if (strcmp(words[i], "hold") == 0) {
			c->hold = true;
		} else if (capture && strcmp(words[i], "next") == 0) {
			c->awaited = true;
		} else if (capture && strcmp(words[i], "secrets") == 0) {
			c->secrets = true;
		} else if (*end == '\0' && v > 0 && v <= 86400 * 7) {
			*seconds = (uint32_t)v;
		} else if (!set_filter(&c->filter, words[i])) {
			refuse(c, "\"%s\" is not understood", words[i]);
			return false;
		}
	}
	return true;
}

static bool
has_filter(const struct report_filter *f)
{
	return f->id != 0 || f->user[0] != '\0' || f->address[0] != '\0' ||
	       f->stage[0] != '\0' || f->profile[0] != '\0';
}

/* Who changes something is in the log. */
static void
log_actor(const struct control_client *c, const char *what)
{
	struct ucred peer = peer_of(c);

	log_info("control: uid %u, pid %d: %s", peer.uid, (int)peer.pid, what);
}

/* Root, or whose daemon it is: the group may look on, but not log in. */
static bool
may_see_secrets(const struct control_client *c)
{
	uid_t uid = peer_of(c).uid;

	return uid == 0 || uid == c->clients->uid;
}

static void
run_capture(struct control_client *c)
{
	const struct report_filter *f = &c->filter;

	if (c->given < 0) {
		refuse(c, "no socket came with it");
		return;
	}
	if (c->secrets && !may_see_secrets(c)) {
		refuse(c, "passwords and responses are for root only");
		return;
	}
	if (c->awaited && (f->id != 0 || f->stage[0] != '\0' ||
			      (f->user[0] != '\0' && f->address[0] != '\0'))) {
		refuse(c, "the next one of a user or of an address, no more");
		return;
	}
	log_actor(c,
	    c->secrets ? "capture, with passwords and responses" : "capture");
	if (c->awaited)
		ask_capture(c, 0);
	else
		ask_one(c, THEN_FIND_CAPTURE, MSG_SAMPLE, 0);
}

static void
run(struct control_client *c, char *const *words, unsigned int n)
{
	const char *command = n > 0 ? words[0] : "";
	uint32_t seconds = 0;

	if (!parse_words(c, words, n, &seconds))
		return;
	if (strcmp(command, "status") == 0) {
		ask_one(c, THEN_STATUS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "sessions") == 0) {
		ask_one(c, THEN_SESSIONS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "session") == 0 && c->filter.id != 0) {
		ask_one(c, THEN_SESSION, MSG_SAMPLE, 0);
	} else if (strcmp(command, "metrics") == 0) {
		ask_one(c, THEN_METRICS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "failures") == 0) {
		if (!begin(c))
			return;
		fputs("ok\n", c->out);
		report_failures(&c->clients->report, c->json, c->out);
		finish(c);
	} else if (strcmp(command, "disconnect") == 0 &&
		   has_filter(&c->filter)) {
		log_actor(c, "disconnect");
		ask_one(c, THEN_FIND, MSG_SAMPLE, 0);
	} else if (strcmp(command, "capture") == 0 &&
		   (c->awaited || has_filter(&c->filter))) {
		run_capture(c);
	} else if (strcmp(command, "drain") == 0) {
		log_actor(c, "drain");
		ask_one(c, THEN_DONE, MSG_DRAIN, seconds);
	} else if (strcmp(command, "undrain") == 0) {
		log_actor(c, "undrain");
		ask_one(c, THEN_DONE, MSG_UNDRAIN, 0);
	} else if (strcmp(command, "upgrade") == 0) {
		log_actor(c, "upgrade");
		ev_timer_stop(c->clients->loop, &c->timer);
		ev_timer_set(&c->timer, upgrade_patience, 0.);
		ev_timer_start(c->clients->loop, &c->timer);
		ask_one(c, THEN_DONE, MSG_UPGRADE, seconds);
	} else if (strcmp(command, "reload") == 0) {
		log_actor(c, "reload");
		ask_one(c, THEN_DONE, MSG_RELOAD, 0);
	} else {
		refuse(c, "\"%s\" is no command, or lacks something", command);
	}
}

/* Words are separated by tabs, as names may have spaces in them. */
static void
run_line(struct control_client *c, char *line)
{
	char *words[WORDS_MAX], *rest = line, *word;
	unsigned int n = 0;

	while ((word = strsep(&rest, "\t")) != NULL && n < WORDS_MAX)
		words[n++] = word;
	run(c, words, n);
}

static void
http_ready(struct control_client *c)
{
	const struct stats_monitor *m = c->clients->report.monitor;
	const char *not_ready = NULL;

	if (m->draining)
		not_ready = "draining\n";
	else if (m->workers == 0)
		not_ready = "no worker\n";
	http_answer(c, not_ready ? "503 Service Unavailable" : "200 OK",
	    not_ready ? not_ready : "ok\n");
}

static void
run_http(struct control_client *c, const char *head)
{
	if (strncmp(head, "GET ", 4) != 0)
		http_answer(
		    c, "405 Method Not Allowed\r\nAllow: GET", "only GET\n");
	else if (strncmp(head + 4, "/metrics ", 9) == 0)
		ask_one(c, THEN_METRICS, MSG_SAMPLE, 0);
	else if (strncmp(head + 4, "/healthz ", 9) == 0)
		http_answer(c, "200 OK", "ok\n");
	else if (strncmp(head + 4, "/readyz ", 8) == 0)
		http_ready(c);
	else
		http_answer(
		    c, "404 Not Found", "/metrics, /healthz, /readyz\n");
}

/* --- clients
 * -------------------------------------------------------------------- */

static void
take_request(struct control_client *c)
{
	const char *end = c->kind == CONTROL_HTTP ? "\r\n\r\n" : "\n";
	bool is_text = memchr(c->request, '\0', c->request_len) == NULL;
	char *found;

	c->request[c->request_len] = '\0';
	found = is_text ? strstr(c->request, end) : NULL;
	if (found == NULL && is_text && c->request_len + 1 < sizeof(c->request))
		return;
	ev_io_stop(c->clients->loop, &c->io);
	if (found == NULL && c->kind == CONTROL_HTTP) {
		http_answer(c, "400 Bad Request", "too long, or no text\n");
	} else if (found == NULL) {
		refuse(c, "the request is too long, or is no text");
	} else {
		*found = '\0';
		if (c->kind == CONTROL_HTTP)
			run_http(c, c->request);
		else
			run_line(c, c->request);
	}
}

/* As recv(); of descriptors that come with it the first is kept. */
static ssize_t
receive(struct control_client *c, char *p, size_t n)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = p, .iov_len = n };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_LEN(sizeof(int)), /* room for one */
	};
	ssize_t got = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = got < 0 ? NULL : CMSG_FIRSTHDR(&mh);

	if (h == NULL || h->cmsg_level != SOL_SOCKET ||
	    h->cmsg_type != SCM_RIGHTS || h->cmsg_len != CMSG_LEN(sizeof(int)))
		return got;
	if (c->given >= 0)
		close(c->given);
	memcpy(&c->given, CMSG_DATA(h), sizeof(c->given));
	return got;
}

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct control_client *c = w->data;
	ssize_t n;

	(void)loop;
	if (revents & EV_WRITE) {
		send_reply(c);
		return;
	}
	n = receive(c, c->request + c->request_len,
	    sizeof(c->request) - 1 - c->request_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->request_len += (size_t)n;
	take_request(c);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	client_free(w->data);
}

static void
client_new(struct control_clients *clients, int fd, enum control_kind kind)
{
	struct control_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return;
	}
	c->clients = clients;
	c->kind = kind;
	c->fd = fd;
	c->given = -1;
	c->next = clients->first;
	clients->first = c;
	clients->count++;
	ev_io_init(&c->io, on_io, fd, EV_READ);
	ev_timer_init(&c->timer, on_timeout, patience, 0.);
	ev_timer_init(&c->sample, on_sample_late, sample_patience, 0.);
	c->io.data = c->timer.data = c->sample.data = c;
	ev_io_start(clients->loop, &c->io);
	ev_timer_start(clients->loop, &c->timer);
}

static void
on_connection(struct ev_loop *loop, ev_io *w, int revents)
{
	struct control_socket *s = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)revents;
	if (fd < 0)
		return;
	if (s->clients->count >= CONTROL_CLIENTS_MAX) {
		close(fd); /* each of the others has some seconds only */
		return;
	}
	client_new(s->clients, fd, s->kind);
}

void
control_clients_init(struct control_clients *clients, struct ev_loop *loop,
    void (*ask_monitor)(void *owner, union msg *msg, const int *fds),
    void *owner)
{
	clients->loop = loop;
	clients->uid = getuid(); /* still the daemon's */
	clients->ask = ask_monitor;
	clients->owner = owner;
}

int
control_clients_listen(
    struct control_clients *clients, int fd, enum control_kind kind)
{
	struct control_socket *s;

	if (clients->socket_count >= CONTROL_SOCKETS_MAX)
		return -1;
	s = &clients->sockets[clients->socket_count++];
	s->clients = clients;
	s->kind = kind;
	ev_io_init(&s->acceptor, on_connection, fd, EV_READ);
	s->acceptor.data = s;
	ev_io_start(clients->loop, &s->acceptor);
	return 0;
}

void
control_clients_finish(struct control_clients *clients)
{
	for (unsigned int i = 0; i < clients->socket_count; i++) {
		ev_io_stop(clients->loop, &clients->sockets[i].acceptor);
		close(clients->sockets[i].acceptor.fd);
	}
	clients->socket_count = 0;
	clients->finishing = true;
	if (clients->count == 0)
		ev_break(clients->loop, EVBREAK_ALL);
}
