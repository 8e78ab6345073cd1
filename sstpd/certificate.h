/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What a file with a certificate and its chain says. It reads no key. */

#ifndef SSTPD_CERTIFICATE_H
#define SSTPD_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

struct certificate {
	SSL_CTX *owner;
	X509 *leaf;
	STACK_OF(X509) * chain; /* without the leaf; may be NULL */
};

/*
 * Read a PEM file, leaf first. Returns 0, and certificate_fini() is due, or -1
 * with OpenSSL's reason in *error.
 */
int certificate_read(
    struct certificate *c, const char *path, const char **error);
void certificate_fini(struct certificate *c);

/* Its subjectAltNames, separated by ", "; empty if it has none. */
void certificate_names(const X509 *leaf, char *dst, size_t cap);

/*
 * The name that clients are to dial: the first DNS name that is no wildcard,
 * else the first address. Returns false if there is none.
 */
bool certificate_first_name(const X509 *leaf, char *dst, size_t cap);

/* Whether a client that dials name, which may be an address, accepts it. */
bool certificate_fits(X509 *leaf, const char *name);

/* Whether it is its own issuer. */
bool certificate_self_signed(X509 *leaf);

/*
 * Where clients ask whether it has been revoked: URLs of lists (CRL) and of
 * responders (OCSP), separated by ", "; empty if it names none.
 */
void certificate_revocation(X509 *leaf, char *dst, size_t cap);

/*
 * Whether the chain ends in a root that this system trusts for servers, dates
 * aside. Returns X509_V_OK, or why not.
 */
int certificate_verify(const struct certificate *c);

#endif
