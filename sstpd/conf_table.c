/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The option table. To add an option, add a field to struct conf and a row
 * here, then do what scripts/check-options asks for.
 */

#include <syslog.h>

#include "conf_option.h"

#include "log.h"
#include "sstp.h"
#include "syscall_filter.h"

static const struct conf_word auto_words[] = { { "auto", 0 }, { 0 } };
static const struct conf_word off_words[] = { { "off", 0 }, { 0 } };
static const struct conf_word seccomp_words[] = {
	{ "on", SYSCALL_FILTER_ON },
	{ "log", SYSCALL_FILTER_LOG },
	{ "off", SYSCALL_FILTER_OFF },
	{ 0 },
};
static const struct conf_word version_words[] = {
	{ "1.2", CONF_TLS_1_2 },
	{ "1.3", CONF_TLS_1_3 },
	{ 0 },
};
static const struct conf_word hash_words[] = {
	{ "sha256", CERT_HASH_PROTOCOL_SHA256 },
	{ "sha1", CERT_HASH_PROTOCOL_SHA1 },
	{ 0 },
};
static const struct conf_word auto_or_never_words[] = {
	{ "auto", true },
	{ "never", false },
	{ 0 },
};
static const struct conf_word auth_words[] = {
	{ "mschap-v2", CONF_AUTH_MSCHAP_V2 },
	{ "eap", CONF_AUTH_EAP },
	{ "chap-md5", CONF_AUTH_CHAP_MD5 },
	{ "pap", CONF_AUTH_PAP },
	{ 0 },
};
static const struct conf_word data_path_words[] = {
	{ "auto", CONF_DATA_AUTO },
	{ "pty", CONF_DATA_PTY },
	{ "tun", CONF_DATA_TUN },
	{ 0 },
};
static const struct conf_word target_words[] = {
	{ "stderr", CONF_LOG_STDERR },
	{ "syslog", CONF_LOG_SYSLOG },
	{ "journal", CONF_LOG_JOURNAL },
	{ 0 },
};
static const struct conf_word format_words[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ 0 },
};
static const struct conf_word level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ 0 },
};
static const struct conf_word facility_words[] = {
	{ "daemon", LOG_DAEMON },
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ 0 },
};

enum {
	NAME_MAX_LEN = 32,	 /* what useradd(8) allows */
	CONGESTION_MAX_LEN = 15, /* what the kernel has room for */
	PATH_MAX_LEN = CONF_PATH_MAX - 1,
	SOCKET_MAX_LEN = CONF_SOCKET_MAX - 1,
	TEXT_MAX_LEN = CONF_TEXT_MAX - 1,
	TIME_MIN = 10, /* short enough for tests to hurry */
	TIME_MAX = 3600 * 1000,
	BAN_MAX = 24 * TIME_MAX,
	BUFFERS_MAX = 1 << 30,
};

#define FIELD(name)   offsetof(struct conf, name)
#define DEFAULT(name) offsetof(struct conf, profiles[0].name)
#define PROFILE(name) offsetof(struct conf_profile, name)

