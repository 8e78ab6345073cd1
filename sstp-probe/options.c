/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The command line. */

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "conf_value.h"
#include "login.h"
#include "options.h"
#include "sstp.h"

enum kind {
	KIND_FLAG,
	KIND_COUNT,
	KIND_NUMBER,
	KIND_TEXT,
	KIND_CHOICE,
	KIND_ROUTE, /* one more of them */
};
/* the modes that an option is for, a bit each */
enum scope {
	ONE = 1 << MODE_PROBE,
	MANY = 1 << MODE_LOAD,
	CARRY = 1 << MODE_TUNNEL,
	ALL = ONE | MANY | CARRY,
};

struct choice {
	const char *name;
	uint32_t value;
};

/* clang-format off */
static const struct choice versions[] = {
	{ "1.2", TLS1_2_VERSION }, { "1.3", TLS1_3_VERSION }, { NULL, 0 } };
static const struct choice hashes[] = {
	{ "sha1", CERT_HASH_PROTOCOL_SHA1 },
	{ "sha256", CERT_HASH_PROTOCOL_SHA256 }, { NULL, 0 } };
static const struct choice methods[] = {
	{ "mschap-v2", LOGIN_MSCHAP_V2 }, { "chap-md5", LOGIN_CHAP_MD5 },
	{ "pap", LOGIN_PAP }, { "any-offered", LOGIN_ANY }, { NULL, 0 } };
static const struct choice modes[] = {
	{ "none", TRAFFIC_NONE }, { "echo", TRAFFIC_ECHO },
	{ "ping", TRAFFIC_PING }, { "up", TRAFFIC_UP }, { NULL, 0 } };
/* clang-format on */

struct row {
	const char *name;
	int letter; /* 0: none */
	enum kind kind;
	enum scope scope;
	size_t offset;
	uint32_t min, max; /* of a number; a flag sets max */
	const struct choice *choices;
	const char *argument, *help;
};

#define AT(field) offsetof(struct options, field)

/* clang-format off */
static const struct row rows[] = {
	{ "timeout", 't', KIND_NUMBER, ALL, AT(timeout), 1, 600, NULL, "SECONDS",
	    "for a connection to be up (10; load: 30)" },
	{ "ipv4", '4', KIND_FLAG, ALL, AT(family), 0, AF_INET, NULL, NULL,
	    "use IPv4 only" },
	{ "ipv6", '6', KIND_FLAG, ALL, AT(family), 0, AF_INET6, NULL, NULL,
	    "use IPv6 only" },
	{ "name", 0, KIND_TEXT, ALL, AT(name), 1, 253, NULL, "NAME",
	    "name to expect in the certificate (HOST)" },
	{ "ca-file", 0, KIND_TEXT, ALL, AT(ca_file), 1, 4096, NULL, "FILE",
	    "trust the certificates in FILE, not the system's" },
	{ "insecure", 'k', KIND_FLAG, ALL, AT(insecure), 0, 1, NULL, NULL,
	    "go on whatever the certificate; it is reported" },
	{ "tls-version", 0, KIND_CHOICE, ALL, AT(tls_version), 0, 0, versions, NULL,
	    "speak only this version of TLS" },
	{ "hash", 0, KIND_CHOICE, ALL, AT(hashes), 0, 0, hashes, NULL,
	    "bind with this hash only (the best that is offered)" },
	{ "user", 'u', KIND_TEXT, ALL, AT(user), 1, LOGIN_USER_MAX, NULL, "NAME",
	    "log in, get an address, prove the binding" },
	{ "password-file", 0, KIND_TEXT, ALL, AT(password_file), 1, 4096, NULL, "FILE",
	    "its first line is the password; \"-\" is stdin" },
	{ "auth", 0, KIND_CHOICE, ALL, AT(methods), 0, 0, methods, NULL,
	    "how to log in (mschap-v2)" },
	{ "json", 'j', KIND_FLAG, ALL, AT(output), 0, OUTPUT_JSON, NULL, NULL,
	    "print one JSON object; tunnel: two" },
	{ "prometheus", 0, KIND_FLAG, ONE, AT(output), 0, OUTPUT_PROMETHEUS, NULL, NULL,
	    "print metrics for Prometheus" },
	{ "warning-days", 'w', KIND_NUMBER, ONE, AT(warning_days), 0, 36500, NULL, "DAYS",
	    "warn if the certificate is good for fewer (14)" },
	{ "critical-days", 'c', KIND_NUMBER, ONE, AT(critical_days), 0, 36500, NULL, "DAYS",
	    "critical if it is good for fewer (3)" },
	{ "ping", 'p', KIND_NUMBER, ONE, AT(ping), 1, 1000, NULL, "COUNT",
	    "ping the server in the tunnel; needs --user" },
	{ "verbose", 'v', KIND_COUNT, ONE, AT(verbose), 0, 9, NULL, NULL,
	    "print what was found out, too" },
	{ "sessions", 'n', KIND_NUMBER, MANY, AT(sessions), 1, 50000, NULL, "N",
	    "how many (10)" },
	{ "ramp", 'r', KIND_NUMBER, MANY, AT(ramp), 1, 10000, NULL, "N",
	    "how many begin in a second (20)" },
	{ "hold", 0, KIND_NUMBER, MANY, AT(hold), 0, 86400, NULL, "SECONDS",
	    "how long they stay, all being up (5)" },
	{ "duration", 0, KIND_NUMBER, MANY, AT(duration), 1, 86400, NULL, "SECONDS",
	    "for so long, another follows each that stayed" },
	{ "user-prefix", 0, KIND_TEXT, MANY, AT(user_prefix), 1, 240, NULL, "TEXT",
	    "log in as TEXT1, TEXT2..., with one password" },
	{ "traffic", 0, KIND_CHOICE, MANY, AT(traffic.mode), 0, 0, modes, NULL,
	    "what they do meanwhile (none)" },
	{ "rate", 0, KIND_NUMBER, MANY, AT(traffic.rate), 0, 100000, NULL, "N",
	    "packets a second and session (1; 0: all that fit)" },
	{ "size", 0, KIND_NUMBER, MANY, AT(traffic.size), 28, TRAFFIC_SIZE_MAX, NULL, "BYTES",
	    "of an IP packet of theirs (84)" },
	{ "device", 'd', KIND_TEXT, CARRY, AT(device), 1, OPTIONS_DEVICE_MAX, NULL, "NAME",
	    "name of the device (sstp0, or the next one free)" },
	{ "mtu", 0, KIND_NUMBER, CARRY, AT(mtu), 576, 4087, NULL, "BYTES",
	    "of the device; less if the server says so (1400)" },
	{ "route", 0, KIND_ROUTE, CARRY, 0, 0, 0, NULL, "PREFIX",
	    "what to reach through the tunnel; may be repeated" },
	{ "time", 0, KIND_NUMBER, CARRY, AT(time), 1, 1000000000, NULL, "SECONDS",
	    "leave after so long (stay)" },
	{ "help", 'h', KIND_FLAG, ALL, 0, 0, 0, NULL, NULL, "print this" },
	{ "version", 'V', KIND_FLAG, ALL, 0, 0, 0, NULL, NULL, "print the version" },
};
/* clang-format on */

