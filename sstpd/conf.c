/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Loading, checking and printing a whole configuration. iniparser reads the
 * values, but only as strings and after a strict pass of our own, which must
 * have seen the very same: of its converters and fallbacks none is used.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_INIPARSER_H
#include <iniparser.h>
#else
#include <iniparser/iniparser.h>
#endif

#include "conf.h"

#include "conf_option.h"
#include "conf_scan.h"
#include "conf_value.h"
#include "profile.h"

/* One file on its way in. */
struct load {
	const char *path;
	struct conf_file given;
	char *error;
};

/* --- reading --- */

/* Not a pipe: the file is read twice, and must not make us wait. */
static FILE *
open_file(const struct load *l)
{
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *file = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))
			file = fdopen(fd, "r");
		else
			errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	if (file != NULL)
		return file;
	conf_scan_complain(l->error, l->path, 0, NULL, NULL,
	    "cannot read it: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

static int
scan_file(struct load *l)
{
	FILE *file = open_file(l);
	int ret;

	if (file == NULL)
		return -1;
	ret = conf_scan(file, l->path, &l->given, l->error);
	if (ret == 0 && ferror(file)) {
		conf_scan_complain(l->error, l->path, 0, NULL, NULL,
		    "cannot read it: %s", strerror(errno));
		ret = -1;
	}
	(void)fclose(file);
	return ret;
}

/* In place of iniparser's own, which prints to stderr. */
static int __attribute__((format(printf, 1, 2)))
say_nothing(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

/*
 * A scanned value and iniparser's must be the same but for blanks inside of
 * quotes.
 */
static int
compare_value(const struct load *l, const dictionary *ini, const char *section,
    const char *key, const struct conf_given *given)
{
	char name[128], copy[CONF_VALUE_MAX + 1];
	const char *value;

	(void)snprintf(name, sizeof(name), "%s:%s", section, key);
	value = iniparser_getstring(ini, name, NULL);
	if (value == NULL && given->line == 0)
		return 0;
	(void)snprintf(copy, sizeof(copy), "%s", value != NULL ? value : "");
	if (value != NULL && given->line != 0 &&
	    strcmp(conf_value_trim(copy), given->value) == 0)
		return 0;
	conf_scan_complain(l->error, l->path, given->line, section, key,
	    "changed while it was being read");
	return -1;
}

static int
compare_values(const struct load *l, const dictionary *ini)
{
	for (unsigned int i = 0; i < CONF_OPTIONS; i++)
		if (compare_value(l, ini, conf_options[i].section,
			conf_options[i].key, &l->given.options[i]) < 0)
			return -1;
	for (unsigned int i = 1; i < l->given.profile_count; i++) {
		const struct conf_given_profile *p = &l->given.profiles[i];

		for (unsigned int k = 0; k < CONF_PROFILE_OPTIONS; k++)
			if (compare_value(l, ini, p->section,
				conf_profile_options[k].key,
				&p->options[k]) < 0)
				return -1;
	}
	return 0;
}

static int
read_values(struct load *l)
{
	dictionary *ini;
	int ret;

	iniparser_set_error_callback(say_nothing);
	ini = iniparser_load(l->path);
	if (ini == NULL) {
		conf_scan_complain(l->error, l->path, 0, NULL, NULL,
		    "iniparser cannot read it");
		return -1;
	}
	ret = compare_values(l, ini);
	iniparser_freedict(ini);
	return ret;
}

/* --- checking --- */

/* Where an option of a profile stands in the file, for errors. */
struct place {
	unsigned int line;
	const char *section;
};

static struct place
place_of(const struct load *l, unsigned int profile, const char *section,
    const char *key)
{
	const struct conf_given_profile *p = &l->given.profiles[profile];
	const struct conf_option *o;
	unsigned int line;

	if (profile == 0) {
		o = conf_option_find(section, key);
		line = l->given.options[o - conf_options].line;
		return (struct place){ line, section };
	}
	o = conf_profile_option_find(key);
	line = p->options[o - conf_profile_options].line;
	return (struct place){ line != 0 ? line : p->line, p->section };
}

static int
parse_value(const struct load *l, const struct conf_option *o, void *values,
    const struct conf_given *given, struct place place)
{
	char why[CONF_ERROR_MAX];

	if (conf_option_parse(o, values,
		given->line != 0 ? given->value : o->fallback, why) == 0)
		return 0;
	conf_scan_complain(
	    l->error, l->path, place.line, place.section, o->key, "%s", why);
	return -1;
}

static int
parse_profile(const struct load *l, unsigned int number, struct conf *conf)
{
	const struct conf_given_profile *given = &l->given.profiles[number];
	struct conf_profile *p = &conf->profiles[number];

	(void)snprintf(p->name, sizeof(p->name), "%s", conf_given_name(given));
	for (unsigned int i = 0; i < CONF_PROFILE_OPTIONS; i++) {
		const struct conf_option *o = &conf_profile_options[i];

		if (parse_value(l, o, p, &given->options[i],
			place_of(l, number, NULL, o->key)) < 0)
			return -1;
	}
	return 0;
}

/* What a profile leaves out. */
static void
inherit(struct conf_profile *p, const struct conf_profile *from)
{
	if (p->certificate_count == 0 && p->private_key_count == 0) {
		memcpy(
		    p->certificate, from->certificate, sizeof(p->certificate));
		memcpy(
		    p->private_key, from->private_key, sizeof(p->private_key));
		p->certificate_count = from->certificate_count;
		p->private_key_count = from->private_key_count;
	}
	if (p->options_file[0] == '\0')
		memcpy(p->options_file, from->options_file,
		    sizeof(p->options_file));
	if (p->local_address == 0)
		p->local_address = from->local_address;
}

static int
parse_values(struct load *l, struct conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];
		const struct conf_given *given = &l->given.options[i];
		struct place place = { given->line, o->section };

		if (parse_value(l, o, conf, given, place) < 0)
			return -1;
	}
	memcpy(conf->profiles[0].name, "default", sizeof("default"));
	conf->profile_count = l->given.profile_count;
	for (unsigned int i = 1; i < conf->profile_count; i++) {
		if (parse_profile(l, i, conf) < 0)
			return -1;
		inherit(&conf->profiles[i], &conf->profiles[0]);
	}
	return 0;
}

