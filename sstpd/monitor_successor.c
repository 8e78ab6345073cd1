/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Upgrade, the old monitor's side: start the program as it is now on disk, hand
 * it the listening sockets, and once it accepts drain. Whatever goes wrong
 * before that changes nothing here.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handover.h"
#include "log.h"
#include "monitor_private.h"

enum { CHANNEL_FD = 3 };

/* Longer than its start may take, also where the machine is busy. */
static const ev_tstamp patience = 120.;

/* --- talking to it
 * -------------------------------------------------------------------- */

static void
say(struct successor *s, const struct msg_handover *what, int fd)
{
	union msg msg = { .handover = *what };

	channel_send(&s->channel, &msg, fd >= 0 ? (int[]){ fd } : NULL);
}

static void
say_address(struct monitor *m, enum msg_type type, uint32_t address)
{
	if (m->successor.running && address != 0)
		say(&m->successor,
		    &(struct msg_handover){
			.header.type = (uint16_t)type, .address = address },
		    -1);
}

void
monitor_successor_used(struct monitor *m, uint32_t address)
{
	say_address(m, MSG_HANDOVER_USED, address);
}

void
monitor_successor_free(struct monitor *m, uint32_t address)
{
	say_address(m, MSG_HANDOVER_FREE, address);
}

void
monitor_successor_left(struct monitor *m)
{
	if (m->successor.running)
		say(&m->successor,
		    &(struct msg_handover){ .header.type = MSG_HANDOVER_LEFT,
			.number = m->peers->total + m->predecessor.left },
		    -1);
}

bool
monitor_successor_take(struct monitor *m, const struct msg_handover *wish)
{
	struct msg_handover msg = *wish;

	if (!m->successor.running || !m->successor.owner)
		return false;
	msg.header.type = MSG_HANDOVER_TAKE;
	say(&m->successor, &msg, -1);
	return true;
}

/* --- what it gets
 * -------------------------------------------------------------------- */

static void
collect_addresses(const struct monitor *m, struct handover *h)
{
	const struct predecessor *p = &m->predecessor;
	size_t n = p->used_count;

	for (const struct link *l = m->links; l != NULL; l = l->next)
		n++;
	h->addresses = calloc(n + 1, sizeof(h->addresses[0]));
	if (h->addresses == NULL)
		return;
	for (const struct link *l = m->links; l != NULL; l = l->next)
		if (l->address != 0 && h->address_count < n)
			h->addresses[h->address_count++] = l->address;
	for (size_t i = 0; i < p->used_count; i++)
		h->addresses[h->address_count++] = p->used[i];
}

static int
send_state(struct monitor *m)
{
	struct handover h = { .serials = m->serials };
	int fd = -1;

	collect_addresses(m, &h);
	if (h.addresses != NULL && handover_take_failures(&h, m->peers) == 0)
		fd = handover_write(&h);
	handover_free(&h);
	if (fd < 0)
		return -1;
	say(&m->successor,
	    &(struct msg_handover){ .header.type = MSG_HANDOVER_STATE }, fd);
	return 0;
}

static void
send_socket(struct monitor *m, enum msg_type type, uint32_t number, int fd)
{
	say(&m->successor,
	    &(struct msg_handover){
		.header.type = (uint16_t)type, .number = number },
	    monitor_duplicate(fd));
}

static int
send_all(struct monitor *m)
{
	if (send_state(m) != 0)
		return -1;
	/* a service manager's sockets are every worker's */
	for (unsigned int i = 0; i < m->given.count; i++)
		send_socket(m, MSG_HANDOVER_GIVEN, 0, m->given.fds[i]);
	for (unsigned int i = 0; i < m->worker_count && m->given.count == 0;
	     i++)
		for (unsigned int k = 0; k < m->workers[i].listener_count; k++)
			send_socket(m, MSG_HANDOVER_LISTENER, i,
			    m->workers[i].listeners[k]);
	if (m->control_socket >= 0)
		send_socket(m, MSG_HANDOVER_CONTROL, 0, m->control_socket);
	for (unsigned int i = 0; i < m->control.listener_count; i++)
		send_socket(
		    m, MSG_HANDOVER_METRICS, 0, m->control.listeners[i]);
	say(&m->successor,
	    &(struct msg_handover){ .header.type = MSG_HANDOVER_START }, -1);
	monitor_successor_left(m);
	return 0;
}

/* --- how it goes
 * -------------------------------------------------------------------- */

