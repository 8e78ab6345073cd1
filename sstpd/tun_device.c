/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Making a tun device. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tun_device.h"

/* for headers that are older than Linux 6.2 */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static const char path[] = "/dev/net/tun";

/*
 * Packets that wait while the client takes none: few enough that they do not
 * stand long, as each may be a train of 64 KiB.
 */
enum { QUEUE_LENGTH = 128 };

/* What of these the kernel does not know makes it refuse all of them. */
static const unsigned int offloads[] = {
	TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 |
	    TUN_F_USO6,
	TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
	TUN_F_CSUM,
};

static void
set_offloads(int fd)
{
	for (size_t i = 0; i < sizeof(offloads) / sizeof(offloads[0]); i++)
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads[i]) == 0)
			return;
}

static int
set_queue_length(int sock, const char *name)
{
	struct ifreq ifr = { .ifr_qlen = QUEUE_LENGTH };

	memcpy(ifr.ifr_name, name, TUN_NAME_MAX);
	return ioctl(sock, SIOCSIFTXQLEN, &ifr);
}

struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg info;
	struct rtattr families, family, mode;
	uint8_t value, padding[3];
};

/*
 * No link-local address of the kernel's own making: pppd sets the one that
 * IPV6CP agreed on. A kernel without IPv6 refuses this and needs none of it.
 */
static void
set_no_address(int sock, const char *name)
{
	struct link_request r = {
		.header = { .nlmsg_len = sizeof(r),
		    .nlmsg_type = RTM_SETLINK,
		    .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_family = AF_UNSPEC,
		    .ifi_index = (int)if_nametoindex(name) },
		.families = { .rta_type = IFLA_AF_SPEC | NLA_F_NESTED,
		    .rta_len =
			sizeof(r) - offsetof(struct link_request, families) },
		.family = { .rta_type = AF_INET6 | NLA_F_NESTED,
		    .rta_len =
			sizeof(r) - offsetof(struct link_request, family) },
		.mode = { .rta_type = IFLA_INET6_ADDR_GEN_MODE,
		    .rta_len = RTA_LENGTH(1) },
		.value = IN6_ADDR_GEN_MODE_NONE,
	};

	if (send(sock, &r, sizeof(r), 0) < 0)
		return;
}

static int
configure(const char *name, const char **what)
{
	int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1, saved;

	*what = "socket";
	if (route >= 0 && inet >= 0) {
		set_no_address(route, name);
		*what = "SIOCSIFTXQLEN";
		ret = set_queue_length(inet, name);
	}
	saved = errno;
	if (route >= 0)
		close(route);
	if (inet >= 0)
		close(inet);
	errno = saved;
	return ret;
}

int
tun_device_make(
    const char *wanted, char name[static TUN_NAME_MAX], const char **what)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int saved, fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	_Static_assert(sizeof(ifr.ifr_name) == TUN_NAME_MAX, "IFNAMSIZ");
	*what = path;
	if (fd < 0)
		return -1;
	/* not one that somebody has made to stay and configured otherwise */
	ifr.ifr_flags |= (short)IFF_TUN_EXCL;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", wanted);
	*what = "TUNSETIFF";
	if (ioctl(fd, TUNSETIFF, &ifr) == 0) {
		memcpy(name, ifr.ifr_name, TUN_NAME_MAX);
		set_offloads(fd);
		if (configure(name, what) == 0)
			return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
tun_device_probe(void)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}
