/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Time that nobody sets. */

#include <time.h>

#include "loop_clock.h"

static ev_tstamp now;
static ev_check turn;

static void
look(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	/* 0 is what has not happened */
	now = 1. + (ev_tstamp)t.tv_sec + (ev_tstamp)t.tv_nsec / 1e9;
}

static void
on_turn(struct ev_loop *loop, ev_check *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	look();
}

void
loop_clock_start(struct ev_loop *loop)
{
	look();
	ev_check_init(&turn, on_turn);
	ev_set_priority(&turn, EV_MAXPRI); /* before all that may ask */
	ev_check_start(loop, &turn);
	ev_unref(loop);
}

ev_tstamp
loop_clock(void)
{
	return now;
}
