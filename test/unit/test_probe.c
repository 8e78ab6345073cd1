/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The small parts of sstp-probe: its SSTP messages, its HTTP, its bit of IP,
 * percentiles, JSON and the command line.
 */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "histogram.h"
#include "http.h"
#include "http_client.h"
#include "ip.h"
#include "json.h"
#include "load_report.h"
#include "login.h"
#include "options.h"
#include "sstp_client.h"

static size_t
unhex(const char *text, uint8_t *p, size_t cap)
{
	size_t n = strlen(text) / 2;

	assert_true(n <= cap);
	for (size_t i = 0; i < n; i++) {
		unsigned int v;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
		p[i] = (uint8_t)v;
	}
	return n;
}

/* --- SSTP --- */

static void
test_request(void **state)
{
	uint8_t bytes[SSTP_REQUEST_LEN], want[SSTP_REQUEST_LEN];
	struct sstp_packet packet;
	struct sstp_control control;

	(void)state;
	sstp_build_request(bytes);
	unhex("1001000e00010001000100060001", want, sizeof(want));
	assert_memory_equal(bytes, want, sizeof(want));
	assert_int_equal(
	    sstp_parse_packet(bytes, sizeof(bytes), &packet), sizeof(bytes));
	sstp_parse_control(&packet, &control);
	assert_int_equal(control.verdict, SSTP_GOOD);
}

/* [MS-SSTP] 4.7 has the messages, with keys that give its HLAK. */
static void
test_connected(void **state)
{
	static const struct {
		uint8_t hash;
		const char *hlak, *message;
	} rows[] = {
		{ CERT_HASH_PROTOCOL_SHA256,
		    "2a1bb40d55ab0f5ef32f06f2b3cc73c4"
		    "8fd3fac41d7a1315a19228d9024ca164",
		    "10010070000400010003006800000002"
		    "412b489aebd7ecc7d08966f26be7cd72"
		    "b231a0e9210d7c91b308862b0344c435"
		    "7993ef314c493dace9f02d60e7e61c84"
		    "b6690aafe9d7aeea92cbbe8ad599422d"
		    "52a68efd8cffbf52770b8f0fe8ec7371"
		    "6583af6d611eb6d179b3b20840985449" },
		{ CERT_HASH_PROTOCOL_SHA1,
		    "4b3128f43925d9006eefb1c4e86515a1"
		    "d88e56bab3ca2bdf0373b7f5a8a13b19",
		    "10010070000400010003006800000001"
		    "0f1a2d58d4a3e3000fad3ce4906e07b7"
		    "07aa9e441cceac5cbd7b2cc1c9d86cdf"
		    "5826b629bda59b8e6fd8dcd2622fd34c"
		    "534805a5000000000000000000000000"
		    "69915dd583d8062fef16f61db2f03290"
		    "ec27cb6c000000000000000000000000" },
	};
	struct binding_keys keys = { .state = KEYS_MPPE, .receive_len = 32 };
	uint8_t want[SSTP_CALL_CONNECTED_LEN], bytes[SSTP_CALL_CONNECTED_LEN];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		unhex(rows[i].hlak, keys.receive, sizeof(keys.receive));
		unhex(rows[i].message, want, sizeof(want));
		assert_true(sstp_build_connected(
		    bytes, rows[i].hash, want + 16, want + 48, &keys));
		assert_memory_equal(bytes, want, sizeof(want));
	}
	assert_false(
	    sstp_build_connected(bytes, 3, want + 16, want + 48, &keys));
	keys.state = KEYS_PENDING;
	assert_false(sstp_build_connected(
	    bytes, CERT_HASH_PROTOCOL_SHA256, want + 16, want + 48, &keys));
}

static bool
parse_ack(const uint8_t *bytes, size_t n, struct sstp_ack *ack)
{
	struct sstp_packet packet;

	return sstp_parse_packet(bytes, n, &packet) > 0 &&
	       sstp_parse_ack(&packet, ack);
}

