/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: its pppd, that is the pty, pppd's log and what the monitor says.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session_private.h"
#include "sstp.h"

enum {
	PTY_FULL = 4095, /* what a pty gives at once if it has more */
	PTY_READ = 16 * 1024,
	LOG_READS_PER_TURN = 16,
	PTY_BYTES_PER_TURN = 64 * 1024,
	PTY_DRAIN_READS =
	    64,		    /* a dead pppd's last frames; a tty holds 64 KiB */
	TERMINATE_WAIT = 2, /* s for pppd and its peer to say good-bye */
};

static void
close_watched(struct session *s, int *fd, ev_io *reader)
{
	if (*fd < 0)
		return;
	ev_io_stop(s->loop, reader);
	close(*fd);
	*fd = -1;
}

static void
close_pty(struct session *s)
{
	ev_io_stop(s->loop, &s->pty_writer);
	close_watched(s, &s->pty, &s->pty_reader);
	buf_clear(&s->pty_out);
	s->downlink_full = false;
}

/* --- pppd to client
 * ---------------------------------------------------------------- */

/* False: the connection cannot take it any more. */
static bool
put_to_client(struct session *s, uint8_t *frame, size_t n)
{
	enum ppp_class class = sstp_classify_ppp(frame, n);
	bool passed = class != PPP_DROP && n <= SSTP_PAYLOAD_MAX &&
		      call_may_pass(s->call.state, class);

	if (s->capture != NULL)
		session_capture_frame(s, false, passed, frame, n);
	if (!passed) {
		s->dropped++;
		return true;
	}
	if (class == PPP_DATA) {
		s->bytes_out += n;
		s->packets_out++;
	} else {
		session_note_frame(s, false, frame, n);
	}
	/* the decoder leaves room before the frame for exactly this */
	sstp_put_data_header(frame - SSTP_HEADER_LEN, n);
	return tls_write(&s->tls, frame - SSTP_HEADER_LEN, n + SSTP_HEADER_LEN);
}

static void
decode(struct session *s, const uint8_t *p, size_t n)
{
	while (n > 0 && s->stage == STAGE_SSTP) {
		uint8_t *frame;
		size_t len;
		size_t used = hdlc_decode(s->decoder, p, n, &frame, &len);

		p += used;
		n -= used;
		if (frame != NULL && !put_to_client(s, frame, len)) {
			session_tls_reason(s);
			session_call_event(s, EV_LOWER_DOWN, 0);
		}
	}
}

static void
pppd_ended(struct session *s)
{
	/* session_note_exit() will know more */
	session_cause(s, CAUSE_PPPD_ENDED);
	session_call_event(s, EV_PPP_ENDED, 0);
}

/* One read; returns the bytes, 0: nothing for now, or the pty has ended. */
static size_t
read_pty(struct session *s)
{
	uint8_t bytes[PTY_READ];
	ssize_t n = read(s->pty, bytes, sizeof(bytes));

	if (n > 0) {
		decode(s, bytes, (size_t)n);
		return s->pty >= 0 ? (size_t)n : 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* EIO: pppd has closed its tty, and all it wrote was read */
	close_pty(s);
	pppd_ended(s);
	return 0;
}

static void
on_pty_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session *s = w->data;
	size_t n = PTY_FULL, sum = 0;

	(void)revents;
	/* less than full was all; what comes meanwhile wakes us again */
	while (n >= PTY_FULL && sum < PTY_BYTES_PER_TURN) {
		n = read_pty(s);
		sum += n;
		if (n > 0 && session_queue_is_full(s)) {
			/* session_flush() calls session_ppp_resume() */
			s->downlink_full = true;
			ev_io_stop(loop, w);
			break;
		}
	}
	session_flush(s);
}

void
session_ppp_resume(struct session *s)
{
	s->downlink_full = false;
	if (s->pty >= 0)
		ev_io_start(s->loop, &s->pty_reader);
	session_tun_resume(s);
}

/* --- client to pppd
 * ---------------------------------------------------------------- */

bool
session_ppp_has_room(const struct session *s)
{
	if (buf_is_tight() && buf_len(&s->pty_out) > 0)
		return false;
	return buf_space(&s->pty_out) >= HDLC_ENCODED_MAX;
}

void
session_ppp_put(
    struct session *s, enum ppp_class class, const uint8_t *frame, size_t n)
{
	uint8_t *p;

	if (class == PPP_DATA && session_tun_put(s, frame, n))
		return;
	if (s->ppp != PPP_ASKED && s->pty < 0)
		return;
	if (buf_reserve(&s->pty_out, 2 * (n + 2) + 2, &p) != 0) {
		s->dropped++; /* out of memory: PPP repeats what matters */
		return;
	}
	buf_commit(&s->pty_out, class == PPP_CONTROL
				    ? hdlc_encode_control(p, frame, n)
				    : hdlc_encode(p, frame, n));
}

