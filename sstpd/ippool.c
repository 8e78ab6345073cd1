/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The address pool: one byte for each address, ordered as the addresses are,
 * and a few blocks that map the one to the other. All memory of the pool is
 * allocated at start; only addresses that others choose outside of it grow a
 * list, and there is at most one of those for a session.
 */

#include <sys/types.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ippool.h"

enum {
	/* each excluded range can cut one block in two */
	BLOCKS_MAX = IPPOOL_RANGES_MAX + IPPOOL_EXCLUDED_MAX,
	OUTSIDE_STEP = 64,
};

struct block { /* addresses without a gap */
	uint32_t first, last;
	size_t base; /* index of first */
};

struct ippool {
	struct block blocks[BLOCKS_MAX]; /* ascending, disjoint */
	unsigned int n_blocks;
	size_t size, used;
	size_t turn;	   /* where a search without a user starts */
	uint32_t *outside; /* in use, but not of the pool; ascending */
	size_t n_outside, cap_outside;
	uint8_t taken[]; /* by index: 0 or 1 */
};

/* --- parsing --- */

static const char bad_form[] =
    "expected 192.0.2.10-192.0.2.99, 192.0.2.0/24 or 192.0.2.7";

/* An address of exactly n characters. */
static bool
parse_address(const char *text, size_t n, uint32_t *address)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr in;

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (inet_pton(AF_INET, copy, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

/* 0 to 32, without sign, space or leading zero. */
static bool
parse_prefix_len(const char *text, unsigned int *prefix_len)
{
	unsigned int v = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 2 || text[n] != '\0' || (n == 2 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned int)(text[i] - '0');
	*prefix_len = v;
	return v <= 32;
}

static const char *
parse_prefix(const char *text, const char *slash, struct ippool_range *range)
{
	unsigned int prefix_len;
	uint32_t net, host_bits;

	if (!parse_address(text, (size_t)(slash - text), &net))
		return bad_form;
	if (!parse_prefix_len(slash + 1, &prefix_len))
		return "expected a prefix length of 0 to 32 after the slash";
	host_bits = (uint32_t)(UINT64_C(0xffffffff) >> prefix_len);
	if (net & host_bits)
		return "expected an address without bits beyond its prefix";

	range->first = net;
	range->last = net | host_bits;
	if (prefix_len < 31) {
		range->first++;
		range->last--;
	}
	return NULL;
}

static const char *
parse_range(const char *text, struct ippool_range *range)
{
	const char *slash = strchr(text, '/'), *dash = strchr(text, '-');

	if (slash != NULL)
		return parse_prefix(text, slash, range);
	if (dash == NULL) {
		if (!parse_address(text, strlen(text), &range->first))
			return bad_form;
		range->last = range->first;
		return NULL;
	}
	if (!parse_address(text, (size_t)(dash - text), &range->first) ||
	    !parse_address(dash + 1, strlen(dash + 1), &range->last))
		return bad_form;
	if (range->first > range->last)
		return "expected the lower address before the dash";
	return NULL;
}

int
ippool_parse_range(
    const char *text, struct ippool_range *range, const char **why)
{
	const char *fault = parse_range(text, range);

	/* 0 means "none" everywhere else, it cannot be handed out */
	if (fault == NULL && range->first == 0)
		fault = "expected addresses above 0.0.0.0";
	if (fault == NULL)
		return 0;
	*why = fault;
	return -1;
}

/* --- making --- */

static int
compare_ranges(const void *va, const void *vb)
{
	const struct ippool_range *a = va, *b = vb;

	return (a->first > b->first) - (a->first < b->first);
}

static void
copy_sorted(
    struct ippool_range *to, const struct ippool_range *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert(from[i].first > 0 && from[i].first <= from[i].last);
		to[i] = from[i];
	}
	qsort(to, n, sizeof(*to), compare_ranges);
}

/* Join ranges that overlap or touch; returns how many are left. */
static unsigned
merge(struct ippool_range *ranges, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		struct ippool_range *top = ranges + kept - (kept > 0);

		if (kept > 0 && ranges[i].first <= (uint64_t)top->last + 1) {
			if (ranges[i].last > top->last)
				top->last = ranges[i].last;
			continue;
		}
		ranges[kept++] = ranges[i];
	}
	return kept;
}

