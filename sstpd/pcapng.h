/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Blocks of a capture file of PPP frames in the format pcapng
 * (draft-ietf-opsawg-pcapng): a section of big-endian numbers with one
 * interface of LINKTYPE_PPP, whose frames may begin with FF 03 or not. A file
 * is a section block, an interface block, packets, and statistics at the end.
 *
 * Each function writes one block of up to PCAPNG_BLOCK_MAX bytes to dst and
 * returns its length.
 */

#ifndef SSTPD_PCAPNG_H
#define SSTPD_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PCAPNG_FRAME_MAX = 4095, /* more of a frame is cut off */
	PCAPNG_TEXT_MAX = 512,	 /* and of a text, which is UTF-8 */
	PCAPNG_BLOCK_MAX = 5 * 1024,
	PCAPNG_FRAME_AT = 28, /* where a packet block has its frame */
};

struct pcapng_interface {
	const char *name, *description, *comment;
};

/* Seen from the server: inbound is what the client has sent. */
struct pcapng_packet {
	uint64_t time; /* ns since 1970 */
	bool inbound;
	const uint8_t *frame; /* without flags and FCS */
	size_t n;
	uint64_t dropped;    /* frames missing between the last one and this */
	const char *comment; /* NULL: none */
};

struct pcapng_statistics {
	uint64_t begin, end;	    /* ns since 1970 */
	uint64_t received, dropped; /* frames; received counts the dropped */
};

size_t pcapng_section(
    uint8_t dst[static PCAPNG_BLOCK_MAX], const char *application);
size_t pcapng_interface(uint8_t dst[static PCAPNG_BLOCK_MAX],
    const struct pcapng_interface *interface);
size_t pcapng_packet(
    uint8_t dst[static PCAPNG_BLOCK_MAX], const struct pcapng_packet *packet);
size_t pcapng_statistics(uint8_t dst[static PCAPNG_BLOCK_MAX],
    const struct pcapng_statistics *statistics);

#endif
