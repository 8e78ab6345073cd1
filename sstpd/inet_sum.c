/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The Internet checksum. Words are added as they lie in memory, since the order
 * of the bytes in a word does not matter to such a sum (RFC 1071 2 (B)); the
 * result is put in order at the end.
 */

#include <assert.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "inet_sum.h"

struct sum { /* 64 bits, and how often there was a carry out of them */
	uint64_t low, carries;
};

static inline void
add(struct sum *s, uint64_t v)
{
	s->low += v;
	s->carries += s->low < v;
}

static inline uint16_t
finish(struct sum s)
{
	uint64_t words = s.low + s.carries;

	return inet_order(words + (words < s.low));
}

static inline void
add_word(struct sum *s, const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	add(s, w);
}

/* The last n < 8 bytes. */
static inline void
add_rest(struct sum *s, const uint8_t *p, size_t n)
{
	uint8_t last[2] = { 0 };
	uint32_t w32;
	uint16_t w16;

	if (n & 4) {
		memcpy(&w32, p, sizeof(w32));
		add(s, w32);
		p += sizeof(w32);
	}
	if (n & 2) {
		memcpy(&w16, p, sizeof(w16));
		add(s, w16);
		p += sizeof(w16);
	}
	if (n & 1) {
		last[0] = *p;
		memcpy(&w16, last, sizeof(w16));
		add(s, w16);
	}
}

static inline void
copy_word(struct sum *s, uint8_t *dst, const uint8_t *src)
{
	memcpy(dst, src, 8);
	add_word(s, src);
}

uint16_t
inet_copy_sum_plain(uint8_t *dst, const uint8_t *src, size_t n)
{
	struct sum s = { 0 };
	size_t i = 0;

	assert(n <= INET_COPY_MAX);
	for (; n - i >= 32; i += 32) {
		copy_word(&s, dst + i, src + i);
		copy_word(&s, dst + i + 8, src + i + 8);
		copy_word(&s, dst + i + 16, src + i + 16);
		copy_word(&s, dst + i + 24, src + i + 24);
	}
	for (; n - i >= 8; i += 8)
		copy_word(&s, dst + i, src + i);
	memcpy(dst + i, src + i, n - i);
	add_rest(&s, src + i, n - i);
	return finish(s);
}

#if defined(__x86_64__)

enum { VECTOR = sizeof(__m256i) };

/* VECTOR bytes of this from at n on: the last n of them are ones. */
static const uint8_t last_ones[2 * VECTOR] = { [VECTOR] = 255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255 };

/*
 * There is an instruction that adds pairs of 16-bit words into 32 bits, but it
 * takes them as signed: from each we subtract 0x8000 first.
 */
__attribute__((target("avx2"))) static inline __m256i
add_vector(__m256i lanes, __m256i v)
{
	v = _mm256_xor_si256(v, _mm256_set1_epi16(INT16_MIN));
	v = _mm256_madd_epi16(v, _mm256_set1_epi16(1));
	return _mm256_add_epi32(lanes, v);
}

__attribute__((target("avx2"))) static inline __m256i
copy_vector(__m256i lanes, uint8_t *dst, const uint8_t *src)
{
	__m256i v = _mm256_loadu_si256((const void *)src);

	_mm256_storeu_si256((void *)dst, v);
	return add_vector(lanes, v);
}

/* The last vector overlaps others: only its last n bytes are added. */
__attribute__((target("avx2"))) static inline __m256i
copy_last(__m256i lanes, uint8_t *dst, const uint8_t *src, size_t n)
{
	__m256i v = _mm256_loadu_si256((const void *)src);
	__m256i ones = _mm256_loadu_si256((const void *)(last_ones + n));

	_mm256_storeu_si256((void *)dst, v);
	return add_vector(lanes, _mm256_and_si256(v, ones));
}

__attribute__((target("avx2"))) static inline uint32_t
add_lanes(__m256i lanes)
{
	__m128i v = _mm_add_epi32(
	    _mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));

	v = _mm_add_epi32(v, _mm_unpackhi_epi64(v, v));
	v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 1));
	return (uint32_t)_mm_cvtsi128_si32(v);
}

/*
 * n >= VECTOR. The sum of up to INET_COPY_MAX bytes fits into 32 bits; so does
 * all that is subtracted from it on the way, modulo 2^32.
 */
__attribute__((target("avx2"))) static uint16_t
copy_sum_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i = 0, even = n & ~(size_t)1, whole = n & ~(size_t)(VECTOR - 1);
	__m256i a = _mm256_setzero_si256();
	uint32_t sum;

	for (; whole - i >= 8 * VECTOR; i += 8 * VECTOR) {
		a = copy_vector(a, dst + i, src + i);
		a = copy_vector(a, dst + i + 1 * VECTOR, src + i + 1 * VECTOR);
		a = copy_vector(a, dst + i + 2 * VECTOR, src + i + 2 * VECTOR);
		a = copy_vector(a, dst + i + 3 * VECTOR, src + i + 3 * VECTOR);
		a = copy_vector(a, dst + i + 4 * VECTOR, src + i + 4 * VECTOR);
		a = copy_vector(a, dst + i + 5 * VECTOR, src + i + 5 * VECTOR);
		a = copy_vector(a, dst + i + 6 * VECTOR, src + i + 6 * VECTOR);
		a = copy_vector(a, dst + i + 7 * VECTOR, src + i + 7 * VECTOR);
	}
	for (; i < whole; i += VECTOR)
		a = copy_vector(a, dst + i, src + i);
	a = copy_last(
	    a, dst + even - VECTOR, src + even - VECTOR, even - whole);
	sum = add_lanes(a) + (uint32_t)(whole + VECTOR) / 2 * 0x8000;
	if (n > even) {
		dst[even] = src[even];
		sum += src[even];
	}
	return inet_order(sum);
}

#endif

uint16_t
inet_copy_sum(uint8_t *dst, const uint8_t *src, size_t n)
{
#if defined(__x86_64__)
	assert(n <= INET_COPY_MAX);
	if (n >= VECTOR && __builtin_cpu_supports("avx2"))
		return copy_sum_avx2(dst, src, n);
#endif
	return inet_copy_sum_plain(dst, src, n);
}
