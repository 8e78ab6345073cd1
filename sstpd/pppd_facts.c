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

static uint32_t
find(const char *word, const char *const words[], unsigned int count)
{
	uint32_t found = 0;

	for (unsigned int i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			found |= UINT32_C(1) << i;
	return found;
}

static uint32_t
find_in_file(const char *path, const char *const words[], unsigned int count)
{
	FILE *in = fopen(path, "re");
	char line[1024], *save;
	uint32_t found = 0;

	if (in == NULL)
		return 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		char *w = strtok_r(line, " \t\r\n\"'", &save);

		for (; w != NULL && *w != '#';
		     w = strtok_r(NULL, " \t\r\n\"'", &save))
			found |= find(w, words, count);
	}
	fclose(in);
	return found;
}

bool
pppd_file_has(const char *path, const char *word)
{
	return find_in_file(path, &word, 1) != 0;
}

uint32_t
pppd_find_options(const struct conf_profile *profile, const char *const words[],
    unsigned int count)
{
	return find_in_file(profile->options_file, words, count) |
	       find_in_file(general_options, words, count);
}

bool
pppd_has_option(const struct conf_profile *profile, const char *word)
{
	return pppd_find_options(profile, &word, 1) != 0;
}
