/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Counters per client address in a memory file, which one process writes and
 * others read: a worker's are about connections, the monitor's about sessions
 * and failed authentications. A reader may see a counter that is a moment old.
 *
 * An IPv6 client is its /64, as that is what a network gives to one customer.
 */

#ifndef SSTPD_PEERS_H
#define SSTPD_PEERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	PEERS_BUCKETS = 4096,
	PEERS_WAYS = 8, /* addresses in a bucket */
	PEERS_TEXT_MAX = 64,
};

struct peer {
	_Atomic uint64_t key; /* 0: free */
	/* half-open connections (worker's table), sessions (monitor's) */
	_Atomic uint32_t count;
	_Atomic uint32_t second;
	union {
		/* worker's: connections that began in that second */
		_Atomic uint32_t began;
		/* monitor's: those of count that have not authenticated */
		_Atomic uint32_t unproven;
	};
	/* monitor's: failed authentications, and when they are forgotten */
	_Atomic uint32_t failures;
	_Atomic uint64_t refused_until; /* ms */
	/* ms: not free before, count or not, unless its bucket is full */
	_Atomic uint64_t keep_until;
};

/* Zeros are an empty table. All times are of peers_now(). */
struct peers {
	_Atomic uint64_t secret[2]; /* so that nobody can choose a bucket */
	_Atomic uint32_t total;	    /* of all counts */
	_Atomic uint32_t evictable; /* monitor's: that may make room in time */
	struct peer slots[PEERS_BUCKETS][PEERS_WAYS];
};

/* Milliseconds of a clock that only goes forward, the same in all processes. */
uint64_t peers_now(void);

/* The key of an address, never 0. A mapped IPv4 address is an IPv4 address. */
uint64_t peers_key(const struct sockaddr_storage *address);

bool peers_is_ipv4(uint64_t key);

/* What a key stands for: 192.0.2.1, 2001:db8::/64. */
void peers_text(uint64_t key, char text[static PEERS_TEXT_MAX]);

/* Empty a table of one's own. Returns 0, or -1 with errno: no random numbers.
 */
int peers_init(struct peers *peers);

/* NULL: nothing is known of the address. */
const struct peer *peers_find(const struct peers *peers, uint64_t key);

/*
 * The writer's: the entry of an address, which is made if need be. Where the
 * bucket is full, it takes the place of one that is only remembered. NULL if
 * all of the bucket count something, and for key 0.
 */
struct peer *peers_take(struct peers *peers, uint64_t key, uint64_t now);

/* One more of what count counts, or one less. */
void peers_enter(struct peers *peers, struct peer *peer);
void peers_leave(struct peers *peers, uint64_t key);

#endif
