/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* TCP's congestion control. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "congestion.h"

static int
get(int fd, char name[static CONGESTION_NAME_MAX])
{
	socklen_t len = CONGESTION_NAME_MAX - 1;

	memset(name, 0, CONGESTION_NAME_MAX);
	return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len);
}

static int
set(int fd, const char *name)
{
	return setsockopt(
	    fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name));
}

/* A socket to try things with. */
static int
new_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
}

static int
get_system(char name[static CONGESTION_NAME_MAX])
{
	int fd = new_socket(), ret, saved;

	if (fd < 0)
		return -1;
	ret = get(fd, name);
	saved = errno;
	close(fd);
	errno = saved;
	return ret;
}

int
congestion_set(int fd, const char *name)
{
	char has[CONGESTION_NAME_MAX], wanted[CONGESTION_NAME_MAX];

	if (strcmp(name, "system") == 0) {
		if (get_system(wanted) != 0)
			return -1;
		name = wanted;
	}
	/* one that was never set goes on following the kernel's default */
	if (get(fd, has) == 0 && strcmp(has, name) == 0)
		return 0;
	return set(fd, name);
}

static void
read_line(const char *path, char *line, int size)
{
	FILE *in = fopen(path, "re");

	line[0] = '\0';
	if (in == NULL)
		return;
	if (fgets(line, size, in) != NULL)
		line[strcspn(line, "\n")] = '\0';
	fclose(in);
}

static void
explain(const char *name, int error, char text[static CONGESTION_ERROR_MAX])
{
	char known[256];

	if (error == EPERM) {
		read_line("/proc/sys/net/ipv4/tcp_allowed_congestion_control",
		    known, sizeof(known));
		snprintf(text, CONGESTION_ERROR_MAX,
		    "%s: only root may use it; others: %s\n"
		    "name it in net.ipv4.tcp_allowed_congestion_control",
		    name, known);
		return;
	}
	read_line("/proc/sys/net/ipv4/tcp_available_congestion_control", known,
	    sizeof(known));
	snprintf(text, CONGESTION_ERROR_MAX,
	    "%s: %s; this kernel has: %s\n"
	    "modprobe tcp_%s, or name one that there is",
	    name, error == ENOENT ? "there is none" : strerror(error), known,
	    name);
}

int
congestion_check(const char *name, char error[static CONGESTION_ERROR_MAX])
{
	int fd = new_socket(), ret;

	if (fd < 0) {
		snprintf(error, CONGESTION_ERROR_MAX, "%s: not checked: %s\n",
		    name, strerror(errno));
		return -1;
	}
	ret = congestion_set(fd, name);
	if (ret != 0)
		explain(name, errno, error);
	close(fd);
	return ret;
}
