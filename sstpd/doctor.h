/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * "sstpd --deep": looks for all that could keep clients from connecting, as
 * far as this host can tell by itself, and says what to do about it. It
 * changes nothing and asks nobody on the network.
 */

#ifndef SSTPD_DOCTOR_H
#define SSTPD_DOCTOR_H

#include <stdbool.h>

/*
 * Check the configuration in path and what it names; name is what clients dial,
 * or NULL. Prints findings to stdout. Returns the exit status: 0 fine, 1
 * warnings, 2 faults.
 */
int doctor_main(const char *path, const char *name, bool as_json);

#endif
