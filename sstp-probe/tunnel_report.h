/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What there is to say of a tunnel when it is up, and at its end. */

#ifndef SSTP_PROBE_TUNNEL_REPORT_H
#define SSTP_PROBE_TUNNEL_REPORT_H

#include "client.h"
#include "options.h"

enum { TUNNEL_MESSAGE_MAX = 512 };

struct tunnel_result {
	const struct options *options;
	const struct client *client;
	char device[OPTIONS_DEVICE_MAX + 1];
	uint32_t mtu;
	bool ipv6; /* the device has its link-local address */
	int status;
	char message[TUNNEL_MESSAGE_MAX];
	const char *hint; /* or NULL */
	double seconds;	  /* that it was up */
	uint64_t dropped; /* packets */
};

/* A line each, that is written out at once. */
void tunnel_print_up(const struct tunnel_result *result);
void tunnel_print_end(const struct tunnel_result *result);

/* fe80::/64 with the id of IPV6CP. */
void tunnel_link_local(
    uint8_t address[static 16], const uint8_t id[static IPV6CP_ID_LEN]);

#endif
