/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Configuring a network interface by rtnetlink(7): its size, addresses and
 * routes. All of it goes with the interface.
 */

#ifndef SSTP_PROBE_INTERFACE_H
#define SSTP_PROBE_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "prefix.h"

struct interface {
	int sock; /* -1: not open */
	int index;
	uint32_t sequence; /* of the last request */
};

/* All that return int: 0, or -1 with errno. CAP_NET_ADMIN is needed. */
int interface_open(struct interface *i, const char *name);
void interface_close(struct interface *i); /* may be called twice */

/* Up, with an MTU in bytes. */
int interface_set_up(struct interface *i, uint32_t mtu);
/* Of a family, in network order, 4 or 16 bytes each; len is the peer's. */
int interface_add_address(struct interface *i, int family, const void *local,
    const void *peer, uint8_t len);
int interface_add_route(struct interface *i, const struct prefix *to);
/*
 * Whether packets to this address would leave by this interface; not if it
 * names another one itself.
 */
bool interface_leads_to(struct interface *i, const struct sockaddr *address);

#endif
