/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the control process shows, in memory files that one process writes and
 * the control process reads. Counters are always right; the list of sessions is
 * filled in when it asks (MSG_SAMPLE), so it costs nothing while nobody looks.
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
	STATS_EXITS_MAX = 32, /* pppd's exit codes */
	STATS_BUCKETS = 12,   /* of a histogram */
	STATS_LIMITS = 5,     /* enum limit of admission.h */
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

/* Cumulative: bucket i has those of up to stats_bounds_ms[i]. */
struct stats_histogram {
	_Atomic uint64_t bucket[STATS_BUCKETS];
	_Atomic uint64_t count, sum_ms;
};
extern const uint32_t stats_bounds_ms[STATS_BUCKETS];

struct stats_worker {
	_Atomic uint64_t accepted;		 /* connections */
	_Atomic uint64_t refused[STATS_LIMITS];	 /* by enum limit */
	_Atomic uint64_t handshakes, calls, ups; /* that came that far */
	_Atomic uint64_t ended[CAUSE_COUNT][CAUSE_STAGES];
	_Atomic uint64_t bytes_in, bytes_out, packets_in, packets_out,
	    dropped;		      /* of sessions that have ended */
	_Atomic uint64_t retransmits; /* of those, too */
	struct stats_histogram tls, auth, up;
	_Atomic uint64_t queued; /* bytes that queues hold, when sampled */
	_Atomic uint32_t half_open;
	_Atomic uint32_t failures; /* ever; the next goes to this % MAX */
	struct stats_failure failure[STATS_FAILURES_MAX];
	_Atomic uint32_t sessions; /* listed below, when sampled */
	struct stats_session session[STATS_SESSIONS_MAX];
};

struct stats_monitor {
	int64_t started;	     /* ms since 1970 */
	int64_t certificate_expires; /* s since 1970; the earliest */
	_Atomic uint32_t workers, worker_restarts;
	_Atomic uint32_t sessions; /* with a pppd */
	_Atomic uint32_t draining, reloads, reloads_failed;
	_Atomic uint64_t pool_size, pool_used;
	_Atomic uint64_t pppd_starts, pppd_start_failures;
	_Atomic uint64_t pppd_exits[STATS_EXITS_MAX]; /* the last: others */
	_Atomic uint64_t pppd_killed;		      /* by a signal */
	_Atomic uint64_t auth_failures, bans;
};

/* Note one duration. */
void stats_note(struct stats_histogram *h, uint32_t ms);

/* Keep a line about a failure among the last ones. */
void stats_note_failure(struct stats_worker *w, int64_t when, const char *line);

#endif
