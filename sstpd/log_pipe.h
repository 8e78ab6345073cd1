/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Records through the pipe that is a worker's stderr, for the monitor to give
 * them their form: an unprivileged process decides on no more than an event of
 * the list, keys of the list and bytes for them. On the wire: one byte 01, two
 * with the length of what follows, level, event, and for each field its key,
 * two bytes with the length of its value, and the value.
 *
 * Lines of text may come in between: those of LOG_SINK_TAGGED, and without such
 * a tag, as of a sanitizer, they count as errors. A byte 01 in one begins a
 * record, so that a line without an end hides none.
 */

#ifndef SSTPD_LOG_PIPE_H
#define SSTPD_LOG_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log_record.h"

enum { LOG_PIPE_MAX = 4096 }; /* PIPE_BUF: a pipe takes it at once or not */

/* Returns how many bytes it has become. */
size_t log_pipe_encode(
    const struct log_record *r, uint8_t bytes[static LOG_PIPE_MAX]);

struct log_pipe {
	size_t n;
	uint8_t bytes[LOG_PIPE_MAX];
};

void log_pipe_init(struct log_pipe *pipe);

/*
 * Take bytes up to the end of the next record or line. Returns how many of the
 * n; *complete: there is one in *r. What is no good record vanishes.
 */
size_t log_pipe_decode(struct log_pipe *pipe, const uint8_t *p, size_t n,
    struct log_record *r, bool *complete);

#endif
