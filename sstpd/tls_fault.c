/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Why a TLS connection failed. */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "tls_fault.h"
#include "wire.h"

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, SSL2_CLIENT_HELLO = 1 };

/* --- a line of text ----------------------------------------------------------
 */

struct text {
	char *p;
	size_t cap, n;
};

static void add(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->n >= t->cap)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, t->cap - t->n, fmt, ap);
	va_end(ap);
	t->n += n > 0 ? (size_t)n : 0;
}

/* --- what the client offers --------------------------------------------------
 */

/* RFC 8701: values that mean nothing, to keep servers tolerant. */
static bool
is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* No ciphers, but signals in their list. */
static bool
is_signal(uint16_t cipher)
{
	return is_grease(cipher) || cipher == 0x00ff || cipher == 0x5600;
}

static void
read_versions(struct tls_offer *offer, SSL *ssl)
{
	struct wire_in in = { NULL, 0 };
	size_t count = 0;
	uint16_t version;
	uint8_t len;

	offer->version[0] = (uint16_t)SSL_client_hello_get0_legacy_version(ssl);
	if (SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_supported_versions, &in.p, &in.n) != 1 ||
	    !take_u8(&in, &len))
		return;
	while (count < TLS_OFFER_VERSIONS_MAX && take_be16(&in, &version))
		if (!is_grease(version))
			offer->version[count++] = version;
}

void
tls_offer_read(struct tls_offer *offer, SSL *ssl)
{
	struct wire_in in = { NULL, 0 };
	size_t count = 0;
	uint16_t cipher;

	*offer = (struct tls_offer){ 0 };
	read_versions(offer, ssl);
	/* ciphers of the form that SSL 2 had are of another size */
	if (SSL_client_hello_isv2(ssl))
		return;
	in.n = SSL_client_hello_get0_ciphers(ssl, &in.p);
	while (take_be16(&in, &cipher)) {
		if (is_signal(cipher))
			continue;
		offer->ciphers++;
		if (count < TLS_OFFER_CIPHERS_MAX)
			offer->cipher[count++] = cipher;
	}
}

static const char *
version_name(uint16_t version)
{
	switch (version) {
	case 0x0002:
		return "SSLv2";
	case SSL3_VERSION:
		return "SSLv3";
	case TLS1_VERSION:
		return "TLSv1.0";
	case TLS1_1_VERSION:
		return "TLSv1.1";
	case TLS1_2_VERSION:
		return "TLSv1.2";
	case TLS1_3_VERSION:
		return "TLSv1.3";
	default:
		return "an unknown version";
	}
}

static void
add_versions(struct text *t, const struct tls_offer *offer, SSL *ssl)
{
	long min = SSL_get_min_proto_version(ssl);
	long max = SSL_get_max_proto_version(ssl);

	add(t, "client offers %s", version_name(offer->version[0]));
	for (size_t i = 1; i < TLS_OFFER_VERSIONS_MAX && offer->version[i] != 0;
	     i++)
		add(t, ", %s", version_name(offer->version[i]));
	add(t, ", we %s to %s", version_name((uint16_t)min),
	    version_name((uint16_t)max));
}

static void
add_ciphers(struct text *t, const struct tls_offer *offer, SSL *ssl)
{
	const unsigned int n = offer->ciphers < TLS_OFFER_CIPHERS_MAX
				   ? offer->ciphers
				   : TLS_OFFER_CIPHERS_MAX;

	add(t, "client offers %s with %u ciphers (",
	    version_name(offer->version[0]), offer->ciphers);
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t wire[2] = { (uint8_t)(offer->cipher[i] >> 8),
			(uint8_t)offer->cipher[i] };
		const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, wire);

		if (i > 0)
			add(t, ", ");
		if (cipher != NULL)
			add(t, "%s", SSL_CIPHER_get_name(cipher));
		else
			add(t, "0x%04x", offer->cipher[i]);
	}
	add(t, "%s)", offer->ciphers > n ? ", ..." : "");
}

/* --- what came instead of TLS ------------------------------------------------
 */

void
tls_head_add(struct tls_head *head, const uint8_t *p, size_t n)
{
	size_t room = sizeof(head->byte) - head->n;

	if (n > room)
		n = room;
	memcpy(head->byte + head->n, p, n);
	head->n = (uint8_t)(head->n + n);
}

static bool
begins_with(const struct tls_head *head, const char *text, size_t n)
{
	return head->n >= n && memcmp(head->byte, text, n) == 0;
}

static bool
looks_like_tls(const struct tls_head *head)
{
	const uint8_t *p = head->byte;

	return (head->n >= 2 &&
		   (p[0] == RECORD_HANDSHAKE || p[0] == RECORD_ALERT) &&
		   p[1] == 3) ||
	       (head->n >= 3 && (p[0] & 0x80) && p[2] == SSL2_CLIENT_HELLO);
}

