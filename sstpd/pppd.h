/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Starting a pppd: its arguments, its pty, fork and exec. Watching and stopping
 * it is link.c's job.
 */

#ifndef SSTPD_PPPD_H
#define SSTPD_PPPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conf;
struct conf_profile;

enum {
	PPPD_ARGS_MAX = 64,
	PPPD_TEXT_MAX = 2048,
	PPPD_TTY_MAX = 64, /* of its name */
	/* exit codes: of a child that did not become a pppd, and pppd's own of
	 * one that crashed, since it catches the signal */
	PPPD_NOT_EXECUTED = 126,
	PPPD_CRASHED = 127,
};

/* A counted argv: pointers into its own text, NULL at the end. */
struct pppd_args {
	char *argv[PPPD_ARGS_MAX + 1];
	unsigned int argc;
	char text[PPPD_TEXT_MAX];
	size_t text_len;
	bool overflow;
};

struct pppd_session {
	const char *tty; /* path of the pty's slave */
	int plugin_fd; /* number the plugin's socket has in the child; -1: none
			*/
	bool template; /* it waits on that to be told what it is for */
	const char *remote_address; /* of the TCP peer, for remotenumber */
	const char *session;	    /* for ipparam */
	const struct conf_profile *profile;
};

struct pppd_template;

/*
 * Fill args for one session. Returns 0, or -1 with errno E2BIG when something
 * is too long. Nothing secret ever goes in here.
 */
int pppd_build_args(struct pppd_args *args, const struct conf *conf,
    const struct pppd_session *session);

struct pppd_process {
	pid_t pid;
	int pidfd;
	int master; /* of the pty, non-blocking */
	int slave; /* keeps the master readable until pppd has opened its tty */
	int plugin; /* our end of the plugin's channel, non-blocking */
	int log;    /* what pppd prints, non-blocking */
	bool cloned;
};

/*
 * Start a pppd for the session, as a clone of from if that is not NULL and can
 * make one; tty and plugin_fd are set by this function. initial is the first
 * message in the plugin's channel. Returns 0, the caller owning all five
 * descriptors (close-on-exec), or -1 with errno and *what naming the call that
 * failed.
 */
int pppd_spawn(struct pppd_process *process, const struct conf *conf,
    struct pppd_template *from, struct pppd_session *session,
    const void *initial, size_t initial_len, const char **what);

/*
 * Run "pppd dryrun" with the options of a profile's sessions and copy what it
 * complains about to text. Returns its exit code, or -1 with errno if it could
 * not be run, or did not end within 20 seconds.
 */
int pppd_check_options(const struct conf *conf,
    const struct conf_profile *profile, char *text, size_t cap);

/* The same for "pppd --version". */
int pppd_read_version(const struct conf *conf, char *text, size_t cap);

/* pppd(8)'s exit codes in words; never NULL. */
const char *pppd_exit_text(int code);

#endif