static void
test_ack(void **state)
{
	uint8_t nonce[SSTP_NONCE_LEN], bytes[64];
	struct sstp_ack ack;
	size_t n;

	(void)state;
	memset(nonce, 0x5a, sizeof(nonce));
	n = sstp_build_ack(bytes, sizeof(bytes), 3, nonce);
	assert_true(parse_ack(bytes, n, &ack));
	assert_int_equal(ack.hash_bitmask, 3);
	assert_memory_equal(ack.nonce, nonce, sizeof(nonce));
	bytes[1] |= 0xfe; /* reserved */
	bytes[2] |= 0xf0;
	bytes[10] |= 0xf0;
	bytes[12] = 0xff;
	assert_true(parse_ack(bytes, n, &ack));
	for (size_t len = 0; len < n; len++) {
		/* cut, and with a Length that agrees */
		bytes[2] = 0;
		bytes[3] = (uint8_t)len;
		assert_false(parse_ack(bytes, len, &ack));
	}
	bytes[3] = (uint8_t)n;
	for (size_t at = 4; at < 12; at++) {
		if (at == 8)
			continue; /* reserved */
		bytes[at] ^= 1;
		assert_false(parse_ack(bytes, n, &ack));
		bytes[at] ^= 1;
	}
	assert_true(parse_ack(bytes, n, &ack));
	bytes[3]++; /* one byte too many, behind the attribute or in it */
	assert_false(parse_ack(bytes, n + 1, &ack));
	bytes[11]++;
	assert_false(parse_ack(bytes, n + 1, &ack));
}

static void
test_nak(void **state)
{
	struct sstp_status_info info[2] = { { .attrib_id = 1, .status = 4 },
		{ .attrib_id = 9, .status = 2 } };
	uint8_t bytes[64], id;
	struct sstp_packet packet;
	uint32_t status;
	size_t n;

	(void)state;
	n = sstp_build_nak(bytes, sizeof(bytes), info, 2);
	assert_true(sstp_parse_packet(bytes, n, &packet) > 0);
	assert_true(sstp_parse_nak(&packet, &id, &status));
	assert_int_equal(id, 1);
	assert_int_equal(status, 4);
	bytes[9] = 7; /* the first is something else */
	assert_true(sstp_parse_nak(&packet, &id, &status));
	assert_int_equal(id, 9);
	bytes[11] = 0; /* no attribute is that short */
	assert_false(sstp_parse_nak(&packet, &id, &status));
}

static void
test_choice_of_hash(void **state)
{
	(void)state;
	assert_int_equal(sstp_choose_hash(3, 3), CERT_HASH_PROTOCOL_SHA256);
	assert_int_equal(sstp_choose_hash(0xff, 1), CERT_HASH_PROTOCOL_SHA1);
	assert_int_equal(sstp_choose_hash(1, 2), 0);
	assert_int_equal(sstp_choose_hash(0xfc, 3), 0);
}

/* --- HTTP --- */

static void
test_http_request(void **state)
{
	static const uint8_t guid[HTTP_GUID_LEN] = { 0xff, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14, 15 };
	char head[HTTP_REQUEST_MAX], host[800];
	struct http_request request;
	size_t n;

	(void)state;
	n = http_build_request(head, "vpn.example.net:4443", guid);
	/* the daemon understands it */
	assert_int_equal(http_parse_request((uint8_t *)head, n, &request), n);
	assert_string_equal(request.host, "vpn.example.net:4443");
	assert_string_equal(
	    request.correlation_id, "{FF010203-0405-4607-8809-0A0B0C0D0E0F}");
	memset(host, 'x', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(http_build_request(head, host, guid), 0);
}

static void
test_http_reply(void **state)
{
	static const struct {
		const char *text;
		int status;
	} good[] = {
		{ "HTTP/1.1 200 OK\r\nserver: Some\x1bthing\r\n\r\n", 200 },
		{ "HTTP/1.1 200 \r\n\r\n", 200 },
		{ "HTTP/1.1 200\n\n", 200 },
		{ "HTTP/1.1 404 Not Found\r\nX: y\r\n\r\n", 404 },
	};
	static const char *const bad[] = { "SSH-2.0-x\r\n", "X", "HTTQ",
		"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2/0 OK\r\n\r\n",
		"HTTP/1.1 2:0 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n" };
	struct http_reply reply;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].text);

		snprintf(text, sizeof(text), "%s\x10\x01", good[i].text);
		assert_int_equal(
		    http_parse_reply((uint8_t *)text, n + 2, &reply), n);
		assert_int_equal(reply.status, good[i].status);
		for (size_t len = 0; len < n; len++)
			assert_int_equal(
			    http_parse_reply((uint8_t *)text, len, &reply), 0);
	}
	http_parse_reply(
	    (const uint8_t *)good[0].text, strlen(good[0].text), &reply);
	assert_string_equal(reply.server, "Some?thing");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(http_parse_reply((const uint8_t *)bad[i],
				     strlen(bad[i]), &reply),
		    -1);
}

