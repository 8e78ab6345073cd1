/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Coalescing: what was cut comes together again; each reason not to join,
 * alone; what ends a run; the order; many random flows.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gro.h"
#include "gso.h"
#include "test/gro_oracle.h"

static struct gro gro;
static struct gro_oracle oracle;
static const struct virtio_net_hdr no_hdr;

static struct { /* the last write, and lengths of all */
	struct virtio_net_hdr hdr;
	size_t n, lengths[ORACLE_PACKETS];
	uint8_t packet[REF_PACKET_MAX];
} got;

static void
on_write(
    void *to, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n)
{
	assert_ptr_equal(to, &got);
	assert_true(n <= sizeof(got.packet));
	got.hdr = *hdr;
	got.n = n;
	got.lengths[oracle.writes] = n;
	memcpy(got.packet, packet, n);
	assert_true(oracle_written(&oracle, hdr, packet, n));
}

static void
begin(void)
{
	gro_init(&gro, on_write);
	oracle_reset(&oracle);
}

/* From a block of its own, which is gone afterwards. */
static void
give(const uint8_t *packet, size_t n)
{
	uint8_t *copy = malloc(n);

	assert_non_null(copy);
	memcpy(copy, packet, n);
	oracle_given(&oracle, packet, n);
	gro_input(&gro, &got, copy, n);
	free(copy);
}

/* All that was given has been written, in so many writes. */
static void
check_flush(size_t writes)
{
	gro_flush(&gro);
	assert_int_equal(oracle.left, 0);
	assert_int_equal(oracle.writes, writes);
}

/* --- packets --- */

struct packet {
	size_t n, transport;
	uint8_t bytes[2048];
};

static struct packet
make(unsigned int version, size_t payload, uint64_t seed)
{
	struct ref_shape s = { version, REF_TCP, 0, 12, payload };
	struct packet p = { 0 };

	p.n = ref_build(&s, &seed, p.bytes);
	p.transport = ref_transport(&s);
	return p;
}

static void
finish(struct packet *p)
{
	ref_finish(p->bytes, p->n, p->transport, REF_TCP);
}

static size_t
payload_of(const struct packet *p)
{
	return p->n - ref_head_len(p->bytes);
}

/* The packet that follows p, with that much payload. */
static struct packet
next(const struct packet *p, size_t payload)
{
	struct packet q = *p;
	uint8_t *sequence = q.bytes + q.transport + 4;

	ref_put32(sequence, ref_get32(sequence) + (uint32_t)payload_of(p));
	if (q.transport == 20)
		ref_put16(q.bytes + 4, ref_get16(q.bytes + 4) + 1);
	q.n = ref_head_len(p->bytes) + payload;
	finish(&q);
	return q;
}

static void
give_packet(const struct packet *p)
{
	give(p->bytes, p->n);
}

/* --- what is cut comes together --- */

static void
check_identity(const struct ref_shape *s, size_t size, uint64_t *seed)
{
	static uint8_t packet[REF_PACKET_MAX], cut[GSO_PACKET_MAX];
	size_t n = ref_build(s, seed, packet), len;
	struct virtio_net_hdr hdr;
	struct gso g;

	if (ref_below(seed, 2))
		packet[ref_transport(s) + 13] |= REF_PSH;
	ref_make_gso(packet, n, s, size, &hdr);
	ref_finish(packet, n, ref_transport(s), REF_TCP);
	ref_make_gso(packet, n, s, size, &hdr);
	begin();
	assert_true(gso_start(&g, &hdr, packet, n, sizeof(cut)));
	while ((len = gso_next(&g, cut)) > 0)
		give(cut, len);
	check_flush(1);
	assert_int_equal(got.n, n);
	assert_memory_equal(got.packet, packet, n);
	assert_memory_equal(&got.hdr, &hdr, sizeof(hdr));
}

static void
test_identity(void **state)
{
	struct ref_shape s = { .protocol = REF_TCP };
	uint64_t seed = 1;
	size_t size, most;

	(void)state;
	for (int i = 0; i < 500; i++) {
		s.version = ref_below(&seed, 2) ? 4 : 6;
		s.tcp_options = 4 * ref_below(&seed, 11);
		size = 1 + ref_below(&seed, 1348);
		most = GRO_RUN_PACKETS * size;
		if (most > GRO_RUN_BYTES - ref_payload(&s))
			most = GRO_RUN_BYTES - ref_payload(&s);
		s.payload =
		    size + 1 + ref_below(&seed, (uint32_t)(most - size));
		check_identity(&s, size, &seed);
	}
}

/* --- reasons not to join --- */

