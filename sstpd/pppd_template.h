/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A pppd that has loaded its libraries and plugins and read its options, and
 * waits at the plugin's option "sstpd-template" to be cloned for sessions. Most
 * of what a pppd costs to start is in that, and most of its memory, which
 * clones share. When and for whom it is used is monitor_templates.c's job.
 */

#ifndef SSTPD_PPPD_TEMPLATE_H
#define SSTPD_PPPD_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conf;
struct conf_profile;
struct pppd_session;

enum { PPPD_TEMPLATE_ANSWER_MS = 1000 }; /* for a clone */

struct pppd_template {
	pid_t pid;   /* 0: there is none (any more) */
	int channel; /* readable when there is something to hear */
	int log;     /* what it prints, non-blocking */
	bool waits;  /* it can be cloned */
};

#define PPPD_TEMPLATE_NONE ((struct pppd_template){ .channel = -1, .log = -1 })

/*
 * Start one, of PPPD_TEMPLATE_NONE, for the sessions of a profile. Returns 0,
 * or -1 with errno.
 */
int pppd_template_start(struct pppd_template *t, const struct conf *conf,
    const struct conf_profile *profile);

/*
 * Hear what it has to say, which is that it waits. Returns 0, or -1 when it has
 * ended, or does not speak as it should: end it.
 */
int pppd_template_hear(struct pppd_template *t);

/*
 * Make a pppd for a session: a child of ours in a process group of its own,
 * which waits for its SESSION. plugin and log remain the caller's. Returns its
 * pid, with a pidfd that is the caller's; or -1 and the template is no more,
 * nor is what it may have made.
 */
pid_t pppd_template_clone(struct pppd_template *t,
    const struct pppd_session *session, int plugin, int log, int *pidfd);

/* The last line that it has printed, "" for none. */
void pppd_template_last_line(
    const struct pppd_template *t, char *text, size_t cap);

/* End it, if there is one, and release all it has. */
void pppd_template_end(struct pppd_template *t);

#endif
