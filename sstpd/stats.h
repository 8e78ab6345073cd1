/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the control process shows, in memory files that one process writes and
 * the control process reads. Counters only grow: a worker that is started again
 * goes on with the table of the one before it. The list of sessions, what they
 * add up to, and the traffic of those that live are filled in when it asks
 * (MSG_SAMPLE), so they cost nothing while nobody looks.
 * A reader trusts no string to end and no number to be in range.
 */

#ifndef SSTPD_STATS_H
#define SSTPD_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "cause.h"
#include "keymsg.h"

enum {
	STATS_SESSIONS_MAX = 65536, /* of a worker; more are not listed */
	STATS_FAILURES_MAX = 64,    /* the last ones of a worker */
	STATS_LINE_MAX = 768,
	STATS_EXITS_MAX = 32,	      /* pppd's exit codes */
	STATS_BUCKETS = 12,	      /* of a histogram */
	STATS_LIMITS = 5,	      /* enum limit of admission.h */
	STATS_CLOSING = CAUSE_STAGES, /* no socket any more, but a pppd */
	STATS_STATES,		      /* enum cause_stage, and that */
	STATS_PROFILES_MAX = 17,      /* of a configuration */
	STATS_PROFILE_GONE = STATS_PROFILES_MAX, /* no longer in it */
	STATS_PROFILES,
};

struct stats_session {
	uint64_t id;
	uint32_t stage;			 /* enum cause_stage */
	uint32_t method;		 /* enum keymsg_method; 0 before */
	int64_t began, connected;	 /* ms since 1970; 0: not yet */
	uint32_t tls_ms, auth_ms, up_ms; /* since it began; 0: not yet */
	uint32_t mtu;
	char peer[80], local[80]; /* with ports */
	char user[KEYMSG_USER_MAX];
	char sni[KEYMSG_SNI_MAX];
	char profile[KEYMSG_PROFILE_MAX];
	char correlation_id[KEYMSG_TEXT_MAX];
	char tls_version[16], tls_cipher[KEYMSG_TEXT_MAX];
	char ifname[KEYMSG_IFNAME_MAX];
	uint32_t local4, remote4;      /* network order; 0: none */
	uint8_t local6[8], remote6[8]; /* interface identifiers; 0: none */
	/* PPP frames with data, seen from the server */
	uint64_t bytes_in, bytes_out, packets_in, packets_out, dropped;
	uint32_t queue_to_client, queue_to_pppd; /* bytes */
	/* of TCP_INFO */
	uint32_t rtt_us, rttvar_us, retransmits, cwnd, unsent;
	uint64_t delivery_rate; /* bytes a second */
};

struct stats_failure {
	int64_t when; /* ms since 1970; 0: none */
	char line[STATS_LINE_MAX];
};

/*
 * Bucket i has those of up to stats_bounds_ms[i] that the one before has not,
 * the last has the rest: a reader who adds them up never sees them disagree.
 */
struct stats_histogram {
	_Atomic uint64_t bucket[STATS_BUCKETS + 1];
	_Atomic uint64_t sum_ms;
};
extern const uint32_t stats_bounds_ms[STATS_BUCKETS];

/* What a worker's sessions add up to. */
struct stats_sums {
	uint32_t states[STATS_PROFILES][STATS_STATES];
	/* bytes in its own queues, and unsent in the kernel's */
	uint64_t to_client, to_pppd, unsent;
};

/* As it was when sampled; the monitor clears it when the worker has died. */
struct stats_now {
	_Atomic uint64_t calls; /* that have or wait for a pppd; always right */
	_Atomic uint64_t half_open;
	/* of which profile is what, as this worker's configuration has them */
	char profile[STATS_PROFILES][KEYMSG_PROFILE_MAX];
	_Atomic uint64_t states[STATS_PROFILES][STATS_STATES];
	_Atomic uint64_t held; /* bytes of memory for its queues */
	_Atomic uint64_t to_client, to_pppd, unsent; /* as in stats_sums */
	_Atomic uint32_t sessions;		     /* listed */
};

struct stats_worker {
	_Atomic uint64_t accepted;		/* connections */
	_Atomic uint64_t refused[STATS_LIMITS]; /* by enum limit */
	_Atomic uint64_t calls;
	_Atomic uint64_t ended[CAUSE_COUNT][CAUSE_STAGES];
	/* of all sessions, what those that live had when last sampled */
	_Atomic uint64_t bytes_in, bytes_out, packets_in, packets_out, dropped;
	_Atomic uint64_t retransmits; /* TCP segments */
	/* accept to the end of TLS; authentication; accept to the first up */
	struct stats_histogram tls, auth, up;
	_Atomic uint32_t failures; /* ever; the next goes to this % MAX */
	struct stats_failure failure[STATS_FAILURES_MAX];
	struct stats_now now;
	struct stats_session session[STATS_SESSIONS_MAX]; /* now.sessions */
};

struct stats_profile {
	char name[KEYMSG_PROFILE_MAX];
	_Atomic uint32_t sessions, max_sessions; /* max 0: no limit */
	_Atomic uint64_t pool_size, pool_used;	 /* 0: no pool of its own */
};

struct stats_monitor {
	int64_t started;	     /* ms since 1970 */
	int64_t certificate_expires; /* s since 1970; the earliest */
	_Atomic uint32_t workers;    /* that serve */
	_Atomic uint32_t worker_restarts;
	_Atomic uint64_t worker_orphans; /* sessions that died with one */
	_Atomic uint32_t sessions;	 /* with a pppd */
	_Atomic uint32_t max_sessions;	 /* of those */
	/* pid of one that an upgrade has replaced, 0: none; its sessions */
	_Atomic uint32_t predecessor, predecessor_sessions;
	_Atomic uint32_t draining; /* or stopping: accepts no more */
	_Atomic uint32_t reloads, reloads_failed, reload_failed; /* the last */
	_Atomic int64_t loaded; /* ms since 1970: the configuration in force */
	_Atomic uint64_t pool_size, pool_used; /* of all pools */
	_Atomic uint32_t profile_count;
	struct stats_profile profiles[STATS_PROFILES_MAX];
	_Atomic uint64_t pppd_starts, pppd_clones, pppd_start_failures;
	_Atomic uint64_t pppd_exits[STATS_EXITS_MAX]; /* the last: others */
	_Atomic uint64_t pppd_killed;		      /* by a signal */
	_Atomic uint64_t auth_failures, bans;
};

/* Note one duration. */
void stats_note(struct stats_histogram *h, uint32_t ms);

/* Take over what was summed up. */
void stats_set(struct stats_now *now, const struct stats_sums *sums);

/* Keep a line about a failure among the last ones. */
void stats_note_failure(struct stats_worker *w, int64_t when, const char *line);

#endif