static void
answer(struct monitor *m, bool failed)
{
	if (m->successor.request != 0)
		monitor_control_answer(m, m->successor.request,
		    failed ? MSG_FAILED : MSG_SUCCEEDED);
	m->successor.request = 0;
}

/* What it was asked for and will not answer we do as before. */
static void
take_back(struct monitor *m)
{
	m->successor.owner = false;
	for (struct link *l = m->links; l != NULL; l = l->next) {
		enum msg_end_cause cause = MSG_END_POOL;

		if (!l->waits_for_address)
			continue;
		link_give_address(l,
		    monitor_choose_address(
			m, l->profile, l->user, l->wanted, &cause),
		    cause);
	}
}

static void
kill_it(const struct successor *s)
{
	syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
}

static void
lose(struct monitor *m, const char *why)
{
	struct successor *s = &m->successor;

	if (!s->running)
		return;
	s->running = false;
	ev_timer_stop(m->loop, &s->patience);
	channel_fini(&s->channel);
	if (!s->accepting) {
		log_errx("upgrade: pid %d: %s: nothing has changed",
		    (int)s->pid, why);
		kill_it(s);
	}
	take_back(m);
	answer(m, true);
}

static void
on_exited(struct ev_loop *loop, ev_io *w, int revents)
{
	struct monitor *m = w->data;
	struct successor *s = &m->successor;
	static const char why[] = "has ended";

	(void)revents;
	waitid(P_PIDFD, (id_t)s->pidfd, NULL, WEXITED | WNOHANG);
	lose(m, why);
	if (s->accepting && !m->stopping)
		log_warnx(
		    "upgrade: pid %d, the new process, %s", (int)s->pid, why);
	ev_io_stop(loop, w);
	close(s->pidfd);
	s->pidfd = -1;
}

static void
on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	lose(w->data, "not ready in time");
}

static void
on_accepting(struct monitor *m)
{
	struct successor *s = &m->successor;

	s->accepting = true;
	service_hand_over(&m->service, (int)s->pid);
	say(s, &(struct msg_handover){ .header.type = MSG_HANDOVER_DONE }, -1);
	ev_timer_stop(m->loop, &s->patience);
	log_info("upgrade: pid %d has taken over, %u sessions stay here",
	    (int)s->pid, m->peers->total);
	answer(m, false);
	monitor_drain(m, s->seconds, DRAIN_HANDED_OVER);
	monitor_control_move(m);
}

static void
on_taken(struct monitor *m, const struct msg_handover *msg)
{
	for (struct link *l = m->links; l != NULL; l = l->next)
		if (l->session == msg->header.session) {
			link_give_address(
			    l, msg->address, (enum msg_end_cause)msg->number);
			return;
		}
	if (m->predecessor.there)
		monitor_predecessor_taken(m, msg);
	else /* its pppd has died meanwhile */
		say_address(m, MSG_HANDOVER_FREE, msg->address);
}

static void
on_message(void *owner, union msg *msg, int *fds)
{
	struct monitor *m = owner;
	struct successor *s = &m->successor;

	(void)fds; /* no message of its has any */
	switch (msg->header.type) {
	case MSG_HANDOVER_READY:
		s->owner = true;
		say(s,
		    &(struct msg_handover){ .header.type = MSG_HANDOVER_OWNER },
		    -1);
		break;
	case MSG_HANDOVER_ACCEPTING:
		on_accepting(m);
		break;
	case MSG_HANDOVER_TAKEN:
		on_taken(m, &msg->handover);
		break;
	case MSG_HANDOVER_STOP:
		if (s->accepting)
			monitor_stop(m);
		else
			kill_it(s); /* its exit says more */
		break;
	default:
		log_errx("upgrade: pid %d sent %s, which is not its to send: "
			 "killing it",
		    (int)s->pid, msg_name(msg->header.type));
		kill_it(s);
	}
}

static void
on_closed(void *owner, const char *why)
{
	struct monitor *m = owner;

	if (m->successor.accepting)
		lose(m, why);
	else
		kill_it(&m->successor); /* its exit says more */
}

static const struct channel_ops ops = {
	.on_message = on_message,
	.on_closed = on_closed,
};

/* --- its start
 * -------------------------------------------------------------------- */

