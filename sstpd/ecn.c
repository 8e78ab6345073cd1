/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The two bits are in the first 16 of the header: at the end of what was type
 * of service in IPv4, and of the traffic class in IPv6, which has no checksum.
 */

#include "ecn.h"
#include "inet_sum.h"
#include "ip_header.h"

enum { CE = 3 };

/* RFC 1624, for the words before and after. */
static void
update_checksum(uint8_t *packet, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint16_t)~load_be16(packet + IP4_CHECKSUM);

	sum += (uint32_t)(uint16_t)~before + after;
	store_be16(packet + IP4_CHECKSUM, (uint16_t)~inet_fold(sum));
}

bool
ecn_mark(uint8_t *packet, size_t n)
{
	bool ipv4 = n >= IP4_HEADER_LEN && ip_version(packet) == 4;
	bool ipv6 = n >= IP6_HEADER_LEN && ip_version(packet) == 6;
	unsigned int shift = ipv6 ? 4 : 0;
	uint16_t before, after;

	if (!ipv4 && !ipv6)
		return false;
	before = load_be16(packet);
	after = (uint16_t)(before | CE << shift);
	if ((before >> shift & CE) == 0)
		return false;
	store_be16(packet, after);
	if (ipv4)
		update_checksum(packet, before, after);
	return true;
}