struct change {
	const char *what;
	size_t at; /* of the packet; with TCP, of its header */
	uint8_t bits;
};

enum { TCP = 0x100, NO_FINISH = 0x200 };

static const struct change changes4[] = {
	{ "TOS", 1, 0x04 },
	{ "ECN", 1, 0x01 },
	{ "an ID that jumps", 4, 0x10 },
	{ "the reserved flag", 6, 0x80 },
	{ "DF", 6, REF_DF },
	{ "more fragments", 6, 0x20 },
	{ "a fragment", 7, 0x01 },
	{ "TTL", 8, 0x01 },
	{ "another protocol", 9, 0x10 },
	{ "source", 15, 0x01 },
	{ "destination", 16, 0x80 },
	{ "a bad header checksum", NO_FINISH + 10, 0x01 },
	{ "a bad length", NO_FINISH + 3, 0x01 },
};

static const struct change changes6[] = {
	{ "traffic class", 0, 0x01 },
	{ "ECN", 1, 0x10 },
	{ "flow label", 3, 0x01 },
	{ "a bad length", NO_FINISH + 5, 0x01 },
	{ "an extension header", NO_FINISH + 6, REF_TCP },
	{ "hop limit", 7, 0x01 },
	{ "source", 8, 0x01 },
	{ "destination", 39, 0x01 },
};

static const struct change changes_tcp[] = {
	{ "source port", TCP + 0, 0x01 },
	{ "destination port", TCP + 3, 0x01 },
	{ "a sequence number too high", TCP + 4, 0x01 },
	{ "a sequence number", TCP + 7, 0x01 },
	{ "acknowledgment number", TCP + 8, 0x80 },
	{ "acknowledgment number", TCP + 11, 0x01 },
	{ "less options", TCP + 12, 0x10 },
	{ "a reserved bit", TCP + 12, 0x08 },
	{ "the bit that was NS", TCP + 12, 0x01 },
	{ "SYN", TCP + 13, 0x02 },
	{ "RST", TCP + 13, 0x04 },
	{ "no ACK", TCP + 13, 0x10 },
	{ "URG", TCP + 13, 0x20 },
	{ "ECE", TCP + 13, 0x40 },
	{ "CWR", TCP + 13, REF_CWR },
	{ "window", TCP + 14, 0x01 },
	{ "window", TCP + 15, 0x01 },
	{ "a bad checksum", NO_FINISH + TCP + 17, 0x01 },
	{ "urgent pointer", TCP + 19, 0x01 },
	{ "an option", TCP + 20, 0x01 },
	{ "an option", TCP + 31, 0x01 },
	{ "payload that is damaged", NO_FINISH + TCP + 32, 0x01 },
};

static void
apply(const struct change *c, struct packet *p)
{
	size_t at = c->at & 0xff;

	p->bytes[c->at & TCP ? p->transport + at : at] ^= c->bits;
	if (!(c->at & NO_FINISH))
		finish(p);
}

/* Three that would join, but for what the second, or first, is made to be. */
static void
check_change(unsigned int version, const struct change *c)
{
	struct packet p[3] = { make(version, 1000, c->at) };

	p[1] = next(&p[0], 1000);
	p[2] = next(&p[1], 1000);
	apply(c, &p[1]);
	begin();
	for (int i = 0; i < 3; i++)
		give_packet(&p[i]);
	gro_flush(&gro);
	if (oracle.left != 0 || oracle.writes != 3)
		fail_msg("IPv%u: joined in spite of %s", version, c->what);
}

