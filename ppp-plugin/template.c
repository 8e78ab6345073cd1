/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keymsg.h"
#include "template.h"

enum { TTY, REMOTENUMBER, REMOTE, IPPARAM, SESSION, ARGUMENTS };

/* Bytes that the arguments take, one after the other; 0 if they do not. */
static size_t
arguments_size(char **arguments)
{
	const char *next = arguments[0];

	for (int i = 0; i < ARGUMENTS; i++) {
		if (arguments[i] == NULL || arguments[i] != next)
			return 0;
		next += strlen(next) + 1;
	}
	if (strcmp(arguments[REMOTENUMBER], "remotenumber") != 0 ||
	    strcmp(arguments[IPPARAM], "ipparam") != 0)
		return 0;
	return (size_t)(next - arguments[0]);
}

/* In their place, for ps to show what it would of any pppd. */
static int
rewrite_arguments(char **arguments, const struct keymsg_clone *m)
{
	const char *const values[ARGUMENTS] = { m->tty, "remotenumber",
		m->remote_address, "ipparam", m->session };
	size_t size = arguments_size(arguments), n;
	char *p = arguments[0];

	memset(p, 0, size);
	for (int i = 0; i < ARGUMENTS; i++) {
		n = strlen(values[i]) + 1;
		if (n > size)
			return 0;
		memcpy(p, values[i], n);
		arguments[i] = p;
		p += n;
		size -= n;
	}
	return 1;
}

/* The message and its two descriptors; 0 when there is no more to do. */
static int
receive(int channel, struct keymsg_clone *m, int fds[2])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = CMSG_FIRSTHDR(&msg);
	if (n != (ssize_t)sizeof(*m) || m->header.length != sizeof(*m) ||
	    m->header.version != KEYMSG_VERSION ||
	    m->header.type != KEYMSG_CLONE || c == NULL ||
	    c->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return 0;
	memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	m->tty[sizeof(m->tty) - 1] = '\0';
	m->remote_address[sizeof(m->remote_address) - 1] = '\0';
	m->session[sizeof(m->session) - 1] = '\0';
	return 1;
}

/* fd -1: none goes with it. */
static int
reply(int channel, void *message, enum keymsg_type type, size_t size, int fd)
{
	const struct keymsg_header header = { .version = KEYMSG_VERSION,
		.type = (uint16_t)type,
		.length = (uint32_t)size };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { .iov_base = message, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(message, &header, sizeof(header));
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	return sendmsg(channel, &msg, MSG_NOSIGNAL) >= 0;
}

/*
 * A sibling rather than a child: the daemon's to reap, as any pppd. It stays in
 * our process group until the daemon knows of it.
 */
static pid_t
clone_self(int *pidfd)
{
	/* not clone3(): a service manager that guards namespaces forbids it */
	const unsigned long flags = CLONE_PARENT | CLONE_PIDFD | SIGCHLD;

#ifdef __s390__
	return (pid_t)syscall(SYS_clone, 0UL, flags, pidfd, 0UL, 0UL);
#else
	return (pid_t)syscall(SYS_clone, flags, 0UL, pidfd, 0UL, 0UL);
#endif
}

/* What a fork has to be told to be a pppd of its own. Nothing else is open but
 * what pppd itself has opened, which is for the log. */
static int
become_session(int channel, const int fds[2], pid_t daemon)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != daemon) /* it had died before that */
		_exit(EXIT_FAILURE);
	if (dup3(fds[0], channel, O_CLOEXEC) < 0 ||
	    dup2(fds[1], STDOUT_FILENO) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return 1;
}

static void
serve(int channel, char **arguments)
{
	const pid_t daemon = getppid();
	struct keymsg_clone m;
	struct keymsg_cloned cloned = { .pid = 0 };
	int fds[2], pidfd = -1;

	while (receive(channel, &m, fds)) {
		cloned.pid = clone_self(&pidfd);
		if (cloned.pid == 0) {
			if (become_session(channel, fds, daemon) &&
			    rewrite_arguments(arguments, &m))
				return;
			break;
		}
		close(fds[0]);
		close(fds[1]);
		if (cloned.pid < 0) {
			dprintf(STDOUT_FILENO, "clone: %s\n", strerror(errno));
			pidfd = -1;
		}
		if (!reply(
			channel, &cloned, KEYMSG_CLONED, sizeof(cloned), pidfd))
			break;
		close(pidfd);
	}
	_exit(0);
}

int
template_serve(int channel, char **arguments)
{
	struct keymsg_template m;
	char name[16];

	if (arguments_size(arguments) == 0)
		return 0;
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "pppd-template");
	if (!reply(channel, &m, KEYMSG_TEMPLATE, sizeof(m), -1))
		_exit(0);
	serve(channel, arguments);
	prctl(PR_SET_NAME, name);
	return 1;
}
