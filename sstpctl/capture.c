/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The command "capture". */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"

enum {
	BLOCK_MAX = 8192,	/* more than any that the daemon makes */
	SOCKET_BYTES = 4 << 20, /* what waits for us before frames get lost */
	BLOCKS_PER_TURN = 256,	/* between looks at the clock and signals */
	LAST_WORDS = 5000,	/* ms for the daemon to finish */
	PROGRESS = 1000,	/* ms */
	ANSWER_MAX = 512,
	/* of pcapng, see sstpd/pcapng.c */
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_LEN_MIN = 12,
	STATISTICS_OPTIONS_AT = 20,
	PACKET_LEN_AT = 20,
	PACKET_FRAME_AT = 28,
	EPB_DROPCOUNT = 4,
	ISB_IFDROP = 5,
};

struct capture {
	int in;
	FILE *out;
	const char *path;
	bool created; /* the file is ours alone */
	const struct capture_limits *limits;
	uint64_t frames, dropped, bytes;
	bool full;     /* a limit is reached: no more frames */
	bool complete; /* its last block is there */
	int64_t shown; /* when its progress was, in ms */
	int fault;     /* errno of writing; EPIPE: whoever reads it is gone */
};

static volatile sig_atomic_t stops;

static void
on_stop(int signo)
{
	(void)signo;
	stops++;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
complain(const char *what)
{
	fprintf(stderr, "sstpctl: %s: %s\n", what, strerror(errno));
	return -1;
}

/* --- the file
 * -------------------------------------------------------------------- */

static int
open_output(struct capture *c)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, fd;

	if (strcmp(c->path, "-") == 0) {
		if (isatty(STDOUT_FILENO)) {
			fprintf(stderr,
			    "sstpctl: stdout is a terminal, and this is no "
			    "text\n");
			return -1;
		}
		c->out = stdout;
		return 0;
	}
	fd = open(c->path, flags | O_EXCL, 0600);
	c->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(c->path, flags, 0600);
	c->out = fd < 0 ? NULL : fdopen(fd, "w");
	return c->out != NULL ? 0 : complain(c->path);
}

/* Once the daemon has agreed: what an older file had is lost now. */
static int
empty_output(const struct capture *c)
{
	struct stat info;
	int fd = fileno(c->out);

	if (c->out == stdout || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return 0;
	/* whoever could read the older one is not to read this */
	if (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0)
		return complain(c->path);
	return 0;
}

static int
close_output(struct capture *c)
{
	if (fclose(c->out) != 0 && c->fault == 0)
		c->fault = errno;
	if (c->created && c->bytes == 0)
		unlink(c->path);
	if (c->fault == 0 || c->fault == EPIPE)
		return 0;
	errno = c->fault;
	return complain(c->path);
}

static void
write_block(struct capture *c, const uint8_t *p, size_t n)
{
	if (c->fault == 0 && fwrite(p, 1, n, c->out) != n)
		c->fault = errno;
	c->bytes += n;
}

/* --- what comes
 * ------------------------------------------------------------------ */

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* The number that an option of a block has; 0 if it has none. */
static uint64_t
option(const uint8_t *block, size_t n, size_t at, uint32_t code)
{
	while (at + 4 <= n - 4) {
		uint32_t head = be32(block + at);
		size_t len = head & 0xffff;

		at += 4;
		if (head >> 16 == 0 || len > n - 4 - at)
			break;
		if (head >> 16 == code && len == 8)
			return (uint64_t)be32(block + at) << 32 |
			       be32(block + at + 4);
		at += (len + 3) & ~(size_t)3;
	}
	return 0;
}

static void
take_packet(struct capture *c, const uint8_t *p, size_t n)
{
	const struct capture_limits *l = c->limits;
	size_t options;

	if (c->full)
		return;
	if (l->size > 0 && c->bytes + n > l->size) {
		c->full = true;
		return;
	}
	write_block(c, p, n);
	c->frames++;
	if (n > PACKET_FRAME_AT && be32(p + PACKET_LEN_AT) < n) {
		options = PACKET_FRAME_AT +
			  (((size_t)be32(p + PACKET_LEN_AT) + 3) & ~(size_t)3);
		c->dropped += option(p, n, options, EPB_DROPCOUNT);
	}
	c->full = l->count > 0 && c->frames >= l->count;
}

/* Returns -1 for what no daemon of ours sends. */
static int
take_block(struct capture *c, const uint8_t *p, size_t n)
{
	if (n < BLOCK_LEN_MIN || be32(p + 4) != n) {
		fprintf(stderr, "sstpctl: what comes is no capture\n");
		return -1;
	}
	switch (be32(p)) {
	case BLOCK_PACKET:
		take_packet(c, p, n);
		break;
	case BLOCK_STATISTICS:
		c->complete = true;
		c->dropped = option(p, n, STATISTICS_OPTIONS_AT, ISB_IFDROP);
		write_block(c, p, n);
		break;
	default:
		write_block(c, p, n);
	}
	return 0;
}

/* Returns 1 if more may come, 0 at the end, -1 for a failure that was told. */
static int
take_blocks(struct capture *c)
{
	uint8_t block[BLOCK_MAX];

	for (int i = 0; i < BLOCKS_PER_TURN; i++) {
		ssize_t n =
		    recv(c->in, block, sizeof(block), MSG_DONTWAIT | MSG_TRUNC);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 1;
		if (n < 0)
			return complain("the daemon's socket");
		/* one that is cut does not have the length that it says */
		if (take_block(c, block,
			(size_t)n < sizeof(block) ? (size_t)n : 0) != 0)
			return -1;
	}
	return 1;
}

/* --- while it lasts
 * -------------------------------------------------------------- */

static void
show_progress(struct capture *c, int64_t now)
{
	if (now - c->shown < PROGRESS || !isatty(STDERR_FILENO))
		return;
	c->shown = now;
	fprintf(stderr,
	    "\r%" PRIu64 " frames, %" PRIu64 " bytes, %" PRIu64 " dropped%s",
	    c->frames, c->bytes, c->dropped,
	    c->bytes == 0 ? " (waiting for a session)" : "");
}

static void
wait_for_more(struct capture *c, int timeout, const sigset_t *mask)
{
	const struct timespec ts = { .tv_sec = timeout / 1000,
		.tv_nsec = timeout % 1000 * 1000000L };
	struct pollfd fds[2] = { { .fd = c->in, .events = POLLIN },
		{ .fd = fileno(c->out) } };

	if (ppoll(fds, 2, &ts, mask) <= 0)
		return;
	if (c->fault == 0 && (fds[1].revents & POLLERR))
		c->fault = EPIPE;
}

/*
 * Until the daemon closes the socket: it does so when the session ends, or when
 * it was told to stop and has written its last block. Returns -1 for a failure
 * that was told.
 */
static int
run(struct capture *c, const sigset_t *mask)
{
	int64_t now = now_ms(), until = INT64_MAX;
	bool stopping = false, over;
	int r, seen = 0;

	if (c->limits->seconds > 0)
		until = now + (int64_t)c->limits->seconds * 1000;
	while ((r = take_blocks(c)) > 0) {
		if (fflush(c->out) != 0 && c->fault == 0)
			c->fault = errno;
		now = now_ms();
		over = stops > seen || now >= until;
		seen = stops;
		if (stopping && over)
			break;
		if (!stopping && (over || c->full || c->fault != 0)) {
			stopping = true;
			until = now + LAST_WORDS;
			shutdown(c->in, SHUT_WR);
		}
		show_progress(c, now);
		wait_for_more(c,
		    until - now < PROGRESS ? (int)(until - now) : PROGRESS,
		    mask);
	}
	return r < 0 ? -1 : 0;
}

static int
tell(const struct capture *c)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (c->bytes == 0) {
		fprintf(stderr, "sstpctl: nothing was captured\n");
		return -1;
	}
	fprintf(stderr, "sstpctl: %" PRIu64 " frames, %" PRIu64 " dropped\n",
	    c->frames, c->dropped);
	if (c->complete || c->fault != 0)
		return 0; /* a fault is told when the file is closed */
	fprintf(stderr, "sstpctl: the capture broke off: see the log\n");
	return -1;
}