static bool
looks_like_http(const struct tls_head *head)
{
	static const char *const methods[] = { "GET ", "POST ", "HEAD ", "PUT ",
		"OPTIONS ", "CONNECT ", "DELETE ", "PRI * ", "SSTP_DUPLEX" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (begins_with(head, methods[i], strlen(methods[i])))
			return true;
	return false;
}

static bool
looks_like_proxy_header(const struct tls_head *head)
{
	return begins_with(head, "PROXY ", 6) ||
	       begins_with(head, "\r\n\r\n\0\r\nQUIT\n", 12);
}

static enum end_cause
stranger(const struct tls_head *head, const char *words, struct text *t)
{
	bool http = looks_like_http(head);

	if (http || looks_like_proxy_header(head)) {
		add(t, "%s", words);
		return http ? CAUSE_TLS_PLAIN_HTTP : CAUSE_TLS_PROXY_HEADER;
	}
	if (begins_with(head, "SSH-", 4)) {
		add(t, "it is SSH");
	} else if (begins_with(head, "\3\0\0", 3)) {
		add(t, "it may be Remote Desktop");
	} else {
		add(t, "it begins with ");
		for (unsigned int i = 0; i < head->n; i++)
			add(t, "%02x", head->byte[i]);
	}
	return CAUSE_TLS_NOT_TLS;
}

/* --- causes ------------------------------------------------------------------
 */

static enum end_cause
by_alert(int alert, struct text *t)
{
	add(t, "alert \"%s\"", SSL_alert_desc_string_long(alert));
	switch (alert) {
	case SSL_AD_CERTIFICATE_EXPIRED:
		return CAUSE_TLS_CERTIFICATE_EXPIRED;
	case SSL_AD_UNKNOWN_CA:
		return CAUSE_TLS_CERTIFICATE_UNTRUSTED;
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
		return CAUSE_TLS_CERTIFICATE_REJECTED;
	default:
		return CAUSE_TLS_CLIENT_ALERT;
	}
}

static enum end_cause
by_reason(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_INAPPROPRIATE_FALLBACK:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_WRONG_VERSION_NUMBER:
		return CAUSE_TLS_NO_SHARED_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_CIPHERS_SPECIFIED:
		return CAUSE_TLS_NO_SHARED_CIPHER;
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_GROUPS:
		return CAUSE_TLS_NO_SHARED_GROUP;
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		return CAUSE_TLS_NO_SHARED_SIGNATURE;
	default:
		return CAUSE_TLS_FAILED;
	}
}

/* TLS 1.2 then has no cipher to choose, and says only that. */
static bool
no_shared_group(SSL *ssl)
{
	return SSL_get1_groups(ssl, NULL) > 0 &&
	       SSL_get_shared_group(ssl, -1) == 0;
}

enum end_cause
tls_fault(unsigned long error, const struct tls_head *head,
    const struct tls_offer *offer, SSL *ssl, char *text, size_t cap)
{
	int reason = ERR_GET_REASON(error);
	const char *words = ERR_reason_error_string(error);
	struct text t = { text, cap, 0 };
	enum end_cause cause;

	text[0] = '\0';
	if (words == NULL)
		words = "queue of data to be sent is full";
	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		reason = 0;
	if (!looks_like_tls(head))
		return stranger(head, words, &t);
	if (reason > SSL_AD_REASON_OFFSET &&
	    reason <= SSL_AD_REASON_OFFSET + 255)
		return by_alert(reason - SSL_AD_REASON_OFFSET, &t);
	cause = by_reason(reason);
	if (cause == CAUSE_TLS_NO_SHARED_CIPHER && no_shared_group(ssl))
		cause = CAUSE_TLS_NO_SHARED_GROUP;
	/* without a ClientHello there is nothing to compare */
	if (offer->version[0] == 0)
		cause = CAUSE_TLS_FAILED;
	if (cause == CAUSE_TLS_NO_SHARED_VERSION)
		add_versions(&t, offer, ssl);
	else if (cause == CAUSE_TLS_NO_SHARED_CIPHER)
		add_ciphers(&t, offer, ssl);
	else
		add(&t, "%s", words);
	return cause;
}

enum end_cause
tls_socket_fault(int error, char *text, size_t cap)
{
	struct text t = { text, cap, 0 };

	add(&t, "%s", strerror(error));
	switch (error) {
	case ECONNRESET:
	case EPIPE:
		return CAUSE_TCP_RESET;
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return CAUSE_TCP_TIMEOUT;
	default:
		return CAUSE_TCP_FAILED;
	}
}
