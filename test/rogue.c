/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Does to the monitor what a worker would that somebody else has taken over,
 * with duplicates of that worker's descriptors:
 *
 *	rogue PID ready                 a READY, on the channel to the monitor
 *	rogue PID spawn SESSION PEER    a SPAWN for that session and address key
 *	rogue PID shutdown              shut its listening sockets down
 *
 * Exits 77 where we may not look into other processes.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "msg.h"
#include "role.h"

enum { MAY_NOT = 77, DESCRIPTORS = 256 };

static int pidfd;

static int
duplicate(int fd)
{
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (copy < 0 && errno != EBADF)
		exit(MAY_NOT);
	return copy;
}

static int
send_to_monitor(union msg *msg)
{
	return msg_send(duplicate(ROLE_CHANNEL_FD), msg, NULL) == 0 ? 0 : 1;
}

static int
send_ready(void)
{
	union msg msg = { .header.type = MSG_READY };

	return send_to_monitor(&msg);
}

static int
send_spawn(const char *session, const char *peer)
{
	union msg msg = { .header.type = MSG_SPAWN };

	msg.header.session = strtoull(session, NULL, 0);
	msg.spawn.peer = strtoull(peer, NULL, 0);
	return send_to_monitor(&msg);
}

static int
shut_listeners_down(void)
{
	int done = 0;

	for (int i = 0; i < DESCRIPTORS; i++) {
		int fd = duplicate(i), listens = 0;
		socklen_t len = sizeof(listens);

		if (fd >= 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
			0 &&
		    listens != 0 && shutdown(fd, SHUT_RD) == 0)
			done++;
		close(fd);
	}
	return done > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	if (argc > 2)
		pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	if (argc == 3 && strcmp(what, "ready") == 0)
		return send_ready();
	if (argc == 5 && strcmp(what, "spawn") == 0)
		return send_spawn(argv[3], argv[4]);
	if (argc == 3 && strcmp(what, "shutdown") == 0)
		return shut_listeners_down();
	fputs(
	    "usage: rogue PID ready | spawn SESSION PEER | shutdown\n", stderr);
	return 2;
}
