/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * sstp.c: golden packets, each fault of the validation ladder, and every good
 * packet cut at each byte and with each bit flipped.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sstp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define CCR	 "1001000e00010001 00010006 0001"
#define NONCE	 "412b489aebd7ecc7d08966f26be7cd72b231a0e9210d7c91b308862b0344c435"
#define CONNECTED                                                              \
	"1001007000040001 00030068 00000002" NONCE                             \
	"7993ef314c493dace9f02d60e7e61c84b6690aafe9d7aeea92cbbe8ad599422d"     \
	"52a68efd8cffbf52770b8f0fe8ec73716583af6d611eb6d179b3b20840985449"

static uint8_t packet_bytes[SSTP_PACKET_MAX + 1];

static unsigned int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = strchr(digits, c);

	assert_non_null(p);
	return (unsigned int)(p - digits);
}

/* Blanks between bytes are ignored. */
static size_t
from_hex(uint8_t *dst, const char *hex)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		dst[n++] =
		    (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex++;
	}
	return n;
}

/* Parse a block of just that size, where overreads show. */
static ssize_t
parse(const uint8_t *p, size_t n, struct sstp_packet *packet,
    struct sstp_control *control)
{
	uint8_t *copy = malloc(n ? n : 1);
	ssize_t len;

	assert_non_null(copy);
	memcpy(copy, p, n);
	memset(packet, 0, sizeof(*packet));
	memset(control, 0xff, sizeof(*control));
	len = sstp_parse_packet(copy, n, packet);
	if (len > 0) {
		assert_in_range(len, SSTP_HEADER_LEN, n);
		assert_int_equal(packet->len, len);
		assert_ptr_equal(packet->bytes, copy);
		assert_ptr_equal(packet->payload, copy + SSTP_HEADER_LEN);
		assert_int_equal(packet->payload_len, len - SSTP_HEADER_LEN);
		if (packet->control)
			sstp_parse_control(packet, control);
	}
	free(copy);
	return len;
}

static void
parse_control(const char *hex, struct sstp_control *control)
{
	struct sstp_packet packet;
	size_t n = from_hex(packet_bytes, hex);

	assert_int_equal(parse(packet_bytes, n, &packet, control), n);
	assert_true(packet.control);
}

static void
assert_bytes(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[SSTP_PACKET_MAX];

	assert_int_equal(n, from_hex(want, hex));
	assert_memory_equal(p, want, n);
}

/* --- packets ------------------------------------------------------------- */

static void
test_packet_header(void **state)
{
	static const struct {
		const char *hex;
		ssize_t want;
	} cases[] = {
		{ "10", 0 },
		{ "1001", 0 },
		{ "100100", 0 },
		{ "11", -SSTP_E_HEADER },
		{ "00", -SSTP_E_HEADER },
		{ "20010008", -SSTP_E_HEADER },
		{ "10010000", -SSTP_E_HEADER },
		{ "10000001", -SSTP_E_HEADER },
		{ "10000002", -SSTP_E_HEADER },
		{ "10000003", -SSTP_E_HEADER },
		{ "1000f003", -SSTP_E_HEADER },
		{ "10000004", 4 },
		{ "10fff004", 4 },
		{ "10000005", 0 },
		{ "1000000541", 5 },
		{ "100000054142", 5 },
		{ "10000fff", 0 },
	};
	struct sstp_packet packet;
	struct sstp_control control;
	uint8_t bytes[16];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		n = from_hex(bytes, cases[i].hex);
		assert_int_equal(
		    parse(bytes, n, &packet, &control), cases[i].want);
	}
	assert_int_equal(parse(bytes, 0, &packet, &control), 0);
}

