/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Starting a pppd. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "pppd.h"
#include "pppd_child.h"
#include "pppd_template.h"

enum { RUN_SECONDS = 20 }; /* for a pppd that only looks at its options */

static const char *const exit_texts[] = {
	[0] = "ended normally",
	[1] = "fatal error",
	[2] = "error in its options",
	[3] = "not run as root",
	[4] = "this kernel has no PPP",
	[5] = "terminated by a signal",
	[6] = "could not lock its device",
	[7] = "could not open its device",
	[8] = "connect script failed",
	[9] = "pty command failed",
	[10] = "PPP negotiation failed",
	[11] = "peer authentication failed",
	[12] = "idle timeout",
	[13] = "connect time limit reached",
	[14] = "callback negotiated",
	[15] = "peer does not answer LCP echoes",
	[16] = "link hung up",
	[17] = "loopback detected",
	[18] = "init script failed",
	[19] = "failed to authenticate to the peer",
	[20] = "traffic limit reached",
	[21] = "calling number refused",
	[PPPD_NOT_EXECUTED] = "could not be executed",
	[PPPD_CRASHED] = "crashed",
};

const char *
pppd_exit_text(int code)
{
	static const int n = sizeof(exit_texts) / sizeof(exit_texts[0]);

	if (code < 0 || code >= n || exit_texts[code] == NULL)
		return "unknown exit code";
	return exit_texts[code];
}

static void add(struct pppd_args *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct pppd_args *a, const char *fmt, ...)
{
	size_t left = sizeof(a->text) - a->text_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->text + a->text_len, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left || a->argc >= PPPD_ARGS_MAX) {
		a->overflow = true;
		return;
	}
	a->argv[a->argc++] = a->text + a->text_len;
	a->argv[a->argc] = NULL;
	a->text_len += (size_t)n + 1;
}

static void
add_auth(struct pppd_args *a, uint32_t methods)
{
	add(a, "auth");
	if (methods & CONF_AUTH_MSCHAP_V2)
		add(a, "require-mschap-v2");
	if (methods & CONF_AUTH_EAP)
		add(a, "require-eap");
	if (methods & CONF_AUTH_CHAP_MD5)
		add(a, "require-chap");
	if (methods & CONF_AUTH_PAP)
		add(a, "require-pap");
}

int
pppd_build_args(struct pppd_args *a, const struct conf *conf,
    const struct pppd_session *session)
{
	uint32_t local = session->profile->local_address;

	*a = (struct pppd_args){ 0 };
	add(a, "%s", conf->pppd);
	add(a, "file");
	add(a, "%s", session->profile->options_file);
	/* what follows the file wins over it */
	add(a, "nodetach");
	add(a, "logfd");
	add(a, "1");
	add(a, "hide-password");
	/* a pty has no modem lines, and our codec escapes only 7D and 7E */
	add(a, "local");
	add(a, "receive-all");
	add(a, "asyncmap");
	add(a, "0");
	add_auth(a, conf->auth_methods);
	add(a, "plugin");
	add(a, "%s", conf->plugin);
	if (local != 0)
		add(a, "%u.%u.%u.%u:", local >> 24, local >> 16 & 255,
		    local >> 8 & 255, local & 255);
	if (session->plugin_fd >= 0) {
		add(a, "%s", session->template ? "sstpd-template" : "sstpd-fd");
		add(a, "%d", session->plugin_fd);
	}
	/* what differs from one session to the next, where a template waits */
	add(a, "%s", session->tty);
	add(a, "remotenumber");
	add(a, "%s", session->remote_address);
	add(a, "ipparam");
	add(a, "%s", session->session);
	if (a->overflow) {
		errno = E2BIG;
		return -1;
	}
	return 0;
}

/* A raw pty: before pppd sets its modes nothing may be echoed or edited. */
static int
open_pty(int *master, int *slave, char *name, size_t cap)
{
	struct termios tio;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0)
		return -1;
	if (grantpt(*master) != 0 || unlockpt(*master) != 0 ||
	    ptsname_r(*master, name, cap) != 0)
		return -1;
	*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*slave < 0 || tcgetattr(*slave, &tio) != 0)
		return -1;
	cfmakeraw(&tio);
	return tcsetattr(*slave, TCSANOW, &tio);
}

