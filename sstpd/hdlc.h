/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Asynchronous HDLC framing of PPP, RFC 1662: what goes over the pty to and
 * from pppd. Frames are the bytes between the flags, unescaped and without
 * FCS, just as SSTP carries them.
 *
 * Of frames with data only 7D and 7E are escaped: pppd is started with
 * "receive-all", so control characters pass whatever was negotiated.
 */

#ifndef SSTPD_HDLC_H
#define SSTPD_HDLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HDLC_FRAME_MAX = 4091, /* the payload of the largest SSTP packet */
	/* space before a decoded frame, for the caller's own header */
	HDLC_HEADROOM = 4,
	/* an encoded frame is at most: flag, (frame + FCS) escaped, flag */
	HDLC_ENCODED_MAX = 2 * (HDLC_FRAME_MAX + 2) + 2,
};

/*
 * Encode a frame of n <= HDLC_FRAME_MAX bytes with its FCS and flags into dst,
 * which has room for 2 * (n + 2) + 2 bytes. Returns the bytes written.
 */
size_t hdlc_encode(uint8_t *dst, const uint8_t *frame, size_t n);

/*
 * The same with all control characters escaped, as RFC 1662 7.1 wants it until
 * LCP is up: the kernel's driver drops them until pppd has said otherwise. Room
 * and result as above.
 */
size_t hdlc_encode_control(uint8_t *dst, const uint8_t *frame, size_t n);

struct hdlc_loops;

/* hdlc_encode() by other means than the fastest, for tests and benchmarks. */
size_t hdlc_encode_by(
    const struct hdlc_loops *by, uint8_t *dst, const uint8_t *frame, size_t n);

struct hdlc_decoder {
	const struct hdlc_loops *by; /* the fastest; tests exchange it */
	size_t len;	  /* bytes collected at frame + HDLC_HEADROOM */
	bool escaped;	  /* the last byte was 7D */
	bool skipping;	  /* frame too long: wait for the next flag */
	uint64_t bad_fcs; /* dropped frames, by cause */
	uint64_t too_long;
	uint64_t runt; /* shorter than address, control and FCS; aborted */
	uint8_t frame[HDLC_HEADROOM + HDLC_FRAME_MAX + 2];
};

void hdlc_decoder_init(struct hdlc_decoder *d);

/*
 * Decode n bytes up to the end of one good frame.
 *
 * Returns the bytes consumed. If a frame was completed, *frame points to it
 * (inside the decoder, valid until the next call, with HDLC_HEADROOM writable
 * bytes before it) and *frame_len is its length; otherwise all n bytes were
 * consumed and *frame is NULL. Bad frames are dropped and counted.
 */
size_t hdlc_decode(struct hdlc_decoder *d, const uint8_t *p, size_t n,
    uint8_t **frame, size_t *frame_len);

#endif
