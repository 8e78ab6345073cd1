/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * TCP's congestion control, which a connection takes over from the socket that
 * it was accepted from. A name is one that the kernel knows, or "system": what
 * the kernel uses for sockets that nobody asks anything of.
 */

#ifndef SSTPD_CONGESTION_H
#define SSTPD_CONGESTION_H

enum {
	CONGESTION_NAME_MAX = 16, /* with its end, as the kernel has it */
	CONGESTION_ERROR_MAX = 512,
};

/*
 * Whether the kernel has it, for us; root loads the module if there is one.
 * Returns 0, or -1 with what is wrong in error, in two lines: the second one
 * says what to do.
 */
int congestion_check(const char *name, char error[static CONGESTION_ERROR_MAX]);

/* For what fd, which listens, accepts from now on. Returns 0, or -1 and errno.
 */
int congestion_set(int fd, const char *name);

#endif