/*
 * Refuse how an option goes together with others; returns -1. section is for
 * the default profile.
 */
static int __attribute__((format(printf, 5, 6)))
refuse(const struct load *l, unsigned int profile, const char *section,
    const char *key, const char *fmt, ...)
{
	struct place place = place_of(l, profile, section, key);
	char why[CONF_ERROR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	conf_scan_complain(
	    l->error, l->path, place.line, place.section, key, "%s", why);
	return -1;
}

static int
check_tls(const struct load *l, const struct conf *conf)
{
	for (unsigned int i = 0; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		if (p->private_key_count != p->certificate_count)
			return refuse(l, i, "tls", "private-key",
			    "%u given, expected one for each certificate, "
			    "that is %u",
			    p->private_key_count, p->certificate_count);
	}
	if (conf->max_version < conf->min_version)
		return refuse(l, 0, "tls", "max-version",
		    "expected min-version or newer");
	return 0;
}

/* What the default profile is called in an error about another one. */
static const char *
section_of(const struct load *l, unsigned int profile, const char *section)
{
	return profile == 0 ? section : l->given.profiles[profile].section;
}

/* Whose name is whose must not depend on the order in the file. */
static int
check_server_names(const struct load *l, const struct conf *conf)
{
	for (unsigned int i = 1; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		for (unsigned int k = 0; k < p->server_name_count; k++) {
			unsigned int other =
			    profile_has_name(conf, i, p->server_name[k]);

			if (other != 0)
				return refuse(l, i, NULL, "server-name",
				    "\"%.100s\": expected a name that [%s] "
				    "does not have",
				    p->server_name[k],
				    section_of(l, other, NULL));
		}
	}
	return 0;
}

static int
check_pool(const struct load *l, const struct conf *conf, unsigned int profile,
    struct ippool **pool)
{
	const struct conf_profile *p = &conf->profiles[profile];

	if (p->addresses_count == 0 && profile != 0 && p->exclude_count > 0)
		return refuse(l, profile, NULL, "exclude",
		    "expected addresses to be given as well");
	if (p->addresses_count == 0)
		return 0;
	if (p->local_address == 0)
		return refuse(l, profile, "pool", "addresses",
		    "expected local-address to be given as well");
	*pool = ippool_new(
	    p->addresses, p->addresses_count, p->exclude, p->exclude_count);
	if (*pool == NULL && errno == E2BIG)
		return refuse(l, profile, "pool", "addresses",
		    "expected up to %d addresses in all ranges together",
		    IPPOOL_SIZE_MAX);
	if (*pool == NULL)
		return refuse(
		    l, profile, "pool", "addresses", "%s", strerror(errno));
	if (ippool_size(*pool) == 0)
		return refuse(l, profile, "pool", "exclude",
		    "expected some of addresses to be left over");
	return 0;
}

/* An address must not be given to two clients. */
static int
check_disjoint(
    const struct load *l, struct ippool *const *pools, unsigned int profile)
{
	char text[CONF_RANGE_TEXT];
	uint32_t address;

	for (unsigned int i = 0; i < profile; i++) {
		if (pools[i] == NULL || pools[profile] == NULL)
			continue;
		address = ippool_overlap(pools[i], pools[profile]);
		if (address == 0)
			continue;
		conf_value_format_ipv4(address, text);
		return refuse(l, profile, NULL, "addresses",
		    "%s is one of [%s], too: expected addresses that no other "
		    "pool has",
		    text, section_of(l, i, "pool"));
	}
	return 0;
}

static int
check_pools(const struct load *l, const struct conf *conf)
{
	struct ippool *pools[CONF_PROFILES_MAX] = { NULL };
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < conf->profile_count; i++) {
		ret = check_pool(l, conf, i, &pools[i]);
		if (ret == 0)
			ret = check_disjoint(l, pools, i);
	}
	for (unsigned int i = 0; i < conf->profile_count; i++)
		ippool_free(pools[i]);
	return ret;
}

