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

/* One file on its way in. */
struct load {
	const char *path;
	struct conf_given given[CONF_OPTIONS];
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
	ret = conf_scan(file, l->path, l->given, l->error);
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
 * Replace the scanned values by iniparser's, which must be the same but for
 * blanks inside of quotes.
 */
static int
take_values(struct load *l, const dictionary *ini)
{
	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];
		char name[64], copy[CONF_VALUE_MAX + 1];
		const char *value;

		(void)snprintf(name, sizeof(name), "%s:%s", o->section, o->key);
		value = iniparser_getstring(ini, name, NULL);
		if (value == NULL && l->given[i].line == 0)
			continue;
		(void)snprintf(
		    copy, sizeof(copy), "%s", value != NULL ? value : "");
		if (value != NULL && l->given[i].line != 0 &&
		    strcmp(conf_value_trim(copy), l->given[i].value) == 0)
			continue;
		conf_scan_complain(l->error, l->path, l->given[i].line,
		    o->section, o->key, "changed while it was being read");
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
	ret = take_values(l, ini);
	iniparser_freedict(ini);
	return ret;
}

/* --- checking --- */

static int
parse_values(struct load *l, struct conf *conf)
{
	char why[CONF_ERROR_MAX];

	memset(conf, 0, sizeof(*conf));
	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];
		const struct conf_given *given = &l->given[i];

		if (conf_option_parse(o, conf,
			given->line != 0 ? given->value : o->fallback,
			why) == 0)
			continue;
		conf_scan_complain(l->error, l->path, given->line, o->section,
		    o->key, "%s", why);
		return -1;
	}
	return 0;
}

/* Refuse how an option goes together with others; returns -1. */
static int
refuse(
    const struct load *l, const char *section, const char *key, const char *why)
{
	const struct conf_option *o = conf_option_find(section, key);

	conf_scan_complain(l->error, l->path, l->given[o - conf_options].line,
	    section, key, "%s", why);
	return -1;
}

static int
check_tls(const struct load *l, const struct conf *conf)
{
	char why[CONF_ERROR_MAX];

	if (conf->private_key_count != conf->certificate_count) {
		(void)snprintf(why, sizeof(why),
		    "%u given, expected one for each certificate, that is %u",
		    conf->private_key_count, conf->certificate_count);
		return refuse(l, "tls", "private-key", why);
	}
	if (conf->max_version < conf->min_version)
		return refuse(
		    l, "tls", "max-version", "expected min-version or newer");
	return 0;
}

static int
check_pool(const struct load *l, const struct conf *conf)
{
	char why[CONF_ERROR_MAX];
	struct ippool *pool;
	size_t size;

	if (conf->addresses_count == 0)
		return 0;
	if (conf->local_address == 0)
		return refuse(l, "pool", "addresses",
		    "expected local-address to be given as well");
	pool = ippool_new(conf->addresses, conf->addresses_count, conf->exclude,
	    conf->exclude_count);
	if (pool == NULL && errno == E2BIG)
		(void)snprintf(why, sizeof(why),
		    "expected up to %d addresses in all ranges together",
		    IPPOOL_SIZE_MAX);
	else if (pool == NULL)
		(void)snprintf(why, sizeof(why), "%s", strerror(errno));
	if (pool == NULL)
		return refuse(l, "pool", "addresses", why);
	size = ippool_size(pool);
	ippool_free(pool);
	if (size == 0)
		return refuse(l, "pool", "exclude",
		    "expected some of addresses to be left over");
	return 0;
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
	if (check_tls(l, conf) < 0 || check_pool(l, conf) < 0)
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

void
conf_print(const struct conf *conf, FILE *out)
{
	char value[CONF_VALUE_MAX + 1];
	const char *section = "";

	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];
		const char *quote;

		if (strcmp(o->section, section) != 0)
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", o->section);
		section = o->section;
		conf_option_format(o, conf, value);
		quote = quote_for(value);
		fprintf(out, "%s =%s%s%s%s\n", o->key,
		    *value != '\0' ? " " : "", quote, value, quote);
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

void
conf_print_table(FILE *out)
{
	char expected[CONF_ERROR_MAX], path[CONF_PATH_MAX];

	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		const struct conf_option *o = &conf_options[i];

		conf_option_expected(o, expected);
		fprintf(out, "%s\t%s\t%s\t%s\t%s\n", o->section, o->key,
		    documented_path(o->fallback, path), expected, o->help);
	}
}
