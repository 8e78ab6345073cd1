/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A client's call, once TLS is there: HTTP, SSTP and PPP. */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "client_private.h"
#include "http_client.h"
#include "sstp.h"

/* seconds */
static const double confirm_within = 3;
static const double leave_within = 5; /* [MS-SSTP] 3.1.2, DISCONNECT_1 */

/* --- sending --- */

static void
send_plain(struct client *c, enum sstp_message type)
{
	uint8_t packet[64];

	client_put(c, packet, sstp_build_plain(packet, sizeof(packet), type));
}

static void
send_status(struct client *c, enum sstp_message type, uint8_t attrib_id,
    uint32_t status)
{
	uint8_t packet[64];

	client_put(c, packet,
	    sstp_build_status(packet, sizeof(packet), type, attrib_id, status));
}

/* --- stages --- */

static void
send_http(struct client *c)
{
	char head[HTTP_REQUEST_MAX];
	uint8_t guid[HTTP_GUID_LEN];
	size_t n;

	if (RAND_bytes(guid, sizeof(guid)) != 1) {
		client_fail(c, CAUSE_LOCAL, "no random numbers");
		return;
	}
	n = http_build_request(head, c->config->host_field, guid);
	client_put(c, head, n);
}

static void
send_request(struct client *c)
{
	uint8_t packet[SSTP_REQUEST_LEN];

	sstp_build_request(packet);
	client_put(c, packet, sizeof(packet));
}

static void
go_up(struct client *c)
{
	c->report.was_up = true;
	c->report.total = client_now() - c->started;
	ev_timer_stop(c->loop, &c->deadline);
	ev_timer_stop(c->loop, &c->retry);
	ev_timer_again(c->loop, &c->hello);
	c->ops->up(c->owner);
}

void
client_enter(struct client *c, enum client_stage stage)
{
	double now = client_now();

	assert(stage > c->stage && stage <= STAGE_LEAVE_SSTP);
	if (c->stage < STAGES_TIMED && stage <= STAGE_UP)
		c->report.took[c->stage] = now - c->stage_started;
	c->stage = stage;
	c->stage_started = now;
	switch (stage) {
	case STAGE_HTTP:
		send_http(c);
		break;
	case STAGE_SSTP:
		send_request(c);
		break;
	case STAGE_LCP:
		client_set_timer(c, &c->retry, client_retry_after);
		ppp_start(&c->ppp);
		break;
	case STAGE_CONFIRM:
		client_set_timer(c, &c->retry, confirm_within);
		client_echo(c);
		break;
	case STAGE_UP:
		go_up(c);
		break;
	case STAGE_LEAVE_PPP:
		client_set_timer(c, &c->deadline, leave_within);
		client_set_timer(c, &c->retry, client_retry_after);
		ppp_close(&c->ppp);
		break;
	case STAGE_LEAVE_SSTP:
		client_set_timer(c, &c->deadline, leave_within);
		send_status(c, SSTP_MSG_CALL_DISCONNECT, SSTP_ATTRIB_NO_ERROR,
		    ATTRIB_STATUS_NO_ERROR);
		break;
	default:
		break;
	}
}

/* --- PPP --- */

static void
ppp_frame_out(void *owner, const uint8_t *frame, size_t n)
{
	struct client *c = owner;
	uint8_t packet[SSTP_PACKET_MAX];

	if (n > SSTP_PAYLOAD_MAX)
		return;
	sstp_put_data_header(packet, n);
	memcpy(packet + SSTP_HEADER_LEN, frame, n);
	client_put(c, packet, SSTP_HEADER_LEN + n);
}

/* Bind the call to this connection, [MS-SSTP] 3.2.5.2 */
static void
send_connected(struct client *c)
{
	uint8_t packet[SSTP_CALL_CONNECTED_LEN];
	const uint8_t *hash = c->report.hash == CERT_HASH_PROTOCOL_SHA1
				  ? c->cert_sha1
				  : c->cert_sha256;

	if (!sstp_build_connected(packet, c->report.hash, c->ack.nonce, hash,
		&c->ppp.login.keys)) {
		client_fail(
		    c, CAUSE_LOCAL, "the crypto binding cannot be computed");
		return;
	}
	c->connected = true;
	client_put(c, packet, sizeof(packet));
}

static void
on_ppp_failed(struct client *c)
{
	static const enum client_cause causes[] = {
		[PPP_NO_FAILURE] = CAUSE_PPP,
		[PPP_NO_AGREEMENT] = CAUSE_PPP,
		[PPP_NO_METHOD] = CAUSE_METHOD,
		[PPP_LOGIN_REFUSED] = CAUSE_LOGIN,
		[PPP_SERVER_UNPROVEN] = CAUSE_UNPROVEN,
		[PPP_LOGIN_BROKEN] = CAUSE_LOGIN,
		[PPP_NO_ADDRESS] = CAUSE_PPP,
		[PPP_TERMINATED] = CAUSE_PPP,
	};

	/* once we leave, a server may end it any way it likes */
	if (c->stage == STAGE_LEAVE_PPP)
		client_enter(c, STAGE_LEAVE_SSTP);
	else
		client_fail(c, causes[c->ppp.failure], "%s", c->ppp.why);
}

