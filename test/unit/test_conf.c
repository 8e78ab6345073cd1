/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The configuration: every option with good and bad values, every error with
 * its whole text, what iniparser would let pass, and that what is printed
 * loads again as the same.
 */

#include "config.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef HAVE_INIPARSER_H
#include <iniparser.h>
#else
#include <iniparser/iniparser.h>
#endif

#include "conf.h"

#include "conf_option.h"
#include "conf_value.h"
#include "log.h"
#include "sstp.h"
#include "syscall_filter.h"

static char dir[] = "/tmp/test_conf.XXXXXX";
static char path[64]; /* of the file under test */

/* --- helpers --- */

static void
write_bytes(const char *name, const char *text, size_t n)
{
	FILE *file;

	(void)unlink(name); /* some file systems write a truncated one out */
	file = fopen(name, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static int
load_text(const char *text, struct conf *conf, char *error)
{
	error[0] = '\0';
	write_bytes(path, text, strlen(text));
	return conf_load(path, conf, error);
}

static void
load_good(const char *text, struct conf *conf)
{
	char error[CONF_ERROR_MAX];

	if (load_text(text, conf, error) < 0)
		fail_msg("%s\n%s", text, error);
}

/* The error must be the path and then this. */
static void
load_bad(const char *text, const char *expected)
{
	char error[CONF_ERROR_MAX];
	struct conf conf;

	if (load_text(text, &conf, error) == 0)
		fail_msg("no error for:\n%s", text);
	if (strncmp(error, path, strlen(path)) != 0)
		fail_msg("no path in: %s", error);
	assert_string_equal(error + strlen(path), expected);
}

static char *
print_conf(const struct conf *conf)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	conf_print(conf, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* What is printed must load again, as the very same. */
static void
check_round_trip(const struct conf *conf)
{
	char *text = print_conf(conf), *again;
	struct conf loaded;

	load_good(text, &loaded);
	assert_memory_equal(conf, &loaded, sizeof(loaded));
	again = print_conf(&loaded);
	assert_string_equal(text, again);
	free(text);
	free(again);
}

/* The line of a printed configuration that starts with key. */
static void
check_printed(const struct conf *conf, const char *section, const char *key,
    const char *value)
{
	char head[64], line[2048], *text = print_conf(conf), *at, *end;

	(void)snprintf(head, sizeof(head), "[%s]\n", section);
	at = strstr(text, head);
	assert_non_null(at);
	(void)snprintf(head, sizeof(head), "\n%s =", key);
	at = strstr(at, head);
	assert_non_null(at);
	end = strchr(++at, '\n');
	*end = '\0';
	(void)snprintf(line, sizeof(line), "%s =%s%s", key,
	    *value != '\0' ? " " : "", value);
	assert_string_equal(at, line);
	free(text);
}

/* --- converters --- */

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint32_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "7", true, 7 },
		{ "010", false, 0 },
		{ "00", false, 0 },
		{ "4294967295", true, 4294967295 },
		{ "4294967296", false, 0 },
		{ "18446744073709551617", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "+1", false, 0 },
		{ "-1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1x", false, 0 },
		{ "0x10", false, 0 },
		{ "1e3", false, 0 },
		{ "1.0", false, 0 },
		{ "", false, 0 },
	};
	uint32_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		v = 12345;
		if (conf_value_number(rows[i].text, 0, UINT32_MAX, &v) !=
		    rows[i].good)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(v, rows[i].good ? rows[i].value : 12345);
	}
	assert_false(conf_value_number("4", 5, 7, &v));
	assert_true(conf_value_number("5", 5, 7, &v));
	assert_true(conf_value_number("7", 5, 7, &v));
	assert_false(conf_value_number("8", 5, 7, &v));
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms; /* 0: wrong */
		const char *printed;
	} rows[] = {
		{ "10ms", 10, "10ms" },
		{ "1500ms", 1500, "1500ms" },
		{ "2000ms", 2000, "2s" },
		{ "90s", 90000, "90s" },
		{ "120s", 120000, "2m" },
		{ "60m", 3600000, "1h" },
		{ "1h", 3600000, "1h" },
		{ "9ms", 0, "" },
		{ "0s", 0, "" },
		{ "3601s", 0, "" },
		{ "2h", 0, "" },
		{ "1193h", 0, "" },
		{ "4294968s", 0, "" }, /* 704 ms in 32 bits */
		{ "30", 0, "" },
		{ "30S", 0, "" },
		{ "30 s", 0, "" },
		{ "30sec", 0, "" },
		{ "010s", 0, "" },
		{ "-1s", 0, "" },
		{ "1.5s", 0, "" },
		{ "1m30s", 0, "" },
		{ "s", 0, "" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char printed[CONF_TIME_TEXT];
		uint32_t ms = 0;

		if (conf_value_time(rows[i].text, 10, 3600000, &ms) !=
		    (rows[i].ms != 0))
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(ms, rows[i].ms);
		if (ms == 0)
			continue;
		conf_value_format_time(ms, printed);
		assert_string_equal(printed, rows[i].printed);
	}
}