static void
check_changes(unsigned int version, const struct change *changes, size_t count)
{
	static const struct change nothing = { "nothing", 0, 0 };
	struct packet p = make(version, 1000, nothing.at), q = next(&p, 1000);

	apply(&nothing, &q);
	begin();
	give_packet(&p);
	give_packet(&q);
	check_flush(1);
	for (size_t i = 0; i < count; i++)
		check_change(version, &changes[i]);
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
test_changes(void **state)
{
	(void)state;
	check_changes(4, changes4, COUNT(changes4));
	check_changes(6, changes6, COUNT(changes6));
	check_changes(4, changes_tcp, COUNT(changes_tcp));
	check_changes(6, changes_tcp, COUNT(changes_tcp));
}

/* What is equal in all of them; the first rows keep them from joining even so.
 */
static const struct change never[] = {
	{ "more fragments", 6, 0x20 },
	{ "a fragment", 7, 0x01 },
	{ "the reserved flag", 6, 0x80 },
	{ "an IP header of 24 bytes", 0, 0x03 },
	{ "a TCP header of 16 bytes", TCP + 12, 0xc0 },
	{ "SYN", TCP + 13, 0x02 },
	{ "RST", TCP + 13, 0x04 },
	{ "no ACK", TCP + 13, 0x10 },
	{ "URG", TCP + 13, 0x20 },
	{ "CWR", TCP + 13, REF_CWR },
};

static const struct change even_so[] = {
	{ "ECN", 1, 0x03 },
	{ "DF", 6, REF_DF },
	{ "a reserved bit", TCP + 12, 0x08 },
	{ "ECE", TCP + 13, 0x40 },
	{ "urgent pointer", TCP + 19, 0x01 },
};

static void
check_equal(const struct change *c, size_t writes)
{
	struct packet p = make(4, 1000, 6);

	p.bytes[p.transport + 12] &= 0xf0;
	apply(c, &p);
	begin();
	for (int i = 0; i < 3; i++) {
		give_packet(&p);
		p = next(&p, payload_of(&p));
	}
	gro_flush(&gro);
	if (oracle.left != 0 || oracle.writes != writes)
		fail_msg("%s in all: %zu writes", c->what, oracle.writes);
}

static void
test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		check_equal(&never[i], 3);
	for (size_t i = 0; i < COUNT(even_so); i++)
		check_equal(&even_so[i], 1);
}

/* One bit of a packet that would join is wrong: all bits, both versions. */
static void
test_every_bit(void **state)
{
	(void)state;
	for (unsigned int version = 4; version <= 6; version += 2) {
		struct packet p = make(version, 40, 7), q = next(&p, 40), bad;

		for (size_t bit = 0; bit < q.n * 8; bit++) {
			bad = q;
			bad.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			begin();
			give_packet(&p);
			give_packet(&bad);
			check_flush(2);
		}
	}
}

/* At every length, and without a packet before it, too. */
static void
test_truncated(void **state)
{
	(void)state;
	for (unsigned int version = 4; version <= 6; version += 2) {
		struct packet p = make(version, 40, 8), q = next(&p, 40);

		for (size_t n = 1; n < q.n; n++) {
			begin();
			give(q.bytes, n);
			give_packet(&p);
			give(q.bytes, n);
			check_flush(3);
		}
	}
}

/* Sizes and flags that only a last packet can have, and what comes behind. */
static void
test_first(void **state)
{
	static const uint8_t flags[] = { REF_PSH, REF_FIN, REF_CWR };
	struct packet p = make(4, 1000, 9), q = next(&p, 1001);

	(void)state;
	begin(); /* longer than the first */
	give_packet(&p);
	give_packet(&q);
	check_flush(2);
	begin(); /* no payload */
	q = next(&p, 0);
	give_packet(&p);
	give_packet(&q);
	assert_int_equal(oracle.writes, 2);
	check_flush(2);
	for (size_t i = 0; i < sizeof(flags); i++) {
		begin();
		q = next(&p, 1000);
		p.bytes[33] = REF_ACK | flags[i];
		finish(&p);
		give_packet(&p);
		assert_int_equal(oracle.writes, 1);
		give_packet(&q);
		check_flush(2);
	}
}

/* --- what ends a run --- */

static void
check_last(size_t payload, uint8_t flags)
{
	struct packet p = make(4, 1000, 10), q = next(&p, payload), r;

	q.bytes[33] |= flags;
	finish(&q);
	begin();
	give_packet(&p);
	give_packet(&q);
	/* written without a flush, as one */
	assert_int_equal(oracle.left, 0);
	assert_int_equal(oracle.writes, 1);
	assert_int_equal(got.packet[33], REF_ACK | flags);
	r = next(&q, 1000);
	r.bytes[33] = REF_ACK;
	finish(&r);
	give_packet(&r);
	check_flush(2);
}

static void
test_last(void **state)
{
	(void)state;
	check_last(1000, REF_PSH);
	check_last(1000, REF_FIN);
	check_last(1000, REF_PSH | REF_FIN);
	check_last(999, 0);
	check_last(1, 0);
	check_last(1, REF_PSH);
}

static void
test_most_packets(void **state)
{
	struct packet p = make(6, 10, 11);

	(void)state;
	begin();
	for (int i = 0; i < GRO_RUN_PACKETS - 1; i++) {
		give_packet(&p);
		p = next(&p, 10);
	}
	assert_int_equal(oracle.writes, 0);
	give_packet(&p);
	assert_int_equal(oracle.writes, 1);
	p = next(&p, 10);
	give_packet(&p);
	check_flush(2);
}

