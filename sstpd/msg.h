/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Messages between the monitor and a worker over a SOCK_SEQPACKET pair: structs
 * of fixed size, some with descriptors. The receiver checks type, size and
 * number of descriptors against one table before anything else looks at them;
 * whatever does not fit ends the receiver's trust in the sender.
 *
 * Paths, arguments and format strings never cross: the monitor does what an
 * enum asks, with what it read from its own configuration.
 */

#ifndef SSTPD_MSG_H
#define SSTPD_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "keymsg.h"

enum {
	MSG_FDS_MAX = 2,
};

enum msg_type {
	/*
	 * monitor to worker, at start and on reload: a CONFIG, then a
	 * CERTIFICATE for each, then (at start only) PEERS and LISTENERs,
	 * then COMMIT
	 */
	MSG_CONFIG = 1, /* fd: sealed memory file with a struct conf */
	/* fds: chain file, key file, both PEM; those of all profiles in turn */
	MSG_CERTIFICATE,
	MSG_LISTENER,	 /* fd: listening socket */
	MSG_PEERS_OWN,	 /* fd: table of peers.h, to write to */
	MSG_PEERS_OTHER, /* fd: another worker's, to read */
	MSG_COMMIT,	 /* use all this from now on */
	MSG_STATS_OWN,	 /* fd: struct stats_worker, to write to */
	MSG_SAMPLE,	 /* list the sessions in it, then answer SAMPLED */
	MSG_DISCONNECT,	 /* end this session, an administrator wants it */
	MSG_CAPTURE,	 /* fd: socket to write this session's frames to */
	/* monitor to worker, about a session */
	MSG_STARTED, /* fds: pty master, pppd's log pipe */
	MSG_REFUSED, /* no pppd: too many sessions, or it cannot be started */
	MSG_AUTH,    /* the peer is who it says; keys */
	MSG_TUN,     /* fd: tun device that its IP packets take from now on */
	MSG_AUTH_FAILED, /* it is not; pppd is ending */
	MSG_UP,		 /* addresses are set, scripts run */
	MSG_DOWN,	 /* IPv4 or IPv6 must not pass until it is up again */
	MSG_EXITED,	 /* pppd is reaped; the last message about a session */
	MSG_STOP_ALL,	 /* end every session, accept no more */
	MSG_MAKE_ROOM,	 /* drop it, its place is another's already */
	/* worker to monitor */
	MSG_READY,     /* COMMIT done */
	MSG_SPAWN,     /* start a pppd for this session */
	MSG_HANG_UP,   /* the session's line is gone: pppd is to end */
	MSG_TERMINATE, /* the session should end: let pppd say good-bye */
	MSG_SAMPLED,   /* answer to SAMPLE */
	MSG_DRAINED,   /* answer to DRAIN: it accepts no more */
	MSG_CAPTURED,  /* answer to CAPTURE */
	/*
	 * monitor to control: at start the tables and sockets, then READY;
	 * SAMPLED once all workers have, CAPTURED once one has, or RESULT of
	 * what it asked for.
	 * control to monitor: SAMPLE, DISCONNECT, CAPTURE, and these
	 */
	MSG_STATS_MONITOR,  /* fd: struct stats_monitor, to read */
	MSG_STATS_WORKER,   /* fd: a worker's struct stats_worker, to read */
	MSG_CONTROL_SOCKET, /* fd: listening Unix socket */
	MSG_METRICS_SOCKET, /* fd: listening socket for HTTP */
	MSG_DRAIN,	    /* accept no more; exit with the last session */
	MSG_UNDRAIN,
	MSG_RELOAD,
	MSG_RESULT,
	MSG_UPGRADE, /* start the program anew beside us, then end */
	/*
	 * Between an old monitor and its successor. They may be of different
	 * versions, so the numbers and sizes of these stay as they are. Old to
	 * new: STATE, LISTENER ... METRICS, then START. New to old once its
	 * workers are ready: READY; old to new: OWNER; new to old once it
	 * accepts: ACCEPTING; old to new: DONE.
	 */
	MSG_HANDOVER_STATE = 128, /* fd: memory file of handover.h */
	MSG_HANDOVER_LISTENER,	  /* fd: a worker's; number: which worker */
	MSG_HANDOVER_GIVEN,	  /* fd: a service manager's socket */
	MSG_HANDOVER_CONTROL,	  /* fd: sstpctl's socket */
	MSG_HANDOVER_METRICS,	  /* fd: socket for HTTP */
	MSG_HANDOVER_START,	  /* that is all: start, but do not accept */
	MSG_HANDOVER_READY,
	MSG_HANDOVER_OWNER, /* the addresses are yours now: accept */
	MSG_HANDOVER_ACCEPTING,
	MSG_HANDOVER_DONE, /* the service manager knows of you */
	/* old to new, all the time */
	MSG_HANDOVER_USED, /* address: it is given to a session of mine */
	MSG_HANDOVER_FREE, /* address: it no longer is */
	MSG_HANDOVER_TAKE, /* user, address (wanted, or 0): choose one for me */
	MSG_HANDOVER_LEFT, /* number: sessions I still have */
	/* new to old */
	MSG_HANDOVER_TAKEN, /* address; number: enum msg_end_cause if 0 */
	MSG_HANDOVER_STOP,  /* end them all */
	MSG_TYPES,
};