static void
test_list_items(void **state)
{
	static const struct {
		const char *list, *items; /* each ending in | */
	} rows[] = {
		{ "", "|" },
		{ "a", "a|" },
		{ "a,b", "a|b|" },
		{ "a , \tb", "a|b|" },
		{ "a b", "a b|" },
		{ "a,", "a||" },
		{ ",a", "|a|" },
		{ ",", "||" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char item[CONF_VALUE_MAX + 1], got[64] = "";
		const char *rest = rows[i].list;

		while (conf_value_next_item(&rest, item)) {
			strcat(got, item);
			strcat(got, "|");
		}
		assert_string_equal(got, rows[i].items);
	}
}

/* --- each option --- */

static void
test_defaults(void **state)
{
	const struct sockaddr_in6 *in6;
	const struct sockaddr_in *in;
	struct conf c;

	(void)state;
	load_good("", &c);
	assert_int_equal(c.listen_count, 2);
	in = (const struct sockaddr_in *)&c.listen[0].address;
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(in->sin_port, htons(443));
	assert_int_equal(in->sin_addr.s_addr, INADDR_ANY);
	assert_int_equal(c.listen[0].address_len, sizeof(*in));
	assert_false(c.listen[0].optional);
	in6 = (const struct sockaddr_in6 *)&c.listen[1].address;
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(in6->sin6_port, htons(443));
	assert_memory_equal(&in6->sin6_addr, &in6addr_any, sizeof(in6addr_any));
	assert_int_equal(c.listen[1].address_len, sizeof(*in6));
	assert_true(c.listen[1].optional);
	assert_int_equal(c.workers, 0);
	assert_int_equal(c.max_sessions, 1000);
	assert_string_equal(c.user, "sstpd");
	assert_string_equal(c.chroot_dir, RUNSTATEDIR "/sstpd/empty");
	assert_int_equal(c.seccomp, SYSCALL_FILTER_ON);
	assert_string_equal(c.address_file, "");
	assert_string_equal(c.pid_file, "");

	assert_int_equal(c.profiles[0].certificate_count, 1);
	assert_string_equal(
	    c.profiles[0].certificate[0], SYSCONFDIR "/sstpd/cert.pem");
	assert_int_equal(c.profiles[0].private_key_count, 1);
	assert_string_equal(
	    c.profiles[0].private_key[0], SYSCONFDIR "/sstpd/key.pem");
	assert_int_equal(c.min_version, CONF_TLS_1_2);
	assert_int_equal(c.max_version, CONF_TLS_1_3);
	assert_string_equal(c.ciphers, "ECDHE+AESGCM:ECDHE+CHACHA20");
	assert_string_equal(c.ciphersuites,
	    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:"
	    "TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(c.groups, "X25519:P-256:P-384");

	assert_int_equal(c.hash_protocols,
	    CERT_HASH_PROTOCOL_SHA1 | CERT_HASH_PROTOCOL_SHA256);
	assert_int_equal(c.tls_timeout, 20000);
	assert_int_equal(c.http_timeout, 20000);
	assert_int_equal(c.negotiation_timeout, 60000);
	assert_int_equal(c.auth_timeout, 120000);
	assert_int_equal(c.max_buffers, 256 << 20);
	assert_int_equal(c.ban_after, 10);
	assert_int_equal(c.hello_interval, 60000);
	assert_int_equal(c.abort_timeout, 3000);
	assert_int_equal(c.abort_linger, 1000);
	assert_int_equal(c.disconnect_timeout, 5000);
	assert_int_equal(c.disconnect_linger, 1000);

	assert_string_equal(c.pppd, PPPD_PATH);
	assert_string_equal(
	    c.profiles[0].options_file, "/etc/ppp/options.sstpd");
	assert_string_equal(c.plugin, PPPD_PLUGINDIR "/sstpd-plugin.so");
	assert_int_equal(c.auth_methods, CONF_AUTH_MSCHAP_V2);
	assert_int_equal(c.data_path, CONF_DATA_AUTO);
	assert_int_equal(c.stop_timeout, 10000);

	assert_int_equal(c.profiles[0].local_address, 0);
	assert_int_equal(c.profiles[0].addresses_count, 0);
	assert_int_equal(c.profiles[0].exclude_count, 0);

	assert_int_equal(c.log_target, CONF_LOG_STDERR);
	assert_int_equal(c.log_format, LOG_FORMAT_TEXT);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_int_equal(c.log_facility, LOG_DAEMON);
	check_round_trip(&c);
}

/* Text of exactly n letters behind a start. */
static const char *
long_text(const char *start, size_t n)
{
	static char text[1200];

	assert_true(n < sizeof(text));
	memset(text, 'x', n);
	memcpy(text, start, strlen(start));
	text[n] = '\0';
	return text;
}

static const struct good {
	const char *section, *key, *value;
	const char *printed; /* NULL: as it was given */
} good[] = {
	{ "server", "listen", "192.0.2.1:443", NULL },
	{ "server", "listen", "[2001:db8::1]:0", NULL },
	{ "server", "listen", "[2001:DB8:0:0::1]:65535",
	    "[2001:db8::1]:65535" },
	{ "server", "listen", "*:0", NULL },
	{ "server", "listen", "*:443,192.0.2.1:8443 , [::1]:443",
	    "*:443, 192.0.2.1:8443, [::1]:443" },
	{ "server", "listen", "0.0.0.0:443, [::]:443", NULL },
	{ "server", "listen", "127.0.0.1:0, 127.0.0.1:0", NULL },
	{ "server", "listen", "*:1, *:2, *:3, *:4, *:5, *:6, *:7, *:8", NULL },
	{ "server", "tcp-congestion", "system", NULL },
	{ "server", "tcp-congestion", "bbr", NULL },
	{ "server", "tcp-congestion", "a23456789012345", NULL },
	{ "server", "workers", "auto", NULL },
	{ "server", "workers", "1", NULL },
	{ "server", "workers", "256", NULL },
	{ "limits", "max-sessions", "1", NULL },
	{ "limits", "max-sessions", "100000", NULL },
	{ "server", "user", "_vpn.user-2", NULL },
	{ "server", "user", "a2345678901234567890123456789032", NULL },
	{ "server", "chroot-dir", "/var/empty", NULL },
	{ "server", "seccomp", "on", NULL },
	{ "server", "seccomp", "log", NULL },
	{ "server", "seccomp", "off", NULL },
	{ "server", "shutdown-timeout", "1h", NULL },
	{ "server", "address-file", "", NULL },
	{ "server", "address-file", "/run/sstpd/addresses", NULL },
	{ "server", "pid-file", "/run/a b.pid", NULL },
	{ "server", "pid-file", "\"/run/a#b;c.pid\"", NULL },
	{ "server", "pid-file", "'/run/a\"#b.pid'", NULL },
	{ "server", "pid-file", "/run/it's.pid", NULL },
	{ "tls", "certificate", "\"/a.pem\"", "/a.pem" },
	{ "tls", "private-key", "/a.pem", NULL },
	{ "tls", "min-version", "1.3", NULL },
	{ "tls", "max-version", "1.2", NULL },
	{ "tls", "ciphers", "ALL:!aNULL:@STRENGTH", NULL },
	{ "tls", "ciphers", "'\"A\"'", NULL },
	{ "tls", "ciphersuites", "TLS_AES_128_GCM_SHA256", NULL },
	{ "tls", "groups", "P-521", NULL },
	{ "sstp", "hash-protocols", "sha1", NULL },
	{ "sstp", "hash-protocols", "sha1,sha256", "sha256, sha1" },
	{ "sstp", "pack-records", "never", NULL },
	{ "ppp", "template", "never", NULL },
	{ "sstp", "tls-timeout", "10ms", NULL },
	{ "sstp", "http-timeout", "1h", NULL },
	{ "sstp", "negotiation-timeout", "60s", "1m" },
	{ "sstp", "hello-interval", "3600000ms", "1h" },
	{ "sstp", "abort-timeout", "1s", NULL },
	{ "sstp", "abort-linger", "2s", NULL },
	{ "sstp", "disconnect-timeout", "3s", NULL },
	{ "sstp", "disconnect-linger", "4s", NULL },
	{ "ppp", "pppd", "/opt/ppp/sbin/pppd", NULL },
	{ "ppp", "options-file", "/etc/ppp/o", NULL },
	{ "ppp", "plugin", "/p.so", NULL },
	{ "ppp", "auth-methods", "pap, chap-md5, eap, mschap-v2",
	    "mschap-v2, eap, chap-md5, pap" },
	{ "sstp", "auth-timeout", "120s", "2m" },
	{ "limits", "max-sessions-per-address", "1", NULL },
	{ "limits", "max-starting", "auto", NULL },
	{ "limits", "max-starting", "100000", NULL },
	{ "limits", "starting-time", "500ms", NULL },
	{ "limits", "max-half-open", "1000000", NULL },
	{ "limits", "max-half-open-per-ipv4", "64", NULL },
	{ "limits", "max-half-open-per-ipv6", "64", NULL },
	{ "limits", "max-connection-rate", "off", NULL },
	{ "limits", "max-connection-rate", "10", NULL },
	{ "limits", "max-buffers", "1M", NULL },
	{ "limits", "max-buffers", "1024M", "1G" },
	{ "limits", "max-buffers", "2000000", NULL },
	{ "limits", "max-buffers", "1536K", NULL },
	{ "limits", "auth-backoff", "0s", NULL },
	{ "limits", "auth-backoff", "0ms", "0s" },
	{ "limits", "ban-after", "off", NULL },
	{ "limits", "ban-time", "24h", NULL },
	{ "ppp", "data-path", "auto", NULL },
	{ "ppp", "data-path", "tun", NULL },
	{ "ppp", "stop-timeout", "30s", NULL },
	{ "control", "socket", "", NULL },
	{ "control", "group", "", NULL },
	{ "control", "group", "vpn-admins", NULL },
	{ "control", "metrics", "", NULL },
	{ "control", "metrics", "127.0.0.1:9443, [::1]:9443", NULL },
	{ "pool", "local-address", "", NULL },
	{ "pool", "local-address", "192.0.2.1", NULL },
	{ "pool", "addresses", "", NULL },
	{ "pool", "exclude", "192.0.2.7", NULL },
	{ "pool", "exclude", "192.0.2.4-192.0.2.7", NULL },
	{ "pool", "exclude", "192.0.2.5-192.0.2.6", "192.0.2.4/30" },
	{ "pool", "exclude", "192.0.2.0/24,192.0.2.6/31",
	    "192.0.2.0/24, 192.0.2.6/31" },
	{ "pool", "exclude", "192.0.2.7-192.0.2.8", NULL },
	{ "pool", "exclude", "192.0.2.7-192.0.2.7", "192.0.2.7" },
	{ "pool", "exclude", "192.0.2.7/32", "192.0.2.7" },
	{ "pool", "exclude", "0.0.0.0/0", NULL },
	{ "pool", "exclude", "0.0.0.1-255.255.255.255", NULL },
	{ "pool", "exclude", "255.255.255.254/31", NULL },
	{ "log", "target", "syslog", NULL },
	{ "log", "target", "journal", NULL },
	{ "log", "format", "json", NULL },
	{ "log", "level", "error", NULL },
	{ "log", "level", "warn", NULL },
	{ "log", "level", "debug", NULL },
	{ "log", "facility", "auth", NULL },
	{ "log", "facility", "authpriv", NULL },
	{ "log", "facility", "local0", NULL },
	{ "log", "facility", "local7", NULL },
	{ "log", "journal-socket", "/run/journal", NULL },
};

static void
test_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good *g = &good[i];
		struct conf conf;
		char text[1200];

		(void)snprintf(text, sizeof(text), "[%s]\n%s = %s\n",
		    g->section, g->key, g->value);
		load_good(text, &conf);
		check_printed(&conf, g->section, g->key,
		    g->printed != NULL ? g->printed : g->value);
		check_round_trip(&conf);
	}
}