/* clang-format off */
const struct conf_option conf_options[] = {
	{ "server", "listen", CONF_LISTEN, FIELD(listen), FIELD(listen_count),
	    "*:443", 1, CONF_LISTEN_MAX, NULL,
	    "Addresses to accept connections on; * is all of IPv4 and IPv6" },
	{ "server", "tcp-congestion", CONF_NAME, FIELD(tcp_congestion), 0,
	    "system", 1, CONGESTION_MAX_LEN, NULL,
	    "TCP's congestion control of the connections; system is the "
	    "kernel's default" },
	{ "server", "workers", CONF_NUMBER, FIELD(workers), 0,
	    "auto", 1, 256, auto_words,
	    "Processes that serve clients; auto is one per processor" },
	{ "server", "user", CONF_NAME, FIELD(user), 0,
	    "sstpd", 1, NAME_MAX_LEN, NULL,
	    "User that the workers run as" },
	{ "server", "chroot-dir", CONF_PATH, FIELD(chroot_dir), 0,
	    RUNSTATEDIR "/sstpd/empty", 1, PATH_MAX_LEN, NULL,
	    "Empty directory that the workers are confined to" },
	{ "server", "seccomp", CONF_WORD, FIELD(seccomp), 0,
	    "on", 0, 0, seccomp_words,
	    "Whether the kernel ends a worker that makes a forbidden system "
	    "call" },
	{ "server", "shutdown-timeout", CONF_TIME, FIELD(shutdown_timeout), 0,
	    "10s", TIME_MIN, TIME_MAX, NULL,
	    "End of all sessions and scripts, when the daemon is stopped" },
	{ "server", "address-file", CONF_PATH, FIELD(address_file), 0,
	    "", 0, PATH_MAX_LEN, NULL,
	    "File that the bound addresses are written to, one a line" },
	{ "server", "pid-file", CONF_PATH, FIELD(pid_file), 0,
	    "", 0, PATH_MAX_LEN, NULL,
	    "File that the process id is written to" },

	{ "tls", "certificate", CONF_PATHS, DEFAULT(certificate),
	    DEFAULT(certificate_count),
	    SYSCONFDIR "/sstpd/cert.pem", 1, CONF_CERTIFICATES_MAX, NULL,
	    "Certificates with their chains, one file per type of key" },
	{ "tls", "private-key", CONF_PATHS, DEFAULT(private_key),
	    DEFAULT(private_key_count),
	    SYSCONFDIR "/sstpd/key.pem", 1, CONF_CERTIFICATES_MAX, NULL,
	    "Private keys of the certificates, in the same order" },
	{ "tls", "min-version", CONF_WORD, FIELD(min_version), 0,
	    "1.2", 0, 0, version_words,
	    "Oldest version of TLS" },
	{ "tls", "max-version", CONF_WORD, FIELD(max_version), 0,
	    "1.3", 0, 0, version_words,
	    "Newest version of TLS" },
	{ "tls", "ciphers", CONF_TEXT, FIELD(ciphers), 0,
	    "ECDHE+AESGCM:ECDHE+CHACHA20", 1, TEXT_MAX_LEN, NULL,
	    "Cipher list for TLS 1.2, in the words of openssl-ciphers(1)" },
	{ "tls", "ciphersuites", CONF_TEXT, FIELD(ciphersuites), 0,
	    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
	    ":TLS_CHACHA20_POLY1305_SHA256", 1, TEXT_MAX_LEN, NULL,
	    "Cipher suites for TLS 1.3, best first" },
	{ "tls", "groups", CONF_TEXT, FIELD(groups), 0,
	    "X25519:P-256:P-384", 1, TEXT_MAX_LEN, NULL,
	    "Groups for the key exchange, best first" },

	{ "sstp", "hash-protocols", CONF_WORDS, FIELD(hash_protocols), 0,
	    "sha256, sha1", 1, 0, hash_words,
	    "Certificate hashes that a client may bind its session with" },
	{ "sstp", "pack-records", CONF_WORD, FIELD(packs_records), 0,
	    "auto", 0, 0, auto_or_never_words,
	    "Whether a TLS record may carry more than one packet" },
	{ "sstp", "tls-timeout", CONF_TIME, FIELD(tls_timeout), 0,
	    "20s", TIME_MIN, TIME_MAX, NULL,
	    "Time a client has for the TLS handshake" },
	{ "sstp", "http-timeout", CONF_TIME, FIELD(http_timeout), 0,
	    "20s", TIME_MIN, TIME_MAX, NULL,
	    "Time a client has for its HTTP request after that" },
	{ "sstp", "negotiation-timeout", CONF_TIME, FIELD(negotiation_timeout),
	    0, "60s", TIME_MIN, TIME_MAX, NULL,
	    "Time a client has for its connect request after that" },
	{ "sstp", "auth-timeout", CONF_TIME, FIELD(auth_timeout), 0,
	    "120s", TIME_MIN, TIME_MAX, NULL,
	    "Time from there until it has proved who it is" },
	{ "sstp", "hello-interval", CONF_TIME, FIELD(hello_interval), 0,
	    "60s", TIME_MIN, TIME_MAX, NULL,
	    "Silence before an echo request, and again before giving up" },
	{ "sstp", "abort-timeout", CONF_TIME, FIELD(abort_timeout), 0,
	    "3s", TIME_MIN, TIME_MAX, NULL,
	    "Wait for the client's answer to an abort" },
	{ "sstp", "abort-linger", CONF_TIME, FIELD(abort_linger), 0,
	    "1s", TIME_MIN, TIME_MAX, NULL,
	    "Wait before closing after answering a client's abort" },
	{ "sstp", "disconnect-timeout", CONF_TIME, FIELD(disconnect_timeout),
	    0, "5s", TIME_MIN, TIME_MAX, NULL,
	    "Wait for the client's answer to a disconnect" },
	{ "sstp", "disconnect-linger", CONF_TIME, FIELD(disconnect_linger), 0,
	    "1s", TIME_MIN, TIME_MAX, NULL,
	    "Wait before closing after answering a client's disconnect" },

	{ "limits", "max-sessions", CONF_NUMBER, FIELD(max_sessions), 0,
	    "1000", 1, 100000, NULL,
	    "Most sessions at a time" },
	{ "limits", "max-sessions-per-address", CONF_NUMBER,
	    FIELD(max_sessions_per_address), 0, "100", 1, 100000, NULL,
	    "Most of them from one address" },
	{ "limits", "max-starting", CONF_NUMBER, FIELD(max_starting), 0,
	    "auto", 1, 100000, auto_words,
	    "Most of them that start at a time; auto is 16 per processor, "
	    "or fewer if slow" },
	{ "limits", "starting-time", CONF_TIME, FIELD(starting_time), 0,
	    "5s", TIME_MIN, TIME_MAX, NULL,
	    "How long a session counts among these at most" },
	{ "limits", "max-half-open", CONF_NUMBER, FIELD(max_half_open), 0,
	    "5000", 1, 1000000, NULL,
	    "Most connections at a time that are no session yet" },
	{ "limits", "max-half-open-per-ipv4", CONF_NUMBER,
	    FIELD(max_half_open_per_ipv4), 0, "100", 1, 1000000, NULL,
	    "Most of these from one IPv4 address" },
	{ "limits", "max-half-open-per-ipv6", CONF_NUMBER,
	    FIELD(max_half_open_per_ipv6), 0, "50", 1, 1000000, NULL,
	    "Most of these from one IPv6 network of 64 bits" },
	{ "limits", "max-connection-rate", CONF_NUMBER,
	    FIELD(max_connection_rate), 0, "50", 1, 1000000, off_words,
	    "Most new connections of one address in a second" },
	{ "limits", "max-buffers", CONF_SIZE, FIELD(max_buffers), 0,
	    "256M", 1 << 20, BUFFERS_MAX, NULL,
	    "Most memory for what waits to be read or sent" },
	{ "limits", "auth-backoff", CONF_TIME, FIELD(auth_backoff), 0,
	    "1s", 0, TIME_MAX, NULL,
	    "Pause for an address that failed to authenticate, "
	    "doubled each time" },
	{ "limits", "ban-after", CONF_NUMBER, FIELD(ban_after), 0,
	    "10", 1, 100000, off_words,
	    "Failed authentications that ban an address" },
	{ "limits", "ban-time", CONF_TIME, FIELD(ban_time), 0,
	    "10m", TIME_MIN, BAN_MAX, NULL,
	    "How long, and how long failures are remembered" },

	{ "ppp", "pppd", CONF_PATH, FIELD(pppd), 0,
	    PPPD_PATH, 1, PATH_MAX_LEN, NULL,
	    "The pppd program" },
	/* pppd's own directory, wherever our files are */
	{ "ppp", "options-file", CONF_PATH, DEFAULT(options_file), 0,
	    "/etc/ppp/options.sstpd", 1, PATH_MAX_LEN, NULL,
	    "Options for pppd, common to all sessions" },
	{ "ppp", "plugin", CONF_PATH, FIELD(plugin), 0,
	    PPPD_PLUGINDIR "/sstpd-plugin.so", 1, PATH_MAX_LEN, NULL,
	    "Plugin through which pppd talks to sstpd" },
	{ "ppp", "auth-methods", CONF_WORDS, FIELD(auth_methods), 0,
	    "mschap-v2", 1, 0, auth_words,
	    "Ways in which a client may prove who it is" },
	{ "ppp", "template", CONF_WORD, FIELD(template), 0,
	    "auto", 0, 0, auto_or_never_words,
	    "Whether pppds are cloned from one that has read its options" },
	{ "ppp", "data-path", CONF_WORD, FIELD(data_path), 0,
	    "auto", 0, 0, data_path_words,
	    "Device that clients' packets take" },
	{ "ppp", "stop-timeout", CONF_TIME, FIELD(stop_timeout), 0,
	    "10s", TIME_MIN, TIME_MAX, NULL,
	    "Time a pppd has to end before it is killed" },

	{ "pool", "local-address", CONF_IPV4, DEFAULT(local_address), 0,
	    "", 0, 0, NULL,
	    "Our own address in every tunnel, never given to a client" },
	{ "pool", "addresses", CONF_RANGES, DEFAULT(addresses),
	    DEFAULT(addresses_count), "", 0, IPPOOL_RANGES_MAX, NULL,
	    "Addresses for clients that get none from elsewhere" },
	{ "pool", "exclude", CONF_RANGES, DEFAULT(exclude),
	    DEFAULT(exclude_count), "", 0, IPPOOL_RANGES_MAX, NULL,
	    "Addresses among these to leave alone" },

	{ "control", "socket", CONF_PATH, FIELD(control_socket), 0,
	    RUNSTATEDIR "/sstpd/control", 0, PATH_MAX_LEN, NULL,
	    "Socket that sstpctl talks to" },
	{ "control", "group", CONF_NAME, FIELD(control_group), 0,
	    "", 0, NAME_MAX_LEN, NULL,
	    "Group whose members may use it; else only root may" },
	{ "control", "metrics", CONF_LISTEN, FIELD(metrics),
	    FIELD(metrics_count), "", 0, CONF_LISTEN_MAX, NULL,
	    "Addresses to serve metrics for Prometheus on" },

	{ "log", "target", CONF_WORD, FIELD(log_target), 0,
	    "stderr", 0, 0, target_words,
	    "Where log lines go" },
	{ "log", "format", CONF_WORD, FIELD(log_format), 0,
	    "text", 0, 0, format_words,
	    "What lines to stderr and syslog look like" },
	{ "log", "level", CONF_WORD, FIELD(log_level), 0,
	    "info", 0, 0, level_words,
	    "Least important lines to log" },
	{ "log", "facility", CONF_WORD, FIELD(log_facility), 0,
	    "daemon", 0, 0, facility_words,
	    "Facility of lines in syslog" },
	{ "log", "journal-socket", CONF_PATH, FIELD(journal_socket), 0,
	    "/run/systemd/journal/socket", 1, SOCKET_MAX_LEN, NULL,
	    "Socket that systemd's journal listens on" },
};

