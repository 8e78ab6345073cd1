/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The filter of system calls, each call in a process of its own: the ones that
 * a worker has no business with kill it, and stderr has their names; libraries
 * find what they need.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <ev.h>
#include <openssl/rand.h>

#include "listener.h"
#include "sandbox.h"
#include "syscall_filter.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

#ifdef SANITIZED
/* the search for leaks at exit needs more than the filter allows */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

enum { SURVIVED = 42 };

/* What every process finds ready, as a worker does. */
static int sockets[2], tcp, zero;
static char text[4096]; /* what the last one wrote to stderr */

static int
setup(void **state)
{
	unsigned char byte;

	(void)state;
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	zero = open("/dev/zero", O_RDWR);
	tzset();
	return tcp >= 0 && zero >= 0 && RAND_bytes(&byte, 1) == 1 &&
		       socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) == 0
		   ? 0
		   : -1;
}

/* --- one process
 * ------------------------------------------------------------------ */

static void __attribute__((noreturn))
child(int log, enum syscall_filter mode, void (*act)(void))
{
	const struct rlimit none = { 0, 0 };

	dup2(log, STDERR_FILENO);
	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall_filter_load(mode, "tester") != 0)
		_exit(1);
	act();
	_exit(SURVIVED);
}

/* How a process ended that had the filter and then did this. */
static int
outcome(enum syscall_filter mode, void (*act)(void))
{
	int log[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	if (syscall_filter_check(mode) != 0)
		skip(); /* this kernel, or what we are run by, has none */
	assert_int_equal(pipe(log), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(log[1], mode, act);
	close(log[1]);
	while ((n = read(log[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(log[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
assert_killed(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return;
	fail_msg("status 0x%x, stderr \"%s\"", (unsigned int)status, text);
}

static void
assert_survives(enum syscall_filter mode, void (*act)(void))
{
	int status = outcome(mode, act);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
		fail_msg(
		    "status 0x%x, stderr \"%s\"", (unsigned int)status, text);
}

/* --- what kills
 * ------------------------------------------------------------------ */

/* clang-format off */
#define CALL(name, ...) { #name, SYS_##name, { __VA_ARGS__ } }
/* clang-format on */
#define STRING(s) (long)(uintptr_t)(s)

static const struct call {
	const char *name;
	long number;
	long argument[6];
} forbidden[] = {
#ifndef SANITIZED /* which looks at files when it has something to report */
	CALL(openat, AT_FDCWD, STRING("/dev/null"), O_RDONLY),
	CALL(readlinkat, AT_FDCWD, STRING("/proc/self/exe")),
	CALL(newfstatat, AT_FDCWD, STRING("/"), 0, 0),
	CALL(prlimit64, 0, RLIMIT_CORE),
	CALL(rt_sigaction, SIGSYS),
	CALL(rt_sigaction, SIGSEGV),
	CALL(fcntl, 0, F_SETOWN, 1),
	CALL(fcntl, 0, F_SETFL, O_ASYNC),
	CALL(fcntl, 0, F_DUPFD_CLOEXEC, 0),
#ifdef SYS_open
	CALL(open, STRING("/dev/null"), O_RDONLY),
#endif
#endif
	CALL(mkdirat, AT_FDCWD, STRING("/")),
	CALL(unlinkat, AT_FDCWD, STRING("/")),
	CALL(chdir, STRING("/")),
	CALL(chroot, STRING("/")),
	CALL(getdents64, 0),
	CALL(memfd_create, STRING("m"), 0),
	CALL(ftruncate, 0, 0),
	CALL(mount, 0),
	/* other processes */
	CALL(clone, SIGCHLD),
	CALL(execve, STRING("/bin/true")),
	CALL(execveat, AT_FDCWD, STRING("/bin/true")),
	CALL(kill, 1, 0),
	CALL(tgkill, 1, 1, 0),
	CALL(tkill, 1, 0),
	CALL(pidfd_send_signal, -1),
	CALL(ptrace, PTRACE_TRACEME),
	CALL(process_vm_readv, 1),
	CALL(process_vm_writev, 1),
	CALL(wait4, -1),
#ifdef SYS_fork
	CALL(fork, 0),
	CALL(vfork, 0),
#endif
#ifdef SYS_clone3
	CALL(clone3, 0),
#endif
	/* the network */
	CALL(socket, AF_INET, SOCK_STREAM),
	CALL(socketpair, AF_UNIX, SOCK_STREAM),
	CALL(connect, -1),
	CALL(bind, -1),
	CALL(listen, -1),
	CALL(setsockopt, -1, SOL_SOCKET, SO_ATTACH_FILTER),
	CALL(setsockopt, -1, IPPROTO_TCP, TCP_CONGESTION),
	CALL(setsockopt, -1, IPPROTO_IP, TCP_NODELAY),
	CALL(getsockopt, -1, SOL_SOCKET, SO_PEERSEC),
	/* what else could change more than this process */
	CALL(bpf, 0),
	CALL(setuid, 0),
	CALL(unshare, CLONE_NEWUSER),
	CALL(setns, -1),
	CALL(keyctl, 0),
	CALL(perf_event_open, 0),
	CALL(userfaultfd, 0),
	CALL(init_module, 0),
	CALL(io_setup, 1),
#ifdef SYS_io_uring_setup
	CALL(io_uring_setup, 1),
#endif
	/* allowed, but not with these arguments */
	CALL(prctl, PR_SET_DUMPABLE, 1),
	CALL(prctl, PR_SET_SECCOMP, 2),
	CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS),
	CALL(mprotect, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC),
	CALL(ioctl, 0, TIOCSTI),
	CALL(ioctl, 0, TCSETS),
	CALL(statx, AT_FDCWD, STRING("/")),
	CALL(shutdown, -1, SHUT_RD),
	CALL(shutdown, -1, SHUT_RDWR),
};

static const struct call *tried;

static void
try_it(void)
{
	const long *a = tried->argument;

	syscall(tried->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void
test_forbidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		char line[128];

		tried = &forbidden[i];
		assert_killed(outcome(SYSCALL_FILTER_ON, try_it));
		snprintf(line, sizeof(line), ": system call %s (%ld) is not",
		    tried->name, tried->number);
		if (strstr(text, line) == NULL)
			fail_msg("%s: \"%s\"", tried->name, text);
	}
}

static void
test_line(void **state)
{
	int pid, end = 0;

	(void)state;
	tried = &(const struct call){ "socket", SYS_socket, { AF_INET } };
	assert_killed(outcome(SYSCALL_FILTER_ON, try_it));
	assert_int_equal(sscanf(text,
			     "<3>tester: pid %d: system call socket (%*d) is "
			     "not allowed: killed, see seccomp in "
			     "sstpd.conf(5)\n%n",
			     &pid, &end),
	    1);
	assert_int_equal(end, strlen(text));
}

/* Whatever it did to escape its handler, the call is not executed. */
static void
block_signal(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	try_it();
}

static void
close_stderr(void)
{
	close(STDERR_FILENO);
	try_it();
}

static void
test_silent(void **state)
{
	(void)state;
	tried = &(const struct call){ "socket", SYS_socket, { AF_INET } };
	assert_killed(outcome(SYSCALL_FILTER_ON, block_signal));
	assert_string_equal(text, "");
	assert_killed(outcome(SYSCALL_FILTER_ON, close_stderr));
	assert_string_equal(text, "");
}

#ifdef __x86_64__
/* getpid() as of i386: numbers mean other calls there */
static void
call_as_i386(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
}

static void
test_architecture(void **state)
{
	int status;

	(void)state;
	/* x32 counts as the same one, with a bit in the number */
	tried = &(const struct call){ "", 0x40000000 + SYS_getpid, { 0 } };
	assert_killed(outcome(SYSCALL_FILTER_ON, try_it));
	assert_non_null(strstr(text, "system call unknown (1073741863)"));
	status = outcome(SYSCALL_FILTER_ON, call_as_i386);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip(); /* a kernel without i386 */
	assert_killed(status);
	assert_non_null(strstr(text, "call of another architecture (20)"));
}
#else
static void
test_architecture(void **state)
{
	(void)state;
	skip();
}
#endif

/* --- what works
 * ------------------------------------------------------------------- */

static void
must_at(int good, int line)
{
	if (!good) {
		fprintf(stderr, "line %d: %s\n", line, strerror(errno));
		_exit(2);
	}
}
#define must(good) must_at(good, __LINE__)

static void
use_memory(void)
{
	char *p[64];
	void *map;

	for (size_t i = 0; i < 64; i++)
		must((p[i] = malloc((size_t)1 << (i % 24))) != NULL);
	for (size_t i = 0; i < 64; i++) {
		must((p[i] = realloc(p[i], (size_t)1 << (i % 26))) != NULL);
		free(p[i]);
	}
	map = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, zero, 0);
	must(map != MAP_FAILED);
	must(mprotect(map, 4096, PROT_READ | PROT_WRITE) == 0);
	must(madvise(map, 4096, MADV_DONTNEED) == 0);
	must(munmap(map, 8192) == 0);
}

static void
use_sockets(void)
{
	struct iovec iov = { .iov_base = text, .iov_len = 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int on = 1;

	must(send(sockets[0], "a", 1, MSG_NOSIGNAL) == 1);
	must(recv(sockets[1], text, 1, 0) == 1);
	must(sendmsg(sockets[0], &mh, 0) == 1);
	must(recvmsg(sockets[1], &mh, MSG_DONTWAIT) == 1);
	must(write(sockets[0], "b", 1) == 1);
	must(read(sockets[1], text, 1) == 1);
	must(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	must(setsockopt(tcp, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &on, sizeof(on)) ==
	     0);
	must(shutdown(sockets[0], SHUT_WR) == 0);
	len = sizeof(address);
	must(getsockopt(sockets[0], SOL_SOCKET, SO_PEERCRED, &address, &len) ==
	     0);
	len = sizeof(address);
	must(getsockopt(tcp, IPPROTO_TCP, TCP_INFO, &address, &len) == 0);
	len = sizeof(address);
	must(getsockname(tcp, (struct sockaddr *)&address, &len) == 0);
	must(accept4(tcp, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EINVAL);
	must(close(tcp) == 0);
}

static void
write_addresses(void)
{
	struct sockaddr_storage a = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;
	char address[ADDRESS_TEXT_MAX];

	in6->sin6_addr.s6_addr[0] = 0xfe;
	in6->sin6_addr.s6_addr[1] = 0x80;
	in6->sin6_addr.s6_addr[15] = 7;
	in6->sin6_scope_id = 1;
	address_text(&a, address);
	must(strcmp(address, "fe80::7%1") == 0);
	in6->sin6_scope_id = 0;
	address_text(&a, address);
	must(strcmp(address, "fe80::7") == 0);
	a.ss_family = AF_INET;
	address_text(&a, address);
	must(strcmp(address, "0.0.0.0") == 0);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void
use_libc(void)
{
	static unsigned char list[4096][16];
	struct timespec now;
	struct stat st;
	struct tm tm;

	must(getrandom(list, 256, 0) == 256);
	qsort(list, 4096, 16, compare);
	must(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
	must(localtime_r(&now.tv_sec, &tm) != NULL);
	must(fstat(zero, &st) == 0);
	must(isatty(zero) == 0);
	must(fcntl(zero, F_GETFD) >= 0);
	must(RAND_bytes(list[0], 16) == 1);
	fprintf(stderr, "%s\n", strerror(ENOENT));
	perror("perror");
	must(fputs("text", stdout) >= 0);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static struct ev_loop *loop;

static void
run_loop(void)
{
	ev_timer timer;

	ev_timer_init(&timer, on_timer, 0.01, 0.);
	ev_timer_start(loop, &timer);
	ev_loop_fork(loop); /* it does this on its own, now and then */
	ev_run(loop, 0);
	must(!ev_is_active(&timer));
}

static void
test_allowed(void **state)
{
	(void)state;
	assert_survives(SYSCALL_FILTER_ON, use_memory);
	assert_survives(SYSCALL_FILTER_ON, use_sockets);
	assert_survives(SYSCALL_FILTER_ON, write_addresses);
	assert_survives(SYSCALL_FILTER_ON, use_libc);
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	assert_non_null(loop);
	assert_survives(SYSCALL_FILTER_ON, run_loop);
	ev_loop_destroy(loop);
}

static char dir[] = "/tmp/test_sandbox.XXXXXX";

/* As a worker begins, so that what must be done before is. */
static void
enter(void)
{
	const struct sandbox sandbox = {
		.process = "tester", .user = "nobody", .dir = dir
	};
	const char *what;

	must(unsetenv("TZ") == 0);
	must(sandbox_enter(&sandbox, &what) == 0);
}

static void
use_time(void)
{
	time_t now;
	struct tm tm;
	char line[64];

	enter();
	now = time(NULL);
	must(localtime(&now) != NULL);
	must(localtime_r(&now, &tm) != NULL);
	must(mktime(&tm) == now);
	must(strftime(line, sizeof(line), "%H:%M %Z", &tm) > 0);
	must(gmtime_r(&now, &tm) != NULL);
}

static void
test_time(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_survives(SYSCALL_FILTER_OFF, use_time);
	assert_int_equal(rmdir(dir), 0);
}

static void
exit_properly(void)
{
	exit(SURVIVED);
}

static void
test_ends(void **state)
{
	int status = outcome(SYSCALL_FILTER_ON, abort);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_survives(SYSCALL_FILTER_ON, exit_properly);
}

static void
open_file(void)
{
	must(open("/dev/null", O_RDONLY) >= 0);
	must(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static void
test_modes(void **state)
{
	(void)state;
	assert_survives(SYSCALL_FILTER_LOG, open_file);
	assert_survives(SYSCALL_FILTER_OFF, open_file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_architecture),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests_name(
	    "syscall filter", tests, setup, NULL);
}
