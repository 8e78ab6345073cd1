/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The monitor's limits: which calls count, who makes room where there are too
 * many, and what failed authentications cost those of an address.
 */

#include <string.h>

#include "bans.h"
#include "log.h"
#include "monitor_private.h"

/* --- counting
 * ------------------------------------------------------------------------ */

static void
count_proven(struct monitor *m, uint64_t key)
{
	/* it is there: an entry with a count is never given to another */
	struct peer *peer = (struct peer *)(uintptr_t)peers_find(m->peers, key);

	if (peer != NULL && peer->unproven > 0)
		peer->unproven--;
}

void
monitor_count_call(struct monitor *m, struct peer *peer, const char *profile)
{
	peers_enter(m->peers, peer);
	peer->unproven++;
	monitor_profile_enter(m, profile);
}

static void
leave(struct monitor *m, uint64_t peer, const char *profile)
{
	peers_leave(m->peers, peer);
	monitor_profile_leave(m, profile);
}

void
monitor_uncount_call(struct monitor *m, uint64_t peer, const char *profile)
{
	count_proven(m, peer);
	leave(m, peer, profile);
}

void
monitor_count_speaking(struct link *l)
{
	struct monitor *m = l->owner;

	l->spoke = peers_now();
	if (l->unproven)
		m->peers->evictable++;
}

void
monitor_count_authenticated(struct link *l)
{
	struct monitor *m = l->owner;

	if (!l->unproven)
		return;
	l->unproven = false;
	count_proven(m, l->peer);
	if (l->spoke != 0)
		m->peers->evictable--;
}

static void
uncount(struct link *l)
{
	struct monitor *m = l->owner;

	monitor_count_authenticated(l); /* or never will */
	leave(m, l->peer, l->profile);
}

void
monitor_count_gone(struct link *l)
{
	struct monitor *m = l->owner;

	if (l->evicted)
		m->evicted--;
	else
		uncount(l);
}

bool
monitor_is_full(const struct monitor *m)
{
	return m->peers->total + m->predecessor.left >=
	       m->setup.conf.max_sessions;
}

/* Nobody is kept waiting but for those who made room and are still ending. */
bool
monitor_has_room(const struct monitor *m)
{
	uint32_t have = m->peers->total - m->queue.waiting + m->evicted;

	return m->evicted == 0 ||
	       have + m->predecessor.left < m->setup.conf.max_sessions;
}

/* --- making room
 * --------------------------------------------------------------------- */

/*
 * Whoever has had that long to authenticate, in ms since its pppd spoke, may
 * have to go: programs take a second for it, people who type may take longer
 * but are a few, and those who never will take all that auth-timeout allows.
 */
enum { PATIENCE_WHEN_FULL = 5000 };

static uint32_t
unproven_of(const struct monitor *m, uint64_t key)
{
	const struct peer *peer = peers_find(m->peers, key);

	return peer == NULL ? 0 : peer->unproven;
}

static bool
may_go(const struct link *l, uint64_t now, const char *profile)
{
	return l->unproven && l->worker != NULL && l->spoke != 0 &&
	       now - l->spoke >= PATIENCE_WHEN_FULL &&
	       (profile == NULL || strcmp(profile, l->profile) == 0);
}

/*
 * The oldest of the address with most calls that have not authenticated. Others
 * make room only for an address that has fewer of them: so a flood of few
 * addresses pushes out itself and not somebody who is about to type a password.
 */
static struct link *
choose(const struct monitor *m, uint64_t newcomer, const char *profile)
{
	uint32_t own = unproven_of(m, newcomer), most = 0;
	uint64_t now = peers_now();
	struct link *found = NULL;

	for (struct link *l = m->links; l != NULL; l = l->next) {
		uint32_t n;

		if (!may_go(l, now, profile))
			continue;
		n = unproven_of(m, l->peer);
		if ((l->peer != newcomer && n <= own) || n < most)
			continue;
		if (n > most || l->spoke <= found->spoke)
			found = l;
		most = n;
	}
	return found;
}

bool
monitor_make_room(struct monitor *m, uint64_t peer, const char *profile)
{
	union msg msg = { .header.type = MSG_MAKE_ROOM };
	struct link *l;
	struct child *w;

	if (m->peers->evictable == 0)
		return false;
	l = choose(m, peer, profile);
	if (l == NULL)
		return false;
	uncount(l);
	l->evicted = true;
	m->evicted++;
	w = l->worker;
	msg.header.session = l->session;
	channel_send(&w->channel, &msg, NULL);
	return true;
}

/* --- bans
 * ----------------------------------------------------------------------------
 */

/*
 * Whoever has begun a call before the ban could make one more guess with it:
 * the address may have as many as it may have half-open connections.
 */
static void
end_unknown(struct monitor *m, uint64_t peer)
{
	monitor_refuse_waiting(m, peer, MSG_REFUSED_BANNED);
	for (struct link *l = m->links; l != NULL; l = l->next)
		if (l->peer == peer)
			link_turn_away(l, MSG_END_BANNED);
}

void
monitor_auth_failed(struct link *l)
{
	struct monitor *m = l->owner;
	struct bans_result r =
	    bans_failure(m->peers, &m->setup.conf, l->peer, peers_now());
	char text[PEERS_TEXT_MAX];

	m->stats->auth_failures++;
	if (!r.begins)
		return;
	m->stats->bans++;
	peers_text(l->peer, text);
	log_warnx("limits: banned %s for %u s after %u failed authentications",
	    text, r.pause / 1000, r.failures);
	end_unknown(m, l->peer);
}
