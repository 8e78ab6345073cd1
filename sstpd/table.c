/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A table in a sealed memory file. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

int
table_make(const char *name, size_t size, int *write_fd, int *read_fd)
{
	char path[64];

	*read_fd = -1;
	*write_fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*write_fd < 0)
		return -1;
	/* a descriptor of its own: one to write could be mapped to write */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *write_fd);
	if (ftruncate(*write_fd, (off_t)size) == 0 &&
	    fcntl(*write_fd, F_ADD_SEALS,
		F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		*read_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*read_fd >= 0)
		return 0;
	close(*write_fd);
	*write_fd = -1;
	return -1;
}

static void *
map(int fd, size_t size, int protection)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0)
		return NULL;
	if ((size_t)st.st_size != size) {
		errno = EINVAL;
		return NULL;
	}
	p = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	return p != MAP_FAILED ? p : NULL;
}

void *
table_map(int write_fd, size_t size)
{
	return map(write_fd, size, PROT_READ | PROT_WRITE);
}

const void *
table_map_to_read(int read_fd, size_t size)
{
	return map(read_fd, size, PROT_READ);
}
