/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Sums of the Internet checksum, RFC 1071: of 16-bit words in network order, a
 * last odd byte being followed by zero, in one's complement. A sum is 0 only if
 * all its bytes are. Sums of parts add up, where each but the last has an even
 * number of bytes; inet_fold() makes 16 bits of what that gives.
 */

#ifndef SSTPD_INET_SUM_H
#define SSTPD_INET_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { INET_COPY_MAX = 65536 };

/* The upper half of this is the sum of both halves, with the carry of it. */
static inline uint16_t
inet_fold(uint32_t sum)
{
	sum += sum << 16 | sum >> 16;
	return (uint16_t)(sum >> 16);
}

/* The sum of words that were added as they lie in memory. */
static inline uint16_t
inet_order(uint64_t words)
{
	uint8_t bytes[2];
	uint16_t sum;

	words += words << 32 | words >> 32;
	sum = inet_fold((uint32_t)(words >> 32));
	memcpy(bytes, &sum, sizeof(bytes));
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* The sum of a header of n bytes, a multiple of 4. */
static inline uint16_t
inet_sum_header(const uint8_t *p, size_t n)
{
	uint64_t words = 0, carries = 0, w;
	uint32_t last = 0;

	for (; n >= sizeof(w); p += sizeof(w), n -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		words += w;
		carries += words < w;
	}
	if (n > 0)
		memcpy(&last, p, sizeof(last));
	words += carries + last;
	return inet_order(words + (words < carries + last));
}

/*
 * Copy n <= INET_COPY_MAX bytes to dst, which they do not overlap, and return
 * their sum: one pass over them for both.
 */
uint16_t inet_copy_sum(uint8_t *dst, const uint8_t *src, size_t n);

/* The same without the instructions that not every processor has. */
uint16_t inet_copy_sum_plain(uint8_t *dst, const uint8_t *src, size_t n);

#endif
