/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One TLS connection. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "tls.h"

static BIO_METHOD *method;

static enum tls_result
queue_failed(struct tls *tls)
{
	tls->fault =
	    errno == ENOBUFS ? CAUSE_LIMIT_BUFFERS : CAUSE_SERVER_FAILED;
	snprintf(tls->why, sizeof(tls->why), "%s",
	    errno == ENOBUFS ? "max-buffers" : "out of memory");
	return TLS_FAIL;
}

static void
not_reading(struct tls *tls)
{
	tls->fault = CAUSE_CLIENT_NOT_READING;
	snprintf(tls->why, sizeof(tls->why),
	    "client does not read what it asks for");
}

/* --- the BIO between OpenSSL and our queues ----------------------------------
 */

static bool
check_hello(struct tls *tls, size_t n)
{
	bool is_tls_1_2 = SSL_version(tls->ssl) == TLS1_2_VERSION;

	if (tls_hello_is_fair(&tls->hello, buf_bytes(&tls->in), n, is_tls_1_2))
		return true;
	tls->in_refused = true;
	tls->fault = CAUSE_TLS_FAILED;
	snprintf(tls->why, sizeof(tls->why),
	    "ClientHello of %u bytes, at most %d are read", tls->hello.size,
	    TLS_HELLO_MAX);
	return false;
}

static int
bio_read(BIO *bio, char *p, int n)
{
	struct tls *tls = BIO_get_data(bio);
	size_t take = buf_len(&tls->in);

	BIO_clear_retry_flags(bio);
	if (take == 0) {
		if (tls->eof)
			return 0;
		BIO_set_retry_read(bio);
		return -1;
	}
	if (take > (size_t)n)
		take = (size_t)n;
	if (!tls->greeted && !check_hello(tls, take))
		return -1;
	memcpy(p, buf_bytes(&tls->in), take);
	buf_consume(&tls->in, take);
	return (int)take;
}

static int
bio_write(BIO *bio, const char *p, int n)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (buf_append(&tls->out, p, (size_t)n) == 0)
		return n;
	if ((size_t)n > buf_space(&tls->out))
		not_reading(tls);
	else
		queue_failed(tls);
	tls->out_failed = true;
	return -1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct tls *tls = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return tls->eof && buf_len(&tls->in) == 0;
	default:
		return 0;
	}
}

static int
bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

int
tls_global_init(void)
{
	method = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sstpd queues");
	if (method == NULL)
		return -1;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	BIO_meth_set_create(method, bio_create);
	return 0;
}

/* --- life --------------------------------------------------------------------
 */

