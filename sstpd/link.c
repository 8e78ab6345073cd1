/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One pppd under the monitor's care. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth.h"
#include "link.h"
#include "log.h"
#include "tun_device.h"

enum { KEYMSGS_PER_TURN = 16 };

/* Between SIGTERM and SIGKILL for a pppd that did not end by hanging up. */
static const ev_tstamp last_grace = 2.;

/*
 * It begins with ppp, so that a firewall's rules for ppp+ or ppp* apply to it
 * as they do to the devices of pppd.
 */
static const char tun_name[] = "pppsstp%d";

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- stopping
 * -------------------------------------------------------------------- */

static void
send_signal(const struct link *l, int sig)
{
	/* through the pidfd, so never to a stranger with a used pid */
	if (syscall(SYS_pidfd_send_signal, l->process.pidfd, sig, NULL, 0) !=
		0 &&
	    errno != ESRCH)
		log_warn("pppd: pid %d: signal %d", (int)l->process.pid, sig);
}

static void
start_killer(struct link *l, ev_tstamp after)
{
	if (ev_is_active(&l->killer))
		return;
	ev_timer_set(&l->killer, after, 0.);
	ev_timer_start(l->loop, &l->killer);
}

void
link_terminate(struct link *l)
{
	if (l->terminated)
		return;
	l->terminated = true;
	send_signal(l, SIGTERM);
	start_killer(l, l->stop_timeout);
}

void
link_hang_up(struct link *l)
{
	/*
	 * Until pppd has opened its tty ours must stay open: the number would
	 * be free again, and pppd open the tty of another session.
	 */
	if (l->process.slave >= 0) {
		link_terminate(l);
		return;
	}
	/*
	 * No signal: pppd sees the end of its tty, and a signal while it waits
	 * for ip-down would make it kill that script.
	 */
	start_killer(l, l->stop_timeout);
}

void
link_kill(struct link *l)
{
	send_signal(l, SIGKILL);
}

static void
on_killer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct link *l = w->data;

	(void)loop;
	(void)revents;
	if (!l->terminated) {
		l->terminated = true;
		send_signal(l, SIGTERM);
		start_killer(l, last_grace);
		return;
	}
	log_warnx("pppd: pid %d does not end, killing it", (int)l->process.pid);
	link_kill(l);
}

/* --- what it costs
 * ------------------------------------------------------------------- */

static void
set_starting(struct link *l, bool starting)
{
	if (l->starting == starting)
		return;
	l->starting = starting;
	ev_timer_stop(l->loop, &l->start_limit);
	if (starting) {
		ev_timer_set(&l->start_limit, l->starting_time, 0.);
		ev_timer_start(l->loop, &l->start_limit);
	}
	l->ops->starting(l);
}

static void
on_start_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	set_starting(w->data, false);
}

/* --- the plugin's messages
 * --------------------------------------------------------- */

/* The plugin cannot be trusted any more, or its user is not wanted. */
static void
refuse(struct link *l, enum msg_end_cause cause)
{
	if (l->cause == MSG_END_PPPD)
		l->cause = cause;
	link_terminate(l);
}

void
link_turn_away(struct link *l, enum msg_end_cause cause)
{
	if (!l->authenticated && !l->auth_failed)
		refuse(l, cause);
}

/*
 * Where IP takes the pty although it need not. Whoever leaves the choice to us
 * hears of each reason once.
 */
static void
stay_on_pty(const struct link *l, unsigned int reason, const char *why)
{
	static const char fmt[] = "pppd: pid %d: packets take the pty: %s";
	static uint32_t told;
	const uint32_t bit = UINT32_C(1) << (reason & 31);

	if (l->data_path == CONF_DATA_TUN)
		log_warnx(fmt, (int)l->process.pid, why);
	else if (!(told & bit))
		log_info(fmt, (int)l->process.pid, why);
	else
		log_debug(fmt, (int)l->process.pid, why);
	told |= bit;
}

