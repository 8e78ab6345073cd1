/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What can be known of a pppd without a session. */

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "pppd_facts.h"

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

/* Whoever looks for something takes each word in turn. */
typedef void word_taker(void *context, const char *word);

static void
each_word(const char *path, word_taker *take, void *context)
{
	FILE *in = fopen(path, "re");
	char line[1024], *save;

	if (in == NULL)
		return;
	while (fgets(line, sizeof(line), in) != NULL) {
		char *w = strtok_r(line, " \t\r\n\"'", &save);

		for (; w != NULL && *w != '#';
		     w = strtok_r(NULL, " \t\r\n\"'", &save))
			take(context, w);
	}
	fclose(in);
}

struct search {
	const char *const *words;
	unsigned int count;
	uint32_t found;
};

static void
find(void *context, const char *word)
{
	struct search *s = context;

	for (unsigned int i = 0; i < s->count; i++)
		if (strcmp(word, s->words[i]) == 0)
			s->found |= UINT32_C(1) << i;
}

bool
pppd_file_has(const char *path, const char *word)
{
	struct search s = { .words = &word, .count = 1 };

	each_word(path, find, &s);
	return s.found != 0;
}

uint32_t
pppd_find_options(const struct conf_profile *profile, const char *const words[],
    unsigned int count)
{
	struct search s = { .words = words, .count = count };

	each_word(PPPD_GENERAL_OPTIONS, find, &s);
	each_word(profile->options_file, find, &s);
	return s.found;
}

bool
pppd_has_option(const struct conf_profile *profile, const char *word)
{
	return pppd_find_options(profile, &word, 1) != 0;
}

struct clonable {
	bool plugin; /* the last word was about one */
	char *obstacle;
};

/* None of them does more than to register its hooks before a session begins. */
static bool
is_clonable(const char *plugin)
{
	static const char *const names[] = { "radius.so", "radattr.so",
		"radrealms.so", "winbind.so", "sstpd-plugin.so" };
	const char *slash = strrchr(plugin, '/');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(slash == NULL ? plugin : slash + 1, names[i]) == 0)
			return true;
	return false;
}

static void
find_obstacle(void *context, const char *word)
{
	struct clonable *c = context;

	if (c->obstacle[0] == '\0' && c->plugin && !is_clonable(word))
		snprintf(c->obstacle, PPPD_FACT_MAX, "plugin %s", word);
	/* other files, which may change without our seeing it */
	if (c->obstacle[0] == '\0' && !c->plugin &&
	    (strcmp(word, "call") == 0 || strcmp(word, "file") == 0))
		snprintf(c->obstacle, PPPD_FACT_MAX, "%s", word);
	c->plugin = strcmp(word, "plugin") == 0;
}

bool
pppd_is_clonable(
    const struct conf_profile *profile, char obstacle[static PPPD_FACT_MAX])
{
	struct clonable c = { .obstacle = obstacle };

	obstacle[0] = '\0';
	each_word(PPPD_GENERAL_OPTIONS, find_obstacle, &c);
	each_word(profile->options_file, find_obstacle, &c);
	return obstacle[0] == '\0';
}
