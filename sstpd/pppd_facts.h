/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What can be known of a pppd without a session: its version, its options. */

#ifndef SSTPD_PPPD_FACTS_H
#define SSTPD_PPPD_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct conf_profile;

/* What pppd reads before ours. */
#define PPPD_GENERAL_OPTIONS "/etc/ppp/options"

enum { PPPD_FACT_MAX = 64 };

/*
 * The version in what "pppd --version" prints, as 20503 for 2.5.3; 0 if there
 * is none. Letters behind the numbers are ignored, a third number may be
 * missing.
 */
unsigned int pppd_parse_version(const char *text);

/* Whether a file of pppd's options has this word, comments aside. */
bool pppd_file_has(const char *path, const char *word);
/* The same for all files that pppd reads for the sessions of a profile. */
bool pppd_has_option(const struct conf_profile *profile, const char *word);
/* Which of 32 words at most these files have: bit n stands for words[n]. */
uint32_t pppd_find_options(const struct conf_profile *profile,
    const char *const words[], unsigned int count);

/*
 * Whether a pppd that has read them can be cloned for sessions; otherwise they
 * have the obstacle.
 */
bool pppd_is_clonable(
    const struct conf_profile *profile, char obstacle[static PPPD_FACT_MAX]);

#endif
