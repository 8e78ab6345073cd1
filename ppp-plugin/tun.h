/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A tun device of the daemon's in the place of pppd's own interface, which
 * pppd 2.5 can do with: it configures, and takes statistics from, whatever
 * device its interface is said to be.
 */

#ifndef SSTPD_PLUGIN_TUN_H
#define SSTPD_PLUGIN_TUN_H

#include "keymsg.h"

/* Whether pppd's options, now all read, leave it the choice. */
enum keymsg_no_tun tun_obstacle(void);

/*
 * From now on the interface is this one. To be called on the way into the
 * network phase, before any of its protocols has begun.
 */
void tun_use(const char *name);

#endif
