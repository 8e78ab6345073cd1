/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which profile of a configuration is meant. */

#include <string.h>
#include <strings.h>

#include "profile.h"

static bool
is_wildcard(const char *pattern)
{
	return strncmp(pattern, "*.", 2) == 0;
}

bool
profile_name_matches(const char *pattern, const char *name)
{
	const char *dot;

	if (!is_wildcard(pattern))
		return strcasecmp(pattern, name) == 0;
	dot = strchr(name, '.');
	return dot != NULL && dot != name && strcasecmp(pattern + 1, dot) == 0;
}

/* The first profile with a match of this kind; 0: none. */
static unsigned int
find_match(const struct conf *conf, const char *name, bool wildcard)
{
	for (unsigned int i = 1; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		for (unsigned int k = 0; k < p->server_name_count; k++)
			if (is_wildcard(p->server_name[k]) == wildcard &&
			    profile_name_matches(p->server_name[k], name))
				return i;
	}
	return 0;
}

unsigned int
profile_by_server_name(const struct conf *conf, const char *name)
{
	unsigned int found;

	if (name == NULL)
		return 0;
	found = find_match(conf, name, false);
	return found != 0 ? found : find_match(conf, name, true);
}

int
profile_find(const struct conf *conf, const char *name)
{
	for (unsigned int i = 0; i < conf->profile_count; i++)
		if (strcmp(conf->profiles[i].name, name) == 0)
			return (int)i;
	return -1;
}

unsigned int
profile_has_name(
    const struct conf *conf, unsigned int before, const char *server_name)
{
	for (unsigned int i = 1; i < before; i++)
		for (unsigned int k = 0;
		     k < conf->profiles[i].server_name_count; k++)
			if (strcmp(conf->profiles[i].server_name[k],
				server_name) == 0)
				return i;
	return 0;
}
