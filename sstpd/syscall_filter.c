/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The system calls that an unprivileged process of ours may make. */

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include <seccomp.h>

#include "syscall_filter.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

/* for headers that are older than what libraries ask the kernel for */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

enum {
	CALLS_MAX = 512, /* numbers of all kernels are below, odd ABIs apart */
	CONDITIONS_MAX = 2,
};

/* Where an argument is an int, its upper half is the compiler's to choose. */
#define INT(number, value)                                                     \
	{                                                                      \
		.arg = (number), .op = SCMP_CMP_MASKED_EQ,                     \
		.datum_a = UINT32_MAX, .datum_b = (uint32_t)(value)            \
	}
#define WITHOUT(number, bits)                                                  \
	{                                                                      \
		.arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits),  \
		.datum_b = 0                                                   \
	}
#define WITH(number, bits)                                                     \
	{                                                                      \
		.arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits),  \
		.datum_b = (bits)                                              \
	}

/*
 * A call, and what its arguments must be. Names, because architectures and
 * versions of libseccomp know different ones; those unknown are left out.
 */
struct row {
	const char *call;
	unsigned int conditions;
	struct scmp_arg_cmp condition[CONDITIONS_MAX];
	bool own; /* the first argument must be our process id */
};

/*
 * What is not here: open, execve, fork and clone, socket, connect, bind, kill,
 * ptrace, and some 300 more. A row that is only there for one libc or one
 * version of a library says so.
 */