/* Each option occurs in the tables of good and of bad values. */
static const struct bad {
	const char *section, *key, *value, *error;
} bad[] = {
	{ "server", "listen", "",
	    "\"\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and *:PORT" },
	{ "server", "listen", "443",
	    "\"443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT" },
	{ "server", "listen", "*",
	    "\"*\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT" },
	{ "server", "listen", "*:443, 192.0.2.1:65536",
	    "\"192.0.2.1:65536\": expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "listen", "*:443,",
	    "\"\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and *:PORT" },
	{ "server", "listen", "*:0443",
	    "\"*:0443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT" },
	{ "server", "listen", "::1:443",
	    "\"::1:443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT" },
	{ "server", "listen", "[::1:443",
	    "\"[::1:443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT" },
	{ "server", "listen", "[192.0.2.1]:443",
	    "\"[192.0.2.1]:443\": expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "listen", "192.0.2:443",
	    "\"192.0.2:443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT "
	    "and *:PORT" },
	{ "server", "listen", "localhost:443",
	    "\"localhost:443\": expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "listen", "*:1,*:2,*:3,*:4,*:5,*:6,*:7,*:8,[::]:9",
	    "\"[::]:9\": one too many, expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "listen", "*:1,*:2,*:3,*:4,*:5,*:6,*:7,[::]:8,*:9",
	    "\"*:9\": one too many, expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "listen", "*:443, [0::0]:443",
	    "\"[0::0]:443\": given twice, expected up to 16 of ADDRESS:PORT, "
	    "[IPv6]:PORT and *:PORT" },
	{ "server", "workers", "0",
	    "\"0\": expected auto or a number from 1 to 256" },
	{ "server", "workers", "257",
	    "\"257\": expected auto or a number from 1 to 256" },
	{ "server", "workers", "Auto",
	    "\"Auto\": expected auto or a number from 1 to 256" },
	{ "server", "workers", "",
	    "\"\": expected auto or a number from 1 to 256" },
	{ "limits", "max-sessions", "0100",
	    "\"0100\": expected a number from 1 to 100000" },
	{ "limits", "max-sessions", "100001",
	    "\"100001\": expected a number from 1 to 100000" },
	{ "limits", "max-sessions", "10 sessions",
	    "\"10 sessions\": expected a number from 1 to 100000" },
	{ "limits", "max-sessions", "4294967297",
	    "\"4294967297\": expected a number from 1 to 100000" },
	{ "server", "tcp-congestion", "",
	    "\"\": expected a name of up to 15 letters, digits, dots, hyphens "
	    "and underscores" },
	{ "server", "tcp-congestion", "b/r",
	    "\"b/r\": expected a name of up to 15 letters, digits, dots, "
	    "hyphens and underscores" },
	{ "server", "tcp-congestion", "a234567890123456",
	    "\"a234567890123456\": too long, expected a name of up to 15 "
	    "letters, digits, dots, hyphens and underscores" },
	{ "server", "user", "",
	    "\"\": expected a name of up to 32 letters, digits, dots, hyphens "
	    "and underscores" },
	{ "server", "user", "0",
	    "\"0\": expected a name of up to 32 letters, digits, dots, hyphens "
	    "and underscores" },
	{ "server", "user", "a b",
	    "\"a b\": expected a name of up to 32 letters, digits, dots, "
	    "hyphens and underscores" },
	{ "server", "user", "a23456789012345678901234567890323",
	    "\"a23456789012345678901234567890323\": too long, expected a name "
	    "of up to 32 letters, digits, dots, hyphens and underscores" },
	{ "server", "chroot-dir", "",
	    "\"\": expected an absolute path of up to 255 bytes" },
	{ "server", "chroot-dir", "empty",
	    "\"empty\": expected an absolute path of up to 255 bytes" },
	{ "server", "seccomp", "yes", "\"yes\": expected on, log or off" },
	{ "server", "shutdown-timeout", "2h",
	    "\"2h\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "server", "address-file", "./a",
	    "\"./a\": expected an absolute path of up to 255 bytes, or "
	    "nothing" },
	{ "server", "pid-file", "~/a",
	    "\"~/a\": expected an absolute path of up to 255 bytes, or "
	    "nothing" },
	{ "tls", "certificate", "",
	    "\"\": expected up to 4 absolute paths of up to 255 bytes each" },
	{ "tls", "certificate", "/a, b",
	    "\"b\": expected up to 4 absolute paths of up to 255 bytes each" },
	{ "tls", "certificate", "/a,/b,/c,/d,/e",
	    "\"/e\": one too many, expected up to 4 absolute paths of up to "
	    "255 bytes each" },
	{ "tls", "private-key", "/a,,/b",
	    "\"\": expected up to 4 absolute paths of up to 255 bytes each" },
	{ "tls", "min-version", "1.1", "\"1.1\": expected 1.2 or 1.3" },
	{ "tls", "max-version", "", "\"\": expected 1.2 or 1.3" },
	{ "tls", "ciphers", "",
	    "\"\": expected up to 511 printable characters" },
	{ "tls", "ciphersuites", "caf\xc3\xa9",
	    "\"caf\xc3\xa9\": expected up to 511 printable characters" },
	{ "tls", "groups", "''",
	    "\"\": expected up to 511 printable characters" },
	{ "sstp", "hash-protocols", "",
	    "\"\": expected one or more of sha256, sha1" },
	{ "sstp", "hash-protocols", "sha256, sha512",
	    "\"sha512\": expected one or more of sha256, sha1" },
	{ "sstp", "hash-protocols", "sha1, sha1",
	    "\"sha1\": given twice, expected one or more of sha256, sha1" },
	{ "sstp", "hash-protocols", "sha256 sha1",
	    "\"sha256 sha1\": expected one or more of sha256, sha1" },
	{ "ppp", "template", "yes", "\"yes\": expected auto or never" },
	{ "sstp", "pack-records", "yes", "\"yes\": expected auto or never" },
	{ "sstp", "tls-timeout", "30",
	    "\"30\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "http-timeout", "9ms",
	    "\"9ms\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "negotiation-timeout", "61m",
	    "\"61m\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "hello-interval", "030s",
	    "\"030s\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "abort-timeout", "",
	    "\"\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "abort-linger", "0s",
	    "\"0s\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "disconnect-timeout", "1d",
	    "\"1d\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "sstp", "disconnect-linger", "1 s",
	    "\"1 s\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "ppp", "pppd", "pppd",
	    "\"pppd\": expected an absolute path of up to 255 bytes" },
	{ "ppp", "options-file", "",
	    "\"\": expected an absolute path of up to 255 bytes" },
	{ "ppp", "plugin", "sstpd-plugin.so",
	    "\"sstpd-plugin.so\": expected an absolute path of up to 255 "
	    "bytes" },
	{ "ppp", "auth-methods", "none",
	    "\"none\": expected one or more of mschap-v2, eap, chap-md5, "
	    "pap" },
	{ "sstp", "auth-timeout", "120",
	    "\"120\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "limits", "max-sessions-per-address", "0",
	    "\"0\": expected a number from 1 to 100000" },
	{ "limits", "max-starting", "0",
	    "\"0\": expected auto or a number from 1 to 100000" },
	{ "limits", "starting-time", "5",
	    "\"5\": expected a time from 10ms to 1h, such as 500ms or 20s" },
	{ "limits", "max-half-open", "-1",
	    "\"-1\": expected a number from 1 to 1000000" },
	{ "limits", "max-half-open-per-ipv4", "off",
	    "\"off\": expected a number from 1 to 1000000" },
	{ "limits", "max-half-open-per-ipv6", "0",
	    "\"0\": expected a number from 1 to 1000000" },
	{ "limits", "max-connection-rate", "0",
	    "\"0\": expected off or a number from 1 to 1000000" },
	{ "limits", "max-buffers", "1m",
	    "\"1m\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "1023K",
	    "\"1023K\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "2G",
	    "\"2G\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "4194305K",
	    "\"4194305K\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "1 M",
	    "\"1 M\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "99999999999",
	    "\"99999999999\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "max-buffers", "M",
	    "\"M\": expected a number of bytes from 1M to 1G, such as 64M or 1G" },
	{ "limits", "auth-backoff", "off",
	    "\"off\": expected a time from 0s to 1h, such as 500ms or 20s" },
	{ "limits", "ban-after", "never",
	    "\"never\": expected off or a number from 1 to 100000" },
	{ "limits", "ban-time", "25h",
	    "\"25h\": expected a time from 10ms to 24h, such as 500ms or 20s" },
	{ "control", "socket", "run/control",
	    "\"run/control\": expected an absolute path of up to 255 bytes, or "
	    "nothing" },
	{ "control", "group", "two words",
	    "\"two words\": expected a name of up to 32 letters, digits, dots, "
	    "hyphens and underscores, or nothing" },
	{ "control", "metrics", "9443",
	    "\"9443\": expected up to 16 of ADDRESS:PORT, [IPv6]:PORT and "
	    "*:PORT, or nothing" },
	{ "ppp", "data-path", "veth", "\"veth\": expected auto, pty or tun" },
	{ "ppp", "stop-timeout", "never",
	    "\"never\": expected a time from 10ms to 1h, such as 500ms or "
	    "20s" },
	{ "pool", "local-address", "0.0.0.0",
	    "\"0.0.0.0\": expected an IPv4 address, or nothing" },
	{ "pool", "local-address", "192.0.2.01",
	    "\"192.0.2.01\": expected an IPv4 address, or nothing" },
	{ "pool", "local-address", "192.0.2.1/24",
	    "\"192.0.2.1/24\": expected an IPv4 address, or nothing" },
	{ "pool", "addresses", "192.0.2.9-192.0.2.1",
	    "\"192.0.2.9-192.0.2.1\": expected the lower address before the "
	    "dash" },
	{ "pool", "addresses", "192.0.2.0/24, all",
	    "\"all\": expected 192.0.2.10-192.0.2.99, 192.0.2.0/24 or "
	    "192.0.2.7" },
	{ "pool", "exclude", "192.0.2.0/33",
	    "\"192.0.2.0/33\": expected a prefix length of 0 to 32 after the "
	    "slash" },
	{ "log", "target", "file",
	    "\"file\": expected stderr, syslog or journal" },
	{ "log", "format", "xml", "\"xml\": expected text or json" },
	{ "log", "level", "notice",
	    "\"notice\": expected error, warn, info or debug" },
	{ "log", "facility", "local8",
	    "\"local8\": expected daemon, auth, authpriv, local0, local1, "
	    "local2, local3, local4, local5, local6 or local7" },
	{ "log", "journal-socket", "journal",
	    "\"journal\": expected an absolute path of up to 107 bytes" },
};

