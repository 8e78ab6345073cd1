/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The TLS context of a configuration. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "conf.h"
#include "credentials.h"

enum {
	PEM_FILE_MAX = 1 << 20,
	CHAIN_MAX = 10, /* certificates in one file */
};

/* A certificate file as read: leaf, intermediates in order, key. */
struct pair {
	X509 *leaf;
	STACK_OF(X509) * chain; /* without the leaf */
	EVP_PKEY *key;
};

static int __attribute__((format(printf, 2, 3)))
fail(char *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, CREDENTIALS_TEXT_MAX, fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return -1;
}

/* What OpenSSL complained about, in a few words. */
static const char *
ssl_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "unknown error";
}

/* --- files -------------------------------------------------------------------
 */

static int
copy_to_memory(const char *path, char *error)
{
	char block[4096];
	size_t total = 0;
	ssize_t n;
	int in, out = -1;

	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fail(error, "%s: %s", path, strerror(errno));
	out = memfd_create("pem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (out < 0)
		goto fail;
	while ((n = read(in, block, sizeof(block))) > 0) {
		total += (size_t)n;
		if (total > PEM_FILE_MAX) {
			errno = EFBIG;
			goto fail;
		}
		if (write(out, block, (size_t)n) != n)
			goto fail;
	}
	if (n < 0 ||
	    fcntl(out, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
		goto fail;
	OPENSSL_cleanse(block, sizeof(block));
	close(in);
	return out;
fail:
	fail(error, "%s: %s", path, strerror(errno));
	OPENSSL_cleanse(block, sizeof(block));
	close(in);
	if (out >= 0)
		close(out);
	return -1;
}

int
credentials_open(const struct conf_profile *profile, unsigned int i,
    struct credential_fds *fds, char error[static CREDENTIALS_TEXT_MAX])
{
	struct stat st;

	fds->certificate = copy_to_memory(profile->certificate[i], error);
	if (fds->certificate < 0)
		return -1;
	fds->key = copy_to_memory(profile->private_key[i], error);
	if (fds->key < 0) {
		close(fds->certificate);
		return -1;
	}
	if (stat(profile->private_key[i], &st) == 0 && (st.st_mode & 07) != 0) {
		close(fds->certificate);
		close(fds->key);
		return fail(error,
		    "%s: readable by everyone: chmod 600, and make a new key",
		    profile->private_key[i]);
	}
	return 0;
}

/* A BIO over the whole file; descriptors are shared, so no file offset is. */
static BIO *
open_bio(int fd, void **map, size_t *len)
{
	struct stat st;
	BIO *bio;

	if (fstat(fd, &st) != 0 || st.st_size == 0)
		return NULL;
	*len = (size_t)st.st_size;
	*map = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (*map == MAP_FAILED)
		return NULL;
	bio = BIO_new_mem_buf(*map, (int)*len);
	if (bio == NULL)
		munmap(*map, *len);
	return bio;
}

static void
close_bio(BIO *bio, void *map, size_t len)
{
	BIO_free(bio);
	munmap(map, len);
}

/* A key that wants a passphrase cannot be used by a daemon. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(int *)arg = 1;
	return -1;
}

static int
read_chain(struct pair *pair, int fd, const char *path, char *error)
{
	void *map;
	size_t len;
	X509 *x;
	BIO *bio = open_bio(fd, &map, &len);

	if (bio == NULL)
		return fail(error, "%s: empty or unreadable", path);
	pair->chain = sk_X509_new_null();
	while (sk_X509_num(pair->chain) < CHAIN_MAX &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (pair->leaf == NULL)
			pair->leaf = x;
		else if (!sk_X509_push(pair->chain, x))
			X509_free(x);
	}
	close_bio(bio, map, len);
	if (pair->leaf == NULL)
		return fail(error, "%s: no certificate in PEM form in it (%s)",
		    path, ssl_reason());
	ERR_clear_error(); /* the loop ends with "no start line" */
	return 0;
}

static int
read_key(struct pair *pair, int fd, const char *path, char *error)
{
	int encrypted = 0;
	void *map;
	size_t len;
	BIO *bio = open_bio(fd, &map, &len);

	if (bio == NULL)
		return fail(error, "%s: empty or unreadable", path);
	pair->key =
	    PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted);
	close_bio(bio, map, len);
	if (encrypted)
		return fail(error,
		    "%s: protected by a passphrase: store the key without one",
		    path);
	if (pair->key == NULL)
		return fail(error, "%s: no private key in PEM form in it (%s)",
		    path, ssl_reason());
	return 0;
}

static void
pair_free(struct pair *pair)
{
	X509_free(pair->leaf);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	*pair = (struct pair){ 0 };
}

static int
pair_read(struct pair *pair, const struct conf_profile *profile, unsigned int i,
    const struct credential_fds *fds, char *error)
{
	*pair = (struct pair){ 0 };
	if (read_chain(
		pair, fds->certificate, profile->certificate[i], error) == 0 &&
	    read_key(pair, fds->key, profile->private_key[i], error) == 0)
		return 0;
	pair_free(pair);
	return -1;
}

/* --- checks ------------------------------------------------------------------
 */

static int
pair_check(const struct pair *pair, const char *path, const char *key_path,
    char *error)
{
	const X509 *child = pair->leaf;
	uint32_t usage = X509_get_extended_key_usage(pair->leaf);

	if (X509_check_private_key(pair->leaf, pair->key) != 1)
		return fail(error, "%s: not the key of %s", key_path, path);
	/* UINT32_MAX: the extension is absent, so every use is allowed */
	if (usage != UINT32_MAX && !(usage & (XKU_SSL_SERVER | XKU_ANYEKU)))
		return fail(error,
		    "%s: extended key usage lacks serverAuth, so every client "
		    "would refuse it",
		    path);
	for (int i = 0; i < sk_X509_num(pair->chain); i++) {
		X509 *issuer = sk_X509_value(pair->chain, i);

		if (X509_NAME_cmp(X509_get_issuer_name(child),
			X509_get_subject_name(issuer)) != 0)
			return fail(error,
			    "%s: certificate %d did not issue the one before "
			    "it: order them leaf first, then its issuer",
			    path, i + 2);
		child = issuer;
	}
	return 0;
}

X509_STORE *
credentials_trust(void)
{
	X509_STORE *store = X509_STORE_new();

	if (store != NULL && X509_STORE_set_default_paths(store) == 1)
		return store;
	X509_STORE_free(store);
	ERR_clear_error();
	return NULL;
}

/* Whether the chain ends in something this system trusts, or in itself. */
static int
chain_verdict(const struct pair *pair, X509_STORE *trust)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int verdict = X509_V_ERR_UNSPECIFIED;

	if (trust != NULL && ctx != NULL &&
	    X509_STORE_CTX_init(ctx, trust, pair->leaf, pair->chain) == 1) {
		if (X509_verify_cert(ctx) == 1)
			verdict = X509_V_OK;
		else
			verdict = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return verdict;
}

static void
pair_report(const struct pair *pair, const char *path, X509_STORE *trust,
    void (*report)(int warning, const char *line))
{
	char line[1024], names[512], *subject;
	int days = 0, seconds = 0, verdict = chain_verdict(pair, trust);

	subject = X509_NAME_oneline(X509_get_subject_name(pair->leaf), NULL, 0);
	certificate_names(pair->leaf, names, sizeof(names));
	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(pair->leaf));
	snprintf(line, sizeof(line),
	    "tls: certificate %s: subject %s, names %s, %d days left", path,
	    subject != NULL ? subject : "?", names[0] ? names : "none", days);
	report(0, line);
	OPENSSL_free(subject);
	if (names[0] == '\0') {
		snprintf(line, sizeof(line),
		    "tls: certificate %s has no subjectAltName: clients "
		    "compare the name they dial with it",
		    path);
		report(1, line);
	}
	if (days < 0 || seconds < 0) {
		snprintf(line, sizeof(line),
		    "tls: certificate %s has expired: clients will refuse it",
		    path);
		report(1, line);
	}
	if (verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE) {
		snprintf(line, sizeof(line),
		    "tls: certificate %s: the issuer of the last certificate "
		    "in the file is not trusted on this system: if it is an "
		    "intermediate, append it to the file",
		    path);
		report(1, line);
	}
}

