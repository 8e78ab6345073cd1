/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Counters per address, who is let in, and what failures cost. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admission.h"
#include "bans.h"
#include "log.h"
#include "peers.h"

/* Any later than 0, which is before all times. */
enum { NOW = 5000 };

static uint64_t
key_of(const char *text)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
	}
	return peers_key(&a);
}

static struct peers *
table(void)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	assert_non_null(peers);
	assert_int_equal(peers_init(peers), 0);
	return peers;
}

/* --- peers --- */

static void
test_keys(void **state)
{
	static const struct {
		const char *address, *text;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::1", "2001:db8:1:2::/64" },
		{ "fe80::1", "fe80::/64" },
		{ "::1", "::/64" },
	};
	char text[PEERS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peers_text(key_of(rows[i].address), text);
		assert_string_equal(text, rows[i].text);
		assert_int_not_equal(key_of(rows[i].address), 0);
	}
	assert_true(peers_is_ipv4(key_of("::ffff:192.0.2.1")));
	assert_false(peers_is_ipv4(key_of("::1")));
	assert_int_not_equal(key_of("192.0.2.1"), key_of("192.0.2.2"));
	assert_int_not_equal(key_of("2001:db8::1"), key_of("2001:db8:0:1::1"));
}

static void
test_table(void **state)
{
	enum { MANY = 20000 };
	struct peers *p = table();
	unsigned int lost = 0;

	(void)state;
	assert_null(peers_find(p, 77));
	peers_leave(p, 77); /* nothing happens */
	for (uint64_t key = 1; key <= MANY; key++) {
		struct peer *peer = peers_take(p, key, NOW);

		if (peer == NULL) {
			lost++;
			continue;
		}
		peers_enter(p, peer);
		peers_enter(p, peer);
	}
	/* of 32768 places some buckets are full; hardly any */
	assert_true(lost < MANY / 20);
	assert_int_equal(p->total, 2 * (MANY - lost));
	for (uint64_t key = 1; key <= MANY; key++) {
		const struct peer *peer = peers_find(p, key);

		if (peer == NULL)
			continue;
		assert_int_equal(peer->count, 2);
		peers_leave(p, key);
		peers_leave(p, key);
		peers_leave(p, key); /* one too many does no harm */
		assert_int_equal(peer->count, 0);
	}
	assert_int_equal(p->total, 0);
	assert_int_equal(peers_init(p), 0);
	assert_null(peers_find(p, 1));
	free(p);
}

/* What no address has is no name for a free entry. */
static void
test_no_key(void **state)
{
	struct peers *p = table();

	(void)state;
	assert_null(peers_take(p, 0, NOW));
	free(p);
}

/* Entries in use are never given away, others are when their time has come. */
static void
test_reuse(void **state)
{
	struct peers *p = table();
	struct peer *used = peers_take(p, 1, NOW), *kept;
	uint64_t last = 0;

	(void)state;
	peers_enter(p, used);
	kept = peers_take(p, 2, NOW);
	kept->keep_until = NOW + 10;
	for (uint64_t key = 3; key < 500000; key++)
		if (peers_take(p, key, NOW + 9) != NULL)
			last = key;
	assert_int_equal(last, 499999); /* idle ones make room */
	assert_ptr_equal(peers_find(p, 1), used);
	assert_ptr_equal(peers_find(p, 2), kept);
	for (uint64_t key = 3; key < 500000; key++)
		peers_take(p, key, NOW + 10);
	assert_ptr_equal(peers_find(p, 1), used);
	assert_null(peers_find(p, 2));
	free(p);
}

/* More failures than the table has places keep nobody out of it. */
static void
test_flood(void **state)
{
	enum { FAILED = 65536, OTHERS = 10000, LATEST = 1000 };
	const struct conf day = { .ban_after = 10, .ban_time = 86400000 };
	struct peers *p = table();
	uint64_t other = key_of("10.0.0.0"), network = key_of("2001:db8::");
	struct peer *used = peers_take(p, 1, NOW);

	(void)state;
	peers_enter(p, used);
	for (uint64_t i = 0; i < FAILED; i++)
		bans_failure(p, &day, network + i, NOW + i);
	assert_ptr_equal(peers_find(p, 1), used);
	/* the latest are remembered */
	for (uint64_t i = FAILED - LATEST; i < FAILED; i++)
		assert_int_equal(
		    bans_failure(p, &day, network + i, NOW + FAILED).failures,
		    2);
	for (uint64_t i = 0; i < OTHERS; i++)
		assert_non_null(peers_take(p, other + i, NOW + FAILED));
	/* and whoever is new can be banned */
	for (uint32_t i = 1; i <= 10; i++)
		assert_int_equal(
		    bans_failure(p, &day, other, NOW + FAILED).failures, i);
	free(p);
}