static const char *
no_tun_text(unsigned int reason)
{
	static const char *const texts[] = {
		[KEYMSG_NO_TUN_VERSION] = "pppd is older than 2.5",
		[KEYMSG_NO_TUN_FILTER] = "its options have a packet filter",
		[KEYMSG_NO_TUN_MPPE] = "its options require MPPE",
		[KEYMSG_NO_TUN_MULTILINK] = "its options have multilink",
		[KEYMSG_NO_TUN_NAME] = "its options name the interface",
	};

	if (reason >= sizeof(texts) / sizeof(texts[0]))
		return "an unknown reason";
	return texts[reason];
}

/*
 * A tun device for a user who is known by now, named to the plugin and given to
 * the worker. Ours is kept open, too: scripts and accounting that run after the
 * worker's end want the device's statistics.
 */
static void
offer_tun(struct link *l, unsigned int no_tun, char name[KEYMSG_IFNAME_MAX])
{
	union msg msg = { .header = {
			      .type = MSG_TUN, .session = l->session } };
	const char *what;
	int copy;

	_Static_assert((int)TUN_NAME_MAX == (int)KEYMSG_IFNAME_MAX, "names");
	if (l->data_path == CONF_DATA_PTY)
		return;
	if (no_tun != KEYMSG_TUN_POSSIBLE) {
		stay_on_pty(l, no_tun, no_tun_text(no_tun));
		return;
	}
	l->tun = tun_device_make(tun_name, name, &what);
	copy = l->tun < 0 ? -1 : fcntl(l->tun, F_DUPFD_CLOEXEC, 0);
	if (copy < 0) {
		log_warn("tun: cannot be made: %s", what);
		stay_on_pty(l, no_tun, "there is no tun device");
		close_fd(&l->tun);
		name[0] = '\0';
		return;
	}
	l->ops->send(l, &msg, &copy);
}

static void
on_auth(struct link *l, const struct keymsg_auth *auth)
{
	union msg msg = {
		.auth = { .header = { .type = MSG_AUTH, .session = l->session },
		    .auth = *auth }
	};
	union keymsg verdict = { .verdict = { .header.type = KEYMSG_VERDICT } };
	struct binding_keys keys;
	const char *why;
	bool good;

	memcpy(l->user, auth->user, sizeof(l->user));
	l->user[sizeof(l->user) - 1] = '\0';
	good = auth_accept(l->auth_methods, auth, &keys, &why);
	binding_keys_wipe(&keys);
	/* the worker first, so that it has the keys before any NCP frame */
	l->ops->send(l, &msg, NULL);
	explicit_bzero(&msg, sizeof(msg));
	l->authenticated = good;
	set_starting(l, good);
	verdict.verdict.accept = good;
	if (good) {
		l->ops->authenticated(l);
		offer_tun(l, auth->no_tun, verdict.verdict.ifname);
	} else {
		strncpy(verdict.verdict.reason, why,
		    sizeof(verdict.verdict.reason) - 1);
		if (l->cause == MSG_END_PPPD)
			l->cause = MSG_END_METHOD;
	}
	if (keymsg_send(l->process.plugin, &verdict) != 0)
		refuse(l, MSG_END_CHANNEL);
}

static void
on_auth_failed(struct link *l)
{
	union msg msg = { .header = { .type = MSG_AUTH_FAILED,
			      .session = l->session } };

	if (l->auth_failed)
		return;
	l->auth_failed = true;
	if (l->cause == MSG_END_BANNED)
		l->cause = MSG_END_PPPD; /* the ban came too late for it */
	l->ops->send(l, &msg, NULL);
	l->ops->auth_failed(l);
}

static void
tell_address(struct link *l, enum msg_end_cause cause)
{
	union keymsg answer = { .address = { .header.type = KEYMSG_ADDRESS } };

	if (l->address == 0 && l->cause == MSG_END_PPPD)
		l->cause = cause;
	answer.address.remote = htonl(l->address);
	if (keymsg_send(l->process.plugin, &answer) != 0)
		refuse(l, MSG_END_CHANNEL);
}

void
link_give_address(struct link *l, uint32_t address, enum msg_end_cause cause)
{
	if (!l->waits_for_address)
		return;
	l->waits_for_address = false;
	l->address = address;
	tell_address(l, cause);
}

