/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Segmentation. For a packet of many segments, gso_start() adds up what their
 * headers have in common; gso_next() adds what differs.
 */

#include <assert.h>
#include <string.h>

#include "gso.h"
#include "inet_sum.h"
#include "ip_header.h"

static bool
is_udp(const struct gso *g)
{
	return g->type == GSO_TYPE_UDP_L4;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The IP header, whose end is where the kernel says the checksum begins. */
static bool
check_ip4(const struct gso *g, unsigned int protocol)
{
	const uint8_t *p = g->packet;

	return g->len >= IP4_HEADER_LEN && ip_version(p) == 4 &&
	       g->transport == (p[0] & 0x0fu) * 4 &&
	       g->transport >= IP4_HEADER_LEN &&
	       (load_be16(p + IP4_FRAGMENT) & IP4_FRAGMENT_MASK) == 0 &&
	       p[IP4_PROTOCOL] == protocol;
}

/* Extension headers, if any, are the same in all packets. */
static bool
check_ip6(const struct gso *g, unsigned int protocol)
{
	const uint8_t *p = g->packet;

	return g->len >= IP6_HEADER_LEN && ip_version(p) == 6 &&
	       g->transport >= IP6_HEADER_LEN &&
	       (g->transport > IP6_HEADER_LEN ||
		   p[IP6_NEXT_HEADER] == protocol);
}

static bool
check_ip(const struct gso *g)
{
	switch (g->type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return check_ip4(g, IP_PROTOCOL_TCP);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return check_ip6(g, IP_PROTOCOL_TCP);
	case GSO_TYPE_UDP_L4:
		return check_ip4(g, IP_PROTOCOL_UDP) ||
		       check_ip6(g, IP_PROTOCOL_UDP);
	default:
		return false;
	}
}

/* The length of TCP's or UDP's header, or 0 if there is none. */
static size_t
transport_header_len(const struct gso *g, size_t offset)
{
	size_t n = is_udp(g) ? UDP_HEADER_LEN : TCP_HEADER_LEN;

	if (g->transport > g->len || g->len - g->transport < n)
		return 0;
	if (is_udp(g))
		return offset == UDP_CHECKSUM ? n : 0;
	n = (g->packet[g->transport + TCP_DATA_OFFSET] >> 4) * 4u;
	if (n < TCP_HEADER_LEN || n > g->len - g->transport)
		return 0;
	return offset == TCP_CHECKSUM ? n : 0;
}

/* The sum of IPv4's header without length, ID and checksum. */
static uint32_t
sum_ip4(const struct gso *g)
{
	uint8_t head[60];

	memcpy(head, g->packet, g->transport);
	store_be16(head + IP4_LENGTH, 0);
	store_be16(head + IP4_ID, 0);
	store_be16(head + IP4_CHECKSUM, 0);
	return inet_sum_header(head, g->transport);
}

/*
 * The sum of the transport header without what we set. Its checksum field has
 * the pseudo header's sum, of which we take out the old length.
 */
static uint32_t
sum_transport(const struct gso *g)
{
	uint8_t head[60];
	size_t n = g->head_len - g->transport;

	memcpy(head, g->packet + g->transport, n);
	if (is_udp(g)) {
		store_be16(head + UDP_LENGTH, 0);
	} else {
		store_be32(head + TCP_SEQUENCE, 0);
		head[TCP_FLAGS] = 0;
	}
	return inet_sum_header(head, n) + (uint16_t) ~(g->len - g->transport);
}

static bool
start_segments(struct gso *g, const struct virtio_net_hdr *hdr, size_t max)
{
	size_t n;

	g->transport = hdr->csum_start;
	g->checksum = g->transport + hdr->csum_offset;
	g->size = hdr->gso_size;
	if (g->size == 0 || !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	    !check_ip(g))
		return false;
	n = transport_header_len(g, hdr->csum_offset);
	g->head_len = g->transport + n;
	g->at = g->head_len;
	if (n == 0 || g->at == g->len ||
	    g->head_len + least(g->size, g->len - g->at) > max)
		return false;
	if (ip_version(g->packet) == 4) {
		g->id = load_be16(g->packet + IP4_ID);
		g->ip_sum = sum_ip4(g);
	}
	g->transport_sum = sum_transport(g);
	if (!is_udp(g))
		g->sequence =
		    load_be32(g->packet + g->transport + TCP_SEQUENCE);
	return true;
}

bool
gso_start(struct gso *g, const struct virtio_net_hdr *hdr,
    const uint8_t *packet, size_t n, size_t max)
{
	assert(max <= GSO_PACKET_MAX);
	if (n == 0 || n > GSO_INPUT_MAX)
		return false;
	*g = (struct gso){ .packet = packet, .len = n };
	g->type = hdr->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	if (g->type != VIRTIO_NET_HDR_GSO_NONE)
		return start_segments(g, hdr, max);
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		g->transport = hdr->csum_start;
		g->checksum = g->transport + hdr->csum_offset;
		if (g->checksum == 0 || g->checksum + 2 > n)
			return false;
	}
	return n <= max;
}

