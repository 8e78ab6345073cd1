/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Giving up privileges for good. */

#ifndef SSTPD_SANDBOX_H
#define SSTPD_SANDBOX_H

/*
 * Make sure that dir exists, is empty, and is root's. Returns 0, or -1 with
 * errno (ENOTEMPTY, EPERM for a wrong owner or mode).
 */
int sandbox_prepare_dir(const char *dir);

/*
 * As root: chroot to dir, become user, no way back; as anybody else: only no
 * new privileges. Returns 0, or -1 with errno and *what naming the step.
 */
int sandbox_enter(const char *user, const char *dir, const char **what);

#endif
