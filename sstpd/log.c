/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Log lines. Workers live in an empty chroot, where a syslog socket could not
 * be opened again after syslogd restarts: they write tagged lines to stderr and
 * the monitor, reading that pipe, logs them.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static enum log_sink sink = LOG_SINK_STDERR;
static enum log_level threshold = LOG_LEVEL_INFO;

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void
log_open(enum log_sink new_sink, enum log_level level, int facility)
{
	sink = new_sink;
	threshold = level;
	if (sink == LOG_SINK_SYSLOG)
		openlog("sstpd", LOG_NDELAY | LOG_PID, facility);
}

bool
log_enabled(enum log_level level)
{
	return level <= threshold;
}

/* Copy n bytes of src, escaping what could forge or garble a line. */
static void
escape(char *dst, size_t cap, const char *src, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < n && used + 5 <= cap; i++) {
		unsigned char c = (unsigned char)src[i];

		if (c >= 0x20 && c != 0x7f) {
			dst[used++] = (char)c;
			continue;
		}
		dst[used++] = '\\';
		dst[used++] = 'x';
		dst[used++] = hex[c >> 4];
		dst[used++] = hex[c & 15];
	}
	dst[used] = '\0';
}

static void
write_stderr(const char *head, const char *text)
{
	char line[LOG_LINE_MAX + 64];
	int n = snprintf(line, sizeof(line), "%s%s\n", head, text);

	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	/* one write, so that lines of several processes do not mix */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to tell */
}

static void
emit(enum log_level level, const char *text)
{
	char head[48];
	struct timespec now;
	struct tm tm;
	size_t n;

	switch (sink) {
	case LOG_SINK_SYSLOG:
		syslog(priorities[level], "%s", text);
		return;
	case LOG_SINK_PLAIN:
		snprintf(head, sizeof(head), "sstpd: ");
		break;
	case LOG_SINK_TAGGED:
		snprintf(head, sizeof(head), "<%d>", priorities[level]);
		break;
	case LOG_SINK_STDERR:
		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &tm);
		n = strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(head + n, sizeof(head) - n, ".%03ld ",
		    now.tv_nsec / 1000000);
		break;
	}
	write_stderr(head, text);
}

static void LOG_PRINTF(4, 0) vlog(enum log_level level, const char *prefix,
    int error, const char *fmt, va_list ap)
{
	int saved = errno;
	char raw[LOG_LINE_MAX], text[LOG_LINE_MAX];
	size_t n = 0;

	if (!log_enabled(level))
		return;
	if (prefix != NULL)
		n = (size_t)snprintf(raw, sizeof(raw), "%s: ", prefix);
	if (n < sizeof(raw))
		n += (size_t)vsnprintf(raw + n, sizeof(raw) - n, fmt, ap);
	if (error != 0 && n < sizeof(raw))
		n += (size_t)snprintf(
		    raw + n, sizeof(raw) - n, ": %s", strerror(error));
	if (n >= sizeof(raw))
		n = sizeof(raw) - 1;
	escape(text, sizeof(text), raw, n);
	emit(level, text);
	errno = saved;
}

#define VLOG(level, error)                                                     \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		vlog(level, NULL, error, fmt, ap);                             \
		va_end(ap);                                                    \
	} while (0)

void
log_err(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_ERROR, errno);
}

void
log_errx(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_ERROR, 0);
}

void
log_warn(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_WARN, errno);
}

void
log_warnx(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_WARN, 0);
}

void
log_info(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_INFO, 0);
}

void
log_debug(const char *fmt, ...)
{
	VLOG(LOG_LEVEL_DEBUG, 0);
}

void
log_vline(enum log_level level, const char *prefix, const char *fmt, va_list ap)
{
	vlog(level, prefix, 0, fmt, ap);
}

void
log_line(enum log_level level, const char *prefix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(level, prefix, 0, fmt, ap);
	va_end(ap);
}

void
log_relay(const char *line, size_t n)
{
	char text[LOG_LINE_MAX];
	enum log_level level = LOG_LEVEL_ERROR;

	if (n >= 3 && line[0] == '<' && line[2] == '>') {
		for (int l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++)
			if (line[1] == '0' + priorities[l])
				level = (enum log_level)l;
		line += 3;
		n -= 3;
	}
	escape(text, sizeof(text), line, n);
	emit(level, text);
}
