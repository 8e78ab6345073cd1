/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A client's TLS. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_client.h"

/* --- connections --- */

static void
say_why(char why[TLS_TEXT_MAX], const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(why, TLS_TEXT_MAX, "%s: %s", what,
	    reason != NULL ? reason : "failed");
}

/*
 * Verification must not end a handshake: what is wrong with a certificate shall
 * be told, together with the rest of it. tls_client_judge() has the verdict.
 */
SSL_CTX *
tls_client_context(
    const char *ca_file, int version, char why[static TLS_TEXT_MAX])
{
	SSL_CTX *ctx;
	int ok;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL) {
		say_why(why, "TLS");
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_min_proto_version(
	    ctx, version != 0 ? version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (ca_file != NULL)
		ok = SSL_CTX_load_verify_file(ctx, ca_file);
	else
		ok = SSL_CTX_set_default_verify_paths(ctx);
	if (ok == 1)
		return ctx;
	say_why(why, ca_file != NULL ? ca_file : "trusted certificates");
	SSL_CTX_free(ctx);
	return NULL;
}

bool
tls_client_is_address(const char *name)
{
	uint8_t address[16];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

int
tls_client_init(struct tls *tls, SSL_CTX *ctx, int fd, const char *name)
{
	if (tls_init(tls, ctx, fd, NULL, NULL) != 0)
		return -1;
	tls_trust(tls); /* whom we have called ourselves */
	SSL_set_connect_state(tls->ssl);
	if (tls_client_is_address(name) ||
	    SSL_set_tlsext_host_name(tls->ssl, name) == 1)
		return 0;
	tls_fini(tls);
	return -1;
}

/* --- verdicts --- */

bool
tls_client_hashes(
    const struct tls *tls, uint8_t sha1[static 20], uint8_t sha256[static 32])
{
	const X509 *leaf = SSL_get0_peer_certificate(tls->ssl);

	return leaf != NULL && X509_digest(leaf, EVP_sha1(), sha1, NULL) == 1 &&
	       X509_digest(leaf, EVP_sha256(), sha256, NULL) == 1;
}

void
tls_client_judge(
    const struct tls *tls, const char *name, struct tls_verdict *verdict)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	long result = SSL_get_verify_result(tls->ssl);

	*verdict = (struct tls_verdict){ 0 };
	snprintf(verdict->chain, sizeof(verdict->chain), "%s",
	    leaf == NULL ? "no certificate"
			 : X509_verify_cert_error_string(result));
	if (leaf == NULL)
		return;
	verdict->chain_ok = result == X509_V_OK;
	if (tls_client_is_address(name))
		verdict->name_ok = X509_check_ip_asc(leaf, name, 0) == 1;
	else
		verdict->name_ok = X509_check_host(leaf, name, 0, 0, NULL) == 1;
}

/* --- facts --- */

/* What is not printable becomes '?', as does what has a meaning in our output.
 */
static void
keep(char *dst, size_t cap, const void *text, size_t n)
{
	const unsigned char *p = text;
	size_t i;

	for (i = 0; i < n && i + 1 < cap; i++)
		dst[i] = p[i] >= ' ' && p[i] < 0x7f && p[i] != '|' ? (char)p[i]
								   : '?';
	dst[i] = '\0';
}

static void
keep_subject(char dst[TLS_TEXT_MAX], const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	dst[0] = '\0';
	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		n = BIO_get_mem_data(bio, &text);
		keep(dst, TLS_TEXT_MAX, text, n > 0 ? (size_t)n : 0);
	}
	BIO_free(bio);
}

static void
keep_date(char dst[TLS_DATE_MAX], const ASN1_TIME *date)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(date, &tm) != 1 ||
	    strftime(dst, TLS_DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		dst[0] = '\0';
}

static void
keep_name(struct tls_facts *facts, const GENERAL_NAME *name)
{
	char *dst = facts->name[facts->names];
	const ASN1_STRING *text;

	switch (name->type) {
	case GEN_DNS:
		text = name->d.dNSName;
		keep(dst, TLS_NAME_MAX, ASN1_STRING_get0_data(text),
		    (size_t)ASN1_STRING_length(text));
		break;
	case GEN_IPADD:
		text = name->d.iPAddress;
		if (ASN1_STRING_length(text) != 4 &&
		    ASN1_STRING_length(text) != 16)
			return;
		inet_ntop(ASN1_STRING_length(text) == 4 ? AF_INET : AF_INET6,
		    ASN1_STRING_get0_data(text), dst, TLS_NAME_MAX);
		break;
	default:
		return;
	}
	facts->names++;
}

static void
keep_names(struct tls_facts *facts, const X509 *leaf)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (facts->names == TLS_NAMES_MAX)
			break;
		keep_name(facts, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
}

static void
keep_hash(struct tls_facts *facts, const X509 *leaf)
{
	uint8_t sha256[32];

	if (X509_digest(leaf, EVP_sha256(), sha256, NULL) != 1)
		return;
	for (size_t i = 0; i < sizeof(sha256); i++)
		snprintf(facts->sha256 + 2 * i, 3, "%02x", sha256[i]);
}

void
tls_client_describe(const struct tls *tls, struct tls_facts *facts)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	const EVP_PKEY *key;
	int days = 0, seconds = 0;

	*facts = (struct tls_facts){ 0 };
	if (leaf == NULL)
		return;
	keep_subject(facts->subject, X509_get_subject_name(leaf));
	keep_subject(facts->issuer, X509_get_issuer_name(leaf));
	keep_names(facts, leaf);
	keep_date(facts->not_before, X509_get0_notBefore(leaf));
	keep_date(facts->not_after, X509_get0_notAfter(leaf));
	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf)) ==
	    1)
		facts->seconds_left = (int64_t)days * 86400 + seconds;
	keep_hash(facts, leaf);
	key = X509_get0_pubkey(leaf);
	if (key != NULL)
		snprintf(facts->key, sizeof(facts->key), "%.20s %d",
		    EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
}
