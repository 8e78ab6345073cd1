/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Any stream is cut into packets within bounds; any refusal can be answered. */

#include <string.h>

#include "fuzz.h"
#include "sstp.h"

static void
check_control(const struct sstp_packet *packet)
{
	struct sstp_control control, again;
	struct sstp_packet parsed;
	uint8_t nak[SSTP_PACKET_MAX];
	size_t n;

	sstp_parse_control(packet, &control);
	require(sstp_message_name(control.type) != NULL);
	require(sstp_status_name(control.status) != NULL);
	require(control.info_count <= SSTP_NAK_INFOS_MAX);
	if (control.type == SSTP_MSG_CALL_CONNECT_REQUEST)
		require((control.verdict == SSTP_REFUSE) ==
			(control.info_count > 0));
	else
		require(control.info_count == 0);
	if (control.type == SSTP_MSG_CALL_CONNECTED &&
	    control.verdict == SSTP_GOOD)
		require(packet->len == SSTP_CALL_CONNECTED_LEN);
	n = sstp_build_nak(nak, sizeof(nak), control.info, control.info_count);
	require(n >= SSTP_CONTROL_HEADER_LEN);
	require(sstp_parse_packet(nak, n, &parsed) == (ssize_t)n);
	sstp_parse_control(&parsed, &again);
	require(again.type == SSTP_MSG_CALL_CONNECT_NAK);
	require(again.verdict == SSTP_GOOD);
}

/* FF 03 may be left out, so the gate must not care. */
static void
check_class(const uint8_t *frame, size_t n)
{
	uint8_t with[SSTP_PAYLOAD_MAX + 2] = { 0xff, 0x03 };
	enum ppp_class class = sstp_classify_ppp(frame, n);

	if (n >= 2 && frame[0] == 0xff && frame[1] == 0x03)
		return;
	memcpy(with + 2, frame, n);
	require(sstp_classify_ppp(with, n + 2) == class);
	require(n > 0 || class == PPP_DROP);
}

/* Whatever the reserved bits of header and Length, [MS-SSTP] 2.2.1 */
static void
check_reserved_bits(const uint8_t *data, size_t len)
{
	uint8_t other[SSTP_PACKET_MAX];
	struct sstp_packet a, b;

	memcpy(other, data, len);
	other[1] ^= 0xfe;
	other[2] ^= 0xf0;
	require(sstp_parse_packet(data, len, &a) == (ssize_t)len);
	require(sstp_parse_packet(other, len, &b) == (ssize_t)len);
	require(a.control == b.control && a.payload_len == b.payload_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sstp_packet packet;
	uint8_t header[SSTP_HEADER_LEN];
	ssize_t len;

	for (; size > 0; data += len, size -= (size_t)len) {
		len = sstp_parse_packet(data, size, &packet);
		if (len <= 0)
			break;
		require(len >= SSTP_HEADER_LEN && (size_t)len <= size);
		require(len <= SSTP_PACKET_MAX);
		require(sstp_parse_packet(data, (size_t)len, &packet) == len);
		require(sstp_parse_packet(data, (size_t)len - 1, &packet) == 0);
		check_reserved_bits(data, (size_t)len);
		require(sstp_parse_packet(data, (size_t)len, &packet) == len);
		if (packet.control) {
			check_control(&packet);
			continue;
		}
		check_class(packet.payload, packet.payload_len);
		sstp_put_data_header(header, packet.payload_len);
		require(sstp_parse_packet(header, sizeof(header), &packet) ==
			(len == SSTP_HEADER_LEN ? len : 0));
	}
	return 0;
}
