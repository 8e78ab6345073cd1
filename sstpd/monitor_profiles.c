/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The monitor's view of profiles: who may begin in which, how many there are,
 * and what the control process tells of each. Sessions belong to a profile by
 * its name, as they may be older than the configuration.
 */

#include <string.h>

#include "credentials.h"
#include "monitor_private.h"
#include "profile.h"

_Static_assert((int)STATS_PROFILES_MAX == (int)CONF_PROFILES_MAX, "stats.h");
_Static_assert((int)KEYMSG_PROFILE_MAX == (int)CONF_NAME_MAX, "keymsg.h");

const struct conf_profile *
monitor_profile(const struct monitor *m, const struct keymsg_session *session)
{
	int n = -1;

	/* a worker wrote it */
	if (memchr(session->profile, '\0', sizeof(session->profile)) != NULL)
		n = profile_find(&m->setup.conf, session->profile);
	return n < 0 ? NULL : &m->setup.conf.profiles[n];
}

bool
monitor_profile_admits(const struct monitor *m,
    const struct keymsg_session *session, enum msg_refusal *why)
{
	const struct conf_profile *p = monitor_profile(m, session);
	uint32_t n;

	*why = MSG_REFUSED_NO_PROFILE;
	if (p == NULL)
		return false;
	*why = MSG_REFUSED_PROFILE_LIMIT;
	n = m->profile_sessions[p - m->setup.conf.profiles];
	return p->max_sessions == 0 || n < p->max_sessions;
}

void
monitor_profile_enter(struct monitor *m, const char *name)
{
	int n = profile_find(&m->setup.conf, name);

	if (n >= 0)
		m->profile_sessions[n]++;
}

void
monitor_profile_leave(struct monitor *m, const char *name)
{
	int n = profile_find(&m->setup.conf, name);

	if (n >= 0)
		m->profile_sessions[n]--;
}

/* Those that live go on counting for the profile that has their name now. */
static void
count_again(struct monitor *m)
{
	memset(m->profile_sessions, 0, sizeof(m->profile_sessions));
	for (const struct link *l = m->links; l != NULL; l = l->next)
		if (!l->evicted)
			monitor_profile_enter(m, l->profile);
	for (const struct spawn_request *r = m->queue.first; r != NULL;
	     r = r->next)
		monitor_profile_enter(m, r->msg.session.profile);
}

/* The earliest of all; 0: none can be told. */
static int64_t
first_expiry(const struct setup *s)
{
	int64_t first = 0;

	for (unsigned int i = 0; i < s->conf.profile_count; i++) {
		int64_t end =
		    credentials_expiry(&s->conf.profiles[i], s->fds[i]);

		if (end != 0 && (first == 0 || end < first))
			first = end;
	}
	return first;
}

void
monitor_profiles_note(struct monitor *m)
{
	const struct setup *s = &m->setup;

	count_again(m);
	m->stats->pool_size = 0;
	for (unsigned int i = 0; i < s->conf.profile_count; i++) {
		const struct conf_profile *p = &s->conf.profiles[i];
		const struct ippool *pool = s->pools.of[i];
		struct stats_profile *to = &m->stats->profiles[i];

		memcpy(to->name, p->name, sizeof(to->name));
		to->max_sessions = p->max_sessions;
		to->pool_size = pool != NULL ? ippool_size(pool) : 0;
		m->stats->pool_size += to->pool_size;
	}
	m->stats->profile_count = s->conf.profile_count;
	m->stats->certificate_expires = first_expiry(s);
}

void
monitor_profiles_sample(struct monitor *m)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < m->setup.conf.profile_count; i++) {
		const struct ippool *pool = m->setup.pools.of[i];
		struct stats_profile *to = &m->stats->profiles[i];

		to->sessions = m->profile_sessions[i];
		to->pool_used = pool != NULL ? ippool_used(pool) : 0;
		all += to->pool_used;
	}
	m->stats->pool_used = all;
}

uint32_t
monitor_choose_address(struct monitor *m, const char *name, const char *user,
    uint32_t wanted, enum msg_end_cause *cause)
{
	struct pools *pools = &m->setup.pools;
	int profile = profile_find(&m->setup.conf, name);

	*cause = MSG_END_POOL;
	if (!pools_any(pools))
		return wanted; /* addresses are somebody else's business */
	if (wanted != 0) {
		*cause = MSG_END_ADDRESS_TAKEN;
		return pools_take_this(pools, wanted) ? wanted : 0;
	}
	if (profile >= 0)
		return pools_take(pools, (unsigned int)profile, user);
	*cause = MSG_END_PROFILE;
	return 0;
}
