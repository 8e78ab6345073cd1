/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The channel between the monitor and the plugin inside one pppd: a
 * SOCK_SEQPACKET pair made before the fork, whose number pppd gets as the
 * option "sstpd-fd". Messages have a fixed size each and are read whole; both
 * ends run on one machine, so integers are in host order. This file is all
 * that ppp-plugin/ shares with the daemon.
 *
 *   daemon                                   plugin
 *     SESSION                             ->   environment for scripts
 *                                         <-   HELLO, pppd's version
 *                                         <-   PHASE, tty is open
 *                                         <-   AUTH, method, user, keys
 *                                              or AUTH_FAILED
 *     VERDICT                             ->   pppd goes on, perhaps with
 *                                              a tun device, or ends
 *                                         <-   ADDRESS_REQUEST
 *     ADDRESS                             ->   address for the peer
 *                                         <-   UP (IPv4 and IPv6 apart)
 *                                         <-   DOWN, and perhaps UP again
 *                                         <-   END
 *
 * The plugin waits for VERDICT and ADDRESS, so keys are at the daemon before
 * pppd sends its first NCP frame.
 *
 * A pppd with the option "sstpd-template" instead has read its options and
 * waits at this one, on a channel of the same kind. Each CLONE makes another
 * pppd, a child of the daemon, that goes on from there with a channel of its
 * own:
 *                                         <-   TEMPLATE, it waits
 *     CLONE, the clone's channel and log  ->
 *                                         <-   CLONED, a pidfd of it
 */

#ifndef SSTPD_KEYMSG_H
#define SSTPD_KEYMSG_H

#include <stdint.h>

enum {
	KEYMSG_VERSION = 4,
	KEYMSG_USER_MAX = 256, /* pppd's MAXNAMELEN */
	KEYMSG_KEY_MAX = 32,
	KEYMSG_TEXT_MAX = 64,
	KEYMSG_IFNAME_MAX = 16,
	KEYMSG_SNI_MAX = 256,
	KEYMSG_PROFILE_MAX = 40,
	/* seconds the plugin waits for an answer before it ends the link */
	KEYMSG_ANSWER_SECONDS = 10,
};

enum keymsg_type {
	KEYMSG_SESSION = 1,
	KEYMSG_VERDICT,
	KEYMSG_ADDRESS,
	KEYMSG_CLONE,
	KEYMSG_HELLO = 16,
	KEYMSG_PHASE,
	KEYMSG_AUTH,
	KEYMSG_ADDRESS_REQUEST,
	KEYMSG_UP,
	KEYMSG_END,
	KEYMSG_AUTH_FAILED,
	KEYMSG_DOWN,
	KEYMSG_TEMPLATE,
	KEYMSG_CLONED,
};

enum keymsg_method {	    /* how the peer proved who it is */
	KEYMSG_METHOD_NONE, /* it did not */
	KEYMSG_METHOD_PAP,
	KEYMSG_METHOD_CHAP_MD5,
	KEYMSG_METHOD_MSCHAP_V1,
	KEYMSG_METHOD_MSCHAP_V2,
	KEYMSG_METHOD_EAP_MD5,
	KEYMSG_METHOD_EAP_TLS,
	KEYMSG_METHOD_EAP_PEAP,
	KEYMSG_METHOD_EAP_MSCHAP_V2,
	KEYMSG_METHOD_EAP_OTHER,
};

enum keymsg_no_tun { /* why this pppd cannot do with a tun device */
	KEYMSG_TUN_POSSIBLE,
	KEYMSG_NO_TUN_VERSION, /* it is older than 2.5 */
	KEYMSG_NO_TUN_FILTER,  /* pass-filter, active-filter */
	KEYMSG_NO_TUN_MPPE,    /* it is required */
	KEYMSG_NO_TUN_MULTILINK,
	KEYMSG_NO_TUN_NAME, /* ifname, unit */
};

struct keymsg_header {
	uint16_t version; /* KEYMSG_VERSION */
	uint16_t type;	  /* enum keymsg_type */
	uint32_t length;  /* of the whole message, this header included */
};

/* All strings are NUL-terminated within their arrays. */

