/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

#include "compat.h"

#include <time.h>

#include "tun.h"

#ifdef HAVE_PPPD_PPPDCONF_H

#include <linux/ppp_defs.h>

#include <pppd/ccp.h>

#define EXPORTED __attribute__((weak)) /* by pppd, but in no header */

/* as in <pcap/bpf.h>, which a build need not have */
struct packet_filter {
	unsigned int length;
	void *instructions;
};

extern struct packet_filter pass_filter EXPORTED;
extern struct packet_filter active_filter EXPORTED;
extern bool multilink EXPORTED;
extern char req_ifname[] EXPORTED;
extern int req_unit EXPORTED;

enum { IDLE_SAMPLES = 16 }; /* of the traffic, in the time that idle allows */

/* How long no packet has passed, as far as statistics tell. */
static struct {
	unsigned int packets_in, packets_out;
	time_t since;
	int (*next_hook)(struct ppp_idle *);
} idle;

enum keymsg_no_tun
tun_obstacle(void)
{
	if ((&pass_filter != NULL && pass_filter.length > 0) ||
	    (&active_filter != NULL && active_filter.length > 0))
		return KEYMSG_NO_TUN_FILTER;
	if (ccp_protent.enabled_flag && ccp_wantoptions[0].mppe)
		return KEYMSG_NO_TUN_MPPE;
	if (&multilink != NULL && multilink)
		return KEYMSG_NO_TUN_MULTILINK;
	if ((req_ifname != NULL && req_ifname[0] != '\0') ||
	    (&req_unit != NULL && req_unit >= 0))
		return KEYMSG_NO_TUN_NAME;
	return KEYMSG_TUN_POSSIBLE;
}

/* What is compressed is not for a device that knows nothing but IP. */
static void
refuse_compression(void)
{
	ipcp_wantoptions[0].neg_vj = 0;
	ipcp_allowoptions[0].neg_vj = 0;
	ccp_wantoptions[0] = (ccp_options){ 0 };
	ccp_allowoptions[0] = (ccp_options){ 0 };
}

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void
sample_traffic(void)
{
	ppp_link_stats_st stats;

	if (!ppp_get_link_stats(&stats) ||
	    (stats.pkts_in == idle.packets_in &&
		stats.pkts_out == idle.packets_out))
		return;
	idle.packets_in = stats.pkts_in;
	idle.packets_out = stats.pkts_out;
	idle.since = now();
}

/*
 * Seconds until pppd is to ask again; 0 or less: the link has been idle for
 * long enough. At first there is nothing to be said about idleness (NULL).
 * pppd would ask its own interface, which is always idle.
 */
static int
check_idle(struct ppp_idle *reported)
{
	int limit = ppp_get_max_idle_time(), left, pause;

	if (reported == NULL)
		idle.since = now();
	sample_traffic();
	if (reported != NULL)
		reported->xmit_idle = reported->recv_idle = now() - idle.since;
	left = idle.next_hook != NULL ? idle.next_hook(reported)
				      : limit - (int)(now() - idle.since);
	pause = limit / IDLE_SAMPLES + 1;
	return left > pause ? pause : left;
}

void
tun_use(const char *name)
{
	static char copy[KEYMSG_IFNAME_MAX];
	int mtu = ppp_get_mtu(0); /* of pppd's own interface, which LCP set */

	strlcpy(copy, name, sizeof(copy));
	ppp_set_ifname(copy);
	ppp_script_setenv("IFNAME", copy, 1);
	ppp_set_mtu(0, mtu);
	refuse_compression();
	idle.next_hook = idle_time_hook;
	idle_time_hook = check_idle;
	info("sstpd: packets take %s", copy);
}

#else /* 2.4.9 has no statistics of interfaces other than its own */

enum keymsg_no_tun
tun_obstacle(void)
{
	return KEYMSG_NO_TUN_VERSION;
}

void
tun_use(const char *name)
{
	(void)name;
}

#endif
