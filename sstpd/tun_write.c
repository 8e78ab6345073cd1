/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

#include <sys/uio.h>

#include "tun_write.h"

/* Packets that hdr describes as one. */
static uint64_t
count_packets(const struct virtio_net_hdr *hdr, size_t n)
{
	if (hdr->gso_size == 0)
		return 1;
	return (n - hdr->hdr_len + hdr->gso_size - 1) / hdr->gso_size;
}

uint64_t
tun_write(
    int tun, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n)
{
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)hdr, sizeof(*hdr) },
		{ (void *)(uintptr_t)packet, n },
	};

	/* an interface that is down, a packet that makes no sense, no memory */
	return writev(tun, parts, 2) < 0 ? count_packets(hdr, n) : 0;
}
