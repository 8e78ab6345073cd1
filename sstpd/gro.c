/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Coalescing. A packet's payload is copied behind its run and summed on the
 * way; where the checksum turns out to be bad, the run just does not grow.
 */

#include <assert.h>
#include <string.h>

#include "gro.h"
#include "inet_sum.h"
#include "ip_header.h"

enum kind {
	KIND_OTHER,	 /* no part of a TCP connection */
	KIND_TCP_HIDDEN, /* perhaps one, but of what flow we cannot tell */
	KIND_TCP,
};

struct segment {
	const uint8_t *packet;
	size_t len, transport, head_len, payload_len;
	uint8_t flags;
};

/* Neither options nor a fragment, and its header is whole. */
static bool
is_plain_ip4(const uint8_t *p, size_t n)
{
	unsigned int fragment = load_be16(p + IP4_FRAGMENT);

	return p[0] == 0x45 && load_be16(p + IP4_LENGTH) == n &&
	       (fragment & ~(unsigned int)IP4_DF) == 0 &&
	       inet_sum_header(p, IP4_HEADER_LEN) == 0xffff;
}

static enum kind
classify_ip4(const uint8_t *p, size_t n)
{
	if (n < IP4_HEADER_LEN || p[IP4_PROTOCOL] != IP_PROTOCOL_TCP)
		return KIND_OTHER;
	return is_plain_ip4(p, n) ? KIND_TCP : KIND_TCP_HIDDEN;
}

static enum kind
classify_ip6(const uint8_t *p, size_t n)
{
	if (n < IP6_HEADER_LEN)
		return KIND_OTHER;
	switch (p[IP6_NEXT_HEADER]) {
	case IP_PROTOCOL_UDP:
	case IP_PROTOCOL_ICMPV6:
		return KIND_OTHER;
	case IP_PROTOCOL_TCP:
		return load_be16(p + IP6_LENGTH) == n - IP6_HEADER_LEN
			   ? KIND_TCP
			   : KIND_TCP_HIDDEN;
	default: /* an extension header, and who knows what behind it */
		return KIND_TCP_HIDDEN;
	}
}

static enum kind
parse(struct segment *s, const uint8_t *p, size_t n)
{
	enum kind kind = KIND_OTHER;
	size_t tcp_len;

	*s = (struct segment){ .packet = p, .len = n };
	if (n > 0 && ip_version(p) == 4) {
		s->transport = IP4_HEADER_LEN;
		kind = classify_ip4(p, n);
	} else if (n > 0 && ip_version(p) == 6) {
		s->transport = IP6_HEADER_LEN;
		kind = classify_ip6(p, n);
	}
	if (kind != KIND_TCP)
		return kind;
	if (n - s->transport < TCP_HEADER_LEN)
		return KIND_TCP_HIDDEN;
	tcp_len = (p[s->transport + TCP_DATA_OFFSET] >> 4) * 4u;
	if (tcp_len < TCP_HEADER_LEN || tcp_len > n - s->transport)
		return KIND_TCP_HIDDEN;
	s->head_len = s->transport + tcp_len;
	s->payload_len = n - s->head_len;
	s->flags = p[s->transport + TCP_FLAGS];
	return KIND_TCP;
}

/* Where the addresses begin, which only the ports and the rest of TCP follow.
 */
static size_t
addresses(size_t transport)
{
	return transport == IP4_HEADER_LEN ? IP4_ADDRESSES : IP6_ADDRESSES;
}

/* Copy the payload to dst. Tells if the packet's checksum is good. */
static bool
copy_payload(uint8_t *dst, const struct segment *s)
{
	const uint8_t *payload = s->packet + s->head_len;
	size_t at = addresses(s->transport);
	/* the pseudo header, RFC 9293 3.1, and TCP's */
	uint32_t sum = IP_PROTOCOL_TCP + (uint32_t)(s->len - s->transport) +
		       inet_sum_header(s->packet + at, s->head_len - at);

	sum += inet_copy_sum(dst, payload, s->payload_len);
	return inet_fold(sum) == 0xffff;
}

/* The bits that all packets of a run have in common; options are besides. */
#define SAME 0xff, 0xff, 0xff, 0xff
/* clang-format off */
#define SAME_TCP \
	SAME, /* ports */ \
	0, 0, 0, 0, /* sequence number */ \
	SAME, /* acknowledgment number */ \
	0xff, 0xff & ~(TCP_FIN | TCP_PSH), 0xff, 0xff, /* window */ \
	0, 0, 0xff, 0xff /* checksum; urgent pointer */

