/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the files of the monitor share; nobody else includes it. */

#ifndef SSTPD_MONITOR_PRIVATE_H
#define SSTPD_MONITOR_PRIVATE_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "activation.h"
#include "child.h"
#include "data_path.h"
#include "link.h"
#include "pace.h"
#include "peers.h"
#include "pppd_template.h"
#include "service.h"
#include "setup.h"
#include "spawn_queue.h"
#include "stats.h"

enum {
	CAPTURES_MAX = 16, /* that wait for a session */
};

struct capture_wait {
	struct monitor *monitor; /* NULL: nobody waits here */
	ev_io gone;		 /* its socket, owned */
	struct msg_capture ask;
};

struct successor {	/* the process that takes over from us */
	bool running;	/* and we speak with it */
	bool owner;	/* of the addresses */
	bool accepting; /* our part is done but for our sessions */
	pid_t pid;
	int pidfd; /* -1: there is none */
	struct channel channel;
	ev_io exited;
	ev_timer patience;
	uint32_t request; /* of the control process, 0: not its */
	uint32_t seconds; /* our sessions have after it, 0: no limit */
};

struct inherited {
	int fd;
	unsigned int worker; /* number of the one that had it */
};

struct predecessor { /* the process that we take over from */
	bool there;
	bool waits; /* it still accepts, so we do not */
	bool told;  /* that we are ready */
	pid_t pid;
	struct channel channel;
	uint32_t left;	/* its sessions */
	uint32_t *used; /* addresses of theirs */
	size_t used_count, used_cap;
	/* sockets that nobody of ours has taken yet; owned */
	struct inherited *sockets;
	unsigned int socket_count;
	int control, metrics[CONF_LISTEN_MAX]; /* -1: taken */
	unsigned int metrics_count;
};

enum { TEMPLATE_FILES = 5 };

