/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Who may write the files that root will run or believe, and who may read the
 * passwords. pppd 2.5.3 demands more of them than others do.
 */

#ifndef SSTPD_DOCTOR_FILES_H
#define SSTPD_DOCTOR_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct doctor;

/*
 * Whether only root can change what path leads to: its real path, each
 * directory and the file. strict is the rule of pppd 2.5.3: nothing may be
 * writable by group or others; otherwise only others count, and a directory
 * with the sticky bit passes. Returns true, or false with the reason in why.
 */
bool doctor_is_safe(const char *path, bool strict, char *why, size_t cap);

/* version of pppd, as 20503 for 2.5.3; 0: unknown. */
void doctor_files(
    struct doctor *d, const struct conf *conf, unsigned int version);

#endif