static const uint8_t same_ip4[IP4_HEADER_LEN + TCP_HEADER_LEN] = {
	0xff, 0xff, 0, 0, /* version, TOS; length */
	0, 0, 0xff, 0xff, /* ID; DF */
	0xff, 0xff, 0, 0, /* TTL, protocol; checksum */
	SAME, SAME,
	SAME_TCP,
};

static const uint8_t same_ip6[IP6_HEADER_LEN + TCP_HEADER_LEN] = {
	SAME, /* version, traffic class, flow label */
	0, 0, 0xff, 0xff, /* length; next header, hop limit */
	SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME,
	SAME_TCP,
};
/* clang-format on */

static inline uint64_t
difference(const uint8_t *a, const uint8_t *b, const uint8_t *mask)
{
	uint64_t x, y, m;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	memcpy(&m, mask, sizeof(m));
	return (x ^ y) & m;
}

/* Compare n >= 8 bytes where mask has ones. */
static inline bool
is_same(const uint8_t *a, const uint8_t *b, const uint8_t *mask, size_t n)
{
	uint64_t d = difference(a + n - 8, b + n - 8, mask + n - 8);

#pragma GCC unroll 8
	for (size_t i = 0; i < n / 8; i++)
		d |= difference(a + 8 * i, b + 8 * i, mask + 8 * i);
	return d == 0;
}

static bool
is_same_flow(const struct gro_run *r, const struct segment *s)
{
	const uint8_t *a = r->packet, *b = s->packet;

	if (r->transport != s->transport)
		return false;
	if (s->transport == IP4_HEADER_LEN)
		return memcmp(a + IP4_ADDRESSES, b + IP4_ADDRESSES, 12) == 0;
	return memcmp(a + IP6_ADDRESSES, b + IP6_ADDRESSES, 36) == 0;
}

/* To be asked where the headers' lengths are the same. */
static bool
has_same_options(const struct gro_run *r, const struct segment *s)
{
	uint32_t x, y, d = 0;

	for (size_t i = s->transport + TCP_HEADER_LEN; i < s->head_len;
	     i += sizeof(x)) {
		memcpy(&x, r->packet + i, sizeof(x));
		memcpy(&y, s->packet + i, sizeof(y));
		d |= x ^ y;
	}
	return d == 0;
}

static bool
does_id_follow(const struct gro_run *r, const struct segment *s)
{
	uint16_t step = (uint16_t)(load_be16(s->packet + IP4_ID) - r->id);

	if (r->packets > 1)
		return step == r->id_step;
	return step == 1 ||
	       (step == 0 && (s->packet[IP4_FRAGMENT] << 8 & IP4_DF));
}

static bool
has_same_headers(const struct gro_run *r, const struct segment *s)
{
	const uint8_t *a = r->packet, *b = s->packet;
	bool same = s->transport == IP4_HEADER_LEN
			? is_same(a, b, same_ip4, sizeof(same_ip4)) &&
			      does_id_follow(r, s)
			: is_same(a, b, same_ip6, sizeof(same_ip6));

	return same && has_same_options(r, s);
}

static bool
can_join(const struct gro_run *r, const struct segment *s)
{
	const uint8_t *tcp = s->packet + s->transport;

	return load_be32(tcp + TCP_SEQUENCE) == r->next_sequence &&
	       s->payload_len <= r->size &&
	       s->payload_len <= GRO_RUN_BYTES - r->len &&
	       has_same_headers(r, s);
}

/* Whether it may be in a run at all, which PSH and FIN end. */
static bool
is_joinable(const struct segment *s)
{
	return s->payload_len > 0 && s->len <= GRO_RUN_BYTES &&
	       (s->flags & ~(TCP_PSH | TCP_FIN | TCP_ECE)) == TCP_ACK;
}

static bool
is_final(const struct segment *s)
{
	return s->flags & (TCP_PSH | TCP_FIN);
}

