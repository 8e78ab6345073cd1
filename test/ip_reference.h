/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * IP packets for tests of segmentation and coalescing: checksums by their plain
 * definition, segmentation written down straight from the rules, and random
 * packets. Slow, and shares no code with what it tests.
 */

#ifndef SSTPD_TEST_IP_REFERENCE_H
#define SSTPD_TEST_IP_REFERENCE_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	REF_PACKET_MAX = 65575,
	REF_TCP = 6,
	REF_UDP = 17,
	REF_GSO_UDP = 5,
	REF_FIN = 1,
	REF_PSH = 8,
	REF_ACK = 16,
	REF_CWR = 128,
	REF_DF = 0x40, /* of byte 6 */
};

static inline unsigned int
ref_get16(const uint8_t *p)
{
	return (unsigned int)p[0] * 256 + p[1];
}

static inline void
ref_put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v / 256);
	p[1] = (uint8_t)v;
}

static inline uint32_t
ref_get32(const uint8_t *p)
{
	return (uint32_t)ref_get16(p) * 65536 + ref_get16(p + 2);
}

static inline void
ref_put32(uint8_t *p, uint32_t v)
{
	ref_put16(p, v / 65536);
	ref_put16(p + 2, v);
}

/* RFC 1071: add 16-bit words; a carry comes in again. */
static inline unsigned int
ref_sum(unsigned int sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 2) {
		sum += p[i] * 256u + (i + 1 < n ? p[i + 1] : 0);
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

/* What TCP and UDP add for the addresses, protocol and length. */
static inline unsigned int
ref_pseudo_sum(const uint8_t *p, unsigned int protocol, size_t length)
{
	uint8_t rest[4] = { 0, (uint8_t)protocol };

	ref_put16(rest + 2, length);
	if (p[0] / 16 == 4)
		return ref_sum(ref_sum(0, p + 12, 8), rest, 4);
	return ref_sum(ref_sum(0, p + 8, 32), rest, 4);
}

static inline size_t
ref_checksum_offset(unsigned int protocol)
{
	return protocol == REF_TCP ? 16 : 6;
}

/* Fill in lengths and checksums of a packet whose transport header is there. */
static inline void
ref_finish(uint8_t *p, size_t n, size_t transport, unsigned int protocol)
{
	uint8_t *checksum = p + transport + ref_checksum_offset(protocol);
	unsigned int sum;

	if (p[0] / 16 == 4) {
		ref_put16(p + 2, n);
		ref_put16(p + 10, 0);
		ref_put16(p + 10, 0xffff - ref_sum(0, p, p[0] % 16 * 4u));
	} else {
		ref_put16(p + 4, n - 40);
	}
	if (protocol == REF_UDP)
		ref_put16(p + transport + 4, n - transport);
	ref_put16(checksum, 0);
	sum = ref_sum(ref_pseudo_sum(p, protocol, n - transport), p + transport,
	    n - transport);
	sum = 0xffff - sum;
	ref_put16(checksum, sum == 0 && protocol == REF_UDP ? 0xffff : sum);
}

/* Whether checksums are good, of a packet with a plain IP header. */
static inline bool
ref_is_good(const uint8_t *p, size_t n, unsigned int protocol)
{
	size_t transport = p[0] / 16 == 4 ? 20 : 40;

	if (transport == 20 && ref_sum(0, p, 20) != 0xffff)
		return false;
	return ref_sum(ref_pseudo_sum(p, protocol, n - transport),
		   p + transport, n - transport) == 0xffff;
}

/* Whether this is TCP with plain headers and all lengths right. */
static inline bool
ref_is_plain_tcp(const uint8_t *p, size_t n)
{
	size_t transport = 0;

	if (n >= 40 && p[0] == 0x45 && p[9] == REF_TCP &&
	    (ref_get16(p + 6) & 0xbfff) == 0 && ref_get16(p + 2) == n)
		transport = 20;
	if (n >= 60 && p[0] / 16 == 6 && p[6] == REF_TCP &&
	    ref_get16(p + 4) == n - 40)
		transport = 40;
	return transport != 0 && p[transport + 12] / 16 >= 5 &&
	       p[transport + 12] / 16 * 4u <= n - transport;
}

/* The headers' length of such a packet. */
static inline size_t
ref_head_len(const uint8_t *p)
{
	size_t transport = p[0] / 16 == 4 ? 20 : 40;

	return transport + p[transport + 12] / 16 * 4u;
}

static inline void
ref_checksum_whole(const struct virtio_net_hdr *hdr, uint8_t *p, size_t n)
{
	uint8_t *checksum = p + hdr->csum_start + hdr->csum_offset;
	unsigned int sum;

	sum = ref_sum(0, p + hdr->csum_start, n - hdr->csum_start);
	sum = 0xffff - sum;
	ref_put16(checksum, sum == 0 && hdr->csum_offset == 6 ? 0xffff : sum);
}

/*
 * Packet i of those that make up p, which is in order. Returns its length, or 0
 * if there are not so many.
 */
static inline size_t
ref_segment(const struct virtio_net_hdr *hdr, const uint8_t *p, size_t n,
    size_t i, uint8_t *out)
{
	size_t transport = hdr->csum_start, head, at, len;
	unsigned int protocol = REF_TCP;

	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		memcpy(out, p, n);
		if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			ref_checksum_whole(hdr, out, n);
		return i == 0 ? n : 0;
	}
	if (hdr->gso_type == REF_GSO_UDP)
		protocol = REF_UDP;
	head =
	    transport + (protocol == REF_UDP ? 8 : p[transport + 12] / 16 * 4u);
	at = head + i * hdr->gso_size;
	if (at >= n)
		return 0;
	len = n - at < hdr->gso_size ? n - at : hdr->gso_size;
	memcpy(out, p, head);
	memcpy(out + head, p + at, len);
	if (p[0] / 16 == 4)
		ref_put16(out + 4, ref_get16(p + 4) + i);
	if (protocol == REF_TCP) {
		ref_put32(out + transport + 4,
		    ref_get32(p + transport + 4) + (uint32_t)(at - head));
		if (at + len < n)
			out[transport + 13] &= 0xff - REF_FIN - REF_PSH;
		if (i > 0)
			out[transport + 13] &= 0xff - REF_CWR;
	}
	ref_finish(out, head + len, transport, protocol);
	return head + len;
}

