/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One pppd under the monitor's care, from SPAWN to the moment it is reaped: its
 * process, its plugin's channel, its address. The one owner of all three, so
 * that nothing of an ended session stays behind.
 */

#ifndef SSTPD_LINK_H
#define SSTPD_LINK_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "msg.h"
#include "pppd.h"

struct link;

#define LINK_ADDRESS_LATER UINT32_MAX

struct link_ops {
	/* a message for the session's worker; takes the descriptors */
	void (*send)(struct link *l, union msg *msg, const int *fds);
	/*
	 * An address for the user, or the wanted one if that is not 0; host
	 * order. 0: there is none, with *cause saying why. LINK_ADDRESS_LATER:
	 * link_give_address() will tell.
	 */
	uint32_t (*take_address)(struct link *l, const char *user,
	    uint32_t wanted, enum msg_end_cause *cause);
	/* it begins, or ceases, to cost what a start costs: see l->starting */
	void (*starting)(struct link *l);
	/* it speaks PPP, so many seconds after its start */
	void (*speaks)(struct link *l, ev_tstamp after);
	/* its peer is who it says */
	void (*authenticated)(struct link *l);
	/* its peer is not; told once */
	void (*auth_failed)(struct link *l);
	/* pppd is reaped and MSG_EXITED sent; free it after */
	void (*gone)(struct link *l);
};

struct link {
	struct link *next; /* the monitor's list */
	void *worker;	   /* whose session it is; NULL once that worker died */
	void *owner;
	const struct link_ops *ops;
	struct ev_loop *loop;
	uint64_t session;
	uint64_t peer; /* key of the client, see peers.h */
	char profile[CONF_NAME_MAX];
	uint32_t address; /* host order; 0: none yet */
	/*
	 * pppd is busy with its start, or with bringing the network up once its
	 * user is known: what it does there depends on this machine alone. It
	 * is not while an unknown client takes its time to authenticate.
	 */
	bool starting;
	/* the owner's: since when it speaks PPP, in ms, and how it counts */
	uint64_t spoke;
	bool unproven, evicted;
	/* internal */
	struct pppd_process process;
	ev_io exited, plugin;
	ev_timer killer, start_limit;
	ev_tstamp stop_timeout, starting_time, began;
	uint32_t auth_methods, data_path;
	/* a copy, for the device to live until its pppd is reaped; -1: none */
	int tun;
	enum msg_end_cause cause;
	bool authenticated, auth_failed, terminated;
	bool waits_for_address;
	uint32_t wanted; /* address that pppd would like, 0: any */
	/* once gone() is called */
	int killed_by; /* a signal, or 0: it exited */
	uint32_t exit_code;
	char user[KEYMSG_USER_MAX];
};

/* What a link is made of; all the caller's. */
struct link_start {
	const struct conf *conf;
	const struct conf_profile *profile; /* of conf */
	struct pppd_template *from; /* to clone the pppd from, or NULL */
	const struct msg_spawn *spawn;
	const struct link_ops *ops; /* remains in use */
	void *owner, *worker;
};

/*
 * Start a pppd for a session; MSG_STARTED is sent when it speaks PPP. Returns
 * NULL with errno set and *what naming the call that failed.
 */
struct link *link_new(
    struct ev_loop *loop, const struct link_start *start, const char **what);
/* Only for a link whose gone() was called. */
void link_free(struct link *l);

/* What take_address() could not tell at once; nothing if none is waited for. */
void link_give_address(
    struct link *l, uint32_t address, enum msg_end_cause cause);

/* The line is gone: pppd ends by that, else SIGTERM after stop-timeout. */
void link_hang_up(struct link *l);
/* Let it say good-bye: SIGTERM, and SIGKILL after stop-timeout. */
void link_terminate(struct link *l);
/* The same for a client that has neither authenticated nor failed to. */
void link_turn_away(struct link *l, enum msg_end_cause cause);
/* No more patience. */
void link_kill(struct link *l);

#endif
