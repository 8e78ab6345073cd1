/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Masking any PPP frame writes the mask and nothing else, within the frame, and
 * the same to a frame that is cut short; masking it again changes nothing. What
 * a PAP request or a CHAP response hides is found once more by other means.
 */

#include <string.h>

#include "fuzz.h"
#include "ppp_mask.h"

enum {
	FRAME_MAX = 4096,
	GUARD = 16,
};

static void
require_masked(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++)
		require(*p == PPP_MASK);
}

/* From the first byte that no header or name accounts for. */
static void
check_secrets(const uint8_t *frame, size_t n)
{
	const uint8_t *p = frame, *end = frame + n;

	if (n >= 2 && memcmp(p, "\xff\x03", 2) == 0)
		p += 2;
	if (end - p < 7 || p[2] > 2)
		return;
	if (memcmp(p, "\xc0\x23\1", 3) == 0 && end - p > 7 + p[6])
		require_masked(p + 7 + p[6] + 1, end);
	if (memcmp(p, "\xc2\x23\2", 3) == 0 && end - p >= 7 + p[6])
		require_masked(p + 7, p + 7 + p[6]);
	if (memcmp(p, "\xc2\x27", 2) == 0 && p[2] > 0 && p[6] > 3)
		require_masked(p + 7, end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t once[GUARD + FRAME_MAX + GUARD], twice[FRAME_MAX],
	    part[FRAME_MAX];
	uint8_t *frame = once + GUARD;
	size_t cut;

	if (size > FRAME_MAX)
		return 0;
	memset(once, 0xa5, sizeof(once));
	if (size > 0)
		memcpy(frame, data, size);
	ppp_mask(frame, size);
	for (size_t i = 0; i < GUARD; i++)
		require(once[i] == 0xa5 && frame[size + i] == 0xa5);
	for (size_t i = 0; i < size; i++)
		require(frame[i] == data[i] || frame[i] == PPP_MASK);
	check_secrets(frame, size);
	memcpy(twice, frame, size);
	ppp_mask(twice, size);
	require(memcmp(twice, frame, size) == 0);
	if (size < 2)
		return 0;
	cut = (data[0] ^ data[size - 1]) % size;
	memcpy(part, data, cut);
	ppp_mask(part, cut);
	require(memcmp(part, frame, cut) == 0);
	return 0;
}
