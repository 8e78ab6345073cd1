/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What others have chosen, such as names, on a terminal: valid UTF-8 without
 * characters of control, whatever it was.
 */

#ifndef SSTPD_TERMINAL_H
#define SSTPD_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

/* Up to n bytes or a NUL; a question mark stands for what cannot be shown. */
void terminal_put(FILE *out, const char *text, size_t n);

/*
 * The same, and a space, in width columns and one: filled up if it takes fewer,
 * cut with a plus sign at its end if it takes more. Characters that may be two
 * columns wide count as such.
 */
void terminal_put_column(FILE *out, const char *text, size_t n, size_t width);

#endif
