/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * As much IPv4 as measuring takes: build ICMP echo requests and UDP datagrams,
 * recognise echo replies. Addresses are in network order.
 */

#ifndef SSTP_PROBE_IP_H
#define SSTP_PROBE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IP_HEADERS_LEN = 28,  /* IPv4's and ICMP's, or UDP's */
	IP_PACKET_MAX = 4000, /* that we build */
	IP_DISCARD_PORT = 9,
};

struct ip_echo {
	uint32_t from, to;
	uint16_t id, sequence;
};

/*
 * Each builds one packet of n bytes, headers included (IP_HEADERS_LEN to
 * IP_PACKET_MAX), which dst must have room for.
 */
void ip_build_echo(uint8_t *dst, size_t n, const struct ip_echo *echo);
void ip_build_datagram(uint8_t *dst, size_t n, const struct ip_echo *flow);

/* Whether this is an intact echo reply. */
bool ip_parse_reply(const uint8_t *p, size_t n, struct ip_echo *echo);

#endif
