/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * How fast the HDLC codec is: every set of loops this processor can do, and for
 * comparison the usual way, byte by byte; with data of several kinds. For
 * test/bench/codec, which makes a table of it.
 *
 * usage: hdlc          print bytes of frames per second, for each case
 *        hdlc --once   print bytes, after one call of measure() for each case:
 *                      something outside counts the instructions in there
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcs16.h"
#include "hdlc.h"
#include "hdlc_loops.h"

enum {
	FRAME = 1454, /* the usual MTU of SSTP and PPP's header */
	FRAMES = 64,  /* more than a branch predictor learns by heart */
	ROUNDS = 15,
	ROUND_FRAMES = 32 * FRAMES,
};

struct work {
	const struct hdlc_loops *by; /* NULL: byte by byte */
	size_t turn;		     /* which of the frames is next */
	uint8_t frames[FRAMES][FRAME];
	struct line {
		uint8_t bytes[HDLC_ENCODED_MAX];
		size_t n;
	} lines[FRAMES];
	uint8_t out[HDLC_ENCODED_MAX];
	struct hdlc_decoder decoder;
};

/* One frame, done in some way; the result is of use to nobody. */
typedef size_t (*operation)(struct work *w);

/* --- byte by byte ------------------------------------------------------- */

static uint16_t byte_table[256];

static void
make_byte_table(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		unsigned int fcs = i;

		for (int bit = 0; bit < 8; bit++)
			fcs = fcs >> 1 ^ (fcs & 1) * 0x8408;
		byte_table[i] = (uint16_t)fcs;
	}
}

static uint16_t
next_fcs(uint16_t fcs, uint8_t c)
{
	return (uint16_t)(fcs >> 8 ^ byte_table[(fcs ^ c) & 0xff]);
}

static uint16_t
byte_fcs(uint16_t fcs, const uint8_t *p, size_t n)
{
	while (n-- > 0)
		fcs = next_fcs(fcs, *p++);
	return fcs;
}

static uint8_t *
put_byte(uint8_t *dst, uint8_t c)
{
	if (c == HDLC_FLAG || c == HDLC_ESCAPE) {
		*dst++ = HDLC_ESCAPE;
		c ^= HDLC_ESCAPE_XOR;
	}
	*dst++ = c;
	return dst;
}

static size_t
byte_encode(uint8_t *dst, const uint8_t *p, size_t n)
{
	uint16_t fcs = FCS16_INIT;
	uint8_t *q = dst;

	*q++ = HDLC_FLAG;
	for (size_t i = 0; i < n; i++) {
		fcs = next_fcs(fcs, p[i]);
		q = put_byte(q, p[i]);
	}
	q = put_byte(q, (uint8_t)~fcs);
	q = put_byte(q, (uint8_t)(~fcs >> 8));
	*q++ = HDLC_FLAG;
	return (size_t)(q - dst);
}

static size_t
byte_decode(struct hdlc_decoder *d, const uint8_t *p, size_t n)
{
	uint16_t fcs = FCS16_INIT;
	bool escaped = false;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];

		if (c == HDLC_FLAG && len > 0)
			break;
		if (c == HDLC_FLAG)
			continue;
		if (c == HDLC_ESCAPE) {
			escaped = true;
			continue;
		}
		if (escaped)
			c ^= HDLC_ESCAPE_XOR;
		escaped = false;
		if (len == sizeof(d->frame))
			return 0;
		d->frame[len++] = c;
		fcs = next_fcs(fcs, c);
	}
	return fcs == FCS16_GOOD ? len - FCS16_LEN : 0;
}

/* --- what is measured --------------------------------------------------- */

static size_t
encode(struct work *w)
{
	const uint8_t *frame = w->frames[w->turn++ % FRAMES];

	if (w->by == NULL)
		return byte_encode(w->out, frame, FRAME);
	return hdlc_encode_by(w->by, w->out, frame, FRAME);
}

static size_t
decode(struct work *w)
{
	const struct line *line = &w->lines[w->turn++ % FRAMES];
	uint8_t *frame;
	size_t len;

	if (w->by == NULL)
		return byte_decode(&w->decoder, line->bytes, line->n);
	hdlc_decode(&w->decoder, line->bytes, line->n, &frame, &len);
	return len;
}