struct keymsg_session { /* becomes SSTP_* in the scripts' environment */
	struct keymsg_header header;
	char session[KEYMSG_TEXT_MAX];	      /* SSTP_SESSION */
	char remote_address[KEYMSG_TEXT_MAX]; /* SSTP_REMOTE_ADDR */
	char remote_port[8];		      /* SSTP_REMOTE_PORT */
	char local_address[KEYMSG_TEXT_MAX];  /* SSTP_LOCAL_ADDR */
	char sni[KEYMSG_SNI_MAX];	      /* SSTP_SNI */
	char correlation_id[KEYMSG_TEXT_MAX]; /* SSTP_CORRELATION_ID */
	char tls_version[16];		      /* SSTP_TLS_VERSION */
	char tls_cipher[KEYMSG_TEXT_MAX];     /* SSTP_TLS_CIPHER */
	char profile[KEYMSG_PROFILE_MAX];     /* SSTP_PROFILE */
};

struct keymsg_verdict {
	struct keymsg_header header;
	uint32_t accept; /* 0: end the link */
	/* the device to use instead of pppd's own; "": none */
	char ifname[KEYMSG_IFNAME_MAX];
	char reason[KEYMSG_TEXT_MAX]; /* for pppd's log when it is 0 */
};

struct keymsg_address {
	struct keymsg_header header;
	uint32_t remote; /* network order; 0: there is none, end the link */
};

struct keymsg_hello {
	struct keymsg_header header;
	char pppd_version[32];
};

struct keymsg_phase { /* the tty is open and in PPP line discipline */
	struct keymsg_header header;
	uint32_t phase; /* pppd's PHASE_ESTABLISH */
};

struct keymsg_auth {
	struct keymsg_header header;
	uint32_t method; /* enum keymsg_method */
	/* 0, 16, 20 or 32: the true length; both 0 when there are no keys */
	uint8_t receive_len;
	uint8_t send_len;
	uint8_t no_tun; /* enum keymsg_no_tun */
	uint8_t reserved;
	uint8_t receive[KEYMSG_KEY_MAX];
	uint8_t send[KEYMSG_KEY_MAX];
	char user[KEYMSG_USER_MAX]; /* as the peer gave it; any bytes but NUL */
};

struct keymsg_auth_failed { /* wrong password, unknown user, ... */
	struct keymsg_header header;
};

struct keymsg_address_request {
	struct keymsg_header header;
	uint32_t wanted; /* network order; chosen by RADIUS or secrets, or 0 */
};

struct keymsg_up {
	struct keymsg_header header;
	uint32_t family; /* 4 or 6 */
	uint32_t mtu;	 /* bytes */
	char ifname[KEYMSG_IFNAME_MAX];
	uint32_t local4, remote4;      /* network order, family 4 */
	uint8_t local6[8], remote6[8]; /* interface identifiers, family 6 */
};

struct keymsg_down { /* IPCP or IPV6CP no longer is; LCP may well be */
	struct keymsg_header header;
	uint32_t family; /* 4 or 6 */
	uint32_t reserved;
};

struct keymsg_end {
	struct keymsg_header header;
	uint32_t exit_code; /* pppd's, as far as it is known at that time */
	uint32_t reserved;
	uint64_t bytes_in, bytes_out; /* of IP, when the link was up */
};

struct keymsg_template {
	struct keymsg_header header;
};

struct keymsg_clone { /* what its arguments are to be */
	struct keymsg_header header;
	char tty[KEYMSG_TEXT_MAX];
	char remote_address[KEYMSG_TEXT_MAX]; /* remotenumber */
	char session[KEYMSG_TEXT_MAX];	      /* ipparam */
};

struct keymsg_cloned {
	struct keymsg_header header;
	int32_t pid; /* -1: there is none, and no descriptor */
	uint32_t reserved;
};

union keymsg {
	struct keymsg_header header;
	struct keymsg_session session;
	struct keymsg_verdict verdict;
	struct keymsg_address address;
	struct keymsg_hello hello;
	struct keymsg_phase phase;
	struct keymsg_auth auth;
	struct keymsg_auth_failed auth_failed;
	struct keymsg_address_request address_request;
	struct keymsg_up up;
	struct keymsg_down down;
	struct keymsg_end end;
};

#endif