static void
check_bad(
    const char *section, const char *key, const char *value, const char *error)
{
	char text[1200], expected[CONF_ERROR_MAX];

	(void)snprintf(
	    text, sizeof(text), "[%s]\n%s = %s\n", section, key, value);
	(void)snprintf(
	    expected, sizeof(expected), ":2: [%s] %s: %s", section, key, error);
	load_bad(text, expected);
}

static void
test_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(
		    bad[i].section, bad[i].key, bad[i].value, bad[i].error);
}

static void
test_every_option_is_tested(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		unsigned int n_good = 0, n_bad = 0;

		for (size_t j = 0; j < sizeof(good) / sizeof(good[0]); j++)
			n_good += conf_option_find(good[j].section,
				      good[j].key) == &conf_options[i];
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			n_bad += conf_option_find(bad[j].section, bad[j].key) ==
				 &conf_options[i];
		if (n_good == 0 || n_bad == 0)
			fail_msg("%s: %u good, %u bad", conf_options[i].key,
			    n_good, n_bad);
	}
}

static void
test_long_values(void **state)
{
	char text[1200], many[1000] = "192.0.2.1";
	struct conf conf;

	(void)state;
	(void)snprintf(
	    text, sizeof(text), "[ppp]\nplugin = %s\n", long_text("/", 255));
	load_good(text, &conf);
	assert_int_equal(strlen(conf.plugin), 255);
	check_round_trip(&conf);
	check_bad("ppp", "plugin", long_text("/", 256),
	    "\"/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "...\": too long, expected an absolute path of up to 255 bytes");

	(void)snprintf(
	    text, sizeof(text), "[tls]\nciphers = %s\n", long_text("A", 511));
	load_good(text, &conf);
	assert_int_equal(strlen(conf.ciphers), 511);
	check_round_trip(&conf);
	check_bad("tls", "ciphers", long_text("A", 512),
	    "\"Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "...\": too long, expected up to 511 printable characters");

	check_bad("tls", "ciphers", long_text("A", 900),
	    "\"Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "...\": too long, expected up to 511 printable characters");
	check_bad("tls", "ciphers", long_text("A", 901),
	    "expected a value of up to 900 bytes");
	/* 899 bytes, but printed with a space behind the comma two more */
	check_bad("tls", "ciphers", long_text("A,,", 899),
	    "expected a value of up to 900 bytes");

	for (unsigned int i = 2; i <= 64; i++)
		(void)snprintf(many + strlen(many), 16, ",192.0.2.%u", i);
	(void)snprintf(text, sizeof(text), "[pool]\nexclude = %s\n", many);
	load_good(text, &conf);
	assert_int_equal(conf.profiles[0].exclude_count, 64);
	check_round_trip(&conf);
	strcat(many, ",192.0.2.65");
	check_bad("pool", "exclude", many,
	    "\"192.0.2.65\": one too many, expected up to 64 of FIRST-LAST, "
	    "NETWORK/LENGTH and ADDRESS, or nothing");
}

