/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A worker or the control process as the monitor sees it. */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "role.h"
#include "child.h"

enum { LOG_READS_PER_TURN = 16 };

/* A worker that dies younger than this is not started again at once. */
static const ev_tstamp too_young = 5., restart_delay = 1.;

/* --- its log
 * -------------------------------------------------------------------- */

static void
log_input(struct child *w, const uint8_t *p, size_t n)
{
	struct log_record r;
	bool complete;

	while (n > 0) {
		size_t used =
		    log_pipe_decode(&w->log_pipe, p, n, &r, &complete);

		if (complete)
			log_relay(&r, w->pid);
		p += used;
		n -= used;
	}
}

static void
read_log(struct child *w)
{
	uint8_t bytes[4096];

	for (int i = 0; i < LOG_READS_PER_TURN; i++) {
		ssize_t n = read(w->log, bytes, sizeof(bytes));

		if (n > 0)
			log_input(w, bytes, (size_t)n);
		else if (n == 0)
			ev_io_stop(w->loop, &w->log_reader);
		if (n <= 0)
			return;
	}
}

static void
on_log(struct ev_loop *loop, ev_io *watcher, int revents)
{
	(void)loop;
	(void)revents;
	read_log(watcher->data);
}

/* --- its end
 * ---------------------------------------------------------------------- */

static void
log_exit(const struct child *w, const siginfo_t *info)
{
	if (info->si_code != CLD_EXITED)
		log_errx("%s %u: pid %d killed by signal %d (%s)", w->name,
		    w->serial, (int)w->pid, info->si_status,
		    strsignal(info->si_status));
	else if (info->si_status != 0 || (!w->stopping && !w->renewing))
		log_errx("%s %u: pid %d exited with status %d", w->name,
		    w->serial, (int)w->pid, info->si_status);
}

static void
on_exited(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct child *w = watcher->data;
	ev_tstamp age = ev_now(loop) - w->started;
	siginfo_t info = { 0 };

	(void)revents;
	if (waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return;
	read_log(w); /* its last words, before ours */
	log_exit(w, &info);
	ev_io_stop(loop, &w->exited);
	ev_io_stop(loop, &w->log_reader);
	channel_fini(&w->channel);
	close(w->pidfd);
	close(w->log);
	w->running = false;
	w->ops->on_died(w);
	ev_timer_set(&w->restart,
	    age < too_young && !w->renewing ? restart_delay : 0., 0.);
	w->renewing = false;
	if (!w->stopping)
		ev_timer_start(loop, &w->restart);
}

static void
on_restart(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct child *w = watcher->data;

	(void)revents;
	if (child_start(w) == 0)
		return;
	log_err("%s: cannot be started again, trying later", w->name);
	ev_timer_set(&w->restart, restart_delay, 0.);
	ev_timer_start(loop, &w->restart);
}

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct child *w = owner;

	w->ops->on_message(w, msg, fds);
}

static void
on_channel_closed(void *owner, const char *why)
{
	struct child *w = owner;

	if (w->stopping || w->renewing)
		return; /* it is exiting, as it was told */
	log_errx("%s %u: channel: %s", w->name, w->serial, why);
	/* it may live on, deaf: not for long, and only through its pidfd */
	syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
}

static const struct channel_ops channel_ops = {
	.on_message = on_message,
	.on_closed = on_channel_closed,
};

/* --- its start
 * ---------------------------------------------------------------------- */

/*
 * Between fork and exec. A fresh exec gives the child an address space layout
 * of its own, and none of the monitor's memory.
 */
static void __attribute__((noreturn))
exec_child(const struct child *w, const char *serial, int channel, int log)
{
	char *argv[] = { (char[]){ "sstpd" }, (char *)(uintptr_t)w->role,
		(char *)(uintptr_t)serial, NULL };
	int fds[3];

	/* move them out of the way of the two places first */
	fds[0] = fcntl(channel, F_DUPFD_CLOEXEC, 10);
	fds[1] = fcntl(w->monitor_peers, F_DUPFD_CLOEXEC, 10);
	fds[2] = fcntl(w->exe, F_DUPFD_CLOEXEC, 10);
	if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0 ||
	    dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
	    dup2(fds[0], ROLE_CHANNEL_FD) < 0 ||
	    dup2(fds[1], ROLE_PEERS_FD) < 0)
		_exit(127);
	/* everything of ours is close-on-exec; this is the second line */
	syscall(SYS_close_range, ROLE_PEERS_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	syscall(SYS_execveat, fds[2], "", argv, environ, AT_EMPTY_PATH);
	_exit(127);
}

static void
start_watchers(struct child *w)
{
	ev_io_init(&w->exited, on_exited, w->pidfd, EV_READ);
	ev_io_init(&w->log_reader, on_log, w->log, EV_READ);
	ev_timer_init(&w->restart, on_restart, 0., 0.);
	w->exited.data = w->log_reader.data = w->restart.data = w;
	/* so that what it said last is read before its end is handled */
	ev_set_priority(&w->log_reader, 1);
	ev_io_start(w->loop, &w->exited);
	ev_io_start(w->loop, &w->log_reader);
}

int
child_start(struct child *w)
{
	int chan[2] = { -1, -1 }, log[2] = { -1, -1 };
	char serial[16];
	int saved;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, chan) != 0 ||
	    pipe2(log, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    fcntl(chan[0], F_SETFL, O_NONBLOCK) != 0)
		goto fail;
	w->serial = ++*w->serials;
	snprintf(serial, sizeof(serial), "%u", w->serial);
	w->pid = fork();
	if (w->pid < 0)
		goto fail;
	if (w->pid == 0)
		exec_child(w, serial, chan[1], log[1]);
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd < 0) {
		kill(w->pid, SIGKILL); /* ours to reap, so still its pid */
		waitpid(w->pid, NULL, 0);
		goto fail;
	}
	close(chan[1]);
	close(log[1]);
	w->log = log[0];
	log_pipe_init(&w->log_pipe);
	w->running = true;
	w->ready = false;
	w->life = (struct child_life){ 0 };
	w->started = ev_now(w->loop);
	channel_init(&w->channel, w->loop, chan[0], &channel_ops, w);
	start_watchers(w);
	w->ops->on_started(w);
	return 0;
fail:
	saved = errno;
	for (int i = 0; i < 2; i++) {
		if (chan[i] >= 0)
			close(chan[i]);
		if (log[i] >= 0)
			close(log[i]);
	}
	errno = saved;
	return -1;
}

void
child_close_listeners(struct child *w)
{
	for (unsigned int i = 0; i < w->listener_count; i++)
		close(w->listeners[i]);
	w->listener_count = 0;
}

void
child_fini(struct child *w)
{
	const int tables[] = { w->peers, w->peers_read, w->stats,
		w->stats_read };

	if (w->running) {
		syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
		waitpid(w->pid, NULL, 0);
		ev_io_stop(w->loop, &w->exited);
		ev_io_stop(w->loop, &w->log_reader);
		channel_fini(&w->channel);
		close(w->pidfd);
		close(w->log);
		w->running = false;
	}
	ev_timer_stop(w->loop, &w->restart);
	child_close_listeners(w);
	for (unsigned int i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i] >= 0)
			close(tables[i]);
}
