/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A worker process. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "admission.h"
#include "buf.h"
#include "channel.h"
#include "conf.h"
#include "credentials.h"

#include "listener.h"
#include "log.h"
#include "loop_clock.h"
#include "registry.h"
#include "role.h"
#include "session.h"
#include "stats.h"
#include "table.h"
#include "tls.h"
#include "worker.h"

enum { CERTIFICATES_MAX = CONF_PROFILES_MAX * CONF_CERTIFICATES_MAX };
enum { CAPTURES_MAX = 32 }; /* each may fill a socket's buffer */

struct worker {
	struct ev_loop *loop;
	ev_prepare reaper;
	struct channel channel;
	unsigned int serial;
	uint32_t last_id;
	bool confined; /* privileges are gone */
	bool stopping;
	struct registry registry;
	struct session *dead;
	struct admission admission;
	struct stats_worker *stats;
	struct tun_shared *tun_shared; /* NULL: no session has had a tun */
	struct listener listeners[LISTENERS_MAX];
	unsigned int listener_count;
	struct generation *current;
	/* what came since the last COMMIT */
	const struct conf *next_conf;
	struct credential_fds next_fds[CERTIFICATES_MAX]; /* of all profiles */
	unsigned int next_fds_count;
	int next_listeners[LISTENERS_MAX];
	unsigned int next_listeners_count;
	bool next_lost; /* some of it: no descriptors were left */
};

/* --- configurations
 * ---------------------------------------------------------------- */

static void
unmap_conf(const struct conf *conf)
{
	if (conf != NULL)
		munmap((void *)(uintptr_t)conf, sizeof(*conf));
}

void
generation_unref(struct generation *g)
{
	if (g == NULL || --g->refs > 0)
		return;
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		SSL_CTX_free(g->ctx[i]);
	unmap_conf(g->conf);
	free(g);
}

static void __attribute__((noreturn)) give_up(const char *why)
{
	log_errx("worker: %s", why);
	exit(1);
}

static void
take_conf(struct worker *w, int fd)
{
	const struct conf *conf = table_map_to_read(fd, sizeof(struct conf));

	if (conf == NULL)
		give_up("cannot map the configuration");
	unmap_conf(w->next_conf);
	w->next_conf = conf;
	if (!w->confined)
		role_confine("worker", conf);
	w->confined = true;
}

static void
forget_next(struct worker *w)
{
	for (unsigned int i = 0; i < w->next_fds_count; i++) {
		close(w->next_fds[i].certificate);
		close(w->next_fds[i].key);
	}
	w->next_fds_count = 0;
	unmap_conf(w->next_conf);
	w->next_conf = NULL;
	w->next_lost = false;
}

static unsigned int
count_certificates(const struct conf *conf)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < conf->profile_count; i++)
		n += conf->profiles[i].certificate_count;
	return n;
}

/* The contexts of all profiles; false: one cannot be made. */
static bool
make_contexts(struct generation *g, const struct credential_fds *fds)
{
	char error[CREDENTIALS_TEXT_MAX];

	for (unsigned int i = 0; i < g->conf->profile_count; i++) {
		const struct conf_profile *p = &g->conf->profiles[i];

		g->ctx[i] = credentials_context(g->conf, p, fds, error);
		if (g->ctx[i] == NULL) {
			log_errx("tls: %s", error);
			return false;
		}
		fds += p->certificate_count;
	}
	return true;
}

/* Put what came to use; false leaves the old configuration in force. */
static bool
use_next(struct worker *w)
{
	struct generation *g;

	if (w->next_lost) {
		log_errx("worker: too few descriptors for a configuration");
		return false;
	}
	if (w->admission.own == NULL || w->stats == NULL ||
	    w->next_conf == NULL ||
	    w->next_fds_count != count_certificates(w->next_conf))
		give_up("COMMIT of an incomplete configuration");
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return false;
	g->conf = w->next_conf;
	g->refs = 1;
	w->next_conf = NULL; /* g has it */
	if (!make_contexts(g, w->next_fds)) {
		generation_unref(g);
		return false;
	}
	generation_unref(w->current);
	w->current = g;
	log_open(LOG_SINK_PIPE, (enum log_level)g->conf->log_level, 0);
	buf_limit_all(g->conf->max_buffers / (w->admission.others_count + 1));
	return true;
}

/* --- sessions
 * ------------------------------------------------------------------------ */

