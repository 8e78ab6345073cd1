/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The FCS by carry-less multiplication: PCLMULQDQ of x86-64, PMULL of arm64.
 *
 * The bytes are one long polynomial, whose remainder is wanted. 16 bytes at its
 * front are exchanged for what they are worth further on: both their halves are
 * multiplied by a constant, a remainder of a power of x, and added there. Bits
 * are reflected, as the FCS is, which makes a product one x too small; so the
 * constants have one more. Not called, and empty, where neither exists.
 */

#include <string.h>

#include "fcs16.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CLMUL __attribute__((target("pclmul,ssse3")))
#elif defined(__aarch64__) && defined(__AARCH64EL__) &&                        \
    (!defined(__clang__) || __clang_major__ >= 16)
#include <arm_neon.h>
#include <sys/auxv.h>
#define CLMUL __attribute__((target("+crypto")))
#endif

#ifdef CLMUL

enum { BLOCK = 16, ROW = 4 * BLOCK };

typedef uint8_t block __attribute__((vector_size(16)));
typedef int8_t signed_block __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* x^(n + 63) and x^(n - 1) modulo the polynomial, to move on by n bits. */
#define REFLECTED(remainder) (UINT64_C(remainder) << 48)
static const halves by_128 = { REFLECTED(0xa95d), REFLECTED(0x7eea) };
static const halves by_512 = { REFLECTED(0x9822), REFLECTED(0x7f90) };

/* From offset n on: indices that move a block n bytes; where none is, zero. */
#define NONE8 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
static const uint8_t moves[3 * BLOCK] = { NONE8, NONE8, 0, 1, 2, 3, 4, 5, 6, 7,
	8, 9, 10, 11, 12, 13, 14, 15, NONE8, NONE8 };

static inline block
load(const uint8_t *p)
{
	block b;

	memcpy(&b, p, sizeof(b));
	return b;
}

#if defined(__x86_64__)
CLMUL static inline block
move_on(block b, halves by)
{
	__m128i v = (__m128i)b, k = (__m128i)by;

	return (block)_mm_clmulepi64_si128(v, k, 0x00) ^
	       (block)_mm_clmulepi64_si128(v, k, 0x11);
}

CLMUL static inline block
pick(block b, block indices)
{
	return (block)_mm_shuffle_epi8((__m128i)b, (__m128i)indices);
}

bool
fcs16_clmul_usable(void)
{
	return __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("ssse3");
}
#else
CLMUL static inline block
move_on(block b, halves by)
{
	halves v = (halves)b;

	return (block)vmull_p64((poly64_t)v[0], (poly64_t)by[0]) ^
	       (block)vmull_p64((poly64_t)v[1], (poly64_t)by[1]);
}

CLMUL static inline block
pick(block b, block indices)
{
	return (block)vqtbl1q_u8((uint8x16_t)b, (uint8x16_t)indices);
}

bool
fcs16_clmul_usable(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_PMULL) != 0;
}
#endif

/* sum stands for what came before the last n < 16 bytes, which end at end. */
CLMUL static inline block
add_tail(block sum, const uint8_t *end, size_t n)
{
	block down = load(moves + BLOCK + n);
	block tail = load(end - BLOCK) & (block)((signed_block)down < 0);

	return move_on(pick(sum, load(moves + n)), by_128) ^ pick(sum, down) ^
	       tail;
}

/*
 * Four sums side by side, for a product comes out long after the next could be
 * begun. Takes n bytes but for the last few, n >= 2 * ROW.
 */
CLMUL static inline block
sum_rows(block sum, const uint8_t **from, size_t *n)
{
	const uint8_t *p = *from;
	const uint8_t *end = p + *n - *n % ROW;
	block a = sum, b = load(p + 16), c = load(p + 32), d = load(p + 48);

	for (p += ROW; p < end; p += ROW) {
		a = move_on(a, by_512) ^ load(p);
		b = move_on(b, by_512) ^ load(p + 16);
		c = move_on(c, by_512) ^ load(p + 32);
		d = move_on(d, by_512) ^ load(p + 48);
	}
	*from = end;
	*n %= ROW;
	b ^= move_on(a, by_128);
	c ^= move_on(b, by_128);
	return d ^ move_on(c, by_128);
}

