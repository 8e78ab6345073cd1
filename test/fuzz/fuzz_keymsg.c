/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a plugin may send, and what the monitor makes of it: the packets of an
 * input go to keymsg_recv(), and to a link whose pppd is a double. Of an input,
 * a packet is two bytes with its length, and its bytes.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth.h"
#include "fuzz.h"
#include "link.h"
#include "log.h"

enum { PACKETS_MAX = 32, HEAD_LEN = 2, TURNS = 4 };

static int ended = -1;	       /* a pidfd of a process that is no more */
static int ours[2], theirs[2]; /* the ends of two channels */

/* What came out of the link. */
static struct {
	unsigned int started, auths, addresses, failures;
	bool accepted, starting, speaks;
	uint8_t reported[sizeof(struct keymsg_auth)];
} seen;

/* --- the double of pppd.c, in whose place the linker takes it --- */

int
pppd_spawn(struct pppd_process *process, const struct conf *conf,
    struct pppd_template *from, struct pppd_session *session,
    const void *initial, size_t initial_len, const char **what)
{
	(void)conf;
	(void)from;
	(void)what;
	require(memchr(session->remote_address, 0, KEYMSG_TEXT_MAX) != NULL);
	require(memchr(session->session, 0, KEYMSG_TEXT_MAX) != NULL);
	require(initial_len == sizeof(struct keymsg_session));
	require(((const union keymsg *)initial)->header.type == KEYMSG_SESSION);
	/* nothing that means something to a shell comes through */
	require(memchr(initial, ';', initial_len) == NULL);
	*process = (struct pppd_process){
		.pid = 1,
		.pidfd = dup(ended),
		.master = dup(ours[0]),
		.slave = dup(ours[0]),
		.plugin = ours[1],
		.log = dup(ours[0]),
	};
	return 0;
}

/* --- the double of the monitor --- */

static void
on_send(struct link *l, union msg *msg, const int *fds)
{
	require(msg->header.session == l->session);
	require(msg_size(msg->header.type) > 0);
	require((fds != NULL) == (msg_fd_count(msg->header.type) > 0));
	if (msg->header.type == MSG_STARTED) {
		require(++seen.started == 1);
		for (int i = 0; i < 2; i++)
			require(close(fds[i]) == 0);
	} else if (msg->header.type == MSG_AUTH) {
		const char *why;
		struct binding_keys keys;

		seen.auths++;
		seen.accepted = auth_accept(CONF_AUTH_MSCHAP_V2 | CONF_AUTH_EAP,
		    &msg->auth.auth, &keys, &why);
		require(seen.accepted == (keys.state == KEYS_MPPE));
		require(keys.receive_len <= BINDING_KEY_MAX);
		require(keys.send_len <= BINDING_KEY_MAX);
		require(why != NULL && strlen(why) < 128);
	} else {
		require(msg->header.type == MSG_UP ||
			msg->header.type == MSG_DOWN ||
			msg->header.type == MSG_AUTH_FAILED);
	}
}

static uint32_t
on_take_address(struct link *l, const char *user, uint32_t wanted,
    enum msg_end_cause *cause)
{
	/* nobody has an address who is not authenticated */
	require(seen.accepted && l->authenticated);
	require(memchr(user, 0, KEYMSG_USER_MAX) != NULL);
	seen.addresses++;
	*cause = MSG_END_ADDRESS_TAKEN;
	return wanted == 0 ? 0x0a630001 : wanted % 2;
}

static void
on_gone(struct link *l)
{
	(void)l;
	abort(); /* its process was reaped by another */
}

static void
on_authenticated(struct link *l)
{
	require(l->authenticated);
}

static void
on_auth_failed(struct link *l)
{
	(void)l;
	require(++seen.failures == 1);
}

static void
on_starting(struct link *l)
{
	/* told of changes only */
	require(l->starting != seen.starting);
	seen.starting = l->starting;
}

static void
on_speaks(struct link *l, ev_tstamp after)
{
	(void)l;
	/* told once */
	require(!seen.speaks && after >= 0);
	seen.speaks = true;
}

static const struct link_ops ops = {
	.send = on_send,
	.take_address = on_take_address,
	.starting = on_starting,
	.speaks = on_speaks,
	.authenticated = on_authenticated,
	.auth_failed = on_auth_failed,
	.gone = on_gone,
};

/* --- one input --- */