/* --- random packets --- */

static inline uint32_t
ref_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

static inline uint32_t
ref_below(uint64_t *state, uint32_t n)
{
	return ref_random(state) % n;
}

static inline void
ref_fill(uint64_t *state, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)ref_random(state);
}

struct ref_shape {
	unsigned int version, protocol; /* 4 or 6; REF_TCP or REF_UDP */
	size_t ip_extra, tcp_options;	/* multiples of 4, of 8 for IPv6 */
	size_t payload;
};

/* Where its transport header begins, and its payload. */
static inline size_t
ref_transport(const struct ref_shape *s)
{
	return (s->version == 4 ? 20 : 40) + s->ip_extra;
}

static inline size_t
ref_payload(const struct ref_shape *s)
{
	return ref_transport(s) +
	       (s->protocol == REF_UDP ? 8 : 20 + s->tcp_options);
}

/* A packet of that shape, with ACK alone set in TCP. Returns its length. */
static inline size_t
ref_build(const struct ref_shape *s, uint64_t *state, uint8_t *p)
{
	size_t transport = ref_transport(s), n = ref_payload(s) + s->payload;

	ref_fill(state, p, n);
	if (s->version == 4) {
		p[0] = (uint8_t)(0x40 + transport / 4);
		p[6] &= REF_DF;
		p[7] = 0;
		p[9] = (uint8_t)s->protocol;
	} else {
		p[0] = (uint8_t)(0x60 + p[0] % 16);
		p[6] = (uint8_t)s->protocol;
		if (s->ip_extra > 0) { /* destination options */
			p[6] = 60;
			p[40] = (uint8_t)s->protocol;
			p[41] = (uint8_t)(s->ip_extra / 8 - 1);
		}
	}
	if (s->protocol == REF_TCP) {
		p[transport + 12] =
		    (uint8_t)((20 + s->tcp_options) * 4 + p[1] % 16);
		p[transport + 13] = REF_ACK;
	}
	ref_finish(p, n, transport, s->protocol);
	return n;
}

/* Leave the checksum to the reader, as the kernel does. */
static inline void
ref_make_partial(
    uint8_t *p, size_t n, const struct ref_shape *s, struct virtio_net_hdr *hdr)
{
	size_t transport = ref_transport(s);

	*hdr = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = (uint16_t)transport,
		.csum_offset = (uint16_t)ref_checksum_offset(s->protocol),
	};
	ref_put16(p + transport + hdr->csum_offset,
	    ref_pseudo_sum(p, s->protocol, n - transport));
}

/* The same, to be cut into packets with that many bytes of payload. */
static inline void
ref_make_gso(uint8_t *p, size_t n, const struct ref_shape *s, size_t size,
    struct virtio_net_hdr *hdr)
{
	ref_make_partial(p, n, s, hdr);
	hdr->gso_type = s->protocol == REF_UDP ? REF_GSO_UDP
			: s->version == 4      ? VIRTIO_NET_HDR_GSO_TCPV4
					       : VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = (uint16_t)size;
	hdr->hdr_len = (uint16_t)ref_payload(s);
}

#endif
