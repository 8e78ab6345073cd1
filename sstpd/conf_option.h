/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The table of options (conf_table.c), a row for each key, and what a row says
 * about a value (conf_option.c): how to parse, print and describe it. No file
 * is read here.
 */

#ifndef SSTPD_CONF_OPTION_H
#define SSTPD_CONF_OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "conf_value.h"

enum { CONF_OPTIONS = 57, CONF_PROFILE_OPTIONS = 8 };

enum conf_type {
	CONF_NUMBER, /* or one of its words */
	CONF_TIME,   /* in milliseconds */
	CONF_SIZE,   /* in bytes */
	CONF_WORD,
	CONF_WORDS, /* a bit for each */
	CONF_NAME,
	CONF_TEXT,
	CONF_PATH,
	CONF_PATHS,
	CONF_LISTEN,
	CONF_IPV4,
	CONF_RANGES,
	CONF_SERVER_NAMES,
};

struct conf_word {
	const char *name; /* NULL after the last */
	uint32_t value;
};

struct conf_option {
	const char *section, *key;
	enum conf_type type;
	size_t field;	      /* offset in struct conf or conf_profile */
	size_t count;	      /* of a list: offset of how many there are */
	const char *fallback; /* as it would stand in the file */
	uint32_t min, max;    /* of the value, its length or its items */
	const struct conf_word *words;
	const char *help; /* one line */
};

/* In the order of the man page, the keys of a section together. */
extern const struct conf_option conf_options[CONF_OPTIONS];
/* Those of each [profile NAME]; their fields are in a struct conf_profile. */
extern const struct conf_option conf_profile_options[CONF_PROFILE_OPTIONS];

/* Upper and lower case are the same. NULL: there is none. */
const struct conf_option *conf_option_find(
    const char *section, const char *key);
const struct conf_option *conf_profile_option_find(const char *key);

/*
 * Set the option in values, the struct conf or conf_profile that it is of and
 * whose field must still be zero. Returns 0, or -1 with why saying which part
 * of the text is wrong and what was expected.
 */
int conf_option_parse(const struct conf_option *option, void *values,
    const char *text, char why[static CONF_ERROR_MAX]);

/* The value as conf_option_parse() takes it, without quotes. */
void conf_option_format(const struct conf_option *option, const void *values,
    char text[static CONF_VALUE_MAX + 1]);

/* What the option takes, in words: "a number from 1 to 256". */
void conf_option_expected(
    const struct conf_option *option, char text[static CONF_ERROR_MAX]);

#endif
