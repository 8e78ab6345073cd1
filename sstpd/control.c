/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The control process. */

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "conf.h"
#include "control.h"
#include "control_client.h"
#include "log.h"
#include "role.h"
#include "table.h"

struct control {
	struct ev_loop *loop;
	struct channel channel;
	struct control_clients clients;
	bool confined;
};

static void __attribute__((noreturn)) give_up(const char *why)
{
	log_errx("control: %s", why);
	exit(1);
}

/* Only what matters here: user, chroot, filter and level of the log. */
static void
take_conf(struct control *c, int fd)
{
	const struct conf *conf = table_map_to_read(fd, sizeof(struct conf));

	if (conf == NULL)
		give_up("configuration of the wrong size");
	log_open(LOG_SINK_PIPE, (enum log_level)conf->log_level, 0);
	if (!c->confined)
		role_confine("control", conf);
	c->confined = true;
	munmap((void *)(uintptr_t)conf, sizeof(*conf));
}

static const void *
take_table(int fd, size_t size)
{
	const void *table = table_map_to_read(fd, size);

	if (table == NULL)
		give_up("cannot map a table");
	return table;
}

static void
take_worker(struct control *c, int fd)
{
	struct report *r = &c->clients.report;

	if (r->worker_count >= REPORT_WORKERS_MAX)
		give_up("too many workers");
	r->workers[r->worker_count++] =
	    take_table(fd, sizeof(struct stats_worker));
}

static void
take_socket(struct control *c, int *fds, enum control_kind kind)
{
	if (control_clients_listen(&c->clients, fds[0], kind) != 0)
		give_up("too many sockets");
	fds[0] = -1;
}

static void
commit(struct control *c, uint32_t generation)
{
	union msg ready = { .commit = { .header.type = MSG_READY,
				.generation = generation } };

	if (c->clients.report.monitor == NULL || !c->confined)
		give_up("COMMIT of an incomplete configuration");
	channel_send(&c->channel, &ready, NULL);
}

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct control *c = owner;

	switch (msg->header.type) {
	case MSG_CONFIG:
		take_conf(c, fds[0]);
		break;
	case MSG_STATS_MONITOR:
		c->clients.report.monitor =
		    take_table(fds[0], sizeof(struct stats_monitor));
		break;
	case MSG_STATS_WORKER:
		take_worker(c, fds[0]);
		break;
	case MSG_CONTROL_SOCKET:
		take_socket(c, fds, CONTROL_COMMANDS);
		break;
	case MSG_METRICS_SOCKET:
		take_socket(c, fds, CONTROL_HTTP);
		break;
	case MSG_DRAIN:
		control_clients_finish(&c->clients);
		break;
	case MSG_COMMIT:
		commit(c, msg->commit.generation);
		break;
	case MSG_SAMPLED:
	case MSG_CAPTURED:
	case MSG_RESULT:
		control_clients_answer(&c->clients, &msg->result);
		break;
	default:
		give_up("the monitor sent a message that is not for us");
	}
}

static void
on_channel_closed(void *owner, const char *why)
{
	(void)owner;
	log_errx("control: channel to the monitor: %s", why);
	_exit(1);
}

static const struct channel_ops channel_ops = {
	.on_message = on_message,
	.on_closed = on_channel_closed,
};

static void
on_ask(void *owner, union msg *msg, const int *fds)
{
	struct control *c = owner;

	channel_send(&c->channel, msg, fds);
}

int
control_main(void)
{
	static struct control c;

	c.loop = role_start();
	if (c.loop == NULL)
		give_up("no event loop");
	c.clients.report.peers =
	    take_table(ROLE_PEERS_FD, sizeof(struct peers));
	close(ROLE_PEERS_FD);
	control_clients_init(&c.clients, c.loop, on_ask, &c);
	channel_init(&c.channel, c.loop, ROLE_CHANNEL_FD, &channel_ops, &c);
	ev_run(c.loop, 0);
	return 0;
}