static void
test_http_reply_without_end(void **state)
{
	size_t n = HTTP_REPLY_HEAD_MAX;
	char *text = malloc(n + 4);
	struct http_reply reply;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n + 4);
	memcpy(text, "HTTP/1.1 200 OK\r\n", 17);
	assert_int_equal(http_parse_reply((uint8_t *)text, n - 1, &reply), 0);
	assert_int_equal(http_parse_reply((uint8_t *)text, n, &reply), -1);
	memcpy(text + n - 2, "\n\n", 2);
	assert_int_equal(http_parse_reply((uint8_t *)text, n, &reply), n);
	/* one byte later is too late */
	memcpy(text + n - 2, "a\n\n", 3);
	assert_int_equal(http_parse_reply((uint8_t *)text, n + 1, &reply), -1);
	free(text);
}

/* --- IP --- */

static void
test_echo(void **state)
{
	struct ip_echo echo = { htonl(0x0a09000a), htonl(0x0a090001), 0x1234,
		7 };
	struct ip_echo got;
	uint8_t want[28], p[84];

	(void)state;
	ip_build_echo(p, 28, &echo);
	/* computed by another program */
	unhex("4500001c00074000400126be0a09000a0a0900010800e5c412340007", want,
	    sizeof(want));
	assert_memory_equal(p, want, sizeof(want));
	assert_false(ip_parse_reply(p, 28, &got)); /* a request */
}

/* Set a 16-bit word and keep the checksum right (RFC 1624). */
static void
change_word(uint8_t *p, size_t at, uint16_t value, size_t checksum_at)
{
	uint32_t sum = (uint32_t)p[checksum_at] << 8 | p[checksum_at + 1];

	sum = (~sum & 0xffff) + (uint16_t) ~(p[at] << 8 | p[at + 1]) + value;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[at] = (uint8_t)(value >> 8);
	p[at + 1] = (uint8_t)value;
	p[checksum_at] = (uint8_t)(sum >> 8);
	p[checksum_at + 1] = (uint8_t)sum;
}

static void
make_reply(uint8_t *p, size_t n)
{
	struct ip_echo echo = { htonl(0x0a090001), htonl(0x0a09000a), 0x1234,
		7 };

	ip_build_echo(p, n, &echo);
	change_word(p, 20, 0, 22);
}

static void
test_reply(void **state)
{
	uint8_t p[84];
	struct ip_echo got;

	(void)state;
	make_reply(p, sizeof(p));
	assert_true(ip_parse_reply(p, sizeof(p), &got));
	assert_int_equal(got.id, 0x1234);
	assert_int_equal(got.sequence, 7);
	assert_int_equal(got.to, htonl(0x0a09000a));
	for (size_t len = 0; len < sizeof(p); len++) {
		uint8_t *cut = malloc(len > 0 ? len : 1);

		assert_non_null(cut);
		memcpy(cut, p, len);
		assert_false(ip_parse_reply(cut, len, &got));
		free(cut);
	}
	for (size_t bit = 0; bit < 8 * sizeof(p); bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ip_parse_reply(p, sizeof(p), &got));
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
test_other_packets(void **state)
{
	static const struct {
		size_t at;
		uint16_t value;
		size_t checksum_at;
		bool good;
	} rows[] = {
		{ 0, 0x4501, 10, true },   /* type of service */
		{ 0, 0x6500, 10, false },  /* version */
		{ 0, 0x4400, 10, false },  /* header too short */
		{ 2, 19, 10, false },	   /* length below the header */
		{ 2, 83, 10, true },	   /* one of padding, a zero */
		{ 2, 85, 10, false },	   /* more than there is */
		{ 6, 0x2000, 10, false },  /* a fragment */
		{ 6, 0x0001, 10, false },  /* another */
		{ 8, 0x4011, 10, false },  /* UDP */
		{ 20, 0x0001, 22, false }, /* code */
		{ 20, 0x0300, 22, false }, /* unreachable */
		{ 24, 0x4321, 22, true },  /* identifier */
	};
	uint8_t p[84];
	struct ip_echo got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_reply(p, sizeof(p));
		change_word(p, rows[i].at, rows[i].value, rows[i].checksum_at);
		assert_int_equal(
		    ip_parse_reply(p, sizeof(p), &got), rows[i].good);
	}
}

/* --- percentiles --- */

static void
test_histogram(void **state)
{
	static struct histogram h;

	(void)state;
	assert_true(histogram_quantile(&h, 0.5) <= 0);
	for (int i = 1; i <= 1000; i++)
		histogram_add(&h, i / 1e3);
	assert_int_equal(h.count, 1000);
	for (int percent = 1; percent <= 100; percent++) {
		double is = histogram_quantile(&h, percent / 100.0);
		double should = percent / 100.0;

		assert_true(is >= should * 0.999 && is <= should * 1.03);
	}
	assert_true(histogram_quantile(&h, 1) <= 1);
	histogram_add(&h, 1e9);
	histogram_add(&h, -1);
	assert_true(histogram_quantile(&h, 0) < 0.00001);
	assert_true(histogram_quantile(&h, 1) > 1e8);
}