static void
test_longest_packet(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;

	(void)state;
	memset(packet_bytes, 0x41, sizeof(packet_bytes));
	sstp_put_data_header(packet_bytes, SSTP_PAYLOAD_MAX);
	assert_bytes(packet_bytes, 4, "10000fff");
	assert_int_equal(
	    parse(packet_bytes, SSTP_PACKET_MAX - 1, &packet, &control), 0);
	assert_int_equal(
	    parse(packet_bytes, SSTP_PACKET_MAX + 1, &packet, &control),
	    SSTP_PACKET_MAX);
	assert_false(packet.control);
	assert_int_equal(packet.payload_len, SSTP_PAYLOAD_MAX);
	sstp_put_data_header(packet_bytes, 0);
	assert_bytes(packet_bytes, 4, "10000004");
	sstp_put_data_header(packet_bytes, 14);
	assert_bytes(packet_bytes, 4, "10000012");
}

static void
test_reserved_bits(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	size_t n;

	(void)state;
	parse_control("10fff00e00010001ff01f0060001", &control);
	assert_int_equal(control.type, SSTP_MSG_CALL_CONNECT_REQUEST);
	assert_int_equal(control.verdict, SSTP_GOOD);
	parse_control("10fff00800080000", &control);
	assert_int_equal(control.type, SSTP_MSG_ECHO_REQUEST);
	assert_int_equal(control.verdict, SSTP_GOOD);
	n = from_hex(packet_bytes, "10fef006ff03");
	assert_int_equal(parse(packet_bytes, n, &packet, &control), 6);
	assert_false(packet.control);
	n = from_hex(packet_bytes, CONNECTED);
	packet_bytes[1] = 0xff;
	packet_bytes[2] = 0xf0;
	packet_bytes[8] = 0xff;
	packet_bytes[10] = 0xf0;
	assert_int_equal(parse(packet_bytes, n, &packet, &control), 112);
	assert_int_equal(control.verdict, SSTP_GOOD);
}

/* --- messages ------------------------------------------------------------ */