static int
pidfd_open_compat(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void
close_all(int *fds, size_t n)
{
	int saved = errno;

	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	errno = saved;
}

static pid_t
start(const struct pppd_session *session, const struct conf *conf, int plugin,
    int log, int *pidfd)
{
	struct pppd_args args;
	pid_t pid;

	if (pppd_build_args(&args, conf, session) != 0)
		return -1;
	pid = pppd_child_start(args.argv, plugin, log);
	if (pid < 0)
		return -1;
	*pidfd = pidfd_open_compat(pid);
	if (*pidfd >= 0)
		return pid;
	/* still ours to reap, so the pid cannot be another's */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

int
pppd_spawn(struct pppd_process *process, const struct conf *conf,
    struct pppd_template *from, struct pppd_session *session,
    const void *initial, size_t initial_len, const char **what)
{
	enum { MASTER, SLAVE, PLUGIN, PLUGIN_CHILD, LOG, LOG_CHILD, PIDFD, N };
	int fd[N] = { -1, -1, -1, -1, -1, -1, -1 };
	char tty[PPPD_TTY_MAX];
	pid_t clone = -1, pid;

	*what = "pseudo-terminal";
	if (open_pty(&fd[MASTER], &fd[SLAVE], tty, sizeof(tty)) != 0)
		goto fail;
	*what = "socketpair";
	if (socketpair(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, &fd[PLUGIN]) != 0 ||
	    fcntl(fd[PLUGIN], F_SETFL, O_NONBLOCK) != 0)
		goto fail;
	*what = "pipe";
	if (pipe2(&fd[LOG], O_CLOEXEC) != 0 ||
	    fcntl(fd[LOG], F_SETFL, O_NONBLOCK) != 0)
		goto fail;
	*what = "fork";
	session->tty = tty;
	session->plugin_fd = PPPD_PLUGIN_FD;
	if (from != NULL)
		clone = pppd_template_clone(
		    from, session, fd[PLUGIN_CHILD], fd[LOG_CHILD], &fd[PIDFD]);
	pid = clone > 0 ? clone
			: start(session, conf, fd[PLUGIN_CHILD], fd[LOG_CHILD],
			      &fd[PIDFD]);
	if (pid < 0)
		goto fail;
	close(fd[PLUGIN_CHILD]);
	close(fd[LOG_CHILD]);
	/* it waits for this; without it, it ends, which its owner will see */
	send(fd[PLUGIN], initial, initial_len, MSG_NOSIGNAL);
	*process = (struct pppd_process){
		.pid = pid,
		.pidfd = fd[PIDFD],
		.master = fd[MASTER],
		.slave = fd[SLAVE],
		.plugin = fd[PLUGIN],
		.log = fd[LOG],
		.cloned = clone > 0,
	};
	return 0;
fail:
	close_all(fd, N);
	return -1;
}

/* Milliseconds until then, for poll(). */
static int
remaining(const struct timespec *end)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(end->tv_sec - now.tv_sec) * 1000 +
	     (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

/*
 * All that pppd prints, of which text keeps the beginning: a pipe closed early
 * would kill it. Returns whether it came to its end in time.
 */
static bool
read_all(int fd, char *text, size_t cap)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	struct timespec end;
	char rest[512];
	size_t used = 0;
	ssize_t n = -1;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += RUN_SECONDS;
	while (poll(&readable, 1, remaining(&end)) > 0) {
		bool keep = used + 1 < cap;

		n = keep ? read(fd, text + used, cap - 1 - used)
			 : read(fd, rest, sizeof(rest));
		if (n <= 0)
			break;
		if (keep)
			used += (size_t)n;
	}
	text[used] = '\0';
	return n == 0;
}

/* Returns its exit code, or -1 with errno if it could not be run or hangs. */
static int
run(char *const argv[], char *text, size_t cap)
{
	int status, log[2];
	bool ended;
	pid_t pid;

	if (pipe2(log, O_CLOEXEC) != 0)
		return -1;
	pid = pppd_child_start(argv, -1, log[1]);
	close(log[1]);
	ended = pid > 0 && read_all(log[0], text, cap);
	close(log[0]);
	if (pid < 0)
		return -1;
	kill(-pid, SIGKILL); /* without effect on one that is ending */
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	errno = ended ? ECHILD : ETIMEDOUT;
	return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
pppd_check_options(const struct conf *conf, const struct conf_profile *profile,
    char *text, size_t cap)
{
	struct pppd_session session = {
		.plugin_fd = -1,
		.remote_address = "192.0.2.1",
		.session = "check",
		.profile = profile,
	};
	struct pppd_args args;
	int master = -1, slave = -1, ret = -1;
	char tty[PPPD_TTY_MAX];

	text[0] = '\0';
	if (open_pty(&master, &slave, tty, sizeof(tty)) != 0)
		goto out;
	session.tty = tty;
	if (pppd_build_args(&args, conf, &session) != 0)
		goto out;
	add(&args, "dryrun");
	ret = run(args.argv, text, cap);
out:
	close_all((int[]){ master, slave }, 2);
	return ret;
}

int
pppd_read_version(const struct conf *conf, char *text, size_t cap)
{
	struct pppd_args args = { 0 };

	text[0] = '\0';
	add(&args, "%s", conf->pppd);
	add(&args, "--version");
	return run(args.argv, text, cap);
}
