/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Segmentation against the plain reference: random packets of each kind, what
 * must be equal, count or be cleared, and what is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gso.h"
#include "test/ip_reference.h"

enum { MTU = 1400 };

static uint8_t packet[REF_PACKET_MAX];

/* All packets that come out are the reference's, to the last byte. */
static size_t
check_segments(
    const struct virtio_net_hdr *hdr, const uint8_t *p, size_t n, size_t max)
{
	static uint8_t want[REF_PACKET_MAX];
	uint8_t *input = malloc(n), *got = malloc(max);
	size_t i = 0, len;
	struct gso g;

	assert_non_null(input);
	assert_non_null(got);
	memcpy(input, p, n);
	assert_true(gso_start(&g, hdr, input, n, max));
	while ((len = ref_segment(hdr, p, n, i, want)) > 0) {
		assert_true(len <= max);
		assert_int_equal(gso_next(&g, got), len);
		assert_memory_equal(got, want, len);
		i++;
	}
	assert_int_equal(gso_next(&g, got), 0);
	assert_int_equal(gso_next(&g, got), 0);
	assert_memory_equal(input, p, n);
	free(input);
	free(got);
	return i;
}

static struct ref_shape
random_shape(uint64_t *seed)
{
	struct ref_shape s = { .version = 4, .protocol = REF_TCP };

	if (ref_below(seed, 2))
		s.version = 6;
	if (ref_below(seed, 4) == 0)
		s.protocol = REF_UDP;
	if (ref_below(seed, 4) == 0)
		s.ip_extra = 8 + 8 * ref_below(seed, 4);
	s.tcp_options = 4 * ref_below(seed, 11);
	s.payload = 1 + ref_below(seed, 65535 - 140);
	if (ref_below(seed, 2))
		s.payload = 1 + s.payload % 3000;
	return s;
}

static void
test_random(void **state)
{
	struct virtio_net_hdr hdr;
	struct ref_shape s;
	uint64_t seed = 2;
	size_t n, size;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		s = random_shape(&seed);
		n = ref_build(&s, &seed, packet);
		size = 1 + ref_below(&seed, MTU - (uint32_t)ref_payload(&s));
		if (s.payload / size > 300)
			size = MTU - ref_payload(&s);
		if (s.protocol == REF_TCP)
			packet[ref_transport(&s) + 13] =
			    (uint8_t)ref_random(&seed);
		ref_make_gso(packet, n, &s, size, &hdr);
		assert_int_equal(check_segments(&hdr, packet, n, MTU),
		    (s.payload + size - 1) / size);
	}
}

/* The checksums of all packets are good, whatever reference one believes. */
static void
test_good(void **state)
{
	struct ref_shape s = { 4, REF_TCP, 0, 12, 64000 };
	struct virtio_net_hdr hdr;
	uint8_t out[MTU];
	uint64_t seed = 3;
	struct gso g;
	size_t n;

	(void)state;
	n = ref_build(&s, &seed, packet);
	ref_make_gso(packet, n, &s, 1348, &hdr);
	assert_true(gso_start(&g, &hdr, packet, n, MTU));
	while ((n = gso_next(&g, out)) > 0)
		assert_true(ref_is_good(out, n, REF_TCP));
}

static void
test_flags(void **state)
{
	static const uint8_t expected[3] = { 0xff - REF_FIN - REF_PSH,
		0xff - REF_FIN - REF_PSH - REF_CWR, 0xff - REF_CWR };
	struct ref_shape s = { 6, REF_TCP, 0, 0, 3000 };
	struct virtio_net_hdr hdr;
	uint8_t out[MTU];
	uint64_t seed = 4;
	struct gso g;
	size_t n;

	(void)state;
	n = ref_build(&s, &seed, packet);
	packet[53] = 0xff;
	ref_make_gso(packet, n, &s, 1000, &hdr);
	hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	assert_true(gso_start(&g, &hdr, packet, n, MTU));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gso_next(&g, out), 1060);
		assert_int_equal(out[53], expected[i]);
	}
	assert_int_equal(gso_next(&g, out), 0);
}