static const struct {
	const char *hex;
	uint16_t type;
	enum sstp_verdict verdict;
	uint32_t status;
} messages[] = {
	{ CCR, 1, SSTP_GOOD, 0 },
	{ "10010030000200010004002800000002" NONCE, 2, SSTP_GOOD, 0 },
	{ "1001001600030001 0002000e 0000000100000004 0002", 3, SSTP_GOOD, 0 },
	{ CONNECTED, 4, SSTP_GOOD, 0 },
	{ "1001001400050001 0002000c 0000000300000004", 5, SSTP_GOOD, 4 },
	{ "1001001400060001 0002000c 0000000000000007", 6, SSTP_GOOD, 7 },
	{ "1001000800070000", 7, SSTP_GOOD, 0 },
	{ "1001000800080000", 8, SSTP_GOOD, 0 },
	{ "1001000800090000", 9, SSTP_GOOD, 0 },
	/* no message at all */
	{ "10010004", 0, SSTP_BROKEN, 0 },
	{ "1001000500", 0, SSTP_BROKEN, 0 },
	{ "100100060008", 0, SSTP_BROKEN, 0 },
	{ "10010007000800", 0, SSTP_BROKEN, 0 },
	{ "1001000800000000", 0, SSTP_BROKEN, 0 },
	{ "10010008000a0000", 0xa, SSTP_BROKEN, 0 },
	{ "10010008ffff0000", 0xffff, SSTP_BROKEN, 0 },
	/* attributes that end early, late, or are miscounted */
	{ "1001000c00010001 00010000", 1, SSTP_BROKEN, 0 },
	{ "1001000c00010001 00010001", 1, SSTP_BROKEN, 0 },
	{ "1001000c00010001 00010003", 1, SSTP_BROKEN, 0 },
	{ "1001000b00010001 000100", 1, SSTP_BROKEN, 0 },
	{ "1001000e00010001 00010007 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000e00010001 00010fff 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000e00010001 00010005 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000e00010000 00010006 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000e00010002 00010006 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000e0001ffff 00010006 0001", 1, SSTP_BROKEN, 0 },
	{ "1001000900010000 00", 1, SSTP_BROKEN, 0 },
	{ "1001000c00020001 00010000", 2, SSTP_BROKEN, 0 },
	{ "1001000c00030001 00010000", 3, SSTP_BROKEN, 0 },
	{ "1001000c00040001 00010000", 4, SSTP_BROKEN, 0 },
	/* the same is garbage to be ignored where attributes mean nothing */
	{ "1001000800050000", 5, SSTP_GOOD, 0 },
	{ "1001000c00050001 00020000", 5, SSTP_GOOD, 0 },
	{ "1001000a00050009 0002", 5, SSTP_GOOD, 0 },
	{ "1001000c00050001 0002000c", 5, SSTP_GOOD, 0 },
	{ "1001000c00050001 00020004", 5, SSTP_GOOD, 0 },
	{ "1001001000050001 00020008 00000002", 5, SSTP_GOOD, 0 },
	{ "1001001300050001 0002000b 00000002000000", 5, SSTP_GOOD, 0 },
	{ "1001001400050000 0002000c 0000000200000005", 5, SSTP_GOOD, 0 },
	{ "1001001400050001 0003000c 0000000200000005", 5, SSTP_GOOD, 0 },
	{ "1001001800050002 00090004 0002000c 0000000200000005", 5, SSTP_GOOD,
	    5 },
	{ "1001001700050001 0002000c 0000000200000008 ffffff", 5, SSTP_GOOD,
	    8 },
	{ "1001001600050001 0002000e 0000000212345678 ffff", 5, SSTP_GOOD,
	    0x12345678 },
	{ "1001000800060000", 6, SSTP_GOOD, 0 },
	{ "1001000c0006ffff 00020001", 6, SSTP_GOOD, 0 },
	{ "1001000c00070001 00020001", 7, SSTP_GOOD, 0 },
	{ "1001001400070001 0002000c 0000000200000005", 7, SSTP_GOOD, 0 },
	{ "1001000900080001 00", 8, SSTP_GOOD, 0 },
	{ "100100090009ffff 00", 9, SSTP_GOOD, 0 },
	/* a CALL_CONNECTED without its one attribute */
	{ "1001000800040000", 4, SSTP_REFUSE, 0 },
	{ "1001000900040000 00", 4, SSTP_REFUSE, 0 },
	{ "1001000e00040001 00010006 0001", 4, SSTP_REFUSE, 0 },
	{ "1001001400040001 0002000c 0000000200000004", 4, SSTP_REFUSE, 0 },
};

static void
test_messages(void **state)
{
	struct sstp_control control;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(messages); i++) {
		parse_control(messages[i].hex, &control);
		assert_int_equal(control.type, messages[i].type);
		assert_int_equal(control.verdict, messages[i].verdict);
		assert_int_equal(control.status, messages[i].status);
		assert_int_equal(control.info_count, 0);
	}
}