/* --- options together --- */

static void
test_rules(void **state)
{
	struct conf conf;

	(void)state;
	load_good("[tls]\ncertificate = /a, /b\nprivate-key = /c, /d\n", &conf);
	assert_int_equal(conf.profiles[0].certificate_count, 2);
	assert_int_equal(conf.profiles[0].private_key_count, 2);
	assert_string_equal(conf.profiles[0].certificate[1], "/b");
	assert_string_equal(conf.profiles[0].private_key[1], "/d");
	check_round_trip(&conf);
	load_bad("[tls]\ncertificate = /a, /b\nprivate-key = /c\n",
	    ":3: [tls] private-key: 1 given, expected one for each "
	    "certificate, that is 2");
	load_bad("[tls]\ncertificate = /a, /b\n",
	    ": [tls] private-key: 1 given, expected one for each "
	    "certificate, that is 2");
	load_good("[tls]\nmin-version = 1.3\n", &conf);
	load_bad("[tls]\nmax-version = 1.2\nmin-version = 1.3\n",
	    ":2: [tls] max-version: expected min-version or newer");

	load_good("[pool]\nlocal-address = 192.0.2.1\n"
		  "addresses = 192.0.2.0/24\nexclude = 192.0.2.2\n",
	    &conf);
	assert_int_equal(conf.profiles[0].local_address, 0xc0000201);
	assert_int_equal(conf.profiles[0].addresses_count, 1);
	assert_int_equal(conf.profiles[0].addresses[0].first, 0xc0000201);
	assert_int_equal(conf.profiles[0].addresses[0].last, 0xc00002fe);
	assert_int_equal(conf.profiles[0].exclude_count, 1);
	assert_int_equal(conf.profiles[0].exclude[0].first, 0xc0000202);
	check_round_trip(&conf);
	load_bad("[pool]\naddresses = 192.0.2.0/24\n",
	    ":2: [pool] addresses: expected local-address to be given as "
	    "well");
	load_bad("[pool]\nlocal-address = 192.0.2.1\naddresses = 10.0.0.0/8\n",
	    ":3: [pool] addresses: expected up to 1048576 addresses in all "
	    "ranges together");
	load_bad("[pool]\nlocal-address = 192.0.2.1\naddresses = 192.0.2.9\n"
		 "exclude = 192.0.2.0/24\n",
	    ":4: [pool] exclude: expected some of addresses to be left over");
}

