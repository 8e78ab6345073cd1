/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Any stream is cut into packets within bounds; any refusal can be answered. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sstp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_control(const struct sstp_packet *packet)
{
	struct sstp_control control, again;
	struct sstp_packet parsed;
	uint8_t nak[SSTP_PACKET_MAX];
	size_t n;

	sstp_parse_control(packet, &control);
	check(sstp_message_name(control.type) != NULL);
	check(sstp_status_name(control.status) != NULL);
	check(control.info_count <= SSTP_NAK_INFOS_MAX);
	if (control.type == SSTP_MSG_CALL_CONNECT_REQUEST)
		check((control.verdict == SSTP_REFUSE) ==
		      (control.info_count > 0));
	else
		check(control.info_count == 0);
	if (control.type == SSTP_MSG_CALL_CONNECTED &&
	    control.verdict == SSTP_GOOD)
		check(packet->len == SSTP_CALL_CONNECTED_LEN);
	n = sstp_build_nak(nak, sizeof(nak), control.info, control.info_count);
	check(n >= SSTP_CONTROL_HEADER_LEN);
	check(sstp_parse_packet(nak, n, &parsed) == (ssize_t)n);
	sstp_parse_control(&parsed, &again);
	check(again.type == SSTP_MSG_CALL_CONNECT_NAK);
	check(again.verdict == SSTP_GOOD);
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
		check(len >= SSTP_HEADER_LEN && (size_t)len <= size);
		check(len <= SSTP_PACKET_MAX);
		check(sstp_parse_packet(data, (size_t)len, &packet) == len);
		check(sstp_parse_packet(data, (size_t)len - 1, &packet) == 0);
		if (packet.control) {
			check_control(&packet);
			continue;
		}
		sstp_classify_ppp(packet.payload, packet.payload_len);
		sstp_put_data_header(header, packet.payload_len);
		check(sstp_parse_packet(header, sizeof(header), &packet) ==
		      (len == SSTP_HEADER_LEN ? len : 0));
	}
	return 0;
}