static void
on_session_send(void *owner, union msg *msg)
{
	struct worker *w = owner;

	channel_send(&w->channel, msg, NULL);
}

static void
on_session_gone(void *owner, struct session *s)
{
	struct worker *w = owner;

	if (registry_remove(&w->registry, s))
		admission_settle(&w->admission, session_peer(s));
	/* its callback is still running: freed from the loop */
	session_links(s)->next = w->dead;
	w->dead = s;
}

static enum end_cause
on_session_may_begin(void *owner, const struct session *s)
{
	const struct worker *w = owner;
	uint64_t key = session_peer(s);

	if (admission_is_banned(&w->admission, key, peers_now()))
		return CAUSE_LIMIT_BANNED;
	if (w->stopping ||
	    !admission_may_begin(&w->admission, w->current->conf, key))
		return CAUSE_LIMIT_SESSIONS;
	return NO_CAUSE;
}

static void
on_session_connected(void *owner, struct session *s)
{
	struct worker *w = owner;

	registry_set_connected(&w->registry, s);
	admission_settle(&w->admission, session_peer(s));
}

static struct tun_shared *
on_session_tun_shared(void *owner)
{
	struct worker *w = owner;

	if (w->tun_shared == NULL)
		w->tun_shared = tun_shared_new();
	return w->tun_shared;
}

static const struct session_ops session_ops = {
	.send = on_session_send,
	.gone = on_session_gone,
	.may_begin = on_session_may_begin,
	.connected = on_session_connected,
	.tun_shared = on_session_tun_shared,
};

/*
 * Whether to serve a connection. Where there are too many altogether, the one
 * that has waited longest makes room: a flood then drops its own.
 */
static bool
admit(struct worker *w, uint64_t key)
{
	uint64_t now = peers_now();
	enum limit limit =
	    admission_check(&w->admission, w->current->conf, key, now);
	struct session *oldest;

	if (limit == LIMIT_HALF_OPEN) {
		oldest = registry_oldest_cheap(&w->registry);
		if (oldest != NULL) {
			session_drop(oldest, CAUSE_LIMIT_HALF_OPEN);
			limit = LIMIT_NONE;
		}
	}
	if (limit == LIMIT_NONE && !admission_enter(&w->admission, key, now))
		limit = LIMIT_HALF_OPEN;
	if (limit != LIMIT_NONE) {
		w->stats->refused[limit]++;
		admission_log(&w->admission, limit, key, now);
	}
	return limit == LIMIT_NONE;
}

static void
on_connection(void *owner, int fd, const struct sockaddr_storage *peer,
    const struct sockaddr_storage *local)
{
	struct worker *w = owner;
	uint64_t id, key = peers_key(peer);
	struct session *s;

	w->stats->accepted++;
	if (!admit(w, key)) {
		close(fd);
		return;
	}
	id = (uint64_t)w->serial << 32 | ++w->last_id;
	s = session_new(w->loop, w->current, id, fd, peer, local, w->stats,
	    &session_ops, w);
	if (s == NULL) {
		admission_settle(&w->admission, key);
		log_warnx("worker: no memory for a connection");
		return;
	}
	registry_add(&w->registry, s);
}

static void
on_reap(struct ev_loop *loop, ev_prepare *watcher, int revents)
{
	struct worker *w = watcher->data;

	(void)revents;
	while (w->dead != NULL) {
		struct session *s = w->dead;

		w->dead = session_links(s)->next;
		session_free(s);
	}
	if (w->stopping && registry_is_empty(&w->registry))
		ev_break(loop, EVBREAK_ALL);
}

/* --- the monitor's messages
 * ------------------------------------------------------------ */

static void
stop_one(struct session *s, void *context)
{
	(void)context;
	session_stop(s, CAUSE_SERVER_STOPPING);
}

static void
stop_listeners(struct worker *w)
{
	for (unsigned int i = 0; i < w->listener_count; i++)
		listener_stop(&w->listeners[i]);
	w->listener_count = 0;
}

/* Those who wait to be accepted are served, unless another will do that. */
static void
drain(struct worker *w, const struct msg_ask *ask)
{
	union msg done = { .result = { .header.type = MSG_DRAINED,
			       .request = ask->request } };

	for (unsigned int i = 0; i < w->listener_count && !ask->hold; i++)
		listener_finish(&w->listeners[i]);
	stop_listeners(w);
	channel_send(&w->channel, &done, NULL);
}

