/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * How much a client's socket is to hold before it wakes us: interrupt
 * moderation, as drivers of network cards have it. A client that seals and
 * sends each packet by itself wakes us for each, and most of what a packet
 * costs then is for coming alone: a wake-up, a walk through the kernel's IP
 * and TCP, an acknowledgment that goes back for it. So where many come like
 * that, we wait for as many as come within MODERATION_TIME; for none where few
 * do, where they come in rows by themselves, or where that makes them fewer:
 * then the client waits for an answer to each.
 *
 * It knows neither socket nor clock. Who asks it sees to it that what there is
 * is taken after MODERATION_TIME in any case.
 */

#ifndef SSTPD_MODERATION_H
#define SSTPD_MODERATION_H

#include <stddef.h>
#include <stdint.h>

enum {
	MODERATION_TIME = 1000,	       /* us */
	MODERATION_SAMPLE = 10 * 1000, /* us before it is thought over */
	MODERATION_MOST = 16 * 1024,   /* bytes: more save little more */
};

/* All zero is one whose client has sent nothing yet. */
struct moderation {
	uint32_t least; /* bytes to wait for; 0: for any */
	/* internal: what has arrived since; when it last became much slower */
	uint64_t began, bytes, arrivals, slowed;
};

/*
 * That many bytes have been taken from the socket at once, at the time now, in
 * microseconds since whenever.
 */
void moderation_note(struct moderation *m, uint64_t now, size_t bytes);

/* Nothing has come for MODERATION_TIME. */
void moderation_rest(struct moderation *m);

#endif
