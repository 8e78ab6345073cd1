/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Packets between a tun device and a client that is up. What one read of the
 * device gives is cut into packets, many of which share a TLS record; of what
 * one read of the socket gives, runs of TCP segments are joined for the device.
 * Where the server takes no more, the device is not read, and holds the queue.
 */

#ifndef SSTP_PROBE_TUNNEL_PATH_H
#define SSTP_PROBE_TUNNEL_PATH_H

#include <ev.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "gro.h"
#include "gso.h"

struct tunnel_path {
	uint64_t
	    dropped; /* packets that came from either side and passed not */
	/* internal */
	int tun; /* -1: none */
	size_t mtu;
	struct client *client;
	struct ev_loop *loop;
	void (*gone)(void *owner);
	void *owner;
	ev_io reader;
	bool full; /* the reader rests until the socket has taken all */
	struct gro gro;
	uint8_t frame[CLIENT_HEADERS_LEN + CLIENT_PACKET_MAX];
	uint8_t in[sizeof(struct virtio_net_hdr) + GSO_INPUT_MAX];
};

/*
 * Takes the descriptor of a device of tun_device.h. gone() is called when
 * somebody deletes that; the path has stopped then.
 */
void tunnel_path_init(struct tunnel_path *p, int tun, struct client *client,
    struct ev_loop *loop, void (*gone)(void *owner), void *owner);
/* Packets of up to mtu bytes pass to the server from now on. */
void tunnel_path_start(struct tunnel_path *p, size_t mtu);
/* For good, and the device is closed. May be called at any time, and twice. */
void tunnel_path_stop(struct tunnel_path *p);

/* From the client's callbacks: a packet, the end of a batch, an empty queue. */
void tunnel_path_put(struct tunnel_path *p, const uint8_t *packet, size_t n);
void tunnel_path_flush(struct tunnel_path *p);
void tunnel_path_resume(struct tunnel_path *p);

#endif