void
credentials_report(const struct conf_profile *profile,
    const struct credential_fds *fds, X509_STORE *trust,
    void (*report)(int warning, const char *line))
{
	char error[CREDENTIALS_TEXT_MAX];
	struct pair pair;

	for (unsigned int i = 0; i < profile->certificate_count; i++) {
		if (pair_read(&pair, profile, i, &fds[i], error) != 0)
			continue; /* credentials_context() told */
		pair_report(&pair, profile->certificate[i], trust, report);
		pair_free(&pair);
	}
}

int64_t
credentials_expiry(
    const struct conf_profile *profile, const struct credential_fds *fds)
{
	char error[CREDENTIALS_TEXT_MAX];
	int64_t first = 0, now = time(NULL);
	struct pair pair;

	for (unsigned int i = 0; i < profile->certificate_count; i++) {
		int days = 0, seconds = 0;
		int64_t end;

		if (pair_read(&pair, profile, i, &fds[i], error) != 0)
			continue;
		ASN1_TIME_diff(
		    &days, &seconds, NULL, X509_get0_notAfter(pair.leaf));
		pair_free(&pair);
		end = now + (int64_t)days * 86400 + seconds;
		if (first == 0 || end < first)
			first = end;
	}
	return first;
}

/* --- the context -------------------------------------------------------------
 */