/* One that a template was made from, all zero: it did not exist. */
struct template_file {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

/* Of a profile, by its place in the configuration. */
struct template
{
	struct monitor *monitor;
	struct pppd_template process;
	char profile[CONF_NAME_MAX];
	struct template_file files[TEMPLATE_FILES];
	ev_io heard;
	ev_timer timer; /* until it waits, and then until it is idle */
	ev_tstamp began, asked, rests_until;
	bool served;  /* it was cloned */
	bool useless; /* with these files */
};

struct monitor {
	struct ev_loop *loop;
	const char *path;
	struct setup setup;
	struct data_path_told data_path;	   /* of setup */
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
	bool control_shared; /* it is the predecessor's, too */
	char control_path[CONF_PATH_MAX + 16]; /* of that */
	char exe_path[CONF_PATH_MAX];
	struct successor successor;
	struct predecessor predecessor;
	uint32_t sample;	   /* request being answered */
	unsigned int sample_waits; /* workers that have not answered it */
	struct link *links;
	struct template templates[CONF_PROFILES_MAX];
	char user_options[CONF_PATH_MAX + 16]; /* path of a file */
	struct capture_wait captures[CAPTURES_MAX];
	struct spawn_queue queue;
	/* by profile: those with a pppd and those that wait for one */
	uint32_t profile_sessions[CONF_PROFILES_MAX];
	unsigned int starting; /* of the links */
	unsigned int evicted;  /* of the links: they count no more */
	struct pace pace;      /* how many may, if it is for us to say */
	unsigned int cores;
	ev_signal on_term, on_int, on_hup, on_usr2;
	ev_timer deadline, drain, drain_check;
	ev_timer again; /* for workers that could not use a configuration */
	ev_tstamp again_after;
	bool stopping, draining, all_ready, late, reload_failed;
	uint32_t drains; /* ever */
	bool holding;	 /* while draining: the listening sockets are kept */
	int status;
};

/* --- monitor.c --- */
/* A duplicate for a message, which takes its descriptors. */
int monitor_duplicate(int fd);
void monitor_send_plain(struct child *c, enum msg_type type, const int *fds);
/* The worker that has a session of this id, if it lives; else NULL. */
struct child *monitor_worker_of(struct monitor *m, uint64_t session);
/* A worker has sent what no worker of ours sends: somebody else is in there. */
void monitor_distrust(struct child *w, enum msg_type sent, const char *why);
/* The configuration in force, and with it what the worker has not got yet. */
void monitor_send_conf(struct monitor *m, struct child *w);

/* --- monitor_listen.c --- */
/* Sockets for one worker. Returns 0, or -1: logged. */
int monitor_bind_worker(struct monitor *m, unsigned int number);
/* Whether a socket listens where it should, port 0 meaning any. */
bool monitor_is_at(int fd, const struct sockaddr_storage *wanted);
/* Once all have theirs: what is left of a predecessor's sockets. */
void monitor_share_rest(struct monitor *m);
void monitor_send_listeners(struct child *w);
/* A worker died that may have shut its sockets down, which are ours, too. */
void monitor_mend_listeners(struct monitor *m, struct child *w);
/* [server] tcp-congestion, for what its sockets accept from now on. */
void monitor_set_congestion(const struct monitor *m, const struct child *w);
/* Let all workers accept that had no listening sockets. */
void monitor_accept(struct monitor *m);
/* [server] address-file, in place at once. Returns 0, or -1 with errno. */
int monitor_write_addresses(const struct monitor *m);

/* --- monitor_links.c --- */
/* A worker asks for a pppd: in its turn, or refused. */
void monitor_spawn(
    struct monitor *m, struct child *w, const struct msg_spawn *msg);
/* Every turn of the loop: whose turn it is, as far as max-starting allows. */
void monitor_start_waiting(struct monitor *m);
/* Those of a client's address that wait for their turn. */
void monitor_refuse_waiting(
    struct monitor *m, uint64_t peer, enum msg_refusal why);
/* A worker's session ends: how is MSG_HANG_UP or MSG_TERMINATE. */
void monitor_end_link(
    struct monitor *m, struct child *w, uint64_t session, enum msg_type how);
/* A worker died: so do its sessions. */
void monitor_orphan_links(struct monitor *m, const struct child *w);

/* --- monitor_limits.c --- */
/* A call counts from its request on, or until it leaves the queue for good. */
void monitor_count_call(
    struct monitor *m, struct peer *peer, const char *profile);
void monitor_uncount_call(
    struct monitor *m, uint64_t peer, const char *profile);
/* It has a pppd, which speaks PPP; its client has authenticated; it is gone. */
void monitor_count_speaking(struct link *l);
void monitor_count_authenticated(struct link *l);
void monitor_count_gone(struct link *l);
/*
 * Free a place, one of a profile unless that is NULL, for a call of this
 * address. False: nobody is to go for it.
 */
bool monitor_make_room(struct monitor *m, uint64_t peer, const char *profile);
/* Whether there are max-sessions. */
bool monitor_is_full(const struct monitor *m);
/* Whether a call may start: those that made room may still be there. */
bool monitor_has_room(const struct monitor *m);
/* A link's client is not who it says. */
void monitor_auth_failed(struct link *l);

/* --- monitor_reload.c --- */
void monitor_open_log(const struct conf *conf);
/* What the control process tells of the configuration. */
void monitor_note_setup(struct monitor *m);
/* Read the configuration again. Returns 0, or -1 when all stays as it was. */
int monitor_reload(struct monitor *m);
/* Whether a worker could not use the configuration in force. */
bool monitor_is_behind(const struct monitor *m);
/* That may have changed: tell it, and try again later. */
void monitor_note_behind(struct monitor *m);
/* SIGHUP, too. */
void monitor_reload_init(struct monitor *m);

/* --- monitor_stop.c --- */
/* End all and exit, as on SIGTERM. */
void monitor_stop(struct monitor *m);
enum drain {
	DRAIN_CLOSE, /* the listening sockets: who connects is refused */
	DRAIN_HOLD,  /* keep them: who connects waits until drain is over */
	DRAIN_HANDED_OVER, /* another process accepts */
};

/* Accept no more; stop with the last session, or after so many seconds unless
 * 0. Returns 0, or -1 where there is nothing any more to hold.
 */
int monitor_drain(struct monitor *m, uint32_t seconds, enum drain how);
/* Returns 0, or -1 if nothing listens. */
int monitor_undrain(struct monitor *m);
/* SIGTERM and SIGINT, too. */
void monitor_stop_init(struct monitor *m);
/* Every turn of the loop: whether all is done. */
void monitor_stop_turn(struct monitor *m);

/* --- monitor_profiles.c --- */
/* The profile that a worker has named, or NULL: there is none. */
const struct conf_profile *monitor_profile(
    const struct monitor *m, const struct keymsg_session *session);
/* Whether one more session of it may begin; else why not. */
bool monitor_profile_admits(const struct monitor *m,
    const struct keymsg_session *session, enum msg_refusal *why);
void monitor_profile_enter(struct monitor *m, const char *name);
void monitor_profile_leave(struct monitor *m, const char *name);
/* The configuration is another one. */
void monitor_profiles_note(struct monitor *m);
/* Somebody wants to see. */
void monitor_profiles_sample(struct monitor *m);
/*
 * An address for a user of that profile, or the wanted one if that is not 0;
 * host order. 0: there is none, with *cause saying why.
 */
uint32_t monitor_choose_address(struct monitor *m, const char *profile,
    const char *user, uint32_t wanted, enum msg_end_cause *cause);

/* --- monitor_control.c --- */
/* Make the control process and its sockets. Returns 0, or -1: logged. */
int monitor_control_start(struct monitor *m);
void monitor_control_fini(struct monitor *m);
/* A worker has answered a SAMPLE, or died and never will. */
void monitor_control_sampled(struct monitor *m, uint32_t request);
void monitor_control_lost(struct monitor *m);
/* Answer a request; failed is an enum msg_failure. */
void monitor_control_answer(
    struct monitor *m, uint32_t request, uint32_t failed);
/* A successor has our sockets: serve those who ask about us at another one. */
void monitor_control_move(struct monitor *m);
/* A worker answers one, of those that are about a capture. */
void monitor_control_captured(
    struct monitor *m, const struct msg_result *result);

/* --- monitor_templates.c --- */
void monitor_templates_init(struct monitor *m);
/* What to clone the pppd of a session that begins now from, or NULL. */
struct pppd_template *monitor_template(
    struct monitor *m, const struct conf_profile *profile);
/* A clone of that profile's has crashed; a new one may come. */
void monitor_template_end(struct monitor *m, const char *profile);
/* All of them; new ones may come. */
void monitor_templates_end(struct monitor *m);

/* --- monitor_capture.c --- */
/*
 * The control process wants a session captured. Returns an enum msg_failure;
 * where it succeeds and names a session, the worker will answer.
 */
uint32_t monitor_capture_ask(struct monitor *m, union msg *msg, int *fds);
/* A session begins, or its user is known: somebody may wait for it. */
void monitor_capture_begins(
    struct monitor *m, struct child *w, const struct msg_spawn *spawn);
void monitor_capture_known(
    struct monitor *m, struct child *w, const struct msg_auth *auth);

/* --- monitor_successor.c --- */
/* SIGUSR2. Returns 0, or -1 with errno. */
int monitor_successor_init(struct monitor *m);
/*
 * Start the program anew and drain once it accepts, with so many seconds for
 * our sessions (0: no limit). Returns 0, and the control process' request is
 * answered later; or -1: logged.
 */
int monitor_upgrade(struct monitor *m, uint32_t request, uint32_t seconds);
/* We are stopping: it is not to take over any more. */
void monitor_successor_stop(struct monitor *m);
/* Tell it, if there is one: an address is used, or free; how many sessions. */
void monitor_successor_used(struct monitor *m, uint32_t address);
void monitor_successor_free(struct monitor *m, uint32_t address);
void monitor_successor_left(struct monitor *m);
/* Ask it for an address; false: it is ours to choose. */
bool monitor_successor_take(struct monitor *m, const struct msg_handover *wish);

/* --- monitor_predecessor.c --- */
/* Take what a predecessor hands over, if there is one. 0, or -1: logged. */
int monitor_predecessor_init(struct monitor *m);
void monitor_predecessor_fini(struct monitor *m);
/* The addresses of its sessions are in use, in new pools too. */
void monitor_predecessor_mark(const struct monitor *m, struct pools *pools);
/* All workers are ready, but have no sockets yet. */
void monitor_predecessor_ready(struct monitor *m);
/* Give them the sockets. */
void monitor_predecessor_accept(struct monitor *m);
/* They have them; false: there is nobody to tell. */
bool monitor_predecessor_accepting(struct monitor *m);
/* It is to end, as we are. */
void monitor_predecessor_stop(struct monitor *m);
/* An answer from our own successor is for it. */
void monitor_predecessor_taken(
    struct monitor *m, const struct msg_handover *msg);

/* --- monitor_service.c --- */
extern const struct service_ops monitor_service_ops;

#endif
