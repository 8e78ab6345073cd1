/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Packets of any content and with any number of descriptors, from one process
 * to another: each is what the table says or is refused, and no descriptor
 * stays behind. Of an input, a packet is one byte with the number of
 * descriptors, two with its length, and its bytes.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "msg.h"

enum {
	PACKETS_MAX = 16,
	SENT_FDS_MAX = 4, /* more than any message may have */
	HEAD_LEN = 3,
};

static int pair[2] = { -1, -1 };

/* The lowest free one is higher once something leaks. */
static int
lowest_free(void)
{
	int fd = dup(pair[0]);

	require(fd >= 0);
	close(fd);
	return fd;
}

static void
send_packet(const uint8_t *p, size_t n, unsigned int fds)
{
	union {
		char space[CMSG_SPACE(SENT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds > 0) {
		struct cmsghdr *c = &control.align;

		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (unsigned int i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &pair[0],
			    sizeof(int));
	}
	require(sendmsg(pair[0], &mh, 0) == (ssize_t)n);
}

/* What the header file promises, written once more. */
static bool
fits(const uint8_t *p, size_t n, unsigned int fds)
{
	struct msg_header header;

	if (n < sizeof(header))
		return false;
	memcpy(&header, p, sizeof(header));
	return header.type > 0 && header.type < MSG_TYPES &&
	       header.length == n && msg_size(header.type) == n &&
	       msg_fd_count(header.type) == fds;
}

static void
check_packet(const uint8_t *p, size_t n, unsigned int sent)
{
	int before = lowest_free(), fds[MSG_FDS_MAX], result;
	unsigned int open = 0;
	union msg msg;

	memset(&msg, 0xa5, sizeof(msg));
	send_packet(p, n, sent);
	result = msg_recv(pair[1], &msg, fds);
	for (int i = 0; i < MSG_FDS_MAX; i++)
		open += fds[i] >= 0;
	if (fits(p, n, sent)) {
		require(result == 1 && open == sent);
		require(memcmp(&msg, p, n) == 0);
		require(strcmp(msg_name(msg.header.type), "unknown") != 0);
	} else if (n == 0 && sent == 0) {
		require(result == 0); /* looks like the end */
	} else {
		require(result == -1 && errno == EBADMSG && open == 0);
	}
	msg_close_fds(fds);
	require(lowest_free() == before);
	require(msg_recv(pair[1], &msg, fds) == -1 && errno == EAGAIN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (pair[0] < 0)
		require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	for (int i = 0; i < PACKETS_MAX && size >= HEAD_LEN; i++) {
		unsigned int fds = data[0] % (SENT_FDS_MAX + 1);
		size_t n = (size_t)data[1] << 8 | data[2];

		data += HEAD_LEN;
		size -= HEAD_LEN;
		n = n < size ? n : size;
		check_packet(data, n, fds);
		data += n;
		size -= n;
	}
	return 0;
}
