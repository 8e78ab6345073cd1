/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The addresses of a name. */

#ifndef SSTP_PROBE_RESOLVE_H
#define SSTP_PROBE_RESOLVE_H

#include <stdint.h>

#include "client.h"

/*
 * Up to CLIENT_ADDRESSES_MAX addresses of a family (AF_UNSPEC: any). Returns
 * how many; 0: none, with *why. Should it take longer than limit seconds, the
 * process prints last_words and ends with exit_status.
 */
unsigned int resolve(const char *host, uint16_t port, int family,
    struct client_address address[static CLIENT_ADDRESSES_MAX],
    unsigned int limit, const char *last_words, int exit_status,
    const char **why);

#endif
