/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Log lines to stderr, syslog or the journal. As on OpenBSD, the plain form
 * appends the text of errno and the x form does not; both preserve errno. A
 * line carries no newline and no full stop; control characters in it are
 * escaped.
 */

#ifndef SSTPD_LOG_H
#define SSTPD_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "log_record.h"

enum log_sink {
	LOG_SINK_STDERR, /* with the time before each line */
	LOG_SINK_PLAIN,	 /* stderr, for somebody who waits for the answer */
	LOG_SINK_TAGGED, /* stderr, with <N> as systemd and our monitor read it
			  */
	LOG_SINK_PIPE,	 /* stderr, records as in log_pipe.h: of a worker */
	LOG_SINK_SYSLOG,
	LOG_SINK_JOURNAL, /* of systemd, or stderr as long as it is not there */
};

/* Of lines to stderr, unless they are LOG_SINK_PLAIN, and to syslog. */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* facility is one of syslog's. Logs text to stderr until then. */
void log_open(enum log_sink sink, enum log_level level, int facility);
void log_set_format(enum log_format format);
/* The socket for LOG_SINK_JOURNAL, whose path is shorter than sun_path. */
void log_set_journal(const char *path);
bool log_enabled(enum log_level level);

void log_err(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_errx(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_warn(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_warnx(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_info(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_debug(const char *fmt, ...) LOG_PRINTF(1, 2);

/* A message about somebody. */
void log_vabout(enum log_level level, const struct log_subject *subject,
    const char *fmt, va_list ap) LOG_PRINTF(3, 0);

/* Log an event of ours, if its level is enabled. */
void log_write(const struct log_record *r);

/* Log what another process of ours, pid, has sent, see log_pipe.h. */
void log_relay(const struct log_record *r, pid_t pid);

#endif