/* --- the request
 * ----------------------------------------------------------------- */

static int
send_request(int daemon, const char *line, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { .iov_base = (char *)(uintptr_t)line,
		.iov_len = strlen(line) };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	return sendmsg(daemon, &mh, MSG_NOSIGNAL) == (ssize_t)iov.iov_len ? 0
									  : -1;
}

static int
read_answer(int daemon)
{
	char text[ANSWER_MAX];
	size_t n = 0;
	ssize_t got;

	while (n + 1 < sizeof(text)) {
		got = recv(daemon, text + n, sizeof(text) - 1 - n, 0);
		/* once is for the capture, which may have begun */
		if (got < 0 && errno == EINTR && stops < 2)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	if (strcmp(text, "ok\n") == 0)
		return 0;
	fprintf(stderr, "sstpctl: %s",
	    n == 0			      ? "sstpd gave no answer\n"
	    : strncmp(text, "error ", 6) == 0 ? text + 6
					      : text);
	return -1;
}

/* Returns our end of the socket, or -1: told. */
static int
request(int daemon, const char *line)
{
	int pair[2], size = SOCKET_BYTES, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return complain("socket");
	/* more than others may have, where we are root */
	if (setsockopt(
		pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	r = send_request(daemon, line, pair[1]);
	close(pair[1]);
	r = r != 0 ? complain("sstpd") : read_answer(daemon);
	if (r == 0)
		return pair[0];
	close(pair[0]);
	return -1;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void
catch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop },
			 ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* From now on they are seen while waiting, and only then; mask is for that. */
static void
block_signals(sigset_t *mask)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, mask);
}

int
capture(int daemon, const char *line, const char *path,
    const struct capture_limits *limits)
{
	struct capture c = { .in = -1, .path = path, .limits = limits };
	int r = open_output(&c);
	sigset_t mask;

	if (r == 0) {
		catch_signals();
		c.in = request(daemon, line);
		block_signals(&mask);
		r = c.in < 0 ? -1 : empty_output(&c);
		if (r == 0)
			r = run(&c, &mask);
		if (r == 0)
			r = tell(&c);
		if (close_output(&c) != 0)
			r = -1;
	}
	if (c.in >= 0)
		close(c.in);
	close(daemon);
	return r;
}
