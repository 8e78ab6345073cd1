/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Whatever a client sends: cut again, what is written is what was sent, each
 * packet once, those of a flow in order (gro_oracle.h).
 *
 * Input: packets, each begun by a byte. Bit 0: as is, length in 2 bytes and the
 * bytes. Otherwise it follows the last one with these bytes: bit 1, with the
 * same ID; bit 2, its payload's length divided by 8 in a byte, else the same;
 * bit 3, checksums are left wrong; bits 4 and 5, so many changes: where, and
 * what to XOR. Bit 6: it follows the one before the last instead. Bit 7: a
 * flush comes first.
 */

#include "fuzz.h"
#include "gro.h"
#include "test/gro_oracle.h"

enum { PACKET_MAX = 4091 };

static struct gro gro;
static struct gro_oracle oracle;

struct packet {
	size_t n;
	uint8_t bytes[PACKET_MAX];
};

struct input {
	const uint8_t *p;
	size_t n;
};

static void
on_write(
    void *to, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n)
{
	require(to == &oracle);
	require(oracle_written(&oracle, hdr, packet, n));
}

static uint8_t
take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static void
read_raw(struct input *in, struct packet *p)
{
	size_t high = take(in), n = high << 8 | take(in);

	n %= PACKET_MAX + 1;
	p->n = n < in->n ? n : in->n;
	memcpy(p->bytes, in->p, p->n);
	in->p += p->n;
	in->n -= p->n;
}

static void
set_payload(struct packet *p, size_t head, size_t payload)
{
	size_t old = p->n;

	p->n = head + payload;
	if (p->n > PACKET_MAX)
		p->n = PACKET_MAX;
	for (size_t i = old; i < p->n; i++)
		p->bytes[i] = (uint8_t)(i * 7);
}

static void
read_changes(struct input *in, struct packet *p, unsigned int count)
{
	size_t at;

	for (unsigned int i = 0; i < count; i++) {
		at = take(in);
		if (at < p->n)
			p->bytes[at] ^= take(in);
	}
}

static void
read_next(struct input *in, struct packet *p, uint8_t how)
{
	size_t transport = p->bytes[0] / 16 == 4 ? 20 : 40, head;
	uint8_t *sequence = p->bytes + transport + 4;

	if (!ref_is_plain_tcp(p->bytes, p->n)) {
		read_changes(in, p, how >> 4 & 3);
		return;
	}
	head = ref_head_len(p->bytes);
	ref_put32(sequence, ref_get32(sequence) + (uint32_t)(p->n - head));
	if (transport == 20 && !(how & 2))
		ref_put16(p->bytes + 4, ref_get16(p->bytes + 4) + 1);
	if (how & 4)
		set_payload(p, head, take(in) * 8u);
	ref_finish(p->bytes, p->n, transport, REF_TCP);
	read_changes(in, p, how >> 4 & 3);
	if (!(how & 8))
		ref_finish(p->bytes, p->n, transport, REF_TCP);
}

/* From memory of its exact size, where sanitizers see a read past its end. */
static void
give(const struct packet *p)
{
	uint8_t *copy = malloc(p->n);

	require(copy != NULL);
	memcpy(copy, p->bytes, p->n);
	oracle_given(&oracle, copy, p->n);
	gro_input(&gro, &oracle, copy, p->n);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet packets[2];
	struct input in = { data, size };
	unsigned int last = 0;
	uint8_t how;

	gro_init(&gro, on_write);
	oracle_reset(&oracle);
	memset(packets, 0, sizeof(packets));
	while (in.n > 0 && oracle_has_room(&oracle, PACKET_MAX)) {
		how = take(&in);
		if (how & 0x80)
			gro_flush(&gro);
		if (how & (1 | 0x40))
			last ^= 1;
		if (how & 1)
			read_raw(&in, &packets[last]);
		else
			read_next(&in, &packets[last], how);
		if (packets[last].n > 0)
			give(&packets[last]);
	}
	gro_flush(&gro);
	require(oracle.left == 0);
	return 0;
}
