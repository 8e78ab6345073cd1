/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The strict pass. What it accepts is the part of the format that iniparser
 * 4.1 and 4.2 read alike; what it refuses is, among others:
 *
 * - a backslash at the end of a line, even of a comment: it joins the next one
 * - a lone character in the last line, a value after NUL: skipped unseen
 * - [name] with anything behind it: no section, or one named otherwise
 * - a key that stands twice, in whatever case: the last one wins
 * - junk behind a quoted value or a missing quote: dropped
 * - a backslash in a value: taken for an escape by 4.2 but not by 4.1
 * - "#" or ";" in the middle of a word: would cut the value short
 */

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "conf_scan.h"

enum {
	LINE_LEN_MAX = 1000, /* iniparser's buffer is a little larger */
	WORD_LEN_MAX = 40,   /* longer than any key */
	NEAR = 2, /* typing errors in a name that is still recognized */
	PROFILE_LEN_MAX = 32, /* of its name */
};

static const char profile_section[] = "profile ";

struct scan {
	const char *path;
	unsigned int line;
	const char *section; /* as in the table; NULL before the first one */
	struct conf_given_profile *profile; /* NULL: in another section */
	struct conf_file *given;
	char *error;
};

/* --- errors --- */

static void __attribute__((format(printf, 6, 0)))
vcomplain(char *error, const char *path, unsigned int line, const char *section,
    const char *key, const char *fmt, va_list ap)
{
	enum { PATH_SHOWN = 200 };
	size_t len = strlen(path), n = 0;
	char *end = error + CONF_ERROR_MAX;

	/* the end of a long path tells more than its start */
	if (len > PATH_SHOWN)
		path += len - PATH_SHOWN;
	n += (size_t)snprintf(error, CONF_ERROR_MAX, "%s:", path);
	if (line != 0)
		n += (size_t)snprintf(
		    error + n, (size_t)(end - error) - n, "%u:", line);
	if (section != NULL)
		n += (size_t)snprintf(error + n, (size_t)(end - error) - n,
		    " [%.50s]%s", section, key == NULL ? ":" : "");
	if (key != NULL)
		n += (size_t)snprintf(
		    error + n, (size_t)(end - error) - n, " %.50s:", key);
	n += (size_t)snprintf(error + n, (size_t)(end - error) - n, " ");
	(void)vsnprintf(error + n, (size_t)(end - error) - n, fmt, ap);
}

void
conf_scan_complain(char error[static CONF_ERROR_MAX], const char *path,
    unsigned int line, const char *section, const char *key, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(error, path, line, section, key, fmt, ap);
	va_end(ap);
}

/* Complain about the current line; returns -1. */
static int __attribute__((format(printf, 3, 4)))
complain(const struct scan *s, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(s->error, s->path, s->line, key != NULL ? s->section : NULL,
	    key, fmt, ap);
	va_end(ap);
	return -1;
}

/* --- suggestions --- */

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many characters must be added, left out, changed or swapped with their
 * neighbour to make b out of a (no place being touched twice).
 */