static void
stop_all(struct worker *w)
{
	w->stopping = true;
	stop_listeners(w);
	registry_each(&w->registry, stop_one, NULL);
}

/* Some may be lost: the monitor will send them all again. */
static void
refuse_listeners(struct worker *w)
{
	for (unsigned int i = 0; i < w->next_listeners_count; i++)
		close(w->next_listeners[i]);
	w->next_listeners_count = 0;
}

static void
commit(struct worker *w, uint32_t number)
{
	union msg ready = { .commit = { .header.type = MSG_READY,
				.generation = number } };

	if (!use_next(w)) {
		if (w->current == NULL)
			exit(1);
		ready.commit.failed = 1;
		refuse_listeners(w);
	}
	forget_next(w);
	for (unsigned int i = 0; i < w->next_listeners_count; i++) {
		struct listener *l = &w->listeners[w->listener_count++];

		l->on_connection = on_connection;
		l->owner = w;
		listener_start(l, w->loop, w->next_listeners[i]);
	}
	w->next_listeners_count = 0;
	channel_send(&w->channel, &ready, NULL);
}

static void
take_certificate(struct worker *w, int *fds)
{
	if (w->next_fds_count >= CERTIFICATES_MAX)
		give_up("too many certificates");
	w->next_fds[w->next_fds_count].certificate = fds[0];
	w->next_fds[w->next_fds_count++].key = fds[1];
	fds[0] = fds[1] = -1;
}

static void
take_listener(struct worker *w, int *fds)
{
	if (w->next_listeners_count + w->listener_count >= LISTENERS_MAX)
		give_up("too many listeners");
	w->next_listeners[w->next_listeners_count++] = fds[0];
	fds[0] = -1;
}

/* --- statistics
 * ---------------------------------------------------------------------------
 */

struct sampling {
	struct stats_worker *stats;
	const struct conf *conf;
	struct stats_sums sums;
};

static void
sample_one(struct session *s, void *context)
{
	struct sampling *sampling = context;
	struct stats_worker *stats = sampling->stats;

	session_sum(s, sampling->conf, &sampling->sums);
	if (session_is_call(s) && stats->now.sessions < STATS_SESSIONS_MAX)
		session_sample(s, &stats->session[stats->now.sessions++]);
}

static void
name_profiles(struct stats_now *now, const struct conf *conf)
{
	memset(now->profile, 0, sizeof(now->profile));
	for (unsigned int i = 0; i < conf->profile_count; i++)
		memcpy(now->profile[i], conf->profiles[i].name,
		    sizeof(now->profile[i]));
}

static void
sample(struct worker *w, const struct msg_ask *ask)
{
	union msg done = { .result = { .header.type = MSG_SAMPLED,
			       .request = ask->request } };
	struct sampling sampling = { .stats = w->stats,
		.conf = w->current->conf };

	w->stats->now.sessions = 0;
	registry_each(&w->registry, sample_one, &sampling);
	stats_set(&w->stats->now, &sampling.sums);
	name_profiles(&w->stats->now, sampling.conf);
	w->stats->now.half_open = w->admission.own->total;
	w->stats->now.held = buf_held_by_all();
	channel_send(&w->channel, &done, NULL);
}

static void
count_captured(struct session *s, void *context)
{
	unsigned int *count = context;

	*count += session_is_captured(s);
}

static uint32_t
begin_capture(struct worker *w, const struct msg_capture *ask, int *fd)
{
	struct session *s = registry_find(&w->registry, ask->header.session);
	unsigned int count = 0;

	if (s == NULL)
		return MSG_FAILED_SESSION;
	registry_each(&w->registry, count_captured, &count);
	if (count >= CAPTURES_MAX)
		return MSG_FAILED_BUSY;
	return session_capture_begin(s, ask, fd);
}

static void
capture(struct worker *w, const struct msg_capture *ask, int *fds)
{
	union msg done = { .result = { .header.type = MSG_CAPTURED,
			       .request = ask->request } };

	done.result.failed = begin_capture(w, ask, &fds[0]);
	channel_send(&w->channel, &done, NULL);
}

static void
take_own_peers(struct worker *w, int fd)
{
	w->admission.own = table_map(fd, sizeof(struct peers));
	if (w->admission.own == NULL)
		give_up("cannot map a table");
	/* what a worker before us has left */
	if (peers_init(w->admission.own) != 0)
		give_up("no random numbers");
}

