/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What an old monitor tells its successor at first, in a memory file: which
 * addresses are in use, who has failed to authenticate. The two may be of
 * different versions: what is read is checked, and another version refused.
 */

#ifndef SSTPD_HANDOVER_H
#define SSTPD_HANDOVER_H

#include <stddef.h>
#include <stdint.h>

#include "peers.h"

/* The descriptor of the channel to the old one, for the new one. */
#define HANDOVER_VARIABLE "SSTPD_HANDOVER_FD"

enum {
	HANDOVER_VERSION = 1,
	HANDOVER_ADDRESSES_MAX = 1 << 20,
	HANDOVER_FAILURES_MAX = PEERS_BUCKETS * PEERS_WAYS,
	HANDOVER_ERROR_MAX = 128,
};

struct handover_failures { /* of one client address, see peers.h */
	uint64_t key, refused_until, keep_until;
	uint32_t failures, reserved;
};

struct handover {
	uint32_t serials; /* workers ever started */
	uint32_t *addresses;
	size_t address_count;
	struct handover_failures *failures;
	size_t failure_count;
};

/* The state in a new memory file: its descriptor, or -1 with errno. */
int handover_write(const struct handover *h);

/*
 * Read such a file. Returns 0, then handover_free() is the caller's to call;
 * or -1 with a line in error.
 */
int handover_read(
    struct handover *h, int fd, char error[static HANDOVER_ERROR_MAX]);
void handover_free(struct handover *h);

/* Fill in h->failures from a table, or the table from them. 0, or -1. */
int handover_take_failures(struct handover *h, const struct peers *peers);
void handover_give_failures(const struct handover *h, struct peers *peers);

#endif
