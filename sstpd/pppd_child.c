/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A child of the monitor that becomes a pppd. */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pppd.h"
#include "pppd_child.h"

enum { STACK_SIZE = 32 * 1024 };

/* What a child takes along, each in a descriptor kept for that. */
enum place {
	PLACE_NULL, /* /dev/null */
	PLACE_LOG,
	PLACE_PLUGIN,
	PLACES,
};

struct program {
	char *const *argv;
	const int *places;
	bool plugin; /* it has one to speak with */
};

/*
 * A table of our own, which was shared with our parent until now: only the
 * places at its beginning are copied, and not the thousands of descriptors that
 * a monitor may have of its sessions.
 */
static int
leave_table(const int *places)
{
	unsigned int last = 0;

	for (int i = 0; i < PLACES; i++)
		if ((unsigned int)places[i] > last)
			last = (unsigned int)places[i];
	if (syscall(SYS_close_range, last + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0)
		return 0;
	return unshare(CLONE_FILES); /* all of it, then */
}

static int
take_descriptors(const struct program *p)
{
	const int *at = p->places;

	if (leave_table(at) != 0 || dup2(at[PLACE_NULL], STDIN_FILENO) < 0 ||
	    dup2(at[PLACE_LOG], STDOUT_FILENO) < 0 ||
	    dup2(at[PLACE_LOG], STDERR_FILENO) < 0)
		return -1;
	if (!p->plugin)
		return 0;
	/* dup2 to itself would keep close-on-exec */
	if (at[PLACE_PLUGIN] == PPPD_PLUGIN_FD)
		return fcntl(PPPD_PLUGIN_FD, F_SETFD, 0);
	return dup2(at[PLACE_PLUGIN], PPPD_PLUGIN_FD);
}

/*
 * Until exec all memory is our parent's, and its descriptors are until
 * leave_table(): system calls only, and nothing is written but the stack.
 */
static int
exec_pppd(void *argument)
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		NULL
	};
	static const char failed[] = "pppd could not be executed\n";
	const struct program *p = argument;
	sigset_t none;

	if (take_descriptors(p) < 0)
		return PPPD_NOT_EXECUTED;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/*
	 * A group, as pppd signals all of its own; but no session: the tty
	 * would become its controlling one, and when that hangs up while pppd
	 * waits for ip-down, SIGHUP makes it kill that script. It sees the end
	 * of its tty without.
	 */
	setpgid(0, 0);
	/*
	 * Without the monitor nobody would give its address back. Once it has
	 * its tty open, that hangs up instead, and the plugin undoes this.
	 */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* everything of ours is close-on-exec; this is the second line */
	syscall(SYS_close_range,
	    p->plugin ? PPPD_PLUGIN_FD + 1 : PPPD_PLUGIN_FD, ~0u, 0);
	if (chdir("/") == 0)
		execve(p->argv[0], p->argv, env);
	if (write(STDERR_FILENO, failed, sizeof(failed) - 1) < 0)
		return PPPD_NOT_EXECUTED;
	return PPPD_NOT_EXECUTED;
}

/* Not one of the three that the child has anyway, if we lack them. */
static int
open_place(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), place;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	place = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return place;
}

/* The places, taken once and then kept. NULL with errno: there are none. */
static const int *
keep_places(void)
{
	static int places[PLACES] = { -1, -1, -1 };

	for (int i = 0; i < PLACES; i++) {
		if (places[i] < 0)
			places[i] = open_place();
		if (places[i] < 0)
			return NULL;
	}
	return places;
}

/*
 * Start a program in a child that has our memory until it executes that, while
 * we wait: a copy of our page tables, made to be thrown away, and of each page
 * that we write to meanwhile, would cost more than all else we do for a
 * session. Our handlers must not run in there, so every signal is blocked until
 * it has none of them left. Returns its pid, or -1 with errno.
 */
static pid_t
start_child(const struct program *program)
{
	static _Alignas(16) char stack[STACK_SIZE];
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(exec_pppd, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
	    (void *)(uintptr_t)program);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

void
pppd_child_prepare(void)
{
	keep_places();
}

pid_t
pppd_child_start(char *const argv[], int plugin, int log)
{
	struct program program = {
		.argv = argv,
		.places = keep_places(),
		.plugin = plugin >= 0,
	};
	const int *at = program.places;
	pid_t pid = -1;
	int saved;

	if (at != NULL && dup3(log, at[PLACE_LOG], O_CLOEXEC) >= 0 &&
	    (plugin < 0 || dup3(plugin, at[PLACE_PLUGIN], O_CLOEXEC) >= 0))
		pid = start_child(&program);
	saved = errno;
	/* the other ends are to see when the child closes its own */
	for (int i = PLACE_LOG; at != NULL && i < PLACES; i++)
		dup3(at[PLACE_NULL], at[i], O_CLOEXEC);
	errno = saved;
	return pid;
}
