/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The pppd that sessions will get: its version, its options, its plugin. */

#ifndef SSTPD_DOCTOR_PPPD_H
#define SSTPD_DOCTOR_PPPD_H

#include <stdbool.h>

struct conf;
struct doctor;

/*
 * The version in what "pppd --version" prints, as 20503 for 2.5.3; 0 if there
 * is none. Letters behind the numbers are ignored, a third number may be
 * missing.
 */
unsigned int doctor_parse_version(const char *text);

/* Whether a file of pppd's options has this word, comments aside. */
bool doctor_has_option(const char *path, const char *word);

/* Returns the version, 0 if it is not known. */
unsigned int doctor_pppd(struct doctor *d, const struct conf *conf);

#endif
