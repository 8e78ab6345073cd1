/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The loops in plain C, eight bytes at a time, and the choice among all. */

#include <string.h>

#include "fcs16.h"
#include "hdlc_loops.h"

enum { WORD = 8 };

static bool
is_special(uint8_t c)
{
	return c == HDLC_FLAG || c == HDLC_ESCAPE;
}

/*
 * The upper bit of each byte that is 7D, 7E or, which does no harm, 7F: these
 * three have it clear, and the addition sets it.
 */
static uint64_t
specials(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return ((w & ones * 0x7f) + ones * 3) & ~w & ones * 0x80;
}

static size_t
first_special(uint64_t mask)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(mask) / 8;
#else
	return (size_t)__builtin_clzll(mask) / 8;
#endif
}

/* Without a branch: where the next special byte is nobody can predict. */
static uint8_t *
stuff_bytes(uint8_t *dst, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool special = is_special(p[i]);

		*dst = HDLC_ESCAPE;
		dst += special;
		*dst++ = (uint8_t)(p[i] ^ special * HDLC_ESCAPE_XOR);
	}
	return dst;
}

uint8_t *
hdlc_stuff(uint8_t *dst, const uint8_t *p, size_t n)
{
	uint64_t w, mask;
	size_t plain;

	while (n >= WORD) {
		memcpy(&w, p, WORD);
		mask = specials(w);
		memcpy(dst, &w, WORD);
		plain = mask == 0 ? WORD : first_special(mask);
		if ((mask & (mask - 1)) != 0) {
			dst = stuff_bytes(dst, p, WORD);
			plain = WORD;
		} else if (mask != 0) {
			dst = stuff_bytes(dst + plain, p + plain, 1);
			plain++;
		} else {
			dst += WORD;
		}
		p += plain;
		n -= plain;
	}
	return stuff_bytes(dst, p, n);
}

bool
hdlc_unstuff_byte(struct hdlc_run *run)
{
	uint8_t c;

	if (run->p == run->end || *run->p == HDLC_FLAG)
		return false;
	c = *run->p;
	if (c == HDLC_ESCAPE && !run->escaped) {
		run->escaped = true;
		run->p++;
		return true;
	}
	if (run->dst == run->dst_end)
		return false;
	*run->dst++ = (uint8_t)(c ^ run->escaped * HDLC_ESCAPE_XOR);
	run->escaped = false;
	run->p++;
	return true;
}

/* Take bytes up to the first special one, as long as there are words. */
static void
unstuff_words(struct hdlc_run *run)
{
	const uint8_t *p = run->p;
	uint8_t *dst = run->dst;
	uint64_t w, mask = 0;

	while (
	    mask == 0 && run->end - p >= WORD && run->dst_end - dst >= WORD) {
		memcpy(&w, p, WORD);
		mask = specials(w);
		memcpy(dst, &w, WORD);
		p += mask == 0 ? WORD : first_special(mask);
		dst += mask == 0 ? WORD : first_special(mask);
	}
	run->p = p;
	run->dst = dst;
}

void
hdlc_unstuff(struct hdlc_run *run)
{
	do {
		/* escapes in a row: no use in looking for words */
		if (!run->escaped && run->p < run->end &&
		    *run->p != HDLC_ESCAPE)
			unstuff_words(run);
	} while (hdlc_unstuff_byte(run));
}

/* --- the choice --------------------------------------------------------- */

#if defined(__x86_64__)
static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi") && fcs16_clmul_usable();
}

static bool
has_avx512(void)
{
	return __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("bmi2") && fcs16_vpclmul_usable() &&
	       has_avx2();
}
#endif

/* clang-format off */
const struct hdlc_loops hdlc_loops[] = {
	{ "portable", NULL, fcs16_slicing, hdlc_stuff, hdlc_unstuff },
#if defined(__x86_64__)
	{ "sse2", NULL, fcs16_slicing, hdlc_stuff_vector, hdlc_unstuff_vector },
	{ "sse2-clmul", fcs16_clmul_usable, fcs16_clmul, hdlc_stuff_vector, hdlc_unstuff_vector },
	{ "avx2", has_avx2, fcs16_clmul, hdlc_stuff_avx2, hdlc_unstuff_avx2 },
	{ "avx512", has_avx512, fcs16_vpclmul, hdlc_stuff_avx512, hdlc_unstuff_avx512 },
#elif defined(__aarch64__) && defined(__AARCH64EL__)
	{ "neon", NULL, fcs16_slicing, hdlc_stuff_vector, hdlc_unstuff_vector },
	{ "neon-pmull", fcs16_clmul_usable, fcs16_clmul, hdlc_stuff_vector, hdlc_unstuff_vector },
#endif
	{ NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

const struct hdlc_loops *
hdlc_loops_best(void)
{
	const struct hdlc_loops *best = hdlc_loops, *row;

	for (row = hdlc_loops; row->name != NULL; row++) {
		if (row->usable == NULL || row->usable())
			best = row;
	}
	return best;
}
