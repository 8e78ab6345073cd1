/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Networks in text: "192.0.2.0/24", "2001:db8::/32", or a single address. */

#ifndef SSTP_PROBE_PREFIX_H
#define SSTP_PROBE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

enum { PREFIX_ADDRESS_MAX = 16, PREFIX_TEXT_MAX = 52 };

struct prefix {
	int family;  /* AF_INET or AF_INET6 */
	uint8_t len; /* in bits */
	uint8_t address[PREFIX_ADDRESS_MAX];
};

/* False too if bits beyond the prefix are set, which is often a mistake. */
bool prefix_parse(struct prefix *prefix, const char *text);
/* Returns text. */
const char *prefix_format(
    const struct prefix *prefix, char text[static PREFIX_TEXT_MAX]);

#endif
