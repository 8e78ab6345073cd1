/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The TLS context of a configuration: versions, ciphers, certificates and keys,
 * and the checks that tell an administrator before any client fails.
 */

#ifndef SSTPD_CREDENTIALS_H
#define SSTPD_CREDENTIALS_H

#include <openssl/ssl.h>

struct conf;
struct conf_profile;

enum { CREDENTIALS_TEXT_MAX = 512 };

/* Open descriptors of one certificate chain and its key, both PEM. */
struct credential_fds {
	int certificate;
	int key;
};

/*
 * Read both files of certificate i of a profile into sealed memory files, so
 * that workers started later use what was checked now. Returns 0, the caller
 * owning the descriptors, or -1 with one line in error.
 */
int credentials_open(const struct conf_profile *profile, unsigned int i,
    struct credential_fds *fds, char error[static CREDENTIALS_TEXT_MAX]);

/*
 * Build a server context for a profile of conf from its certificate_count
 * descriptors, which stay the caller's. But for certificates, the contexts of
 * all profiles are alike. Fails, with one line in error, when a key does not
 * match, a chain is out of order, serverAuth is excluded, two certificates have
 * the same type of key, or a list of ciphers or groups is not understood.
 */
SSL_CTX *credentials_context(const struct conf *conf,
    const struct conf_profile *profile, const struct credential_fds *fds,
    char error[static CREDENTIALS_TEXT_MAX]);

/*
 * When the first of a profile's certificates expires, in seconds since 1970; 0
 * if that cannot be told.
 */
int64_t credentials_expiry(
    const struct conf_profile *profile, const struct credential_fds *fds);

/*
 * Who is trusted on this system: some hundred certificates to read, so once for
 * all profiles. The caller's to free; NULL: out of memory.
 */
X509_STORE *credentials_trust(void);

/*
 * Tell about each of its certificates through report(): subject, names, days
 * left, and warnings (expired, no name, issuer neither sent nor trusted here).
 * warning is 1 for the latter.
 */
void credentials_report(const struct conf_profile *profile,
    const struct credential_fds *fds, X509_STORE *trust,
    void (*report)(int warning, const char *line));

#endif