static const char *const mode_titles[] = {
	[MODE_PROBE] = "one connection",
	[MODE_LOAD] = "load",
	[MODE_TUNNEL] = "tunnel",
};

_Static_assert(sizeof(enum traffic_mode) == sizeof(uint32_t),
    "a choice is stored as a number");

enum {
	ROWS = sizeof(rows) / sizeof(rows[0]),
	LONG_BASE = 256, /* past all letters */
	HELP_COLUMN = 32,
};

/* --- help --- */

static int
print_choices(const struct choice *c)
{
	int n = 0;

	for (; c->name != NULL; c++)
		n += printf("%s%s", c->name, c[1].name != NULL ? "|" : "");
	return n;
}

static void
print_row(const struct row *row)
{
	int at = 0;

	if (row->letter != 0)
		at = printf("  -%c, --%s", row->letter, row->name);
	else
		at = printf("      --%s", row->name);
	if (row->argument != NULL)
		at += printf(" %s", row->argument);
	if (row->choices != NULL) {
		at += printf(" ");
		at += print_choices(row->choices);
	}
	if (at >= HELP_COLUMN)
		at = printf("\n") - 1;
	printf("%*s", HELP_COLUMN - at, "");
	printf("%s\n", row->help);
}

static void
print_scope(const char *title, enum scope scope)
{
	printf("\n%s\n", title);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].scope == scope)
			print_row(&rows[i]);
}

static void
print_help(void)
{
	printf("usage: sstp-probe [option]... HOST[:PORT]\n"
	       "       sstp-probe load [option]... HOST[:PORT]\n"
	       "       sstp-probe tunnel [option]... HOST[:PORT]\n"
	       "The first connects to an SSTP server as a client would and "
	       "tells how it went, as\n"
	       "a check for monitoring. The second brings up many sessions and "
	       "measures them.\n"
	       "The third makes a tun device and carries its packets until it "
	       "is told to end.\n");
	print_scope("options:", ALL);
	print_scope("for one connection:", ONE);
	print_scope("for load:", MANY);
	print_scope("for tunnel:", CARRY);
	printf("\nThe password comes from --password-file, from "
	       "SSTP_PROBE_PASSWORD in the\n"
	       "environment, or from the terminal.\n"
	       "exit status: 0 fine, 1 warning, 2 critical, 3 unknown (usage, "
	       "name not found)\n"
	       "See sstp-probe(1).\n");
}

