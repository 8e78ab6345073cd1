/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One client: its PPP frames as an administrator asked to see them, a pcapng
 * block a message over a socket. A reader that falls behind costs frames, which
 * are counted, and no time; one that goes away ends the capture only.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pcapng.h"
#include "ppp_mask.h"
#include "session_private.h"

enum { DESCRIPTION_MAX = KEYMSG_USER_MAX + 2 * ENDPOINT_TEXT_MAX + 32 };

/* For the reader to make room for the last block. */
static const ev_tstamp last_patience = 5.;

struct session_capture {
	struct session *session; /* NULL: only its last block is to go */
	struct ev_loop *loop;
	int fd;
	ev_io reader, writer;
	ev_timer patience;
	bool secrets;
	bool full;	   /* until the socket is writable again */
	uint64_t began;	   /* ns since 1970 */
	uint64_t received; /* frames */
	uint64_t dropped;  /* of these */
	uint64_t missing;  /* of these, those since the last one written */
};

enum sent { SENT, NO_ROOM, NO_READER };

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A block goes as a whole or not at all, so that the file is never torn. */
static enum sent
send_block(const struct session_capture *c, const uint8_t *block, size_t n)
{
	if (send(c->fd, block, n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return SENT;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
		return NO_ROOM;
	default:
		return NO_READER;
	}
}

/* --- its end
 * -------------------------------------------------------------------- */

static void
capture_free(struct session_capture *c)
{
	ev_io_stop(c->loop, &c->reader);
	ev_io_stop(c->loop, &c->writer);
	ev_timer_stop(c->loop, &c->patience);
	close(c->fd);
	free(c);
}

static enum sent
send_statistics(const struct session_capture *c)
{
	uint8_t block[PCAPNG_BLOCK_MAX];
	const struct pcapng_statistics statistics = {
		.begin = c->began,
		.end = now_ns(),
		.received = c->received,
		.dropped = c->dropped,
	};

	return send_block(c, block, pcapng_statistics(block, &statistics));
}

void
session_capture_end(struct session *s)
{
	struct session_capture *c = s->capture;

	if (c == NULL)
		return;
	s->capture = NULL;
	slog(s, LOG_LEVEL_INFO, "capture: ends: %llu frames, %llu dropped",
	    (unsigned long long)c->received, (unsigned long long)c->dropped);
	c->session = NULL;
	ev_io_stop(c->loop, &c->reader);
	if (send_statistics(c) != NO_ROOM) {
		capture_free(c);
		return;
	}
	ev_io_start(c->loop, &c->writer);
	ev_timer_start(c->loop, &c->patience);
}

static void
on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	capture_free(w->data);
}

/* Its reader has nothing to say: it is gone, or wants no more. */
static void
on_reader(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session_capture *c = w->data;

	(void)loop;
	(void)revents;
	session_capture_end(c->session);
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session_capture *c = w->data;

	(void)revents;
	if (c->session == NULL) {
		if (send_statistics(c) != NO_ROOM)
			capture_free(c);
		return;
	}
	c->full = false;
	ev_io_stop(loop, w);
}

/* --- its frames
 * ----------------------------------------------------------------- */

static enum sent
send_frame(const struct session_capture *c, const struct pcapng_packet *packet)
{
	uint8_t block[PCAPNG_BLOCK_MAX];
	size_t n = pcapng_packet(block, packet);

	if (!c->secrets)
		ppp_mask(block + PCAPNG_FRAME_AT, packet->n < PCAPNG_FRAME_MAX
						      ? packet->n
						      : PCAPNG_FRAME_MAX);
	return send_block(c, block, n);
}