/* Full to the last byte, and one byte too many. */
static void
check_bytes(size_t last, size_t writes)
{
	struct packet p = make(4, 1100, 12);

	begin();
	for (size_t n = 52; n + 1100 <= GRO_RUN_BYTES; n += 1100) {
		give_packet(&p);
		p = next(&p, 1100);
	}
	p = next(&p, last); /* its sequence number is one packet too far */
	ref_put32(p.bytes + 24, ref_get32(p.bytes + 24) - 1100);
	ref_put16(p.bytes + 4, ref_get16(p.bytes + 4) - 1);
	finish(&p);
	assert_int_equal(oracle.writes, 0);
	give_packet(&p);
	check_flush(writes);
	assert_int_equal(got.lengths[0],
	    writes == 1 ? GRO_RUN_BYTES : GRO_RUN_BYTES - last + 1);
}

static void
test_most_bytes(void **state)
{
	const size_t left = (GRO_RUN_BYTES - 52) % 1100;

	(void)state;
	check_bytes(left, 1);
	check_bytes(left + 1, 2);
}

/* A packet longer than any run passes, behind its flow's. */
static void
test_huge(void **state)
{
	struct ref_shape s = { 6, REF_TCP, 0, 0, REF_PACKET_MAX - 60 };
	static uint8_t huge[REF_PACKET_MAX];
	struct packet p = make(6, 1000, 13);
	uint64_t seed = 13;

	(void)state;
	ref_build(&s, &seed, huge);
	memcpy(huge, p.bytes, 4);
	memcpy(huge + 8, p.bytes + 8, 36);
	ref_finish(huge, sizeof(huge), 40, REF_TCP);
	begin();
	give_packet(&p);
	give(huge, sizeof(huge));
	assert_int_equal(oracle.writes, 2);
	assert_int_equal(got.n, sizeof(huge));
	check_flush(2);
}

/* --- IPv4's ID --- */

static void
test_fixed_id(void **state)
{
	struct packet p = make(4, 100, 14);

	(void)state;
	for (int df = 0; df <= REF_DF; df += REF_DF) {
		p.bytes[6] = (uint8_t)df;
		begin();
		for (int i = 0; i < 5; i++) {
			ref_put16(p.bytes + 4, 0x1234);
			finish(&p);
			give_packet(&p);
			p = next(&p, 100);
		}
		check_flush(df ? 1 : 5);
	}
}

/* Either all count up or none. */
static void
test_mixed_id(void **state)
{
	static const uint8_t ids[][4] = { { 1, 2, 2, 3 }, { 1, 1, 2, 3 },
		{ 1, 2, 3, 5 }, { 1, 2, 4, 5 } };

	(void)state;
	for (size_t row = 0; row < COUNT(ids); row++) {
		struct packet p = make(4, 100, 15);

		p.bytes[6] = REF_DF;
		begin();
		for (size_t i = 0; i < 4; i++) {
			ref_put16(p.bytes + 4, ids[row][i]);
			finish(&p);
			give_packet(&p);
			p = next(&p, 100);
		}
		check_flush(2);
	}
}

/* --- order --- */

/* Runs of several flows grow at once, and are written as they began. */
static void
test_interleaved(void **state)
{
	struct packet p[GRO_RUNS];

	(void)state;
	begin();
	for (size_t i = 0; i < GRO_RUNS; i++)
		p[i] = make(i % 2 ? 6 : 4, 100 + i, 20 + i);
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < GRO_RUNS; i++) {
			give_packet(&p[i]);
			p[i] = next(&p[i], 100 + i);
		}
	}
	assert_int_equal(oracle.writes, 0);
	check_flush(GRO_RUNS);
	for (size_t i = 0; i < GRO_RUNS; i++)
		assert_int_equal(
		    got.lengths[i], (i % 2 ? 72 : 52) + 5 * (100 + i));
}

/* Flows are told apart by all of addresses and ports. */
static void
test_flows(void **state)
{
	static const size_t at[2][6] = { { 12, 15, 16, 19, 20, 23 },
		{ 8, 23, 24, 39, 40, 43 } };
	struct packet p[7];

	(void)state;
	for (size_t v6 = 0; v6 < 2; v6++) {
		begin();
		p[0] = make(v6 ? 6 : 4, 100, 30);
		for (size_t i = 0; i < 6; i++) {
			p[i + 1] = p[0];
			p[i + 1].bytes[at[v6][i]] ^= 0x01;
			finish(&p[i + 1]);
		}
		for (size_t i = 0; i < 4 * 7; i++) {
			give_packet(&p[i % 7]);
			p[i % 7] = next(&p[i % 7], 100);
		}
		check_flush(7);
	}
}

