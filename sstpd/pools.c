/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The pools of all profiles together. */

#include <errno.h>
#include <string.h>

#include "pools.h"

_Static_assert(
    IPPOOL_RANGES_MAX + CONF_PROFILES_MAX <= (int)IPPOOL_EXCLUDED_MAX,
    "room for our own addresses");

/* Our own addresses, of whichever profile, are nobody else's. */
static unsigned int
add_local(struct ippool_range *to, const struct conf *conf)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < conf->profile_count; i++) {
		uint32_t local = conf->profiles[i].local_address;

		if (local != 0)
			to[n++] = (struct ippool_range){ local, local };
	}
	return n;
}

static struct ippool *
make_pool(const struct conf *conf, const struct conf_profile *p)
{
	struct ippool_range excluded[IPPOOL_EXCLUDED_MAX];
	unsigned int n = p->exclude_count;

	memcpy(excluded, p->exclude, n * sizeof(excluded[0]));
	n += add_local(excluded + n, conf);
	return ippool_new(p->addresses, p->addresses_count, excluded, n);
}

int
pools_make(struct pools *pools, const struct conf *conf)
{
	*pools = (struct pools){ { NULL } };
	for (unsigned int i = 0; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		if (p->addresses_count == 0)
			continue;
		pools->of[i] = make_pool(conf, p);
		if (pools->of[i] == NULL) {
			int saved = errno;

			pools_free(pools);
			errno = saved;
			return -1;
		}
	}
	return 0;
}

void
pools_free(struct pools *pools)
{
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		ippool_free(pools->of[i]);
	*pools = (struct pools){ { NULL } };
}

/* The first there is: it remembers what is of no pool. */
static struct ippool *
any_pool(const struct pools *pools)
{
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		if (pools->of[i] != NULL)
			return pools->of[i];
	return NULL;
}

static struct ippool *
pool_with(const struct pools *pools, uint32_t address)
{
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		if (pools->of[i] != NULL && ippool_has(pools->of[i], address))
			return pools->of[i];
	return any_pool(pools);
}

bool
pools_any(const struct pools *pools)
{
	return any_pool(pools) != NULL;
}

uint32_t
pools_take(struct pools *pools, unsigned int profile, const char *user)
{
	struct ippool *pool = pools->of[profile];

	if (pool == NULL)
		pool = pools->of[0];
	return pool != NULL ? ippool_take(pool, user) : 0;
}

bool
pools_take_this(struct pools *pools, uint32_t address)
{
	struct ippool *pool = pool_with(pools, address);

	return pool != NULL && ippool_take_this(pool, address);
}

void
pools_give_back(struct pools *pools, uint32_t address)
{
	struct ippool *pool = pool_with(pools, address);

	if (pool != NULL)
		ippool_give_back(pool, address);
}
