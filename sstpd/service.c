/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The daemon as a service manager sees it. */

#include <string.h>

#include "log.h"
#include "service.h"

/* Often enough for people, who are the only ones to read it. */
static const ev_tstamp status_interval = 2.;

static void
tell_status(struct service *s)
{
	char text[SERVICE_TEXT_MAX];

	s->ops->status(s->owner, text);
	if (strcmp(text, s->told) == 0)
		return;
	notify_status(&s->notify, text);
	memcpy(s->told, text, sizeof(s->told));
}

static void
on_status(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	tell_status(w->data);
}

static void
on_watchdog(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct service *s = w->data;

	(void)loop;
	(void)revents;
	if (s->ops->alive(s->owner))
		notify_watchdog(&s->notify);
}

void
service_init(struct service *s, struct ev_loop *loop,
    const struct service_ops *ops, void *owner)
{
	ev_tstamp half;

	*s = (struct service){ .loop = loop, .ops = ops, .owner = owner };
	if (notify_init(&s->notify) != 0)
		log_warn("service: NOTIFY_SOCKET");
	half = (ev_tstamp)s->notify.watchdog_us / 1e6 / 2;
	ev_timer_init(&s->watchdog, on_watchdog, half, half);
	ev_timer_init(&s->status, on_status, status_interval, status_interval);
	s->watchdog.data = s->status.data = s;
}

void
service_fini(struct service *s)
{
	if (s->loop == NULL)
		return;
	ev_timer_stop(s->loop, &s->watchdog);
	ev_timer_stop(s->loop, &s->status);
	notify_fini(&s->notify);
}

void
service_ready(struct service *s)
{
	notify_ready(&s->notify);
	if (s->notify.fd < 0)
		return;
	tell_status(s);
	ev_timer_start(s->loop, &s->status);
	if (s->notify.watchdog_us > 0)
		ev_timer_start(s->loop, &s->watchdog);
}

void
service_reloading(struct service *s)
{
	notify_reloading(&s->notify);
}

void
service_stopping(struct service *s, ev_tstamp seconds)
{
	notify_stopping(&s->notify, (uint64_t)(seconds * 1e6));
	if (s->notify.fd >= 0)
		tell_status(s);
}

void
service_hand_over(struct service *s, int pid)
{
	notify_main_pid(&s->notify, pid);
	service_fini(s);
}
