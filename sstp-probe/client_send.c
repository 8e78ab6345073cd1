/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A client's packets on their way into TLS records. */

#include <assert.h>

#include "client_private.h"

bool
client_seal(struct client *c)
{
	size_t n = buf_len(&c->record);
	bool ok = n == 0 || tls_write(&c->tls, buf_bytes(&c->record), n);

	buf_consume(&c->record, n);
	return ok;
}

bool
client_queue(struct client *c, const void *p, size_t n)
{
	if (!c->config->bulk)
		return tls_write(&c->tls, p, n);
	if (n > buf_space(&c->record) && !client_seal(c))
		return false;
	return buf_append(&c->record, p, n) == 0;
}

void
client_put(struct client *c, const void *p, size_t n)
{
	if (c->stage >= STAGE_CLOSE)
		return;
	if (!client_queue(c, p, n))
		client_lose(
		    c, CAUSE_CLOSED, "the server does not read what we send");
}

size_t
client_queued(const struct client *c)
{
	return buf_len(&c->record) + tls_queued(&c->tls);
}

/* --- packets --- */

enum { HEADERS_LEN = SSTP_HEADER_LEN + SSTP_PPP_HEADER_LEN };

static uint16_t
protocol_of(unsigned int version)
{
	return version == 6 ? PPP_IPV6 : PPP_IPV4;
}

void
client_send_ip(struct client *c, const uint8_t *packet, size_t n)
{
	if (c->stage != STAGE_UP)
		return;
	c->report.bytes_out += n;
	c->report.packets_out++;
	ppp_send_ip(&c->ppp, packet, n);
	client_settle(c);
}

bool
client_may_send(const struct client *c, unsigned int version)
{
	return c->stage == STAGE_UP && (version == 4 || version == 6) &&
	       ppp_is_up(&c->ppp, protocol_of(version));
}

uint8_t *
client_packet_room(struct client *c, size_t max)
{
	uint8_t *p;

	assert(c->config->bulk && max <= CLIENT_PACKET_MAX);
	if (buf_space(&c->record) < HEADERS_LEN + max && !client_seal(c)) {
		client_lose(
		    c, CAUSE_CLOSED, "the server does not read what we send");
		return NULL;
	}
	if (buf_reserve(&c->record, HEADERS_LEN + max, &p) == 0)
		return p + HEADERS_LEN;
	client_lose(c, CAUSE_LOCAL, "not enough memory");
	return NULL;
}

void
client_packet_made(struct client *c, size_t n)
{
	uint8_t *p;

	/* the same place again: nothing was queued meanwhile */
	if (n == 0 || buf_reserve(&c->record, HEADERS_LEN + n, &p) != 0)
		return;
	c->report.bytes_out += n;
	c->report.packets_out++;
	sstp_put_data_header(p, SSTP_PPP_HEADER_LEN + n);
	sstp_put_ppp_header(
	    p + SSTP_HEADER_LEN, protocol_of(p[HEADERS_LEN] >> 4));
	buf_commit(&c->record, HEADERS_LEN + n);
}