/* Those that may be left out have the defaults of the default profile. */
const struct conf_option conf_profile_options[] = {
	{ "profile NAME", "server-name", CONF_SERVER_NAMES,
	    PROFILE(server_name), PROFILE(server_name_count),
	    "", 1, CONF_SERVER_NAMES_MAX, NULL,
	    "Names that its clients dial; *. stands for one more label" },
	{ "profile NAME", "certificate", CONF_PATHS, PROFILE(certificate),
	    PROFILE(certificate_count), "", 0, CONF_CERTIFICATES_MAX, NULL,
	    "Its certificates, instead of those in [tls]" },
	{ "profile NAME", "private-key", CONF_PATHS, PROFILE(private_key),
	    PROFILE(private_key_count), "", 0, CONF_CERTIFICATES_MAX, NULL,
	    "Private keys of these, in the same order" },
	{ "profile NAME", "options-file", CONF_PATH, PROFILE(options_file), 0,
	    "", 0, PATH_MAX_LEN, NULL,
	    "Options for its pppds, instead of those that [ppp] names" },
	{ "profile NAME", "local-address", CONF_IPV4, PROFILE(local_address), 0,
	    "", 0, 0, NULL,
	    "Our own address in its tunnels, instead of the one in [pool]" },
	{ "profile NAME", "addresses", CONF_RANGES, PROFILE(addresses),
	    PROFILE(addresses_count), "", 0, IPPOOL_RANGES_MAX, NULL,
	    "Addresses for its clients, instead of those in [pool]" },
	{ "profile NAME", "exclude", CONF_RANGES, PROFILE(exclude),
	    PROFILE(exclude_count), "", 0, IPPOOL_RANGES_MAX, NULL,
	    "Addresses among these to leave alone" },
	{ "profile NAME", "max-sessions", CONF_NUMBER, PROFILE(max_sessions), 0,
	    "off", 1, 100000, off_words,
	    "Most sessions of its clients at a time" },
};
/* clang-format on */

_Static_assert(sizeof(conf_options) / sizeof(conf_options[0]) == CONF_OPTIONS,
    "conf_option.h states another number of options");
_Static_assert(sizeof(conf_profile_options) / sizeof(conf_profile_options[0]) ==
		   CONF_PROFILE_OPTIONS,
    "conf_option.h states another number of options of a profile");
