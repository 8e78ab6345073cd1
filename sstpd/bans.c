/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What failed authentications cost an address. */

#include "bans.h"

/* The first failure costs one auth-backoff, each further one twice as much. */
static uint32_t
backoff(const struct conf *conf, uint32_t failures)
{
	uint64_t pause = conf->auth_backoff;

	for (uint32_t i = 1; i < failures && pause < conf->ban_time; i++)
		pause *= 2;
	return pause < conf->ban_time ? (uint32_t)pause : conf->ban_time;
}

struct bans_result
bans_failure(
    struct peers *peers, const struct conf *conf, uint64_t key, uint64_t now)
{
	struct bans_result r = { .failures = 1 };
	struct peer *peer = peers_take(peers, key, now);
	bool refused;

	if (peer == NULL)
		return r; /* eight others with sessions share its bucket */
	if (peer->keep_until <= now)
		peer->failures = 0; /* they are old enough */
	r.failures = ++peer->failures;
	r.banned = conf->ban_after != 0 && r.failures >= conf->ban_after;
	refused = peer->refused_until > now;
	/* ban-after may have become less meanwhile */
	r.begins = r.banned && (r.failures == conf->ban_after || !refused);
	r.pause = r.banned ? conf->ban_time : backoff(conf, r.failures);
	peer->keep_until = now + conf->ban_time;
	peer->refused_until = now + r.pause;
	return r;
}