/* clang-format off */
static const struct row rows[] = {
	/* the event loop: libev on epoll, by whichever call libc uses */
	{ .call = "epoll_wait" },
	{ .call = "epoll_pwait" },
	{ .call = "epoll_pwait2" },
	{ .call = "epoll_ctl" },
	/* it makes a new one after an event of a descriptor long closed, which
	 * some other process still holds */
	{ .call = "epoll_create1" },

	/* a device that is not watched for now, whether it has something */
	{ "poll", 2, { INT(1, 1), INT(2, 0) }, 0 },
	{ "ppoll", 1, { INT(1, 1) }, 0 },
	{ "ppoll_time64", 1, { INT(1, 1) }, 0 },

	/* clients' connections, the monitor's channel, ptys and pipes */
	{ .call = "accept4" },
	{ .call = "recvfrom" },
	{ .call = "sendto" },
	{ .call = "recvmsg" },
	{ .call = "sendmsg" },
	{ .call = "read" },
	{ .call = "write" },
	{ .call = "writev" }, /* stdio of musl, last words of glibc */
	{ .call = "close" },
	{ .call = "getsockname" },
	/* the other way would end a listening socket for all who have it */
	{ "shutdown", 1, { INT(1, SHUT_WR) }, 0 },
	{ "setsockopt", 2, { INT(1, IPPROTO_TCP), INT(2, TCP_NODELAY) }, 0 },
	{ "setsockopt", 2, { INT(1, SOL_SOCKET), INT(2, SO_RCVLOWAT) }, 0 },
	{ "setsockopt", 2, { INT(1, IPPROTO_TCP), INT(2, TCP_NOTSENT_LOWAT) },
	    0 },

	/* a session's statistics; who gives control an order */
	{ "getsockopt", 2, { INT(1, IPPROTO_TCP), INT(2, TCP_INFO) }, 0 },
	{ "getsockopt", 2, { INT(1, SOL_SOCKET), INT(2, SO_PEERCRED) }, 0 },

	/* memory, as malloc and OpenSSL need it, none of it executable */
	{ .call = "brk" },
	{ "mmap", 1, { WITHOUT(2, PROT_EXEC) }, 0 },
	{ "mmap2", 1, { WITHOUT(2, PROT_EXEC) }, 0 },
	{ "mprotect", 1, { WITHOUT(2, PROT_EXEC) }, 0 },
	{ .call = "munmap" },
	{ .call = "mremap" },
	{ .call = "madvise" },
	/* glibc names its memory so, if it is told to */
	{ "prctl", 1, { INT(0, PR_SET_VMA) }, 0 },

	/* descriptors that came from the monitor; some libc's fstat() is one
	 * of the last three, with an empty path */
	{ .call = "fstat" },
	{ .call = "fstat64" },
	{ "newfstatat", 1, { WITH(3, AT_EMPTY_PATH) }, 0 },
	{ "fstatat64", 1, { WITH(3, AT_EMPTY_PATH) }, 0 },
	{ "statx", 1, { WITH(2, AT_EMPTY_PATH) }, 0 },
	/* libev, of one that epoll refuses; perror() and stdio, of stderr */
	{ "fcntl", 1, { INT(1, F_GETFD) }, 0 },
	{ "fcntl", 1, { INT(1, F_GETFL) }, 0 },
	{ "fcntl64", 1, { INT(1, F_GETFD) }, 0 },
	{ "fcntl64", 1, { INT(1, F_GETFL) }, 0 },
	{ "ioctl", 1, { INT(1, TCGETS) }, 0 },
	{ "ioctl", 1, { INT(1, TIOCGWINSZ) }, 0 },
	{ .call = "dup" },

	/* the time, where it takes a call */
	{ .call = "clock_gettime" },
	{ .call = "clock_gettime64" },
	{ .call = "gettimeofday" },
	{ .call = "time" },

	/* random numbers; OpenSSL asks each time whether it was forked, glibc
	 * how many processors to prepare for */
	{ .call = "getrandom" },
	{ .call = "getpid" },
	{ .call = "sched_getaffinity" },

	/* locks of libraries; qsort() of glibc before 2.37, of a long list,
	 * asks how much memory there is */
	{ .call = "futex" },
	{ .call = "futex_time64" },
	{ .call = "sched_yield" },
	{ .call = "sysinfo" },

	/* signals and the end: exit(), abort() and our own handler */
	{ .call = "restart_syscall" },
	{ .call = "rt_sigreturn" },
	{ .call = "sigreturn" },
	{ .call = "rt_sigprocmask" },
	{ "rt_sigaction", 1, { INT(0, SIGABRT) }, 0 },
	{ .call = "gettid" },
	{ .call = "tgkill", .own = true },
	{ .call = "tkill", .own = true },
	{ .call = "exit" },
	{ .call = "exit_group" },

#ifdef SANITIZED
	/* AddressSanitizer, to find its stacks and to say what it found: such a
	 * build is for tests and proves less about files. With clang it also
	 * takes symbolize=0, as its symbolizer is a program to start. */
	{ .call = "open" },
	{ .call = "openat" },
	{ .call = "readlink" },
	{ .call = "readlinkat" },
	{ .call = "access" },
	{ .call = "faccessat" },
	{ .call = "stat" },
	{ .call = "lstat" },
	{ .call = "newfstatat" },
	{ .call = "lseek" },
	{ .call = "pread64" },
	{ .call = "fcntl" },
	{ .call = "getcwd" },
	{ .call = "uname" },
	{ .call = "getuid" },
	{ .call = "geteuid" },
	{ .call = "getrlimit" },
	{ .call = "prlimit64" },
	{ .call = "sigaltstack" },
	{ .call = "rt_sigaction" },
	{ .call = "nanosleep" },
	{ .call = "clock_nanosleep" },
#endif
};
/* clang-format on */

/* --- a violation
 * -------------------------------------------------------------------- */

/* All that the handler reads; names are only looked up before the filter. */
static struct {
	const char *process;
	pid_t pid;
	uint32_t arch;
	const char *names[CALLS_MAX];
} self;

static void
learn_names(const char *process)
{
	self.process = process;
	self.pid = getpid();
	self.arch = seccomp_arch_native();
	for (int i = 0; i < CALLS_MAX; i++)
		if (self.names[i] == NULL)
			self.names[i] =
			    seccomp_syscall_resolve_num_arch(self.arch, i);
}