bool
session_ppp_write(struct session *s)
{
	while (s->pty >= 0 && buf_len(&s->pty_out) > 0) {
		ssize_t n =
		    write(s->pty, buf_bytes(&s->pty_out), buf_len(&s->pty_out));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_start(s->loop, &s->pty_writer);
			return session_ppp_has_room(s);
		}
		if (n < 0) {
			buf_clear(&s->pty_out); /* the reader sees the end */
			break;
		}
		buf_consume(&s->pty_out, (size_t)n);
	}
	ev_io_stop(s->loop, &s->pty_writer);
	return session_ppp_has_room(s);
}

static void
on_pty_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	session_ppp_write(s);
	session_flush(s);
}

/* --- pppd's log
 * --------------------------------------------------------------------- */

/*
 * With its option "debug", pppd prints CHAP challenges and responses, from
 * which a weak password can be guessed: blank what stands between < and >.
 */
static void
mask_secrets(char *line)
{
	bool inside = false;

	if (strstr(line, "[CHAP ") == NULL && strstr(line, "[EAP ") == NULL)
		return;
	for (char *p = line; *p != '\0'; p++) {
		if (*p == '>')
			inside = false;
		if (inside)
			*p = '*';
		if (*p == '<')
			inside = true;
	}
}

static void
log_input(struct session *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n' && s->line_len + 1 < sizeof(s->line)) {
			s->line[s->line_len++] = p[i];
			continue;
		}
		s->line[s->line_len] = '\0';
		if (s->line_len > 0) {
			mask_secrets(s->line);
			slog(s, LOG_LEVEL_DEBUG, "pppd: %s", s->line);
			memcpy(s->last_line, s->line, s->line_len + 1);
		}
		s->line_len = 0;
	}
}

static void
read_log(struct session *s)
{
	char text[PPPD_LINE_MAX];

	for (int i = 0; i < LOG_READS_PER_TURN && s->log >= 0; i++) {
		ssize_t n = read(s->log, text, sizeof(text));

		if (n > 0)
			log_input(s, text, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			close_watched(s, &s->log, &s->log_reader);
		if (n <= 0)
			return;
	}
}

static void
on_log_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	read_log(w->data);
}

/* --- life
 * -----------------------------------------------------------------------------
 */

static void
send_plain(struct session *s, enum msg_type type)
{
	union msg msg = { .header = {
			      .type = (uint16_t)type, .session = s->id } };

	s->ops->send(s->owner, &msg);
}

void
session_ppp_ask(struct session *s)
{
	union msg msg = {
		.spawn = { .header = { .type = MSG_SPAWN, .session = s->id } }
	};
	struct keymsg_session *k = &msg.spawn.session;

	msg.spawn.peer = s->peer_key;
	snprintf(k->session, sizeof(k->session), "s%u.%u",
	    (unsigned int)(s->id >> 32), (unsigned int)s->id);
	address_text(&s->peer, k->remote_address);
	address_text(&s->local, k->local_address);
	snprintf(k->remote_port, sizeof(k->remote_port), "%u",
	    address_port(&s->peer));
	snprintf(k->sni, sizeof(k->sni), "%s", tls_sni(&s->tls));
	snprintf(k->correlation_id, sizeof(k->correlation_id), "%s",
	    s->correlation_id);
	snprintf(
	    k->tls_version, sizeof(k->tls_version), "%s", tls_version(&s->tls));
	snprintf(
	    k->tls_cipher, sizeof(k->tls_cipher), "%s", tls_cipher(&s->tls));
	snprintf(k->profile, sizeof(k->profile), "%s",
	    s->conf->profiles[s->profile].name);
	s->ppp = PPP_ASKED;
	s->ops->send(s->owner, &msg);
}

void
session_ppp_started(struct session *s, int *fds)
{
	if (s->ppp != PPP_ASKED)
		return; /* hung up meanwhile: closing its pty ends that pppd */
	s->decoder = malloc(sizeof(*s->decoder));
	if (s->decoder == NULL || fds[0] < 0) {
		session_reason(s, CAUSE_SERVER_FAILED, "%s",
		    fds[0] < 0 ? "out of descriptors" : "out of memory");
		session_ppp_hang_up(s);
		session_call_event(s, EV_PPP_ENDED, 0);
		return;
	}
	hdlc_decoder_init(s->decoder);
	s->ppp = PPP_RUNNING;
	s->pty = fds[0];
	s->log = fds[1];
	fds[0] = fds[1] = -1;
	ev_io_set(&s->pty_reader, s->pty, EV_READ);
	ev_io_set(&s->pty_writer, s->pty, EV_WRITE);
	ev_io_set(&s->log_reader, s->log, EV_READ);
	ev_io_start(s->loop, &s->pty_reader);
	ev_io_start(s->loop, &s->log_reader);
	session_ppp_write(s); /* frames that came before it */
}

