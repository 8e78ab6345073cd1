/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A table in a sealed memory file that one process writes and others read: its
 * size never changes, so nobody can be made to read beyond its end.
 */

#ifndef SSTPD_TABLE_H
#define SSTPD_TABLE_H

#include <stddef.h>

/*
 * Make one of zeros, with a descriptor to write to it and one that can only
 * read it (both close-on-exec). Returns 0, or -1 with errno.
 */
int table_make(const char *name, size_t size, int *write_fd, int *read_fd);

/* Map it; NULL with errno, EINVAL if it is not of that size. */
void *table_map(int write_fd, size_t size);
const void *table_map_to_read(int read_fd, size_t size);

#endif
