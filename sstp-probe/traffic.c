/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What a client that is up does with its tunnel. */

#include <string.h>

#include "ip.h"
#include "traffic.h"

enum {
	QUEUE_ENOUGH = 64 * 1024, /* bytes waiting for the socket */
	BURST_MAX = 1024,	  /* packets in one turn of the loop */
};

static const double busy_tick = 0.01; /* seconds, for high rates */
static const double last_wait = 1;    /* for answers to the last pings */

void
traffic_init(struct traffic *t, const struct traffic_plan *plan,
    struct client *client, struct histogram *round_trips,
    void (*finished)(void *owner), void *owner)
{
	static uint16_t next_id;

	*t = (struct traffic){ .plan = plan,
		.client = client,
		.round_trips = round_trips,
		.finished = finished,
		.owner = owner,
		.id = ++next_id };
}

static void
fill_flow(const struct traffic *t, struct ip_echo *flow)
{
	*flow = (struct ip_echo){
		.from = t->client->ppp.ipcp.address,
		.to = t->client->ppp.ipcp.peer_address,
		.id = t->id,
		.sequence = (uint16_t)t->sent,
	};
}

/* False if it is not the time for it. */
static bool
send_one(struct traffic *t)
{
	uint8_t packet[TRAFFIC_SIZE_MAX];
	struct ip_echo flow;

	fill_flow(t, &flow);
	switch (t->plan->mode) {
	case TRAFFIC_NONE:
		return false;
	case TRAFFIC_ECHO:
		if (!client_echo(t->client))
			return false;
		break;
	case TRAFFIC_PING:
		ip_build_echo(packet, t->plan->size, &flow);
		t->sent_at[t->sent % TRAFFIC_WINDOW] = client_now();
		client_send_ip(t->client, packet, t->plan->size);
		break;
	case TRAFFIC_UP:
		ip_build_datagram(packet, t->plan->size, &flow);
		client_send_ip(t->client, packet, t->plan->size);
		break;
	}
	t->sent++;
	return true;
}

static void
finish(struct traffic *t, struct ev_loop *loop)
{
	ev_timer_stop(loop, &t->tick);
	memset(t->sent_at, 0, sizeof(t->sent_at));
	if (t->finished != NULL)
		t->finished(t->owner);
}

/* How many should have left by now. */
static uint64_t
due(const struct traffic *t)
{
	uint64_t n = t->sent + BURST_MAX;

	if (t->plan->rate > 0)
		n = 1 + (uint64_t)((client_now() - t->began) * t->plan->rate);
	if (t->plan->count > 0 && n > t->plan->count)
		n = t->plan->count;
	return n;
}

static void
on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	struct traffic *t = w->data;
	uint64_t until = due(t);

	(void)events;
	if (t->plan->count > 0 && t->sent >= t->plan->count) {
		finish(t, loop);
		return;
	}
	for (int i = 0; i < BURST_MAX && t->sent < until; i++) {
		if (t->client->stage != STAGE_UP)
			return;
		if (client_queued(t->client) > QUEUE_ENOUGH || !send_one(t))
			break;
	}
	if (t->plan->count > 0 && t->sent >= t->plan->count) {
		t->tick.repeat = last_wait;
		ev_timer_again(loop, &t->tick);
	}
}

void
traffic_start(struct traffic *t, struct ev_loop *loop)
{
	double rate = t->plan->rate;

	if (t->plan->mode == TRAFFIC_NONE)
		return;
	t->began = client_now();
	ev_timer_init(&t->tick, on_tick, 0,
	    rate > 0 && 1 / rate > busy_tick ? 1 / rate : busy_tick);
	t->tick.data = t;
	ev_timer_start(loop, &t->tick);
}

/* What was on its way all the same is not lost: it does not count. */
static void
forget_recent(struct traffic *t)
{
	double since = client_now() - last_wait;

	for (size_t i = 0; i < TRAFFIC_WINDOW; i++) {
		if (t->sent_at[i] > since)
			t->sent--;
		t->sent_at[i] = 0;
	}
}

void
traffic_stop(struct traffic *t, struct ev_loop *loop)
{
	if (!ev_is_active(&t->tick))
		return;
	ev_timer_stop(loop, &t->tick);
	if (t->plan->mode == TRAFFIC_PING)
		forget_recent(t);
	else if (t->plan->mode == TRAFFIC_ECHO && t->sent > t->received)
		t->sent = t->received; /* at most one, and TCP loses none */
}

void
traffic_on_echo(struct traffic *t, double seconds)
{
	t->received++;
	histogram_add(t->round_trips, seconds);
}

void
traffic_on_ip(struct traffic *t, const uint8_t *packet, size_t n)
{
	struct ip_echo reply;
	double *at;

	if (t->plan->mode != TRAFFIC_PING || !ip_parse_reply(packet, n, &reply))
		return;
	at = &t->sent_at[reply.sequence % TRAFFIC_WINDOW];
	if (reply.id != t->id || reply.to != t->client->ppp.ipcp.address ||
	    *at == 0)
		return;
	t->received++;
	histogram_add(t->round_trips, client_now() - *at);
	*at = 0;
	if (t->plan->count > 0 && t->received == t->plan->count)
		finish(t, t->client->loop);
}
