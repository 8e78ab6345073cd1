/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * How large a ClientHello claims to be, RFC 8446 4. OpenSSL makes room for all
 * of it as soon as it knows, up to 128 KiB, and waits for the rest; so somebody
 * has to look before. That goes for the second one, too, which it may ask for.
 */

#ifndef SSTPD_TLS_HELLO_H
#define SSTPD_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes; such with keys that resist quantum computers have some 2000. */
enum { TLS_HELLO_MAX = 16 * 1024 };

/* Where in the records of a handshake it is; zeros to begin with. */
struct tls_hello {
	uint8_t record[5], message[4]; /* their headers */
	uint8_t record_len, message_len;
	uint16_t record_left;
	uint32_t message_left;
	bool changed; /* a ChangeCipherSpec has come */
	uint32_t size;
};

/*
 * More of what the client sends before the handshake is done. What follows a
 * ChangeCipherSpec is encrypted in TLS 1.2; in TLS 1.3 all that is in records
 * of handshakes is not. False: a ClientHello has size bytes, which is too much.
 */
bool tls_hello_is_fair(
    struct tls_hello *h, const uint8_t *p, size_t n, bool is_tls_1_2);

#endif
