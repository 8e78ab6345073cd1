/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a worker asks before it serves a connection. Each worker counts its own
 * in a table of peers.h that the others read, so limits hold for all together
 * and a worker that went mad can lie about its own connections only.
 */

#ifndef SSTPD_ADMISSION_H
#define SSTPD_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "peers.h"

enum { ADMISSION_OTHERS_MAX = 256 };

enum limit {
	LIMIT_NONE,
	LIMIT_BANNED,		 /* too many failed authentications */
	LIMIT_RATE,		 /* max-connection-rate */
	LIMIT_HALF_OPEN_ADDRESS, /* max-half-open-per-ipv4 and -ipv6 */
	LIMIT_HALF_OPEN,	 /* max-half-open */
	LIMITS,
};

struct admission {
	struct peers *own;
	const struct peers *others[ADMISSION_OTHERS_MAX];
	unsigned int others_count;
	const struct peers *monitor;
	/* refusals not logged yet, and when the last line was */
	uint32_t untold[LIMITS];
	uint64_t told[LIMITS];
};

/*
 * Whether one more connection of this address may be served. Refused ones count
 * for the rate, too: who knocks on and on stays outside. now is peers_now().
 */
enum limit admission_check(struct admission *admission, const struct conf *conf,
    uint64_t key, uint64_t now);
/* Count it as half-open. False: the table is full, serve it not. */
bool admission_enter(struct admission *admission, uint64_t key, uint64_t now);
/* It has become a session, or is gone. */
void admission_settle(struct admission *admission, uint64_t key);

/* Whether it is turned away for its failed authentications. */
bool admission_is_banned(
    const struct admission *admission, uint64_t key, uint64_t now);
/*
 * Whether this address may have one more session. True also where the monitor
 * has to make room for it, which it may find that it cannot.
 */
bool admission_may_begin(
    const struct admission *admission, const struct conf *conf, uint64_t key);

/* Log a refusal: a line for the first, later one for all of some seconds. */
void admission_log(
    struct admission *admission, enum limit limit, uint64_t key, uint64_t now);

#endif