/* Make the first packet's headers those of all; hdr tells how to cut them. */
static void
seal(struct gro_run *r, struct virtio_net_hdr *hdr)
{
	uint8_t *p = r->packet;
	size_t n = r->len - r->transport, at = addresses(r->transport);

	if (r->transport == IP4_HEADER_LEN) {
		store_be16(p + IP4_LENGTH, r->len);
		store_be16(p + IP4_CHECKSUM, 0);
		store_be16(p + IP4_CHECKSUM,
		    (uint16_t)~inet_sum_header(p, IP4_HEADER_LEN));
		hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	} else {
		store_be16(p + IP6_LENGTH, n);
		hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	}
	store_be16(p + r->transport + TCP_CHECKSUM,
	    inet_fold(inet_sum_header(p + at, r->transport - at) +
		      IP_PROTOCOL_TCP + (uint32_t)n));
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->hdr_len = (uint16_t)r->head_len;
	hdr->gso_size = (uint16_t)r->size;
	hdr->csum_start = (uint16_t)r->transport;
	hdr->csum_offset = TCP_CHECKSUM;
}

/* Close the run which is the i-th in order, and write it. */
static void
close_run(struct gro *g, unsigned int i)
{
	struct virtio_net_hdr hdr = { 0 };
	uint8_t slot = g->order[i];
	struct gro_run *r = &g->runs[slot];

	g->open--;
	memmove(g->order + i, g->order + i + 1, g->open - i);
	g->order[g->open] = slot;
	if (r->packets > 1)
		seal(r, &hdr);
	g->write(g->to, &hdr, r->packet, r->len);
}

static void
pass(struct gro *g, const struct segment *s)
{
	g->write(g->to, &(struct virtio_net_hdr){ 0 }, s->packet, s->len);
}

/* Finds the place in order of the flow's run. */
static bool
find_run(const struct gro *g, const struct segment *s, unsigned int *place)
{
	for (*place = 0; *place < g->open; ++*place)
		if (is_same_flow(&g->runs[g->order[*place]], s))
			return true;
	return false;
}

/* False if it does not continue the run, or has a bad checksum. */
static bool
join(struct gro_run *r, const struct segment *s)
{
	uint16_t id = load_be16(s->packet + IP4_ID);

	if (!can_join(r, s) || !copy_payload(r->packet + r->len, s))
		return false;
	r->id_step = (uint16_t)(id - r->id);
	r->id = id;
	r->packet[r->transport + TCP_FLAGS] |= s->flags;
	r->len += s->payload_len;
	r->next_sequence += (uint32_t)s->payload_len;
	r->packets++;
	return true;
}

static bool
is_complete(const struct gro_run *r, const struct segment *last)
{
	return r->packets == GRO_RUN_PACKETS || last->payload_len < r->size ||
	       is_final(last);
}

/* False if its checksum is bad. */
static bool
open_run(struct gro *g, const struct segment *s)
{
	struct gro_run *r;

	if (g->open == GRO_RUNS)
		close_run(g, 0);
	r = &g->runs[g->order[g->open]];
	if (!copy_payload(r->packet + s->head_len, s))
		return false;
	memcpy(r->packet, s->packet, s->head_len);
	r->len = s->len;
	r->transport = s->transport;
	r->head_len = s->head_len;
	r->size = s->payload_len;
	r->packets = 1;
	r->id = load_be16(s->packet + IP4_ID);
	r->next_sequence = load_be32(s->packet + s->transport + TCP_SEQUENCE) +
			   (uint32_t)r->size;
	g->open++;
	return true;
}

static void
input_tcp(struct gro *g, const struct segment *s)
{
	bool joinable = is_joinable(s), joined;
	unsigned int i;

	if (find_run(g, s, &i)) {
		joined = joinable && join(&g->runs[g->order[i]], s);
		if (!joined || is_complete(&g->runs[g->order[i]], s))
			close_run(g, i);
		if (joined)
			return;
	}
	if (!joinable || is_final(s) || !open_run(g, s))
		pass(g, s);
}

void
gro_init(struct gro *g, gro_write_fn *write)
{
	g->write = write;
	g->to = NULL;
	g->open = 0;
	for (uint8_t i = 0; i < GRO_RUNS; i++)
		g->order[i] = i;
}

void
gro_input(struct gro *g, void *to, const uint8_t *packet, size_t n)
{
	struct segment s;

	/* one client's packets must never go to another's device */
	assert(g->open == 0 || g->to == to);
	g->to = to;
	switch (parse(&s, packet, n)) {
	case KIND_TCP:
		input_tcp(g, &s);
		return;
	case KIND_TCP_HIDDEN:
		gro_flush(g);
		break;
	case KIND_OTHER:
		break;
	}
	pass(g, &s);
}

void
gro_flush(struct gro *g)
{
	while (g->open > 0)
		close_run(g, 0);
}
