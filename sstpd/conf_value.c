/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The strict converters: text to values and back, with no option in sight. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf_value.h"

/* The largest first, the last one is 1. */
struct unit {
	const char *name;
	uint32_t size;
};

enum { UNITS = 4 };

static const struct unit times[UNITS] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};
static const struct unit sizes[UNITS] = {
	{ "G", 1 << 30 },
	{ "M", 1 << 20 },
	{ "K", 1 << 10 },
	{ "", 1 },
};

/*
 * The number that text starts with, *end being what follows it. A leading zero
 * is refused rather than read as octal or ignored.
 */
static bool
take_number(const char *text, uint32_t *value, const char **end)
{
	uint64_t v = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 10 || (n > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	if (v > UINT32_MAX)
		return false;
	*value = (uint32_t)v;
	*end = text + n;
	return true;
}

bool
conf_value_number(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	const char *end;
	uint32_t v;

	if (!take_number(text, &v, &end) || *end != '\0' || v < min || v > max)
		return false;
	*value = v;
	return true;
}

static bool
parse_unit(const char *text, const struct unit *units, uint32_t min,
    uint32_t max, uint32_t *value)
{
	const char *end;
	uint32_t v;

	if (!take_number(text, &v, &end))
		return false;
	for (unsigned int i = 0; i < UNITS; i++) {
		uint64_t total = (uint64_t)v * units[i].size;

		if (strcmp(end, units[i].name) != 0)
			continue;
		if (total < min || total > max)
			return false;
		*value = (uint32_t)total;
		return true;
	}
	return false;
}

bool
conf_value_time(const char *text, uint32_t min, uint32_t max, uint32_t *ms)
{
	return parse_unit(text, times, min, max, ms);
}

bool
conf_value_size(const char *text, uint32_t min, uint32_t max, uint32_t *bytes)
{
	return parse_unit(text, sizes, min, max, bytes);
}

bool
conf_value_ipv4(const char *text, uint32_t *address)
{
	struct in_addr in;

	/* inet_pton() refuses leading zeros and fewer than four numbers */
	if (inet_pton(AF_INET, text, &in) != 1 || in.s_addr == INADDR_ANY)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

static void
set_ipv4(struct conf_listen *listen, struct in_addr address, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&listen->address;

	memset(listen, 0, sizeof(*listen));
	in->sin_family = AF_INET;
	in->sin_addr = address;
	in->sin_port = htons(port);
	listen->address_len = sizeof(*in);
}

static void
set_ipv6(struct conf_listen *listen, struct in6_addr address, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&listen->address;

	memset(listen, 0, sizeof(*listen));
	in6->sin6_family = AF_INET6;
	in6->sin6_addr = address;
	in6->sin6_port = htons(port);
	listen->address_len = sizeof(*in6);
}

unsigned int
conf_value_listen(const char *text, struct conf_listen both[static 2])
{
	static const struct in_addr any = { .s_addr = INADDR_ANY };
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	struct in6_addr in6;
	struct in_addr in;
	uint32_t port;
	size_t n;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
	    !conf_value_number(colon + 1, 0, UINT16_MAX, &port))
		return 0;
	n = (size_t)(colon - text);
	memcpy(host, text, n);
	host[n] = '\0';

	if (strcmp(host, "*") == 0) {
		set_ipv4(&both[0], any, (uint16_t)port);
		set_ipv6(&both[1], in6addr_any, (uint16_t)port);
		both[1].optional = true;
		return 2;
	}
	if (inet_pton(AF_INET, host, &in) == 1) {
		set_ipv4(&both[0], in, (uint16_t)port);
		return 1;
	}
	if (n < 2 || host[0] != '[' || host[n - 1] != ']')
		return 0;
	host[n - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &in6) != 1)
		return 0;
	set_ipv6(&both[0], in6, (uint16_t)port);
	return 1;
}

bool
conf_value_is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	if (*text == '\0' || strchr(letters, *text) == NULL)
		return false;
	while (*text != '\0' && (strchr(letters, *text) != NULL ||
				    strchr("0123456789.-", *text) != NULL))
		text++;
	return *text == '\0';
}

