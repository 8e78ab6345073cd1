/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The 16-bit frame check sequence of RFC 1662, appendix C: reflected, of the
 * polynomial x^16 + x^12 + x^5 + 1.
 */

#ifndef SSTPD_FCS16_H
#define SSTPD_FCS16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FCS16_INIT = 0xffff,
	FCS16_GOOD = 0xf0b8, /* over a frame and its FCS */
	FCS16_LEN = 2,	     /* bytes; complemented, the low one first */
};

/* What n more bytes make of fcs, which is FCS16_INIT before the first. */
uint16_t fcs16_slicing(uint16_t fcs, const uint8_t *p, size_t n);

/*
 * The same by carry-less multiplication. It may be called only where the other
 * function says so: always the same answer on one machine.
 */
uint16_t fcs16_clmul(uint16_t fcs, const uint8_t *p, size_t n);
bool fcs16_clmul_usable(void);

/* Four times as wide: VPCLMULQDQ of AVX-512. */
uint16_t fcs16_vpclmul(uint16_t fcs, const uint8_t *p, size_t n);
bool fcs16_vpclmul_usable(void);

#endif
