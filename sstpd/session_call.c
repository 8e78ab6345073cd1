/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: what the SSTP state machine asks for, and what it is told. */

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "auth.h"
#include "binding_diagnose.h"
#include "session_private.h"
#include "sstp.h"

/* Of answers to echo requests that wait to be read. */
enum { ECHOES_MAX = 8 * 1024 };

/* --- timers
 * -------------------------------------------------------------------- */

static uint32_t
timer_length(const struct session *s, enum call_timer timer)
{
	const struct conf *conf = s->conf;

	switch (timer) {
	case TIMER_NEGOTIATION:
		/* one timer to [MS-SSTP]; who is to type or tap needs longer */
		return s->call.state == CALL_REQUEST_PENDING
			   ? conf->negotiation_timeout
			   : conf->auth_timeout;
	case TIMER_HELLO:
		return conf->hello_interval;
	case TIMER_ABORT_1:
		return conf->abort_timeout;
	case TIMER_ABORT_2:
		return conf->abort_linger;
	case TIMER_DISCONNECT_1:
		return conf->disconnect_timeout;
	case TIMER_DISCONNECT_2:
		return conf->disconnect_linger;
	default:
		return 0;
	}
}

static void
start_timer(struct session *s, enum call_timer timer)
{
	if (timer == TIMER_KEEP)
		return;
	s->timer_kind = timer;
	session_set_timer(s, timer_length(s, timer));
}

/*
 * Packets do not touch the hello timer, they only leave their time: when it
 * fires it is either set for what remains of the interval, or the interval was
 * silent, [MS-SSTP] 3.3.2.1.
 */
static void
hello_timeout(struct session *s)
{
	ev_tstamp interval = s->conf->hello_interval / 1000.;
	ev_tstamp silent = loop_clock() - s->last_packet;

	/* the loop's clock may be a little behind the timer's */
	if (silent < interval * 0.999) {
		s->silent_intervals = 0;
		session_set_timer(
		    s, (uint32_t)((interval - silent) * 1000) + 1);
		return;
	}
	if (s->silent_intervals == 0) {
		/* the second interval runs from the echo request */
		s->silent_intervals = 1;
		s->last_packet = loop_clock();
		session_call_event(s, EV_HELLO_IDLE, 0);
		return;
	}
	session_cause(s, CAUSE_HELLO_LOST);
	session_call_event(s, EV_HELLO_LOST, 0);
}

/* What the client, or pppd, has failed to do in time. */
static enum end_cause
overdue(const struct session *s)
{
	switch (s->reached) {
	case AT_LCP:
		if (s->ppp == PPP_ASKED)
			return CAUSE_PPPD_SILENT;
		if (s->call.state == CALL_PROOF_HELD)
			return CAUSE_AUTH_TIMEOUT;
		return s->lcp_heard ? CAUSE_LCP_TIMEOUT : CAUSE_LCP_NO_ANSWER;
	case AT_AUTH:
		return CAUSE_AUTH_TIMEOUT;
	case AT_BINDING:
		return CAUSE_BINDING_TIMEOUT;
	default:
		return CAUSE_SSTP_NEGOTIATION_TIMEOUT;
	}
}

void
session_call_timeout(struct session *s)
{
	switch (s->timer_kind) {
	case TIMER_NEGOTIATION:
		session_reason(s, overdue(s), "%u ms are over",
		    timer_length(s, TIMER_NEGOTIATION));
		session_call_event(s, EV_NEGOTIATION_TIMEOUT, 0);
		break;
	case TIMER_HELLO:
		hello_timeout(s);
		break;
	default:
		session_call_event(s, EV_LINGER_OVER, 0);
	}
	session_flush(s);
}

/* --- actions
 * -------------------------------------------------------------------- */

static bool
send_packet(struct session *s, const uint8_t *p, size_t n)
{
	if (tls_write(&s->tls, p, n))
		return true;
	session_tls_reason(s);
	return false;
}

static bool
send_ack(struct session *s)
{
	uint8_t packet[48];

	if (RAND_bytes(s->binding.nonce, sizeof(s->binding.nonce)) != 1) {
		session_reason(s, CAUSE_SERVER_FAILED, "no random numbers");
		return false;
	}
	return send_packet(s, packet,
	    sstp_build_ack(packet, sizeof(packet), s->binding.hash_bitmask,
		s->binding.nonce));
}

static bool
send_nak(struct session *s)
{
	uint8_t packet[SSTP_PACKET_MAX];

	slog(s, LOG_LEVEL_INFO, "sstp: connect request refused: %s",
	    sstp_status_name(s->control->info[0].status));
	return send_packet(s, packet,
	    sstp_build_nak(packet, sizeof(packet), s->control->info,
		s->control->info_count));
}

static bool
send_status(
    struct session *s, enum sstp_message type, uint8_t attrib, uint32_t status)
{
	uint8_t packet[32];

	return send_packet(s, packet,
	    sstp_build_status(packet, sizeof(packet), type, attrib, status));
}