/* Requests that deserve a NAK, and that NAK. */
static const struct {
	const char *request;
	const char *nak;
} refusals[] = {
	/* another protocol */
	{ "1001000e00010001 00010006 0002",
	    "1001001600030001 0002000e 0000000100000004 0002" },
	{ "1001000e00010001 00010006 0101",
	    "1001001600030001 0002000e 0000000100000004 0101" },
	/* the protocol is missing */
	{ "1001000800010000", "1001001400030001 0002000c 000000010000000a" },
	{ "1001001400010001 0002000c 0000000100000000",
	    "1001001400030001 0002000c 000000010000000a" },
	/* there twice, the second of wrong length or not */
	{ "1001001400010002 00010006 0001 00010006 0001",
	    "1001001600030001 0002000e 0000000100000001 0001" },
	{ "1001001200010002 00010006 0001 00010004",
	    "1001001400030001 0002000c 0000000100000001" },
	/* there three times */
	{ "1001001a00010003 00010006 0001 00010006 0001 00010006 0002",
	    "1001002400030002 0002000e 0000000100000001 0001"
	    "0002000e 0000000100000001 0002" },
	/* of wrong length */
	{ "1001000c00010001 00010004",
	    "1001001400030001 0002000c 0000000100000003" },
	{ "1001000d00010001 00010005 00",
	    "1001001500030001 0002000d 0000000100000003 00" },
	{ "1001000f00010001 00010007 000100",
	    "1001001700030001 0002000f 0000000100000003 000100" },
	{ "1001001000010001 00010008 00010000",
	    "1001001800030001 00020010 0000000100000003 00010000" },
	/* unknown attributes */
	{ "1001001200010002 00010006 0001 007f0004",
	    "1001001400030001 0002000c 0000007f00000002" },
	{ "1001001200010002 00030004 00010006 0001",
	    "1001001400030001 0002000c 0000000300000002" },
	{ "1001001400010002 00000006 4141 00010006 0001",
	    "1001001400030001 0002000c 0000000000000002" },
	/* a Status Info that says something, or too short to do so */
	{ "1001001a00010002 00010006 0001 0002000c 0000000100000004",
	    "1001001c00030001 00020014 000000020000000b 0000000100000004" },
	{ "1001001900010002 00010006 0001 0002000b 00000001000000",
	    "1001001b00030001 00020013 0000000200000003 00000001000000" },
	/* three faults */
	{ "1001001e00010003 00010006 0002 00040004 0002000c 0000000100000001",
	    "1001003600030003 0002000e 0000000100000004 0002"
	    "0002000c 0000000400000002"
	    "00020014 000000020000000b 0000000100000001" },
};

static void
test_refused_requests(void **state)
{
	struct sstp_control control;
	uint8_t nak[SSTP_PACKET_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		parse_control(refusals[i].request, &control);
		assert_int_equal(control.type, SSTP_MSG_CALL_CONNECT_REQUEST);
		assert_int_equal(control.verdict, SSTP_REFUSE);
		n = sstp_build_nak(
		    nak, sizeof(nak), control.info, control.info_count);
		assert_bytes(nak, n, refusals[i].nak);
	}
}

static void
test_harmless_status_info(void **state)
{
	struct sstp_control control;

	(void)state;
	parse_control(
	    "1001001a00010002 00010006 0001 0002000c 0000000100000000",
	    &control);
	assert_int_equal(control.verdict, SSTP_GOOD);
	assert_int_equal(control.info_count, 0);
}

static void
test_value_is_cut(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	uint8_t nak[SSTP_PACKET_MAX];
	size_t n, i;

	(void)state;
	n = from_hex(packet_bytes, "100100d400010001000100cc");
	for (i = 0; i < 200; i++)
		packet_bytes[n++] = (uint8_t)i;
	assert_int_equal(parse(packet_bytes, n, &packet, &control), n);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	assert_int_equal(control.info_count, 1);
	assert_int_equal(control.info[0].value_len, SSTP_STATUS_VALUE_MAX);
	n = sstp_build_nak(nak, sizeof(nak), control.info, 1);
	assert_int_equal(n, 8 + 12 + 64);
	assert_bytes(nak, 20, "1001005400030001 0002004c 0000000100000003");
	assert_memory_equal(nak + 20, packet_bytes + 12, 64);
}

static void
test_many_faults(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	uint8_t nak[SSTP_PACKET_MAX];
	size_t n, i;

	(void)state;
	n = from_hex(packet_bytes, "10010ffc000103fd");
	for (i = 0; i < 1021; i++)
		n += from_hex(packet_bytes + n, "00100004");
	assert_int_equal(parse(packet_bytes, n, &packet, &control), 4092);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	assert_int_equal(control.info_count, SSTP_NAK_INFOS_MAX);
	n = sstp_build_nak(nak, sizeof(nak), control.info, control.info_count);
	assert_int_equal(n, 8 + 16 * 12);
	assert_bytes(nak, 8, "100100c800030010");
	assert_bytes(nak + n - 12, 12, "0002000c 0000001000000002");
}

