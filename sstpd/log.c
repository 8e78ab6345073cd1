/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Log lines. Workers live in an empty chroot, where a syslog socket could not
 * be opened again after syslogd restarts: they write records to stderr and the
 * monitor, reading that pipe, gives them their form and logs them.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "log_journal.h"
#include "log_json.h"
#include "log_pipe.h"
#include "log_text.h"

enum { JOURNAL_WAIT = 500 * 1000 }; /* microseconds for it to make room */

static enum log_sink sink = LOG_SINK_STDERR;
static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format format = LOG_FORMAT_TEXT;
static int facility = LOG_DAEMON;
static pid_t own_pid; /* a worker's sandbox need not allow to ask for it */
static struct sockaddr_un journal = { .sun_family = AF_UNIX };
static int journal_fd = -1;

/* Without one, lines go to stderr. */
static void
open_journal(void)
{
	struct timeval wait = { .tv_usec = JOURNAL_WAIT };

	if (journal_fd >= 0)
		return;
	journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal_fd >= 0)
		setsockopt(
		    journal_fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

static void
close_journal(void)
{
	if (journal_fd >= 0)
		close(journal_fd);
	journal_fd = -1;
}

void
log_open(enum log_sink new_sink, enum log_level level, int new_facility)
{
	sink = new_sink;
	threshold = level;
	facility = new_facility;
	if (own_pid == 0)
		own_pid = getpid();
	if (sink == LOG_SINK_SYSLOG)
		openlog("sstpd", LOG_NDELAY | LOG_PID, facility);
	if (sink == LOG_SINK_JOURNAL)
		open_journal();
	else
		close_journal();
}

void
log_set_format(enum log_format new_format)
{
	format = new_format;
}

void
log_set_journal(const char *path)
{
	snprintf(journal.sun_path, sizeof(journal.sun_path), "%s", path);
}

bool
log_enabled(enum log_level level)
{
	return level <= threshold;
}

/* --- to where they go --- */

static void
write_stderr(const char *head, const char *text)
{
	char line[LOG_JSON_MAX + 64];
	int n = snprintf(line, sizeof(line), "%s%s\n", head, text);

	/* one write, so that lines of several processes do not mix */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to tell */
}

/*
 * False: it did not take it. A burst may have to wait for the journal, but only
 * once if it has stopped reading: until it goes on, nothing waits any more.
 */
static bool
write_journal(const struct log_record *r, pid_t pid)
{
	static bool stuck;
	uint8_t entry[LOG_JOURNAL_MAX];
	size_t n = log_journal_entry(r, pid, facility, entry);

	stuck = sendto(journal_fd, entry, n,
		    MSG_NOSIGNAL | (stuck ? MSG_DONTWAIT : 0),
		    (const struct sockaddr *)&journal,
		    sizeof(journal)) != (ssize_t)n;
	return !stuck;
}

static void
write_pipe(const struct log_record *r)
{
	uint8_t bytes[LOG_PIPE_MAX];
	size_t n = log_pipe_encode(r, bytes);

	if (write(STDERR_FILENO, bytes, n) < 0)
		return; /* a full pipe: the monitor has too much to read */
}

/* As people read it, "2026-11-21T12:00:00.123 ". */
static void
put_time(const struct timespec *now, char *text, size_t cap)
{
	struct tm tm;
	size_t n;

	localtime_r(&now->tv_sec, &tm);
	n = strftime(text, cap, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, cap - n, ".%03ld ", now->tv_nsec / 1000000);
}

/* In the format that is set. */
static void
write_formatted(const struct log_record *r, pid_t pid)
{
	char line[LOG_JSON_MAX], head[48] = "";
	int priority = log_level_priority(r->level);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (format == LOG_FORMAT_JSON)
		log_json_line(r, &now, pid, line);
	else
		log_text_line(r, true, line);
	if (sink == LOG_SINK_SYSLOG) {
		syslog(priority, "%s", line);
		return;
	}
	if (sink == LOG_SINK_TAGGED)
		snprintf(head, sizeof(head), "<%d>", priority);
	else if (format == LOG_FORMAT_TEXT)
		put_time(&now, head, sizeof(head));
	write_stderr(head, line);
}

static void
emit(const struct log_record *r, pid_t pid)
{
	char line[LOG_LINE_MAX];

	switch (sink) {
	case LOG_SINK_PLAIN:
		log_text_line(r, true, line);
		write_stderr("sstpd: ", line);
		return;
	case LOG_SINK_PIPE:
		write_pipe(r);
		return;
	case LOG_SINK_JOURNAL:
		if (!write_journal(r, pid))
			write_formatted(r, pid);
		return;
	default:
		write_formatted(r, pid);
	}
}

/* --- from where they come --- */

void
log_write(const struct log_record *r)
{
	int saved = errno;

	if (log_enabled(r->level))
		emit(r, own_pid);
	errno = saved;
}

static void LOG_PRINTF(4, 0) vlog(enum log_level level,
    const struct log_subject *subject, int error, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[LOG_LINE_MAX];
	struct log_record r;
	size_t n;

	if (!log_enabled(level))
		return;
	n = (size_t)vsnprintf(text, sizeof(text), fmt, ap);
	if (error != 0 && n < sizeof(text))
		snprintf(text + n, sizeof(text) - n, ": %s", strerror(error));
	log_record_init(&r, level, LOG_EVENT_MESSAGE);
	if (subject != NULL)
		log_record_add_subject(&r, subject);
	log_record_add_text(&r, LOG_KEY_MESSAGE, text);
	log_write(&r);
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
log_vabout(enum log_level level, const struct log_subject *subject,
    const char *fmt, va_list ap)
{
	vlog(level, subject, 0, fmt, ap);
}

void
log_relay(const struct log_record *r, pid_t pid)
{
	emit(r, pid);
}