/* UDP says with 0 that it has no checksum, RFC 768. */
static void
put_checksum(uint8_t *p, uint32_t sum, bool udp)
{
	uint16_t checksum = (uint16_t)~inet_fold(sum);

	store_be16(p, udp && checksum == 0 ? 0xffff : checksum);
}

/* One packet as it is; its checksum field has the pseudo header's sum. */
static size_t
next_whole(struct gso *g, uint8_t *dst)
{
	size_t start = g->transport;
	uint16_t sum;

	g->at = g->len;
	if (g->checksum == 0) {
		memcpy(dst, g->packet, g->len);
		return g->len;
	}
	memcpy(dst, g->packet, start);
	sum = inet_copy_sum(dst + start, g->packet + start, g->len - start);
	put_checksum(
	    dst + g->checksum, sum, g->checksum == start + UDP_CHECKSUM);
	return g->len;
}

static void
put_ip(struct gso *g, uint8_t *dst, size_t n)
{
	if (ip_version(dst) == 6) {
		store_be16(dst + IP6_LENGTH, n - IP6_HEADER_LEN);
		return;
	}
	store_be16(dst + IP4_LENGTH, n);
	store_be16(dst + IP4_ID, g->id);
	put_checksum(
	    dst + IP4_CHECKSUM, g->ip_sum + (uint16_t)n + g->id, false);
	g->id++;
}

/* Returns what it adds to the sum. */
static uint32_t
put_tcp(const struct gso *g, uint8_t *tcp, bool first, bool last)
{
	uint32_t sequence = g->sequence + (uint32_t)(g->at - g->head_len);
	uint8_t flags = tcp[TCP_FLAGS];

	if (!first)
		flags &= (uint8_t)~TCP_CWR;
	if (!last)
		flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	tcp[TCP_FLAGS] = flags;
	store_be32(tcp + TCP_SEQUENCE, sequence);
	return (sequence >> 16) + (sequence & 0xffff) + flags;
}

static uint32_t
put_udp(uint8_t *udp, size_t n)
{
	store_be16(udp + UDP_LENGTH, n);
	return (uint32_t)n;
}

static size_t
next_segment(struct gso *g, uint8_t *dst)
{
	size_t payload = least(g->size, g->len - g->at);
	size_t n = g->head_len + payload, rest = n - g->transport;
	uint32_t sum = g->transport_sum + (uint32_t)rest;
	uint8_t *transport = dst + g->transport;

	memcpy(dst, g->packet, g->head_len);
	sum += inet_copy_sum(dst + g->head_len, g->packet + g->at, payload);
	put_ip(g, dst, n);
	if (is_udp(g))
		sum += put_udp(transport, rest);
	else
		sum += put_tcp(g, transport, g->at == g->head_len,
		    g->at + payload == g->len);
	put_checksum(dst + g->checksum, sum, is_udp(g));
	g->at += payload;
	return n;
}

size_t
gso_next(struct gso *g, uint8_t *dst)
{
	if (g->at == g->len)
		return 0;
	return g->type == VIRTIO_NET_HDR_GSO_NONE ? next_whole(g, dst)
						  : next_segment(g, dst);
}