/* Length of the binding, of the message, number and kind of attributes. */
static void
test_call_connected(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	size_t len;

	(void)state;
	for (len = 8; len <= 200; len++) {
		from_hex(packet_bytes, CONNECTED);
		memset(packet_bytes + 112, 0, 100);
		packet_bytes[3] = (uint8_t)len;
		packet_bytes[11] = (uint8_t)(len - 8);
		assert_int_equal(
		    parse(packet_bytes, len, &packet, &control), len);
		assert_int_equal(control.type, SSTP_MSG_CALL_CONNECTED);
		assert_int_equal(control.verdict, len == 112  ? SSTP_GOOD
						  : len >= 12 ? SSTP_REFUSE
							      : SSTP_BROKEN);
	}
	/* the right length, but another attribute */
	from_hex(packet_bytes, CONNECTED);
	packet_bytes[9] = SSTP_ATTRIB_CRYPTO_BINDING_REQ;
	parse(packet_bytes, 112, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	/* two bindings; a binding and a Status Info, in both orders */
	from_hex(packet_bytes, CONNECTED);
	memcpy(packet_bytes + 112, packet_bytes + 8, 104);
	packet_bytes[3] = 216;
	packet_bytes[7] = 2;
	parse(packet_bytes, 216, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	from_hex(packet_bytes + 112, "0002000c0000000300000004");
	packet_bytes[3] = 124;
	parse(packet_bytes, 124, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	memmove(packet_bytes + 20, packet_bytes + 8, 104);
	from_hex(packet_bytes + 8, "0002000c0000000300000000");
	parse(packet_bytes, 124, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	/* two attributes that together are as long as a binding */
	from_hex(packet_bytes, CONNECTED);
	packet_bytes[7] = 2;
	packet_bytes[11] = 100;
	from_hex(packet_bytes + 108, "00030004");
	parse(packet_bytes, 112, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	/* a right binding, and a few bytes more */
	for (len = 112; len <= 117; len++) {
		from_hex(packet_bytes, CONNECTED);
		memset(packet_bytes + 112, 0, 5);
		packet_bytes[3] = (uint8_t)len;
		parse(packet_bytes, len, &packet, &control);
		assert_int_equal(control.verdict, len == 112  ? SSTP_GOOD
						  : len < 116 ? SSTP_REFUSE
							      : SSTP_BROKEN);
	}
	/* a right Length in the packet, a wrong one in the attribute */
	from_hex(packet_bytes, CONNECTED);
	packet_bytes[11] = 103;
	parse(packet_bytes, 112, &packet, &control);
	assert_int_equal(control.verdict, SSTP_REFUSE);
	packet_bytes[11] = 105;
	parse(packet_bytes, 112, &packet, &control);
	assert_int_equal(control.verdict, SSTP_BROKEN);
}

/* --- damage -------------------------------------------------------------- */

static void
test_truncation(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	size_t i, n, cut;

	(void)state;
	for (i = 0; i < COUNT(messages); i++) {
		n = from_hex(packet_bytes, messages[i].hex);
		for (cut = 0; cut < n; cut++)
			assert_int_equal(
			    parse(packet_bytes, cut, &packet, &control), 0);
	}
}

/* The same, with a Length that says where it was cut. */
static void
test_truncation_with_length(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	size_t i, n, cut;

	(void)state;
	for (i = 0; messages[i].verdict == SSTP_GOOD; i++) {
		n = from_hex(packet_bytes, messages[i].hex);
		for (cut = 4; cut < n; cut++) {
			packet_bytes[3] = (uint8_t)cut;
			assert_int_equal(
			    parse(packet_bytes, cut, &packet, &control), cut);
			assert_int_equal(
			    control.type, cut < 8 ? 0 : messages[i].type);
			assert_int_equal(control.verdict,
			    cut < 8 || messages[i].type < 5 ? SSTP_BROKEN
							    : SSTP_GOOD);
			assert_int_equal(control.status, 0);
		}
	}
	assert_int_equal(i, 9);
}

/* What may come of a good message with this bit flipped. */
static void
assert_flip(size_t bit, const struct sstp_packet *packet,
    const struct sstp_control *control, uint16_t type)
{
	size_t byte = bit / 8;
	bool attributes_matter = type < 5;

	if (bit == 8) {
		assert_false(packet->control);
		return;
	}
	assert_true(packet->control);
	if (byte == 1 || byte == 2) { /* reserved bits */
		assert_int_equal(control->type, type);
		assert_int_equal(control->verdict, SSTP_GOOD);
	} else if (byte == 4 || byte == 5) {
		assert_int_not_equal(control->type, type);
	} else if (attributes_matter && (byte == 6 || byte == 7)) {
		assert_int_equal(control->verdict, SSTP_BROKEN);
	} else if (byte != 3 && !attributes_matter) {
		assert_int_equal(control->type, type);
		assert_int_equal(control->verdict, SSTP_GOOD);
	} else if (byte == 9 && (type == 1 || type == 4)) {
		assert_int_equal(control->verdict, SSTP_REFUSE);
	} else if (byte == 11 || (byte == 10 && bit % 8 < 4)) {
		assert_int_equal(control->verdict, SSTP_BROKEN);
	} else if (byte >= 12) { /* only the protocol is looked at here */
		assert_int_equal(
		    control->verdict, type == 1 ? SSTP_REFUSE : SSTP_GOOD);
	}
}

static void
test_bit_flips(void **state)
{
	struct sstp_packet packet;
	struct sstp_control control;
	size_t i, n, bit;
	ssize_t len;

	(void)state;
	for (i = 0; messages[i].verdict == SSTP_GOOD; i++) {
		n = from_hex(packet_bytes, messages[i].hex);
		for (bit = 0; bit < n * 8; bit++) {
			packet_bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			len = parse(packet_bytes, n, &packet, &control);
			packet_bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (bit < 8) {
				assert_int_equal(len, -SSTP_E_HEADER);
				continue;
			}
			if (bit / 8 == 3 || (bit / 8 == 2 && bit % 8 < 4)) {
				/* another Length: longer waits for more */
				assert_true(len < (ssize_t)n);
				continue;
			}
			assert_int_equal(len, n);
			assert_flip(bit, &packet, &control, messages[i].type);
		}
	}
}

/* --- builders ------------------------------------------------------------ */

static void
test_builders(void **state)
{
	uint8_t dst[64], nonce[SSTP_NONCE_LEN];
	size_t n;

	(void)state;
	from_hex(nonce, NONCE);
	n = sstp_build_ack(dst, 48, CERT_HASH_PROTOCOL_SHA256, nonce);
	assert_bytes(dst, n, "10010030000200010004002800000002" NONCE);
	n = sstp_build_ack(dst, 48,
	    CERT_HASH_PROTOCOL_SHA1 | CERT_HASH_PROTOCOL_SHA256, nonce);
	assert_int_equal(dst[15], 3);
	n = sstp_build_status(dst, 20, SSTP_MSG_CALL_ABORT,
	    SSTP_ATTRIB_CRYPTO_BINDING, ATTRIB_STATUS_VALUE_NOT_SUPPORTED);
	assert_bytes(dst, n, "1001001400050001 0002000c 0000000300000004");
	n = sstp_build_status(dst, 20, SSTP_MSG_CALL_DISCONNECT,
	    SSTP_ATTRIB_NO_ERROR, ATTRIB_STATUS_NO_ERROR);
	assert_bytes(dst, n, "1001001400060001 0002000c 0000000000000000");
	n = sstp_build_status(
	    dst, 20, SSTP_MSG_CALL_ABORT, SSTP_ATTRIB_STATUS_INFO, 0x12345678);
	assert_bytes(dst, n, "1001001400050001 0002000c 0000000212345678");
	n = sstp_build_plain(dst, 8, SSTP_MSG_CALL_DISCONNECT_ACK);
	assert_bytes(dst, n, "1001000800070000");
	n = sstp_build_plain(dst, 8, SSTP_MSG_ECHO_REQUEST);
	assert_bytes(dst, n, "1001000800080000");
	n = sstp_build_plain(dst, 8, SSTP_MSG_ECHO_RESPONSE);
	assert_bytes(dst, n, "1001000800090000");
}

/* A NAK of more and longer infos than may be is cut, not overrun. */
static void
test_largest_nak(void **state)
{
	struct sstp_status_info info[SSTP_NAK_INFOS_MAX + 1];
	struct sstp_packet packet;
	struct sstp_control control;
	uint8_t dst[SSTP_PACKET_MAX];
	size_t n, i;

	(void)state;
	memset(info, 0xff, sizeof(info));
	n = sstp_build_nak(dst, sizeof(dst), info, COUNT(info));
	assert_int_equal(n, 8 + 16 * (12 + 64));
	assert_bytes(dst, 8, "100104c800030010");
	assert_int_equal(parse(dst, n, &packet, &control), n);
	assert_int_equal(control.verdict, SSTP_GOOD);
	for (i = 0; i < n; i++)
		assert_int_equal(
		    sstp_build_nak(dst, i, info, SSTP_NAK_INFOS_MAX), 0);
	n = sstp_build_nak(dst, sizeof(dst), info, 0);
	assert_bytes(dst, n, "1001000800030000");
}

static void
test_too_little_space(void **state)
{
	uint8_t dst[64], nonce[SSTP_NONCE_LEN] = { 0 };
	size_t cap;

	(void)state;
	memset(dst, 0xa5, sizeof(dst));
	for (cap = 0; cap < 48; cap++) {
		assert_int_equal(sstp_build_ack(dst, cap, 3, nonce), 0);
		assert_int_equal(dst[cap], 0xa5);
	}
	memset(dst, 0xa5, sizeof(dst));
	for (cap = 0; cap < 20; cap++) {
		assert_int_equal(
		    sstp_build_status(dst, cap, SSTP_MSG_CALL_ABORT, 2, 7), 0);
		assert_int_equal(dst[cap], 0xa5);
	}
	memset(dst, 0xa5, sizeof(dst));
	for (cap = 0; cap < 8; cap++) {
		assert_int_equal(
		    sstp_build_plain(dst, cap, SSTP_MSG_ECHO_REQUEST), 0);
		assert_int_equal(dst[cap], 0xa5);
	}
}

/* --- PPP ----------------------------------------------------------------- */

static void
test_classify_ppp(void **state)
{
	static const struct {
		const char *hex;
		enum ppp_class want;
	} cases[] = {
		{ "ff03c021", PPP_CONTROL }, /* LCP */
		{ "c021", PPP_CONTROL },
		{ "ff03c0210101000a", PPP_CONTROL },
		{ "ff03c223", PPP_CONTROL }, /* CHAP */
		{ "ff03c227", PPP_CONTROL }, /* EAP */
		{ "ff038021", PPP_CONTROL }, /* IPCP */
		{ "8057", PPP_CONTROL },     /* IPV6CP */
		{ "80fd", PPP_CONTROL },     /* CCP */
		{ "ff038000", PPP_CONTROL },
		{ "ff03feff", PPP_CONTROL },
		{ "ff037eff", PPP_DATA },
		{ "ff030021", PPP_DATA }, /* IP */
		{ "ff0321", PPP_DATA },
		{ "21", PPP_DATA },
		{ "0021", PPP_DATA },
		{ "0057", PPP_DATA }, /* IPv6 */
		{ "57", PPP_DATA },
		{ "ff0300fd", PPP_DATA },
		{ "ff03c1", PPP_DATA }, /* 00c1, compressed */
		{ "03", PPP_DATA },
		{ "0003c021", PPP_DATA },
		{ "", PPP_DROP },
		{ "ff", PPP_DROP },
		{ "ff03", PPP_DROP },
		{ "ff04c021", PPP_DROP },
		{ "ff03ff03c021", PPP_DROP },
		{ "00ff", PPP_DROP },
		{ "00", PPP_DROP },
		{ "c0", PPP_DROP },
		{ "ff0380", PPP_DROP },
	};
	uint8_t bytes[16], *copy;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		n = from_hex(bytes, cases[i].hex);
		copy = malloc(n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, bytes, n);
		assert_int_equal(sstp_classify_ppp(copy, n), cases[i].want);
		free(copy);
	}
}

static void
test_ip_of_ppp(void **state)
{
	static const struct {
		const char *hex;
		uint16_t protocol; /* 0: none of the two */
		size_t at;
	} cases[] = {
		{ "ff030021450000", SSTP_PPP_IP, 4 },
		{ "ff0321450000", SSTP_PPP_IP, 3 },
		{ "0021450000", SSTP_PPP_IP, 2 },
		{ "21450000", SSTP_PPP_IP, 1 },
		{ "ff030057600000", SSTP_PPP_IPV6, 4 },
		{ "57600000", SSTP_PPP_IPV6, 1 },
		{ "ff030021", SSTP_PPP_IP, 4 }, /* and no packet */
		{ "ff038021", 0, 0 },
		{ "ff03002d", 0, 0 },
		{ "ff0300", 0, 0 },
		{ "ff03", 0, 0 },
		{ "", 0, 0 },
	};
	uint8_t bytes[16], *copy;
	struct sstp_ip ip;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		n = from_hex(bytes, cases[i].hex);
		copy = malloc(n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, bytes, n);
		assert_int_equal(
		    sstp_ip_of_ppp(copy, n, &ip), cases[i].protocol != 0);
		if (cases[i].protocol != 0) {
			assert_int_equal(ip.protocol, cases[i].protocol);
			assert_ptr_equal(ip.packet, copy + cases[i].at);
			assert_int_equal(ip.len, n - cases[i].at);
		}
		free(copy);
	}
}

static void
test_put_ppp_header(void **state)
{
	uint8_t header[SSTP_PPP_HEADER_LEN];

	(void)state;
	sstp_put_ppp_header(header, SSTP_PPP_IPV6);
	assert_memory_equal(header, "\xff\x03\x00\x57", sizeof(header));
}

/* --- names --------------------------------------------------------------- */

static void
test_names(void **state)
{
	unsigned int i, j;

	(void)state;
	assert_string_equal(sstp_message_name(1), "CALL_CONNECT_REQUEST");
	assert_string_equal(sstp_message_name(9), "ECHO_RESPONSE");
	assert_string_equal(sstp_message_name(0), "no message");
	assert_string_equal(sstp_message_name(10), "unknown message");
	assert_string_equal(sstp_message_name(0xffff), "unknown message");
	assert_string_equal(sstp_status_name(0), "no error");
	assert_string_equal(sstp_status_name(8), "negotiation timeout");
	assert_string_equal(
	    sstp_status_name(11), "status info not supported in message");
	assert_string_equal(sstp_status_name(12), "unknown status");
	assert_string_equal(sstp_status_name(UINT32_MAX), "unknown status");
	for (i = 0; i < 12; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(
			    sstp_status_name(i), sstp_status_name(j));
	for (i = 0; i < 10; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(sstp_message_name((uint16_t)i),
			    sstp_message_name((uint16_t)j));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_header),
		cmocka_unit_test(test_longest_packet),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_harmless_status_info),
		cmocka_unit_test(test_value_is_cut),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_call_connected),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_truncation_with_length),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_builders),
		cmocka_unit_test(test_largest_nak),
		cmocka_unit_test(test_too_little_space),
		cmocka_unit_test(test_classify_ppp),
		cmocka_unit_test(test_ip_of_ppp),
		cmocka_unit_test(test_put_ppp_header),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
