/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A record as one object of JSON, RFC 8259, on one line. Whatever bytes came it
 * is valid UTF-8: those that are none become U+FFFD. What is too long is
 * shortened inside of its value, with dots after it; the object stays whole.
 */

#ifndef SSTPD_LOG_JSON_H
#define SSTPD_LOG_JSON_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "log_record.h"

enum { LOG_JSON_MAX = 8192 };

/* Write it with a NUL after it, without a newline. Returns its length. */
size_t log_json_line(const struct log_record *r, const struct timespec *time,
    pid_t pid, char line[static LOG_JSON_MAX]);

#endif
