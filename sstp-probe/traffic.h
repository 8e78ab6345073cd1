/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a client that is up does with its tunnel: SSTP echoes, ICMP echoes to
 * the server's tunnel address, or UDP datagrams to nobody. Counts, and measures
 * round trips.
 */

#ifndef SSTP_PROBE_TRAFFIC_H
#define SSTP_PROBE_TRAFFIC_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "histogram.h"

enum traffic_mode {
	TRAFFIC_NONE,
	TRAFFIC_ECHO,
	TRAFFIC_PING,
	TRAFFIC_UP,
};

enum {
	TRAFFIC_WINDOW = 64, /* pings that may be on their way */
	TRAFFIC_SIZE_MAX = 1400,
};

struct traffic_plan {
	enum traffic_mode mode;
	uint32_t rate;	/* a second; 0: as many as the line takes */
	uint32_t size;	/* of an IP packet, headers included */
	uint32_t count; /* 0: no end */
};

struct traffic {
	uint64_t sent, received;
	/* internal */
	const struct traffic_plan *plan;
	struct client *client;
	struct histogram *round_trips;
	void (*finished)(void *owner);
	void *owner;
	ev_timer tick;
	double began, sent_at[TRAFFIC_WINDOW]; /* 0: none on its way */
	uint16_t id;
};

/*
 * Once before all else; finished is called when a plan with a count is done, or
 * NULL.
 */
void traffic_init(struct traffic *t, const struct traffic_plan *plan,
    struct client *client, struct histogram *round_trips,
    void (*finished)(void *owner), void *owner);
void traffic_start(struct traffic *t, struct ev_loop *loop);
/* May be called at any time, and twice. */
void traffic_stop(struct traffic *t, struct ev_loop *loop);

/* From the client's callbacks. */
void traffic_on_echo(struct traffic *t, double seconds);
void traffic_on_ip(struct traffic *t, const uint8_t *packet, size_t n);

#endif
