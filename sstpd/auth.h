/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Which authentications count: the method must be allowed by name, and must
 * have brought keys unless it is one that never does. Asked twice, by the
 * monitor (which tells pppd) and by the worker (which binds).
 */

#ifndef SSTPD_AUTH_H
#define SSTPD_AUTH_H

#include <stdbool.h>

#include "binding.h"
#include "cause.h"
#include "conf.h"
#include "keymsg.h"

/*
 * Whether the methods allowed (enum conf_auth) let this peer in; if so it
 * returns NO_CAUSE and *keys is filled, with KEYS_NONE only for methods
 * without keys that are allowed by name. If not, it returns why, and *keys is
 * KEYS_PENDING, which never verifies.
 */
enum end_cause auth_verdict(uint32_t allowed, const struct keymsg_auth *auth,
    struct binding_keys *keys);

/* The same; if not, *why says it in a few words. */
bool auth_accept(uint32_t allowed, const struct keymsg_auth *auth,
    struct binding_keys *keys, const char **why);

/* For logs; never NULL. */
const char *auth_method_name(unsigned int method);

#endif