/* What is left of one range: at most one block more than it is cut by. */
static unsigned
subtract(struct ippool_range range, const struct ippool_range *excluded,
    unsigned n, struct block *blocks)
{
	uint64_t next = range.first; /* 64 bits: it may pass the last address */
	unsigned made = 0;

	for (unsigned i = 0; i < n && excluded[i].first <= range.last; i++) {
		if (excluded[i].last < next)
			continue;
		if (excluded[i].first > next)
			blocks[made++] = (struct block){ (uint32_t)next,
				excluded[i].first - 1, 0 };
		next = (uint64_t)excluded[i].last + 1;
	}
	if (next <= range.last)
		blocks[made++] =
		    (struct block){ (uint32_t)next, range.last, 0 };
	return made;
}

/* Number the addresses; returns how many there are. */
static uint64_t
number_blocks(struct block *blocks, unsigned n)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		blocks[i].base = (size_t)size;
		size += (uint64_t)blocks[i].last - blocks[i].first + 1;
	}
	return size;
}

struct ippool *
ippool_new(const struct ippool_range *ranges, unsigned n_ranges,
    const struct ippool_range *excluded, unsigned n_excluded)
{
	struct ippool_range in[IPPOOL_RANGES_MAX], out[IPPOOL_EXCLUDED_MAX];
	struct block blocks[BLOCKS_MAX];
	struct ippool *pool;
	unsigned n_blocks = 0;
	uint64_t size;

	if (n_ranges > IPPOOL_RANGES_MAX || n_excluded > IPPOOL_EXCLUDED_MAX) {
		errno = E2BIG;
		return NULL;
	}
	copy_sorted(in, ranges, n_ranges);
	copy_sorted(out, excluded, n_excluded);
	n_ranges = merge(in, n_ranges);
	n_excluded = merge(out, n_excluded);
	for (unsigned i = 0; i < n_ranges; i++)
		n_blocks += subtract(in[i], out, n_excluded, blocks + n_blocks);

	size = number_blocks(blocks, n_blocks);
	if (size > IPPOOL_SIZE_MAX) {
		errno = E2BIG;
		return NULL;
	}
	pool = calloc(1, sizeof(*pool) + (size_t)size);
	if (pool == NULL)
		return NULL;
	memcpy(pool->blocks, blocks, n_blocks * sizeof(blocks[0]));
	pool->n_blocks = n_blocks;
	pool->size = (size_t)size;
	return pool;
}

void
ippool_free(struct ippool *pool)
{
	if (pool == NULL)
		return;
	free(pool->outside);
	free(pool);
}

/* --- addresses of the pool --- */

/* The last block for which first (or base) is not above the key. */
static const struct block *
find_block(const struct ippool *pool, size_t key, bool by_base)
{
	unsigned low = 0, high = pool->n_blocks;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		const struct block *b = &pool->blocks[mid];

		if ((by_base ? b->base : b->first) <= key)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &pool->blocks[low - 1] : NULL;
}

static bool
index_of(const struct ippool *pool, uint32_t address, size_t *index)
{
	const struct block *b = find_block(pool, address, false);

	if (b == NULL || address > b->last)
		return false;
	*index = b->base + (address - b->first);
	return true;
}

static uint32_t
address_at(const struct ippool *pool, size_t index)
{
	const struct block *b = find_block(pool, index, true);

	assert(b != NULL);
	return b->first + (uint32_t)(index - b->base);
}