static size_t
put(char *line, size_t used, size_t cap, const char *text)
{
	while (used < cap && *text != '\0')
		line[used++] = *text++;
	return used;
}

static size_t
put_number(char *line, size_t used, size_t cap, unsigned int number)
{
	char digits[12];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return put(line, used, cap, digits + i);
}

/* In the form of LOG_SINK_TAGGED. Nothing here may call what is not allowed. */
static void
on_violation(int signo, siginfo_t *info, void *context)
{
	static const char tag[] = { '<', '0' + LOG_ERR, '>', '\0' };
	unsigned int number = (unsigned int)info->si_syscall;
	const char *name = "of another architecture";
	char line[256];
	size_t cap = sizeof(line) - 1, n = 0;

	(void)context;
	if (info->si_arch == self.arch)
		name = number < CALLS_MAX && self.names[number] != NULL
			   ? self.names[number]
			   : "unknown";
	n = put(line, n, cap, tag);
	n = put(line, n, cap, self.process);
	n = put(line, n, cap, ": pid ");
	n = put_number(line, n, cap, (unsigned int)self.pid);
	n = put(line, n, cap, ": system call ");
	n = put(line, n, cap, name);
	n = put(line, n, cap, " (");
	n = put_number(line, n, cap, number);
	n = put(line, n, cap,
	    ") is not allowed: killed, see seccomp in sstpd.conf(5)");
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		n = 0; /* nowhere to tell it; the monitor sees the signal */
	/* by default now, see install_handler(): this one kills */
	syscall(SYS_tgkill, self.pid, self.pid, signo);
	_exit(128 + signo);
}

static int
install_handler(void)
{
	/* a second violation, one of the handler's own, kills at once */
	struct sigaction sa = {
		.sa_sigaction = on_violation,
		.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER),
	};

	return sigaction(SIGSYS, &sa, NULL);
}

/* --- the filter
 * --------------------------------------------------------------------- */

/* 0, or a negative errno, as from libseccomp. */
static int
add_row(scmp_filter_ctx filter, const struct row *row)
{
	int number = seccomp_syscall_resolve_name(row->call);
	struct scmp_arg_cmp own = INT(0, getpid());

	/* one of another architecture is negative, too, but can be added: what
	 * i386 has as part of socketcall() is of that kind */
	if (number == __NR_SCMP_ERROR)
		return 0;
	if (row->own)
		return seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, number, 1, &own);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number,
	    row->conditions, row->conditions > 0 ? row->condition : NULL);
}

static int
set_attributes(scmp_filter_ctx filter, uint32_t violation)
{
	int rc;

	/* calls of another architecture are none of ours, either */
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, violation);
	if (rc == 0) /* the caller has done this, and sees it fail */
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (rc == 0) /* a binary search, not a list */
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0) /* true errors from seccomp_load() */
		rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	return rc;
}

static int
load(uint32_t violation)
{
	scmp_filter_ctx filter = seccomp_init(violation);
	int rc;

	if (filter == NULL)
		return -ENOMEM;
	rc = set_attributes(filter, violation);
	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = add_row(filter, &rows[i]);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

int
syscall_filter_check(enum syscall_filter mode)
{
	uint32_t action =
	    mode == SYSCALL_FILTER_LOG ? SECCOMP_RET_LOG : SECCOMP_RET_TRAP;

	if (mode == SYSCALL_FILTER_OFF)
		return 0;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0
		   ? 0
		   : -1;
}

int
syscall_filter_load(enum syscall_filter mode, const char *process)
{
	int rc;

	if (mode == SYSCALL_FILTER_OFF || syscall_filter_check(mode) != 0)
		return 0;
	learn_names(process);
	if (install_handler() != 0)
		return -1;
	rc = load(mode == SYSCALL_FILTER_LOG ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
	if (rc == 0)
		return 0;
	errno = -rc;
	return -1;
}
