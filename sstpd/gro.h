/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The client's packets for a tun device with IFF_VNET_HDR: runs of TCP segments
 * that follow each other are joined, to be written at once and handled by the
 * kernel as one. No I/O, no memory of its own.
 *
 * Joined is what the kernel would cut into the same packets again: plain IP and
 * TCP headers that differ in length, ID, sequence number and checksums alone,
 * all with a good checksum, all but the last of the same size; FIN and PSH end
 * a run. As in the kernel's own coalescing, an ID that stays the same may come
 * back counting up where DF is set, for there it means nothing (RFC 6864 4.1).
 * All else passes untouched.
 *
 * The order within a flow is kept; other flows may overtake it within a batch.
 */

#ifndef SSTPD_GRO_H
#define SSTPD_GRO_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GRO_RUNS = 8,	       /* open at once; one more closes the oldest */
	GRO_RUN_PACKETS = 64,  /* in one run */
	GRO_RUN_BYTES = 65535, /* likewise, with headers */
};

/* Write one packet to the device; the bytes are valid for this call. */
typedef void gro_write_fn(void *to, const struct virtio_net_hdr *hdr,
    const uint8_t *packet, size_t n);

struct gro_run {
	size_t len;		    /* of packet */
	size_t transport, head_len; /* IP's header; that and TCP's */
	size_t size;		    /* payload of the first packet */
	unsigned int packets;
	uint32_t next_sequence;
	uint16_t id, id_step; /* of IPv4, the last packet's; 1 or 0 */
	uint8_t packet[GRO_RUN_BYTES];
};

struct gro {
	gro_write_fn *write;
	void *to;
	unsigned int open;	 /* this many runs are */
	uint8_t order[GRO_RUNS]; /* of runs: the open ones, oldest first */
	struct gro_run runs[GRO_RUNS];
};

/* One serves all sessions of a process, each batch being flushed. */
void gro_init(struct gro *g, gro_write_fn *write);

/*
 * Take the next packet, which the client sent, of n > 0 bytes. What is to be
 * written now goes to g->write() with "to", which is the same until
 * gro_flush().
 */
void gro_input(struct gro *g, void *to, const uint8_t *packet, size_t n);

/* A batch ends: write all that is held back, in the order of first packets. */
void gro_flush(struct gro *g);

#endif
