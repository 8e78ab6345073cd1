/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which bytes are UTF-8, RFC 3629. */

#ifndef SSTPD_UTF8_H
#define SSTPD_UTF8_H

#include <stddef.h>

/*
 * Bytes of the character that the n bytes at p begin with, from 1 to 4; 0 if
 * they begin with none: n is 0, something is missing, longer than need be, a
 * surrogate or beyond U+10FFFF.
 */
size_t utf8_length(const char *p, size_t n);

#endif
