/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What the HDLC codec spends its time in: octet stuffing, RFC 1662 4.2, and the
 * FCS, once for each instruction set there is some use for. All do the same; a
 * row is chosen at run time. Only hdlc.c and tests look in here.
 */

#ifndef SSTPD_HDLC_LOOPS_H
#define SSTPD_HDLC_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HDLC_FLAG = 0x7e,
	HDLC_ESCAPE = 0x7d,
	HDLC_ESCAPE_XOR = 0x20,
};

/* Where a decoder is. */
struct hdlc_run {
	const uint8_t *p, *end; /* what is to be read */
	uint8_t *dst, *dst_end; /* the room it goes to */
	bool escaped;		/* the last byte before p was 7D */
};

struct hdlc_loops {
	const char *name;
	/* Whether this processor can do it; NULL is yes. */
	bool (*usable)(void);
	/* As fcs16.h has it. */
	uint16_t (*fcs)(uint16_t fcs, const uint8_t *p, size_t n);
	/*
	 * Write n bytes with 7D and 7E escaped; returns the end of them. All 2n
	 * bytes at dst may be written to.
	 */
	uint8_t *(*stuff)(uint8_t *dst, const uint8_t *p, size_t n);
	/*
	 * Undo that, up to the first flag, to the end, or to the byte for which
	 * there is no room: there p stops. All room may be written to.
	 */
	void (*unstuff)(struct hdlc_run *run);
};

/* Slowest first; the first one is portable. Ends with a row without name. */
extern const struct hdlc_loops hdlc_loops[];

/* The fastest one that this processor can do. */
const struct hdlc_loops *hdlc_loops_best(void);

/* Portable, and what the others leave their last bytes to. */
uint8_t *hdlc_stuff(uint8_t *dst, const uint8_t *p, size_t n);
void hdlc_unstuff(struct hdlc_run *run);
/* One byte of it; false if p did not move. */
bool hdlc_unstuff_byte(struct hdlc_run *run);

/* The same with vectors, where <name>_usable() says so. */
uint8_t *hdlc_stuff_vector(uint8_t *dst, const uint8_t *p, size_t n);
void hdlc_unstuff_vector(struct hdlc_run *run);
uint8_t *hdlc_stuff_avx2(uint8_t *dst, const uint8_t *p, size_t n);
void hdlc_unstuff_avx2(struct hdlc_run *run);
uint8_t *hdlc_stuff_avx512(uint8_t *dst, const uint8_t *p, size_t n);
void hdlc_unstuff_avx512(struct hdlc_run *run);

#endif
