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
		"pass-filter",
		"active-filter",
		"multilink",
		"mp",
		"ifname",
		"unit",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (pppd_has_option(profile, words[i]))
			return words[i];
	if (pppd_has_option(profile, "require-mppe") &&
	    !pppd_has_option(profile, "noccp"))
		return "require-mppe";
	return NULL;
}

bool
data_path_is_tun(const struct conf *conf, const struct conf_profile *profile,
    unsigned int version, char why[static DATA_PATH_TEXT_MAX])
{
	const char *word = option_of_own_interface(profile);
	bool tun = false;

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
tell(const struct conf *conf, const char *profile, bool tun, const char *why)
{
	static const char fmt[] = "data path%s%s: %s: %s";
	const char *path = tun ? "tun" : "pty";
	const char *of = profile[0] == '\0' ? "" : " of profile ";

	if (!tun && conf->data_path == CONF_DATA_TUN)
		log_warnx(fmt, of, profile, path, why);
	else
		log_info(fmt, of, profile, path, why);
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

void
data_path_tell(const struct conf *conf)
{
	char first[DATA_PATH_TEXT_MAX], why[DATA_PATH_TEXT_MAX];
	unsigned int version = ask_version(conf);

	for (unsigned int i = 0; i < conf->profile_count; i++) {
		bool tun =
		    data_path_is_tun(conf, &conf->profiles[i], version, why);

		if (i == 0 || strcmp(first, why) != 0)
			tell(conf, i == 0 ? "" : conf->profiles[i].name, tun,
			    why);
		if (i == 0)
			memcpy(first, why, sizeof(first));
	}
}
