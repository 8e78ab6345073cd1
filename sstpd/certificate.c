/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Reading certificates. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate.h"

int
certificate_read(struct certificate *c, const char *path, const char **error)
{
	*c = (struct certificate){ .owner = SSL_CTX_new(TLS_server_method()) };
	if (c->owner != NULL &&
	    SSL_CTX_use_certificate_chain_file(c->owner, path) == 1) {
		c->leaf = SSL_CTX_get0_certificate(c->owner);
		SSL_CTX_get0_chain_certs(c->owner, &c->chain);
		return 0;
	}
	*error = ERR_reason_error_string(ERR_peek_last_error());
	if (*error == NULL)
		*error = "cannot be read";
	ERR_clear_error();
	certificate_fini(c);
	return -1;
}

void
certificate_fini(struct certificate *c)
{
	SSL_CTX_free(c->owner);
	*c = (struct certificate){ 0 };
}

/* Add to a list, if there is room. */
static void
append(char *dst, size_t cap, const char *text, int n)
{
	size_t used = strlen(dst);

	if (n > 0 && used + (size_t)n + 3 < cap)
		snprintf(dst + used, cap - used, "%s%.*s", used > 0 ? ", " : "",
		    n, text);
}

void
certificate_names(const X509 *leaf, char *dst, size_t cap)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	dst[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		BIO *bio = BIO_new(BIO_s_mem());
		char *text;
		long n;

		if (bio == NULL)
			break;
		GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
		n = BIO_get_mem_data(bio, &text);
		append(dst, cap, text, (int)n);
		BIO_free(bio);
	}
	GENERAL_NAMES_free(names);
}

static bool
copy_dns(const GENERAL_NAME *name, char *dst, size_t cap)
{
	const ASN1_IA5STRING *text = name->d.dNSName;
	int n = ASN1_STRING_length(text);
	const char *p = (const char *)ASN1_STRING_get0_data(text);

	if (n <= 0 || (size_t)n >= cap || memchr(p, '*', (size_t)n) != NULL ||
	    memchr(p, '\0', (size_t)n) != NULL)
		return false;
	memcpy(dst, p, (size_t)n);
	dst[n] = '\0';
	return true;
}

static bool
copy_address(const GENERAL_NAME *name, char *dst, size_t cap)
{
	const ASN1_OCTET_STRING *address = name->d.iPAddress;
	int n = ASN1_STRING_length(address);

	if (n != 4 && n != 16)
		return false;
	return inet_ntop(n == 4 ? AF_INET : AF_INET6,
		   ASN1_STRING_get0_data(address), dst, (socklen_t)cap) != NULL;
}

bool
certificate_first_name(const X509 *leaf, char *dst, size_t cap)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int n = sk_GENERAL_NAME_num(names);
	bool found = false;

	for (int i = 0; i < n && !found; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found = name->type == GEN_DNS && copy_dns(name, dst, cap);
	}
	for (int i = 0; i < n && !found; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found = name->type == GEN_IPADD && copy_address(name, dst, cap);
	}
	GENERAL_NAMES_free(names);
	return found;
}

bool
certificate_fits(X509 *leaf, const char *name)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return X509_check_ip_asc(leaf, name, 0) == 1;
	return X509_check_host(leaf, name, 0, 0, NULL) == 1;
}

bool
certificate_self_signed(X509 *leaf)
{
	return X509_self_signed(leaf, 0) == 1;
}

static void
append_points(const DIST_POINT *point, char *dst, size_t cap)
{
	const GENERAL_NAMES *names;

	if (point->distpoint == NULL || point->distpoint->type != 0)
		return;
	names = point->distpoint->name.fullname;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI)
			append(dst, cap,
			    (const char *)ASN1_STRING_get0_data(
				name->d.uniformResourceIdentifier),
			    ASN1_STRING_length(
				name->d.uniformResourceIdentifier));
	}
}

void
certificate_revocation(X509 *leaf, char *dst, size_t cap)
{
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(leaf, NID_crl_distribution_points, NULL, NULL);
	STACK_OF(OPENSSL_STRING) *responders = X509_get1_ocsp(leaf);

	dst[0] = '\0';
	for (int i = 0; i < sk_DIST_POINT_num(points); i++)
		append_points(sk_DIST_POINT_value(points, i), dst, cap);
	for (int i = 0; i < sk_OPENSSL_STRING_num(responders); i++) {
		const char *url = sk_OPENSSL_STRING_value(responders, i);

		append(dst, cap, url, (int)strlen(url));
	}
	X509_email_free(responders);
	CRL_DIST_POINTS_free(points);
}

int
certificate_verify(const struct certificate *c)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int verdict = X509_V_ERR_UNSPECIFIED;

	if (store != NULL && ctx != NULL &&
	    X509_STORE_set_default_paths(store) == 1 &&
	    X509_STORE_CTX_init(ctx, store, c->leaf, c->chain) == 1) {
		X509_STORE_CTX_set_default(ctx, "ssl_server");
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
		verdict = X509_verify_cert(ctx) == 1
			      ? X509_V_OK
			      : X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return verdict;
}
