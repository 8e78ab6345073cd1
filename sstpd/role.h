/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the worker and the control process have in common: how the monitor
 * executes them, and how they give up their privileges.
 */

#ifndef SSTPD_ROLE_H
#define SSTPD_ROLE_H

#include <ev.h>

#include "conf.h"

enum { /* descriptors they are executed with */
	ROLE_CHANNEL_FD = 3,
	ROLE_PEERS_FD = 4, /* the monitor's table of peers, to read */
};

/*
 * Leave signals to the monitor and set up the log and the channel's
 * descriptor. Returns an event loop, or NULL.
 */
struct ev_loop *role_start(void);

/* Enter the sandbox, under this name in the log; exits if that fails. */
void role_confine(const char *name, const struct conf *conf);

#endif
