/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The pools of all profiles together. An address is unique on a host, so one
 * that somebody else chose (RADIUS, a secrets file) is marked in whichever
 * pool has it. Addresses are in host byte order.
 */

#ifndef SSTPD_POOLS_H
#define SSTPD_POOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "ippool.h"

struct pools {
	struct ippool *of[CONF_PROFILES_MAX]; /* NULL: it has none of its own */
};

/* Returns 0, or -1 with errno and nothing to free. */
int pools_make(struct pools *pools, const struct conf *conf);
void pools_free(struct pools *pools);

/* Whether there is any, so that addresses are ours to give. */
bool pools_any(const struct pools *pools);

/*
 * A free address for a user of that profile, from its own pool or else the
 * default one's. Returns 0 when there is none.
 */
uint32_t pools_take(
    struct pools *pools, unsigned int profile, const char *user);

/* As ippool_take_this() and ippool_give_back(). */
bool pools_take_this(struct pools *pools, uint32_t address);
void pools_give_back(struct pools *pools, uint32_t address);

#endif