static bool
send_plain(struct session *s, enum sstp_message type)
{
	uint8_t packet[SSTP_CONTROL_HEADER_LEN];

	return send_packet(
	    s, packet, sstp_build_plain(packet, sizeof(packet), type));
}

/*
 * A client may ask for as many as it likes; those that it does not read are
 * only counted.
 */
static bool
send_echo_response(struct session *s)
{
	if (tls_queued(&s->tls) < ECHOES_MAX)
		return send_plain(s, SSTP_MSG_ECHO_RESPONSE);
	if (s->echoes_owed < UINT32_MAX)
		s->echoes_owed++;
	return true;
}

void
session_call_echoes(struct session *s)
{
	while (s->echoes_owed > 0 && s->stage == STAGE_SSTP &&
	       tls_queued(&s->tls) < ECHOES_MAX) {
		s->echoes_owed--;
		session_call_event(s, EV_ECHO_REQUEST, 0);
	}
}

static bool
send_all(struct session *s, const struct call_result *r)
{
	unsigned int a = r->actions;

	return (!(a & ACT_SEND_ACK) || send_ack(s)) &&
	       (!(a & ACT_SEND_NAK) || send_nak(s)) &&
	       (!(a & ACT_SEND_ECHO_REQUEST) ||
		   send_plain(s, SSTP_MSG_ECHO_REQUEST)) &&
	       (!(a & ACT_SEND_ECHO_RESPONSE) || send_echo_response(s)) &&
	       (!(a & ACT_SEND_ABORT) ||
		   send_status(s, SSTP_MSG_CALL_ABORT, r->abort_attrib,
		       r->abort_status)) &&
	       (!(a & ACT_SEND_DISCONNECT) ||
		   send_status(s, SSTP_MSG_CALL_DISCONNECT,
		       SSTP_ATTRIB_NO_ERROR, ATTRIB_STATUS_NO_ERROR)) &&
	       (!(a & ACT_SEND_DISCONNECT_ACK) ||
		   send_plain(s, SSTP_MSG_CALL_DISCONNECT_ACK));
}

/* Unless the cause is known: which fault of the client is answered by it. */
static void
note_abort(struct session *s, const struct call_result *r)
{
	const char *message = s->control != NULL
				  ? sstp_message_name(s->control->type)
				  : "no message";

	switch (r->abort_status) {
	case ATTRIB_STATUS_RETRY_COUNT_EXCEEDED:
		session_cause(s, CAUSE_SSTP_REQUEST_REFUSED);
		break;
	case ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG:
		session_cause(s, CAUSE_BINDING_MISSING);
		break;
	default:
		session_reason(s, CAUSE_SSTP_PROTOCOL, "%s in state %s: %s",
		    message, call_state_name(r->from),
		    sstp_status_name(r->abort_status));
	}
}

static void
open_gate(struct session *s)
{
	s->connected = s->last_packet = loop_clock();
	s->silent_intervals = 0;
	session_reached(s, s->network_up ? AT_UP : AT_IPCP);
	binding_keys_wipe(&s->keys);
	session_trust(s);
	session_log_bound(
	    s, s->proof[15] == CERT_HASH_PROTOCOL_SHA256 ? "SHA-256" : "SHA-1");
	OPENSSL_cleanse(s->proof, sizeof(s->proof));
	s->ops->connected(s->owner, s);
}

static void
note_binding(struct session *s, enum binding_result result)
{
	struct binding_certificates certificates;

	switch (result) {
	case BINDING_BAD_CERT_HASH:
		binding_certificates(&s->binding, s->proof, &certificates);
		session_reason(s, binding_cause(result),
		    "client saw %s, we presented %s", certificates.seen,
		    certificates.presented);
		break;
	case BINDING_BAD_MAC:
		session_cause(s, binding_diagnose(&s->keys, s->proof));
		break;
	default:
		session_cause(s, binding_cause(result));
	}
}

/* Verify a held CALL_CONNECTED as far as what is known allows. */
static void
check_proof(struct session *s)
{
	enum binding_result r = binding_check_context(&s->binding, s->proof);

	if (r == BINDING_VERIFIED) {
		if (s->keys.state == KEYS_PENDING)
			return; /* 4.6: keys may come later than the proof */
		r = binding_verify(&s->binding, &s->keys, s->proof);
	}
	if (r == BINDING_VERIFIED) {
		session_call_event(s, EV_BINDING_OK, 0);
		return;
	}
	note_binding(s, r);
	binding_keys_wipe(&s->keys);
	session_call_event(s, EV_BINDING_FAILED, 0);
}

void
session_call_event(
    struct session *s, enum call_event event, uint32_t peer_status)
{
	struct call_result r = call_input(&s->call, event, peer_status);

