/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The loops with what every machine of its kind has: SSE2 or NEON. */

#include <stdint.h>

#if defined(__x86_64__)

#include <emmintrin.h>

enum { VECTOR = 16, BITS = 1 };
typedef uint8_t vector __attribute__((vector_size(16)));

static inline uint64_t
specials(vector v)
{
	vector found = (vector)(v == 0x7d) | (vector)(v == 0x7e);

	return (uint64_t)_mm_movemask_epi8((__m128i)found);
}

#elif defined(__aarch64__) && defined(__AARCH64EL__)

#include <arm_neon.h>

enum { VECTOR = 16, BITS = 4 };
typedef uint8_t vector __attribute__((vector_size(16)));

static inline uint64_t
specials(vector v)
{
	vector found = (vector)(v == 0x7d) | (vector)(v == 0x7e);
	/* the upper half of each even byte, the lower one of each odd byte */
	uint8x8_t half = vshrn_n_u16((uint16x8_t)found, 4);

	return vget_lane_u64(vreinterpret_u64_u8(half), 0) &
	       UINT64_C(0x8888888888888888);
}

#endif

#if defined(__x86_64__) || (defined(__aarch64__) && defined(__AARCH64EL__))
#define TARGET
#define STUFF	hdlc_stuff_vector
#define UNSTUFF hdlc_unstuff_vector
#include "hdlc_vector.h"
#endif
