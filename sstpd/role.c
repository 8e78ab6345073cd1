/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the worker and the control process have in common. */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "log.h"
#include "role.h"
#include "sandbox.h"

struct ev_loop *
role_start(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	log_open(LOG_SINK_PIPE, LOG_LEVEL_INFO, 0);
	/* they are the monitor's to handle: it tells us */
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGTERM, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	fcntl(ROLE_CHANNEL_FD, F_SETFD, FD_CLOEXEC);
	fcntl(ROLE_CHANNEL_FD, F_SETFL, O_NONBLOCK);
	/* whatever the environment prefers: others need other system calls */
	return ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
}

void
role_confine(const char *name, const struct conf *conf)
{
	const struct sandbox sandbox = {
		.process = name,
		.user = conf->user,
		.dir = conf->chroot_dir,
		.filter = (enum syscall_filter)conf->seccomp,
	};
	const char *what;

	if (sandbox_enter(&sandbox, &what) == 0)
		return;
	log_err("%s: %s", name, what);
	exit(1);
}
