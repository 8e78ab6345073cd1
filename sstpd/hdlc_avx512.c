/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The loops with AVX-512 and its VBMI2, which moves those bytes of a vector
 * together that a mask names. So it does not matter where special bytes are.
 */

#include <stdint.h>

#include "hdlc_loops.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET                                                                 \
	__attribute__((                                                        \
	    target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))

enum { VECTOR = 64, HALF = VECTOR / 2 };

/* The n lowest bits. */
TARGET static inline uint64_t
bits(size_t n)
{
	return _bzhi_u64(~UINT64_C(0), (unsigned int)n);
}

TARGET static inline uint32_t
specials(__m256i v)
{
	return _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8(HDLC_ESCAPE)) |
	       _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8(HDLC_FLAG));
}

/* n <= HALF bytes of v, stuffed; *len is how many they became. */
TARGET static inline __m512i
stuff_half(__m256i v, uint32_t special, size_t n, size_t *len)
{
	__m256i toggle =
	    _mm256_maskz_mov_epi8(special, _mm256_set1_epi8(HDLC_ESCAPE_XOR));
	/* 7D before each byte, most of which are not kept */
	__m512i pairs = _mm512_or_si512(_mm512_set1_epi16(HDLC_ESCAPE),
	    _mm512_slli_epi16(
		_mm512_cvtepu8_epi16(_mm256_xor_si256(v, toggle)), 8));
	uint64_t keep = UINT64_C(0xaaaaaaaaaaaaaaaa) |
			_pdep_u64(special, UINT64_C(0x5555555555555555));

	keep &= bits(2 * n);
	*len = (size_t)_mm_popcnt_u64(keep);
	return _mm512_maskz_compress_epi8(keep, pairs);
}

TARGET uint8_t *
hdlc_stuff_avx512(uint8_t *dst, const uint8_t *p, size_t n)
{
	uint32_t special;
	size_t len;
	__m512i out;
	__m256i v;

	for (; n >= HALF; p += HALF, n -= HALF, dst += len) {
		v = _mm256_loadu_si256((const void *)p);
		special = specials(v);
		if (special == 0) { /* four times of five, with random data */
			_mm256_storeu_si256((void *)dst, v);
			len = HALF;
			continue;
		}
		out = stuff_half(v, special, HALF, &len);
		_mm512_storeu_si512(dst, out);
	}
	v = _mm256_maskz_loadu_epi8((uint32_t)bits(n), p);
	out = stuff_half(v, specials(v), n, &len);
	_mm512_mask_storeu_epi8(dst, bits(len), out);
	return dst + len;
}

/* At most VECTOR bytes, for which there is room. False: stop. */
TARGET static inline bool
unstuff_some(struct hdlc_run *r)
{
	size_t n = (size_t)(r->end - r->p);
	__m512i v =
	    _mm512_maskz_loadu_epi8(n < VECTOR ? bits(n) : bits(VECTOR), r->p);
	uint64_t flags = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(HDLC_FLAG));
	uint64_t escapes =
	    _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(HDLC_ESCAPE));
	uint64_t escaped, keep;

	if (n > VECTOR)
		n = VECTOR;
	if (flags != 0)
		n = (size_t)__builtin_ctzll(flags);
	escapes &= bits(n);
	escaped = escapes << 1 | r->escaped;
	if ((escapes & escaped) != 0) /* 7D escaped: nobody sends that */
		return hdlc_unstuff_byte(r);
	v = _mm512_xor_si512(v,
	    _mm512_maskz_mov_epi8(escaped, _mm512_set1_epi8(HDLC_ESCAPE_XOR)));
	keep = bits(n) & ~escapes;
	_mm512_storeu_si512(r->dst, _mm512_maskz_compress_epi8(keep, v));
	r->dst += _mm_popcnt_u64(keep);
	r->p += n;
	r->escaped = n < VECTOR ? escaped >> n & 1 : escapes >> (VECTOR - 1);
	return n == VECTOR;
}

/* Whole vectors without flags. */
TARGET static inline void
unstuff_vectors(struct hdlc_run *r)
{
	const __m512i escape = _mm512_set1_epi8(HDLC_ESCAPE);
	const __m512i flag = _mm512_set1_epi8(HDLC_FLAG);
	const __m512i toggle = _mm512_set1_epi8(HDLC_ESCAPE_XOR);
	const uint8_t *p = r->p;
	uint8_t *dst = r->dst;
	uint64_t carry = r->escaped, escapes, escaped;
	__m512i v;

	for (; r->end - p >= VECTOR && r->dst_end - dst >= VECTOR;
	     p += VECTOR) {
		v = _mm512_loadu_si512(p);
		escapes = _mm512_cmpeq_epi8_mask(v, escape);
		escaped = escapes << 1 | carry;
		if (_mm512_cmpeq_epi8_mask(v, flag) != 0 ||
		    (escapes & escaped) != 0)
			break;
		carry = escapes >> (VECTOR - 1);
		if (escaped == 0 && escapes == 0) {
			_mm512_storeu_si512(dst, v);
			dst += VECTOR;
			continue;
		}
		v = _mm512_xor_si512(v, _mm512_maskz_mov_epi8(escaped, toggle));
		v = _mm512_maskz_compress_epi8(~escapes, v);
		_mm512_storeu_si512(dst, v);
		dst += VECTOR - _mm_popcnt_u64(escapes);
	}
	r->p = p;
	r->dst = dst;
	r->escaped = carry;
}

TARGET void
hdlc_unstuff_avx512(struct hdlc_run *r)
{
	do
		unstuff_vectors(r);
	while (r->dst_end - r->dst >= VECTOR && unstuff_some(r));
	if (r->dst_end - r->dst < VECTOR)
		hdlc_unstuff(r);
}

#endif