static void
set_up_once(void)
{
	pid_t pid;

	if (ended >= 0)
		return;
	log_open(LOG_SINK_PLAIN, LOG_LEVEL_ERROR, 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	require(pid > 0);
	ended = (int)syscall(SYS_pidfd_open, pid, 0);
	require(ended >= 0 && waitpid(pid, NULL, 0) == pid);
}

/* What the header file promises, written once more. */
static bool
fits(const uint8_t *p, size_t n)
{
	static const size_t sizes[] = {
		[KEYMSG_SESSION] = sizeof(struct keymsg_session),
		[KEYMSG_VERDICT] = sizeof(struct keymsg_verdict),
		[KEYMSG_ADDRESS] = sizeof(struct keymsg_address),
		[KEYMSG_HELLO] = sizeof(struct keymsg_hello),
		[KEYMSG_PHASE] = sizeof(struct keymsg_phase),
		[KEYMSG_AUTH] = sizeof(struct keymsg_auth),
		[KEYMSG_ADDRESS_REQUEST] =
		    sizeof(struct keymsg_address_request),
		[KEYMSG_UP] = sizeof(struct keymsg_up),
		[KEYMSG_DOWN] = sizeof(struct keymsg_down),
		[KEYMSG_END] = sizeof(struct keymsg_end),
		[KEYMSG_AUTH_FAILED] = sizeof(struct keymsg_auth_failed),
	};
	struct keymsg_header h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, p, sizeof(h));
	return h.version == KEYMSG_VERSION && h.length == n &&
	       h.type < sizeof(sizes) / sizeof(sizes[0]) && sizes[h.type] == n;
}

static void
check_receive(const uint8_t *p, size_t n)
{
	union keymsg m;
	int result;

	memset(&m, 0xa5, sizeof(m));
	require(send(theirs[0], p, n, 0) == (ssize_t)n);
	result = keymsg_recv(ours[0], &m);
	if (n == 0)
		require(result == 0); /* looks like the end */
	else if (fits(p, n))
		require(result == 1 && memcmp(&m, p, n) == 0);
	else
		require(result == -1 && errno == EBADMSG);
	require(keymsg_recv(ours[0], &m) == -1 && errno == EAGAIN);
}

static void
stop(struct ev_loop *loop, struct link *l)
{
	ev_io_stop(loop, &l->exited);
	ev_io_stop(loop, &l->plugin);
	ev_timer_stop(loop, &l->killer);
	ev_timer_stop(loop, &l->start_limit);
	link_free(l);
}

/* The other direction: the verdicts it gets. */
static unsigned int
count_answers(void)
{
	union keymsg m;
	unsigned int n = 0;

	while (keymsg_recv(theirs[1], &m) == 1) {
		require(m.header.type == KEYMSG_VERDICT ||
			m.header.type == KEYMSG_ADDRESS);
		if (m.header.type == KEYMSG_VERDICT)
			require(memchr(m.verdict.reason, 0, KEYMSG_TEXT_MAX) !=
				NULL);
		n++;
	}
	return n;
}

static void
check_link(const uint8_t *data, size_t size, struct ev_loop *loop)
{
	static const struct conf conf = { .data_path = CONF_DATA_PTY,
		.stop_timeout = 1000,
		.starting_time = 1000,
		.auth_methods = CONF_AUTH_MSCHAP_V2 | CONF_AUTH_EAP };
	struct msg_spawn spawn = { .header.session = 7 };
	unsigned int answers = 0, auths = 0;
	const char *what;
	struct link *l;

	/* a worker's strings need not end, nor be plain */
	memset(&spawn.session, ';', sizeof(spawn.session));
	l = link_new(loop,
	    &(struct link_start){ .conf = &conf,
		.profile = &conf.profiles[0],
		.spawn = &spawn,
		.ops = &ops },
	    &what);
	require(l != NULL);
	for (int i = 0; i < PACKETS_MAX && size >= HEAD_LEN; i++) {
		size_t n = (size_t)data[0] << 8 | data[1];

		data += HEAD_LEN;
		size -= HEAD_LEN;
		n = n < size ? n : size;
		check_receive(data, n);
		auths = seen.auths;
		if (l->process.plugin < 0)
			break; /* it was not understood, and is closed */
		require(send(theirs[1], data, n, 0) == (ssize_t)n);
		for (int turn = 0; turn < TURNS; turn++)
			ev_run(loop, EVRUN_NOWAIT);
		require(fits(data, n) || l->terminated);
		require(seen.auths - auths <= 1);
		answers += count_answers();
		require(answers <= 2u * PACKETS_MAX);
		data += n;
		size -= n;
	}
	stop(loop, l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ev_loop *loop;
	int pair[2][2], before, after;

	set_up_once();
	if (loop == NULL)
		loop = ev_default_loop(EVBACKEND_POLL);
	before = dup(ended);
	close(before);
	memset(&seen, 0, sizeof(seen));
	for (int i = 0; i < 2; i++) {
		require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
			    pair[i]) == 0);
		ours[i] = pair[i][0];
		theirs[i] = pair[i][1];
	}
	check_link(data, size, loop);
	close(theirs[0]);
	close(theirs[1]);
	close(ours[0]); /* the other one is the link's */
	after = dup(ended);
	close(after);
	require(before == after);
	return 0;
}
