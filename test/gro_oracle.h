/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What coalescing must not change: cut again by the reference, what was written
 * is what was given, each packet once and in the order of its flow.
 */

#ifndef SSTPD_TEST_GRO_ORACLE_H
#define SSTPD_TEST_GRO_ORACLE_H

#include "test/ip_reference.h"

enum { ORACLE_PACKETS = 512, ORACLE_BYTES = 1 << 20 };

struct gro_oracle {
	size_t count, left, used_bytes;
	size_t writes, joined; /* the latter: writes of more than one packet */
	struct {
		size_t at, n;
		bool written;
	} packets[ORACLE_PACKETS];
	uint8_t bytes[ORACLE_BYTES];
};

static inline void
oracle_reset(struct gro_oracle *o)
{
	o->count = o->left = o->used_bytes = o->writes = o->joined = 0;
}

static inline bool
oracle_has_room(const struct gro_oracle *o, size_t n)
{
	return o->count < ORACLE_PACKETS && n <= ORACLE_BYTES - o->used_bytes;
}

/* To be called before gro_input(). */
static inline void
oracle_given(struct gro_oracle *o, const uint8_t *p, size_t n)
{
	memcpy(o->bytes + o->used_bytes, p, n);
	o->packets[o->count].at = o->used_bytes;
	o->packets[o->count].n = n;
	o->packets[o->count].written = false;
	o->used_bytes += n;
	o->count++;
	o->left++;
}

/* IPv6's extension headers may hide TCP. */
static inline bool
oracle_may_be_tcp(const uint8_t *p)
{
	return p[0] / 16 == 4 ? p[9] == REF_TCP : p[6] != REF_UDP && p[6] != 58;
}

/* Whether the order of two packets could matter to a TCP connection. */
static inline bool
oracle_is_flow(const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
	size_t at = a[0] / 16 == 4 ? 12 : 8, ports = a[0] / 16 == 4 ? 20 : 40;

	if (an < ports || bn < ports || a[0] / 16 != b[0] / 16 ||
	    memcmp(a + at, b + at, ports - at) != 0)
		return false;
	if (ref_is_plain_tcp(a, an) && ref_is_plain_tcp(b, bn))
		return memcmp(a + ports, b + ports, 4) == 0;
	/* of others we do not know which flow they are of */
	return oracle_may_be_tcp(a) == oracle_may_be_tcp(b);
}

/*
 * Like the one that was given, or else an equal one that was joined: its ID may
 * count up from an ID that is the same in all packets, with DF set, and there
 * are two ways to write a checksum of zero.
 */
static inline bool
oracle_is_equal(const uint8_t *given, const uint8_t *p, size_t n, size_t index)
{
	static uint8_t copy[REF_PACKET_MAX];
	size_t transport = given[0] / 16 == 4 ? 20 : 40;

	if (memcmp(given, p, n) == 0)
		return true;
	if (!ref_is_plain_tcp(p, n) || !ref_is_plain_tcp(given, n) ||
	    !ref_is_good(given, n, REF_TCP))
		return false;
	memcpy(copy, p, n);
	if (transport == 20 && (p[6] & REF_DF) &&
	    ref_get16(given + 4) == (ref_get16(p + 4) - index) % 0x10000)
		memcpy(copy + 4, given + 4, 2);
	if (transport == 20)
		memcpy(copy + 10, given + 10, 2);
	memcpy(copy + transport + 16, given + transport + 16, 2);
	return memcmp(given, copy, n) == 0;
}

/* Take out the first like it. False if there is none, or it overtook one. */
static inline bool
oracle_take(struct gro_oracle *o, const uint8_t *p, size_t n, size_t index)
{
	for (size_t i = 0; i < o->count; i++) {
		const uint8_t *given = o->bytes + o->packets[i].at;

		if (o->packets[i].written)
			continue;
		if (o->packets[i].n == n &&
		    oracle_is_equal(given, p, n, index)) {
			o->packets[i].written = true;
			o->left--;
			return true;
		}
		if (oracle_is_flow(given, o->packets[i].n, p, n))
			return false;
	}
	return false;
}

/* What the kernel would refuse, or could not cut. */
static inline bool
oracle_is_whole(const struct virtio_net_hdr *hdr, const uint8_t *p, size_t n)
{
	bool v4 = p[0] / 16 == 4;
	size_t transport = v4 ? 20 : 40;

	return n <= 65535 && ref_is_plain_tcp(p, n) &&
	       (!v4 || ref_sum(0, p, 20) == 0xffff) &&
	       hdr->flags == VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       hdr->gso_type ==
		   (v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6) &&
	       hdr->csum_start == transport && hdr->csum_offset == 16 &&
	       hdr->hdr_len == ref_head_len(p) && hdr->gso_size > 0 &&
	       n - hdr->hdr_len > hdr->gso_size &&
	       ref_get16(p + transport + 16) ==
		   ref_pseudo_sum(p, REF_TCP, n - transport);
}

/* To be called by the function that gro.h writes with. */
static inline bool
oracle_written(struct gro_oracle *o, const struct virtio_net_hdr *hdr,
    const uint8_t *p, size_t n)
{
	static const struct virtio_net_hdr none;
	static uint8_t cut[REF_PACKET_MAX];
	size_t len, i = 0;

	o->writes++;
	if (memcmp(hdr, &none, sizeof(none)) == 0)
		return oracle_take(o, p, n, 0);
	o->joined++;
	if (!oracle_is_whole(hdr, p, n))
		return false;
	while ((len = ref_segment(hdr, p, n, i, cut)) > 0) {
		if (!oracle_take(o, cut, len, i))
			return false;
		i++;
	}
	return true;
}

#endif
