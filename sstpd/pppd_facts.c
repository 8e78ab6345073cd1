/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What can be known of a pppd without a session. */

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "pppd_facts.h"

/* What pppd reads before ours. */
static const char general_options[] = "/etc/ppp/options";

unsigned int
pppd_parse_version(const char *text)
{
	unsigned int major, minor, patch = 0;
	const char *p = strstr(text, "version ");

	if (p == NULL ||
	    sscanf(p, "version %3u.%2u.%2u", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + patch;
}

bool
pppd_file_has(const char *path, const char *word)
{
	FILE *in = fopen(path, "re");
	char line[1024], *save;
	bool found = false;

	if (in == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL) {
		char *w = strtok_r(line, " \t\r\n\"'", &save);

		for (; w != NULL && *w != '#' && !found;
		     w = strtok_r(NULL, " \t\r\n\"'", &save))
			found = strcmp(w, word) == 0;
	}
	fclose(in);
	return found;
}

bool
pppd_has_option(const struct conf_profile *profile, const char *word)
{
	return pppd_file_has(profile->options_file, word) ||
	       pppd_file_has(general_options, word);
}
