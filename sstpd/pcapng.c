/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Blocks of a capture file in the format pcapng. */

#include <string.h>

#include "pcapng.h"
#include "wire.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	VERSION_MAJOR = 1,
	LINKTYPE_PPP = 9,
	FLAGS_INBOUND = 1,
	FLAGS_OUTBOUND = 2,
	NANOSECONDS = 9, /* of if_tsresol: a negative power of ten */

	OPT_ENDOFOPT = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	EPB_DROPCOUNT = 4,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

/* --- parts
 * -------------------------------------------------------------------- */

/* The length is put where it belongs by end_block(). */
static struct wire_out
begin_block(uint8_t *dst, uint32_t type)
{
	struct wire_out out = { dst, PCAPNG_BLOCK_MAX, false };

	put_be32(&out, type);
	put_be32(&out, 0);
	return out;
}

static size_t
end_block(uint8_t *dst, struct wire_out *out)
{
	struct wire_out length = { dst + 4, 4, false };
	uint32_t n = (uint32_t)(out->p - dst) + 4;

	put_be32(&length, n);
	put_be32(out, n);
	return out->overflow ? 0 : n; /* never: all parts have their limits */
}

static void
put_be64(struct wire_out *out, uint64_t v)
{
	put_be32(out, (uint32_t)(v >> 32));
	put_be32(out, (uint32_t)v);
}

static void
put_padded(struct wire_out *out, const void *p, size_t n)
{
	static const uint8_t zeros[3];

	put_block(out, p, n);
	put_block(out, zeros, -n & 3);
}

static void
put_option(struct wire_out *out, uint16_t code, const void *p, size_t n)
{
	put_be16(out, code);
	put_be16(out, (uint16_t)n);
	put_padded(out, p, n);
}

static void
put_text(struct wire_out *out, uint16_t code, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put_option(out, code, text, strnlen(text, PCAPNG_TEXT_MAX));
}

static void
put_number(struct wire_out *out, uint16_t code, uint64_t v)
{
	put_be16(out, code);
	put_be16(out, 8);
	put_be64(out, v);
}

static void
put_end(struct wire_out *out)
{
	put_be16(out, OPT_ENDOFOPT);
	put_be16(out, 0);
}

/* --- blocks
 * ------------------------------------------------------------------- */

size_t
pcapng_section(uint8_t dst[static PCAPNG_BLOCK_MAX], const char *application)
{
	struct wire_out out = begin_block(dst, BLOCK_SECTION);

	put_be32(&out, BYTE_ORDER_MAGIC);
	put_be16(&out, VERSION_MAJOR);
	put_be16(&out, 0);
	put_be64(&out, UINT64_MAX); /* its length is not known yet */
	put_text(&out, SHB_USERAPPL, application);
	put_end(&out);
	return end_block(dst, &out);
}

size_t
pcapng_interface(uint8_t dst[static PCAPNG_BLOCK_MAX],
    const struct pcapng_interface *interface)
{
	struct wire_out out = begin_block(dst, BLOCK_INTERFACE);
	const uint8_t resolution = NANOSECONDS;

	put_be16(&out, LINKTYPE_PPP);
	put_be16(&out, 0);
	put_be32(&out, PCAPNG_FRAME_MAX);
	put_text(&out, IF_NAME, interface->name);
	put_text(&out, IF_DESCRIPTION, interface->description);
	put_option(&out, IF_TSRESOL, &resolution, sizeof(resolution));
	put_text(&out, OPT_COMMENT, interface->comment);
	put_end(&out);
	return end_block(dst, &out);
}

size_t
pcapng_packet(
    uint8_t dst[static PCAPNG_BLOCK_MAX], const struct pcapng_packet *packet)
{
	struct wire_out out = begin_block(dst, BLOCK_PACKET);
	size_t n = packet->n < PCAPNG_FRAME_MAX ? packet->n : PCAPNG_FRAME_MAX;

	put_be32(&out, 0); /* of the one interface */
	put_be64(&out, packet->time);
	put_be32(&out, (uint32_t)n);
	put_be32(&out, (uint32_t)packet->n);
	put_padded(&out, packet->frame, n);
	put_be16(&out, EPB_FLAGS);
	put_be16(&out, 4);
	put_be32(&out, packet->inbound ? FLAGS_INBOUND : FLAGS_OUTBOUND);
	if (packet->dropped > 0)
		put_number(&out, EPB_DROPCOUNT, packet->dropped);
	put_text(&out, OPT_COMMENT, packet->comment);
	put_end(&out);
	return end_block(dst, &out);
}

size_t
pcapng_statistics(uint8_t dst[static PCAPNG_BLOCK_MAX],
    const struct pcapng_statistics *statistics)
{
	struct wire_out out = begin_block(dst, BLOCK_STATISTICS);

	put_be32(&out, 0); /* of the one interface */
	put_be64(&out, statistics->end);
	put_number(&out, ISB_STARTTIME, statistics->begin);
	put_number(&out, ISB_ENDTIME, statistics->end);
	put_number(&out, ISB_IFRECV, statistics->received);
	put_number(&out, ISB_IFDROP, statistics->dropped);
	put_end(&out);
	return end_block(dst, &out);
}
