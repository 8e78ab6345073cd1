/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One connection that carries the packets of a tun device. */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interface.h"
#include "setup.h"
#include "tun_device.h"
#include "tunnel.h"
#include "tunnel_path.h"
#include "tunnel_report.h"

static const char default_device[] = "sstp%d";

struct tunnel {
	const struct options *options;
	struct ev_loop *loop;
	struct client client;
	struct tunnel_path path;
	struct interface interface;
	struct tunnel_result result;
	bool failed;	  /* on this side; result.message says why */
	bool interrupted; /* by a signal */
	uint32_t address; /* that the device has */
	double up_since;
	ev_signal sigint, sigterm;
	ev_timer stay;
};

/* --- ends --- */

static void
leave(struct tunnel *t)
{
	tunnel_path_stop(&t->path); /* with it go addresses and routes */
	client_leave(&t->client);
}

static void fail(struct tunnel *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Our own side cannot go on. */
static void
fail(struct tunnel *t, const char *fmt, ...)
{
	va_list args;

	if (t->failed)
		return;
	t->failed = true;
	va_start(args, fmt);
	vsnprintf(t->result.message, sizeof(t->result.message), fmt, args);
	va_end(args);
	leave(t);
}

static void
on_device_gone(void *owner)
{
	struct tunnel *t = owner;

	fail(t, "%s is gone", t->result.device);
}

/* --- the device --- */

static bool
make_device(struct tunnel *t)
{
	const char *wanted =
	    t->options->device != NULL ? t->options->device : default_device;
	const char *what, *hint = "";
	char why[TUNNEL_MESSAGE_MAX];
	int tun = tun_device_make(wanted, t->result.device, &what);

	if (tun >= 0) {
		tunnel_path_init(
		    &t->path, tun, &t->client, t->loop, on_device_gone, t);
		return true;
	}
	if (errno == EPERM || errno == EACCES)
		hint = "; tunnel needs root, or CAP_NET_ADMIN";
	else if (errno == ENOENT || errno == ENODEV)
		hint = "; has the kernel the module tun?";
	if (errno == EBUSY)
		snprintf(why, sizeof(why), "%s: there is such a device already",
		    wanted);
	else
		snprintf(why, sizeof(why), "no tun device: %s: %s%s", what,
		    strerror(errno), hint);
	setup_complain(t->options, why);
	return false;
}

static bool
add_ipv4(struct tunnel *t)
{
	const struct ipcp *ipcp = &t->client.ppp.ipcp;
	const uint32_t *peer =
	    ipcp->peer_address != 0 ? &ipcp->peer_address : &ipcp->address;

	if (interface_add_address(
		&t->interface, AF_INET, &ipcp->address, peer, 32) != 0) {
		fail(t, "%s: its address: %s", t->result.device,
		    strerror(errno));
		return false;
	}
	t->address = ipcp->address;
	return true;
}

/* Where the kernel, or this device, does without IPv6, so do we. */
static void
add_ipv6(struct tunnel *t)
{
	const struct ipv6cp *ipv6cp = &t->client.ppp.ipv6cp;
	uint8_t local[16], peer[16];

	if (t->result.ipv6 || !ppp_is_up(&t->client.ppp, PPP_IPV6))
		return;
	tunnel_link_local(local, ipv6cp->id);
	tunnel_link_local(peer, ipv6cp->peer_id);
	t->result.ipv6 = interface_add_address(
			     &t->interface, AF_INET6, local, peer, 64) == 0;
}

static bool
add_routes(struct tunnel *t)
{
	const struct options *o = t->options;
	char text[PREFIX_TEXT_MAX];

	for (unsigned int i = 0; i < o->routes; i++) {
		if (interface_add_route(&t->interface, &o->route[i]) == 0)
			continue;
		fail(t, "%s: route %s: %s", t->result.device,
		    prefix_format(&o->route[i], text), strerror(errno));
		return false;
	}
	if (!interface_leads_to(&t->interface, client_server(&t->client)))
		return true;
	fail(t,
	    "the routes lead to the server %s through its own tunnel; give it "
	    "a route of its own first",
	    t->client.report.peer);
	return false;
}

static bool
configure(struct tunnel *t)
{
	const struct lcp *lcp = &t->client.ppp.lcp;

	t->result.mtu =
	    t->options->mtu < lcp->peer_mru ? t->options->mtu : lcp->peer_mru;
	if (interface_open(&t->interface, t->result.device) != 0 ||
	    interface_set_up(&t->interface, t->result.mtu) != 0) {
		fail(t, "%s: %s", t->result.device, strerror(errno));
		return false;
	}
	if (!add_ipv4(t))
		return false;
	add_ipv6(t);
	return add_routes(t);
}

/* --- what the client tells --- */

static void
on_up(void *owner)
{
	struct tunnel *t = owner;

	if (!configure(t))
		return;
	t->up_since = client_now();
	tunnel_print_up(&t->result);
	tunnel_path_start(&t->path, t->result.mtu);
	if (t->options->time > 0)
		ev_timer_start(t->loop, &t->stay);
}

static void
on_opened(void *owner)
{
	struct tunnel *t = owner;

	if (t->client.ppp.ipcp.address != t->address)
		fail(t, "the server gives another address than before");
	else
		add_ipv6(t);
}

static void
on_ip(void *owner, const uint8_t *packet, size_t n)
{
	struct tunnel *t = owner;

	tunnel_path_put(&t->path, packet, n);
}

static void
on_batch_end(void *owner)
{
	struct tunnel *t = owner;

	tunnel_path_flush(&t->path);
}

static void
on_drained(void *owner)
{
	struct tunnel *t = owner;

	tunnel_path_resume(&t->path);
}

static void
on_done(void *owner)
{
	struct tunnel *t = owner;

	ev_break(t->loop, EVBREAK_ALL);
}

/* --- what ends it --- */

static void
on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	struct tunnel *t = w->data;

	(void)events;
	if (t->interrupted)
		ev_break(loop, EVBREAK_ALL);
	t->interrupted = true;
	leave(t);
}

