/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a client's TLS has beyond tls.h: trust, names, and what there is to say
 * about a server's certificate.
 */

#ifndef SSTP_PROBE_TLS_CLIENT_H
#define SSTP_PROBE_TLS_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls.h"

enum {
	TLS_TEXT_MAX = 256,
	TLS_NAMES_MAX = 32, /* of a certificate that we keep */
	TLS_NAME_MAX = 128,
	TLS_DATE_MAX = 24,
};

struct tls_verdict {
	bool chain_ok; /* up to a trusted root, dates included */
	bool name_ok;
	char chain[TLS_TEXT_MAX]; /* why not, or "ok" */
};

/* All texts are printable ASCII. */
struct tls_facts {
	char subject[TLS_TEXT_MAX], issuer[TLS_TEXT_MAX];
	unsigned int names; /* kept; there may have been more */
	char name[TLS_NAMES_MAX][TLS_NAME_MAX];
	char not_before[TLS_DATE_MAX], not_after[TLS_DATE_MAX]; /* RFC 3339 */
	int64_t seconds_left; /* negative: expired */
	char sha256[2 * 32 + 1];
	char key[32]; /* "RSA 2048" */
};

/*
 * ca_file NULL: what the system trusts. version is 0 for what OpenSSL has from
 * 1.2 on, or TLS1_2_VERSION, TLS1_3_VERSION. NULL with *why set on failure.
 */
SSL_CTX *tls_client_context(
    const char *ca_file, int version, char why[static TLS_TEXT_MAX]);

/* As tls_init(), for a client that asks for name, if that is no address. */
int tls_client_init(struct tls *tls, SSL_CTX *ctx, int fd, const char *name);

/* After the handshake. The first is false if there is no certificate. */
bool tls_client_hashes(
    const struct tls *tls, uint8_t sha1[static 20], uint8_t sha256[static 32]);
void tls_client_judge(
    const struct tls *tls, const char *name, struct tls_verdict *verdict);
void tls_client_describe(const struct tls *tls, struct tls_facts *facts);

bool tls_client_is_address(const char *name);

#endif