/* --- values --- */

static bool
set_choice(const struct row *row, const char *text, uint32_t *value, char *why)
{
	size_t n = 0;

	for (const struct choice *c = row->choices; c->name != NULL; c++) {
		if (strcmp(c->name, text) != 0)
			continue;
		*value = c->value;
		return true;
	}
	n = (size_t)snprintf(
	    why, OPTIONS_WHY_MAX, "--%s takes one of", row->name);
	for (const struct choice *c = row->choices; c->name != NULL; c++)
		n += (size_t)snprintf(
		    why + n, OPTIONS_WHY_MAX - n, " %s", c->name);
	return false;
}

static bool
add_route(struct options *options, const char *text, char *why)
{
	if (options->routes >= OPTIONS_ROUTES_MAX) {
		snprintf(why, OPTIONS_WHY_MAX, "--route may be given %d times",
		    OPTIONS_ROUTES_MAX);
		return false;
	}
	if (prefix_parse(&options->route[options->routes], text)) {
		options->routes++;
		return true;
	}
	snprintf(why, OPTIONS_WHY_MAX,
	    "--route takes a prefix like 192.0.2.0/24 or 2001:db8::/32");
	return false;
}

static bool
set_value(
    struct options *options, const struct row *row, const char *text, char *why)
{
	char *field = (char *)options + row->offset;
	uint32_t value = row->max;

	switch (row->kind) {
	case KIND_COUNT:
		memcpy(&value, field, sizeof(value));
		value += value < row->max;
		break;
	case KIND_FLAG:
		break;
	case KIND_NUMBER:
		if (conf_value_number(text, row->min, row->max, &value))
			break;
		snprintf(why, OPTIONS_WHY_MAX,
		    "--%s takes a number from %u to %u", row->name, row->min,
		    row->max);
		return false;
	case KIND_ROUTE:
		return add_route(options, text, why);
	case KIND_CHOICE:
		if (!set_choice(row, text, &value, why))
			return false;
		break;
	case KIND_TEXT:
		if (strlen(text) < row->min || strlen(text) > row->max) {
			snprintf(why, OPTIONS_WHY_MAX,
			    "--%s takes a text of %u to %u bytes", row->name,
			    row->min, row->max);
			return false;
		}
		memcpy(field, &text, sizeof(text));
		return true;
	}
	memcpy(field, &value, sizeof(value));
	return true;
}

/* HOST, HOST:PORT, an IPv6 address, or one in brackets with a port. */
static bool
set_target(struct options *options, const char *text, char *why)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._:%";
	const char *colon = strchr(text, ':'), *port = NULL;
	size_t n = strlen(text);
	uint32_t number = 443;

	if (text[0] == '[') {
		n = strcspn(++text, "]");
		if (text[n] == ']' && text[n + 1] == ':')
			port = text + n + 2;
		else if (text[n] != ']' || text[n + 1] != '\0')
			n = 0;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		n = (size_t)(colon - text);
		port = colon + 1;
	}
	if (n == 0 || n >= OPTIONS_HOST_MAX || strspn(text, allowed) < n ||
	    (port != NULL && !conf_value_number(port, 1, 65535, &number))) {
		snprintf(why, OPTIONS_WHY_MAX,
		    "\"%.100s\" is not HOST, HOST:PORT or [ADDRESS]:PORT",
		    text);
		return false;
	}
	memcpy(options->host, text, n);
	options->host[n] = '\0';
	options->port = (uint16_t)number;
	return true;
}

/* --- what fits together --- */

static bool
is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

static const char *
find_conflict(const struct options *o)
{
	bool login = o->user != NULL || o->user_prefix != NULL;

	if (o->user != NULL && o->user_prefix != NULL)
		return "--user and --user-prefix exclude each other";
	if (o->password_file != NULL && !login)
		return "--password-file is of no use without --user";
	if (o->ping > 0 && !login)
		return "--ping needs --user: there is no tunnel without";
	if (!login &&
	    (o->traffic.mode == TRAFFIC_PING || o->traffic.mode == TRAFFIC_UP))
		return "this traffic needs --user or --user-prefix: there is "
		       "no tunnel without";
	if (o->traffic.mode != TRAFFIC_UP && o->traffic.rate == 0)
		return "--rate 0 is for --traffic up";
	if (o->name != NULL && !is_word(o->name))
		return "--name takes a host name";
	if (o->mode == MODE_TUNNEL && !login)
		return "tunnel needs --user";
	if (o->device != NULL &&
	    (!is_word(o->device) || strpbrk(o->device, "/:%") != NULL))
		return "--device takes the name of an interface";
	return NULL;
}

