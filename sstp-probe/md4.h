/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * MD4, RFC 1320, for MS-CHAPv2's hash of a password. OpenSSL 3 keeps it in its
 * legacy provider, which is a package of its own on some systems (Debian 13)
 * and need not be there.
 */

#ifndef SSTP_PROBE_MD4_H
#define SSTP_PROBE_MD4_H

#include <stddef.h>
#include <stdint.h>

enum { MD4_LEN = 16 };

void md4(const uint8_t *p, size_t n, uint8_t digest[static MD4_LEN]);

#endif
