/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Why a TLS connection failed, in words: what the client offered against what
 * is configured, what its alerts mean, and what came instead of TLS.
 */

#ifndef SSTPD_TLS_FAULT_H
#define SSTPD_TLS_FAULT_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#include "cause.h"

enum {
	TLS_HEAD_MAX = 12, /* tells a PROXY header from all else */
	TLS_OFFER_VERSIONS_MAX = 6,
	TLS_OFFER_CIPHERS_MAX = 6,
};

/* What a ClientHello offers; versions and ciphers as on the wire. */
struct tls_offer {
	uint16_t version[TLS_OFFER_VERSIONS_MAX]; /* 0 where the list ends */
	uint16_t cipher[TLS_OFFER_CIPHERS_MAX];	  /* the first ones */
	uint16_t ciphers; /* how many it has; 0: no ClientHello came */
};

/* The first bytes of a connection. */
struct tls_head {
	uint8_t byte[TLS_HEAD_MAX];
	uint8_t n;
};

/* Of a ClientHello; to be called from a SSL_CTX_set_client_hello_cb() hook. */
void tls_offer_read(struct tls_offer *offer, SSL *ssl);

/* Keep the first bytes of all that arrives. */
void tls_head_add(struct tls_head *head, const uint8_t *p, size_t n);

/*
 * The cause of a failure by OpenSSL's error code (0: none), with details in
 * text, which is cut to cap bytes.
 */
enum end_cause tls_fault(unsigned long error, const struct tls_head *head,
    const struct tls_offer *offer, SSL *ssl, char *text, size_t cap);

/* The cause of a failed system call on the socket, text as above. */
enum end_cause tls_socket_fault(int error, char *text, size_t cap);

#endif
