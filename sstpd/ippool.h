/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The pool of IPv4 addresses for clients: who has which, and nothing else.
 * Addresses are in host byte order.
 */

#ifndef SSTPD_IPPOOL_H
#define SSTPD_IPPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IPPOOL_RANGES_MAX = 64,
	IPPOOL_EXCLUDED_MAX = 96,  /* ranges that a pool leaves out */
	IPPOOL_SIZE_MAX = 1 << 20, /* addresses in all ranges together */
};

struct ippool_range {
	uint32_t first, last; /* inclusive */
};

/*
 * Parse "192.0.2.10-192.0.2.99", "192.0.2.0/24" or "192.0.2.7". A prefix
 * shorter than /31 leaves out its network and broadcast address. Returns 0,
 * or -1 with *why set to what was expected.
 */
int ippool_parse_range(
    const char *text, struct ippool_range *range, const char **why);

struct ippool;

/*
 * Make a pool of the addresses in ranges that are not in excluded. Ranges may
 * overlap. Returns NULL with errno: ENOMEM, or E2BIG past IPPOOL_SIZE_MAX.
 */
struct ippool *ippool_new(const struct ippool_range *ranges, unsigned n_ranges,
    const struct ippool_range *excluded, unsigned n_excluded);
void ippool_free(struct ippool *pool);

/*
 * Take a free address. The same user gets the same address again where it is
 * free; without a user (NULL) any. Returns 0 when the pool is exhausted.
 */
uint32_t ippool_take(struct ippool *pool, const char *user);

/*
 * Mark an address that somebody else chose (RADIUS, a secrets file) as in use.
 * False: it already is, it is 0.0.0.0, or there is no memory to remember it.
 * Addresses outside the pool are remembered too, but not counted as used.
 */
bool ippool_take_this(struct ippool *pool, uint32_t address);

/* Give back; an address that is not in use is left alone. */
void ippool_give_back(struct ippool *pool, uint32_t address);

/* Whether the address is one of the pool, in use or not. */
bool ippool_has(const struct ippool *pool, uint32_t address);

/* The first address that both have, or 0. */
uint32_t ippool_overlap(const struct ippool *a, const struct ippool *b);

size_t ippool_size(const struct ippool *pool);
size_t ippool_used(const struct ippool *pool);

#endif