static void
set_defaults(struct options *options, enum mode mode)
{
	*options = (struct options){
		.mode = mode,
		.timeout = mode == MODE_LOAD ? 30 : 10,
		.mtu = 1400, /* what Windows has */
		.hashes = CERT_HASH_PROTOCOL_SHA1 | CERT_HASH_PROTOCOL_SHA256,
		.methods = LOGIN_MSCHAP_V2,
		.warning_days = 14,
		.critical_days = 3,
		.sessions = 10,
		.ramp = 20,
		.hold = 5,
		.traffic = { TRAFFIC_NONE, 1, 84, 0 },
	};
}

static void
fill_tables(struct option longs[ROWS + 1], char shorts[2 * ROWS + 2])
{
	*shorts++ = ':'; /* tell a missing value from an unknown option */
	for (int i = 0; i < ROWS; i++) {
		bool value =
		    rows[i].kind != KIND_FLAG && rows[i].kind != KIND_COUNT;

		longs[i] = (struct option){ rows[i].name,
			value ? required_argument : no_argument, NULL,
			LONG_BASE + i };
		if (rows[i].letter == 0)
			continue;
		*shorts++ = (char)rows[i].letter;
		if (value)
			*shorts++ = ':';
	}
	longs[ROWS] = (struct option){ NULL, 0, NULL, 0 };
	*shorts = '\0';
}

static enum mode
find_mode(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "load") == 0)
		return MODE_LOAD;
	if (argc > 1 && strcmp(argv[1], "tunnel") == 0)
		return MODE_TUNNEL;
	return MODE_PROBE;
}

static const struct row *
find_row(int c)
{
	for (int i = 0; i < ROWS; i++)
		if (c == LONG_BASE + i || c == rows[i].letter)
			return &rows[i];
	return NULL;
}

/* One option; OPTIONS_RUN if there may be more. */
static enum options_result
take_option(struct options *options, int c, const char *text, char *why)
{
	const struct row *row = find_row(c);
	char letter[] = { '-', (char)optopt, '\0' };

	if (row == NULL) {
		if (optopt > 0 && optopt < LONG_BASE)
			text = letter; /* one of several, perhaps */
		snprintf(why, OPTIONS_WHY_MAX,
		    c == ':' ? "%.100s takes a value" : "unknown option %.100s",
		    text);
		return OPTIONS_WRONG;
	}
	if (row->letter == 'h') {
		print_help();
		return OPTIONS_DONE;
	}
	if (row->letter == 'V') {
		printf("sstp-probe %s\n", SSTPD_VERSION);
		return OPTIONS_DONE;
	}
	if ((row->scope & 1 << options->mode) == 0) {
		snprintf(why, OPTIONS_WHY_MAX, "--%s is not for %s", row->name,
		    mode_titles[options->mode]);
		return OPTIONS_WRONG;
	}
	return set_value(options, row, optarg, why) ? OPTIONS_RUN
						    : OPTIONS_WRONG;
}

/*
 * All of them: what follows a wrong one may say in which form to complain. why
 * is of the first.
 */
static enum options_result
take_options(struct options *options, int argc, char **argv, char *why)
{
	enum options_result result = OPTIONS_RUN;
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2], later[OPTIONS_WHY_MAX];
	int c;

	fill_tables(longs, shorts);
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		bool first = result == OPTIONS_RUN;
		enum options_result one = take_option(
		    options, c, argv[optind - 1], first ? why : later);

		if (one == OPTIONS_DONE)
			return one;
		if (first)
			result = one;
	}
	return result;
}

static bool
take_target(struct options *options, int argc, char **argv, char *why)
{
	if (argc - optind == 1)
		return set_target(options, argv[optind], why);
	snprintf(why, OPTIONS_WHY_MAX,
	    optind == argc ? "which HOST?" : "one HOST at a time");
	return false;
}

enum options_result
options_parse(struct options *options, int argc, char **argv,
    char why[static OPTIONS_WHY_MAX])
{
	enum mode mode = find_mode(argc, argv);
	enum options_result result;
	char later[OPTIONS_WHY_MAX];
	const char *conflict;

	set_defaults(options, mode);
	optind = mode == MODE_PROBE ? 1 : 2;
	result = take_options(options, argc, argv, why);
	if (result == OPTIONS_DONE)
		return result;
	if (!take_target(
		options, argc, argv, result == OPTIONS_RUN ? why : later) ||
	    result != OPTIONS_RUN)
		return OPTIONS_WRONG;
	options->anonymous = options->methods == LOGIN_ANY;
	conflict = find_conflict(options);
	if (conflict == NULL)
		return OPTIONS_RUN;
	snprintf(why, OPTIONS_WHY_MAX, "%s", conflict);
	return OPTIONS_WRONG;
}
