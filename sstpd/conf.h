/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The configuration: one table of options that parsing, checking, printing and
 * the documentation check all read, and one flat struct of their values.
 *
 * The struct holds no pointers, so the monitor can hand a whole configuration
 * to a worker in one sealed memory file. (The name config.h is taken by the
 * build's own header.)
 */

#ifndef SSTPD_CONF_H
#define SSTPD_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "ippool.h"

enum {
	CONF_LISTEN_MAX = 16,
	CONF_CERTIFICATES_MAX = 4,
	CONF_PROFILES_MAX = 17, /* the default one and 16 more */
	CONF_SERVER_NAMES_MAX = 16,
	CONF_PATH_MAX = 256,
	CONF_SOCKET_MAX = 108, /* sun_path */
	CONF_NAME_MAX = 40,    /* of a profile */
	CONF_SERVER_NAME_MAX = 254,
	CONF_TEXT_MAX = 512,
	CONF_ERROR_MAX = 512,
};

enum conf_auth { /* bits of auth_methods, named as in the file */
	CONF_AUTH_MSCHAP_V2 = 1 << 0, /* mschap-v2 */
	CONF_AUTH_EAP = 1 << 1,	      /* eap: any method that gives keys */
	CONF_AUTH_CHAP_MD5 = 1 << 2,  /* chap-md5: gives no keys */
	CONF_AUTH_PAP = 1 << 3,	      /* pap: gives no keys */
};

enum conf_data_path { CONF_DATA_AUTO, CONF_DATA_PTY, CONF_DATA_TUN };
enum conf_tls_version { CONF_TLS_1_2, CONF_TLS_1_3 };
enum conf_log_target { CONF_LOG_STDERR, CONF_LOG_SYSLOG, CONF_LOG_JOURNAL };

struct conf_listen {
	struct sockaddr_storage address;
	uint32_t address_len;
	bool optional; /* the IPv6 half of "*": left out where there is none */
};

/*
 * What tenants of one daemon may have each for itself. The name that a client
 * asks for in TLS decides whose it is. What the file leaves out is as in the
 * default profile, filled in here already, but for the pool: without addresses
 * it is the default one's.
 */
struct conf_profile {
	char name[CONF_NAME_MAX]; /* lower case */
	/* lower case; the default profile has none and gets what is left */
	char server_name[CONF_SERVER_NAMES_MAX][CONF_SERVER_NAME_MAX];
	uint32_t server_name_count;
	char certificate[CONF_CERTIFICATES_MAX][CONF_PATH_MAX];
	char private_key[CONF_CERTIFICATES_MAX][CONF_PATH_MAX];
	uint32_t certificate_count;
	uint32_t private_key_count;
	char options_file[CONF_PATH_MAX];
	uint32_t local_address; /* host order; 0: pppd's own choice */
	struct ippool_range addresses[IPPOOL_RANGES_MAX];
	uint32_t addresses_count;
	struct ippool_range exclude[IPPOOL_RANGES_MAX];
	uint32_t exclude_count;
	uint32_t max_sessions; /* 0: no limit of its own */
};

struct conf {
	/* [profile NAME]; the first one is what the other sections say */
	struct conf_profile profiles[CONF_PROFILES_MAX];
	uint32_t profile_count; /* at least 1 */
	/* [server] */
	struct conf_listen listen[CONF_LISTEN_MAX];
	uint32_t listen_count;
	char tcp_congestion[16]; /* "system": the kernel's default */
	uint32_t workers;	 /* 0: one per core */
	char user[64];
	char chroot_dir[CONF_PATH_MAX];
	uint32_t seccomp;		  /* enum syscall_filter */
	uint32_t shutdown_timeout;	  /* ms from SIGTERM to our end */
	char address_file[CONF_PATH_MAX]; /* bound addresses, one a line */
	char pid_file[CONF_PATH_MAX];
	/* [tls] */
	uint32_t min_version, max_version; /* enum conf_tls_version */
	char ciphers[CONF_TEXT_MAX];	   /* TLS 1.2 */
	char ciphersuites[CONF_TEXT_MAX];  /* TLS 1.3 */
	char groups[CONF_TEXT_MAX];
	/* [sstp]; times in milliseconds */
	uint32_t hash_protocols; /* CERT_HASH_PROTOCOL_* bits */
	uint32_t packs_records;	 /* bool */
	uint32_t tls_timeout;
	uint32_t http_timeout;
	uint32_t negotiation_timeout; /* for the request */
	uint32_t auth_timeout;	      /* from there to CALL_CONNECTED */
	uint32_t hello_interval;
	uint32_t abort_timeout, abort_linger;
	uint32_t disconnect_timeout, disconnect_linger;
	/* [limits]; all workers together */
	uint32_t max_sessions, max_sessions_per_address;
	uint32_t max_starting;	/* pppds at a time; 0: by the processors */
	uint32_t starting_time; /* ms that one of them counts at most */
	uint32_t max_half_open; /* connections that are no session yet */
	uint32_t max_half_open_per_ipv4, max_half_open_per_ipv6; /* of a /64 */
	uint32_t max_connection_rate; /* of an address, in a second; 0: any */
	uint32_t max_buffers;	      /* bytes */
	uint32_t auth_backoff;	      /* ms; 0: none */
	uint32_t ban_after;	      /* failures; 0: never */
	uint32_t ban_time;	      /* ms */
	/* [ppp] */
	char pppd[CONF_PATH_MAX];
	char plugin[CONF_PATH_MAX];
	uint32_t auth_methods; /* enum conf_auth */
	uint32_t template;     /* bool */
	uint32_t data_path;    /* enum conf_data_path */
	uint32_t stop_timeout; /* ms from SIGTERM to SIGKILL */
	/* [control] */
	char control_socket[CONF_PATH_MAX]; /* "": none */
	char control_group[64];
	struct conf_listen metrics[CONF_LISTEN_MAX];
	uint32_t metrics_count;
	/* [log] */
	uint32_t log_target;  /* enum conf_log_target */
	uint32_t log_format;  /* enum log_format */
	uint32_t log_level;   /* enum log_level */
	int32_t log_facility; /* syslog's LOG_DAEMON and so on */
	char journal_socket[CONF_SOCKET_MAX];
};

/*
 * Read and check a whole file. Everything must be right: an unknown section or
 * key, a key given twice, a value out of range or with trailing junk is an
 * error. Returns 0, or -1 with one line in error that names file, section, key
 * and line and says what was expected; *conf is then undefined.
 */
int conf_load(
    const char *path, struct conf *conf, char error[static CONF_ERROR_MAX]);

/* Print every option with its effective value, as a file conf_load() takes. */
void conf_print(const struct conf *conf, FILE *out);

/*
 * Print the option table, a line each: section, key, default, range or words
 * allowed, help; tab-separated. scripts/check-options compares it with the
 * man page and the sample file.
 */
void conf_print_table(FILE *out);

#endif
