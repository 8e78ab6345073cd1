/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The monitor's pppds: started for workers, within limits, and cleaned up. */

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "monitor_private.h"

static void
on_link_send(struct link *l, union msg *msg, const int *fds)
{
	struct child *w = l->worker;

	if (w != NULL) {
		if (msg->header.type == MSG_AUTH)
			monitor_capture_known(l->owner, w, &msg->auth);
		channel_send(&w->channel, msg, fds);
		return;
	}
	for (unsigned int i = 0; i < msg_fd_count(msg->header.type); i++)
		close(fds[i]);
}

static uint32_t
on_link_take_address(struct link *l, const char *user, uint32_t wanted,
    enum msg_end_cause *cause)
{
	struct monitor *m = l->owner;
	struct msg_handover wish = { .header.session = l->session,
		.address = wanted };
	uint32_t address;

	_Static_assert(sizeof(wish.user) == sizeof(l->user), "user");
	_Static_assert(sizeof(wish.profile) >= sizeof(l->profile), "profile");
	memcpy(wish.user, l->user, sizeof(wish.user));
	memcpy(wish.profile, l->profile, sizeof(l->profile));
	if (pools_any(&m->setup.pools) && monitor_successor_take(m, &wish))
		return LINK_ADDRESS_LATER;
	address = monitor_choose_address(m, l->profile, user, wanted, cause);
	monitor_successor_used(m, address);
	return address;
}

static void
count_exit(struct stats_monitor *stats, const struct link *l)
{
	if (l->killed_by != 0)
		stats->pppd_killed++;
	else
		stats->pppd_exits[l->exit_code < STATS_EXITS_MAX - 1
				      ? l->exit_code
				      : STATS_EXITS_MAX - 1]++;
}

/* By a fault of its own; who hangs up early makes us end a pppd by SIGTERM. */
static bool
has_crashed(const struct link *l)
{
	switch (l->killed_by) {
	case 0:
		return l->exit_code == PPPD_CRASHED;
	case SIGTERM:
	case SIGKILL:
	case SIGINT:
	case SIGHUP:
		return false;
	default:
		return true;
	}
}

static void
on_link_starting(struct link *l)
{
	struct monitor *m = l->owner;

	if (l->starting)
		m->starting++;
	else
		m->starting--;
}

static void
on_link_speaks(struct link *l, ev_tstamp after)
{
	struct monitor *m = l->owner;

	monitor_count_speaking(l);
	if (pace_note(&m->pace, (uint64_t)(after * 1000.)))
		log_debug(
		    "limits: max-starting = auto is %u now", m->pace.limit);
}

static void
on_link_gone(struct link *l)
{
	struct monitor *m = l->owner;
	struct link **p = &m->links;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	if (l->address != 0)
		pools_give_back(&m->setup.pools, l->address);
	monitor_successor_free(m, l->address);
	monitor_count_gone(l);
	monitor_successor_left(m);
	count_exit(m->stats, l);
	if (l->process.cloned && has_crashed(l))
		monitor_template_end(m, l->profile);
	link_free(l);
	if (m->stopping && m->links == NULL && m->late)
		ev_break(m->loop, EVBREAK_ALL);
}

static const struct link_ops link_ops = {
	.send = on_link_send,
	.take_address = on_link_take_address,
	.starting = on_link_starting,
	.speaks = on_link_speaks,
	.authenticated = monitor_count_authenticated,
	.auth_failed = monitor_auth_failed,
	.gone = on_link_gone,
};

static struct link *
find_link(const struct monitor *m, const struct child *w, uint64_t session)
{
	struct link *l = m->links;

	while (l != NULL && (l->session != session || l->worker != w))
		l = l->next;
	return l;
}

static void
refuse(struct child *w, uint64_t session, enum msg_refusal refusal)
{
	union msg msg = { .refused = { .header = { .type = MSG_REFUSED,
					   .session = session },
			      .refusal = refusal } };

	channel_send(&w->channel, &msg, NULL);
}

