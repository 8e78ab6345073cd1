/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What those who ask the control process want, and what they are told. */

#include <stdlib.h>
#include <string.h>

#include "control_private.h"
#include "log.h"

enum {
	WORDS_MAX = 16,
	DISCONNECTS_MAX = 65536,
	DISCONNECTS_AT_ONCE = 64, /* asked for and not answered */
};

static const ev_tstamp upgrade_patience = 130.;

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

void
control_ask(struct control_client *c, enum then then, enum msg_type type,
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
ask_disconnect(struct control_client *c, uint64_t session)
{
	union msg msg = { .disconnect = { .header = { .type = MSG_DISCONNECT,
					      .session = session },
			      .request = c->waits_for } };

	memcpy(msg.disconnect.reason, c->reason, sizeof(c->reason));
	c->waits++;
	c->clients->ask(c->clients->owner, &msg, NULL);
}

/* No more than the monitor can keep up with: the rest as it answers. */
static void
disconnect_some(struct control_client *c)
{
	while (c->ids_asked < c->ids_count && c->waits < DISCONNECTS_AT_ONCE)
		ask_disconnect(c, c->ids[c->ids_asked++]);
}

static void
disconnect_found(struct control_client *c)
{
	static uint64_t ids[DISCONNECTS_MAX];
	unsigned int n =
	    report_find(&c->clients->report, &c->filter, ids, DISCONNECTS_MAX);

	if (n == 0) {
		control_refuse(c, "there is no such session");
		return;
	}
	c->ids = malloc(n * sizeof(*ids));
	if (c->ids == NULL) {
		control_refuse(c, "there is no memory for that");
		return;
	}
	memcpy(c->ids, ids, n * sizeof(*ids));
	c->ids_count = n;
	c->then = THEN_DONE;
	c->waits_for = ++c->clients->last_request;
	c->waits = c->failed = c->done = 0;
	ev_timer_stop(c->clients->loop, &c->sample);
	disconnect_some(c);
}

/* The socket goes on to the monitor: what is written there is not for us. */
static void
ask_capture(struct control_client *c, uint64_t session)
{
	union msg msg = { .capture = {
			      .header = { .type = MSG_CAPTURE,
				  .session = session },
			      .uid = control_peer(c).uid,
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
		control_refuse(c, "there is no such session");
	else
		control_refuse(c, "there are several such sessions: name one");
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
		control_refuse(c, "%s", failure(c->why));
		return;
	}
	if (!control_begin(c))
		return;
	fputs("ok\n", c->out);
	if (c->done > 1 || c->failed > 0)
		fprintf(c->out, "%u done, %u failed\n", c->done, c->failed);
	control_finish(c);
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
			control_answer_metrics(c, r);
			return;
		}
		break;
	case THEN_SESSION:
		if (report_find(r, &c->filter, &(uint64_t){ 0 }, 1) == 0) {
			control_refuse(c, "there is no such session");
			return;
		}
		break;
	default:
		break;
	}
	if (!control_begin(c))
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
	control_finish(c);
}

/* A worker that is too busy to answer is shown as it was. */
void
control_on_sample_late(struct ev_loop *loop, ev_timer *w, int revents)
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
	c->waits--;
	disconnect_some(c);
	if (c->waits == 0)
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
		} else if (strncmp(words[i], "reason=", 7) == 0 &&
			   strlen(words[i] + 7) < sizeof(c->reason)) {
			strcpy(c->reason, words[i] + 7);
		} else if (strcmp(words[i], "hold") == 0) {
			c->hold = true;
		} else if (capture && strcmp(words[i], "next") == 0) {
			c->awaited = true;
		} else if (capture && strcmp(words[i], "secrets") == 0) {
			c->secrets = true;
		} else if (*end == '\0' && v > 0 && v <= 86400 * 7) {
			*seconds = (uint32_t)v;
		} else if (!set_filter(&c->filter, words[i])) {
			control_refuse(c, "\"%s\" is not understood", words[i]);
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
	struct ucred peer = control_peer(c);

	log_info("control: uid %u, pid %d: %s", peer.uid, (int)peer.pid, what);
}

