/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One connection of an SSTP client, as a state machine on an event loop: TCP,
 * TLS, HTTP, SSTP and, with a user, PPP, then IP, then a proper leave. It
 * measures each stage and reports how it ended; what to do meanwhile is its
 * owner's business.
 */

#ifndef SSTP_PROBE_CLIENT_H
#define SSTP_PROBE_CLIENT_H

#include <ev.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "buf.h"
#include "ppp.h"
#include "sstp_client.h"
#include "tls_client.h"

enum {
	CLIENT_ADDRESSES_MAX = 8,
	CLIENT_WHY_MAX = 256,
	CLIENT_TEXT_MAX = 64,
	CLIENT_HEADERS_LEN = 8, /* of SSTP and PPP */
	CLIENT_PACKET_MAX = SSTP_PAYLOAD_MAX - SSTP_PPP_HEADER_LEN,
};

enum client_stage {
	STAGE_TCP,
	STAGE_TLS,
	STAGE_HTTP,
	STAGE_SSTP, /* CALL_CONNECT_REQUEST until its answer */
	STAGE_LCP,
	STAGE_LOGIN,
	STAGE_NETWORK, /* IPCP, IPV6CP */
	STAGE_CONFIRM, /* an echo behind CALL_CONNECTED */
	STAGES_TIMED,
	STAGE_UP = STAGES_TIMED,
	STAGE_LEAVE_PPP,
	STAGE_LEAVE_SSTP,
	STAGE_CLOSE,
	STAGE_DONE,
};

enum client_cause {
	CAUSE_NONE,
	CAUSE_CONNECT,
	CAUSE_TIMEOUT,
	CAUSE_TLS,
	CAUSE_TLS_CLOSED, /* by the server, instead of a handshake */
	CAUSE_CERTIFICATE,
	CAUSE_HTTP,
	CAUSE_UNAVAILABLE, /* HTTP status 503 */
	CAUSE_REFUSED,	   /* CALL_CONNECT_NAK */
	CAUSE_BINDING,
	CAUSE_METHOD,
	CAUSE_LOGIN,
	CAUSE_UNPROVEN,
	CAUSE_PPP,
	CAUSE_ABORTED,
	CAUSE_DISCONNECTED,
	CAUSE_CLOSED,
	CAUSE_PROTOCOL,
	CAUSE_LOCAL, /* our own fault: memory, descriptors */
	CAUSES,
};

struct client_address {
	socklen_t len;
	struct sockaddr_storage address;
};

/* The same for all clients of a process. */
struct client_config {
	SSL_CTX *ctx;
	const char *name;	/* that the certificate should have, and SNI */
	const char *host_field; /* HTTP */
	unsigned int addresses;
	struct client_address address[CLIENT_ADDRESSES_MAX];
	bool insecure;	  /* go on whatever the certificate */
	uint8_t hashes;	  /* allowed, CERT_HASH_PROTOCOL_* */
	bool login;	  /* else it is up at CALL_CONNECT_ACK */
	uint32_t methods; /* of enum login_method */
	bool anonymous;	  /* a server may do without authentication */
	bool confirm;	  /* be up after an echo only */
	uint16_t mru;	  /* to ask for; 0: LCP_MRU */
	/*
	 * It carries much: many packets go into one TLS record, where others
	 * have a record each, as servers may read no more than one at a time.
	 */
	bool bulk;
	double timeout; /* seconds until up */
};

struct client_report {
	double took[STAGES_TIMED]; /* seconds; negative: not passed */
	double total;		   /* seconds until up, failed or left */
	enum client_cause cause; /* CAUSE_NONE: it was up until told to leave */
	enum client_stage failed_at;
	char why[CLIENT_WHY_MAX];
	bool was_up;
	bool confirmed;		    /* the server answered the echo */
	bool left_clean;	    /* it acknowledged that we leave */
	char peer[CLIENT_TEXT_MAX]; /* address and port */
	char tls_version[16], tls_cipher[CLIENT_TEXT_MAX];
	struct tls_verdict verdict;
	int http_status;
	char http_server[CLIENT_TEXT_MAX];
	uint8_t hash_bitmask; /* offered by the server */
	uint8_t hash;	      /* used */
	/* of IP packets */
	uint64_t bytes_in, bytes_out, packets_in, packets_out;
};

struct client_ops {
	void (*up)(void *owner);
	/* the answer to client_echo(), seconds after it; may be NULL */
	void (*echo)(void *owner, double seconds);
	/* a packet of the IP version that its first byte says */
	void (*ip)(void *owner, const uint8_t *packet, size_t n);
	/* the end; may free the client */
	void (*done)(void *owner);

	/* for who carries packets; may be NULL */

	/* no more packets for now */
	void (*batch_end)(void *owner);
	/* client_queued() is 0 */
	void (*drained)(void *owner);
	/* IPCP has been negotiated anew while up, or IPV6CP as well */
	void (*opened)(void *owner);
};

struct client {
	enum client_stage stage;
	struct client_report report;
	struct ppp ppp;
	struct tls_facts *facts; /* to be filled, or NULL */
	/* internal */
	const struct client_config *config;
	const struct client_ops *ops;
	void *owner;
	struct ev_loop *loop;
	struct login_secret secret;
	unsigned int next_address;
	int fd; /* until tls has it */
	struct tls tls;
	struct buf in; /* decrypted, not yet understood */
	struct sstp_ack ack;
	uint8_t cert_sha1[BINDING_SHA1_LEN], cert_sha256[BINDING_SHA256_LEN];
	bool connected; /* CALL_CONNECTED is sent */
	bool shut;	/* our end of the socket */
	bool echo_pending;
	bool heard; /* a packet, since the hello timer was looked at */
	double started, stage_started, echo_sent;
	ev_io readable, writable;
	ev_timer deadline, retry, hello;
};

/*
 * What is passed is borrowed until done() is called, which it always is, from
 * the loop.
 */
void client_start(struct client *c, struct ev_loop *loop,
    const struct client_config *config, const struct login_secret *secret,
    const struct client_ops *ops, void *owner);

/* Leave properly; does nothing where that is already under way. */
void client_leave(struct client *c);

/* For a client that is up. One echo at a time: false if one is on its way. */
bool client_echo(struct client *c);
void client_send_ip(struct client *c, const uint8_t *packet, size_t n);
/*
 * The same for many: a packet of 0 < n <= CLIENT_PACKET_MAX bytes that lies
 * behind room for CLIENT_HEADERS_LEN bytes, of a version of which
 * client_may_send() says that it passes. client_settle() is to follow the last.
 */
bool client_may_send(const struct client *c, unsigned int version);
void client_queue_ip(struct client *c, uint8_t *room, size_t n);
/* Send what is queued; to be called after whatever may queue something. */
void client_settle(struct client *c);
/* The address that it has connected to. */
const struct sockaddr *client_server(const struct client *c);
/* Bytes not yet taken by the socket. */
size_t client_queued(const struct client *c);

double client_now(void); /* seconds, monotonic */
const char *client_stage_name(enum client_stage stage);
const char *client_cause_name(enum client_cause cause);
/* What to do about it; NULL if there is nothing to say. */
const char *client_cause_hint(enum client_cause cause);

#endif