void
monitor_spawn(struct monitor *m, struct child *w, const struct msg_spawn *msg)
{
	uint64_t session = msg->header.session;
	uint64_t now = peers_now();
	struct peer *peer;
	enum msg_refusal why;

	if (session >> 32 != w->serial || msg->peer == 0) {
		monitor_distrust(w, MSG_SPAWN,
		    msg->peer == 0 ? "of nobody" : "of another's session");
		return;
	}
	peer = peers_take(m->peers, msg->peer, now);
	if (m->stopping) {
		refuse(w, session, MSG_REFUSED_STOPPING);
		return;
	}
	if (peer != NULL && peer->refused_until > now) {
		refuse(w, session, MSG_REFUSED_BANNED);
		return;
	}
	if (find_link(m, w, session) != NULL ||
	    spawn_queue_has(&m->queue, w, session))
		return; /* a worker asks once */
	if (peer == NULL ||
	    peer->count >= m->setup.conf.max_sessions_per_address) {
		refuse(w, session, MSG_REFUSED_LIMIT);
		return;
	}
	if (!monitor_profile_admits(m, &msg->session, &why) &&
	    (why != MSG_REFUSED_PROFILE_LIMIT ||
		!monitor_make_room(m, msg->peer, msg->session.profile))) {
		refuse(w, session, why);
		return;
	}
	if (monitor_is_full(m) && !monitor_make_room(m, msg->peer, NULL)) {
		refuse(w, session, MSG_REFUSED_LIMIT);
		return;
	}
	if (spawn_queue_put(&m->queue, w, msg, now) != 0) {
		log_err("pppd: cannot be started");
		refuse(w, session, MSG_REFUSED_SPAWN);
		return;
	}
	monitor_count_call(m, peer, msg->session.profile);
	monitor_capture_begins(m, w, msg);
}

static void
start_link(struct monitor *m, const struct spawn_request *r)
{
	const struct conf_profile *profile =
	    monitor_profile(m, &r->msg.session);
	const char *what;
	struct link *l;

	if (profile == NULL) { /* reloaded while it waited */
		monitor_uncount_call(m, r->msg.peer, r->msg.session.profile);
		refuse(
		    r->worker, r->msg.header.session, MSG_REFUSED_NO_PROFILE);
		return;
	}
	l = link_new(m->loop,
	    &(struct link_start){
		.conf = &m->setup.conf,
		.profile = profile,
		.from = monitor_template(m, profile),
		.spawn = &r->msg,
		.ops = &link_ops,
		.owner = m,
		.worker = r->worker,
	    },
	    &what);
	if (l == NULL) {
		m->stats->pppd_start_failures++;
		log_err("pppd: cannot be started: %s", what);
		monitor_uncount_call(m, r->msg.peer, r->msg.session.profile);
		refuse(r->worker, r->msg.header.session, MSG_REFUSED_SPAWN);
		return;
	}
	m->stats->pppd_starts++;
	if (l->process.cloned)
		m->stats->pppd_clones++;
	l->unproven = true;
	l->next = m->links;
	m->links = l;
}

void
monitor_start_waiting(struct monitor *m)
{
	unsigned int limit = m->setup.conf.max_starting;
	uint64_t now = peers_now();
	struct spawn_request *r;

	if (limit == 0)
		limit = m->pace.limit;
	while (!m->stopping && m->starting < limit && monitor_has_room(m) &&
	       (r = spawn_queue_take(&m->queue, now)) != NULL) {
		start_link(m, r);
		free(r);
	}
	spawn_queue_log(&m->queue, limit, now);
}

/* The session ends before its turn has come; true if it was waiting. */
static bool
withdraw(struct monitor *m, struct child *w, uint64_t session)
{
	struct spawn_request *r = spawn_queue_remove(&m->queue, w, session);

	if (r == NULL)
		return false;
	monitor_uncount_call(m, r->msg.peer, r->msg.session.profile);
	free(r);
	refuse(w, session, MSG_REFUSED_WITHDRAWN);
	return true;
}

void
monitor_refuse_waiting(struct monitor *m, uint64_t peer, enum msg_refusal why)
{
	struct spawn_request *r;

	while ((r = spawn_queue_remove_peer(&m->queue, peer)) != NULL) {
		monitor_uncount_call(m, peer, r->msg.session.profile);
		refuse(r->worker, r->msg.header.session, why);
		free(r);
	}
}

void
monitor_end_link(
    struct monitor *m, struct child *w, uint64_t session, enum msg_type how)
{
	struct link *l;

	if (withdraw(m, w, session))
		return;
	l = find_link(m, w, session);
	if (l == NULL)
		return; /* it has just ended */
	if (how == MSG_HANG_UP)
		link_hang_up(l);
	else
		link_terminate(l);
}

/* Take a worker's sessions out of the queue. */
static void
forget_waiting(struct monitor *m, const struct child *w)
{
	struct spawn_request *r;

	while ((r = spawn_queue_remove_any(&m->queue, w)) != NULL) {
		monitor_uncount_call(m, r->msg.peer, r->msg.session.profile);
		free(r);
	}
}

void
monitor_orphan_links(struct monitor *m, const struct child *w)
{
	forget_waiting(m, w);
	for (struct link *l = m->links; l != NULL; l = l->next) {
		if (l->worker != w)
			continue;
		l->worker = NULL;
		link_hang_up(l);
	}
}