/* sum stands for what came before the last n bytes, at p. */
CLMUL static inline uint16_t
finish(block sum, const uint8_t *p, size_t n)
{
	uint8_t left[BLOCK];

	for (; n >= BLOCK; p += BLOCK, n -= BLOCK)
		sum = move_on(sum, by_128) ^ load(p);
	if (n > 0)
		sum = add_tail(sum, p + n, n);
	memcpy(left, &sum, sizeof(left));
	return fcs16_slicing(0, left, sizeof(left));
}

CLMUL uint16_t
fcs16_clmul(uint16_t fcs, const uint8_t *p, size_t n)
{
	block sum;

	if (n < 2 * BLOCK)
		return fcs16_slicing(fcs, p, n);
	sum = load(p) ^ (block)(halves){ fcs };
	if (n >= 2 * ROW) {
		sum = sum_rows(sum, &p, &n);
	} else {
		p += BLOCK;
		n -= BLOCK;
	}
	return finish(sum, p, n);
}

#endif /* CLMUL */

#if defined(__x86_64__)

/* Four blocks at a time: AVX-512 and VPCLMULQDQ. */
#define WIDE __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,ssse3")))

enum { WIDE_ROW = 2 * ROW };

typedef uint64_t row_halves __attribute__((vector_size(64)));

static const row_halves rows_by_512 = { REFLECTED(0x9822), REFLECTED(0x7f90),
	REFLECTED(0x9822), REFLECTED(0x7f90), REFLECTED(0x9822),
	REFLECTED(0x7f90), REFLECTED(0x9822), REFLECTED(0x7f90) };
static const row_halves rows_by_1024 = { REFLECTED(0x471c), REFLECTED(0x46d8),
	REFLECTED(0x471c), REFLECTED(0x46d8), REFLECTED(0x471c),
	REFLECTED(0x46d8), REFLECTED(0x471c), REFLECTED(0x46d8) };
/* each block to where the last one is */
static const row_halves to_last = { REFLECTED(0x5159), REFLECTED(0x8f66),
	REFLECTED(0xaac8), REFLECTED(0x20f3), REFLECTED(0xa95d),
	REFLECTED(0x7eea), 0, 0 };

WIDE static inline __m512i
move_row(__m512i v, row_halves by)
{
	__m512i k = (__m512i)by;

	return _mm512_xor_si512(_mm512_clmulepi64_epi128(v, k, 0x00),
	    _mm512_clmulepi64_epi128(v, k, 0x11));
}

WIDE static inline block
sum_of_blocks(__m512i v)
{
	__m512i moved = move_row(v, to_last);

	return (block)_mm512_extracti32x4_epi32(moved, 0) ^
	       (block)_mm512_extracti32x4_epi32(moved, 1) ^
	       (block)_mm512_extracti32x4_epi32(moved, 2) ^
	       (block)_mm512_extracti32x4_epi32(v, 3);
}

WIDE uint16_t
fcs16_vpclmul(uint16_t fcs, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n - n % WIDE_ROW;
	__m512i a, b;

	if (n < 2 * WIDE_ROW)
		return fcs16_clmul(fcs, p, n);
	a = _mm512_xor_si512(_mm512_loadu_si512(p),
	    _mm512_zextsi128_si512(_mm_cvtsi32_si128(fcs)));
	b = _mm512_loadu_si512(p + ROW);
	for (p += WIDE_ROW; p < end; p += WIDE_ROW) {
		a = _mm512_xor_si512(
		    move_row(a, rows_by_1024), _mm512_loadu_si512(p));
		b = _mm512_xor_si512(
		    move_row(b, rows_by_1024), _mm512_loadu_si512(p + ROW));
	}
	b = _mm512_xor_si512(b, move_row(a, rows_by_512));
	n %= WIDE_ROW;
	if (n >= ROW) {
		b = _mm512_xor_si512(
		    move_row(b, rows_by_512), _mm512_loadu_si512(p));
		p += ROW;
		n -= ROW;
	}
	return finish(sum_of_blocks(b), p, n);
}

bool
fcs16_vpclmul_usable(void)
{
	return __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("vpclmulqdq") && fcs16_clmul_usable();
}

#else

bool
fcs16_vpclmul_usable(void)
{
	return false;
}

uint16_t
fcs16_vpclmul(uint16_t fcs, const uint8_t *p, size_t n)
{
	return fcs16_slicing(fcs, p, n);
}

#endif

#ifndef CLMUL

bool
fcs16_clmul_usable(void)
{
	return false;
}

uint16_t
fcs16_clmul(uint16_t fcs, const uint8_t *p, size_t n)
{
	return fcs16_slicing(fcs, p, n);
}

#endif
