/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What sstp-probe reads of a server apart from PPP: the head of the HTTP
 * reply, SSTP messages, echo replies. The input is taken for each of them.
 */

#include <string.h>

#include "binding.h"
#include "fuzz.h"
#include "http_client.h"
#include "ip.h"
#include "sstp_client.h"

static void
check_text(const char *text, size_t size)
{
	require(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		require(*text >= ' ' && *text <= '~');
}

/* The verdict depends on the bytes, not on their slices. */
static void
check_http(const uint8_t *data, size_t size)
{
	struct http_reply whole, part;
	ssize_t want = http_parse_reply(data, size, &whole), got;
	size_t step = size > 512 ? 61 : 1;

	require(want <= (ssize_t)size && want <= HTTP_REPLY_HEAD_MAX);
	check_text(whole.reason, sizeof(whole.reason));
	check_text(whole.server, sizeof(whole.server));
	for (size_t i = 0; i < size; i += step) {
		got = http_parse_reply(data, i, &part);
		require(got == 0 || got == want);
		require(want <= 0 || got == 0 || i >= (size_t)want);
	}
	if (want <= 0)
		return;
	require(whole.status >= 100 && whole.status <= 999);
	got = http_parse_reply(data, (size_t)want, &part);
	require(got == want && memcmp(&whole, &part, sizeof(part)) == 0);
}

/* An ACK that we take is, but for reserved bits, one that a server builds. */
static void
check_ack(const struct sstp_packet *packet, const struct sstp_ack *ack)
{
	uint8_t built[64];
	size_t n =
	    sstp_build_ack(built, sizeof(built), ack->hash_bitmask, ack->nonce);

	require(n == packet->len);
	require(memcmp(built + 4, packet->bytes + 4, 4) == 0);
	require(built[9] == packet->bytes[9]);
	require(memcmp(built + 15, packet->bytes + 15, n - 15) == 0);
}

static void
check_sstp(const uint8_t *data, size_t size)
{
	struct sstp_packet packet;
	struct sstp_control control;
	struct sstp_ack ack;
	uint32_t status = 0;
	uint8_t id = 0;
	ssize_t len;

	for (; size > 0; data += len, size -= (size_t)len) {
		len = sstp_parse_packet(data, size, &packet);
		if (len <= 0)
			return;
		if (!packet.control)
			continue;
		/* as for the client, both for any packet, good or not */
		sstp_parse_control(&packet, &control);
		if (sstp_parse_ack(&packet, &ack))
			check_ack(&packet, &ack);
		if (sstp_parse_nak(&packet, &id, &status))
			require(control.type == SSTP_MSG_CALL_CONNECT_NAK &&
				packet.len >= 20);
	}
}

static void
check_ip(const uint8_t *data, size_t size)
{
	uint8_t echo[IP_PACKET_MAX];
	struct ip_echo reply, flow = { 1, 2, 3, 4 };

	if (ip_parse_reply(data, size, &reply))
		require(size >= IP_HEADERS_LEN);
	/* a request of ours is no reply, whatever its length */
	if (size < IP_HEADERS_LEN || size > sizeof(echo))
		return;
	ip_build_echo(echo, size, &flow);
	require(!ip_parse_reply(echo, size, &reply));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_http(data, size);
	check_sstp(data, size);
	check_ip(data, size);
	return 0;
}
