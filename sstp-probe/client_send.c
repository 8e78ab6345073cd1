/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What a client sends. */

#include "client_private.h"

_Static_assert((int)CLIENT_HEADERS_LEN == SSTP_HEADER_LEN + SSTP_PPP_HEADER_LEN,
    "headers");

void
client_put(struct client *c, const void *p, size_t n)
{
	if (c->stage >= STAGE_CLOSE)
		return;
	if (!tls_write(&c->tls, p, n))
		client_lose(
		    c, CAUSE_CLOSED, "the server does not read what we send");
}

size_t
client_queued(const struct client *c)
{
	return tls_queued(&c->tls);
}

/* --- packets --- */

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

void
client_queue_ip(struct client *c, uint8_t *room, size_t n)
{
	uint8_t *ppp = room + SSTP_HEADER_LEN;

	c->report.bytes_out += n;
	c->report.packets_out++;
	sstp_put_data_header(room, SSTP_PPP_HEADER_LEN + n);
	sstp_put_ppp_header(ppp, protocol_of(ppp[SSTP_PPP_HEADER_LEN] >> 4));
	client_put(c, room, CLIENT_HEADERS_LEN + n);
}