static void
on_stayed(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	leave(w->data);
}

static void
judge(struct tunnel *t)
{
	const struct client_report *report = &t->client.report;
	struct tunnel_result *r = &t->result;

	r->status = STATUS_UNKNOWN;
	if (t->failed)
		return;
	if (report->cause != CAUSE_NONE) {
		if (report->cause != CAUSE_LOCAL)
			r->status = STATUS_CRITICAL;
		r->hint = client_cause_hint(report->cause);
		snprintf(r->message, sizeof(r->message), "%s: %s",
		    client_stage_name(report->failed_at), report->why);
	} else if (!report->was_up) {
		snprintf(r->message, sizeof(r->message), "interrupted");
	} else if (!report->left_clean) {
		r->status = STATUS_WARNING;
		r->hint = "see the server's log";
		snprintf(r->message, sizeof(r->message),
		    "leave: the server did not acknowledge it");
	} else {
		r->status = STATUS_OK;
		snprintf(r->message, sizeof(r->message), "%s, %s, %.100s",
		    report->peer, r->device, t->options->user);
	}
}

/* --- life --- */

static void
watch(struct tunnel *t)
{
	ev_signal_init(&t->sigint, on_signal, SIGINT);
	ev_signal_init(&t->sigterm, on_signal, SIGTERM);
	ev_timer_init(&t->stay, on_stayed, t->options->time, 0);
	t->sigint.data = t->sigterm.data = t->stay.data = t;
	ev_signal_start(t->loop, &t->sigint);
	ev_signal_start(t->loop, &t->sigterm);
}

static void
run(struct tunnel *t, const struct client_config *config,
    const struct login_secret *secret)
{
	static const struct client_ops ops = {
		.up = on_up,
		.ip = on_ip,
		.done = on_done,
		.batch_end = on_batch_end,
		.drained = on_drained,
		.opened = on_opened,
	};

	watch(t);
	client_start(&t->client, t->loop, config, secret, &ops, t);
	ev_run(t->loop, 0);
	tunnel_path_stop(&t->path);
	interface_close(&t->interface);
	if (t->up_since > 0)
		t->result.seconds = client_now() - t->up_since;
	t->result.dropped = t->path.dropped;
	judge(t);
	tunnel_print_end(&t->result);
}

int
tunnel_run(const struct options *options, const struct login_secret *secret)
{
	static struct tunnel t;
	struct setup setup;

	t.options = t.result.options = options;
	t.result.client = &t.client;
	t.result.status = STATUS_UNKNOWN;
	t.interface.sock = -1;
	t.loop = ev_default_loop(0);
	if (t.loop == NULL) {
		setup_complain(options, "libev cannot be used");
		return STATUS_UNKNOWN;
	}
	if (setup_init(&setup, options)) {
		setup.config.confirm = true;
		setup.config.bulk = true;
		setup.config.mru = (uint16_t)options->mtu;
		if (make_device(&t))
			run(&t, &setup.config, secret);
		setup_fini(&setup);
	}
	ev_loop_destroy(t.loop);
	return t.result.status;
}