/* FNV-1a */
static uint32_t
hash_user(const char *user)
{
	uint32_t hash = 0x811c9dc5;

	for (; *user != '\0'; user++) {
		hash ^= (uint8_t)*user;
		hash *= 0x01000193;
	}
	return hash;
}

/* The first free index from start on, going round the end once. */
static size_t
find_free(const struct ippool *pool, size_t start)
{
	const uint8_t *free_one =
	    memchr(pool->taken + start, 0, pool->size - start);

	if (free_one == NULL)
		free_one = memchr(pool->taken, 0, start);
	assert(free_one != NULL);
	return (size_t)(free_one - pool->taken);
}

uint32_t
ippool_take(struct ippool *pool, const char *user)
{
	size_t index;

	if (pool->used >= pool->size)
		return 0;
	if (user != NULL) {
		index = find_free(pool, hash_user(user) % pool->size);
	} else {
		/* in turn: a freed address rests as long as it can */
		index = find_free(pool, pool->turn);
		pool->turn = (index + 1) % pool->size;
	}
	pool->taken[index] = 1;
	pool->used++;
	return address_at(pool, index);
}

/* --- addresses outside --- */

/* Where the address is, or would have to be. */
static size_t
find_outside(const struct ippool *pool, uint32_t address)
{
	size_t low = 0, high = pool->n_outside;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (pool->outside[mid] < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
is_outside(const struct ippool *pool, size_t at, uint32_t address)
{
	return at < pool->n_outside && pool->outside[at] == address;
}

static bool
take_outside(struct ippool *pool, uint32_t address)
{
	size_t at = find_outside(pool, address);

	if (is_outside(pool, at, address))
		return false;
	if (pool->n_outside == pool->cap_outside) {
		size_t cap = pool->cap_outside + OUTSIDE_STEP;
		uint32_t *p = realloc(pool->outside, cap * sizeof(*p));

		if (p == NULL)
			return false;
		pool->outside = p;
		pool->cap_outside = cap;
	}
	memmove(pool->outside + at + 1, pool->outside + at,
	    (pool->n_outside - at) * sizeof(*pool->outside));
	pool->outside[at] = address;
	pool->n_outside++;
	return true;
}

static void
give_back_outside(struct ippool *pool, uint32_t address)
{
	size_t at = find_outside(pool, address);

	if (!is_outside(pool, at, address))
		return;
	pool->n_outside--;
	memmove(pool->outside + at, pool->outside + at + 1,
	    (pool->n_outside - at) * sizeof(*pool->outside));
}

/* --- both --- */

bool
ippool_take_this(struct ippool *pool, uint32_t address)
{
	size_t index;

	if (address == 0)
		return false;
	if (!index_of(pool, address, &index))
		return take_outside(pool, address);
	if (pool->taken[index])
		return false;
	pool->taken[index] = 1;
	pool->used++;
	return true;
}

void
ippool_give_back(struct ippool *pool, uint32_t address)
{
	size_t index;

	if (!index_of(pool, address, &index)) {
		give_back_outside(pool, address);
		return;
	}
	if (!pool->taken[index])
		return;
	pool->taken[index] = 0;
	pool->used--;
}

bool
ippool_has(const struct ippool *pool, uint32_t address)
{
	size_t index;

	return index_of(pool, address, &index);
}

uint32_t
ippool_overlap(const struct ippool *a, const struct ippool *b)
{
	unsigned int i = 0, k = 0;

	while (i < a->n_blocks && k < b->n_blocks) {
		const struct block *x = &a->blocks[i], *y = &b->blocks[k];

		if (x->last < y->first)
			i++;
		else if (y->last < x->first)
			k++;
		else
			return x->first > y->first ? x->first : y->first;
	}
	return 0;
}

size_t
ippool_size(const struct ippool *pool)
{
	return pool->size;
}

size_t
ippool_used(const struct ippool *pool)
{
	return pool->used;
}
