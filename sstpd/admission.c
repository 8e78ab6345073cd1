/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What a worker asks before it serves a connection. */

#include "admission.h"

#include "log.h"

enum { LOG_INTERVAL = 10 * 1000 }; /* ms between lines about one limit */

/* --- what all workers together have
 * ------------------------------------------------------------------------ */

static uint32_t
half_open_of(const struct peers *peers, uint64_t key)
{
	const struct peer *peer = peers_find(peers, key);

	return peer == NULL ? 0 : peer->count;
}

static uint32_t
began_of(const struct peers *peers, uint64_t key, uint32_t second)
{
	const struct peer *peer = peers_find(peers, key);

	return peer != NULL && peer->second == second ? peer->began : 0;
}

/*
 * The kernel spreads connections evenly. A worker that looks at its own ones
 * only has always one to drop for a new one.
 */
static uint32_t
half_open_share(const struct admission *admission, const struct conf *conf)
{
	uint32_t workers = admission->others_count + 1;

	return (conf->max_half_open + workers - 1) / workers;
}

static uint32_t
half_open(const struct admission *admission, uint64_t key)
{
	uint32_t n = half_open_of(admission->own, key);

	for (unsigned int i = 0; i < admission->others_count; i++)
		n += half_open_of(admission->others[i], key);
	return n;
}

static uint32_t
began(const struct admission *admission, uint64_t key, uint32_t second)
{
	uint32_t n = began_of(admission->own, key, second);

	for (unsigned int i = 0; i < admission->others_count; i++)
		n += began_of(admission->others[i], key, second);
	return n;
}

/* --- one connection
 * ------------------------------------------------------------------------ */

static uint32_t
half_open_limit(const struct conf *conf, uint64_t key)
{
	return peers_is_ipv4(key) ? conf->max_half_open_per_ipv4
				  : conf->max_half_open_per_ipv6;
}

static void
count_beginning(struct peer *peer, uint64_t now)
{
	uint32_t second = (uint32_t)(now / 1000);

	if (peer->second != second) {
		peer->second = second;
		peer->began = 0;
		peer->keep_until = ((uint64_t)second + 1) * 1000;
	}
	peer->began++;
}

enum limit
admission_check(struct admission *admission, const struct conf *conf,
    uint64_t key, uint64_t now)
{
	struct peer *peer;

	if (admission_is_banned(admission, key, now))
		return LIMIT_BANNED;
	peer = peers_take(admission->own, key, now);
	if (peer == NULL)
		return LIMIT_HALF_OPEN;
	count_beginning(peer, now);
	if (conf->max_connection_rate != 0 &&
	    began(admission, key, peer->second) > conf->max_connection_rate)
		return LIMIT_RATE;
	if (half_open(admission, key) >= half_open_limit(conf, key))
		return LIMIT_HALF_OPEN_ADDRESS;
	if (admission->own->total >= half_open_share(admission, conf))
		return LIMIT_HALF_OPEN;
	return LIMIT_NONE;
}

bool
admission_enter(struct admission *admission, uint64_t key, uint64_t now)
{
	struct peer *peer = peers_take(admission->own, key, now);

	if (peer == NULL)
		return false;
	peers_enter(admission->own, peer);
	return true;
}

void
admission_settle(struct admission *admission, uint64_t key)
{
	peers_leave(admission->own, key);
}

bool
admission_is_banned(
    const struct admission *admission, uint64_t key, uint64_t now)
{
	const struct peer *peer = peers_find(admission->monitor, key);

	return peer != NULL && peer->refused_until > now;
}

bool
admission_may_begin(
    const struct admission *admission, const struct conf *conf, uint64_t key)
{
	const struct peer *peer = peers_find(admission->monitor, key);

	return (admission->monitor->total < conf->max_sessions ||
		   admission->monitor->evictable > 0) &&
	       (peer == NULL || peer->count < conf->max_sessions_per_address);
}

/* --- the log
 * ------------------------------------------------------------------------ */

void
admission_log(
    struct admission *admission, enum limit limit, uint64_t key, uint64_t now)
{
	static const char *const why[LIMITS] = {
		[LIMIT_BANNED] = "failed authentications (auth-backoff, "
				 "ban-after)",
		[LIMIT_RATE] = "max-connection-rate",
		[LIMIT_HALF_OPEN_ADDRESS] = "max-half-open-per-ipv4 or -ipv6",
		[LIMIT_HALF_OPEN] = "max-half-open",
	};
	char text[PEERS_TEXT_MAX];

	admission->untold[limit]++;
	if (admission->told[limit] != 0 &&
	    now - admission->told[limit] < LOG_INTERVAL)
		return;
	peers_text(key, text);
	log_warnx("limits: %u connections refused, the last of %s: %s",
	    admission->untold[limit], text, why[limit]);
	admission->untold[limit] = 0;
	admission->told[limit] = now;
}