static size_t
fcs(struct work *w)
{
	return (w->by == NULL ? byte_fcs : w->by->fcs)(
	    FCS16_INIT, w->frames[w->turn++ % FRAMES], FRAME);
}

static const struct {
	const char *name;
	operation run;
} operations[] = { { "encode", encode }, { "decode", decode }, { "fcs", fcs } };

static void
fill_random(uint8_t *p, size_t n)
{
	uint32_t x = 2463534242;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (uint8_t)(x >> 24);
	}
}

static void
fill_text(uint8_t *p, size_t n)
{
	static const char text[] =
	    "The frame check sequence is computed over all bits of the "
	    "address, the control field and the information, but not over "
	    "the flags, nor over the octets inserted for transparency.\r\n";

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)text[i % (sizeof(text) - 1)];
}

static void
fill_zero(uint8_t *p, size_t n)
{
	memset(p, 0, n);
}

static void
fill_worst(uint8_t *p, size_t n)
{
	memset(p, HDLC_FLAG, n);
}

static const struct {
	const char *name;
	void (*fill)(uint8_t *p, size_t n);
} payloads[] = { { "random", fill_random }, { "text", fill_text },
	{ "zero", fill_zero }, { "worst", fill_worst } };

static void
prepare(struct work *w, const struct hdlc_loops *by, size_t payload)
{
	w->by = by;
	payloads[payload].fill(w->frames[0], sizeof(w->frames));
	hdlc_decoder_init(&w->decoder);
	if (by != NULL)
		w->decoder.by = by;
	for (size_t i = 0; i < FRAMES; i++) {
		struct line *line = &w->lines[i];

		line->n = byte_encode(line->bytes, w->frames[i], FRAME);
		w->turn = i;
		if (encode(w) != line->n ||
		    memcmp(w->out, line->bytes, line->n) != 0) {
			fprintf(stderr, "hdlc: it encodes wrongly\n");
			exit(1);
		}
		w->turn = i;
		if (decode(w) != FRAME) {
			fprintf(stderr, "hdlc: it decodes wrongly\n");
			exit(1);
		}
	}
}

/* Also called from outside: a counter of instructions knows its name. */
size_t measure(struct work *w, operation run, int frames);

__attribute__((noinline)) size_t
measure(struct work *w, operation run, int frames)
{
	size_t sum = 0;

	while (frames-- > 0)
		sum += run(w);
	return sum;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Bytes per second, of the best round: others disturb, nobody helps. */
static double
rate(struct work *w, operation run)
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = seconds();

		measure(w, run, ROUND_FRAMES);
		if (seconds() - begin < best)
			best = seconds() - begin;
	}
	return (double)FRAME * ROUND_FRAMES / best;
}

/* --- telling ------------------------------------------------------------ */

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "other"
#endif

/* What the number of instructions depends on. */
static void
print_compiler(void)
{
#if defined(__clang__)
	printf("compiler clang-%d-%s\n", __clang_major__, MACHINE);
#else
	printf("compiler gcc-%d-%s\n", __GNUC__, MACHINE);
#endif
}

static void
one_case(struct work *w, bool once, size_t o, size_t payload)
{
	double figure = FRAMES * FRAME;

	if (once)
		measure(w, operations[o].run, FRAMES);
	else
		figure = rate(w, operations[o].run);
	printf("%s %s %s %.0f\n", w->by == NULL ? "bytewise" : w->by->name,
	    operations[o].name, payloads[payload].name, figure);
}

static void
all_cases(const struct hdlc_loops *by, bool once)
{
	static struct work w;

	if (by != NULL && by->usable != NULL && !by->usable())
		return;
	for (size_t o = 0; o < sizeof(operations) / sizeof(operations[0]);
	     o++) {
		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]);
		     i++) {
			prepare(&w, by, i);
			one_case(&w, once, o, i);
		}
	}
}

int
main(int argc, char **argv)
{
	bool once = argc == 2 && strcmp(argv[1], "--once") == 0;

	if (argc != 1 && !once) {
		fprintf(stderr, "usage: hdlc [--once]\n");
		return 2;
	}
	make_byte_table();
	print_compiler();
	all_cases(NULL, once);
	for (const struct hdlc_loops *by = hdlc_loops; by->name != NULL; by++)
		all_cases(by, once);
	return 0;
}