	if (r.from != r.to)
		slog(s, LOG_LEVEL_DEBUG, "sstp: %s: %s -> %s",
		    call_event_name(event), call_state_name(r.from),
		    call_state_name(r.to));
	if (r.actions & ACT_SEND_ABORT)
		note_abort(s, &r);
	if (!send_all(s, &r)) {
		call_input(&s->call, EV_LOWER_DOWN, 0);
		session_close(s);
		return;
	}
	start_timer(s, r.timer);
	if (r.actions & ACT_START_PPP) {
		session_count_call(s);
		session_reached(s, AT_LCP);
		session_ppp_ask(s);
	}
	if (r.actions & ACT_OPEN_GATE)
		open_gate(s);
	if (r.actions & ACT_TERMINATE_PPP)
		session_ppp_terminate(s);
	if (r.actions & ACT_HANG_UP_PPP)
		session_ppp_hang_up(s);
	if (r.actions & ACT_CLOSE) {
		session_close(s);
		return;
	}
	if (r.actions & ACT_HOLD_PROOF) {
		memcpy(s->proof, s->packet->bytes, sizeof(s->proof));
		check_proof(s);
	}
}

/* --- what comes in
 * ----------------------------------------------------------------- */

void
session_call_begin(struct session *s)
{
	s->last_packet = loop_clock();
	start_timer(s, TIMER_NEGOTIATION);
}

static enum call_event
by_verdict(enum sstp_verdict verdict, enum call_event good,
    enum call_event refused, enum call_event broken)
{
	switch (verdict) {
	case SSTP_GOOD:
		return good;
	case SSTP_REFUSE:
		return refused;
	default:
		return broken;
	}
}

static enum call_event
event_of(const struct sstp_control *control)
{
	switch (control->type) {
	case SSTP_MSG_CALL_CONNECT_REQUEST:
		return by_verdict(control->verdict, EV_CONNECT_REQUEST,
		    EV_CONNECT_REQUEST_REFUSED, EV_CONNECT_REQUEST_BROKEN);
	case SSTP_MSG_CALL_CONNECTED:
		return by_verdict(control->verdict, EV_CALL_CONNECTED,
		    EV_CALL_CONNECTED_REFUSED, EV_CALL_CONNECTED_BROKEN);
	case SSTP_MSG_CALL_CONNECT_ACK:
	case SSTP_MSG_CALL_CONNECT_NAK:
		return EV_SERVER_MESSAGE;
	case SSTP_MSG_CALL_ABORT:
		return EV_ABORT;
	case SSTP_MSG_CALL_DISCONNECT:
		return EV_DISCONNECT;
	case SSTP_MSG_CALL_DISCONNECT_ACK:
		return EV_DISCONNECT_ACK;
	case SSTP_MSG_ECHO_REQUEST:
		return EV_ECHO_REQUEST;
	case SSTP_MSG_ECHO_RESPONSE:
		return EV_ECHO_RESPONSE;
	default:
		return EV_UNKNOWN;
	}
}

static void
control_packet(struct session *s, const struct sstp_packet *packet)
{
	struct sstp_control control;
	enum call_event event;

	sstp_parse_control(packet, &control);
	event = event_of(&control);
	slog(s, LOG_LEVEL_DEBUG, "sstp: received %s in %s",
	    sstp_message_name(control.type), call_state_name(s->call.state));
	if (event == EV_ABORT)
		session_reason(s, CAUSE_CLIENT_ABORTED, "%s",
		    sstp_status_name(control.status));
	else if (event == EV_DISCONNECT)
		session_cause(s, CAUSE_CLIENT_HUNG_UP);
	s->packet = packet;
	s->control = &control;
	session_call_event(s, event, control.status);
	s->packet = NULL;
	s->control = NULL;
}

static void
data_packet(struct session *s, const struct sstp_packet *packet)
{
	enum ppp_class class =
	    sstp_classify_ppp(packet->payload, packet->payload_len);
	bool passed = class != PPP_DROP && call_may_pass(s->call.state, class);

	if (s->capture != NULL)
		session_capture_frame(
		    s, true, passed, packet->payload, packet->payload_len);
	if (!passed) {
		if (packet->payload_len > 0)
			s->dropped++;
		return;
	}
	if (class == PPP_DATA) {
		s->bytes_in += packet->payload_len;
		s->packets_in++;
	} else {
		session_note_frame(
		    s, true, packet->payload, packet->payload_len);
	}
	session_ppp_put(s, class, packet->payload, packet->payload_len);
}

void
session_call_packet(struct session *s, const struct sstp_packet *packet)
{
	/* every packet shows that the client lives, also one that is dropped */
	s->last_packet = loop_clock();
	s->silent_intervals = 0;
	if (packet->control)
		control_packet(s, packet);
	else
		data_packet(s, packet);
}

void
session_call_auth(struct session *s, const struct keymsg_auth *auth)
{
	enum end_cause cause;

	memcpy(s->user, auth->user, sizeof(s->user));
	s->user[sizeof(s->user) - 1] = '\0';
	s->user_len = strlen(s->user);
	s->authenticated = true;
	cause = auth_verdict(s->conf->auth_methods, auth, &s->keys);
	if (cause != NO_CAUSE) {
		/* the monitor has the same rule: pppd is being ended already */
		session_reason(s, cause, "%s", auth_method_name(auth->method));
		return;
	}
	s->method = auth->method;
	session_reached(s, AT_BINDING);
	session_count_auth(s);
	session_log_authenticated(s, auth->method);
	if (s->call.state == CALL_PROOF_HELD)
		check_proof(s);
}