/* ID and sequence number go round. */
static void
test_wrap(void **state)
{
	struct ref_shape s = { 4, REF_TCP, 0, 0, 5000 };
	struct virtio_net_hdr hdr;
	uint64_t seed = 5;
	uint8_t out[MTU];
	struct gso g;
	size_t n;

	(void)state;
	n = ref_build(&s, &seed, packet);
	ref_put16(packet + 4, 0xfffe);
	ref_put32(packet + 24, 0xfffffc00);
	ref_make_gso(packet, n, &s, 1000, &hdr);
	assert_int_equal(check_segments(&hdr, packet, n, MTU), 5);
	assert_true(gso_start(&g, &hdr, packet, n, MTU));
	for (uint32_t i = 0; i < 5; i++) {
		gso_next(&g, out);
		assert_int_equal(ref_get16(out + 4), (0xfffe + i) % 0x10000);
		assert_int_equal(
		    ref_get32(out + 24), (uint32_t)(0xfffffc00 + i * 1000));
	}
}

/* One packet, whose checksum may be ours to fill in. */
static void
test_whole(void **state)
{
	struct virtio_net_hdr none = { 0 }, partial;
	struct ref_shape s;
	uint64_t seed = 6;
	size_t n;

	(void)state;
	for (int i = 0; i < 500; i++) {
		s = random_shape(&seed);
		s.payload %= 1200;
		n = ref_build(&s, &seed, packet);
		assert_int_equal(check_segments(&none, packet, n, MTU), 1);
		ref_make_partial(packet, n, &s, &partial);
		assert_int_equal(check_segments(&partial, packet, n, MTU), 1);
	}
	for (n = 1; n < 100; n++) /* not even IP */
		assert_int_equal(check_segments(&none, packet, n, n), 1);
}

/* UDP: a checksum of 0 would mean that there is none. */
static void
test_udp_zero(void **state)
{
	struct ref_shape s = { 6, REF_UDP, 0, 0, 2000 };
	struct virtio_net_hdr hdr;
	uint8_t out[MTU];
	uint64_t seed = 7;
	struct gso g;
	size_t n;

	(void)state;
	n = ref_build(&s, &seed, packet);
	for (size_t at = 48; at < n; at += 1000) {
		/* as if each were one packet: let the rest sum up to -0 */
		ref_put16(packet + at, 0);
		ref_put16(packet + at,
		    0xffff -
			ref_sum(ref_sum(ref_pseudo_sum(packet, 17, 1008),
				    packet + 40, 4),
			    packet + at, 1000) -
			1008);
	}
	ref_make_gso(packet, n, &s, 1000, &hdr);
	assert_int_equal(check_segments(&hdr, packet, n, MTU), 2);
	assert_true(gso_start(&g, &hdr, packet, n, MTU));
	while (gso_next(&g, out) > 0)
		assert_int_equal(ref_get16(out + 46), 0xffff);
}

/* --- what is refused --- */

