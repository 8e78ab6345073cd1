/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The loops with AVX2. */

#include <stdint.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi")))

enum { VECTOR = 32, BITS = 1 };
typedef uint8_t vector __attribute__((vector_size(32)));

TARGET static inline uint64_t
specials(vector v)
{
	vector found = (vector)(v == 0x7d) | (vector)(v == 0x7e);

	return (uint32_t)_mm256_movemask_epi8((__m256i)found);
}

#define STUFF	hdlc_stuff_avx2
#define UNSTUFF hdlc_unstuff_avx2
#include "hdlc_vector.h"

#endif