/* What load_print() says. */
static void
print_load(const struct load_result *result, char *text, size_t cap)
{
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	load_print(result);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	n = fread(text, 1, cap - 1, file);
	text[n] = '\0';
	fclose(file);
}

/* Columns and keys have the percentiles that their names promise. */
static void
test_load_percentiles(void **state)
{
	static const struct options options = { .mode = MODE_LOAD };
	static struct load_result r = { .options = &options };
	struct client_report report = { .was_up = true, .left_clean = true };
	double p50, p95, p99, most;
	char text[4096];

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		for (int s = 0; s < STAGES_TIMED; s++)
			report.took[s] = -1;
		report.took[STAGE_TLS] = report.total = i / 1e3;
		load_record(&r, &report);
	}
	print_load(&r, text, sizeof(text));
	assert_null(strstr(text, "\ntcp "));
	assert_non_null(strstr(text, "\ntls "));
	assert_int_equal(
	    sscanf(strstr(text, "\nuntil up "),
		" until up %lf %lf %lf %lf (1000)", &p50, &p95, &p99, &most),
	    4);
	assert_true(p50 >= 500 && p50 < 500 * 1.03);
	assert_true(p95 >= 950 && p95 < 950 * 1.03);
	assert_true(p99 >= 990 && p99 <= 1000);
	assert_true(most >= 1000 && most < 1000.01);
}

/* --- JSON --- */

static void
test_json(void **state)
{
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct json j = { out, false };

	(void)state;
	assert_non_null(out);
	json_open(&j, NULL, '{');
	json_string(&j, "s", "a\"\\\n\xc3|");
	json_open(&j, "l", '[');
	json_integer(&j, NULL, -1);
	json_number(&j, NULL, 0.5);
	json_close(&j, ']');
	json_open(&j, "o", '{');
	json_close(&j, '}');
	json_bool(&j, "b", true);
	json_close(&j, '}');
	fclose(out);
	assert_string_equal(text,
	    "{\"s\": \"a\\\"\\\\\\u000a\\ufffd|\", \"l\": [-1, 0.500000], "
	    "\"o\": {}, \"b\": true}");
}

/* --- the command line --- */

static enum options_result
parse(struct options *options, const char *line)
{
	static char words[256];
	char *argv[32] = { "sstp-probe" }, why[OPTIONS_WHY_MAX] = "";
	int argc = 1;
	enum options_result result;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	result = options_parse(options, argc, argv, why);
	/* whoever is wrong is told why */
	assert_int_equal(result == OPTIONS_WRONG, why[0] != '\0');
	return result;
}

static void
test_targets(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} rows[] = {
		{ "vpn.example.net", "vpn.example.net", 443 },
		{ "vpn.example.net:4443", "vpn.example.net", 4443 },
		{ "192.0.2.1:1", "192.0.2.1", 1 },
		{ "2001:db8::1", "2001:db8::1", 443 },
		{ "::1", "::1", 443 },
		{ "[2001:db8::1]", "2001:db8::1", 443 },
		{ "[fe80::1%eth0]:65535", "fe80::1%eth0", 65535 },
	};
	static const char *const bad[] = { "", "a b", ":443", "a:", "a:0",
		"a:65536", "a:4x", "[::1", "[::1]443", "[]:1", "a\tb", "a/b",
		"[::1]:" };
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].text), OPTIONS_RUN);
		assert_string_equal(o.host, rows[i].host);
		assert_int_equal(o.port, rows[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, bad[i]), OPTIONS_WRONG);
}

