/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A pppd to be cloned. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keymsg.h"
#include "pppd.h"
#include "pppd_child.h"
#include "pppd_template.h"

/* Seen by ps only, and room for what a clone has there. */
#define PLACEHOLDER                                                            \
	"template                                                       "

_Static_assert(sizeof(PLACEHOLDER) == KEYMSG_TEXT_MAX, "room for a value");
_Static_assert((int)PPPD_TTY_MAX == (int)KEYMSG_TEXT_MAX, "room for a tty");

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
pppd_template_start(struct pppd_template *t, const struct conf *conf,
    const struct conf_profile *profile)
{
	const struct pppd_session session = {
		.tty = PLACEHOLDER,
		.plugin_fd = PPPD_PLUGIN_FD,
		.template = true,
		.remote_address = PLACEHOLDER,
		.session = PLACEHOLDER,
		.profile = profile,
	};
	int channel[2] = { -1, -1 }, log[2] = { -1, -1 }, saved;
	struct pppd_args args;
	pid_t pid = -1;

	if (pppd_build_args(&args, conf, &session) == 0 &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) ==
		0 &&
	    pipe2(log, O_CLOEXEC) == 0 &&
	    fcntl(log[0], F_SETFL, O_NONBLOCK) == 0)
		pid = pppd_child_start(args.argv, channel[1], log[1]);
	saved = errno;
	close_fd(&channel[1]);
	close_fd(&log[1]);
	if (pid < 0) {
		close_fd(&channel[0]);
		close_fd(&log[0]);
		errno = saved;
		return -1;
	}
	*t = (struct pppd_template){
		.pid = pid, .channel = channel[0], .log = log[0]
	};
	return 0;
}

/*
 * Also what it has cloned and we have not heard of, which is in its process
 * group: SIGKILL is what all of them end by at once.
 */
static void
stop(struct pppd_template *t)
{
	if (t->pid == 0)
		return;
	kill(-t->pid, SIGKILL);
	while (waitpid(-t->pid, NULL, 0) > 0 || errno == EINTR)
		;
	t->pid = 0;
	t->waits = false;
}

/* Returns 1, 0 if there is nothing to read, or -1; *fd is -1 or the caller's.
 */
static int
receive(const struct pppd_template *t, void *message, size_t size,
    enum keymsg_type type, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = message, .iov_len = size };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct keymsg_header *header = message;
	const struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	n = recvmsg(t->channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return (size_t)n == size && (m.msg_flags & MSG_TRUNC) == 0 &&
		       header->version == KEYMSG_VERSION &&
		       header->type == type && header->length == size
		   ? 1
		   : -1;
}

int
pppd_template_hear(struct pppd_template *t)
{
	struct keymsg_template m;
	int fd, r;

	r = receive(t, &m, sizeof(m), KEYMSG_TEMPLATE, &fd);
	close_fd(&fd);
	if (r < 0 || (r > 0 && t->waits))
		return -1;
	t->waits = t->waits || r > 0;
	return 0;
}

static int
ask(const struct pppd_template *t, const struct pppd_session *session,
    int plugin, int log)
{
	const int fds[] = { plugin, log };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fds)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct keymsg_clone clone = { .header = { .version = KEYMSG_VERSION,
					  .type = KEYMSG_CLONE,
					  .length = sizeof(clone) } };
	struct iovec iov = { .iov_base = &clone, .iov_len = sizeof(clone) };
	const struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	snprintf(clone.tty, sizeof(clone.tty), "%s", session->tty);
	snprintf(clone.remote_address, sizeof(clone.remote_address), "%s",
	    session->remote_address);
	snprintf(clone.session, sizeof(clone.session), "%s", session->session);
	return sendmsg(t->channel, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1
									: 0;
}

/* Returns its pid, and *pidfd; or -1. */
static pid_t
hear_clone(const struct pppd_template *t, int *pidfd)
{
	struct pollfd p = { .fd = t->channel, .events = POLLIN };
	struct keymsg_cloned m;
	int r;

	if (poll(&p, 1, PPPD_TEMPLATE_ANSWER_MS) <= 0)
		return -1;
	r = receive(t, &m, sizeof(m), KEYMSG_CLONED, pidfd);
	/* out of the group that ends with the template */
	if (r > 0 && m.pid > 0 && *pidfd >= 0 && setpgid(m.pid, m.pid) == 0)
		return m.pid;
	close_fd(pidfd);
	return -1;
}

pid_t
pppd_template_clone(struct pppd_template *t, const struct pppd_session *session,
    int plugin, int log, int *pidfd)
{
	pid_t pid = -1;

	if (t->waits && ask(t, session, plugin, log) == 0)
		pid = hear_clone(t, pidfd);
	if (pid < 0)
		stop(t);
	return pid;
}

void
pppd_template_last_line(const struct pppd_template *t, char *text, size_t cap)
{
	ssize_t n = t->log < 0 ? 0 : read(t->log, text, cap - 1);
	char *newline;

	text[n < 0 ? 0 : n] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	newline = strrchr(text, '\n');
	if (newline != NULL)
		memmove(text, newline + 1, strlen(newline));
}

void
pppd_template_end(struct pppd_template *t)
{
	stop(t);
	close_fd(&t->channel);
	close_fd(&t->log);
}
