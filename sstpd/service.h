/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The daemon as a service manager sees it: tells it when it is ready, reloads
 * and stops, how much it has to do, and, if watched, that it lives. Does
 * nothing where no manager listens.
 */

#ifndef SSTPD_SERVICE_H
#define SSTPD_SERVICE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "notify.h"

enum { SERVICE_TEXT_MAX = 200 };

struct service_ops {
	/* whether the daemon does its work; else the watchdog may bite */
	bool (*alive)(void *owner);
	/* what it has to do, in a few words */
	void (*status)(void *owner, char text[static SERVICE_TEXT_MAX]);
};

struct service {
	struct notify notify;
	struct ev_loop *loop;
	const struct service_ops *ops;
	void *owner;
	ev_timer watchdog, status;
	char told[SERVICE_TEXT_MAX]; /* the last status */
};

/* Reads, and removes, the environment's variables about it. */
void service_init(struct service *s, struct ev_loop *loop,
    const struct service_ops *ops, void *owner);
void service_fini(struct service *s);

/* Also at the end of a reload, whether it went well or not. */
void service_ready(struct service *s);
void service_reloading(struct service *s);
/* It takes so many seconds at most, which the manager is to wait. */
void service_stopping(struct service *s, ev_tstamp seconds);
/* Another process is the service now: not a word from us any more. */
void service_hand_over(struct service *s, int pid);

#endif
