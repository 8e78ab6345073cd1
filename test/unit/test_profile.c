/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Profiles: what a file may say about them, whose client it is that asks for a
 * name, and which pool an address comes from.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "pools.h"
#include "profile.h"

static char path[] = "/tmp/test_profile.XXXXXX";

static int
load(const char *text, struct conf *conf, char *error)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	error[0] = '\0';
	return conf_load(path, conf, error);
}

/* It loads, and what is printed of it loads as the very same. */
static void
load_good(const char *text, struct conf *conf)
{
	static struct conf again;
	char error[CONF_ERROR_MAX], *printed = NULL;
	size_t n;
	FILE *out;

	if (load(text, conf, error) < 0)
		fail_msg("%s\n%s", text, error);
	out = open_memstream(&printed, &n);
	assert_non_null(out);
	conf_print(conf, out);
	assert_int_equal(fclose(out), 0);
	if (load(printed, &again, error) < 0)
		fail_msg("%s\n%s", printed, error);
	assert_memory_equal(conf, &again, sizeof(again));
	free(printed);
}

#define A    "[profile a]\nserver-name = a.example\n"
#define POOL "[pool]\nlocal-address = 10.0.0.1\naddresses = 10.0.0.0/24\n"

static void
test_values(void **state)
{
	static struct conf c;
	const struct conf_profile *p = &c.profiles[1];

	(void)state;
	load_good("", &c);
	assert_int_equal(c.profile_count, 1);
	assert_string_equal(c.profiles[0].name, "default");
	assert_int_equal(c.profiles[0].server_name_count, 0);
	assert_int_equal(c.profiles[0].max_sessions, 0);

	load_good(POOL
	    "[profile ACME.co]\nserver-name = VPN.Acme.example, *.acme\n"
	    "certificate = /a, /b\nprivate-key = /c, /d\noptions-file = /o\n"
	    "local-address = 10.0.0.2\naddresses = 10.1.0.0/24\n"
	    "exclude = 10.1.0.7\n[log]\n[Profile acme.co]\nmax-sessions = 5\n",
	    &c);
	assert_int_equal(c.profile_count, 2);
	assert_string_equal(p->name, "acme.co");
	assert_int_equal(p->server_name_count, 2);
	assert_string_equal(p->server_name[0], "vpn.acme.example");
	assert_string_equal(p->server_name[1], "*.acme");
	assert_int_equal(p->certificate_count, 2);
	assert_string_equal(p->certificate[1], "/b");
	assert_string_equal(p->private_key[0], "/c");
	assert_string_equal(p->options_file, "/o");
	assert_int_equal(p->local_address, 0x0a000002);
	assert_int_equal(p->addresses[0].first, 0x0a010001);
	assert_int_equal(p->exclude_count, 1);
	assert_int_equal(p->max_sessions, 5);
}

static void
test_left_out(void **state)
{
	static struct conf c;
	const struct conf_profile *p = &c.profiles[1];

	(void)state;
	load_good(POOL "[tls]\ncertificate = /a, /b\nprivate-key = /c, /d\n"
		       "[ppp]\noptions-file = /o\n" A "max-sessions = off\n",
	    &c);
	assert_int_equal(p->certificate_count, 2);
	assert_string_equal(p->certificate[1], "/b");
	assert_string_equal(p->private_key[1], "/d");
	assert_string_equal(p->options_file, "/o");
	assert_int_equal(p->local_address, 0x0a000001);
	assert_int_equal(p->addresses_count, 0); /* [pool]'s, not a copy */
	assert_int_equal(p->max_sessions, 0);
}

static void
test_most(void **state)
{
	char text[4096] = "", error[CONF_ERROR_MAX], expected[CONF_ERROR_MAX];
	static struct conf c;
	size_t n = 0;

	(void)state;
	for (int i = 1; i <= 16; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "[profile p%d]\nserver-name = p%d.example\n", i, i);
	load_good(text, &c);
	assert_int_equal(c.profile_count, 17);
	assert_int_equal(profile_by_server_name(&c, "p16.example"), 16);
	strcat(text, "[profile one-more]\n");
	assert_int_equal(load(text, &c, error), -1);
	snprintf(expected, sizeof(expected),
	    "%s:33: [profile one-more]: expected up to 16 profiles", path);
	assert_string_equal(error, expected);
}