/* --- the file --- */

static void
test_format(void **state)
{
	static const struct {
		const char *text, *path; /* path: of pid-file */
	} rows[] = {
		{ "[server]\npid-file = /a\n", "/a" },
		{ "[server]\npid-file = /a", "/a" }, /* no newline at the end */
		{ "[server]\r\npid-file = /a\r\n", "/a" },
		{ "\t[ Server ]\t\n \t PID-File\t=\t/A b \t\n", "/A b" },
		{ "# c\n;c\n\n [server]\n#[x]\n#pid-file = /b\npid-file=/a\n",
		    "/a" },
		{ "[server]\npid-file = /a ; c\n", "/a" },
		{ "[server]\npid-file = /a # c\n", "/a" },
		{ "[server]\npid-file = /a\t;c ] = [\n", "/a" },
		{ "[server]\npid-file =;c\n", "" },
		{ "[server]\npid-file = # c\n", "" },
		{ "[server]\npid-file =\n", "" },
		{ "[server]\npid-file = \"\"\n", "" },
		{ "[server]\npid-file = '' ; c\n", "" },
		{ "[server]\npid-file = \" \"\n", "" },
		{ "[server]\npid-file = \" /a \"\n", "/a" },
		{ "[server]\npid-file = \"/a;b#c\"; c\n", "/a;b#c" },
		{ "[server]\npid-file = '/a\"b' # it's\n", "/a\"b" },
		{ "[server]\npid-file = /a=b\n", "/a=b" },
		{ "[server]\npid-file = /a]\n", "/a]" },
		{ "[server]\npid-file = /caf\xc3\xa9\n", "/caf\xc3\xa9" },
		{ "[server]\n[log]\n[server]\npid-file = /a\n", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf conf;

		load_good(rows[i].text, &conf);
		assert_string_equal(conf.pid_file, rows[i].path);
		check_round_trip(&conf);
	}
}

static const struct {
	const char *text, *error;
} broken[] = {
	/* names */
	{ "[serve]\n", ":1: [serve]: unknown section, did you mean [server]?" },
	{ "\n[]\n", ":2: []: unknown section, see sstpd.conf(5)" },
	{ "[vpn]\n", ":1: [vpn]: unknown section, see sstpd.conf(5)" },
	{ "[pp]\n", ":1: [pp]: unknown section, did you mean [ppp]?" },
	{ "[lgo]\n", ":1: [lgo]: unknown section, did you mean [log]?" },
	{ "[accounting]\n",
	    ":1: [accounting]: unknown section, see sstpd.conf(5)" },
	{ "[server:listen]\n",
	    ":1: [server:listen]: unknown section, see sstpd.conf(5)" },
	{ "[sstp]\n\nhelo-interval = 9s\n",
	    ":3: [sstp] helo-interval: unknown key, did you mean "
	    "hello-interval?" },
	{ "[server]\nuesr = a\n",
	    ":2: [server] uesr: unknown key, did you mean user?" },
	{ "[tls]\ncertificates = /a\n",
	    ":2: [tls] certificates: unknown key, did you mean certificate?" },
	{ "[server]\nhello-interval = 9s\n",
	    ":2: [server] hello-interval: unknown key, it belongs in section "
	    "[sstp]" },
	{ "[server]\ncolour = red\n",
	    ":2: [server] colour: unknown key, see sstpd.conf(5)" },
	{ "[server]\nx:pid-file = /a\n",
	    ":2: [server] x:pid-file: unknown key, did you mean pid-file?" },
	{ "[server]\npid file = /a\n",
	    ":2: [server] pid file: unknown key, did you mean pid-file?" },
	{ "[server]\nuser ; c = a\n",
	    ":2: [server] user ; c: unknown key, see sstpd.conf(5)" },
	{ "user = a\n", ":1: user: expected a [section] before the first key" },
	/* of repeated keys iniparser would take the last */
	{ "[server]\nuser = a\nworkers = 1\nuser = a\n",
	    ":4: [server] user: given twice, for the first time in line 2" },
	{ "[server]\nuser = a\n[log]\n[SERVER]\nUSER = a\n",
	    ":5: [server] user: given twice, for the first time in line 2" },
	{ "[server]\nuser = a\nuser =\n",
	    ":3: [server] user: given twice, for the first time in line 2" },
	/* neither key nor section */
	{ "[server]\nuser\n",
	    ":2: expected key = value, [section] or a comment" },
	{ "[server]\n= a\n",
	    ":2: expected key = value, [section] or a comment" },
	{ "[server]\nx", ":2: expected key = value, [section] or a comment" },
	{ "\xef\xbb\xbf[server]\n",
	    ":1: expected key = value, [section] or a comment" },
	/* sections */
	{ "[server\nuser = a\n", ":1: expected ] after the section's name" },
	{ "[server]x\n", ":1: expected nothing after ], not even a comment" },
	{ "[server] user = a\n",
	    ":1: expected nothing after ], not even a comment" },
	{ "[server] # c\n",
	    ":1: expected nothing after ], not even a comment" },
	{ "[server] user = a ]\n",
	    ":1: expected nothing after ], not even a comment" },
	{ "[server]]\n", ":1: expected nothing after ], not even a comment" },
	/* values that would be cut */
	{ "[server]\npid-file = /a#b\n",
	    ":2: [server] pid-file: write a space before the # of a comment, "
	    "or quote the value" },
	{ "[server]\npid-file = /a;\n",
	    ":2: [server] pid-file: write a space before the ; of a comment, "
	    "or quote the value" },
	{ "[server]\npid-file = \"/a\"b\n",
	    ":2: [server] pid-file: expected nothing but a comment after the "
	    "closing \"" },
	{ "[server]\npid-file = '/a' '/b'\n",
	    ":2: [server] pid-file: expected nothing but a comment after the "
	    "closing '" },
	{ "[server]\npid-file = \"/a\n",
	    ":2: [server] pid-file: expected a \" at the end" },
	{ "[server]\npid-file = '/a # \"\n",
	    ":2: [server] pid-file: expected a ' at the end" },
	/* backslashes */
	{ "[server]\npid-file = \\\n/a\n",
	    ":2: expected a line that does not end in a backslash" },
	{ "[server]\n# where: C:\\ \t\npid-file = /a\n",
	    ":2: expected a line that does not end in a backslash" },
	{ "[server]\npid-file = /a\\ ; c\n",
	    ":2: [server] pid-file: expected a value without a backslash" },
	{ "[server]\npid-file = \"/a\\\"b\"\n",
	    ":2: [server] pid-file: expected nothing but a comment after the "
	    "closing \"" },
	{ "[server]\npid-file = '/a\\tb'\n",
	    ":2: [server] pid-file: expected a value without a backslash" },
	/* bytes that are no text */
	{ "[server]\n\001\n", ":2: expected text, but byte 1 is 0x01" },
	{ "# c\033[2J\n", ":1: expected text, but byte 4 is 0x1b" },
	{ "[server]\nuser = a\fb\n", ":2: expected text, but byte 9 is 0x0c" },
	{ "[server]\nuser = a\177\n", ":2: expected text, but byte 9 is 0x7f" },
	{ "[server]\rpid-file = /a\n",
	    ":1: expected text, but byte 9 is 0x0d" },
	{ "[server]\r\r\n", ":1: expected text, but byte 9 is 0x0d" },
};

static void
test_broken_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		load_bad(broken[i].text, broken[i].error);
}

