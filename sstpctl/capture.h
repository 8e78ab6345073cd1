/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The command "capture": give the daemon a socket, and put into a file what a
 * session's worker writes there, block by block.
 */

#ifndef SSTPCTL_CAPTURE_H
#define SSTPCTL_CAPTURE_H

#include <stdint.h>

struct capture_limits {	  /* 0: none */
	uint64_t count;	  /* frames */
	uint64_t seconds; /* from its request on */
	uint64_t size;	  /* bytes of the file; its last block is not counted */
};

/*
 * Ask over a connection to the daemon, which is taken, with this line; write to
 * the file, or to stdout for "-". Returns 0, or -1: the user was told why.
 */
int capture(int daemon, const char *line, const char *path,
    const struct capture_limits *limits);

#endif