int
conf_load(
    const char *path, struct conf *conf, char error[static CONF_ERROR_MAX])
{
	struct load *l = calloc(1, sizeof(*l));
	int ret = -1;

	if (l == NULL) {
		conf_scan_complain(
		    error, path, 0, NULL, NULL, "%s", strerror(errno));
		return -1;
	}
	l->path = path;
	l->error = error;
	if (scan_file(l) < 0 || read_values(l) < 0 || parse_values(l, conf) < 0)
		goto out;
	if (check_tls(l, conf) < 0 || check_server_names(l, conf) < 0 ||
	    check_pools(l, conf) < 0)
		goto out;
	ret = 0;
out:
	free(l);
	return ret;
}

/* --- printing --- */

/* Quotes where a value would otherwise lose its end or its own quotes. */
static const char *
quote_for(const char *value)
{
	if (strpbrk(value, "#;") == NULL && *value != '"' && *value != '\'')
		return "";
	return strchr(value, '"') == NULL ? "\"" : "'";
}

static void
print_value(const struct conf_option *o, const void *values, FILE *out)
{
	char value[CONF_VALUE_MAX + 1];
	const char *quote;

	conf_option_format(o, values, value);
	quote = quote_for(value);
	fprintf(out, "%s =%s%s%s%s\n", o->key, *value != '\0' ? " " : "", quote,
	    value, quote);
}

void
conf_print(const struct conf *conf, FILE *out)
{
	const char *section = "";

	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];

		if (strcmp(o->section, section) != 0)
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", o->section);
		section = o->section;
		print_value(o, conf, out);
	}
	for (unsigned int i = 1; i < conf->profile_count; i++) {
		fprintf(out, "\n[profile %s]\n", conf->profiles[i].name);
		for (unsigned int k = 0; k < CONF_PROFILE_OPTIONS; k++)
			print_value(
			    &conf_profile_options[k], &conf->profiles[i], out);
	}
}

/*
 * The documentation shows the paths of a distribution's build, so that it
 * reads the same wherever this build has its files.
 */
static const char *
documented_path(const char *path, char text[static CONF_PATH_MAX])
{
	static const struct {
		const char *built, *documented;
	} places[] = {
		{ SYSCONFDIR "/sstpd/", "/etc/sstpd/" },
		{ RUNSTATEDIR "/sstpd/", "/run/sstpd/" },
		{ PPPD_PATH, "/usr/sbin/pppd" },
		{ PPPD_PLUGINDIR "/", "/usr/lib/pppd/" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t n = strlen(places[i].built);

		if (strncmp(path, places[i].built, n) != 0)
			continue;
		(void)snprintf(text, CONF_PATH_MAX, "%s%s",
		    places[i].documented, path + n);
		return text;
	}
	return path;
}

static void
print_rows(const struct conf_option *options, unsigned int n, FILE *out)
{
	char expected[CONF_ERROR_MAX], path[CONF_PATH_MAX];

	for (unsigned int i = 0; i < n; i++) {
		const struct conf_option *o = &options[i];

		conf_option_expected(o, expected);
		fprintf(out, "%s\t%s\t%s\t%s\t%s\n", o->section, o->key,
		    documented_path(o->fallback, path), expected, o->help);
	}
}

void
conf_print_table(FILE *out)
{
	print_rows(conf_options, CONF_OPTIONS, out);
	print_rows(conf_profile_options, CONF_PROFILE_OPTIONS, out);
}
