/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which packets are marked, and that nothing else of them changes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ecn.h"
#include "inet_sum.h"
#include "ip_header.h"

enum { NOT_ECT, ECT_1, ECT_0, CE };

/* A header of IPv4 with these 8 bits, the rest by a number, its sum right. */
static void
make4(uint8_t packet[static IP4_HEADER_LEN], uint8_t tos, unsigned int number)
{
	memset(packet, 0, IP4_HEADER_LEN);
	packet[0] = 0x45;
	packet[1] = tos;
	store_be16(packet + IP4_ID, number);
	packet[IP4_TTL] = 64;
	store_be16(packet + IP4_CHECKSUM,
	    (uint16_t)~inet_sum_header(packet, IP4_HEADER_LEN));
}

static void
test_ipv4(void **state)
{
	uint8_t packet[IP4_HEADER_LEN], marked[IP4_HEADER_LEN];

	(void)state;
	/* all the values that a checksum can have */
	for (unsigned int i = 0; i < 0x10000; i++)
		for (unsigned int ecn = NOT_ECT; ecn <= CE; ecn++) {
			uint8_t dscp = (uint8_t)(i << 2);

			make4(packet, (uint8_t)(dscp | ecn), i);
			make4(marked, dscp | CE, i);
			if (ecn == NOT_ECT)
				make4(marked, dscp, i);
			assert_int_equal(
			    ecn_mark(packet, sizeof(packet)), ecn != NOT_ECT);
			assert_memory_equal(packet, marked, sizeof(packet));
		}
}

static void
test_ipv6(void **state)
{
	uint8_t packet[IP6_HEADER_LEN] = { 0x6a, 0x4f }, expected[2];

	(void)state;
	assert_false(ecn_mark(packet, sizeof(packet)));
	for (uint8_t ecn = ECT_1; ecn <= CE; ecn++) {
		memcpy(expected, (uint8_t[]){ 0x6a, 0x7f }, sizeof(expected));
		packet[1] = (uint8_t)(0x4f | ecn << 4);
		assert_true(ecn_mark(packet, sizeof(packet)));
		assert_memory_equal(packet, expected, sizeof(expected));
	}
	for (size_t i = sizeof(expected); i < sizeof(packet); i++)
		assert_int_equal(packet[i], 0);
}

static void
check_other(uint8_t version, size_t n)
{
	uint8_t bytes[IP6_HEADER_LEN], before[IP6_HEADER_LEN];
	uint8_t *packet = bytes + sizeof(bytes) - n;

	memset(bytes, 0xff, sizeof(bytes));
	packet[0] = (uint8_t)(version << 4 | 0xf);
	memcpy(before, bytes, sizeof(before));
	assert_false(ecn_mark(packet, n));
	assert_memory_equal(bytes, before, sizeof(before));
}

/* What is no packet is left alone. */
static void
test_others(void **state)
{
	(void)state;
	for (uint8_t version = 0; version < 16; version++)
		for (size_t n = 1; n <= IP6_HEADER_LEN; n++)
			if (!(version == 4 && n >= IP4_HEADER_LEN) &&
			    !(version == 6 && n >= IP6_HEADER_LEN))
				check_other(version, n);
	assert_false(ecn_mark(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