static void
on_address_request(struct link *l, uint32_t wanted)
{
	enum msg_end_cause cause = MSG_END_POOL;
	uint32_t address = l->address;

	l->wanted = ntohl(wanted);
	if (!l->authenticated || l->waits_for_address) {
		refuse(l, MSG_END_CHANNEL);
		return;
	}
	if (address == 0)
		address = l->ops->take_address(l, l->user, l->wanted, &cause);
	if (address == LINK_ADDRESS_LATER) {
		l->waits_for_address = true;
		return;
	}
	l->address = address;
	tell_address(l, cause);
}

static void
on_up(struct link *l, const struct keymsg_up *up)
{
	union msg msg = {
		.up = { .header = { .type = MSG_UP, .session = l->session },
		    .up = *up }
	};

	l->ops->send(l, &msg, NULL);
	set_starting(l, false);
}

static void
on_down(struct link *l, const struct keymsg_down *down)
{
	union msg msg = {
		.down = { .header = { .type = MSG_DOWN, .session = l->session },
		    .down = *down }
	};

	l->ops->send(l, &msg, NULL);
}

/*
 * Give the worker its pty, once. Not before pppd has put its tty into PPP: on
 * the way there it throws away what has come, such as a client's first frame.
 */
static void
hand_over(struct link *l)
{
	union msg msg = { .started = { .header = { .type = MSG_STARTED,
					   .session = l->session },
			      .pid = (uint32_t)l->process.pid } };

	if (l->process.master < 0)
		return;
	l->ops->send(l, &msg, (int[]){ l->process.master, l->process.log });
	l->process.master = l->process.log = -1;
}

static void
dispatch(struct link *l, const union keymsg *m)
{
	switch (m->header.type) {
	case KEYMSG_HELLO:
		log_debug("pppd: pid %d is version %.*s", (int)l->process.pid,
		    (int)sizeof(m->hello.pppd_version) - 1,
		    m->hello.pppd_version);
		break;
	case KEYMSG_PHASE:
		if (l->process.master >= 0)
			l->ops->speaks(l, ev_now(l->loop) - l->began);
		hand_over(l);
		set_starting(l, false);
		/* it has its tty open, so the master no longer needs ours */
		close_fd(&l->process.slave);
		break;
	case KEYMSG_AUTH:
		on_auth(l, &m->auth);
		break;
	case KEYMSG_AUTH_FAILED:
		on_auth_failed(l);
		break;
	case KEYMSG_ADDRESS_REQUEST:
		on_address_request(l, m->address_request.wanted);
		break;
	case KEYMSG_UP:
		on_up(l, &m->up);
		break;
	case KEYMSG_DOWN:
		on_down(l, &m->down);
		break;
	case KEYMSG_END:
		log_debug("pppd: pid %d is ending: %u", (int)l->process.pid,
		    m->end.exit_code);
		break;
	default: /* ours to send, not to get */
		refuse(l, MSG_END_CHANNEL);
	}
}

static void
read_plugin(struct link *l)
{
	union keymsg m;

	for (int i = 0; i < KEYMSGS_PER_TURN && l->process.plugin >= 0; i++) {
		int r = keymsg_recv(l->process.plugin, &m);

		if (r > 0) {
			dispatch(l, &m);
			continue;
		}
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (r < 0)
			refuse(l, MSG_END_CHANNEL);
		else
			/* it is gone, or cannot be asked anything any more */
			link_terminate(l);
		ev_io_stop(l->loop, &l->plugin);
		close_fd(&l->process.plugin);
	}
	explicit_bzero(&m, sizeof(m));
}

static void
on_plugin(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	read_plugin(w->data);
}

/* --- life
 * ---------------------------------------------------------------------------
 */

