/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Async HDLC, RFC 1662. This is where the pty path spends its time, so both
 * directions work on runs of bytes that need no escape, and the FCS takes
 * eight bytes a step. Plain C only.
 */

#include <assert.h>
#include <string.h>

#include "hdlc.h"

enum {
	FLAG = 0x7e,
	ESCAPE = 0x7d,
	ESCAPE_XOR = 0x20,
	FCS_INIT = 0xffff,
	FCS_GOOD = 0xf0b8, /* over a frame with its FCS */
	FCS_LEN = 2,
	FRAME_MIN = 4, /* address, control, FCS */
	ENCODED_FRAME_MAX = HDLC_FRAME_MAX + FCS_LEN,
};

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

static uint16_t
fcs16(const uint8_t *p, size_t n)
{
	const uint16_t(*t)[256] = fcs_table;
	unsigned int fcs = FCS_INIT;

	for (; n >= 8; p += 8, n -= 8)
		fcs = (unsigned int)(t[7][(fcs ^ p[0]) & 0xff] ^
				     t[6][fcs >> 8 ^ p[1]] ^ t[5][p[2]] ^
				     t[4][p[3]] ^ t[3][p[4]] ^ t[2][p[5]] ^
				     t[1][p[6]] ^ t[0][p[7]]);
	for (; n > 0; p++, n--)
		fcs = fcs >> 8 ^ t[0][(fcs ^ *p) & 0xff];
	return (uint16_t)fcs;
}

static bool
is_special(uint8_t c)
{
	return c == FLAG || c == ESCAPE;
}

/* Nonzero if, and only if, one of the eight bytes of w is zero. */
static uint64_t
zero_byte(uint64_t w)
{
	return (w - UINT64_C(0x0101010101010101)) & ~w &
	       UINT64_C(0x8080808080808080);
}

/* Tell how many bytes come before the first flag or escape. */
static size_t
clean_run(const uint8_t *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w;
	size_t i = 0;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		if (zero_byte(w ^ ones * FLAG) | zero_byte(w ^ ones * ESCAPE))
			break;
	}
	while (i < n && !is_special(p[i]))
		i++;
	return i;
}

static uint8_t *
put_escaped(uint8_t *dst, const uint8_t *p, size_t n)
{
	size_t run;

	while (n > 0) {
		run = clean_run(p, n);
		memcpy(dst, p, run);
		dst += run;
		p += run;
		n -= run;
		if (n == 0)
			break;
		*dst++ = ESCAPE;
		*dst++ = *p++ ^ ESCAPE_XOR;
		n--;
	}
	return dst;
}

static uint8_t *
put_all_escaped(uint8_t *dst, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 0x20 && !is_special(p[i])) {
			*dst++ = p[i];
			continue;
		}
		*dst++ = ESCAPE;
		*dst++ = p[i] ^ ESCAPE_XOR;
	}
	return dst;
}

static size_t
encode(uint8_t *dst, const uint8_t *frame, size_t n,
    uint8_t *(*put)(uint8_t *dst, const uint8_t *p, size_t n))
{
	uint8_t *p = dst;
	uint16_t fcs;

	assert(n <= HDLC_FRAME_MAX);
	fcs = (uint16_t)~fcs16(frame, n);
	*p++ = FLAG;
	p = put(p, frame, n);
	/* the FCS goes out low byte first */
	p = put(p, (uint8_t[]){ (uint8_t)fcs, (uint8_t)(fcs >> 8) }, FCS_LEN);
	*p++ = FLAG;
	return (size_t)(p - dst);
}

size_t
hdlc_encode(uint8_t *dst, const uint8_t *frame, size_t n)
{
	return encode(dst, frame, n, put_escaped);
}

size_t
hdlc_encode_control(uint8_t *dst, const uint8_t *frame, size_t n)
{
	return encode(dst, frame, n, put_all_escaped);
}

void
hdlc_decoder_init(struct hdlc_decoder *d)
{
	*d = (struct hdlc_decoder){ 0 };
}

/* A flag came. Returns the length of the good frame it ended, or 0. */
static size_t
end_frame(struct hdlc_decoder *d)
{
	size_t len = d->len;
	bool aborted = d->escaped;
	bool skipped = d->skipping;

	d->len = 0;
	d->escaped = false;
	d->skipping = false;
	if (skipped || (len == 0 && !aborted)) /* counted, or no frame at all */
		return 0;
	if (aborted || len < FRAME_MIN) {
		d->runt++;
		return 0;
	}
	if (fcs16(d->frame + HDLC_HEADROOM, len) != FCS_GOOD) {
		d->bad_fcs++;
		return 0;
	}
	return len - FCS_LEN;
}

static void
collect(struct hdlc_decoder *d, const uint8_t *p, size_t n)
{
	if (n > ENCODED_FRAME_MAX - d->len) {
		d->too_long++;
		d->skipping = true;
		return;
	}
	memcpy(d->frame + HDLC_HEADROOM + d->len, p, n);
	d->len += n;
}

/* Take bytes up to an escape or flag; p[0] is no flag. Returns how many. */
static size_t
decode_run(struct hdlc_decoder *d, const uint8_t *p, size_t n)
{
	uint8_t c = p[0];
	size_t run;

	if (d->escaped) {
		c ^= ESCAPE_XOR;
		d->escaped = false;
		collect(d, &c, 1);
		return 1;
	}
	if (c == ESCAPE) {
		d->escaped = true;
		return 1;
	}
	run = clean_run(p, n);
	collect(d, p, run);
	return run;
}

static size_t
skip_to_flag(const uint8_t *p, size_t n)
{
	const uint8_t *flag = memchr(p, FLAG, n);

	return flag ? (size_t)(flag - p) : n;
}

size_t
hdlc_decode(struct hdlc_decoder *d, const uint8_t *p, size_t n, uint8_t **frame,
    size_t *frame_len)
{
	size_t i = 0, len;

	*frame = NULL;
	*frame_len = 0;
	while (i < n) {
		if (p[i] == FLAG) {
			i++;
			len = end_frame(d);
			if (len == 0)
				continue;
			*frame = d->frame + HDLC_HEADROOM;
			*frame_len = len;
			break;
		}
		if (d->skipping)
			i += skip_to_flag(p + i, n - i);
		else
			i += decode_run(d, p + i, n - i);
	}
	return i;
}