static void
test_options(void **state)
{
	static const char *const bad[] = { "--timeout 0 h", "--timeout 5s h",
		"--timeout -5 h", "--tls-version 1.1 h", "--sessions 5 h",
		"load --verbose h", "--ping 3 h", "--password-file x h",
		"load --traffic ping h", "--bogus h", "h --timeout",
		"load --user a --user-prefix b h", "--user", "h h",
		"load --user a --traffic ping --rate 0 h",
		"load --traffic echo --rate 0 h", "load --rate 0 h", "tunnel h",
		"tunnel -u a", "tunnel -u a -p 3 h", "tunnel -u a -n 3 h",
		"--route 192.0.2.0/24 h", "load --time 5 h",
		"tunnel -u a --mtu 575 h", "tunnel -u a --mtu 4088 h",
		"tunnel -u a --route 192.0.2.1/24 h", "tunnel -u a -d a/b h",
		"tunnel -u a -d a%d h", "tunnel -u a -d 0123456789abcdef h" };
	struct options o;

	(void)state;
	assert_int_equal(
	    parse(&o, "-vv -6 -w 20 --auth any-offered -u me h -p 3"),
	    OPTIONS_RUN);
	assert_int_equal(o.verbose, 2);
	assert_int_equal(o.family, AF_INET6);
	assert_int_equal(o.warning_days, 20);
	assert_int_equal(o.critical_days, 3);
	assert_int_equal(o.methods, LOGIN_ANY);
	assert_true(o.anonymous);
	assert_string_equal(o.user, "me");
	assert_int_equal(o.ping, 3);
	assert_int_equal(
	    parse(&o, "load -n 7 --traffic echo h:1"), OPTIONS_RUN);
	assert_int_equal(o.mode, MODE_LOAD);
	assert_int_equal(o.sessions, 7);
	assert_int_equal(o.traffic.mode, TRAFFIC_ECHO);
	assert_int_equal(parse(&o, "tunnel -u a --mtu 4087 --time 9 -d tun7 "
				   "--route 192.0.2.0/24 --route ::/0 h"),
	    OPTIONS_RUN);
	assert_int_equal(o.mode, MODE_TUNNEL);
	assert_int_equal(o.mtu, 4087);
	assert_int_equal(o.time, 9);
	assert_string_equal(o.device, "tun7");
	assert_int_equal(o.routes, 2);
	assert_int_equal(o.route[0].len, 24);
	assert_int_equal(o.route[1].family, AF_INET6);
	assert_int_equal(
	    parse(&o, "load --user a --traffic up --rate 0 h"), OPTIONS_RUN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, bad[i]), OPTIONS_WRONG);
}

/* Who is wrong is still told so in the form, and about the server, he wants. */
static void
test_wrong_options(void **state)
{
	static const struct {
		const char *line;
		uint32_t output;
	} rows[] = {
		{ "--bogus -j h:7", OUTPUT_JSON },
		{ "-t 0 -w x --json h:7", OUTPUT_JSON },
		{ "-xj h:7", OUTPUT_JSON },
		{ "-j --bogus --prometheus h:7", OUTPUT_PROMETHEUS },
		{ "load --prometheus h:7", OUTPUT_TEXT },
		{ "load -j --prometheus h:7", OUTPUT_JSON },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].line), OPTIONS_WRONG);
		assert_int_equal(o.output, rows[i].output);
		assert_string_equal(o.host, "h");
		assert_int_equal(o.port, 7);
	}
}

static void
test_too_many_routes(void **state)
{
	char words[3][32] = { "sstp-probe", "tunnel", "--route=192.0.2.1" };
	char *argv[3 + OPTIONS_ROUTES_MAX], why[OPTIONS_WHY_MAX] = "";
	struct options o;

	(void)state;
	for (int i = 0; i < 3 + OPTIONS_ROUTES_MAX; i++)
		argv[i] = words[i < 2 ? i : 2];
	assert_int_equal(options_parse(&o, 3 + OPTIONS_ROUTES_MAX, argv, why),
	    OPTIONS_WRONG);
	assert_string_equal(why, "--route may be given 64 times");
	assert_int_equal(o.routes, OPTIONS_ROUTES_MAX);
}

static void
test_prefixes(void **state)
{
	static const struct {
		const char *text, *same;
	} rows[] = {
		{ "0.0.0.0/0", NULL },
		{ "192.0.2.0/24", NULL },
		{ "192.0.2.128/25", NULL },
		{ "192.0.2.7", "192.0.2.7/32" },
		{ "::/0", NULL },
		{ "2001:db8::/29", NULL },
		{ "2001:DB8::1", "2001:db8::1/128" },
	};
	static const char *const bad[] = { "", "/", "/8", "default", "10/8",
		"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/2x",
		"192.0.2.0/24/24", "192.0.2.1/31", "192.0.2.0/16", "::1/64",
		"::/129", "::/ 8", "::%lo/0", "2001:db8::/28",
		"0123:4567:89ab:cdef:0123:4567:89ab:cdef:0123:4567:89ab/0" };
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(prefix_parse(&prefix, rows[i].text));
		assert_string_equal(prefix_format(&prefix, text),
		    rows[i].same != NULL ? rows[i].same : rows[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(prefix_parse(&prefix, bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_nak),
		cmocka_unit_test(test_choice_of_hash),
		cmocka_unit_test(test_http_request),
		cmocka_unit_test(test_http_reply),
		cmocka_unit_test(test_http_reply_without_end),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_other_packets),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_load_percentiles),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_too_many_routes),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
