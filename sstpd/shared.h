/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A page that the monitor writes and workers read: what changes too often for
 * messages, and may be slightly old.
 */

#ifndef SSTPD_SHARED_H
#define SSTPD_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

struct shared {
	_Atomic uint32_t sessions; /* with a pppd, in all workers */
};

#endif
