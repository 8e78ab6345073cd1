/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Configuring a network interface. */

#include <assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "interface.h"

enum { REQUEST_MAX = 256, REPLY_MAX = 4096 };

/* --- messages --- */

struct request {
	uint16_t type, flags;
	size_t len;
	uint8_t bytes[REQUEST_MAX];
};

static void
put(struct request *r, const void *p, size_t n)
{
	size_t padded = NLMSG_ALIGN(n);

	assert(padded <= sizeof(r->bytes) - r->len);
	memset(r->bytes + r->len, 0, padded);
	memcpy(r->bytes + r->len, p, n);
	r->len += padded;
}

static void
begin(struct request *r, uint16_t type, uint16_t flags, const void *body,
    size_t n)
{
	*r = (struct request){ .type = type,
		.flags = flags | NLM_F_REQUEST,
		.len = NLMSG_HDRLEN };
	put(r, body, n);
}

static void
put_attribute(struct request *r, uint16_t type, const void *value, size_t n)
{
	struct rtattr head = { .rta_len = (uint16_t)RTA_LENGTH(n),
		.rta_type = type };

	put(r, &head, sizeof(head));
	put(r, value, n);
}

static size_t
address_len(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static int
send_request(struct interface *i, struct request *r)
{
	struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)r->len,
		.nlmsg_type = r->type,
		.nlmsg_flags = r->flags,
		.nlmsg_seq = ++i->sequence,
	};

	memcpy(r->bytes, &head, sizeof(head));
	return send(i->sock, r->bytes, r->len, 0) < 0 ? -1 : 0;
}

/*
 * What the kernel answers, which it has done when send() returns. Returns the
 * length; 0 for an error message, whose number is in *error.
 */
static ssize_t
receive(struct interface *i, uint8_t reply[REPLY_MAX], int *error)
{
	struct nlmsghdr head = { .nlmsg_seq = i->sequence + 1 };
	ssize_t n = 0;

	while (head.nlmsg_seq != i->sequence) {
		n = recv(i->sock, reply, REPLY_MAX, MSG_DONTWAIT);
		if (n < (ssize_t)sizeof(head))
			return -1;
		memcpy(&head, reply, sizeof(head));
	}
	if (head.nlmsg_type != NLMSG_ERROR)
		return n;
	if (n < (ssize_t)(NLMSG_HDRLEN + sizeof(*error)))
		return -1;
	memcpy(error, reply + NLMSG_HDRLEN, sizeof(*error));
	return 0;
}

static int
request(struct interface *i, struct request *r)
{
	uint8_t reply[REPLY_MAX];
	int error = 0;

	r->flags |= NLM_F_ACK;
	if (send_request(i, r) != 0 || receive(i, reply, &error) < 0)
		return -1;
	errno = -error;
	return error == 0 ? 0 : -1;
}

/* --- what can be asked for --- */

int
interface_set_up(struct interface *i, uint32_t mtu)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC,
		.ifi_index = i->index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };
	struct request r;

	begin(&r, RTM_SETLINK, 0, &body, sizeof(body));
	put_attribute(&r, IFLA_MTU, &mtu, sizeof(mtu));
	return request(i, &r);
}

int
interface_add_address(struct interface *i, int family, const void *local,
    const void *peer, uint8_t len)
{
	struct ifaddrmsg body = { .ifa_family = (uint8_t)family,
		.ifa_prefixlen = len,
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = (uint32_t)i->index };
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	put_attribute(&r, IFA_LOCAL, local, address_len(family));
	put_attribute(&r, IFA_ADDRESS, peer, address_len(family));
	return request(i, &r);
}

int
interface_add_route(struct interface *i, const struct prefix *to)
{
	struct rtmsg body = { .rtm_family = (uint8_t)to->family,
		.rtm_dst_len = to->len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope =
		    to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST };
	struct request r;

	begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	put_attribute(&r, RTA_DST, to->address, address_len(to->family));
	put_attribute(&r, RTA_OIF, &i->index, sizeof(i->index));
	return request(i, &r);
}

/* The interface of a route that the kernel tells; 0 if it names none. */
static int
find_interface(const uint8_t *reply, size_t n)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtmsg));
	struct rtattr head;
	int index = 0;

	while (at <= n && n - at >= RTA_LENGTH(0)) {
		memcpy(&head, reply + at, sizeof(head));
		if (head.rta_len < RTA_LENGTH(0) || head.rta_len > n - at)
			break;
		if (head.rta_type == RTA_OIF &&
		    head.rta_len >= RTA_LENGTH(sizeof(index)))
			memcpy(
			    &index, reply + at + RTA_LENGTH(0), sizeof(index));
		at += RTA_ALIGN(head.rta_len);
	}
	return index;
}

bool
interface_leads_to(struct interface *i, const struct sockaddr *address)
{
	struct rtmsg body = { .rtm_family = (uint8_t)address->sa_family,
		.rtm_dst_len = (uint8_t)(8 * address_len(address->sa_family)) };
	uint8_t reply[REPLY_MAX];
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	struct request r;
	ssize_t n;
	int error;

	begin(&r, RTM_GETROUTE, 0, &body, sizeof(body));
	if (address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		if (in6.sin6_scope_id != 0)
			return false;
		put_attribute(&r, RTA_DST, &in6.sin6_addr, 16);
	} else {
		memcpy(&in, address, sizeof(in));
		put_attribute(&r, RTA_DST, &in.sin_addr, 4);
	}
	if (send_request(i, &r) != 0)
		return false;
	n = receive(i, reply, &error);
	return n > 0 && find_interface(reply, (size_t)n) == i->index;
}

/* --- life --- */

int
interface_open(struct interface *i, const char *name)
{
	*i = (struct interface){ .sock = -1,
		.index = (int)if_nametoindex(name) };
	if (i->index == 0)
		return -1;
	i->sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return i->sock < 0 ? -1 : 0;
}

void
interface_close(struct interface *i)
{
	if (i->sock >= 0)
		close(i->sock);
	i->sock = -1;
}