static const struct {
	const char *text, *error;
} bad[] = {
	/* the section */
	{ "[profile]\n",
	    ":1: [profile]: expected [profile NAME], the name being up to 32 "
	    "letters, digits, dots, hyphens and underscores" },
	{ "[profile  a]\n",
	    ":1: [profile  a]: expected [profile NAME], the name being up to "
	    "32 letters, digits, dots, hyphens and underscores" },
	{ "[profile a b]\n",
	    ":1: [profile a b]: expected [profile NAME], the name being up to "
	    "32 letters, digits, dots, hyphens and underscores" },
	{ "[profile 1]\n",
	    ":1: [profile 1]: expected [profile NAME], the name being up to 32 "
	    "letters, digits, dots, hyphens and underscores" },
	{ "[profile a:b]\n",
	    ":1: [profile a:b]: expected [profile NAME], the name being up to "
	    "32 letters, digits, dots, hyphens and underscores" },
	{ "[profile a23456789012345678901234567890123]\n",
	    ":1: [profile a23456789012345678901234567890123]: expected "
	    "[profile NAME], the name being up to 32 letters, digits, dots, "
	    "hyphens and underscores" },
	{ "[profile Default]\n",
	    ":1: [profile default]: expected another name, the default profile "
	    "is what all other sections say" },
	{ "[profiles a]\n",
	    ":1: [profiles a]: unknown section, did you mean [profile NAME]?" },
	{ "[tenant a]\n",
	    ":1: [tenant a]: unknown section, see sstpd.conf(5)" },
	/* keys */
	{ A "servername = b\n",
	    ":3: [profile a] servername: unknown key, did you mean "
	    "server-name?" },
	{ A "ciphers = b\n",
	    ":3: [profile a] ciphers: unknown key, it belongs in section "
	    "[tls]" },
	{ "[tls]\nserver-name = b\n",
	    ":2: [tls] server-name: unknown key, it belongs in section "
	    "[profile NAME]" },
	{ A "[log]\n[profile A]\nServer-Name = b\n",
	    ":5: [profile a] server-name: given twice, for the first time in "
	    "line 2" },
	/* server-name */
	{ "\n[profile a]\nmax-sessions = 1\n",
	    ":2: [profile a] server-name: \"\": expected up to 16 names, such "
	    "as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a, A\n",
	    ":2: [profile a] server-name: \"A\": given twice, expected up to "
	    "16 names, such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = 192.0.2.1\n",
	    ":2: [profile a] server-name: \"192.0.2.1\": an address, which no "
	    "client asks for, expected up to 16 names, such as vpn.example.net "
	    "or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a.*.b\n",
	    ":2: [profile a] server-name: \"a.*.b\": expected up to 16 names, "
	    "such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = *\n",
	    ":2: [profile a] server-name: \"*\": expected up to 16 names, such "
	    "as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a..b\n",
	    ":2: [profile a] server-name: \"a..b\": expected up to 16 names, "
	    "such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a.\n",
	    ":2: [profile a] server-name: \"a.\": expected up to 16 names, "
	    "such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = -a\n",
	    ":2: [profile a] server-name: \"-a\": expected up to 16 names, "
	    "such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a b\n",
	    ":2: [profile a] server-name: \"a b\": expected up to 16 names, "
	    "such as vpn.example.net or *.vpn.example.net" },
	{ "[profile a]\nserver-name = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n",
	    ":2: [profile a] server-name: \"q\": one too many, expected up to "
	    "16 names, such as vpn.example.net or *.vpn.example.net" },
	{ A "[profile b]\nserver-name = x, A.Example\n",
	    ":4: [profile b] server-name: \"a.example\": expected a name that "
	    "[profile a] does not have" },
	/* the others, as in their sections */
	{ A "certificate = a\n",
	    ":3: [profile a] certificate: \"a\": expected up to 4 absolute "
	    "paths of up to 255 bytes each, or nothing" },
	{ A "private-key = b\n",
	    ":3: [profile a] private-key: \"b\": expected up to 4 absolute "
	    "paths of up to 255 bytes each, or nothing" },
	{ A "certificate = /a\n",
	    ":1: [profile a] private-key: 0 given, expected one for each "
	    "certificate, that is 1" },
	{ A "private-key = /a\n",
	    ":3: [profile a] private-key: 1 given, expected one for each "
	    "certificate, that is 0" },
	{ A "options-file = o\n",
	    ":3: [profile a] options-file: \"o\": expected an absolute path of "
	    "up to 255 bytes, or nothing" },
	{ A "local-address = a\n",
	    ":3: [profile a] local-address: \"a\": expected an IPv4 address, "
	    "or nothing" },
	{ A "max-sessions = 0\n",
	    ":3: [profile a] max-sessions: \"0\": expected off or a number "
	    "from 1 to 100000" },
	/* pools */
	{ A "addresses = 10.0.0.0/24\n",
	    ":3: [profile a] addresses: expected local-address to be given as "
	    "well" },
	{ A "exclude = 10.0.0.1\n",
	    ":3: [profile a] exclude: expected addresses to be given as "
	    "well" },
	{ A "local-address = 10.0.0.1\naddresses = 10.1.0.1\n"
	    "exclude = 10.1.0.0/24\n",
	    ":5: [profile a] exclude: expected some of addresses to be left "
	    "over" },
	{ POOL A "addresses = 10.0.0.99-10.0.1.1\n",
	    ":6: [profile a] addresses: 10.0.0.99 is one of [pool], too: "
	    "expected addresses that no other pool has" },
	{ A "local-address = 10.0.0.1\naddresses = 10.1.0.0/24\n[profile b]\n"
	    "server-name = b\nlocal-address = 10.0.0.1\n"
	    "addresses = 10.1.0.9, 10.2.0.1\n",
	    ":8: [profile b] addresses: 10.1.0.9 is one of [profile a], too: "
	    "expected addresses that no other pool has" },
};

