/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A worker as the monitor sees it: a child with a message channel, a pipe with
 * its log lines, and the listening sockets that outlive it.
 */

#ifndef SSTPD_WORKER_PROCESS_H
#define SSTPD_WORKER_PROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "conf.h"
#include "log.h"

struct worker_process;

struct worker_process_ops {
	/* started, first or again: send it everything it needs */
	void (*on_started)(struct worker_process *w);
	void (*on_message)(struct worker_process *w, union msg *msg, int *fds);
	/* it died; a new one is started soon unless stopping is set */
	void (*on_died)(struct worker_process *w);
};

struct worker_process {
	const struct worker_process_ops *ops;
	void *owner;
	struct ev_loop *loop;
	int exe, monitor_peers;		/* descriptors, not owned */
	int peers, peers_read;		/* its own table, see peers.h; owned */
	int listeners[CONF_LISTEN_MAX]; /* owned */
	unsigned int listener_count;
	bool running;
	bool ready;    /* its first COMMIT is done */
	bool stopping; /* its end is wanted */
	struct channel channel;
	/* internal */
	unsigned int *serials; /* counts workers ever started */
	unsigned int serial;
	pid_t pid;
	int pidfd, log;
	ev_io exited, log_reader;
	ev_timer restart;
	ev_tstamp started;
	char line[LOG_LINE_MAX];
	size_t line_len;
};

/* The caller has set ops, owner, loop, exe, shared, serials, listeners. */
int worker_process_start(struct worker_process *w);
/* New connections are refused once the worker has closed them too. */
void worker_process_close_listeners(struct worker_process *w);
/* Kill it if it runs, and close everything. */
void worker_process_fini(struct worker_process *w);

#endif
