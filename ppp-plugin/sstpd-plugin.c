/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The daemon's ear and hand inside pppd: it reports how the peer proved who it
 * is, with the keys that the crypto binding needs, and asks whether the link
 * may go on and with which address. keymsg.h has the messages. Without the
 * option sstpd-fd it does nothing; with it, a daemon that refuses, stays
 * silent or is gone ends the link.
 */

#include "compat.h"

#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <strings.h>
#include <time.h>

#include "keymsg.h"
#include "template.h"
#include "tun.h"

_Static_assert(KEYMSG_USER_MAX >= MAXNAMELEN, "user names fit");

#define NO_DAEMON "the daemon has closed the channel"

/* for the peer; pppd keeps the pointer while it repeats its Terminate-Request
 */
static char refused[] = "Refused by the server";

char pppd_version[] = PPPD_VERSION;

/* pppd's hooks have no context and a pppd has one link, so here it is. */
static struct {
	int fd; /* -1: not ours to watch */
	int started;
	int phase_sent;
	int authenticating; /* the phase before this one was about that */
	int accepted;	    /* by VERDICT, as this method and user: */
	int ended;	    /* by us; LCP is closing or about to */
	uint32_t method;
	char user[KEYMSG_USER_MAX];
	char eap_name[KEYMSG_USER_MAX]; /* in the last EAP response */
	uint32_t address;		/* from ADDRESS, network order */
	ip_choose_hook_fn *next_chooser;
	void (*next_snooper)(unsigned char *frame, int length);
	uint64_t bytes_in, bytes_out;
} call = { .fd = -1 };

/* --- the channel --------------------------------------------------------- */

