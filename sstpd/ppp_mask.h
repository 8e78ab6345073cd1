/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Hide in a copy of a PPP frame, RFC 1661, what could prove somebody's identity
 * or give a password away: passwords of PAP, responses of CHAP and MS-CHAP, and
 * of EAP all but identities and what concerns the choice of a method. Of
 * protocols for authentication that are not known here all is hidden, and so is
 * what an LCP Protocol-Reject quotes of any. Lengths and names stay.
 */

#ifndef SSTPD_PPP_MASK_H
#define SSTPD_PPP_MASK_H

#include <stddef.h>
#include <stdint.h>

enum { PPP_MASK = '*' }; /* the byte in the place of each that is hidden */

/* The frame may begin with FF 03, and may be malformed: then more is hidden. */
void ppp_mask(uint8_t *frame, size_t n);

#endif