/* Letters, digits, underscores, and hyphens but for the first and last. */
static bool
is_label(const char *text, size_t n)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return n > 0 && n < 64 && strspn(text, inner) >= n && *text != '-' &&
	       text[n - 1] != '-';
}

bool
conf_value_is_server_name(const char *text)
{
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	for (;;) {
		size_t n = strcspn(text, ".");

		if (!is_label(text, n))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

bool
conf_value_is_path(const char *text)
{
	return *text == '/';
}

bool
conf_value_is_text(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
conf_value_to_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

char *
conf_value_trim(char *text)
{
	size_t n;

	while (is_blank(*text))
		text++;
	n = strlen(text);
	while (n > 0 && is_blank(text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

bool
conf_value_next_item(const char **rest, char item[static CONF_VALUE_MAX + 1])
{
	const char *start = *rest;
	char *trimmed;
	size_t n;

	if (start == NULL)
		return false;
	n = strcspn(start, ",");
	*rest = start[n] == ',' ? start + n + 1 : NULL;
	if (n > CONF_VALUE_MAX)
		n = CONF_VALUE_MAX;
	memcpy(item, start, n);
	item[n] = '\0';
	trimmed = conf_value_trim(item);
	memmove(item, trimmed, strlen(trimmed) + 1);
	return true;
}

static void
format_unit(
    uint32_t value, const struct unit *units, char text[static CONF_TIME_TEXT])
{
	while (value % units->size != 0)
		units++; /* stops at 1 */
	(void)snprintf(
	    text, CONF_TIME_TEXT, "%u%s", value / units->size, units->name);
}

void
conf_value_format_time(uint32_t ms, char text[static CONF_TIME_TEXT])
{
	/* "0h" would be as true */
	format_unit(ms, ms == 0 ? &times[2] : times, text);
}

void
conf_value_format_size(uint32_t bytes, char text[static CONF_TIME_TEXT])
{
	format_unit(bytes, bytes == 0 ? &sizes[3] : sizes, text);
}

void
conf_value_format_listen(
    const struct conf_listen *listen, char text[static CONF_LISTEN_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (listen->address.ss_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)&listen->address;

		(void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		(void)snprintf(
		    text, CONF_LISTEN_TEXT, "%s:%u", host, ntohs(in->sin_port));
	} else {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&listen->address;

		(void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		(void)snprintf(text, CONF_LISTEN_TEXT, "[%s]:%u", host,
		    ntohs(in6->sin6_port));
	}
}

void
conf_value_format_ipv4(uint32_t address, char text[static CONF_RANGE_TEXT])
{
	struct in_addr in = { .s_addr = htonl(address) };

	(void)inet_ntop(AF_INET, &in, text, CONF_RANGE_TEXT);
}

/* The length of the prefix that a block of addresses is, or -1. */
static int
prefix_length(uint64_t first, uint64_t size)
{
	int length = 32;

	while (length >= 0 && size != UINT64_C(1) << (32 - length))
		length--;
	return length >= 0 && first % size == 0 ? length : -1;
}

void
conf_value_format_range(
    const struct ippool_range *range, char text[static CONF_RANGE_TEXT])
{
	char first[CONF_RANGE_TEXT], last[CONF_RANGE_TEXT];
	uint64_t size = (uint64_t)range->last - range->first + 1;
	uint32_t net = range->first;
	int length = -1;

	conf_value_format_ipv4(range->first, first);
	if (size == 1) {
		memcpy(text, first, sizeof(first));
		return;
	}
	if (size == 2) /* only a /31 has no network and broadcast address */
		length = prefix_length(net, 2);
	if (length < 0)
		length = prefix_length(--net, size + 2);
	if (length < 0) {
		conf_value_format_ipv4(range->last, last);
		(void)snprintf(
		    text, CONF_RANGE_TEXT, "%.15s-%.15s", first, last);
		return;
	}
	conf_value_format_ipv4(net, first);
	(void)snprintf(text, CONF_RANGE_TEXT, "%.15s/%d", first, length);
}
