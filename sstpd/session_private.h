/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the files of a session share; nobody else includes it. */

#ifndef SSTPD_SESSION_PRIVATE_H
#define SSTPD_SESSION_PRIVATE_H

#include "binding.h"
#include "buf.h"
#include "call.h"
#include "cause.h"
#include "codel.h"
#include "hdlc.h"
#include "http.h"
#include "listener.h"
#include "log.h"
#include "loop_clock.h"
#include "moderation.h"
#include "session.h"
#include "stats.h"
#include "tls.h"

enum {
	RX_MAX = 20 * 1024, /* decrypted, unparsed: a request head and more */
	PTY_OUT_MAX =
	    64 * 1024, /* encoded for pppd, not yet taken by the pty */
	/* what is queued to the client while memory is tight before its pty or
	 * device is read no more, and what is decrypted at once */
	TIGHT_HIGH = 8 * 1024,
	TIGHT_LOW = 4 * 1024,
	PPPD_LINE_MAX = 512,
	DETAIL_MAX = 256,
};

enum session_stage {
	STAGE_TLS,
	STAGE_HTTP,
	STAGE_SSTP,
	STAGE_REFUSED, /* an HTTP error is out: wait for the peer to close */
	STAGE_CLOSED,  /* no socket; perhaps pppd is still ending */
};

enum session_ppp {
	PPP_NONE,    /* not asked for */
	PPP_ASKED,   /* MSG_SPAWN sent */
	PPP_RUNNING, /* we have its pty */
	PPP_ENDING,  /* its line is gone, MSG_EXITED is to come */
	PPP_GONE,    /* refused, or reaped */
};

struct session_capture;

struct session {
	struct session_links links;
	struct ev_loop *loop;
	struct generation *generation;
	const struct conf *conf;
	unsigned int profile; /* of conf */
	const struct session_ops *ops;
	void *owner;
	struct stats_worker *stats;
	uint64_t id, peer_key;
	struct sockaddr_storage peer, local;
	struct log_subject subject; /* of its log lines */
	bool told_gone;

	/* the client's side */
	enum session_stage stage;
	struct tls tls;
	ev_io sock_reader, sock_writer;
	ev_timer timer, sock_timer;
	struct buf rx;	  /* decrypted, not yet parsed */
	bool uplink_full; /* the pty takes no more: the socket is not read */
	struct moderation moderation;
	uint32_t awaited; /* bytes that make the socket readable; 0: any */
	uint32_t unsent;  /* bytes that the socket takes before it sends them */
	ev_tstamp rate_sampled, last_over, burst_began; /* session_queue.c */

	/* the call */
	struct call call;
	enum call_timer timer_kind;
	ev_tstamp last_packet; /* from the client */
	uint32_t echoes_owed;  /* to one that does not read them */
	unsigned int silent_intervals;
	const struct sstp_packet *packet; /* being handled, or NULL */
	const struct sstp_control *control;
	struct binding_context binding;
	struct binding_keys keys;
	uint8_t proof[SSTP_CALL_CONNECTED_LEN];

	struct session_capture *capture; /* NULL: nobody looks at its frames */

	/* pppd's side */
	enum session_ppp ppp;
	int pty, log; /* -1 when closed */
	ev_io pty_reader, pty_writer, log_reader;
	ev_timer terminate_timer; /* pppd was asked to end and may not */
	struct hdlc_decoder *decoder;
	struct buf pty_out;
	bool downlink_full; /* the client takes no more: the pty is not read */
	char line[PPPD_LINE_MAX]; /* of pppd's log, incomplete */
	size_t line_len;
	char last_line[PPPD_LINE_MAX]; /* complete, for the final word */

	/* for IP instead of the pty, if there is one */
	int tun; /* -1: none */
	ev_io tun_reader;
	struct tun_shared *tun_shared;
	struct codel codel; /* of its queue */
	struct tun_early {
		struct buf packets; /* a length before each, uint16_t */
		bool over;	    /* it has been up: nothing is early now */
	} early4, early6;

	/* the story, see session_story.c */
	ev_tstamp began, connected; /* connected: 0 until the binding held */
	ev_tstamp auth_began;	    /* 0: not yet */
	enum cause_stage reached;
	/* seen in passing frames */
	bool lcp_heard, ppp_closed_by_client, auth_answered, auth_refused,
	    method_refused;
	bool authenticated, network_up;
	char user[KEYMSG_USER_MAX]; /* claimed until authenticated */
	size_t user_len;
	const char *tls_version, *tls_cipher; /* static; NULL before */
	uint32_t method;		      /* enum keymsg_method */
	uint32_t tls_ms, auth_ms, up_ms;      /* since it began; 0: not yet */
	struct keymsg_up up4, up6;	      /* family 0: down */
	char sni[KEYMSG_SNI_MAX];
	char correlation_id[HTTP_CORRELATION_MAX];
	enum end_cause cause; /* the first one given, and where that was */
	enum cause_stage ended_at;
	enum cause_closer closer;
	char detail[DETAIL_MAX];
	bool pppd_reaped;
	unsigned int pppd_code, pppd_signal;
	/* PPP data frames, from the client and to it */
	uint64_t bytes_in, bytes_out, packets_in, packets_out;
	uint64_t dropped; /* frames that the data gate or a size kept out */
	struct {	  /* what the statistics have of that */
		uint64_t bytes_in, bytes_out, packets_in, packets_out, dropped;
		uint32_t retransmits;
	} told;
};

/* --- session_log.c --- */
void slog(struct session *s, enum log_level level, const char *fmt, ...)
    LOG_PRINTF(3, 4);
/* Begin a record about it; add the facts of its TLS connection. */
void session_log_begin(const struct session *s, struct log_record *r,
    enum log_level level, enum log_event event);