struct msg_header {
	uint16_t type;	 /* enum msg_type */
	uint16_t length; /* of the whole message */
	uint32_t reserved;
	uint64_t session; /* 0 where it is not about one */
};

struct msg_plain { /* MSG_CONFIG, LISTENER, PEERS_OWN, STOP_ALL, ... */
	struct msg_header header;
};

struct msg_commit { /* MSG_COMMIT, MSG_READY */
	struct msg_header header;
	uint32_t generation; /* counts configurations */
	/* MSG_READY: 1 if all of it could not be put to use, so none is */
	uint32_t failed;
};

struct msg_spawn {
	struct msg_header header;
	uint64_t peer; /* key of the client, see peers.h */
	/*
	 * for pppd's scripts, header unused; of the profile the monitor takes
	 * what its own configuration has under that name
	 */
	struct keymsg_session session;
};

struct msg_started {
	struct msg_header header;
	uint32_t pid; /* for the log only */
	uint32_t reserved;
};

enum msg_refusal {
	MSG_REFUSED_LIMIT, /* max-sessions, max-sessions-per-address */
	MSG_REFUSED_SPAWN, /* fork, exec, pty ... failed; the monitor logged it
			    */
	MSG_REFUSED_STOPPING,
	MSG_REFUSED_WITHDRAWN, /* the worker itself ended it before its turn */
	MSG_REFUSED_PROFILE_LIMIT, /* max-sessions of its profile */
	MSG_REFUSED_NO_PROFILE,	   /* which the configuration has no more */
	MSG_REFUSED_BANNED,	   /* its address has failed to authenticate */
};

struct msg_ask { /* MSG_SAMPLE and what else control may ask for */
	struct msg_header header;
	uint32_t request; /* the answer has the same */
	uint32_t seconds; /* MSG_DRAIN: end what is left after; 0: never */
	/*
	 * MSG_DRAIN: 1: the sockets stay open, who connects waits for somebody
	 * to accept; 0: they are closed
	 */
	uint32_t hold;
	uint32_t reserved;
};

enum { MSG_REASON_MAX = 128 };

struct msg_disconnect { /* MSG_DISCONNECT */
	struct msg_header header;
	uint32_t request; /* as in msg_ask */
	uint32_t reserved;
	char reason[MSG_REASON_MAX]; /* for the log; "": none was given */
};

/*
 * MSG_CAPTURE: of session 0, the next one that begins at this address; of no
 * address, the next one whose user turns out to be this; of neither, the next.
 */
