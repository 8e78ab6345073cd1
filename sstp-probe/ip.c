/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* IPv4, ICMP echo, UDP: RFC 791, 792, 768. */

#include <netinet/in.h>
#include <string.h>

#include "ip.h"
#include "wire.h"

enum {
	IP_LEN = 20,
	AT_IP_CHECKSUM = 10,
	AT_ICMP_CHECKSUM = 2,
	TTL = 64,
	DONT_FRAGMENT = 0x4000,
	MORE_AND_OFFSET = 0x3fff,
	ECHO_REPLY = 0,
	ECHO_REQUEST = 8,
};

static uint16_t
checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (n % 2 == 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
set_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put_ip(struct wire_out *out, const struct ip_echo *flow, size_t n,
    uint8_t protocol)
{
	uint8_t *start = out->p;

	put_u8(out, 0x45); /* version 4, no options */
	put_u8(out, 0);
	put_be16(out, (uint16_t)n);
	put_be16(out, flow->sequence);
	put_be16(out, DONT_FRAGMENT);
	put_u8(out, TTL);
	put_u8(out, protocol);
	put_be16(out, 0);
	put_block(out, &flow->from, 4);
	put_block(out, &flow->to, 4);
	set_be16(start + AT_IP_CHECKSUM, checksum(start, IP_LEN));
}

void
ip_build_echo(uint8_t *dst, size_t n, const struct ip_echo *echo)
{
	struct wire_out out = { dst, n, false };

	memset(dst, 0, n);
	put_ip(&out, echo, n, IPPROTO_ICMP);
	put_u8(&out, ECHO_REQUEST);
	put_u8(&out, 0);
	put_be16(&out, 0);
	put_be16(&out, echo->id);
	put_be16(&out, echo->sequence);
	set_be16(dst + IP_LEN + AT_ICMP_CHECKSUM,
	    checksum(dst + IP_LEN, n - IP_LEN));
}

void
ip_build_datagram(uint8_t *dst, size_t n, const struct ip_echo *flow)
{
	struct wire_out out = { dst, n, false };

	memset(dst, 0, n);
	put_ip(&out, flow, n, IPPROTO_UDP);
	put_be16(&out, flow->id);
	put_be16(&out, IP_DISCARD_PORT);
	put_be16(&out, (uint16_t)(n - IP_LEN));
	put_be16(&out, 0); /* no checksum, RFC 768 allows it */
}

/* The payload of an intact IPv4 packet that is no fragment. */
static bool
parse_ip(const uint8_t *p, size_t n, struct ip_echo *echo, uint8_t *protocol,
    struct wire_in *payload)
{
	struct wire_in in = { p, n };
	struct wire_in addresses;
	uint16_t length, id, fragment, sum;
	uint8_t first, tos, ttl;
	size_t head;

	if (!take_u8(&in, &first) || !take_u8(&in, &tos) ||
	    !take_be16(&in, &length) || !take_be16(&in, &id) ||
	    !take_be16(&in, &fragment) || !take_u8(&in, &ttl) ||
	    !take_u8(&in, protocol) || !take_be16(&in, &sum) ||
	    !take_block(&in, 8, &addresses))
		return false;
	head = (size_t)(first & 0x0f) * 4;
	if (first >> 4 != 4 || head < IP_LEN || length < head || length > n ||
	    (fragment & MORE_AND_OFFSET) != 0 || checksum(p, head) != 0)
		return false;
	memcpy(&echo->from, addresses.p, 4);
	memcpy(&echo->to, addresses.p + 4, 4);
	*payload = (struct wire_in){ p + head, length - head };
	return true;
}

bool
ip_parse_reply(const uint8_t *p, size_t n, struct ip_echo *echo)
{
	struct wire_in in;
	uint16_t sum;
	uint8_t protocol, type, code;

	if (!parse_ip(p, n, echo, &protocol, &in) || protocol != IPPROTO_ICMP ||
	    checksum(in.p, in.n) != 0)
		return false;
	return take_u8(&in, &type) && type == ECHO_REPLY &&
	       take_u8(&in, &code) && code == 0 && take_be16(&in, &sum) &&
	       take_be16(&in, &echo->id) && take_be16(&in, &echo->sequence);
}
