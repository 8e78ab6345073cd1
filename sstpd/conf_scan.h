/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One strict pass over the text of a configuration file before iniparser reads
 * it. It refuses whatever iniparser would skip, join, overwrite or guess at,
 * and remembers where each key stands for later errors.
 */

#ifndef SSTPD_CONF_SCAN_H
#define SSTPD_CONF_SCAN_H

#include <stdio.h>

#include "conf.h"
#include "conf_option.h"
#include "conf_value.h"

/* What the file says about an option, in the order of conf_options. */
struct conf_given {
	unsigned int line;		/* 0: nothing */
	char value[CONF_VALUE_MAX + 1]; /* no quotes, comment or outer space */
};

/* One [profile NAME]. */
struct conf_given_profile {
	unsigned int line;				  /* where it begins */
	char section[sizeof("profile ") + CONF_NAME_MAX]; /* lower case */
	struct conf_given options[CONF_PROFILE_OPTIONS];
};

/* All that the file says. */
struct conf_file {
	struct conf_given options[CONF_OPTIONS];
	/* as in struct conf: the first one is the default profile, not used */
	struct conf_given_profile profiles[CONF_PROFILES_MAX];
	unsigned int profile_count;
};

/* The name in its section. */
const char *conf_given_name(const struct conf_given_profile *profile);

/*
 * Returns 0 with given filled, which must be zero before, or -1 with error.
 */
int conf_scan(FILE *file, const char *path, struct conf_file *given,
    char error[static CONF_ERROR_MAX]);

/*
 * Write "FILE:LINE: [section] key: text" to error, leaving out what is 0 or
 * NULL.
 */
void conf_scan_complain(char error[static CONF_ERROR_MAX], const char *path,
    unsigned int line, const char *section, const char *key, const char *fmt,
    ...) __attribute__((format(printf, 6, 7)));

#endif
