/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The size of a ClientHello. */

#include "tls_hello.h"

enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_HANDSHAKE = 22,
	MESSAGE_CLIENT_HELLO = 1,
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void
begin_record(struct tls_hello *h)
{
	h->record_left = (uint16_t)(h->record[3] << 8 | h->record[4]);
	if (h->record[0] == RECORD_CHANGE_CIPHER_SPEC)
		h->changed = true;
	if (h->record_left == 0)
		h->record_len = 0;
}

static bool
begin_message(struct tls_hello *h)
{
	h->size = (uint32_t)h->message[1] << 16 | (uint32_t)h->message[2] << 8 |
		  h->message[3];
	h->message_left = h->size;
	if (h->size == 0)
		h->message_len = 0;
	return h->message[0] != MESSAGE_CLIENT_HELLO ||
	       h->size <= TLS_HELLO_MAX;
}

/* Part of a record of handshakes; messages may end anywhere in it. */
static bool
messages(struct tls_hello *h, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t skip = least(n, h->message_left);

		if (h->message_len < sizeof(h->message)) {
			h->message[h->message_len++] = *p;
			skip = 1;
			if (h->message_len == sizeof(h->message) &&
			    !begin_message(h))
				return false;
		} else {
			h->message_left -= (uint32_t)skip;
			if (h->message_left == 0)
				h->message_len = 0;
		}
		p += skip;
		n -= skip;
	}
	return true;
}

bool
tls_hello_is_fair(
    struct tls_hello *h, const uint8_t *p, size_t n, bool is_tls_1_2)
{
	while (n > 0) {
		size_t take = least(n, h->record_left);

		if (h->record_len < sizeof(h->record)) {
			h->record[h->record_len++] = *p++;
			n--;
			if (h->record_len == sizeof(h->record))
				begin_record(h);
			continue;
		}
		if (h->record[0] == RECORD_HANDSHAKE &&
		    !(h->changed && is_tls_1_2) && !messages(h, p, take))
			return false;
		h->record_left -= (uint16_t)take;
		if (h->record_left == 0)
			h->record_len = 0;
		p += take;
		n -= take;
	}
	return true;
}
