/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Listening sockets from a service manager. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "activation.h"

enum { FIRST_FD = 3 };

/* Digits only, at most INT_MAX; else -1. */
static long
number(const char *text)
{
	char *end;
	long value;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : -1;
}

static int
socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len) != 0)
		return -1;
	return value;
}

/* NULL, or what is wrong with it and what to do. */
static const char *
complaint(int fd)
{
	int domain = socket_option(fd, SO_DOMAIN);

	if (domain < 0)
		return "is no socket: give it by a socket unit only";
	if ((domain != AF_INET && domain != AF_INET6) ||
	    socket_option(fd, SO_PROTOCOL) != IPPROTO_TCP)
		return "is no TCP socket: the socket unit needs ListenStream= "
		       "with a port";
	if (socket_option(fd, SO_ACCEPTCONN) != 1)
		return "does not listen: the socket unit needs Accept=no";
	return NULL;
}

static int
take_one(struct activation *a, int fd, char *error)
{
	const char *why = complaint(fd);
	int flags;

	if (why != NULL) {
		snprintf(error, ACTIVATION_ERROR_MAX,
		    "LISTEN_FDS: descriptor %d %s", fd, why);
		return -1;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		snprintf(error, ACTIVATION_ERROR_MAX,
		    "LISTEN_FDS: descriptor %d cannot be set up", fd);
		return -1;
	}
	a->fds[a->count++] = fd;
	return 0;
}

static int
take_all(struct activation *a, long count, char *error)
{
	if (count < 0 || count > CONF_LISTEN_MAX) {
		snprintf(error, ACTIVATION_ERROR_MAX,
		    "LISTEN_FDS is no number from 1 to %d: give fewer sockets",
		    CONF_LISTEN_MAX);
		return -1;
	}
	for (int i = 0; i < (int)count; i++)
		if (take_one(a, FIRST_FD + i, error) != 0) {
			activation_close(a);
			return -1;
		}
	return 0;
}

int
activation_take(struct activation *a, char error[static ACTIVATION_ERROR_MAX])
{
	const char *count = getenv("LISTEN_FDS");
	int ret = 0;

	a->count = 0;
	/* else they are another's, who started us without clearing it */
	if (count != NULL && number(getenv("LISTEN_PID")) == (long)getpid())
		ret = take_all(a, number(count), error);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return ret;
}

void
activation_close(struct activation *a)
{
	for (unsigned int i = 0; i < a->count; i++)
		close(a->fds[i]);
	a->count = 0;
}
