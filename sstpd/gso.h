/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a tun device with IFF_VNET_HDR and offloads (TUN_F_CSUM, TSO4, TSO6,
 * TSO_ECN, USO4, USO6) gives in one read becomes packets as they go over a
 * wire: long ones are cut, checksums that the kernel left to us are filled in.
 * No I/O, no memory of its own.
 *
 * The headers of packets are made by the rules of the kernel's own
 * segmentation: sequence numbers and IPv4's ID count up, CWR stays on the
 * first, FIN and PSH on the last, all else is repeated.
 */

#ifndef SSTPD_GSO_H
#define SSTPD_GSO_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GSO_INPUT_MAX = 40 + 65535, /* IPv6 does not count its own header */
	GSO_PACKET_MAX = 65535,
	/* VIRTIO_NET_HDR_GSO_UDP_L4, which Linux has since 6.2 */
	GSO_TYPE_UDP_L4 = 5,
};

struct gso { /* of gso.c only */
	const uint8_t *packet;
	size_t len, at; /* of what was read; where the next payload begins */
	size_t transport, head_len, size; /* TCP or UDP; all headers; payload */
	size_t checksum; /* its place; 0 where there is none to fill in */
	uint32_t ip_sum, transport_sum; /* of what is the same in all packets */
	uint32_t sequence;
	uint16_t id;
	uint8_t type;
};

/*
 * Begin with the packet of n bytes that was read behind hdr; it must stay until
 * the last gso_next(). False if it is to be dropped: one of its packets would
 * have more than max <= GSO_PACKET_MAX bytes, or hdr does not fit the packet,
 * which the kernel does not do.
 */
bool gso_start(struct gso *g, const struct virtio_net_hdr *hdr,
    const uint8_t *packet, size_t n, size_t max);

/*
 * Write the next packet to dst, which has room for max bytes and does not
 * overlap the packet that is cut. Payload is copied and summed in one pass.
 * Returns the packet's length, or 0 after the last.
 */
size_t gso_next(struct gso *g, uint8_t *dst);

#endif
