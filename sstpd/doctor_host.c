/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Looking at the host. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf.h"
#include "congestion.h"
#include "doctor_host.h"
#include "doctor_report.h"
#include "listener.h"

enum {
	SESSION_FDS = 6, /* of the monitor, for one session */
	OTHER_FDS = 200, /* of all else, generously */
};

/* --- kernel
 * ---------------------------------------------------------------------------
 */

static void
check_ppp(struct doctor *d)
{
	int fd = open("/dev/ppp", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		doctor_say(d, DOCTOR_OK, "kernel", "has PPP");
	} else if (geteuid() != 0 && (errno == EACCES || errno == EPERM)) {
		doctor_say(d, DOCTOR_WARNING, "kernel",
		    "/dev/ppp: not checked, as only root can open it\n"
		    "run this as root");
	} else if (errno == EACCES || errno == EPERM) {
		doctor_say(d, DOCTOR_FAULT, "kernel",
		    "/dev/ppp: %s: not even root may open it here\n"
		    "in a container: let it have that device and "
		    "CAP_NET_ADMIN",
		    strerror(errno));
	} else {
		doctor_say(d, DOCTOR_FAULT, "kernel",
		    "/dev/ppp: %s: no pppd can run\n"
		    "modprobe ppp_generic ppp_async; in a container: do that "
		    "on its host, and let it have the device",
		    strerror(errno));
	}
}

/* For the fast path; without it the pty serves. */
static void
check_tun(struct doctor *d)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		doctor_say(d, DOCTOR_OK, "kernel", "has tun devices");
	} else {
		doctor_say(d, DOCTOR_WARNING, "kernel",
		    "/dev/net/tun: %s: packets take the slower pty\n"
		    "modprobe tun; in a container: let it have that device",
		    strerror(errno));
	}
}

/* The number in a file below /proc/sys/net, or -1. */
static int
read_sysctl(const char *name)
{
	char path[128];
	int value = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	in = fopen(path, "re");
	if (in == NULL)
		return -1;
	if (fscanf(in, "%d", &value) != 1)
		value = -1;
	fclose(in);
	return value;
}

static void
check_forwarding(struct doctor *d)
{
	int v4 = read_sysctl("ipv4/ip_forward");
	int v6 = read_sysctl("ipv6/conf/all/forwarding");

	if (v4 == 0)
		doctor_say(d, DOCTOR_WARNING, "forwarding",
		    "IPv4: off: clients reach this host and no other\n"
		    "sysctl net.ipv4.ip_forward=1, and a file in /etc/sysctl.d "
		    "for the next boot; the pool needs a route or NAT as well");
	else
		doctor_say(d, DOCTOR_OK, "forwarding", "IPv4: %s",
		    v4 > 0 ? "on" : "cannot be told");
	/* there is none unless somebody gives clients addresses */
	doctor_say(d, DOCTOR_OK, "forwarding", "IPv6: %s",
	    v6 > 0    ? "on"
	    : v6 == 0 ? "off, which is right unless clients get IPv6 "
			"addresses"
		      : "not there");
}

static void
check_rp_filter(struct doctor *d)
{
	int all = read_sysctl("ipv4/conf/all/rp_filter");
	int each = read_sysctl("ipv4/conf/default/rp_filter");
	int effective = all > each ? all : each; /* as the kernel takes it */

	if (effective == 1)
		doctor_say(d, DOCTOR_OK, "rp_filter",
		    "strict: a client may only send from its own address, and "
		    "networks behind it need a route before they do; with "
		    "several uplinks set net.ipv4.conf.*.rp_filter=2");
	else
		doctor_say(d, DOCTOR_OK, "rp_filter", "%s",
		    effective == 2   ? "loose"
		    : effective == 0 ? "off"
				     : "cannot be told");
}

/* --- this system
 * ---------------------------------------------------------------------- */

static void
check_limits(struct doctor *d, const struct conf *conf)
{
	unsigned long long needed =
	    (unsigned long long)conf->max_sessions * SESSION_FDS + OTHER_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_max >= needed)
		doctor_say(d, DOCTOR_OK, "limits",
		    "enough descriptors for %u sessions", conf->max_sessions);
	else
		doctor_say(d, DOCTOR_WARNING, "limits",
		    "descriptors: at most %llu here, %u sessions need about "
		    "%llu\n"
		    "raise the limit where sstpd is started (LimitNOFILE= of "
		    "its unit, ulimit -Hn), or set [limits] max-sessions",
		    (unsigned long long)limit.rlim_max, conf->max_sessions,
		    needed);
}