void
session_capture_frame(struct session *s, bool from_client, bool passed,
    const uint8_t *frame, size_t n)
{
	struct session_capture *c = s->capture;
	const struct pcapng_packet packet = {
		.time = now_ns(),
		.inbound = from_client,
		.frame = frame,
		.n = n,
		.dropped = c->missing,
		.comment = passed ? NULL : "not let through",
	};
	enum sent sent = c->full ? NO_ROOM : send_frame(c, &packet);

	c->received++;
	if (sent == SENT) {
		c->missing = 0;
		return;
	}
	c->missing++;
	c->dropped++;
	if (sent == NO_READER) {
		session_capture_end(s);
	} else if (!c->full) {
		c->full = true;
		ev_io_start(c->loop, &c->writer);
	}
}

/* --- its beginning
 * -------------------------------------------------------------- */

/* What the client has sent and no pppd has read yet is a part of it. */
static void
add_waiting(struct session *s)
{
	struct hdlc_decoder decoder;
	size_t n = buf_len(&s->pty_out), used, len;
	const uint8_t *p;
	uint8_t *frame;

	if (s->ppp != PPP_ASKED || n == 0)
		return;
	p = buf_bytes(&s->pty_out);
	hdlc_decoder_init(&decoder);
	for (; n > 0 && s->capture != NULL; p += used, n -= used) {
		used = hdlc_decode(&decoder, p, n, &frame, &len);
		if (frame != NULL)
			session_capture_frame(s, true, true, frame, len);
	}
}

/* Whatever the bytes of the user's name are, these are UTF-8. */
static void
describe(const struct session *s, char text[static DESCRIPTION_MAX])
{
	char user[KEYMSG_USER_MAX + 1], peer[ENDPOINT_TEXT_MAX],
	    local[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < s->user_len; i++)
		user[i] =
		    s->user[i] < ' ' || s->user[i] > '~' ? '?' : s->user[i];
	user[s->user_len] = '\0';
	endpoint_text(&s->peer, peer);
	endpoint_text(&s->local, local);
	snprintf(text, DESCRIPTION_MAX, "client %s, server %s%s%s", peer, local,
	    s->user_len > 0 ? ", user " : "", user);
}

static enum sent
send_head(const struct session_capture *c)
{
	uint8_t block[PCAPNG_BLOCK_MAX];
	char description[DESCRIPTION_MAX];
	const struct pcapng_interface interface = {
		.name = c->session->subject.session,
		.description = description,
		.comment = c->secrets ? "with passwords and responses"
				      : "passwords and responses are masked",
	};
	enum sent sent =
	    send_block(c, block, pcapng_section(block, "sstpd " SSTPD_VERSION));

	if (sent != SENT)
		return sent;
	describe(c->session, description);
	return send_block(c, block, pcapng_interface(block, &interface));
}

static struct session_capture *
capture_new(struct session *s, const struct msg_capture *ask, int fd)
{
	struct session_capture *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->session = s;
	c->loop = s->loop;
	c->fd = fd;
	c->secrets = ask->secrets != 0;
	c->began = now_ns();
	ev_io_init(&c->reader, on_reader, fd, EV_READ);
	ev_io_init(&c->writer, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->patience, on_patience, last_patience, 0.);
	c->reader.data = c->writer.data = c->patience.data = c;
	return c;
}

bool
session_is_captured(const struct session *s)
{
	return s->capture != NULL;
}

uint32_t
session_capture_begin(struct session *s, const struct msg_capture *ask, int *fd)
{
	struct session_capture *c;

	if (s->stage == STAGE_CLOSED || s->stage == STAGE_REFUSED)
		return MSG_FAILED_SESSION;
	if (s->capture != NULL)
		return MSG_FAILED_BUSY;
	c = *fd < 0 ? NULL : capture_new(s, ask, *fd);
	if (c == NULL)
		return MSG_FAILED;
	if (send_head(c) != SENT) {
		free(c); /* the descriptor is the caller's still */
		return MSG_FAILED_SOCKET;
	}
	*fd = -1;
	s->capture = c;
	ev_io_start(c->loop, &c->reader);
	slog(s, LOG_LEVEL_INFO, "capture: begins, for uid %u%s", ask->uid,
	    c->secrets ? ", with passwords and responses" : "");
	add_waiting(s);
	return MSG_SUCCEEDED;
}