static void
ppp_event_in(void *owner, enum ppp_event event)
{
	struct client *c = owner;

	if (c->stage >= STAGE_LEAVE_SSTP)
		return;
	switch (event) {
	case PPP_LCP_OPENED:
		if (c->stage == STAGE_LCP)
			client_enter(c, STAGE_LOGIN);
		break;
	case PPP_AUTHENTICATED:
		send_connected(c);
		if (c->stage == STAGE_LOGIN)
			client_enter(c, STAGE_NETWORK);
		break;
	case PPP_OPENED: /* perhaps for a second time */
		if (c->stage == STAGE_NETWORK)
			client_enter(
			    c, c->config->confirm ? STAGE_CONFIRM : STAGE_UP);
		else if (c->stage == STAGE_UP && c->ops->opened != NULL)
			c->ops->opened(c->owner);
		break;
	case PPP_FAILED:
		on_ppp_failed(c);
		break;
	case PPP_CLOSED:
		if (c->stage == STAGE_LEAVE_PPP)
			client_enter(c, STAGE_LEAVE_SSTP);
		break;
	}
}

static void
ppp_data_in(void *owner, uint16_t protocol, const uint8_t *p, size_t n)
{
	struct client *c = owner;

	if (c->stage != STAGE_UP)
		return;
	c->report.bytes_in += n;
	c->report.packets_in++;
	if (n > 0 && p[0] >> 4 == (protocol == PPP_IPV4 ? 4 : 6))
		c->ops->ip(c->owner, p, n);
}

static bool
ppp_random(void *owner, uint8_t *p, size_t n)
{
	(void)owner;
	return RAND_bytes(p, (int)n) == 1;
}

bool
client_init_ppp(struct client *c, const struct login_secret *secret)
{
	static const struct ppp_ops ops = { ppp_frame_out, ppp_event_in,
		ppp_data_in, ppp_random };

	if (!ppp_init(&c->ppp, &ops, c, secret, c->config->methods,
		c->config->anonymous))
		return false;
	if (c->config->mru != 0)
		c->ppp.lcp.mru = c->config->mru;
	return true;
}

/* --- SSTP --- */

static void
on_ack(struct client *c, const struct sstp_packet *packet)
{
	if (c->stage != STAGE_SSTP || !sstp_parse_ack(packet, &c->ack)) {
		client_fail(c, CAUSE_PROTOCOL,
		    "CALL_CONNECT_ACK is malformed or out "
		    "of place");
		return;
	}
	c->report.hash_bitmask = c->ack.hash_bitmask;
	c->report.hash =
	    sstp_choose_hash(c->ack.hash_bitmask, c->config->hashes);
	if (c->report.hash == 0)
		client_fail(c, CAUSE_BINDING,
		    "the server offers no hash protocol that is allowed here "
		    "(bitmask 0x%02x)",
		    c->ack.hash_bitmask);
	else
		client_enter(c, c->config->login ? STAGE_LCP : STAGE_UP);
}

static void
on_nak(struct client *c, const struct sstp_packet *packet)
{
	uint8_t attrib_id = 0;
	uint32_t status = 0;

	if (c->stage == STAGE_SSTP &&
	    sstp_parse_nak(packet, &attrib_id, &status))
		client_fail(c, CAUSE_REFUSED,
		    "CALL_CONNECT_NAK: %s, attribute %u",
		    sstp_status_name(status), attrib_id);
	else
		client_fail(c, CAUSE_PROTOCOL,
		    "CALL_CONNECT_NAK is malformed or out "
		    "of place");
}

static void
on_abort(struct client *c, uint32_t status)
{
	/* what a server says to a binding that does not fit */
	bool binding = c->connected && !c->report.confirmed &&
		       (status == ATTRIB_STATUS_VALUE_NOT_SUPPORTED ||
			   status == ATTRIB_STATUS_ATTRIB_NOT_SUPPORTED_IN_MSG);

	send_status(c, SSTP_MSG_CALL_ABORT, SSTP_ATTRIB_STATUS_INFO, status);
	if (c->stage >= STAGE_LEAVE_PPP && !binding)
		client_begin_close(c); /* not clean, but it was to end */
	else
		client_fail(c, binding ? CAUSE_BINDING : CAUSE_ABORTED,
		    "the server aborts the call: %s", sstp_status_name(status));
}

