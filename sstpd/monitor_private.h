/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the files of the monitor share; nobody else includes it. */

#ifndef SSTPD_MONITOR_PRIVATE_H
#define SSTPD_MONITOR_PRIVATE_H

#include <ev.h>
#include <stdbool.h>

#include "activation.h"
#include "child.h"
#include "link.h"
#include "peers.h"
#include "service.h"
#include "setup.h"
#include "spawn_queue.h"
#include "stats.h"

enum { WORKERS_MAX = 256 };

struct monitor {
	struct ev_loop *loop;
	const char *path;
	struct setup setup;
	struct conf_listen bound[CONF_LISTEN_MAX]; /* port 0 is decided */
	struct activation given;
	struct service service;
	uint32_t generation;
	struct peers *peers;
	struct stats_monitor *stats;
	int peers_read, stats_read, exe;
	struct child workers[WORKERS_MAX];
	unsigned int worker_count, serials;
	const struct peers *half_open[WORKERS_MAX]; /* theirs, to read */
	struct child control;			    /* exe -1: there is none */
	unsigned int controls;			    /* ever started */
	int control_socket;			    /* -1: none; owned */
	uint32_t sample;			    /* request being answered */
	unsigned int sample_waits; /* workers that have not answered it */
	struct link *links;
	struct spawn_queue queue;
	unsigned int starting; /* of the links */
	unsigned int cores;
	ev_signal on_term, on_int, on_hup;
	ev_timer deadline, drain, drain_check;
	bool stopping, draining, all_ready, late, reload_failed;
	uint32_t drains; /* ever */
	bool holding;	 /* while draining: the listening sockets are kept */
	int status;
};

/* --- monitor.c --- */
/* A duplicate for a message, which takes its descriptors. */
int monitor_duplicate(int fd);
void monitor_send_plain(struct child *c, enum msg_type type, const int *fds);
/* The configuration in force, and with it what the worker has not got yet. */
void monitor_send_conf(struct monitor *m, struct child *w);

/* --- monitor_listen.c --- */
/* Sockets for one worker. Returns 0, or -1: logged. */
int monitor_bind_worker(struct monitor *m, unsigned int number);
void monitor_send_listeners(struct child *w);
/* [server] address-file, in place at once. Returns 0, or -1 with errno. */
int monitor_write_addresses(const struct monitor *m);

/* --- monitor_links.c --- */
/* A worker asks for a pppd: in its turn, or refused. */
void monitor_spawn(
    struct monitor *m, struct child *w, const struct msg_spawn *msg);
/* Every turn of the loop: whose turn it is, as far as max-starting allows. */
void monitor_start_waiting(struct monitor *m);
/* A worker's session ends: how is MSG_HANG_UP or MSG_TERMINATE. */
void monitor_end_link(
    struct monitor *m, struct child *w, uint64_t session, enum msg_type how);
/* A worker died: so do its sessions. */
void monitor_orphan_links(struct monitor *m, const struct child *w);

/* --- monitor_reload.c --- */
void monitor_open_log(const struct conf *conf);
/* What the control process tells of the configuration. */
void monitor_note_setup(struct monitor *m);
/* Read the configuration again. Returns 0, or -1 when all stays as it was. */
int monitor_reload(struct monitor *m);
/* SIGHUP, too. */
void monitor_reload_init(struct monitor *m);

/* --- monitor_stop.c --- */
/* End all and exit, as on SIGTERM. */
void monitor_stop(struct monitor *m);
/*
 * Accept no more; stop with the last session, or after so many seconds unless
 * 0. With hold the sockets stay open: who connects waits until drain is over,
 * or another process has taken the sockets over.
 */
void monitor_drain(struct monitor *m, uint32_t seconds, bool hold);
/* Returns 0, or -1 if nothing listens. */
int monitor_undrain(struct monitor *m);
/* SIGTERM and SIGINT, too. */
void monitor_stop_init(struct monitor *m);
/* Every turn of the loop: whether all is done. */
void monitor_stop_turn(struct monitor *m);

/* --- monitor_control.c --- */
/* Make the control process and its sockets. Returns 0, or -1: logged. */
int monitor_control_start(struct monitor *m);
void monitor_control_fini(struct monitor *m);
/* A worker has answered a SAMPLE, or died and never will. */
void monitor_control_sampled(struct monitor *m, uint32_t request);
void monitor_control_lost(struct monitor *m);

/* --- monitor_service.c --- */
extern const struct service_ops monitor_service_ops;

#endif