static unsigned int
distance(const char *a, const char *b)
{
	unsigned int d[3][WORD_LEN_MAX + 1], *row = d[0], *above, *above2;
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_LEN_MAX || m > WORD_LEN_MAX)
		return WORD_LEN_MAX;
	for (unsigned int j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= n; i++) {
		row = d[i % 3];
		above = d[(i + 2) % 3];
		above2 = d[(i + 1) % 3];
		row[0] = i;
		for (unsigned int j = 1; j <= m; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(row[j - 1], above[j]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return row[m];
}

/* How far name is from what may have been meant; past NEAR if too far. */
static unsigned int
strangeness(const char *name, const char *meant)
{
	unsigned int d = distance(name, meant);

	/* of a short name, more than half must be right */
	return d * 2 < strlen(meant) ? d : NEAR + 1;
}

static const char *
nearest_section(const char *name)
{
	unsigned int best = NEAR + 1, d;
	const char *found = NULL;

	for (unsigned int i = 0; i < CONF_OPTIONS; i++) {
		d = strangeness(name, conf_options[i].section);
		if (d < best) {
			best = d;
			found = conf_options[i].section;
		}
	}
	return found;
}

/* [profil acme]: what is before the name looks right. */
static bool
is_near_profile(const char *name)
{
	char word[WORD_LEN_MAX + 1];
	size_t n = strcspn(name, " \t");

	if (n > WORD_LEN_MAX)
		return false;
	memcpy(word, name, n);
	word[n] = '\0';
	return strangeness(word, "profile") <= NEAR;
}

/* Of n options those of the section; NULL: all of them. */
static const char *
nearest_key(const struct conf_option *options, unsigned int n,
    const char *section, const char *name)
{
	unsigned int best = NEAR + 1, d;
	const char *found = NULL;

	for (unsigned int i = 0; i < n; i++) {
		if (section != NULL && strcmp(options[i].section, section) != 0)
			continue;
		d = strangeness(name, options[i].key);
		if (d < best) {
			best = d;
			found = options[i].key;
		}
	}
	return found;
}

/* The section that has such a key, or NULL. */
static const char *
section_of(const char *key)
{
	for (unsigned int i = 0; i < CONF_OPTIONS; i++)
		if (strcasecmp(conf_options[i].key, key) == 0)
			return conf_options[i].section;
	return conf_profile_option_find(key) != NULL ? "profile NAME" : NULL;
}

static int
unknown_section(const struct scan *s, const char *name)
{
	const char *near = nearest_section(name);

	if (near != NULL)
		return complain(s, NULL,
		    "[%.50s]: unknown section, did you mean [%s]?", name, near);
	if (is_near_profile(name))
		return complain(s, NULL,
		    "[%.50s]: unknown section, did you mean [profile NAME]?",
		    name);
	return complain(
	    s, NULL, "[%.50s]: unknown section, see sstpd.conf(5)", name);
}

static int
unknown_key(const struct scan *s, const char *key)
{
	const char *near, *section = section_of(key);

	if (s->profile != NULL)
		near = nearest_key(
		    conf_profile_options, CONF_PROFILE_OPTIONS, NULL, key);
	else
		near = nearest_key(conf_options, CONF_OPTIONS, s->section, key);
	if (near != NULL)
		return complain(s, key, "unknown key, did you mean %s?", near);
	if (section != NULL)
		return complain(
		    s, key, "unknown key, it belongs in section [%s]", section);
	return complain(s, key, "unknown key, see sstpd.conf(5)");
}

/* --- lines --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *
conf_given_name(const struct conf_given_profile *profile)
{
	return profile->section + sizeof(profile_section) - 1;
}

/* The one of that name, which is lower case; made if need be. NULL: full. */
static struct conf_given_profile *
take_profile(struct scan *s, const char *name)
{
	struct conf_file *given = s->given;
	struct conf_given_profile *profile;

	for (unsigned int i = 1; i < given->profile_count; i++)
		if (strcmp(conf_given_name(&given->profiles[i]), name) == 0)
			return &given->profiles[i];
	if (given->profile_count == CONF_PROFILES_MAX)
		return NULL;
	profile = &given->profiles[given->profile_count++];
	profile->line = s->line;
	(void)snprintf(profile->section, sizeof(profile->section), "%s%s",
	    profile_section, name);
	return profile;
}

/*
 * [profile NAME], with one space: to iniparser that is a section like any
 * other, which a second space would make another one.
 */
static int
scan_profile(struct scan *s, char *section)
{
	size_t n = sizeof(profile_section) - 2; /* without the space */
	char *name = section + n + (section[n] == ' ');

	if (!conf_value_is_name(name) || strlen(name) > PROFILE_LEN_MAX)
		return complain(s, NULL,
		    "[%.50s]: expected [profile NAME], the name being up to "
		    "%d letters, digits, dots, hyphens and underscores",
		    section, PROFILE_LEN_MAX);
	conf_value_to_lower(name);
	if (strcmp(name, "default") == 0)
		return complain(s, NULL,
		    "[%.50s]: expected another name, the default profile is "
		    "what all other sections say",
		    section);
	s->profile = take_profile(s, name);
	if (s->profile == NULL)
		return complain(s, NULL, "[%.50s]: expected up to %d profiles",
		    section, CONF_PROFILES_MAX - 1);
	s->section = s->profile->section;
	return 0;
}

static bool
is_profile(const char *section)
{
	size_t n = sizeof(profile_section) - 2;

	return strncasecmp(section, profile_section, n) == 0 &&
	       (section[n] == '\0' || is_blank(section[n]));
}

static int
scan_section(struct scan *s, char *text)
{
	char *end = strchr(text, ']'), *name;

	if (end == NULL)
		return complain(s, NULL, "expected ] after the section's name");
	if (end[1] != '\0')
		return complain(
		    s, NULL, "expected nothing after ], not even a comment");
	*end = '\0';
	name = conf_value_trim(text + 1);

	s->section = NULL;
	s->profile = NULL;
	if (is_profile(name))
		return scan_profile(s, name);
	for (unsigned int i = 0; i < CONF_OPTIONS; i++)
		if (strcasecmp(conf_options[i].section, name) == 0)
			s->section = conf_options[i].section;
	return s->section != NULL ? 0 : unknown_section(s, name);
}

/* Cut a value's quotes and comment off, in place. Returns NULL on error. */
static char *
bare_value(const struct scan *s, const char *key, char *text)
{
	char *end, *after;

	if (*text != '"' && *text != '\'') {
		end = text + strcspn(text, ";#");
		if (*end != '\0' && end > text && !is_blank(end[-1])) {
			(void)complain(s, key,
			    "write a space before the %c of a comment, or "
			    "quote the value",
			    *end);
			return NULL;
		}
		*end = '\0';
		return conf_value_trim(text);
	}
	end = strchr(text + 1, *text);
	if (end == NULL) {
		(void)complain(s, key, "expected a %c at the end", *text);
		return NULL;
	}
	after = conf_value_trim(end + 1);
	if (*after != '\0' && *after != '#' && *after != ';') {
		(void)complain(s, key,
		    "expected nothing but a comment after the closing %c",
		    *text);
		return NULL;
	}
	*end = '\0';
	return conf_value_trim(text + 1);
}

/* A list is printed with a space behind each comma, and must still fit. */
static size_t
printed_length(const char *value)
{
	size_t n = 0;

	for (; *value != '\0'; value++)
		n += *value == ',' ? 2 : 1;
	return n;
}

static int
scan_value(struct scan *s, const struct conf_option *option,
    struct conf_given *given, char *text)
{
	const char *value;

	if (given->line != 0)
		return complain(s, option->key,
		    "given twice, for the first time in line %u", given->line);
	value = bare_value(s, option->key, text);
	if (value == NULL)
		return -1;
	if (strchr(value, '\\') != NULL)
		return complain(
		    s, option->key, "expected a value without a backslash");
	if (printed_length(value) > CONF_VALUE_MAX)
		return complain(s, option->key,
		    "expected a value of up to %d bytes", CONF_VALUE_MAX);
	memcpy(given->value, value, strlen(value) + 1);
	given->line = s->line;
	return 0;
}

static int
scan_entry(struct scan *s, char *text)
{
	const struct conf_option *option;
	struct conf_given *given;
	char *equals = strchr(text, '='), *key;

	if (equals == NULL || equals == text)
		return complain(
		    s, NULL, "expected key = value, [section] or a comment");
	*equals = '\0';
	key = conf_value_trim(text);
	if (s->section == NULL)
		return complain(s, NULL,
		    "%.50s: expected a [section] before the first key", key);
	option = s->profile != NULL ? conf_profile_option_find(key)
				    : conf_option_find(s->section, key);
	if (option == NULL)
		return unknown_key(s, key);
	given = s->profile != NULL
		    ? &s->profile->options[option - conf_profile_options]
		    : &s->given->options[option - conf_options];
	return scan_value(s, option, given, conf_value_trim(equals + 1));
}

static int
scan_line(struct scan *s, char *line)
{
	char *text = conf_value_trim(line);
	size_t n = strlen(text);

	if (n > 0 && text[n - 1] == '\\')
		return complain(s, NULL,
		    "expected a line that does not end in a backslash");
	switch (*text) {
	case '\0':
	case '#':
	case ';':
		return 0;
	case '[':
		return scan_section(s, text);
	default:
		return scan_entry(s, text);
	}
}

/* Text has no control characters but tabs, and above all no NUL. */
static int
check_bytes(const struct scan *s, const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return complain(s, NULL,
			    "expected text, but byte %zu is 0x%02x", i + 1, c);
	}
	return 0;
}

/*
 * Read one line without its end, LF or CR LF. Returns 1, 0 at the end of the
 * file, or -1 after complaining.
 */
static int
read_line(struct scan *s, FILE *file, char line[static LINE_LEN_MAX + 1])
{
	size_t n = 0;
	int c;

	s->line++;
	while ((c = getc(file)) != EOF && c != '\n') {
		if (n == LINE_LEN_MAX)
			return complain(s, NULL,
			    "expected a line of up to %d bytes", LINE_LEN_MAX);
		line[n++] = (char)c;
	}
	if (c == EOF && n == 0)
		return 0;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return check_bytes(s, line, n) < 0 ? -1 : 1;
}

int
conf_scan(FILE *file, const char *path, struct conf_file *given,
    char error[static CONF_ERROR_MAX])
{
	struct scan s = { .path = path, .given = given, .error = error };
	char line[LINE_LEN_MAX + 1];
	int r;

	given->profile_count = 1;
	while ((r = read_line(&s, file, line)) > 0)
		if (scan_line(&s, line) < 0)
			return -1;
	return r;
}