/* Root, or whose daemon it is: the group may look on, but not log in. */
static bool
may_see_secrets(const struct control_client *c)
{
	uid_t uid = control_peer(c).uid;

	return uid == 0 || uid == c->clients->uid;
}

static void
run_capture(struct control_client *c)
{
	const struct report_filter *f = &c->filter;

	if (c->given < 0) {
		control_refuse(c, "no socket came with it");
		return;
	}
	if (c->secrets && !may_see_secrets(c)) {
		control_refuse(c, "passwords and responses are for root only");
		return;
	}
	if (c->awaited && (f->id != 0 || f->stage[0] != '\0' ||
			      (f->user[0] != '\0' && f->address[0] != '\0'))) {
		control_refuse(
		    c, "the next one of a user or of an address, no more");
		return;
	}
	log_actor(c,
	    c->secrets ? "capture, with passwords and responses" : "capture");
	if (c->awaited)
		ask_capture(c, 0);
	else
		control_ask(c, THEN_FIND_CAPTURE, MSG_SAMPLE, 0);
}

static void
run(struct control_client *c, char *const *words, unsigned int n)
{
	const char *command = n > 0 ? words[0] : "";
	uint32_t seconds = 0;

	if (!parse_words(c, words, n, &seconds))
		return;
	if (strcmp(command, "status") == 0) {
		control_ask(c, THEN_STATUS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "sessions") == 0) {
		control_ask(c, THEN_SESSIONS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "session") == 0 && c->filter.id != 0) {
		control_ask(c, THEN_SESSION, MSG_SAMPLE, 0);
	} else if (strcmp(command, "metrics") == 0) {
		control_ask(c, THEN_METRICS, MSG_SAMPLE, 0);
	} else if (strcmp(command, "failures") == 0) {
		if (!control_begin(c))
			return;
		fputs("ok\n", c->out);
		report_failures(&c->clients->report, c->json, c->out);
		control_finish(c);
	} else if (strcmp(command, "disconnect") == 0 &&
		   has_filter(&c->filter)) {
		log_actor(c, "disconnect");
		control_ask(c, THEN_FIND, MSG_SAMPLE, 0);
	} else if (strcmp(command, "capture") == 0 &&
		   (c->awaited || has_filter(&c->filter))) {
		run_capture(c);
	} else if (strcmp(command, "drain") == 0) {
		log_actor(c, "drain");
		control_ask(c, THEN_DONE, MSG_DRAIN, seconds);
	} else if (strcmp(command, "undrain") == 0) {
		log_actor(c, "undrain");
		control_ask(c, THEN_DONE, MSG_UNDRAIN, 0);
	} else if (strcmp(command, "upgrade") == 0) {
		log_actor(c, "upgrade");
		ev_timer_stop(c->clients->loop, &c->timer);
		ev_timer_set(&c->timer, upgrade_patience, 0.);
		ev_timer_start(c->clients->loop, &c->timer);
		control_ask(c, THEN_DONE, MSG_UPGRADE, seconds);
	} else if (strcmp(command, "reload") == 0) {
		log_actor(c, "reload");
		control_ask(c, THEN_DONE, MSG_RELOAD, 0);
	} else {
		control_refuse(
		    c, "\"%s\" is no command, or lacks something", command);
	}
}

/* Words are separated by tabs, as names may have spaces in them. */
void
control_run(struct control_client *c, char *line)
{
	char *words[WORDS_MAX], *rest = line, *word;
	unsigned int n = 0;

	while ((word = strsep(&rest, "\t")) != NULL && n < WORDS_MAX)
		words[n++] = word;
	run(c, words, n);
}
