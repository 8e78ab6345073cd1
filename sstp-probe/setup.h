/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * From the command line to what a client needs: addresses, trust, names. Shared
 * by both modes; it prints what is wrong and says with which status to exit.
 */

#ifndef SSTP_PROBE_SETUP_H
#define SSTP_PROBE_SETUP_H

#include <stdbool.h>

#include "client.h"
#include "options.h"

enum { /* of monitoring plug-ins */
	STATUS_OK,
	STATUS_WARNING,
	STATUS_CRITICAL,
	STATUS_UNKNOWN,
	STATUSES,
};

enum { SETUP_FIELD_MAX = OPTIONS_HOST_MAX + 16 };

struct setup {
	struct client_config config;
	double resolve_took; /* seconds */
	char host_field[SETUP_FIELD_MAX];
};

/* False after an error was printed; the process is to exit STATUS_UNKNOWN. */
bool setup_init(struct setup *setup, const struct options *options);
void setup_fini(struct setup *setup);

/* Print why nothing could be found out, as all output does. */
void setup_complain(const struct options *options, const char *why);

const char *status_name(int status);

#endif
