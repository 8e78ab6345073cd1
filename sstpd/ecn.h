/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Explicit Congestion Notification, RFC 3168: a mark instead of a drop. */

#ifndef SSTPD_ECN_H
#define SSTPD_ECN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Mark a packet of n bytes as one that has met congestion (CE), in place. True
 * if it is marked now, or was; false if its ends cannot be told so (Not-ECT),
 * or it is neither IPv4 nor IPv6: then it is as it was.
 */
bool ecn_mark(uint8_t *packet, size_t n);

#endif