static void
take_other_peers(struct worker *w, int fd)
{
	if (w->admission.others_count >= ADMISSION_OTHERS_MAX)
		give_up("too many tables of peers");
	w->admission.others[w->admission.others_count] =
	    table_map_to_read(fd, sizeof(struct peers));
	if (w->admission.others[w->admission.others_count++] == NULL)
		give_up("cannot map a table");
}

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct worker *w = owner;
	struct session *s;

	if (msg_fd_count(msg->header.type) > 0 && fds[0] < 0 &&
	    msg->header.type != MSG_STARTED && msg->header.type != MSG_TUN &&
	    msg->header.type != MSG_CAPTURE) {
		w->next_lost = true;
		return;
	}
	switch (msg->header.type) {
	case MSG_CONFIG:
		take_conf(w, fds[0]);
		break;
	case MSG_CERTIFICATE:
		take_certificate(w, fds);
		break;
	case MSG_LISTENER:
		take_listener(w, fds);
		break;
	case MSG_PEERS_OWN:
		take_own_peers(w, fds[0]);
		break;
	case MSG_PEERS_OTHER:
		take_other_peers(w, fds[0]);
		break;
	case MSG_STATS_OWN:
		w->stats = table_map(fds[0], sizeof(struct stats_worker));
		break;
	case MSG_SAMPLE:
		sample(w, &msg->ask);
		break;
	case MSG_DISCONNECT:
		s = registry_find(&w->registry, msg->header.session);
		if (s != NULL)
			session_disconnect(s, msg->disconnect.reason);
		break;
	case MSG_MAKE_ROOM:
		s = registry_find(&w->registry, msg->header.session);
		if (s != NULL)
			session_drop(s, CAUSE_LIMIT_UNAUTHENTICATED);
		break;
	case MSG_CAPTURE:
		capture(w, &msg->capture, fds);
		break;
	case MSG_COMMIT:
		commit(w, msg->commit.generation);
		break;
	case MSG_DRAIN:
		drain(w, &msg->ask);
		break;
	case MSG_STOP_ALL:
		stop_all(w);
		break;
	case MSG_STARTED:
	case MSG_REFUSED:
	case MSG_AUTH:
	case MSG_TUN:
	case MSG_AUTH_FAILED:
	case MSG_UP:
	case MSG_DOWN:
	case MSG_EXITED:
		s = registry_find(&w->registry, msg->header.session);
		if (s != NULL)
			session_on_message(s, msg, fds);
		break;
	default:
		give_up("the monitor sent a message that is not for a worker");
	}
}

static void
on_channel_closed(void *owner, const char *why)
{
	(void)owner;
	/* without the monitor every session's pppd is hung up by our exit */
	log_errx("worker: channel to the monitor: %s", why);
	_exit(1);
}

static const struct channel_ops channel_ops = {
	.on_message = on_message,
	.on_closed = on_channel_closed,
};

/* --- the process
 * -------------------------------------------------------------------------- */

/*
 * OpenSSL reads its configuration and loads what that names; a context and a
 * random byte make it set up the rest, too.
 */
static bool
warm_up_openssl(void)
{
	unsigned char byte;
	SSL_CTX *ctx;

	if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		return false;
	ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_free(ctx);
	return ctx != NULL && RAND_bytes(&byte, 1) == 1;
}

static void
prepare_process(void)
{
	/* the files it reads are out of reach later */
	if (!warm_up_openssl() || tls_global_init() != 0)
		give_up("OpenSSL cannot be initialised");
}

int
worker_main(unsigned int serial)
{
	struct worker w = { .serial = serial };

	w.loop = role_start();
	prepare_process();
	w.admission.monitor =
	    table_map_to_read(ROLE_PEERS_FD, sizeof(struct peers));
	if (w.loop == NULL || w.admission.monitor == NULL)
		give_up("no event loop or table");
	close(ROLE_PEERS_FD);
	channel_init(&w.channel, w.loop, ROLE_CHANNEL_FD, &channel_ops, &w);
	ev_prepare_init(&w.reaper, on_reap);
	w.reaper.data = &w;
	ev_prepare_start(w.loop, &w.reaper);
	loop_clock_start(w.loop);
	ev_run(w.loop, 0);
	generation_unref(w.current);
	free(w.tun_shared);
	channel_fini(&w.channel);
	ev_loop_destroy(w.loop);
	return 0;
}