void
session_ppp_refused(struct session *s, unsigned int refusal)
{
	static const enum end_cause causes[] = {
		[MSG_REFUSED_LIMIT] = CAUSE_LIMIT_SESSIONS,
		[MSG_REFUSED_SPAWN] = CAUSE_PPPD_NOT_STARTED,
		[MSG_REFUSED_STOPPING] = CAUSE_SERVER_STOPPING,
		[MSG_REFUSED_PROFILE_LIMIT] = CAUSE_LIMIT_PROFILE,
		[MSG_REFUSED_NO_PROFILE] = CAUSE_PROFILE_GONE,
		[MSG_REFUSED_BANNED] = CAUSE_LIMIT_BANNED,
	};

	session_cause(s, refusal < sizeof(causes) / sizeof(causes[0])
			     ? causes[refusal]
			     : CAUSE_PPPD_NOT_STARTED);
	s->ppp = PPP_GONE;
	ev_timer_stop(s->loop, &s->terminate_timer);
	buf_clear(&s->pty_out);
	if (s->stage == STAGE_SSTP)
		session_call_event(s, EV_PPP_ENDED, 0);
	session_check_gone(s);
}

void
session_ppp_up(struct session *s, const struct keymsg_up *up)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	if (up->family == 4) {
		inet_ntop(AF_INET, &up->local4, local, sizeof(local));
		inet_ntop(AF_INET, &up->remote4, remote, sizeof(remote));
	} else {
		struct in6_addr a = { .s6_addr = { 0xfe, 0x80 } };

		memcpy(a.s6_addr + 8, up->local6, 8);
		inet_ntop(AF_INET6, &a, local, sizeof(local));
		memcpy(a.s6_addr + 8, up->remote6, 8);
		inet_ntop(AF_INET6, &a, remote, sizeof(remote));
	}
	*(up->family == 4 ? &s->up4 : &s->up6) = *up;
	s->network_up = true;
	session_tun_up(s, up->family);
	session_tun_resume(s);
	session_count_up(s);
	if (s->connected > 0)
		session_reached(s, AT_UP);
	session_log_up(s, up, local, remote);
}

/* On the pty, what comes meanwhile is for pppd to drop. */
void
session_ppp_down(struct session *s, uint32_t family)
{
	*(family == 4 ? &s->up4 : &s->up6) = (struct keymsg_up){ 0 };
	slog(s, LOG_LEVEL_DEBUG, "pppd: IPv%d is down", family == 4 ? 4 : 6);
}

void
session_ppp_exited(struct session *s, const struct msg_exited *exited)
{
	if (s->pty >= 0) {
		/* first what it wrote before it ended */
		for (int i = 0; i < PTY_DRAIN_READS && read_pty(s) > 0; i++)
			;
	}
	read_log(s);
	session_note_exit(s, exited);
	ev_timer_stop(s->loop, &s->terminate_timer);
	session_tun_end(s);
	close_pty(s);
	close_watched(s, &s->log, &s->log_reader);
	s->ppp = PPP_GONE;
	if (s->stage == STAGE_SSTP)
		pppd_ended(s);
	session_check_gone(s);
}

void
session_ppp_hang_up(struct session *s)
{
	ev_timer_stop(s->loop, &s->terminate_timer);
	session_tun_end(s);
	close_pty(s);
	if (s->ppp != PPP_ASKED && s->ppp != PPP_RUNNING)
		return;
	s->ppp = PPP_ENDING;
	send_plain(s, MSG_HANG_UP);
}

void
session_ppp_terminate(struct session *s)
{
	if (ev_is_active(&s->terminate_timer))
		return;
	send_plain(s, MSG_TERMINATE);
	ev_timer_set(&s->terminate_timer, TERMINATE_WAIT, 0.);
	ev_timer_start(s->loop, &s->terminate_timer);
}

static void
on_terminate_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	session_ppp_hang_up(s);
	if (s->stage == STAGE_SSTP)
		session_call_event(s, EV_PPP_ENDED, 0);
	session_flush(s);
}

void
session_ppp_init(struct session *s)
{
	s->pty = s->log = -1;
	buf_init(&s->pty_out, PTY_OUT_MAX);
	ev_io_init(&s->pty_reader, on_pty_readable, -1, EV_READ);
	ev_io_init(&s->pty_writer, on_pty_writable, -1, EV_WRITE);
	ev_io_init(&s->log_reader, on_log_readable, -1, EV_READ);
	ev_timer_init(&s->terminate_timer, on_terminate_timeout, 0., 0.);
	s->pty_reader.data = s->pty_writer.data = s;
	s->log_reader.data = s->terminate_timer.data = s;
	session_tun_init(s);
}

void
session_ppp_fini(struct session *s)
{
	ev_timer_stop(s->loop, &s->terminate_timer);
	session_tun_end(s);
	close_pty(s);
	close_watched(s, &s->log, &s->log_reader);
	free(s->decoder);
	s->decoder = NULL;
}