static void
on_exited(struct ev_loop *loop, ev_io *w, int revents)
{
	struct link *l = w->data;
	union msg msg = { .exited = { .header = { .type = MSG_EXITED,
					  .session = l->session } } };
	siginfo_t info = { 0 };

	(void)revents;
	if (waitid(P_PIDFD, (id_t)l->process.pidfd, &info, WEXITED | WNOHANG) !=
		0 ||
	    info.si_pid == 0)
		return;
	read_plugin(l); /* its last words */
	hand_over(l);	/* an early end is told in its log */
	ev_io_stop(loop, &l->exited);
	ev_io_stop(loop, &l->plugin);
	ev_timer_stop(loop, &l->killer);
	set_starting(l, false);
	if (info.si_code == CLD_EXITED)
		msg.exited.exit_code = (uint32_t)info.si_status;
	else
		msg.exited.signal = (uint32_t)info.si_status;
	msg.exited.cause = l->cause;
	l->killed_by = info.si_code != CLD_EXITED ? info.si_status : 0;
	l->exit_code = (uint32_t)info.si_status;
	l->ops->send(l, &msg, NULL);
	l->ops->gone(l);
}

static void
start_watchers(struct link *l)
{
	ev_io_init(&l->exited, on_exited, l->process.pidfd, EV_READ);
	ev_io_init(&l->plugin, on_plugin, l->process.plugin, EV_READ);
	ev_timer_init(&l->killer, on_killer, 0., 0.);
	ev_timer_init(&l->start_limit, on_start_limit, 0., 0.);
	l->exited.data = l->plugin.data = l;
	l->killer.data = l->start_limit.data = l;
	ev_io_start(l->loop, &l->exited);
	ev_io_start(l->loop, &l->plugin);
}

/*
 * What the worker says, some of it in the client's words, becomes arguments of
 * pppd and the environment of root's scripts: letters, digits and what
 * addresses, names, GUIDs and ciphers need, and an end.
 */
static void
make_plain_text(char *text, size_t cap)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-:%{}";

	text[cap - 1] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (strchr(plain, *p) == NULL)
			*p = '?';
}

static void
make_plain(struct keymsg_session *s)
{
	make_plain_text(s->session, sizeof(s->session));
	make_plain_text(s->remote_address, sizeof(s->remote_address));
	make_plain_text(s->remote_port, sizeof(s->remote_port));
	make_plain_text(s->local_address, sizeof(s->local_address));
	make_plain_text(s->sni, sizeof(s->sni));
	make_plain_text(s->correlation_id, sizeof(s->correlation_id));
	make_plain_text(s->tls_version, sizeof(s->tls_version));
	make_plain_text(s->tls_cipher, sizeof(s->tls_cipher));
	make_plain_text(s->profile, sizeof(s->profile));
}

struct link *
link_new(
    struct ev_loop *loop, const struct link_start *start, const char **what)
{
	const struct conf *conf = start->conf;
	struct link *l = calloc(1, sizeof(*l));
	struct keymsg_session first = start->spawn->session;
	struct pppd_session session = {
		.remote_address = first.remote_address,
		.session = first.session,
		.profile = start->profile,
	};

	*what = "memory";
	if (l == NULL)
		return NULL;
	first.header = (struct keymsg_header){
		.version = KEYMSG_VERSION,
		.type = KEYMSG_SESSION,
		.length = sizeof(first),
	};
	make_plain(&first);
	l->loop = loop;
	l->ops = start->ops;
	l->owner = start->owner;
	l->worker = start->worker;
	l->session = start->spawn->header.session;
	l->peer = start->spawn->peer;
	memcpy(l->profile, start->profile->name, sizeof(l->profile));
	l->stop_timeout = conf->stop_timeout / 1000.;
	l->starting_time = conf->starting_time / 1000.;
	l->began = ev_now(loop);
	l->auth_methods = conf->auth_methods;
	l->data_path = conf->data_path;
	l->tun = -1;
	if (pppd_spawn(&l->process, conf, start->from, &session, &first,
		sizeof(first), what) != 0) {
		free(l);
		return NULL;
	}
	start_watchers(l);
	set_starting(l, true);
	return l;
}

void
link_free(struct link *l)
{
	close_fd(&l->process.pidfd);
	close_fd(&l->process.master);
	close_fd(&l->process.slave);
	close_fd(&l->process.plugin);
	close_fd(&l->process.log);
	close_fd(&l->tun);
	free(l);
}
