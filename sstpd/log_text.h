/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A record as a line of text, without time and newline. What a client has
 * chosen stands in quotes or at the end of a message; it cannot end the line,
 * pass for another key, or do anything to a terminal. The line is valid UTF-8.
 */

#ifndef SSTPD_LOG_TEXT_H
#define SSTPD_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "log_record.h"

/*
 * Write it with a NUL after it, cut after a whole character if need be; with
 * the name of the session and the client's address before it if subject is set.
 * Returns its length.
 */
size_t log_text_line(
    const struct log_record *r, bool subject, char line[static LOG_LINE_MAX]);

#endif
