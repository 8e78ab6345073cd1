/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Which profile of a configuration is meant: by the name that a client asks
 * for in TLS, or by its own name. Between processes a profile goes by its own
 * name, as the other one may have a newer or older configuration, in which its
 * number is another.
 */

#ifndef SSTPD_PROFILE_H
#define SSTPD_PROFILE_H

#include <stdbool.h>

#include "conf.h"

/*
 * Whether a server-name of the configuration is the name that a client asks
 * for, in whatever case; "*." at its start stands for exactly one label.
 */
bool profile_name_matches(const char *pattern, const char *name);

/*
 * The profile for clients that ask for this name (NULL or "": for none): the
 * one that has it, else the one with a wildcard for it, else 0, the default.
 */
unsigned int profile_by_server_name(const struct conf *conf, const char *name);

/* The number of the profile with this name of its own, or -1. */
int profile_find(const struct conf *conf, const char *name);

/*
 * The number of a profile before this one that has the very same server-name,
 * wildcard or not; 0: none has.
 */
unsigned int profile_has_name(
    const struct conf *conf, unsigned int before, const char *server_name);

#endif