static void
test_bad(void **state)
{
	char error[CONF_ERROR_MAX];
	static struct conf c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (load(bad[i].text, &c, error) == 0)
			fail_msg("no error for:\n%s", bad[i].text);
		assert_int_equal(strncmp(error, path, strlen(path)), 0);
		assert_string_equal(error + strlen(path), bad[i].error);
	}
}

/* What [pool] leaves out is free for another. */
static void
test_pools_side_by_side(void **state)
{
	static struct conf c;

	(void)state;
	load_good(POOL "exclude = 10.0.0.64/26, 10.0.0.64, 10.0.0.127\n" A
		       "addresses = 10.0.0.64-10.0.0.127\n",
	    &c);
	assert_int_equal(c.profiles[1].addresses_count, 1);
}

/* --- names --- */

static void
test_matches(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} rows[] = {
		{ "a.example", "a.example", true },
		{ "a.example", "A.eXample", true },
		{ "a.example", "a.example.", false },
		{ "a.example", "b.a.example", false },
		{ "a.example", "a.exampl", false },
		{ "a.example", "", false },
		{ "*.example", "a.example", true },
		{ "*.example", "A.EXAMPLE", true },
		{ "*.example", "b.a.example", false },
		{ "*.example", "example", false },
		{ "*.example", ".example", false },
		{ "*.example", "a.examples", false },
		{ "*.example", "", false },
		{ "*.b.example", "a.b.example", true },
		{ "*.b.example", "b.example", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (profile_name_matches(rows[i].pattern, rows[i].name) !=
		    rows[i].match)
			fail_msg("%s %s", rows[i].pattern, rows[i].name);
}

static void
test_choice(void **state)
{
	static struct conf c;

	(void)state;
	load_good("[profile wild]\nserver-name = *.example\n"
		  "[profile one]\nserver-name = one.example, one.test\n"
		  "[profile two]\nserver-name = *.two.example\n",
	    &c);
	assert_int_equal(profile_by_server_name(&c, NULL), 0);
	assert_int_equal(profile_by_server_name(&c, ""), 0);
	assert_int_equal(profile_by_server_name(&c, "test"), 0);
	assert_int_equal(profile_by_server_name(&c, "x.example"), 1);
	/* the name itself comes before a wildcard, in whatever order */
	assert_int_equal(profile_by_server_name(&c, "One.Example"), 2);
	assert_int_equal(profile_by_server_name(&c, "one.test"), 2);
	assert_int_equal(profile_by_server_name(&c, "a.two.example"), 3);
	assert_int_equal(profile_by_server_name(&c, "two.example"), 1);
	assert_int_equal(profile_by_server_name(&c, "*.example"), 1);
	assert_int_equal(profile_find(&c, "default"), 0);
	assert_int_equal(profile_find(&c, "two"), 3);
	assert_int_equal(profile_find(&c, "Two"), -1);
	assert_int_equal(profile_find(&c, ""), -1);
}

/* --- pools --- */

#define IP(d) (0x0a000000u + (d))

static void
test_pools(void **state)
{
	static struct conf c;
	struct pools pools;

	(void)state;
	load_good("[pool]\nlocal-address = 10.0.0.1\n"
		  "addresses = 10.0.0.1-10.0.0.3\n" A
		  "local-address = 10.0.0.3\naddresses = 10.0.0.10\n"
		  "[profile b]\nserver-name = b\n",
	    &c);
	assert_int_equal(pools_make(&pools, &c), 0);
	assert_true(pools_any(&pools));
	/* neither profile's local address is given out */
	assert_int_equal(pools_take(&pools, 2, "u"), IP(2));
	assert_int_equal(pools_take(&pools, 0, "u"), 0);
	assert_int_equal(pools_take(&pools, 1, "u"), IP(10));
	assert_int_equal(pools_take(&pools, 1, "u"), 0);
	/* one pool's address cannot be had through another profile */
	assert_false(pools_take_this(&pools, IP(10)));
	pools_give_back(&pools, IP(10));
	assert_true(pools_take_this(&pools, IP(10)));
	assert_int_equal(pools_take(&pools, 1, "u"), 0);
	assert_int_equal(ippool_used(pools.of[1]), 1);
	/* one of no pool is there once all the same */
	assert_true(pools_take_this(&pools, IP(99)));
	assert_false(pools_take_this(&pools, IP(99)));
	pools_give_back(&pools, IP(99));
	assert_true(pools_take_this(&pools, IP(99)));
	pools_free(&pools);
	pools_free(&pools);
}

static void
test_no_pools(void **state)
{
	static struct conf c;
	struct pools pools;

	(void)state;
	load_good(A, &c);
	assert_int_equal(pools_make(&pools, &c), 0);
	assert_false(pools_any(&pools));
	assert_int_equal(pools_take(&pools, 1, "u"), 0);
	assert_false(pools_take_this(&pools, IP(2)));
	pools_give_back(&pools, IP(2));

	/* the default one's clients get nothing of a's */
	load_good(A "local-address = 10.0.0.1\naddresses = 10.0.0.2\n", &c);
	assert_int_equal(pools_make(&pools, &c), 0);
	assert_int_equal(pools_take(&pools, 0, "u"), 0);
	assert_int_equal(pools_take(&pools, 1, "u"), IP(2));
	pools_free(&pools);
}

/* All that a file may exclude, and our own addresses besides. */
static void
test_most_excluded(void **state)
{
	static struct conf c;
	struct pools pools;

	(void)state;
	load_good(POOL A, &c);
	c.profiles[0].exclude_count = IPPOOL_RANGES_MAX;
	for (uint32_t i = 0; i < IPPOOL_RANGES_MAX; i++)
		c.profiles[0].exclude[i] =
		    (struct ippool_range){ IP(2 * i + 2), IP(2 * i + 2) };
	assert_int_equal(pools_make(&pools, &c), 0);
	assert_int_equal(ippool_size(pools.of[0]), 254 - 1 - 64);
	pools_free(&pools);
}

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_pools_side_by_side),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_no_pools),
		cmocka_unit_test(test_most_excluded),
	};

	return cmocka_run_group_tests_name("profile", tests, set_up, tear_down);
}
