/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Packets into a tun device, several at once where they are segments. */

#ifndef SSTPD_TUN_WRITE_H
#define SSTPD_TUN_WRITE_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Give the device the n bytes that hdr describes, in one system call. Returns
 * how many packets are lost, all or none: a device takes or drops them, and
 * nobody waits.
 */
uint64_t tun_write(
    int tun, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n);

#endif