/* Between fork and exec. */
static void __attribute__((noreturn))
exec_successor(const struct monitor *m, int channel)
{
	char *argv[] = { (char *)(uintptr_t)m->exe_path, (char[]){ "-f" },
		(char *)(uintptr_t)m->path, NULL };
	char number[16];

	snprintf(number, sizeof(number), "%d", CHANNEL_FD);
	if (dup2(channel, CHANNEL_FD) < 0)
		_exit(127);
	if (channel == CHANNEL_FD)
		fcntl(CHANNEL_FD, F_SETFD, 0);
	syscall(SYS_close_range, CHANNEL_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	setenv(HANDOVER_VARIABLE, number, 1);
	notify_export(&m->service.notify);
	execv(m->exe_path, argv);
	log_err("upgrade: %s", m->exe_path);
	_exit(127);
}

struct start {
	const struct monitor *m;
	int channel;
};

static int
run_start(void *argument)
{
	const struct start *start = argument;

	exec_successor(start->m, start->channel);
}

/*
 * As fork(), but it becomes a child of our parent: a service manager takes care
 * of its own children only, and we are not to stay for long. Not clone3(): a
 * filter against new namespaces, as of systemd, cannot look into its arguments
 * and forbids it.
 */
static pid_t
start_sibling(struct start *start, int *pidfd)
{
	static _Alignas(16) char stack[1 << 16];
	pid_t pid = clone(run_start, stack + sizeof(stack),
	    CLONE_PARENT | CLONE_PIDFD | SIGCHLD, start, pidfd);

	if (pid > 0 || errno != EINVAL)
		return pid;
	/* the first process of a container can have no siblings */
	pid = fork();
	if (pid == 0)
		run_start(start);
	if (pid > 0)
		*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return pid;
}

/* Returns our end of the channel, or -1 with errno. */
static int
spawn(struct monitor *m)
{
	struct successor *s = &m->successor;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	s->pid = start_sibling(
	    &(struct start){ .m = m, .channel = pair[1] }, &s->pidfd);
	close(pair[1]);
	if (s->pid > 0 && s->pidfd >= 0 &&
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0)
		return pair[0];
	/* without our end of the channel it gives up */
	close(pair[0]);
	return -1;
}

static const char *
complaint(const struct monitor *m)
{
	if (m->stopping)
		return "sstpd is stopping";
	if (m->successor.accepting)
		return "it has been done: ask the new process";
	if (m->successor.running || m->successor.pidfd >= 0)
		return "it is going on";
	if (!m->all_ready)
		return "sstpd is still starting";
	if (m->draining && !m->holding)
		return "sstpd drains and has no sockets to hand over: undrain "
		       "first, or drain with --hold";
	return NULL;
}

int
monitor_upgrade(struct monitor *m, uint32_t request, uint32_t seconds)
{
	struct successor *s = &m->successor;
	const char *why = complaint(m);
	int fd;

	if (why != NULL) {
		log_errx("upgrade: %s", why);
		return -1;
	}
	fd = spawn(m);
	if (fd < 0) {
		log_err("upgrade: %s cannot be started", m->exe_path);
		return -1;
	}
	log_info("upgrade: %s started as pid %d", m->exe_path, (int)s->pid);
	s->running = true;
	s->owner = false;
	s->seconds = seconds;
	channel_init(&s->channel, m->loop, fd, &ops, m);
	ev_io_init(&s->exited, on_exited, s->pidfd, EV_READ);
	ev_timer_init(&s->patience, on_patience, patience, 0.);
	s->exited.data = s->patience.data = m;
	ev_io_start(m->loop, &s->exited);
	ev_timer_start(m->loop, &s->patience);
	if (send_all(m) != 0) {
		lose(m, "its state cannot be written");
		return -1;
	}
	s->request = request;
	return 0;
}

static void
on_upgrade_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	monitor_upgrade(w->data, 0, 0);
}

int
monitor_successor_init(struct monitor *m)
{
	ssize_t n =
	    readlink("/proc/self/exe", m->exe_path, sizeof(m->exe_path) - 1);

	if (n < 0)
		return -1;
	m->exe_path[n] = '\0'; /* which another file may soon be at */
	m->successor.pidfd = -1;
	ev_signal_init(&m->on_usr2, on_upgrade_signal, SIGUSR2);
	m->on_usr2.data = m;
	ev_signal_start(m->loop, &m->on_usr2);
	return 0;
}

void
monitor_successor_stop(struct monitor *m)
{
	if (m->successor.running && !m->successor.accepting)
		lose(m, "sstpd is stopping");
}
