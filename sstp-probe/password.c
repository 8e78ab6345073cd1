/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Where a password comes from. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "password.h"

static const char variable[] = "SSTP_PROBE_PASSWORD";

void
password_wipe(struct password *password)
{
	OPENSSL_cleanse(password, sizeof(*password));
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* read(), until a time of now_ms(); 0: however long it takes. */
static ssize_t
read_byte(int fd, char *c, int64_t until)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left = until == 0 ? -1 : until - now_ms();

	if (until != 0 && left < 0)
		left = 0;
	switch (poll(&pfd, 1, (int)left)) {
	case -1:
		return -1;
	case 0:
		errno = ETIMEDOUT;
		return -1;
	default:
		return read(fd, c, 1);
	}
}

/* One line, or all there is before the end. Unbuffered: no copy stays behind.
 */
static int
read_line(struct password *password, int fd, int64_t until)
{
	char c;

	password->len = 0;
	for (;;) {
		ssize_t n = read_byte(fd, &c, until);

		if (n < 0)
			return -1;
		if (n == 0 || c == '\n')
			break;
		if (password->len == PASSWORD_MAX) {
			errno = E2BIG;
			return -1;
		}
		password->text[password->len++] = c;
	}
	if (password->len > 0 && password->text[password->len - 1] == '\r')
		password->len--;
	password->text[password->len] = '\0';
	return 0;
}

static void
say_why_not(
    char why[static PASSWORD_WHY_MAX], const char *file, unsigned int timeout)
{
	if (errno == ETIMEDOUT)
		snprintf(why, PASSWORD_WHY_MAX,
		    "%.200s: nothing was written to it within %u s", file,
		    timeout);
	else
		snprintf(
		    why, PASSWORD_WHY_MAX, "%.200s: %s", file, strerror(errno));
}

/* Whoever gave us a stdin may type there; a FIFO may have no writer, ever. */
static int
from_file(struct password *password, const char *file, unsigned int timeout,
    char why[static PASSWORD_WHY_MAX])
{
	bool is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO)
			  : open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int64_t until = 0;
	struct stat st;
	int ret = -1;

	if (fd == -1 || fstat(fd, &st) != 0) {
		say_why_not(why, file, timeout);
	} else if (S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0) {
		snprintf(why, PASSWORD_WHY_MAX,
		    "%.200s: everybody may use it; chmod o= it", file);
	} else {
		if (S_ISFIFO(st.st_mode) && !is_stdin)
			until = now_ms() + (int64_t)timeout * 1000;
		ret = read_line(password, fd, until);
		if (ret != 0)
			say_why_not(why, file, timeout);
	}
	if (fd != -1)
		close(fd);
	return ret;
}

/* What it held is wiped too, for whoever reads /proc later on. */
static int
from_environment(
    struct password *password, char *value, char why[static PASSWORD_WHY_MAX])
{
	size_t n = strlen(value);
	int ret = -1;

	if (n > PASSWORD_MAX) {
		snprintf(why, PASSWORD_WHY_MAX, "%s is too long", variable);
	} else {
		memcpy(password->text, value, n + 1);
		password->len = n;
		ret = 0;
	}
	OPENSSL_cleanse(value, n);
	unsetenv(variable);
	return ret;
}

static void
interrupt(int sig)
{
	(void)sig; /* all it has to do is to end the ppoll() */
}

static int
read_without_echo(struct password *password, int fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
	enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };
	struct sigaction action = { .sa_handler = interrupt }, old[SIGNALS];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct termios before, silent;
	sigset_t blocked, mask;
	int ret, saved;

	if (tcgetattr(fd, &before) != 0)
		return -1;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON;
	sigemptyset(&blocked);
	for (int i = 0; i < SIGNALS; i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &action, &old[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &mask);
	tcsetattr(fd, TCSAFLUSH, &silent);
	/* a terminal has whole lines; a signal before the wait is not lost */
	ret =
	    ppoll(&pfd, 1, NULL, &mask) == 1 ? read_line(password, fd, 0) : -1;
	saved = errno;
	tcsetattr(fd, TCSAFLUSH, &before);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (int i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	(void)!write(fd, "\n", 1);
	errno = saved;
	return ret;
}

static int
from_terminal(struct password *password, const char *user,
    char why[static PASSWORD_WHY_MAX])
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int ret;

	if (fd == -1) {
		snprintf(why, PASSWORD_WHY_MAX,
		    "no password: give --password-file, or %s in the "
		    "environment, or run it on a terminal",
		    variable);
		return -1;
	}
	dprintf(fd, "Password of %s: ", user);
	ret = read_without_echo(password, fd);
	if (ret != 0)
		snprintf(
		    why, PASSWORD_WHY_MAX, "no password: %s", strerror(errno));
	close(fd);
	return ret;
}

int
password_get(struct password *password, const char *file, unsigned int timeout,
    const char *user, char why[static PASSWORD_WHY_MAX])
{
	char *value = getenv(variable);

	if (file != NULL)
		return from_file(password, file, timeout, why);
	if (value != NULL)
		return from_environment(password, value, why);
	return from_terminal(password, user, why);
}
