/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Whatever the header says of whatever packet: what comes out is within bounds
 * and has all the payload, in order; with a pseudo header's sum as the kernel
 * gives it, it is the reference's to the last byte.
 *
 * Input: a byte, odd if that sum is to be put in; the largest packet, 2 bytes;
 * struct virtio_net_hdr; the packet.
 */

#include "fuzz.h"
#include "gso.h"
#include "test/ip_reference.h"

enum { PREFIX = 3 + sizeof(struct virtio_net_hdr) };

static uint8_t out[GSO_PACKET_MAX], want[REF_PACKET_MAX];

static unsigned int
protocol_of(const struct virtio_net_hdr *hdr)
{
	return hdr->gso_type == GSO_TYPE_UDP_L4 ? REF_UDP : REF_TCP;
}

/* True if it is there now. */
static bool
put_pseudo_sum(const struct virtio_net_hdr *hdr, uint8_t *p, size_t n)
{
	unsigned int protocol = protocol_of(hdr);
	size_t at = hdr->csum_start + ref_checksum_offset(protocol);

	if (n < 40 || at + 2 > n)
		return false;
	ref_put16(p + at, ref_pseudo_sum(p, protocol, n - hdr->csum_start));
	return true;
}

static void
check_reference(
    const struct virtio_net_hdr *hdr, const uint8_t *p, size_t n, size_t max)
{
	size_t len, i = 0;
	struct gso g;

	if (!gso_start(&g, hdr, p, n, max))
		return;
	while ((len = ref_segment(hdr, p, n, i, want)) > 0) {
		require(gso_next(&g, out) == len);
		require(memcmp(out, want, len) == 0);
		i++;
	}
	require(gso_next(&g, out) == 0);
}

/* All begin with the same headers, but for what differs. */
static void
check_payload(
    const struct virtio_net_hdr *hdr, const uint8_t *p, size_t n, size_t max)
{
	size_t head = 0, at, len;
	struct gso g;

	if (!gso_start(&g, hdr, p, n, max))
		return;
	if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		head = hdr->csum_start +
		       (protocol_of(hdr) == REF_UDP
			       ? 8
			       : p[hdr->csum_start + 12] / 16 * 4u);
	for (at = head; at < n; at += len - head) {
		len = gso_next(&g, out);
		require(len > head && len <= max && len - head <= n - at);
		if (head > 0)
			require(memcmp(out + head, p + at, len - head) == 0);
	}
	require(at == n && gso_next(&g, out) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[REF_PACKET_MAX];
	struct virtio_net_hdr hdr;
	const uint8_t *p;
	size_t n, max;
	struct gso g;
	bool known;

	if (size < PREFIX || size - PREFIX > sizeof(packet))
		return 0;
	max = ref_get16(data + 1);
	memcpy(&hdr, data + 3, sizeof(hdr));
	p = data + PREFIX;
	n = size - PREFIX;
	known = gso_start(&g, &hdr, p, n, max);
	hdr.gso_type &= (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	require(gso_start(&g, &hdr, p, n, max) == known);
	check_payload(&hdr, p, n, max);
	if (hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		check_reference(&hdr, p, n, max);
	} else if (data[0] & 1) {
		memcpy(packet, p, n);
		if (put_pseudo_sum(&hdr, packet, n))
			check_reference(&hdr, packet, n, max);
	}
	return 0;
}
