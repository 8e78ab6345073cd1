/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Messages between processes: what fits the table passes with its descriptors,
 * anything else is refused and leaks none.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "msg.h"

static int pair[2];

static int
setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

static int
teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

/* Lowest free descriptor: rises when something leaks. */
static int
lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void
test_every_type_round_trips(void **state)
{
	(void)state;
	for (unsigned int type = 1; type < MSG_TYPES; type++) {
		union msg out, in;
		int null = open("/dev/null", O_RDONLY);
		int fds[MSG_FDS_MAX] = { null, null }, got[MSG_FDS_MAX];
		unsigned int n = 0;

		/* numbers between ours and those of a handover */
		if (type > MSG_UPGRADE && type < MSG_HANDOVER_STATE) {
			assert_int_equal(msg_size(type), 0);
			close(null);
			continue;
		}
		memset(&out, (int)type, sizeof(out));
		out.header.type = (uint16_t)type;
		assert_true(msg_size(type) >= sizeof(struct msg_header));
		assert_int_equal(msg_send(pair[0], &out, fds), 0);
		assert_int_equal(msg_recv(pair[1], &in, got), 1);
		assert_memory_equal(&in, &out, msg_size(type));
		for (int i = 0; i < MSG_FDS_MAX; i++)
			if (got[i] >= 0) {
				assert_true(
				    fcntl(got[i], F_GETFD) & FD_CLOEXEC);
				n++;
			}
		assert_int_equal(n, msg_fd_count(type));
		assert_string_not_equal(msg_name(type), "unknown");
		msg_close_fds(got);
		close(null);
	}
	assert_string_equal(msg_name(0), "unknown");
	assert_string_equal(msg_name(MSG_TYPES), "unknown");
	assert_int_equal(msg_size(MSG_TYPES), 0);
}

static void
assert_refused(const void *bytes, size_t n)
{
	union msg in;
	int fds[MSG_FDS_MAX], before = lowest_free();

	assert_int_equal(send(pair[0], bytes, n, 0), n);
	assert_int_equal(msg_recv(pair[1], &in, fds), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(lowest_free(), before);
}

static void
test_wrong_sizes_and_types(void **state)
{
	union msg m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.header.type = MSG_HANG_UP;
	m.header.length = sizeof(struct msg_plain);
	for (size_t n = 1; n < sizeof(struct msg_plain); n++)
		assert_refused(&m, n);
	assert_refused(&m, sizeof(struct msg_plain) + 1);
	assert_refused(&m, sizeof(m));
	m.header.length++;
	assert_refused(&m, sizeof(struct msg_plain));
	m.header.length--;
	m.header.type = MSG_TYPES;
	assert_refused(&m, sizeof(struct msg_plain));
	m.header.type = 0;
	assert_refused(&m, sizeof(struct msg_plain));
	m.header.type = UINT16_MAX;
	assert_refused(&m, sizeof(struct msg_plain));
}

/*
 * Send the first size bytes of a plain message of a type with n descriptors,
 * whatever it should have.
 */
static void
send_with_fds(enum msg_type type, int n, size_t size)
{
	union {
		char space[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	union msg m = { .header = { .type = (uint16_t)type,
			    .length = sizeof(struct msg_plain) } };
	struct iovec iov = { &m, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[4] = { 0, 0, 0, 0 };
	struct cmsghdr *c;

	mh.msg_control = control.space;
	mh.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
	assert_int_equal(sendmsg(pair[0], &mh, 0), size);
}

static void
test_wrong_number_of_descriptors(void **state)
{
	static const struct {
		enum msg_type type;
		int n;
		size_t size;
	} rows[] = {
		{ MSG_HANG_UP, 1, sizeof(struct msg_plain) },
		{ MSG_CONFIG, 2, sizeof(struct msg_plain) },
		{ MSG_CERTIFICATE, 1, sizeof(struct msg_plain) },
		{ MSG_CERTIFICATE, 3, sizeof(struct msg_plain) },
		{ MSG_CERTIFICATE, 4, sizeof(struct msg_plain) },
		/* for its size it could be the end of the channel */
		{ MSG_CONFIG, 1, 0 },
		{ MSG_CERTIFICATE, 2, 0 },
		{ MSG_CERTIFICATE, 4, 0 },
	};
	int before = lowest_free();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union msg in;
		int fds[MSG_FDS_MAX];

		send_with_fds(rows[i].type, rows[i].n, rows[i].size);
		assert_int_equal(msg_recv(pair[1], &in, fds), -1);
		assert_int_equal(errno, EBADMSG);
		assert_int_equal(fds[0], -1);
		assert_int_equal(lowest_free(), before);
	}
}

/* A process that has as many open as it may loses them, and is told. */
static void
test_no_room_for_descriptors(void **state)
{
	static const enum msg_type types[] = { MSG_CONFIG, MSG_CERTIFICATE };
	struct rlimit limit, none;
	int before = lowest_free();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int room = 0; room < 2; room++) {
		int fds[MSG_FDS_MAX], ret;
		union msg in;

		send_with_fds(types[room], room + 1, msg_size(types[room]));
		none = limit;
		none.rlim_cur = (rlim_t)(before + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		ret = msg_recv(pair[1], &in, fds);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(ret, 1);
		assert_int_equal(in.header.type, types[room]);
		assert_int_equal(fds[0], -1);
		assert_int_equal(fds[1], -1);
		assert_int_equal(lowest_free(), before);
	}
}

static void
test_end_and_nothing(void **state)
{
	union msg in;
	int fds[MSG_FDS_MAX];

	(void)state;
	assert_int_equal(msg_recv(pair[1], &in, fds), -1);
	assert_int_equal(errno, EAGAIN);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(msg_recv(pair[1], &in, fds), 0);
}

static void
test_keymsg_round_trip_and_refusals(void **state)
{
	union keymsg out, in;
	int known = 0;

	(void)state;
	for (unsigned int type = 1; type < 64; type++) {
		memset(&out, 0x5a, sizeof(out));
		out.header.type = (uint16_t)type;
		if (keymsg_send(pair[0], &out) != 0) {
			assert_int_equal(errno, EINVAL);
			continue;
		}
		known++;
		assert_int_equal(keymsg_recv(pair[1], &in), 1);
		assert_memory_equal(&in, &out, out.header.length);
	}
	assert_int_equal(known, 11);
	out.header.type = KEYMSG_AUTH;
	assert_int_equal(keymsg_send(pair[0], &out), 0);
	assert_int_equal(keymsg_recv(pair[1], &in), 1);
	for (int fault = 0; fault < 4; fault++) {
		size_t n = sizeof(struct keymsg_auth);

		out.header.version = KEYMSG_VERSION + (fault == 0);
		out.header.length = (uint32_t)n + (fault == 1);
		out.header.type = fault == 2 ? KEYMSG_END : KEYMSG_AUTH;
		n += fault == 3;
		assert_int_equal(send(pair[0], &out, n, 0), n);
		assert_int_equal(keymsg_recv(pair[1], &in), -1);
		assert_int_equal(errno, EBADMSG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_every_type_round_trips, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_wrong_sizes_and_types, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_wrong_number_of_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_no_room_for_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_end_and_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_keymsg_round_trip_and_refusals, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
