/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Networks in text. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "conf_value.h"
#include "prefix.h"

static bool
has_bits_beyond(const struct prefix *prefix, size_t bits)
{
	for (size_t i = prefix->len; i < bits; i++)
		if (prefix->address[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

bool
prefix_parse(struct prefix *prefix, const char *text)
{
	char address[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "/");
	uint32_t bits, len;

	*prefix =
	    (struct prefix){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	bits = len = prefix->family == AF_INET6 ? 128 : 32;
	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(prefix->family, address, prefix->address) != 1)
		return false;
	if (text[n] == '/' && !conf_value_number(text + n + 1, 0, bits, &len))
		return false;
	prefix->len = (uint8_t)len;
	return !has_bits_beyond(prefix, bits);
}

const char *
prefix_format(const struct prefix *prefix, char text[static PREFIX_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(prefix->family, prefix->address, address, sizeof(address));
	snprintf(text, PREFIX_TEXT_MAX, "%s/%u", address, prefix->len);
	return text;
}
