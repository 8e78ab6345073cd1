/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The channel between two processes: what may wait in it, and in which order.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel.h"

enum { SESSIONS = 65536 };

struct end {
	struct channel channel;
	uint64_t expected; /* number of the next message */
	const char *why;   /* it was closed */
};

static struct ev_loop *loop;
static struct end sender, reader;

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct end *e = owner;

	(void)fds;
	assert_int_equal(msg->header.session, e->expected);
	if (++e->expected == SESSIONS)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_closed(void *owner, const char *why)
{
	struct end *e = owner;

	e->why = why;
	ev_break(loop, EVBREAK_ALL);
}

static const struct channel_ops ops = {
	.on_message = on_message,
	.on_closed = on_closed,
};

static int
setup(void **state)
{
	int fds[2];

	(void)state;
	loop = ev_loop_new(EVFLAG_AUTO);
	if (loop == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		return -1;
	sender = reader = (struct end){ 0 };
	channel_init(&sender.channel, loop, fds[0], &ops, &sender);
	channel_init(&reader.channel, loop, fds[1], &ops, &reader);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	channel_fini(&sender.channel);
	channel_fini(&reader.channel);
	ev_loop_destroy(loop);
	return 0;
}

static void
send_one(enum msg_type type, uint64_t session, const int *fds)
{
	union msg msg = { .header = {
			      .type = (uint16_t)type,
			      .session = session,
			  } };

	channel_send(&sender.channel, &msg, fds);
}

/* Before the other side has read one of them, and in order. */
static void
test_all_sessions(void **state)
{
	static const enum msg_type types[] = { MSG_TERMINATE, MSG_DISCONNECT };

	(void)state;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		reader.expected = 0;
		for (uint64_t i = 0; i < SESSIONS; i++)
			send_one(types[t], i, NULL);
		ev_run(loop, 0);
		assert_null(sender.why);
		assert_int_equal(reader.expected, SESSIONS);
		assert_int_equal(sender.channel.bytes, 0);
	}
}

/* The caller hears of it from the loop. */
static void
assert_given_up(void)
{
	assert_null(sender.why);
	ev_io_stop(loop, &reader.channel.reader);
	ev_run(loop, 0);
	assert_string_equal(sender.why, "does not read its messages");
}

static void
test_ceiling(void **state)
{
	size_t most = 0;

	(void)state;
	for (uint64_t i = 0; i < CHANNEL_BYTES_MAX / 16; i++) {
		send_one(MSG_TERMINATE, i, NULL);
		if (sender.channel.bytes > most)
			most = sender.channel.bytes;
	}
	assert_in_range(most, CHANNEL_BYTES_MAX / 2, CHANNEL_BYTES_MAX);
	assert_given_up();
}

/* The kernel holds some, too. */
static void
test_carriers(void **state)
{
	const unsigned int enough = CHANNEL_CARRIERS_MAX + 1024;
	struct rlimit limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < enough + 64)
		skip();
	for (unsigned int i = 0; i < enough; i++)
		send_one(MSG_LISTENER, i, (int[]){ dup(0) });
	assert_int_equal(sender.channel.carriers, CHANNEL_CARRIERS_MAX);
	assert_given_up();
	channel_fini(&sender.channel);
	assert_int_equal(sender.channel.carriers, 0);
	assert_int_equal(sender.channel.bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_all_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ceiling, setup, teardown),
		cmocka_unit_test_setup_teardown(test_carriers, setup, teardown),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