static void
test_nul(void **state)
{
	static const char text[] = "[server]\nuser = a\0b\npid-file = /a\n";
	char error[CONF_ERROR_MAX];
	struct conf conf;

	(void)state;
	write_bytes(path, text, sizeof(text) - 1);
	assert_int_equal(conf_load(path, &conf, error), -1);
	assert_string_equal(
	    error + strlen(path), ":2: expected text, but byte 9 is 0x00");
}

static void
test_long_lines(void **state)
{
	char text[2400];
	struct conf conf;

	(void)state;
	(void)snprintf(text, sizeof(text), "[server]\n%s\npid-file = /a\n",
	    long_text("#", 1000));
	load_good(text, &conf);
	assert_string_equal(conf.pid_file, "/a");
	(void)snprintf(text, sizeof(text), "[server]\n%s\npid-file = /a\n",
	    long_text("#", 1001));
	load_bad(text, ":2: expected a line of up to 1000 bytes");
	/* iniparser's buffer ends here; the rest would be a line of its own */
	(void)snprintf(
	    text, sizeof(text), "[server]\n%s\n", long_text("#", 1022));
	strcat(text, "pid-file = /a\n");
	load_bad(text, ":2: expected a line of up to 1000 bytes");
	(void)snprintf(
	    text, sizeof(text), "[server]\n%s = 1\n", long_text("k", 900));
	load_bad(text,
	    ":2: [server] kxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: "
	    "unknown key, see sstpd.conf(5)");
}