/* Never waits: the socket holds all that one link can say. */
static int
post(void *message, enum keymsg_type type, size_t length)
{
	const struct keymsg_header header = {
		.version = KEYMSG_VERSION,
		.type = (uint16_t)type,
		.length = (uint32_t)length,
	};

	memcpy(message, &header, sizeof(header));
	if (send(call.fd, message, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		warn("sstpd: cannot report to the daemon: %m");
		return -1;
	}
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
wait_readable(void)
{
	const int64_t end = now_ms() + KEYMSG_ANSWER_SECONDS * 1000;
	struct pollfd p = { .fd = call.fd, .events = POLLIN };
	int64_t left;
	int n;

	/* pppd's children and timers interrupt this; its handlers only note */
	while ((left = end - now_ms()) > 0) {
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
	}
	return -1;
}

/* Reads one message of this type; NULL, or what is wrong with it. */
static const char *
await(union keymsg *m, enum keymsg_type type, size_t length)
{
	ssize_t n;

	if (wait_readable() < 0)
		return "the daemon does not answer";
	n = recv(call.fd, m, sizeof(*m), MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0)
		return NO_DAEMON;
	if ((size_t)n != length || m->header.length != length ||
	    m->header.version != KEYMSG_VERSION || m->header.type != type)
		return "the daemon's answer is not understood";
	return NULL;
}

/* --- ending the link ------------------------------------------------------ */

static void
close_link(void *unused)
{
	(void)unused;
	lcp_close(0, refused);
}

static void
note_end(int code, const char *why)
{
	error("sstpd: ending the link: %q", why);
	call.ended = 1;
	ppp_set_status(code);
}

static void
end_link(int code, const char *why)
{
	note_end(code, why);
	close_link(NULL);
}

/* --- what the scripts see ------------------------------------------------- */

#define VARIABLE(name, field)                                                  \
	{                                                                      \
		name, offsetof(struct keymsg_session, field),                  \
		    sizeof(((struct keymsg_session *)0)->field)                \
	}

static const struct {
	char *name;
	size_t offset, size;
} variables[] = {
	VARIABLE("SSTP_SESSION", session),
	VARIABLE("SSTP_REMOTE_ADDR", remote_address),
	VARIABLE("SSTP_REMOTE_PORT", remote_port),
	VARIABLE("SSTP_LOCAL_ADDR", local_address),
	VARIABLE("SSTP_SNI", sni),
	VARIABLE("SSTP_PROFILE", profile),
	VARIABLE("SSTP_CORRELATION_ID", correlation_id),
	VARIABLE("SSTP_TLS_VERSION", tls_version),
	VARIABLE("SSTP_TLS_CIPHER", tls_cipher),
};

static void
export_session(struct keymsg_session *s)
{
	char *value;
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		value = (char *)s + variables[i].offset;
		if (memchr(value, '\0', variables[i].size) == NULL)
			fatal("sstpd: the daemon's %s has no end",
			    variables[i].name);
		ppp_script_setenv(variables[i].name, value, 0);
	}
}

/* --- who the peer is ------------------------------------------------------ */

static uint32_t
method_of_eap(int type)
{
	switch (type) {
	case EAPT_MD5CHAP:
		return KEYMSG_METHOD_EAP_MD5;
	case EAPT_TLS:
		return KEYMSG_METHOD_EAP_TLS;
	case EAPT_PEAP:
		return KEYMSG_METHOD_EAP_PEAP;
	case EAPT_MSCHAPV2:
		return KEYMSG_METHOD_EAP_MSCHAP_V2;
	default:
		return KEYMSG_METHOD_EAP_OTHER;
	}
}

static uint32_t
method_of_chap(int digest)
{
	switch (digest) {
	case CHAP_MD5:
		return KEYMSG_METHOD_CHAP_MD5;
	case CHAP_MICROSOFT:
		return KEYMSG_METHOD_MSCHAP_V1;
	case CHAP_MICROSOFT_V2:
		return KEYMSG_METHOD_MSCHAP_V2;
	default:
		return KEYMSG_METHOD_NONE;
	}
}

/* What LCP agreed on, in the order of precedence that pppd has. The network
 * phase is reached only when just that has succeeded. */
static uint32_t
method_used(void)
{
	const lcp_options *agreed = &lcp_gotoptions[0];

	if (agreed->neg_eap)
		return method_of_eap(pppd_eap_type());
	if (agreed->neg_chap)
		return method_of_chap(CHAP_DIGEST(agreed->chap_mdtype));
	if (agreed->neg_upap)
		return KEYMSG_METHOD_PAP;
	return KEYMSG_METHOD_NONE;
}

/* Whether the peer made us prove who we are, too: what pppd and we remember
 * may then be from that. No SSTP client does, so it need not work. */
static int
we_authenticated(void)
{
	const lcp_options *his = &lcp_hisoptions[0];

	return his->neg_eap || his->neg_chap || his->neg_upap;
}

static int
makes_keys(uint32_t method)
{
	switch (method) {
	case KEYMSG_METHOD_NONE:
	case KEYMSG_METHOD_PAP:
	case KEYMSG_METHOD_CHAP_MD5:
	case KEYMSG_METHOD_EAP_MD5:
		return 0;
	default:
		return 1;
	}
}

static int
is_zero(const uint8_t *p, size_t n)
{
	while (n > 0)
		if (p[--n] != 0)
			return 0;
	return 1;
}

/* Both keys or none. Zeros are no key: pppd 2.5 has them for MS-CHAPv1, and
 * any pppd when RADIUS sends one of the two. */
static void
copy_keys(struct keymsg_auth *auth)
{
	int receive = mppe_get_recv_key(auth->receive, sizeof(auth->receive));
	int send = mppe_get_send_key(auth->send, sizeof(auth->send));

	if (is_zero(auth->receive, sizeof(auth->receive)) ||
	    is_zero(auth->send, sizeof(auth->send))) {
		explicit_bzero(auth->receive, sizeof(auth->receive));
		explicit_bzero(auth->send, sizeof(auth->send));
		return;
	}
	auth->receive_len = (uint8_t)receive;
	auth->send_len = (uint8_t)send;
}

static int
post_auth(void)
{
	struct keymsg_auth auth = { .method = call.method,
		.no_tun = (uint8_t)tun_obstacle() };
	int ret;

	memcpy(auth.user, call.user, sizeof(auth.user));
	if (makes_keys(call.method) && !we_authenticated())
		copy_keys(&auth);
	ret = post(&auth, KEYMSG_AUTH, sizeof(auth));
	explicit_bzero(&auth, sizeof(auth));
	return ret;
}

/*
 * pppd calls the peer what it said in its EAP Identity, but checks the password
 * of the name in the response to the challenge, so that any user could pass as
 * another, with that one's address and limits. Frames are read for that name.
 */
static void
snoop(unsigned char *frame, int length)
{
	const size_t n = length > 0 ? (size_t)length : 0;
	size_t end, name;

	if (call.next_snooper != NULL)
		call.next_snooper(frame, length);
	/* FF 03 C2 27, then code, id, length, type */
	if (n < 9 || frame[2] != 0xc2 || frame[3] != 0x27 ||
	    frame[4] != EAP_RESPONSE)
		return;
	end = 4 + (size_t)(frame[6] << 8 | frame[7]);
	if (end > n)
		return;
	if (frame[8] == EAPT_MD5CHAP && end > 9)
		name = (size_t)10 + frame[9]; /* size of the value, value */
	else if (frame[8] == EAPT_MSCHAPV2 && end > 13 &&
		 frame[9] == CHAP_RESPONSE)
		name = (size_t)14 + frame[13]; /* op, id, length, size, value */
	else
		return;
	if (name > end)
		return;
	end -= name;
	if (end >= sizeof(call.eap_name))
		end = sizeof(call.eap_name) - 1;
	memcpy(call.eap_name, frame + name, end);
	call.eap_name[end] = '\0';
}

static const char *
without_domain(const char *name)
{
	const char *backslash = strrchr(name, '\\');

	return backslash == NULL ? name : backslash + 1;
}

/* Windows gives the domain in one place and not in the other. */
static int
same_user(const char *a, const char *b)
{
	const char *bare_a = without_domain(a), *bare_b = without_domain(b);

	if (bare_a != a && bare_b != b)
		return strcasecmp(a, b) == 0;
	return strcasecmp(bare_a, bare_b) == 0;
}

static int
is_proven(uint32_t method, const char *name)
{
	if (method != KEYMSG_METHOD_EAP_MD5 &&
	    method != KEYMSG_METHOD_EAP_MSCHAP_V2)
		return 1;
	return !we_authenticated() && same_user(name, call.eap_name);
}

static void
ask_verdict(void)
{
	union keymsg m;
	const char *wrong = NO_DAEMON;

	if (post_auth() == 0)
		wrong = await(&m, KEYMSG_VERDICT, sizeof(m.verdict));
	if (wrong != NULL) {
		end_link(EXIT_FATAL_ERROR, wrong);
		return;
	}
	m.verdict.reason[sizeof(m.verdict.reason) - 1] = '\0';
	if (!m.verdict.accept) {
		end_link(EXIT_PEER_AUTH_FAILED, m.verdict.reason);
		return;
	}
	call.accepted = 1;
	m.verdict.ifname[sizeof(m.verdict.ifname) - 1] = '\0';
	if (m.verdict.ifname[0] != '\0')
		tun_use(m.verdict.ifname);
}

/*
 * The one gate to the network protocols, passed with and without
 * authentication and after the keys are made. The auth-up notifier is no
 * better place: pppd would run the script auth-up after a refusal, and never
 * auth-down. A peer may negotiate again and comes by again; it stays accepted
 * as long as it is who it was, and the first keys remain the ones that bind.
 */
static void
enter_network(void)
{
	char name[KEYMSG_USER_MAX] = "";
	uint32_t method = method_used();

	if (call.ended)
		return;
	if (method != KEYMSG_METHOD_NONE)
		ppp_peer_authname(name, sizeof(name));
	if (!is_proven(method, name)) {
		end_link(EXIT_PEER_AUTH_FAILED,
		    "the EAP identity is not who has authenticated");
	} else if (!call.accepted) {
		call.method = method;
		memcpy(call.user, name, sizeof(call.user));
		ask_verdict();
	} else if (method != call.method || strcmp(name, call.user) != 0) {
		end_link(
		    EXIT_PEER_AUTH_FAILED, "the peer has become somebody else");
	}
}

/* --- addresses ------------------------------------------------------------ */

static uint32_t
ask_address(uint32_t wanted)
{
	struct keymsg_address_request request = { .wanted = wanted };
	union keymsg m;
	const char *wrong = NO_DAEMON;

	if (post(&request, KEYMSG_ADDRESS_REQUEST, sizeof(request)) == 0)
		wrong = await(&m, KEYMSG_ADDRESS, sizeof(m.address));
	if (wrong == NULL && m.address.remote != 0)
		return m.address.remote;

	/* IPCP is in the middle of its request: close when pppd is back in its
	 * main loop, which it is before it reads another packet */
	if (wrong != NULL)
		note_end(EXIT_FATAL_ERROR, wrong);
	else
		note_end(EXIT_NEGOTIATION_FAILED, "no address for the peer");
	ppp_timeout(close_link, NULL, 0, 0);
	return 0;
}

/* IPCP calls this whenever it starts, with what options or secrets say. */
static void
choose_address(uint32_t *address)
{
	if (call.next_chooser != NULL)
		call.next_chooser(address);
	if (call.address == 0 && !call.ended)
		call.address = ask_address(*address);
	*address = call.address;
}

/* --- notifiers ------------------------------------------------------------ */

static void
start(void)
{
	if (call.started)
		fatal("sstpd: a link cannot be made again: remove \"persist\"");
	call.started = 1;
	/* now that all options are read, whichever order the plugins came in */
	pppd_compare_names();
	call.next_chooser = ip_choose_hook;
	ip_choose_hook = choose_address;
	call.next_snooper = snoop_recv_hook;
	snoop_recv_hook = snoop;
}

/* pppd's exit code says it, too, but not if the peer hangs up before that. */
static void
post_auth_failed(void)
{
	struct keymsg_auth_failed m;

	post(&m, KEYMSG_AUTH_FAILED, sizeof(m));
}

/*
 * When pppd has its tty open. Until then SIGTERM is how it hears that the
 * monitor has died; from here on its tty hangs up, and a signal after that
 * would make pppd kill the ip-down that it waits for.
 */
static void
ignore_monitors_end(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
}

/* Both at once, so that the daemon wakes up for them once. */
static void
post_hello(int phase_now)
{
	struct keymsg_hello hello = { .pppd_version = PPPD_VERSION };
	struct keymsg_phase m = { .phase = (uint32_t)phase_now };

	if (call.phase_sent)
		return;
	call.phase_sent = 1;
	post(&hello, KEYMSG_HELLO, sizeof(hello));
	post(&m, KEYMSG_PHASE, sizeof(m));
}

static void
on_phase(void *unused, int phase_now)
{
	(void)unused;
	switch (phase_now) {
	case PHASE_SERIALCONN:
		start();
		break;
	case PHASE_ESTABLISH:
		ignore_monitors_end();
		post_hello(phase_now);
		break;
	case PHASE_NETWORK:
		enter_network();
		break;
	case PHASE_TERMINATE:
		if (call.authenticating &&
		    ppp_status() == EXIT_PEER_AUTH_FAILED)
			post_auth_failed();
		break;
	}
	call.authenticating = phase_now == PHASE_AUTHENTICATE;
}

static void
post_up(struct keymsg_up *up)
{
	up->mtu = (uint32_t)ppp_get_mtu(0);
	strlcpy(up->ifname, ppp_ifname(), sizeof(up->ifname));
	post(up, KEYMSG_UP, sizeof(*up));
}

static void
on_ip_up(void *unused, int zero)
{
	struct keymsg_up up = {
		.family = 4,
		.local4 = ipcp_gotoptions[0].ouraddr,
		.remote4 = ipcp_hisoptions[0].hisaddr,
	};

	(void)unused, (void)zero;
	post_up(&up);
}

static void
on_ipv6_up(void *unused, int zero)
{
	struct keymsg_up up = { .family = 6 };

	(void)unused, (void)zero;
	pppd_interface_ids(up.local6, up.remote6);
	post_up(&up);
}

static void
post_down(uint32_t family)
{
	struct keymsg_down down = { .family = family };

	pppd_link_bytes(&call.bytes_in, &call.bytes_out);
	post(&down, KEYMSG_DOWN, sizeof(down));
}

static void
on_ip_down(void *unused, int zero)
{
	(void)unused, (void)zero;
	post_down(4);
}

static void
on_ipv6_down(void *unused, int zero)
{
	(void)unused, (void)zero;
	post_down(6);
}

static void
on_pppd_exit(void *unused, int code)
{
	struct keymsg_end end = {
		.exit_code = (uint32_t)code,
		.bytes_in = call.bytes_in,
		.bytes_out = call.bytes_out,
	};

	(void)unused;
	post(&end, KEYMSG_END, sizeof(end));
}

/* --- the option ----------------------------------------------------------- */

static int
is_channel(int fd)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET;
}

