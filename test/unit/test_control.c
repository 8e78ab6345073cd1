/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The control process towards the monitor, whose part is played here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_client.h"
#include "log.h"

enum { SESSIONS = 6000, AT_ONCE = 64 };

static struct control_clients clients;
static struct stats_worker *worker;

/* --- the monitor --- */

static uint32_t request;
static unsigned int asked, answered; /* to disconnect */

static void
on_ask(void *owner, union msg *msg, const int *fds)
{
	(void)owner;
	(void)fds;
	request = msg->ask.request;
	if (msg->header.type == MSG_SAMPLE)
		return;
	assert_int_equal(msg->header.type, MSG_DISCONNECT);
	assert_string_equal(msg->disconnect.reason, "moving");
	assert_int_equal(msg->header.session, ++asked);
}

static void
answer(enum msg_type type, enum msg_failure failed)
{
	const struct msg_result result = { .header.type = (uint16_t)type,
		.request = request,
		.failed = failed };

	control_clients_answer(&clients, &result);
}

/* --- who asks --- */

/* A connection that has asked this. */
static int
ask(struct ev_loop *loop, const char *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address.sun_family); /* the kernel names it */
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	len = sizeof(address);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	control_clients_init(&clients, loop, on_ask, NULL);
	assert_int_equal(
	    control_clients_listen(&clients, listener, CONTROL_COMMANDS), 0);
	for (int i = 0; i < 10 && request == 0; i++)
		ev_run(loop, EVRUN_ONCE);
	control_clients_finish(&clients);
	return fd;
}

static void
make_sessions(void)
{
	worker = calloc(1, sizeof(*worker));
	assert_non_null(worker);
	worker->now.sessions = SESSIONS;
	for (unsigned int i = 0; i < SESSIONS; i++)
		worker->session[i].id = i + 1;
	clients.report.workers[clients.report.worker_count++] = worker;
}

/* Never are there more questions than answers but for a few. */
static void
test_disconnect_many(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	char text[64];
	ssize_t n;
	int fd;

	(void)state;
	make_sessions();
	fd = ask(loop, "disconnect\tstage=any\treason=moving\n");
	answer(MSG_SAMPLED, MSG_SUCCEEDED);
	assert_int_equal(asked, AT_ONCE);
	while (answered < SESSIONS) {
		answered++;
		answer(MSG_RESULT,
		    answered % 3 == 0 ? MSG_FAILED_SESSION : MSG_SUCCEEDED);
		assert_in_range(asked, answered, answered + AT_ONCE);
	}
	assert_int_equal(asked, SESSIONS);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "ok\n4000 done, 2000 failed\n");
	close(fd);
	ev_loop_destroy(loop);
	free(worker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disconnect_many),
	};

	log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR, 0);
	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
