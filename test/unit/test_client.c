/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* sstp-probe's client on its way to a server. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "client.h"

enum { MUTE = 2, ADDRESSES = MUTE + 1 };

struct fixture {
	struct ev_loop *loop;
	struct client client;
	struct client_config config;
	int mute, filler, good;
	bool reached;
	ev_io accepts;
};

static int
listen_at(struct client_address *a, int backlog)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a->len = sizeof(sin);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&a->address, &a->len), 0);
	return fd;
}

/* Its queue has room for one: whoever comes later gets no answer to a SYN. */
static void
make_mute(struct fixture *f)
{
	const struct client_address *a = &f->config.address[0];

	f->mute = listen_at(&f->config.address[0], 0);
	f->filler = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(f->filler, (const struct sockaddr *)&a->address, a->len),
	    0);
	for (int i = 1; i < MUTE; i++)
		f->config.address[i] = *a;
}

static void
on_accept(struct ev_loop *loop, ev_io *w, int events)
{
	struct fixture *f = w->data;

	(void)events;
	f->reached = true;
	ev_io_stop(loop, w);
	client_leave(&f->client);
}

static void
on_done(void *owner)
{
	struct fixture *f = owner;

	ev_break(f->loop, EVBREAK_ALL);
}

static void
test_mute_addresses(void **state)
{
	static const struct client_ops ops = { .done = on_done };
	static const struct login_secret secret = { "", "", 0 };
	struct fixture f = { .config = { .name = "x",
				 .host_field = "x",
				 .timeout = 1.2,
				 .addresses = ADDRESSES } };

	(void)state;
	assert_int_equal(tls_global_init(), 0);
	f.loop = ev_default_loop(0);
	f.config.ctx = SSL_CTX_new(TLS_client_method());
	make_mute(&f);
	f.good = listen_at(&f.config.address[MUTE], 1);
	ev_io_init(&f.accepts, on_accept, f.good, EV_READ);
	f.accepts.data = &f;
	ev_io_start(f.loop, &f.accepts);
	client_start(&f.client, f.loop, &f.config, &secret, &ops, &f);
	ev_run(f.loop, 0);
	assert_true(f.reached);
	assert_int_equal(f.client.report.cause, CAUSE_NONE);
	assert_true(f.client.report.total > 0);
	ev_io_stop(f.loop, &f.accepts);
	close(f.mute);
	close(f.filler);
	close(f.good);
	SSL_CTX_free(f.config.ctx);
	ev_loop_destroy(f.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mute_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
