/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The monitor's limits: what failed authentications cost those of an address.
 */

#include "bans.h"
#include "log.h"
#include "monitor_private.h"

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
