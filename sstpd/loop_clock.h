/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Time that nobody sets. What ev_now() tells follows the system's clock, which
 * may jump by hours once it learns the time; how long something took, or
 * whether somebody has been silent for too long, is not for that to decide.
 */

#ifndef SSTPD_LOOP_CLOCK_H
#define SSTPD_LOOP_CLOCK_H

#include <ev.h>

/* To be called once, for the one loop of this process. */
void loop_clock_start(struct ev_loop *loop);

/* Seconds since some point, more than 0; as of when this turn of the loop
 * began. */
ev_tstamp loop_clock(void);

#endif
