/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Counters per client address. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "peers.h"

/* No /64 that is routed begins like this: an IPv4 address follows. */
#define IPV4_PREFIX UINT64_C(0x0000ffff00000000)

uint64_t
peers_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t
ipv4_key(const void *four_bytes)
{
	uint32_t address;

	memcpy(&address, four_bytes, sizeof(address));
	return IPV4_PREFIX | ntohl(address);
}

uint64_t
peers_key(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	uint64_t key = 0;

	if (address->ss_family == AF_INET)
		return ipv4_key(&in->sin_addr);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return ipv4_key(in6->sin6_addr.s6_addr + 12);
	for (int i = 0; i < 8; i++)
		key = key << 8 | in6->sin6_addr.s6_addr[i];
	/* ::1 and what else begins with zeros are one client */
	return key == 0 ? 1 : key;
}

bool
peers_is_ipv4(uint64_t key)
{
	return key >> 32 == IPV4_PREFIX >> 32;
}

void
peers_text(uint64_t key, char text[static PEERS_TEXT_MAX])
{
	struct in6_addr in6 = { 0 };
	struct in_addr in = { htonl((uint32_t)key) };
	char address[INET6_ADDRSTRLEN];

	if (peers_is_ipv4(key)) {
		inet_ntop(AF_INET, &in, text, PEERS_TEXT_MAX);
		return;
	}
	for (int i = 0; i < 8 && key != 1; i++)
		in6.s6_addr[i] = (uint8_t)(key >> (56 - 8 * i));
	inet_ntop(AF_INET6, &in6, address, sizeof(address));
	snprintf(text, PEERS_TEXT_MAX, "%s/64", address);
}

int
peers_init(struct peers *peers)
{
	uint64_t secret[2];

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -1;
	for (unsigned int b = 0; b < PEERS_BUCKETS; b++)
		for (unsigned int w = 0; w < PEERS_WAYS; w++)
			if (peers->slots[b][w].key != 0)
				memset(&peers->slots[b][w], 0,
				    sizeof(struct peer));
	peers->total = peers->evictable = 0;
	peers->secret[0] = secret[0];
	peers->secret[1] = secret[1];
	return 0;
}

/* A hash that is hard to aim at without the secret. */
static unsigned int
bucket_of(const struct peers *peers, uint64_t key)
{
	uint64_t h = (key ^ peers->secret[0]) * (peers->secret[1] | 1);

	h ^= h >> 32;
	h *= peers->secret[0] | 1;
	return (unsigned int)(h >> 40) % PEERS_BUCKETS;
}

const struct peer *
peers_find(const struct peers *peers, uint64_t key)
{
	const struct peer *slots = peers->slots[bucket_of(peers, key)];

	for (unsigned int i = 0; i < PEERS_WAYS; i++)
		if (slots[i].key == key)
			return &slots[i];
	return NULL;
}

/* How long it is to be kept although it counts nothing. */
static uint64_t
remembered(const struct peer *p, uint64_t now)
{
	return p->keep_until > now ? p->keep_until - now : 0;
}

/*
 * Whoever has many addresses could fill the table with failures, and keep all
 * others out of it: in a full bucket the one to be forgotten next goes at once.
 */
struct peer *
peers_take(struct peers *peers, uint64_t key, uint64_t now)
{
	struct peer *slots = peers->slots[bucket_of(peers, key)];
	struct peer *unused = NULL;

	if (key == 0)
		return NULL; /* every free entry has that */
	for (unsigned int i = 0; i < PEERS_WAYS; i++) {
		struct peer *p = &slots[i];

		if (p->key == key)
			return p;
		if (p->count == 0 &&
		    (unused == NULL ||
			remembered(p, now) <= remembered(unused, now)))
			unused = p;
	}
	if (unused == NULL)
		return NULL;
	memset(unused, 0, sizeof(*unused));
	unused->key = key;
	return unused;
}

void
peers_enter(struct peers *peers, struct peer *peer)
{
	peer->count++;
	peers->total++;
}

void
peers_leave(struct peers *peers, uint64_t key)
{
	/* it is there: an entry with a count is never given to another */
	struct peer *peer = (struct peer *)(uintptr_t)peers_find(peers, key);

	if (peer == NULL || peer->count == 0)
		return;
	peer->count--;
	peers->total--;
}
