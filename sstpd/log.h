/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Log lines to stderr or syslog. As on OpenBSD, the plain form appends the text
 * of errno and the x form does not; both preserve errno. A line carries no
 * newline and no full stop; control characters in it are escaped.
 */

#ifndef SSTPD_LOG_H
#define SSTPD_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_sink {
	LOG_SINK_STDERR, /* with the time before each line */
	LOG_SINK_PLAIN,	 /* stderr, for somebody who waits for the answer */
	LOG_SINK_TAGGED, /* stderr, with <N> as systemd and our monitor read it
			  */
	LOG_SINK_SYSLOG,
};

enum { LOG_LINE_MAX = 2048 }; /* a pipe takes it at once */

#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* facility is one of syslog's, for LOG_SINK_SYSLOG. Logs to stderr until then.
 */
void log_open(enum log_sink sink, enum log_level level, int facility);
bool log_enabled(enum log_level level);

void log_err(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_errx(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_warn(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_warnx(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_info(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_debug(const char *fmt, ...) LOG_PRINTF(1, 2);

/* One line with "prefix: " before it, or none if prefix is NULL. */
void log_line(enum log_level level, const char *prefix, const char *fmt, ...)
    LOG_PRINTF(3, 4);
void log_vline(enum log_level level, const char *prefix, const char *fmt,
    va_list ap) LOG_PRINTF(3, 0);

/*
 * Log a line that a worker wrote with LOG_SINK_TAGGED (without its newline) on
 * its behalf; a line without a tag, such as a sanitizer's, counts as an error.
 */
void log_relay(const char *line, size_t n);

#endif