static void
on_disconnect(struct client *c, uint32_t status)
{
	send_plain(c, SSTP_MSG_CALL_DISCONNECT_ACK);
	if (c->stage >= STAGE_LEAVE_PPP) {
		c->report.left_clean = true;
		client_begin_close(c);
	} else {
		client_fail(c, CAUSE_DISCONNECTED,
		    "the server disconnects the call%s%s",
		    status != 0 ? ": " : "",
		    status != 0 ? sstp_status_name(status) : "");
	}
}

static void
on_echo_response(struct client *c)
{
	if (!c->echo_pending)
		return;
	c->echo_pending = false;
	if (c->stage == STAGE_CONFIRM) {
		c->report.confirmed = true;
		client_enter(c, STAGE_UP);
	} else if (c->stage == STAGE_UP && c->ops->echo != NULL) {
		c->ops->echo(c->owner, client_now() - c->echo_sent);
	}
}

static void
on_control(struct client *c, const struct sstp_packet *packet)
{
	struct sstp_control control;

	sstp_parse_control(packet, &control);
	if (control.verdict == SSTP_BROKEN) {
		client_fail(
		    c, CAUSE_PROTOCOL, "a packet of the server is malformed");
		return;
	}
	switch (control.type) {
	case SSTP_MSG_CALL_CONNECT_ACK:
		/* it was on its way when we left */
		if (c->stage != STAGE_LEAVE_SSTP)
			on_ack(c, packet);
		break;
	case SSTP_MSG_CALL_CONNECT_NAK:
		on_nak(c, packet);
		break;
	case SSTP_MSG_CALL_ABORT:
		on_abort(c, control.status);
		break;
	case SSTP_MSG_CALL_DISCONNECT:
		on_disconnect(c, control.status);
		break;
	case SSTP_MSG_CALL_DISCONNECT_ACK:
		if (c->stage != STAGE_LEAVE_SSTP)
			break;
		c->report.left_clean = true;
		client_begin_close(c);
		break;
	case SSTP_MSG_ECHO_REQUEST:
		send_plain(c, SSTP_MSG_ECHO_RESPONSE);
		break;
	case SSTP_MSG_ECHO_RESPONSE:
		on_echo_response(c);
		break;
	default:
		client_fail(c, CAUSE_PROTOCOL, "the server sends %s",
		    sstp_message_name(control.type));
		break;
	}
}

static void
on_packet(struct client *c, const struct sstp_packet *packet)
{
	enum ppp_phase phase = c->ppp.phase;

	c->heard = true;
	if (packet->control) {
		on_control(c, packet);
	} else if (c->config->login && c->stage >= STAGE_LCP) {
		ppp_input(&c->ppp, packet->payload, packet->payload_len);
		/* what waits from here on has only begun to */
		if (phase != c->ppp.phase && ppp_is_waiting(&c->ppp) &&
		    c->stage < STAGE_CLOSE)
			client_set_timer(c, &c->retry, client_retry_after);
	}
}

/* --- HTTP --- */

/* Returns the bytes understood. */
static size_t
input_http(struct client *c, const uint8_t *p, size_t n)
{
	struct http_reply reply;
	ssize_t used = http_parse_reply(p, n, &reply);

	if (used == 0)
		return 0;
	if (used < 0) {
		client_fail(c, CAUSE_HTTP, "the answer is not HTTP/1.1");
		return n;
	}
	c->report.http_status = reply.status;
	snprintf(c->report.http_server, sizeof(c->report.http_server), "%s",
	    reply.server);
	if (reply.status != 200)
		client_fail(c,
		    reply.status == 503 ? CAUSE_UNAVAILABLE : CAUSE_HTTP,
		    "HTTP status %d %s", reply.status, reply.reason);
	else
		client_enter(c, STAGE_SSTP);
	return (size_t)used;
}

static size_t
input_sstp(struct client *c, const uint8_t *p, size_t n)
{
	struct sstp_packet packet;
	ssize_t used = sstp_parse_packet(p, n, &packet);

	if (used < 0) {
		client_lose(c, CAUSE_PROTOCOL, "what follows is not SSTP");
		return n;
	}
	if (used > 0)
		on_packet(c, &packet);
	return (size_t)used;
}

size_t
client_input(struct client *c, const uint8_t *p, size_t n)
{
	size_t done = 0, used;

	while (done < n) {
		if (c->stage >= STAGE_CLOSE)
			return n; /* nobody listens any more */
		if (c->stage == STAGE_HTTP)
			used = input_http(c, p + done, n - done);
		else
			used = input_sstp(c, p + done, n - done);
		if (used == 0)
			break;
		done += used;
	}
	return done;
}

/* --- the owner's side --- */

bool
client_echo(struct client *c)
{
	if (c->echo_pending)
		return false;
	c->echo_pending = true;
	c->echo_sent = client_now();
	send_plain(c, SSTP_MSG_ECHO_REQUEST);
	client_settle(c);
	return true;
}
