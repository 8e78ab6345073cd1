/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A worker's sessions: found by their id, and kept in the order they came, the
 * half-open ones apart. It owns none of them.
 */

#ifndef SSTPD_REGISTRY_H
#define SSTPD_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

enum { REGISTRY_BUCKETS = 4096 };

struct registry_list {
	struct session *first, *last; /* the oldest is the first */
};

struct registry {
	struct session *by_id[REGISTRY_BUCKETS];
	struct registry_list half_open, connected;
};

/* A new one is half-open. */
void registry_add(struct registry *r, struct session *s);
void registry_set_connected(struct registry *r, struct session *s);
/* Returns whether it was half-open. */
bool registry_remove(struct registry *r, struct session *s);

struct session *registry_find(const struct registry *r, uint64_t id);
/* The half-open one that waits longest without a pppd; NULL: there is none. */
struct session *registry_oldest_cheap(const struct registry *r);
bool registry_is_empty(const struct registry *r);
/* Call f for each, which may remove it. */
void registry_each(struct registry *r,
    void (*f)(struct session *s, void *context), void *context);

#endif
