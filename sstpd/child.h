/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A worker or the control process as the monitor sees it: a child that runs
 * this program in another role, with a message channel, a pipe with its log
 * lines, and files that outlive it. One that dies is started again.
 */

#ifndef SSTPD_CHILD_H
#define SSTPD_CHILD_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "listener.h"
#include "log_pipe.h"

struct child;

struct child_ops {
	/* started, first or again: send it everything it needs */
	void (*on_started)(struct child *w);
	void (*on_message)(struct child *w, union msg *msg, int *fds);
	/* it died; a new one is started soon unless stopping is set */
	void (*on_died)(struct child *w);
};

struct child_life { /* of the process that runs now, all zero at its start */
	bool fixed_sent; /* what it gets once */
	bool distrusted; /* killed for what it sent */
	bool behind;	 /* it could not use the last configuration */
	unsigned int commits, readies; /* COMMITs sent, and answered */
	unsigned int listeners_in; /* which of those had its sockets; 0: none */
	unsigned int drains;	   /* the monitor's, when it was sent them */
};

struct child {
	const struct child_ops *ops;
	void *owner;
	struct ev_loop *loop;
	const char *name, *role; /* "worker", "--worker" */
	int exe, monitor_peers;	 /* descriptors, not owned */
	/* its own tables, see peers.h and stats.h, to write and read; owned */
	int peers, peers_read, stats, stats_read;
	int listeners[LISTENERS_MAX]; /* owned */
	unsigned int listener_count;
	bool running;
	bool ready;	   /* its first COMMIT is done */
	bool accepting;	   /* it has, or may still have, listening sockets */
	uint32_t answered; /* number of the last configuration it got */
	bool stopping;	   /* its end is wanted */
	bool renewing;	   /* its end is wanted, and another one after it */
	struct child_life life;
	struct channel channel;
	/* internal */
	unsigned int *serials; /* counts workers ever started */
	unsigned int serial;
	pid_t pid;
	int pidfd, log;
	ev_io exited, log_reader;
	ev_timer restart;
	ev_tstamp started;
	struct log_pipe log_pipe;
};

/* The caller has set all but what is internal; descriptors may be -1. */
int child_start(struct child *w);
/* New connections are refused once the child has closed them too. */
void child_close_listeners(struct child *w);
/* Kill it if it runs, and close everything. */
void child_fini(struct child *w);

#endif