struct msg_capture {
	struct msg_header header;
	uint32_t request; /* the answer has the same */
	uint32_t uid;	  /* of who wants it, for the log */
	uint32_t secrets; /* 1: show passwords and responses */
	uint32_t reserved;
	char address[KEYMSG_TEXT_MAX], user[KEYMSG_USER_MAX];
};

enum msg_failure {
	MSG_SUCCEEDED,
	MSG_FAILED, /* no such session, or see the log */
	MSG_FAILED_SESSION,
	MSG_FAILED_BUSY, /* it is captured already, or too many are */
	MSG_FAILED_SOCKET,
};

struct msg_result { /* MSG_SAMPLED, MSG_DRAINED, MSG_CAPTURED, MSG_RESULT */
	struct msg_header header;
	uint32_t request;
	uint32_t failed; /* enum msg_failure */
};

struct msg_refused {
	struct msg_header header;
	uint32_t refusal; /* enum msg_refusal */
	uint32_t reserved;
};

struct msg_auth {
	struct msg_header header;
	struct keymsg_auth auth;
};

struct msg_up {
	struct msg_header header;
	struct keymsg_up up;
};

struct msg_down {
	struct msg_header header;
	struct keymsg_down down;
};

struct msg_exited {
	struct msg_header header;
	uint32_t exit_code; /* when it exited */
	uint32_t signal;    /* when it was killed, else 0 */
	uint32_t cause;	    /* enum msg_end_cause */
	uint32_t reserved;
};

enum msg_end_cause {
	MSG_END_PPPD,	       /* pppd ended, its exit code tells why */
	MSG_END_POOL,	       /* the pool had no address for this user */
	MSG_END_ADDRESS_TAKEN, /* the address it was to get is in use */
	MSG_END_METHOD,	 /* authenticated by a method that is not allowed */
	MSG_END_CHANNEL, /* the plugin broke the protocol, or never spoke */
	MSG_END_PROFILE, /* its profile is gone, and so is its pool */
	MSG_END_BANNED,	 /* others of its address have failed to authenticate */
};

enum { MSG_HANDOVER_USER_MAX = 256, MSG_HANDOVER_PROFILE_MAX = 64 };

struct msg_handover { /* MSG_HANDOVER_* */
	struct msg_header header;
	uint32_t number;
	uint32_t address; /* IPv4, host order */
	char profile[MSG_HANDOVER_PROFILE_MAX];
	char user[MSG_HANDOVER_USER_MAX];
};

union msg {
	struct msg_header header;
	struct msg_plain plain;
	struct msg_commit commit;
	struct msg_spawn spawn;
	struct msg_started started;
	struct msg_refused refused;
	struct msg_auth auth;
	struct msg_up up;
	struct msg_down down;
	struct msg_exited exited;
	struct msg_ask ask;
	struct msg_capture capture;
	struct msg_disconnect disconnect;
	struct msg_result result;
	struct msg_handover handover;
};

/* Size and descriptors a type has; 0 for an unknown type. */
size_t msg_size(unsigned int type);
unsigned int msg_fd_count(unsigned int type);
/* For logs; never NULL. */
const char *msg_name(unsigned int type);

/*
 * Send a message whose header.type is set; length is filled in. The fds stay
 * the caller's. Returns 0, or -1 with errno (EAGAIN: try again later).
 */
int msg_send(int sock, union msg *msg, const int *fds);

/*
 * Receive one message with its descriptors (close-on-exec, now the caller's).
 * Returns 1, 0 at end of file, or -1 with errno: EAGAIN, or EBADMSG for a
 * message that does not fit the table (its descriptors are closed). If this
 * process has no room for the descriptors, they are lost and all fds are -1.
 */
int msg_recv(int sock, union msg *msg, int fds[static MSG_FDS_MAX]);

/* Close those of fds that are not -1 and set them to -1. */
void msg_close_fds(int fds[static MSG_FDS_MAX]);

/* One end of a channel between a daemon and its plugin, same rules. */
int keymsg_send(int sock, union keymsg *msg);
int keymsg_recv(int sock, union keymsg *msg);

#endif