/* --- admission --- */

static const struct conf conf = {
	.max_sessions = 10,
	.max_sessions_per_address = 2,
	.max_half_open = 20,
	.max_half_open_per_ipv4 = 5,
	.max_half_open_per_ipv6 = 3,
	.max_connection_rate = 8,
	.auth_backoff = 100,
	.ban_after = 4,
	.ban_time = 1000,
};

/* Two workers that know of each other. */
struct pair {
	struct peers *monitor;
	struct admission a, b;
};

static struct pair
make_pair(void)
{
	struct pair w = { .monitor = table() };

	w.a = (struct admission){ .own = table(), .monitor = w.monitor };
	w.b = (struct admission){ .own = table(), .monitor = w.monitor };
	w.a.others[w.a.others_count++] = w.b.own;
	w.b.others[w.b.others_count++] = w.a.own;
	return w;
}

static void
free_pair(struct pair *w)
{
	free(w->monitor);
	free(w->a.own);
	free(w->b.own);
}

static enum limit
come(struct admission *admission, const char *address, uint64_t now)
{
	uint64_t key = key_of(address);
	enum limit limit = admission_check(admission, &conf, key, now);

	if (limit == LIMIT_NONE)
		assert_true(admission_enter(admission, key, now));
	return limit;
}

static void
test_half_open_per_address(void **state)
{
	struct pair w = make_pair();

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    come(i % 2 ? &w.a : &w.b, "192.0.2.1", NOW), LIMIT_NONE);
	assert_int_equal(come(&w.a, "192.0.2.1", NOW), LIMIT_HALF_OPEN_ADDRESS);
	assert_int_equal(come(&w.b, "192.0.2.1", NOW), LIMIT_HALF_OPEN_ADDRESS);
	assert_int_equal(come(&w.b, "192.0.2.2", NOW), LIMIT_NONE);
	admission_settle(&w.a, key_of("192.0.2.1"));
	assert_int_equal(come(&w.b, "192.0.2.1", NOW), LIMIT_NONE);
	/* a /64 is one client */
	assert_int_equal(come(&w.a, "2001:db8::1", NOW), LIMIT_NONE);
	assert_int_equal(come(&w.b, "2001:db8::2", NOW), LIMIT_NONE);
	assert_int_equal(come(&w.a, "2001:db8::3", NOW), LIMIT_NONE);
	assert_int_equal(
	    come(&w.a, "2001:db8::4", NOW), LIMIT_HALF_OPEN_ADDRESS);
	assert_int_equal(come(&w.a, "2001:db8:0:1::4", NOW), LIMIT_NONE);
	free_pair(&w);
}

static void
test_half_open_total(void **state)
{
	struct pair w = make_pair();
	char address[32];

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		snprintf(address, sizeof(address), "198.51.100.%u", i);
		assert_int_equal(
		    come(i % 2 ? &w.a : &w.b, address, NOW), LIMIT_NONE);
	}
	assert_int_equal(come(&w.a, "192.0.2.1", NOW), LIMIT_HALF_OPEN);
	admission_settle(&w.b, key_of("198.51.100.0"));
	assert_int_equal(come(&w.a, "192.0.2.1", NOW), LIMIT_HALF_OPEN);
	admission_settle(&w.a, key_of("198.51.100.1"));
	assert_int_equal(come(&w.a, "192.0.2.1", NOW), LIMIT_NONE);
	free_pair(&w);
}

static void
test_rate(void **state)
{
	struct pair w = make_pair();
	uint64_t key = key_of("192.0.2.1");

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		struct admission *a = i % 2 ? &w.a : &w.b;

		assert_int_equal(come(a, "192.0.2.1", NOW + i), LIMIT_NONE);
		admission_settle(a, key);
	}
	assert_int_equal(come(&w.a, "192.0.2.1", NOW + 10), LIMIT_RATE);
	assert_int_equal(come(&w.b, "192.0.2.1", NOW + 999), LIMIT_RATE);
	assert_int_equal(come(&w.b, "192.0.2.2", NOW + 999), LIMIT_NONE);
	assert_int_equal(come(&w.b, "192.0.2.1", NOW + 1000), LIMIT_NONE);
	free_pair(&w);
}

