/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One TLS connection over a non-blocking socket. Ciphertext goes through queues
 * of ours on both sides, so that many records leave in one send() and many come
 * in one recv(); no OpenSSL constant leaves this module.
 */

#ifndef SSTPD_TLS_H
#define SSTPD_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cause.h"
#include "tls_fault.h"
#include "tls_hello.h"

enum {
	TLS_OUT_MAX = 256 * 1024, /* queued ciphertext; more ends the call */
	TLS_OUT_NEW = 32 * 1024,  /* the same before tls_trust() */
	TLS_IN_MAX = 64 * 1024,	  /* taken from the socket at once */
	TLS_RECORD_MAX = 16 * 1024,
	TLS_IN_TIGHT = 4096, /* the same while memory is tight */
	TLS_WHY_MAX = 256,
};

enum tls_result {
	TLS_OK,
	TLS_WANT_READ,	/* nothing more before tls_fill() brings new bytes */
	TLS_WANT_WRITE, /* the socket takes no more for now */
	TLS_EOF,	/* the peer has closed, properly or not */
	TLS_FAIL,	/* see fault and why */
};

struct tls {
	SSL *ssl;
	/* as given to tls_init() */
	SSL_CTX *(*choose)(void *owner, const char *name);
	void *owner;
	int fd;
	bool eof;    /* the socket has ended */
	bool packs;  /* what is written before a flush shares records */
	bool closed; /* close_notify is queued: nothing more may be written */
	bool out_failed;      /* what OpenSSL wrote could not be queued */
	struct buf in;	      /* ciphertext received, not yet decrypted */
	struct buf out;	      /* ciphertext to be sent */
	struct buf plain;     /* what is to share a record */
	struct tls_head head; /* of the connection, until it is TLS */
	struct tls_offer offer;
	struct tls_hello hello;
	bool greeted;	       /* the handshake is done */
	bool in_refused;       /* what came was not given to OpenSSL */
	enum end_cause fault;  /* of the last TLS_FAIL, for logs */
	char why[TLS_WHY_MAX]; /* its details */
};

/*
 * Takes the descriptor, even on failure (-1: out of memory). choose() is asked
 * which context to go on with, once it is known which name the client asks for
 * (NULL: none), and again for a second ClientHello; what the contexts differ
 * in may be their certificates only. Without choose() it is always the first.
 */
int tls_init(struct tls *tls, SSL_CTX *ctx, int fd,
    SSL_CTX *(*choose)(void *owner, const char *name), void *owner);
/* The client has shown who it is: it may have more memory. */
void tls_trust(struct tls *tls);
/* Free and close the socket. May be called twice. */
void tls_fini(struct tls *tls);

/* One recv(): TLS_OK, TLS_WANT_READ, TLS_EOF or TLS_FAIL. */
enum tls_result tls_fill(struct tls *tls);
/* Seal and send what is queued: TLS_OK when all of it left, TLS_WANT_WRITE,
 * TLS_FAIL. */
enum tls_result tls_flush(struct tls *tls);
/* Bytes queued to be sent. */
size_t tls_queued(const struct tls *tls);

/*
 * None of these touches the socket. tls_read gives at most one record's worth.
 * tls_write makes one record of n <= TLS_RECORD_MAX bytes or, once packs is
 * set, adds them to one; false: the queue is at its ceiling, or TLS failed.
 */
enum tls_result tls_handshake(struct tls *tls);
enum tls_result tls_read(struct tls *tls, uint8_t *p, size_t cap, size_t *n);
bool tls_write(struct tls *tls, const uint8_t *p, size_t n);
/* Whether tls_read() can have anything to tell before the next tls_fill(). */
bool tls_has_input(const struct tls *tls);
/* Queue a close_notify. */
void tls_close_notify(struct tls *tls);

/*
 * SHA-1 and SHA-256 of the certificate presented on this connection, which
 * need not be one of the current configuration. Returns 0 or -1.
 */
int tls_leaf_hashes(
    const struct tls *tls, uint8_t sha1[static 20], uint8_t sha256[static 32]);

/* For logs and scripts; never NULL. SNI is "" when the client sent none. */
const char *tls_version(const struct tls *tls);
const char *tls_cipher(const struct tls *tls);
const char *tls_sni(const struct tls *tls);

/* To be called once in a process. Returns 0 or -1. */
int tls_global_init(void);

#endif
