/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Where things are in the headers of IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC
 * 9293) and UDP (RFC 768), for code that changes them in place. Loads and
 * stores check nothing: their callers have checked the packet's length first.
 */

#ifndef SSTPD_IP_HEADER_H
#define SSTPD_IP_HEADER_H

#include <stddef.h>
#include <stdint.h>

enum {
	IP_PROTOCOL_TCP = 6,
	IP_PROTOCOL_UDP = 17,
	IP_PROTOCOL_ICMPV6 = 58,
};

enum {
	IP4_LENGTH = 2, /* of the whole packet */
	IP4_ID = 4,
	IP4_FRAGMENT = 6, /* flags and offset */
	IP4_DF = 0x4000,
	IP4_FRAGMENT_MASK = 0x3fff, /* more fragments, and the offset */
	IP4_TTL = 8,
	IP4_PROTOCOL = 9,
	IP4_CHECKSUM = 10,
	IP4_ADDRESSES = 12,
	IP4_HEADER_LEN = 20, /* without options */
};

enum {
	IP6_LENGTH = 4, /* of what follows the header */
	IP6_NEXT_HEADER = 6,
	IP6_ADDRESSES = 8,
	IP6_HEADER_LEN = 40, /* without extensions */
};

enum {
	TCP_SEQUENCE = 4,
	TCP_ACKNOWLEDGMENT = 8,
	TCP_DATA_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_URGENT = 18,
	TCP_HEADER_LEN = 20, /* without options */
};

enum {
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

enum {
	UDP_LENGTH = 4, /* with the header */
	UDP_CHECKSUM = 6,
	UDP_HEADER_LEN = 8,
};

static inline unsigned int
ip_version(const uint8_t *packet)
{
	return packet[0] >> 4;
}

static inline uint16_t
load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
load_be32(const uint8_t *p)
{
	return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

static inline void
store_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, v >> 16);
	store_be16(p + 2, v);
}

#endif
