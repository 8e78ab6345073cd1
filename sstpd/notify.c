/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Reports to the service manager. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

enum { STATUS_MAX = 256 };

/* A path, or "@" and a name that is in no file system. */
static int
connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 1 };
	size_t n = strlen(name);
	int fd, saved;

	errno = EAFNOSUPPORT;
	if (name[0] != '/' && name[0] != '@')
		return -1; /* a vsock's, which only a machine is given */
	errno = ENAMETOOLONG;
	if (n < 2 || n >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, name, n);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Digits only; 0 for whatever else there is. */
static uint64_t
number(const char *text)
{
	unsigned long long value;
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : 0;
}

static uint64_t
watchdog_interval(void)
{
	const char *pid = getenv("WATCHDOG_PID");

	/* it may be another's who started us without clearing it */
	if (pid != NULL && number(pid) != (uint64_t)getpid())
		return 0;
	return number(getenv("WATCHDOG_USEC"));
}

int
notify_init(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int ret = 0;

	*n = (struct notify){ .fd = -1 };
	if (name != NULL) {
		n->fd = connect_to(name);
		ret = n->fd < 0 ? -1 : 0;
		if (ret == 0)
			snprintf(n->name, sizeof(n->name), "%s", name);
	}
	if (n->fd >= 0)
		n->watchdog_us = watchdog_interval();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	return ret;
}

void
notify_fini(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

/* A report that is lost is no reason to end anything. */
static void
tell(const struct notify *n, const char *text, int flags)
{
	int saved = errno;

	if (n->fd >= 0)
		send(n->fd, text, strlen(text), flags | MSG_NOSIGNAL);
	errno = saved;
}

void
notify_ready(const struct notify *n)
{
	tell(n, "READY=1\n", 0);
}

void
notify_reloading(const struct notify *n)
{
	struct timespec now;
	char text[64];

	/* by the time the manager tells this report from an older one */
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
	    (unsigned long long)now.tv_sec * 1000000 +
		(unsigned long long)now.tv_nsec / 1000);
	tell(n, text, 0);
}

void
notify_stopping(const struct notify *n, uint64_t within_us)
{
	char text[64];

	snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu\n",
	    (unsigned long long)within_us);
	tell(n, text, 0);
}

void
notify_main_pid(const struct notify *n, int pid)
{
	char text[32];

	snprintf(text, sizeof(text), "MAINPID=%d\n", pid);
	tell(n, text, 0);
}

void
notify_export(const struct notify *n)
{
	char text[32];

	if (n->fd < 0)
		return;
	setenv("NOTIFY_SOCKET", n->name, 1);
	if (n->watchdog_us == 0)
		return;
	snprintf(
	    text, sizeof(text), "%llu", (unsigned long long)n->watchdog_us);
	setenv("WATCHDOG_USEC", text, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("WATCHDOG_PID", text, 1);
}

void
notify_status(const struct notify *n, const char *text)
{
	char line[STATUS_MAX];

	snprintf(line, sizeof(line), "STATUS=%s\n", text);
	tell(n, line, MSG_DONTWAIT);
}

void
notify_watchdog(const struct notify *n)
{
	tell(n, "WATCHDOG=1\n", MSG_DONTWAIT);
}