void session_log_tls(const struct session *s, struct log_record *r);
/* The events, each as it happens. */
void session_log_connected(const struct session *s);
void session_log_authenticated(const struct session *s, unsigned int method);
void session_log_bound(const struct session *s, const char *hash);
void session_log_up(const struct session *s, const struct keymsg_up *up,
    const char *local, const char *remote);

/* --- session_story.c --- */
/* Note why it ends, with or without details; the first cause stays. */
void session_cause(struct session *s, enum end_cause cause);
void session_reason(struct session *s, enum end_cause cause, const char *fmt,
    ...) LOG_PRINTF(3, 4);
/* Note that it ends because of the last TLS_FAIL. */
void session_tls_reason(struct session *s);
/* It has come this far; never back. */
void session_reached(struct session *s, enum cause_stage stage);
/* The handshake is over, well or not: keep its facts. */
void session_note_tls(struct session *s);
/* A PPP control frame passes. */
void session_note_frame(
    struct session *s, bool from_client, const uint8_t *frame, size_t n);
/* Explain an end that pppd has brought about. */
void session_note_exit(struct session *s, const struct msg_exited *exited);
/* Whatever happens now does not change its cause any more. */
void session_settle_cause(struct session *s);

/* --- session_stats.c --- */
void session_count_handshake(struct session *s);
/* It asks for a pppd. */
void session_count_call(struct session *s);
void session_count_auth(struct session *s);
void session_count_up(struct session *s);
/* Before its socket is closed. */
void session_count_close(struct session *s);
/* Once its cause is settled. */
void session_count_end(struct session *s);
/* Bytes a second that TCP has brought to the client; 0: not known. */
uint64_t session_delivery_rate(const struct session *s);

/* --- session_capture.c --- */
/* Write a frame to the capture that there is; passed: it is handed on. */
void session_capture_frame(struct session *s, bool from_client, bool passed,
    const uint8_t *frame, size_t n);
/* Finish the capture, if there is one. */
void session_capture_end(struct session *s);

/* --- session_end.c --- */
/* The last line about it. */
void session_log_end(struct session *s);

/* --- session.c --- */
/* Handle what has arrived from the client as far as the pty takes it. */
void session_pump(struct session *s);
/*
 * The end of every event: send what is queued, let both directions go on where
 * there is room again. Afterwards the socket may be gone.
 */
void session_flush(struct session *s);
/* Close the socket now; may be called twice. */
void session_close(struct session *s);
/* TCP or TLS is gone. */
void session_lower_down(struct session *s);
/* It has shown who it is, and its queues may be larger. */
void session_trust(struct session *s);
/* Tell the worker once neither socket nor pppd is left. */
void session_check_gone(struct session *s);
void session_set_timer(struct session *s, uint32_t ms); /* 0: stop */

/* --- session_reader.c --- */
void session_reader_init(struct session *s);
/* Read what the client sends; or let it wait. Each may be called twice. */
void session_reader_start(struct session *s);
void session_reader_stop(struct session *s);

/* --- session_queue.c --- */
/* The socket is new. */
void session_queue_init(struct session *s);
/* The queue has been full: is that still the right amount? */
void session_queue_adapt(struct session *s);
/* More must not be queued to the client; may be again. */
bool session_queue_is_full(struct session *s);
bool session_queue_has_room(const struct session *s);

/* --- session_call.c --- */
/* TLS and HTTP are done: wait for the call. */
void session_call_begin(struct session *s);
/* Handle one packet, complete and well delimited. */
/* Answer echo requests that had to wait for the client to read. */
void session_call_echoes(struct session *s);
void session_call_packet(struct session *s, const struct sstp_packet *packet);
void session_call_event(
    struct session *s, enum call_event event, uint32_t peer_status);
void session_call_timeout(struct session *s);
void session_call_auth(struct session *s, const struct keymsg_auth *auth);

/* --- session_ppp.c --- */
void session_ppp_init(struct session *s);
void session_ppp_fini(struct session *s);
/* Ask the monitor for a pppd; take what it gives. */
void session_ppp_ask(struct session *s);
void session_ppp_started(struct session *s, int *fds);
void session_ppp_refused(struct session *s, unsigned int refusal);
void session_ppp_up(struct session *s, const struct keymsg_up *up);
void session_ppp_down(struct session *s, uint32_t family);
void session_ppp_exited(struct session *s, const struct msg_exited *exited);
/* The line is gone: pppd is to end now. */
void session_ppp_hang_up(struct session *s);
/* Let pppd say good-bye; EV_PPP_ENDED follows, soon. */
void session_ppp_terminate(struct session *s);
/* A frame from the client to pppd. The caller has checked the room. */
void session_ppp_put(
    struct session *s, enum ppp_class class, const uint8_t *frame, size_t n);
/* Whether one more frame of any size fits. */
bool session_ppp_has_room(const struct session *s);
/* Write what the pty takes; true: there is room for another frame now. */
bool session_ppp_write(struct session *s);
/* The client takes data again. */
void session_ppp_resume(struct session *s);

/* --- session_tun.c --- */
void session_tun_init(struct session *s);
/* From now on IP takes this device; the descriptor is taken. */
void session_tun_begin(struct session *s, int *fds);
void session_tun_end(struct session *s);
/*
 * A data frame from the client, to be written by session_tun_flush() at the
 * latest. False: there is no device, the frame is for the pty.
 */
bool session_tun_put(struct session *s, const uint8_t *frame, size_t n);
/* IPv4 or IPv6 is up: what came too early for it may pass. */
void session_tun_up(struct session *s, uint32_t family);
void session_tun_flush(struct session *s);
/* The client takes data again. */
void session_tun_resume(struct session *s);

#endif
