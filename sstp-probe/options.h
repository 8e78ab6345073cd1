/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The command line: one table that parsing, checking and the help read. Texts
 * point into argv. No secret is among them.
 */

#ifndef SSTP_PROBE_OPTIONS_H
#define SSTP_PROBE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "prefix.h"
#include "traffic.h"

enum {
	OPTIONS_HOST_MAX = 256,
	OPTIONS_WHY_MAX = 256,
	OPTIONS_DEVICE_MAX = 15,
	OPTIONS_ROUTES_MAX = 64,
};

enum mode {
	MODE_PROBE,
	MODE_LOAD,
	MODE_TUNNEL,
};

enum output {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_PROMETHEUS,
};

struct options {
	enum mode mode;
	char host[OPTIONS_HOST_MAX];
	uint16_t port;
	/* all */
	const char *name, *ca_file, *user, *password_file;
	uint32_t timeout, family, tls_version, hashes, methods, output;
	uint32_t anonymous, insecure;
	/* one */
	uint32_t warning_days, critical_days, ping, verbose;
	/* many */
	const char *user_prefix;
	uint32_t sessions, ramp, hold, duration;
	struct traffic_plan traffic;
	/* tunnel */
	const char *device; /* or NULL */
	uint32_t mtu, time; /* bytes; seconds, 0 for no end */
	unsigned int routes;
	struct prefix route[OPTIONS_ROUTES_MAX];
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* help or version was printed */
	OPTIONS_WRONG,
};

enum options_result options_parse(struct options *options, int argc,
    char **argv, char why[static OPTIONS_WHY_MAX]);

#endif
