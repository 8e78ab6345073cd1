/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which device the packets of clients take. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "data_path.h"
#include "log.h"
#include "pppd.h"
#include "pppd_facts.h"
#include "tun_device.h"

/* What takes pppd's own interface, of its options. */
static const char *
option_of_own_interface(const struct conf_profile *profile)
{
	static const char *const words[] = {
		"noccp",
		"require-mppe",
		"pass-filter",
		"active-filter",
		"multilink",
		"mp",
		"ifname",
		"unit",
	};
	enum { NOCCP, REQUIRE_MPPE, COUNT = sizeof(words) / sizeof(words[0]) };
	uint32_t found = pppd_find_options(profile, words, COUNT);
	unsigned int first = REQUIRE_MPPE;

	if (found & 1U << NOCCP)
		first++; /* without CCP there is no MPPE */
	for (unsigned int i = first; i < COUNT; i++)
		if (found & 1U << i)
			return words[i];
	return NULL;
}

bool
data_path_is_tun(const struct conf *conf, const struct conf_profile *profile,
    unsigned int version, char why[static DATA_PATH_TEXT_MAX])
{
	const char *word = NULL;
	bool tun = false;

	if (conf->data_path != CONF_DATA_PTY)
		word = option_of_own_interface(profile);

	if (conf->data_path == CONF_DATA_PTY)
		snprintf(why, DATA_PATH_TEXT_MAX, "[ppp] data-path = pty");
	else if (version != 0 && version < 20500)
		snprintf(why, DATA_PATH_TEXT_MAX, "pppd %u.%u.%u is before 2.5",
		    version / 10000, version / 100 % 100, version % 100);
	else if (word != NULL)
		snprintf(
		    why, DATA_PATH_TEXT_MAX, "pppd's options have %s", word);
	else if (tun_device_probe() != 0)
		snprintf(why, DATA_PATH_TEXT_MAX, "/dev/net/tun: %s",
		    strerror(errno));
	else
		tun = true;
	if (tun)
		snprintf(why, DATA_PATH_TEXT_MAX,
		    "pppd and the kernel can do with it");
	return tun;
}

static void
say(const struct data_path_of *p, bool tun)
{
	static const char fmt[] = "data path%s%s: %s: %s";
	const char *path = tun ? "tun" : "pty";
	const char *of = p->name[0] == '\0' ? "" : " of profile ";

	if (p->unwanted)
		log_warnx(fmt, of, p->name, path, p->why);
	else
		log_info(fmt, of, p->name, path, p->why);
}

static bool
same(const struct data_path_of *a, const struct data_path_of *b)
{
	return strcmp(a->why, b->why) == 0;
}

/* What stands for a profile that is not in the log: the default one. */
static const struct data_path_of *
find(const struct data_path_told *told, const char *name)
{
	for (unsigned int i = 0; i < told->count; i++)
		if (strcmp(told->profiles[i].name, name) == 0)
			return &told->profiles[i];
	return &told->profiles[0];
}

static unsigned int
ask_version(const struct conf *conf)
{
	char text[256];

	if (conf->data_path == CONF_DATA_PTY)
		return 0;
	pppd_read_version(conf, text, sizeof(text));
	return pppd_parse_version(text);
}

/* The first is the default one, which speaks for those that are like it. */
static bool
is_news(const struct data_path_told *old, const struct data_path_told *now,
    unsigned int i)
{
	const struct data_path_of *p = &now->profiles[i];
	const struct data_path_of *before = find(old, p->name);

	if (i > 0 && same(before, &old->profiles[0]))
		return !same(p, &now->profiles[0]);
	return !same(before, p) || (p->unwanted && !before->unwanted);
}

void
data_path_tell(const struct conf *conf, struct data_path_told *told)
{
	struct data_path_told now = { .count = conf->profile_count };
	unsigned int version = ask_version(conf);

	for (unsigned int i = 0; i < now.count; i++) {
		const struct conf_profile *profile = &conf->profiles[i];
		struct data_path_of *p = &now.profiles[i];
		bool tun = data_path_is_tun(conf, profile, version, p->why);

		p->unwanted = !tun && conf->data_path == CONF_DATA_TUN;
		snprintf(p->name, sizeof(p->name), "%s",
		    i == 0 ? "" : profile->name);
		if (is_news(told, &now, i))
			say(p, tun);
	}
	*told = now;
}
