/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A configuration made ready for use: certificates opened and checked, pools
 * made, all of it in a form that workers can be handed. A reload makes a new
 * one beside the one in use, so that a mistake changes nothing.
 */

#ifndef SSTPD_SETUP_H
#define SSTPD_SETUP_H

#include <stdbool.h>

#include "conf.h"
#include "credentials.h"
#include "pools.h"

enum { WORKERS_MAX = 256 };

struct setup {
	struct conf conf;
	int conf_fd; /* conf in a sealed memory file */
	/* of each profile as many as it has certificates */
	struct credential_fds fds[CONF_PROFILES_MAX][CONF_CERTIFICATES_MAX];
	struct pools pools;
};

/* Returns 0, or -1 once it has logged why it cannot be used. */
int setup_make(struct setup *setup, const struct conf *conf);
void setup_free(struct setup *setup);

/* How many workers that means on this machine. */
unsigned int setup_workers(const struct conf *conf);

/*
 * Check what conf_load() cannot: certificates, user, pppd and its options.
 * Logs what it finds. Returns 0, or 2 if the daemon would not start.
 */
int setup_check(const struct conf *conf);

/*
 * Put back in new what cannot change while running. Returns whether there was
 * anything.
 */
bool setup_keep_fixed(const struct conf *old, struct conf *new);

#endif
