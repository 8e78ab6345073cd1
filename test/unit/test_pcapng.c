/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Blocks of a capture file, byte by byte, and the largest of each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcapng.h"

/* ns since 1970; no byte of it is like its neighbour */
static const uint64_t when = 0x177155e4d2f10203;

static uint8_t block[PCAPNG_BLOCK_MAX];

#define assert_block(n, bytes)                                                 \
	do {                                                                   \
		assert_int_equal(n, sizeof(bytes) - 1);                        \
		assert_memory_equal(block, bytes, sizeof(bytes) - 1);          \
	} while (0)

static void
test_section(void **state)
{
	(void)state;
	assert_block(pcapng_section(block, "sstpd"),
	    "\x0a\x0d\x0d\x0a\0\0\0\x2c\x1a\x2b\x3c\x4d\0\1\0\0"
	    "\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\0\4\0\5sstpd\0\0\0"
	    "\0\0\0\0\0\0\0\x2c");
}

static void
test_interface(void **state)
{
	const struct pcapng_interface interface = { "s1.2", "client", "why" };

	(void)state;
	assert_block(pcapng_interface(block, &interface),
	    "\0\0\0\1\0\0\0\x3c\0\x09\0\0\0\0\x0f\xff"
	    "\0\2\0\4s1.2"
	    "\0\3\0\6client\0\0"
	    "\0\x09\0\1\x09\0\0\0"
	    "\0\1\0\3why\0"
	    "\0\0\0\0\0\0\0\x3c");
	assert_block(pcapng_interface(block, &(struct pcapng_interface){ 0 }),
	    "\0\0\0\1\0\0\0\x20\0\x09\0\0\0\0\x0f\xff"
	    "\0\x09\0\1\x09\0\0\0"
	    "\0\0\0\0\0\0\0\x20");
}

static void
test_packet(void **state)
{
	struct pcapng_packet packet = {
		.time = when,
		.inbound = true,
		.frame = (const uint8_t *)"\xff\x03\xc0\x21\x09",
		.n = 5,
	};

	(void)state;
	assert_block(pcapng_packet(block, &packet),
	    "\0\0\0\6\0\0\0\x34\0\0\0\0\x17\x71\x55\xe4\xd2\xf1\2\3"
	    "\0\0\0\5\0\0\0\5\xff\x03\xc0\x21\x09\0\0\0"
	    "\0\2\0\4\0\0\0\1"
	    "\0\0\0\0\0\0\0\x34");
	assert_memory_equal(block + PCAPNG_FRAME_AT, packet.frame, packet.n);
	packet.inbound = false;
	packet.n = 4;
	packet.dropped = 0x100000002;
	packet.comment = "lost";
	assert_block(pcapng_packet(block, &packet),
	    "\0\0\0\6\0\0\0\x44\0\0\0\0\x17\x71\x55\xe4\xd2\xf1\2\3"
	    "\0\0\0\4\0\0\0\4\xff\x03\xc0\x21"
	    "\0\2\0\4\0\0\0\2"
	    "\0\4\0\x08\0\0\0\1\0\0\0\2"
	    "\0\1\0\4lost"
	    "\0\0\0\0\0\0\0\x44");
}

static void
test_statistics(void **state)
{
	const struct pcapng_statistics statistics = {
		.begin = when - 1, .end = when, .received = 300, .dropped = 7
	};

	(void)state;
	assert_block(pcapng_statistics(block, &statistics),
	    "\0\0\0\5\0\0\0\x4c\0\0\0\0\x17\x71\x55\xe4\xd2\xf1\2\3"
	    "\0\2\0\x08\x17\x71\x55\xe4\xd2\xf1\2\2"
	    "\0\3\0\x08\x17\x71\x55\xe4\xd2\xf1\2\3"
	    "\0\4\0\x08\0\0\0\0\0\0\1\x2c"
	    "\0\5\0\x08\0\0\0\0\0\0\0\7"
	    "\0\0\0\0\0\0\0\x4c");
}

/* Of every length up to what is cut off, with texts that are, too. */
static void
test_largest(void **state)
{
	static char text[2 * PCAPNG_TEXT_MAX];
	static uint8_t frame[PCAPNG_FRAME_MAX + 10];
	const struct pcapng_interface interface = { text, text, text };
	struct pcapng_packet packet = {
		.frame = frame, .dropped = 1, .comment = text
	};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memset(frame, 0xa5, sizeof(frame));
	assert_int_equal(
	    pcapng_section(block, text), 24 + 4 + PCAPNG_TEXT_MAX + 4 + 4);
	assert_int_equal(pcapng_interface(block, &interface),
	    16 + 3 * (4 + PCAPNG_TEXT_MAX) + 8 + 4 + 4);
	for (packet.n = 0; packet.n <= sizeof(frame); packet.n++) {
		size_t kept =
		    packet.n < PCAPNG_FRAME_MAX ? packet.n : PCAPNG_FRAME_MAX;
		size_t padded = (kept + 3) / 4 * 4;

		assert_int_equal(pcapng_packet(block, &packet),
		    28 + padded + 8 + 12 + 4 + PCAPNG_TEXT_MAX + 4 + 4);
		assert_int_equal(block[22] << 8 | block[23], kept);
		assert_int_equal(block[26] << 8 | block[27], packet.n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