/*
 * While pppd reads its options: once it has opened its data base, it would
 * write all it has in there anew for each of the variables.
 */
static int
take_session(void)
{
	union keymsg m;
	const char *wrong = await(&m, KEYMSG_SESSION, sizeof(m.session));

	if (wrong != NULL) {
		ppp_option_error("sstpd: no session: %s", wrong);
		return 0;
	}
	export_session(&m.session);
	return 1;
}

static int
take_channel(int fd)
{
	if (call.fd != -1) {
		ppp_option_error("the daemon's socket may be given only once");
		return 0;
	}
	if (!is_channel(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		ppp_option_error("%d is not a socket made by sstpd", fd);
		return 0;
	}
	call.fd = fd;
	return 1;
}

static int
begin(void)
{
	ppp_add_notify(NF_PHASE_CHANGE, on_phase, NULL);
	ppp_add_notify(NF_IP_UP, on_ip_up, NULL);
	ppp_add_notify(NF_IP_DOWN, on_ip_down, NULL);
	pppd_add_notify_ipv6(NF_IPV6_UP, on_ipv6_up, NULL);
	pppd_add_notify_ipv6(NF_IPV6_DOWN, on_ipv6_down, NULL);
	ppp_add_notify(NF_EXIT, on_pppd_exit, NULL);
	return take_session();
}

static int
set_channel(char **argv)
{
	int fd;

	return ppp_int_option(*argv, &fd) && take_channel(fd) && begin();
}

/* By pppd, for what its magic numbers and challenges are made from. */
extern void magic_init(void) __attribute__((weak));

/* The arguments after ours are pppd's own, and in a clone it goes on to them.
 */
static int
set_template(char **argv)
{
	int fd;

	if (!ppp_int_option(*argv, &fd) || !take_channel(fd))
		return 0;
	pppd_load_algorithms();
	if (magic_init == NULL || !template_serve(fd, argv + 1)) {
		ppp_option_error("sstpd-template: this pppd cannot be one");
		return 0;
	}
	magic_init(); /* or all clones would draw the same numbers */
	return begin();
}

static option_t options[] = {
	{ .name = "sstpd-fd",
	    .type = o_special,
	    .addr = (void *)set_channel,
	    .description = "number of the socket to sstpd",
	    .flags = OPT_PRIV },
	{ .name = "sstpd-template",
	    .type = o_special,
	    .addr = (void *)set_template,
	    .description = "the same, to be cloned for each session",
	    .flags = OPT_PRIV },
	{ .name = NULL },
};

void plugin_init(void);

void
plugin_init(void)
{
	ppp_add_options(options);
}
