/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Listening sockets that a service manager has opened for us, by the protocol
 * of sd_listen_fds(3): $LISTEN_FDS of them, from descriptor 3 on, if
 * $LISTEN_PID is us. They outlive the daemon, so a restart refuses no
 * connection.
 */

#ifndef SSTPD_ACTIVATION_H
#define SSTPD_ACTIVATION_H

#include "conf.h"

enum { ACTIVATION_ERROR_MAX = 256 };

struct activation {
	int fds[CONF_LISTEN_MAX]; /* close-on-exec, non-blocking */
	unsigned int count;	  /* 0: nobody has given us any */
};

/*
 * Take what was given and remove the variables from the environment. Returns 0,
 * or -1 with a line in error that says what is wrong with which socket.
 */
int activation_take(
    struct activation *a, char error[static ACTIVATION_ERROR_MAX]);
void activation_close(struct activation *a);

#endif