static int
use_pair(SSL_CTX *ctx, const struct conf_profile *profile, unsigned int i,
    const struct credential_fds *fds, char *error)
{
	const char *path = profile->certificate[i];
	struct pair pair;
	int ret = -1;

	if (pair_read(&pair, profile, i, fds, error) != 0)
		return -1;
	if (pair_check(&pair, path, profile->private_key[i], error) != 0)
		goto out;
	/* no override: a second certificate of the same type is refused */
	if (SSL_CTX_use_cert_and_key(ctx, pair.leaf, pair.key, pair.chain, 0) !=
	    1) {
		if (ERR_GET_REASON(ERR_peek_last_error()) ==
		    SSL_R_NOT_REPLACING_CERTIFICATE)
			fail(error,
			    "%s: another certificate has the same type of key: "
			    "one RSA and one ECDSA can be given",
			    path);
		else
			fail(error, "%s: %s", path, ssl_reason());
		goto out;
	}
	ret = 0;
out:
	pair_free(&pair);
	return ret;
}

static int
set_protocol(SSL_CTX *ctx, const struct conf *conf, char *error)
{
	static const int versions[] = {
		[CONF_TLS_1_2] = TLS1_2_VERSION,
		[CONF_TLS_1_3] = TLS1_3_VERSION,
	};

	SSL_CTX_set_min_proto_version(ctx, versions[conf->min_version]);
	SSL_CTX_set_max_proto_version(ctx, versions[conf->max_version]);
	if (SSL_CTX_set_cipher_list(ctx, conf->ciphers) != 1)
		return fail(error, "[tls] ciphers: \"%s\" names no cipher",
		    conf->ciphers);
	if (SSL_CTX_set_ciphersuites(ctx, conf->ciphersuites) != 1)
		return fail(error,
		    "[tls] ciphersuites: \"%s\" is not a list of TLS 1.3 "
		    "cipher suites",
		    conf->ciphersuites);
	if (SSL_CTX_set1_groups_list(ctx, conf->groups) != 1)
		return fail(error,
		    "[tls] groups: \"%s\" is not a list of groups",
		    conf->groups);
	/*
	 * Resumption would let a client bind to a certificate that has been
	 * replaced since (no certificate is sent then), so there is none.
	 */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	return 0;
}

SSL_CTX *
credentials_context(const struct conf *conf, const struct conf_profile *profile,
    const struct credential_fds *fds, char error[static CREDENTIALS_TEXT_MAX])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		fail(error, "OpenSSL: %s", ssl_reason());
		return NULL;
	}
	if (set_protocol(ctx, conf, error) != 0)
		goto fail;
	/* the second line: there is no resumption, least of all across them */
	if (SSL_CTX_set_session_id_context(ctx,
		(const unsigned char *)profile->name,
		(unsigned int)strnlen(profile->name, SSL_MAX_SID_CTX_LENGTH)) !=
	    1) {
		fail(error, "OpenSSL: %s", ssl_reason());
		goto fail;
	}
	for (unsigned int i = 0; i < profile->certificate_count; i++)
		if (use_pair(ctx, profile, i, &fds[i], error) != 0)
			goto fail;
	return ctx;
fail:
	SSL_CTX_free(ctx);
	return NULL;
}