static void
test_unreadable(void **state)
{
	char error[CONF_ERROR_MAX], expected[CONF_ERROR_MAX];
	char deep[CONF_ERROR_MAX * 2];
	struct conf conf;

	(void)state;
	(void)unlink(path);
	assert_int_equal(conf_load(path, &conf, error), -1);
	(void)snprintf(expected, sizeof(expected),
	    "%s: cannot read it: No such file or directory", path);
	assert_string_equal(error, expected);

	assert_int_equal(conf_load(dir, &conf, error), -1);
	(void)snprintf(expected, sizeof(expected),
	    "%s: cannot read it: Is a directory", dir);
	assert_string_equal(error, expected);

	/* nobody writes to it: opening it must not wait */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(conf_load(path, &conf, error), -1);
	(void)snprintf(expected, sizeof(expected),
	    "%s: cannot read it: Invalid argument", path);
	assert_string_equal(error, expected);
	assert_int_equal(unlink(path), 0);

	/* of a very long path the end is shown */
	memset(deep, '/', sizeof(deep));
	(void)snprintf(deep + sizeof(deep) - 8, 8, "no-file");
	assert_int_equal(conf_load(deep, &conf, error), -1);
	assert_int_equal(strspn(error, "/"), 200 - 7);
	assert_string_equal(error + 200 - 7,
	    "no-file: cannot read it: No such file or directory");

	assert_int_equal(conf_load("/dev/null", &conf, error), 0);
}

/* iniparser's own loader, with a change to the file right before it. */
static const char *change_before_load;

dictionary *
iniparser_load(const char *name)
{
	dictionary *(*real)(const char *);
	void *symbol = dlsym(RTLD_NEXT, "iniparser_load");

	assert_non_null(symbol);
	memcpy(&real, &symbol, sizeof(real));
	if (change_before_load != NULL)
		write_bytes(
		    name, change_before_load, strlen(change_before_load));
	return real(name);
}

/* Collect stderr in a file, or stop that and return how much there is. */
static long
divert_stderr(bool divert)
{
	static FILE *file;
	static int saved;
	long n = 0;

	(void)fflush(stderr);
	if (divert) {
		file = tmpfile();
		assert_non_null(file);
		saved = dup(STDERR_FILENO);
		assert_int_not_equal(dup2(fileno(file), STDERR_FILENO), -1);
		return 0;
	}
	n = (long)lseek(fileno(file), 0, SEEK_END);
	assert_int_not_equal(dup2(saved, STDERR_FILENO), -1);
	(void)close(saved);
	(void)fclose(file);
	return n;
}

static void
test_changed_meanwhile(void **state)
{
	(void)state;
	change_before_load = "[server]\nuser = b\n";
	load_bad("[server]\n\nuser = a\n",
	    ":3: [server] user: changed while it was being read");
	load_bad("[server]\n", ": [server] user: changed while it was being "
			       "read");
	change_before_load = "";
	load_bad("[server]\nuser = a\n",
	    ":2: [server] user: changed while it was being read");
	/* iniparser itself finds this one, and would say so on stderr */
	change_before_load = "[server\n";
	divert_stderr(true);
	load_bad("[server]\nuser = a\n", ": iniparser cannot read it");
	assert_int_equal(divert_stderr(false), 0);
	change_before_load = NULL;
}

/* --- the documents --- */

static void
test_sample(void **state)
{
	char error[CONF_ERROR_MAX] = "";
	struct conf conf, defaults;

	(void)state;
	load_good("[tls]\ncertificate = /etc/sstpd/cert.pem\n"
		  "private-key = /etc/sstpd/key.pem\n",
	    &defaults);
	if (conf_load(TEST_DATA "/../../etc/sstpd.conf", &conf, error) < 0)
		fail_msg("%s", error);
	assert_memory_equal(&conf, &defaults, sizeof(conf));
	check_round_trip(&conf);
}

static void
test_table(void **state)
{
	char *text = NULL, *line, *save = NULL;
	unsigned int lines = 0;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	conf_print_table(out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text,
	    "sstp\thello-interval\t60s\ta time from 10ms to 1h, such as 500ms "
	    "or 20s\tSilence before an echo request, and again before giving "
	    "up\n"));
	assert_non_null(strstr(text,
	    "tls\tcertificate\t/etc/sstpd/cert.pem\tup to 4 absolute paths"));
	assert_non_null(strstr(text, "ppp\tpppd\t/usr/sbin/pppd\tan absolute"));
	assert_non_null(
	    strstr(text, "ppp\tplugin\t/usr/lib/pppd/sstpd-plugin.so\tan"));
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned int tabs = 0;

		for (const char *p = line; *p != '\0'; p++)
			tabs += *p == '\t';
		assert_int_equal(tabs, 4);
		lines++;
	}
	assert_int_equal(lines, CONF_OPTIONS + CONF_PROFILE_OPTIONS);
	free(text);
}

/*
 * A whole configuration cut off at every byte, and with every bit of it
 * flipped: it loads, and then prints as something that loads the same, or it
 * says what is wrong. Never does iniparser read it in another way.
 */
static void
check_mutation(const char *text, size_t n)
{
	char error[CONF_ERROR_MAX] = "";
	struct conf conf;

	write_bytes(path, text, n);
	if (conf_load(path, &conf, error) == 0) {
		check_round_trip(&conf);
		return;
	}
	assert_int_equal(strncmp(error, path, strlen(path)), 0);
	assert_null(strstr(error, "changed while"));
	assert_null(strstr(error, "iniparser"));
}

static void
test_mutations(void **state)
{
	static const char text[] =
	    "[server]\nlisten = *:443, [::1]:0 ; both\nuser = vpn\n"
	    "pid-file = \"/run/a#b\" # c\n[tls]\nciphers = 'A;B'\n"
	    "[sstp]\nhash-protocols = sha1\nhello-interval = 90s\n"
	    "[pool]\nlocal-address = 192.0.2.1\naddresses = 192.0.2.0/28\n"
	    "exclude = 192.0.2.3-192.0.2.5,192.0.2.7\n"
	    "[profile a]\nserver-name = a.example, *.b\n"
	    "addresses = 192.0.2.20\nmax-sessions = 9\n";
	size_t n = sizeof(text) - 1;
	char copy[sizeof(text)];
	struct conf conf;

	(void)state;
	load_good(text, &conf);
	for (size_t i = 0; i < n; i++)
		check_mutation(text, i);
	for (size_t bit = 0; bit < n * 8; bit++) {
		memcpy(copy, text, sizeof(text));
		copy[bit / 8] ^= (char)(1 << bit % 8);
		check_mutation(copy, n);
	}
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/c", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_list_items),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_good_values),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_every_option_is_tested),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_broken_files),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