struct refusal {
	const char *what;
	size_t at; /* of packet, below 0x1000; else of hdr */
	unsigned int value;
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define HDR(field)  (0x1000 + offsetof(struct virtio_net_hdr, field))

static const struct refusal refusals4[] = {
	{ "an unknown type", HDR(gso_type), 2 },
	{ "fragmentation, which nobody asked for", HDR(gso_type), 3 },
	{ "the other version", HDR(gso_type), VIRTIO_NET_HDR_GSO_TCPV6 },
	{ "the other protocol", HDR(gso_type), REF_GSO_UDP },
	{ "no checksum to fill in", HDR(flags), 0 },
	{ "another end of IP", HDR(csum_start), 24 },
	{ "another end of IP", HDR(csum_start), 19 },
	{ "another end of IP", HDR(csum_start), 0 },
	{ "another checksum", HDR(csum_offset), 6 },
	{ "another checksum", HDR(csum_offset), 0 },
	{ "version", 0, 0x55 },
	{ "a header length below all", 0, 0x44 },
	{ "a header length", 0, 0x46 },
	{ "more fragments", 6, 0x20 },
	{ "a fragment", 7, 1 },
	{ "a fragment, far away", 6, 0x1f },
	{ "protocol", 9, REF_UDP },
	{ "a TCP header length below all", 32, 0x40 },
};

static const struct refusal refusals6[] = {
	{ "the other version", HDR(gso_type), VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "the end of IP", HDR(csum_start), 39 },
	{ "version", 0, 0x40 },
	{ "next header", 6, REF_UDP },
};

static const struct refusal refusals_udp[] = {
	{ "the other protocol", HDR(gso_type), VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "another checksum", HDR(csum_offset), 16 },
	{ "protocol", 9, REF_TCP },
};

static void
apply(const struct refusal *r, struct virtio_net_hdr *hdr)
{
	uint16_t value = (uint16_t)r->value;

	if (r->at < 0x1000)
		packet[r->at] = (uint8_t)value;
	else if (r->at < HDR(hdr_len))
		((uint8_t *)hdr)[r->at - 0x1000] = (uint8_t)value;
	else
		memcpy((uint8_t *)hdr + r->at - 0x1000, &value, 2);
}

static void
check_refusals(const struct refusal *r, size_t count, unsigned int version,
    unsigned int protocol)
{
	struct ref_shape s = { version, protocol, 0, 0, 3000 };
	struct virtio_net_hdr hdr;
	uint64_t seed = 8;
	struct gso g;
	size_t n;

	for (size_t i = 0; i < count; i++) {
		n = ref_build(&s, &seed, packet);
		ref_make_gso(packet, n, &s, 1000, &hdr);
		assert_true(gso_start(&g, &hdr, packet, n, MTU));
		apply(&r[i], &hdr);
		if (gso_start(&g, &hdr, packet, n, MTU))
			fail_msg("IPv%u: %s is accepted", version, r[i].what);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	check_refusals(refusals4, COUNT(refusals4), 4, REF_TCP);
	check_refusals(refusals6, COUNT(refusals6), 6, REF_TCP);
	check_refusals(refusals_udp, COUNT(refusals_udp), 4, REF_UDP);
}

static void
test_sizes(void **state)
{
	struct ref_shape s = { 4, REF_TCP, 0, 20, 3000 };
	struct virtio_net_hdr hdr, whole = { 0 };
	uint64_t seed = 9;
	struct gso g;
	size_t n;

	(void)state;
	n = ref_build(&s, &seed, packet);
	assert_true(gso_start(&g, &whole, packet, n, n));
	assert_false(gso_start(&g, &whole, packet, n, n - 1));
	assert_false(gso_start(&g, &whole, packet, 0, MTU));
	assert_false(gso_start(&g, &whole, packet, 65576, 65535));
	ref_make_gso(packet, n, &s, 1000, &hdr);
	assert_true(gso_start(&g, &hdr, packet, 65575, 1060));
	assert_false(gso_start(&g, &hdr, packet, 65576, 1060));
	assert_true(gso_start(&g, &hdr, packet, n, 1060));
	assert_false(gso_start(&g, &hdr, packet, n, 1059));
	hdr.gso_size = 3001; /* one packet, not full */
	assert_true(gso_start(&g, &hdr, packet, n, 3060));
	assert_false(gso_start(&g, &hdr, packet, n, 3059));
	hdr.gso_size = 0;
	assert_false(gso_start(&g, &hdr, packet, n, MTU));
	hdr.gso_size = 1000;
	for (size_t i = 1; i < 61; i++) /* no payload, or half a header */
		assert_false(gso_start(&g, &hdr, packet, i, MTU));
	assert_true(gso_start(&g, &hdr, packet, 61, MTU));
}

/* A checksum to fill in that is not within the packet. */
static void
test_checksum_outside(void **state)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	struct gso g;

	(void)state;
	hdr.csum_start = 20;
	hdr.csum_offset = 16;
	assert_false(gso_start(&g, &hdr, packet, 37, MTU));
	assert_true(gso_start(&g, &hdr, packet, 38, MTU));
	hdr.csum_start = 0xffff;
	hdr.csum_offset = 0xffff;
	assert_false(gso_start(&g, &hdr, packet, 1000, MTU));
	hdr.csum_start = hdr.csum_offset = 0;
	assert_false(gso_start(&g, &hdr, packet, 1000, MTU));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_udp_zero),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_checksum_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