/* One flow more than there are runs: the oldest is written. */
static void
test_one_more(void **state)
{
	(void)state;
	begin();
	for (size_t i = 0; i <= GRO_RUNS; i++) {
		struct packet p = make(4, 100 + i, 40 + i);

		give_packet(&p);
	}
	assert_int_equal(oracle.writes, 1);
	assert_int_equal(got.lengths[0], 152);
	check_flush(GRO_RUNS + 1);
	for (size_t i = 0; i <= GRO_RUNS; i++)
		assert_int_equal(got.lengths[i], 152 + i);
}

/* What is no TCP goes at once; what may be of any flow goes behind all. */
static void
test_others(void **state)
{
	struct ref_shape udp = { 4, REF_UDP, 0, 0, 300 };
	struct ref_shape options = { 4, REF_TCP, 4, 0, 300 };
	struct ref_shape extension = { 6, REF_TCP, 8, 0, 300 };
	struct packet p = make(4, 100, 50), q = make(6, 100, 51);
	uint8_t other[2048];
	uint64_t seed = 52;
	size_t n;

	(void)state;
	for (unsigned int version = 4; version <= 6; version += 2) {
		begin();
		give_packet(&p);
		give_packet(&q);
		udp.version = version;
		n = ref_build(&udp, &seed, other);
		give(other, n);
		assert_int_equal(oracle.writes, 1);
		check_flush(3);
		begin();
		give_packet(&p);
		give_packet(&q);
		n = ref_build(
		    version == 4 ? &options : &extension, &seed, other);
		if (version == 4) { /* which look like a header without */
			memset(other + 20, 0, 4);
			other[32] = 0x50;
			ref_finish(other, n, 24, REF_TCP);
		}
		give(other, n);
		assert_int_equal(oracle.writes, 3);
		assert_int_equal(got.n, n);
		check_flush(3);
	}
}

/* A single packet is as it was, without a header's flags. */
static void
test_single(void **state)
{
	struct packet p = make(4, 700, 60);

	(void)state;
	begin();
	give_packet(&p);
	check_flush(1);
	assert_int_equal(got.n, p.n);
	assert_memory_equal(got.packet, p.bytes, p.n);
	assert_memory_equal(&got.hdr, &no_hdr, sizeof(no_hdr));
}

/* Damaged in the middle: before it and behind it runs go on. */
static void
test_damaged(void **state)
{
	struct packet p = make(4, 500, 61), bad;

	(void)state;
	begin();
	for (int i = 0; i < 7; i++) {
		bad = p;
		bad.bytes[200] ^= i == 3;
		give_packet(&bad);
		p = next(&p, 500);
	}
	check_flush(3);
	assert_int_equal(got.lengths[0], 52 + 3 * 500);
	assert_int_equal(got.lengths[1], 52 + 500);
	assert_int_equal(got.lengths[2], 52 + 3 * 500);
}

/* --- many random flows --- */

static void
disturb(struct packet *p, uint64_t *seed)
{
	const struct change *c =
	    &changes_tcp[ref_below(seed, COUNT(changes_tcp))];

	switch (ref_below(seed, 24)) {
	case 0:
		apply(c, p);
		break;
	case 1:
		p->bytes[p->transport + 13] |= REF_PSH;
		finish(p);
		break;
	case 2:
		p->bytes[ref_below(seed, (uint32_t)p->n)] ^= 0x10;
		break;
	case 3:
		p->n = 1 + ref_below(seed, (uint32_t)p->n);
		break;
	default:
		break;
	}
}

static void
test_random(void **state)
{
	struct packet flows[12], p;
	uint64_t seed = 70;
	size_t joined = 0, size;

	(void)state;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < COUNT(flows); i++)
			flows[i] = make(i % 3 ? 4 : 6, 1 + 90 * i,
			    seed + i / 2); /* some share ports */
		begin();
		while (oracle.count < 300) {
			size_t i = ref_below(&seed, 1 + (uint32_t)round % 12);

			p = flows[i];
			size = ref_below(&seed, 9) ? 1 + 90 * i
						   : ref_below(&seed, 800);
			flows[i] = next(&p, size);
			disturb(&p, &seed);
			give_packet(&p);
			if (ref_below(&seed, 100) == 0)
				gro_flush(&gro);
		}
		gro_flush(&gro);
		assert_int_equal(oracle.left, 0);
		joined += oracle.count - oracle.writes;
	}
	/* of 60000: it did join, most of the time */
	assert_true(joined > 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_most_packets),
		cmocka_unit_test(test_most_bytes),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_fixed_id),
		cmocka_unit_test(test_mixed_id),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_one_more),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