static int
on_client_hello(SSL *ssl, int *alert, void *unused)
{
	struct tls *tls = SSL_get_app_data(ssl);

	(void)alert;
	(void)unused;
	tls_offer_read(&tls->offer, ssl);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* NOACK: what we answer is the same whether the name is known here or not. */
static int
on_server_name(SSL *ssl, int *alert, void *unused)
{
	struct tls *tls = SSL_get_app_data(ssl);
	SSL_CTX *ctx = tls->choose(
	    tls->owner, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));

	(void)unused;
	if (SSL_set_SSL_CTX(ssl, ctx) == ctx)
		return SSL_TLSEXT_ERR_NOACK;
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int
tls_init(struct tls *tls, SSL_CTX *ctx, int fd,
    SSL_CTX *(*choose)(void *owner, const char *name), void *owner)
{
	BIO *bio;

	*tls = (struct tls){ .fd = fd, .choose = choose, .owner = owner };
	buf_init(&tls->in, TLS_IN_MAX);
	buf_init(&tls->out, TLS_OUT_NEW);
	buf_init(&tls->plain, TLS_RECORD_MAX);
	tls->ssl = SSL_new(ctx);
	bio = BIO_new(method);
	if (tls->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		tls_fini(tls);
		return -1;
	}
	BIO_set_data(bio, tls);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_accept_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
	if (choose != NULL)
		SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	return 0;
}

void
tls_trust(struct tls *tls)
{
	buf_trust(&tls->in, TLS_IN_MAX);
	buf_trust(&tls->out, TLS_OUT_MAX);
	buf_trust(&tls->plain, TLS_RECORD_MAX);
}

void
tls_fini(struct tls *tls)
{
	SSL_free(tls->ssl);
	tls->ssl = NULL;
	buf_clear(&tls->in);
	buf_clear(&tls->out);
	buf_clear(&tls->plain);
	if (tls->fd >= 0)
		close(tls->fd);
	tls->fd = -1;
}

/* --- results -----------------------------------------------------------------
 */

/* SSL_get_error() wants no older error in the queue, which seldom has any. */
static void
forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

static enum tls_result
result_of(struct tls *tls, int ret)
{
	unsigned long error;

	switch (SSL_get_error(tls->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		if (tls->eof)
			return TLS_EOF;
		break;
	default:
		break;
	}
	if (tls->out_failed || tls->in_refused)
		return TLS_FAIL; /* by our own BIO, OpenSSL only knows that */
	error = ERR_peek_error();
	if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return TLS_EOF;
	tls->fault = tls_fault(error, &tls->head, &tls->offer, tls->ssl,
	    tls->why, sizeof(tls->why));
	return TLS_FAIL;
}

/* --- the socket --------------------------------------------------------------
 */

static enum tls_result
socket_failed(struct tls *tls, int error)
{
	tls->fault = tls_socket_fault(error, tls->why, sizeof(tls->why));
	return TLS_FAIL;
}

enum tls_result
tls_fill(struct tls *tls)
{
	uint8_t *p;
	size_t room = buf_is_tight() && buf_space(&tls->in) > TLS_IN_TIGHT
			  ? TLS_IN_TIGHT
			  : buf_space(&tls->in);
	ssize_t n;

	if (tls->eof)
		return TLS_EOF;
	if (room == 0)
		return TLS_OK; /* to be decrypted first */
	if (buf_reserve(&tls->in, room, &p) != 0)
		return queue_failed(tls);
	n = recv(tls->fd, p, room, 0);
	if (n > 0) {
		tls_head_add(&tls->head, p, (size_t)n);
		buf_commit(&tls->in, (size_t)n);
		return TLS_OK;
	}
	if (buf_len(&tls->in) == 0)
		buf_clear(&tls->in);
	if (n == 0) {
		tls->eof = true;
		return TLS_EOF;
	}
	if (errno == EAGAIN || errno == EINTR)
		return TLS_WANT_READ;
	return socket_failed(tls, errno);
}

/* One record; false: TLS has failed, see fault and why. */
static bool
seal(struct tls *tls, const uint8_t *p, size_t n)
{
	size_t written;
	int ret;

	forget_errors();
	ret = SSL_write_ex(tls->ssl, p, n, &written);
	if (ret == 1)
		return true;
	result_of(tls, ret);
	return false;
}

static bool
seal_plain(struct tls *tls)
{
	size_t n = buf_len(&tls->plain);
	bool sealed = n == 0 || seal(tls, buf_bytes(&tls->plain), n);

	buf_clear(&tls->plain);
	return sealed;
}

enum tls_result
tls_flush(struct tls *tls)
{
	if (!seal_plain(tls))
		return TLS_FAIL;
	while (buf_len(&tls->out) > 0) {
		ssize_t n = send(tls->fd, buf_bytes(&tls->out),
		    buf_len(&tls->out), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return TLS_WANT_WRITE;
		if (n < 0)
			return socket_failed(tls, errno);
		buf_consume(&tls->out, (size_t)n);
	}
	return TLS_OK;
}

size_t
tls_queued(const struct tls *tls)
{
	return buf_len(&tls->plain) + buf_len(&tls->out);
}

/* --- the protocol ------------------------------------------------------------
 */

enum tls_result
tls_handshake(struct tls *tls)
{
	int ret;

	forget_errors();
	ret = SSL_do_handshake(tls->ssl);
	tls->greeted = ret == 1;
	return tls->greeted ? TLS_OK : result_of(tls, ret);
}

enum tls_result
tls_read(struct tls *tls, uint8_t *p, size_t cap, size_t *n)
{
	int ret;

	forget_errors();
	ret = SSL_read_ex(tls->ssl, p, cap, n);
	return ret == 1 ? TLS_OK : result_of(tls, ret);
}

bool
tls_has_input(const struct tls *tls)
{
	return buf_len(&tls->in) > 0 || tls->eof || SSL_pending(tls->ssl) > 0;
}

bool
tls_write(struct tls *tls, const uint8_t *p, size_t n)
{
	/* what a record adds (header, nonce, tag, padding) is below 64 bytes */
	if (tls->closed || tls->out.max < tls_queued(tls) + n + 2 * 64) {
		not_reading(tls);
		return false;
	}
	if (!tls->packs)
		return seal(tls, p, n);
	if (buf_space(&tls->plain) < n && !seal_plain(tls))
		return false;
	if (buf_append(&tls->plain, p, n) == 0)
		return true;
	queue_failed(tls);
	return false;
}

void
tls_close_notify(struct tls *tls)
{
	if (tls->closed || !SSL_is_init_finished(tls->ssl) || !seal_plain(tls))
		return;
	tls->closed = true;
	forget_errors();
	SSL_shutdown(tls->ssl);
}

/* --- facts -------------------------------------------------------------------
 */

int
tls_leaf_hashes(
    const struct tls *tls, uint8_t sha1[static 20], uint8_t sha256[static 32])
{
	const X509 *leaf = SSL_get_certificate(tls->ssl);
	unsigned int n;

	if (leaf == NULL || X509_digest(leaf, EVP_sha1(), sha1, &n) != 1 ||
	    n != 20 || X509_digest(leaf, EVP_sha256(), sha256, &n) != 1 ||
	    n != 32)
		return -1;
	return 0;
}

const char *
tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *
tls_cipher(const struct tls *tls)
{
	return SSL_get_cipher_name(tls->ssl);
}

const char *
tls_sni(const struct tls *tls)
{
	const char *name =
	    SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);

	return name != NULL ? name : "";
}
