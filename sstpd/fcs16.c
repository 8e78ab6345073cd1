/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The FCS from tables, eight bytes a step: for any machine. */

#include "fcs16.h"

/*
 * fcs_table[k][b] is what byte b makes of the FCS once k more bytes passed.
 * The FCS is linear, so an entry is the XOR of one constant for each bit of
 * b, and these 64 constants are 64 successive states of the shift register
 * (octal Kkn). That lets the compiler make the table; the macros double it.
 */
#define STEP(fcs) ((fcs) >> 1 ^ ((fcs)&1) * 0x8408)

/* clang-format off */
#define STEPS(k, before) \
	K##k##0 = STEP(before), K##k##1 = STEP(K##k##0), \
	K##k##2 = STEP(K##k##1), K##k##3 = STEP(K##k##2), \
	K##k##4 = STEP(K##k##3), K##k##5 = STEP(K##k##4), \
	K##k##6 = STEP(K##k##5), K##k##7 = STEP(K##k##6)

enum {
	STEPS(0, 1), STEPS(1, K07), STEPS(2, K17), STEPS(3, K27),
	STEPS(4, K37), STEPS(5, K47), STEPS(6, K57), STEPS(7, K67),
};

#define ROW2(k, x) (x), (x) ^ K##k##7
#define ROW4(k, x) ROW2(k, x), ROW2(k, (x) ^ K##k##6)
#define ROW8(k, x) ROW4(k, x), ROW4(k, (x) ^ K##k##5)
#define ROW16(k, x) ROW8(k, x), ROW8(k, (x) ^ K##k##4)
#define ROW32(k, x) ROW16(k, x), ROW16(k, (x) ^ K##k##3)
#define ROW64(k, x) ROW32(k, x), ROW32(k, (x) ^ K##k##2)
#define ROW128(k, x) ROW64(k, x), ROW64(k, (x) ^ K##k##1)
#define ROW(k) { ROW128(k, 0), ROW128(k, K##k##0) }

static const uint16_t fcs_table[8][256] = {
	ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7),
};
/* clang-format on */

uint16_t
fcs16_slicing(uint16_t before, const uint8_t *p, size_t n)
{
	const uint16_t(*t)[256] = fcs_table;
	unsigned int fcs = before;

	for (; n >= 8; p += 8, n -= 8)
		fcs = (unsigned int)(t[7][(fcs ^ p[0]) & 0xff] ^
				     t[6][fcs >> 8 ^ p[1]] ^ t[5][p[2]] ^
				     t[4][p[3]] ^ t[3][p[4]] ^ t[2][p[5]] ^
				     t[1][p[6]] ^ t[0][p[7]]);
	for (; n > 0; p++, n--)
		fcs = fcs >> 8 ^ t[0][(fcs ^ *p) & 0xff];
	return (uint16_t)fcs;
}