static void
check_user(struct doctor *d, const struct conf *conf)
{
	if (getpwnam(conf->user) != NULL)
		doctor_say(
		    d, DOCTOR_OK, "user", "workers run as %s", conf->user);
	else
		doctor_say(d, DOCTOR_FAULT, "user",
		    "there is no user %s for the workers\n"
		    "useradd --system --no-create-home --shell "
		    "/usr/sbin/nologin %s",
		    conf->user, conf->user);
}

/* --- addresses
 * ------------------------------------------------------------------------ */

static bool
daemon_runs(const struct conf *conf)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(conf->control_socket);
	bool runs = false;
	int fd;

	if (n == 0 || n >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, conf->control_socket, n + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	runs = connect(
		   fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return runs;
}

/*
 * Bind without listening, so that no connection of a daemon that runs can end
 * up here. Returns 0 or errno.
 */
static int
try_bind(const struct conf_listen *l, bool shared)
{
	int yes = 1, ret = 0;
	int fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (l->address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&l->address, l->address_len) != 0)
		ret = errno;
	close(fd);
	return ret;
}

static void
blame_address(
    struct doctor *d, const struct conf_listen *l, const char *text, int error)
{
	if (error == EADDRINUSE)
		doctor_say(d, DOCTOR_FAULT, "listen",
		    "%s: another program has it\n"
		    "ss -ltnp 'sport = :%u' names it: stop it, or set [server] "
		    "listen",
		    text, address_port(&l->address));
	else if (error == EACCES && geteuid() != 0)
		doctor_say(d, DOCTOR_WARNING, "listen",
		    "%s: not checked, as only root may have it\n"
		    "run this as root",
		    text);
	else if (error == EAFNOSUPPORT && l->optional)
		doctor_say(d, DOCTOR_OK, "listen",
		    "%s: left out: this host has no IPv6", text);
	else
		doctor_say(d, DOCTOR_FAULT, "listen",
		    "%s: %s\n"
		    "[server] listen takes addresses that this host has",
		    text, strerror(error));
}

static void
check_listen(struct doctor *d, const struct conf *conf, unsigned int i)
{
	const struct conf_listen *l = &conf->listen[i];
	char text[ENDPOINT_TEXT_MAX];
	int alone = try_bind(l, false);
	int shared = alone == EADDRINUSE ? try_bind(l, true) : alone;

	endpoint_text(&l->address, text);
	if (alone == 0)
		doctor_say(d, DOCTOR_OK, "listen", "%s: free", text);
	else if (alone == EADDRINUSE && daemon_runs(conf))
		doctor_say(
		    d, DOCTOR_OK, "listen", "%s: in use, and sstpd runs", text);
	else if (shared == 0)
		doctor_say(d, DOCTOR_WARNING, "listen",
		    "%s: in use by a program that shares it, such as another "
		    "sstpd\n"
		    "ss -ltnp 'sport = :%u' names it: if it is another, stop "
		    "it",
		    text, address_port(&l->address));
	else
		blame_address(d, l, text, shared);
}

static void
check_congestion(struct doctor *d, const struct conf *conf)
{
	char error[CONGESTION_ERROR_MAX];

	if (congestion_check(conf->tcp_congestion, error) == 0)
		doctor_say(d, DOCTOR_OK, "tcp", "congestion control: %s",
		    conf->tcp_congestion);
	else
		doctor_say(d, DOCTOR_FAULT, "tcp", "tcp-congestion: %s", error);
}

void
doctor_host(struct doctor *d, const struct conf *conf)
{
	check_ppp(d);
	if (conf->data_path != CONF_DATA_PTY)
		check_tun(d);
	check_forwarding(d);
	check_rp_filter(d);
	check_congestion(d, conf);
	check_limits(d, conf);
	if (geteuid() == 0) /* others run workers as themselves */
		check_user(d, conf);
	for (unsigned int i = 0; i < conf->listen_count; i++)
		check_listen(d, conf, i);
}