static void
test_sessions(void **state)
{
	struct pair w = make_pair();
	uint64_t key = key_of("192.0.2.1");
	struct peer *peer = peers_take(w.monitor, key, NOW), *other;

	(void)state;
	assert_true(admission_may_begin(&w.a, &conf, key));
	peers_enter(w.monitor, peer);
	assert_true(admission_may_begin(&w.a, &conf, key));
	peers_enter(w.monitor, peer);
	assert_false(admission_may_begin(&w.a, &conf, key));
	assert_true(admission_may_begin(&w.a, &conf, key_of("192.0.2.2")));
	other = peers_take(w.monitor, key_of("192.0.2.3"), NOW);
	for (int i = 0; i < 8; i++)
		peers_enter(w.monitor, other);
	assert_false(admission_may_begin(&w.a, &conf, key_of("192.0.2.2")));
	/* some may make room, but not for an address that has all it may */
	w.monitor->evictable = 1;
	assert_true(admission_may_begin(&w.a, &conf, key_of("192.0.2.2")));
	assert_false(admission_may_begin(&w.a, &conf, key));
	free_pair(&w);
}

/* --- bans --- */

static void
test_backoff_and_ban(void **state)
{
	struct pair w = make_pair();
	uint64_t key = key_of("192.0.2.1"), now = NOW;
	struct bans_result r;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		r = bans_failure(w.monitor, &conf, key, now);
		assert_int_equal(r.failures, i);
		assert_false(r.banned);
		assert_int_equal(r.pause, 100u << (i - 1));
		assert_int_equal(
		    come(&w.a, "192.0.2.1", now + r.pause - 1), LIMIT_BANNED);
		assert_int_equal(come(&w.b, "192.0.2.2", now), LIMIT_NONE);
		now += r.pause;
		assert_int_equal(come(&w.a, "192.0.2.1", now), LIMIT_NONE);
		admission_settle(&w.a, key);
	}
	r = bans_failure(w.monitor, &conf, key, now);
	assert_true(r.banned && r.begins);
	assert_int_equal(r.pause, 1000);
	assert_int_equal(come(&w.b, "192.0.2.1", now + 999), LIMIT_BANNED);
	assert_true(admission_is_banned(&w.a, key, now + 999));
	assert_false(admission_is_banned(&w.a, key, now + 1000));
	assert_false(admission_is_banned(&w.a, key_of("192.0.2.2"), now));
	now += 1000;
	assert_int_equal(come(&w.b, "192.0.2.1", now), LIMIT_NONE);
	/* all is forgotten */
	r = bans_failure(w.monitor, &conf, key, now);
	assert_int_equal(r.failures, 1);
	free_pair(&w);
}

/* Those who were on their way when the ban came make it longer, not new. */
static void
test_ban_begins_once(void **state)
{
	struct conf changed = conf;
	struct peers *peers = table();
	struct bans_result r = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= 8; i++) {
		r = bans_failure(peers, &conf, 1, NOW);
		assert_int_equal(r.banned, i >= 4);
		assert_int_equal(r.begins, i == 4);
	}
	/* nor is it forgotten when the limit is less than what has failed */
	changed.ban_after = 5;
	for (uint32_t i = 1; i <= 3; i++)
		r = bans_failure(peers, &changed, 2, NOW);
	assert_false(r.banned);
	changed.ban_after = 2;
	r = bans_failure(peers, &changed, 2, NOW + r.pause);
	assert_true(r.begins);
	assert_false(bans_failure(peers, &changed, 2, NOW + r.pause).begins);
	free(peers);
}

static void
test_ban_off(void **state)
{
	struct conf off = conf;
	struct peers *peers = table();
	struct bans_result r = { 0 };

	(void)state;
	off.ban_after = 0;
	for (int i = 0; i < 1000; i++)
		r = bans_failure(peers, &off, 1, NOW);
	assert_false(r.banned);
	assert_int_equal(r.pause, off.ban_time); /* the longest backoff */
	off.auth_backoff = 0;
	assert_int_equal(bans_failure(peers, &off, 2, NOW).pause, 0);
	assert_int_equal(bans_failure(peers, &off, 2, NOW).pause, 0);
	free(peers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_half_open_per_address),
		cmocka_unit_test(test_half_open_total),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_backoff_and_ban),
		cmocka_unit_test(test_ban_begins_once),
		cmocka_unit_test(test_ban_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
