/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Messages between monitor and workers, and between monitor and plugins. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg.h"

static const struct row {
	const char *name;
	size_t size;
	unsigned int fds;
} table[MSG_TYPES] = {
	[MSG_CONFIG] = { "CONFIG", sizeof(struct msg_plain), 1 },
	[MSG_CERTIFICATE] = { "CERTIFICATE", sizeof(struct msg_plain), 2 },
	[MSG_LISTENER] = { "LISTENER", sizeof(struct msg_plain), 1 },
	[MSG_PEERS_OWN] = { "PEERS_OWN", sizeof(struct msg_plain), 1 },
	[MSG_PEERS_OTHER] = { "PEERS_OTHER", sizeof(struct msg_plain), 1 },
	[MSG_COMMIT] = { "COMMIT", sizeof(struct msg_commit), 0 },
	[MSG_STARTED] = { "STARTED", sizeof(struct msg_started), 2 },
	[MSG_REFUSED] = { "REFUSED", sizeof(struct msg_refused), 0 },
	[MSG_TUN] = { "TUN", sizeof(struct msg_plain), 1 },
	[MSG_AUTH] = { "AUTH", sizeof(struct msg_auth), 0 },
	[MSG_AUTH_FAILED] = { "AUTH_FAILED", sizeof(struct msg_plain), 0 },
	[MSG_UP] = { "UP", sizeof(struct msg_up), 0 },
	[MSG_DOWN] = { "DOWN", sizeof(struct msg_down), 0 },
	[MSG_EXITED] = { "EXITED", sizeof(struct msg_exited), 0 },
	[MSG_STOP_ALL] = { "STOP_ALL", sizeof(struct msg_plain), 0 },
	[MSG_MAKE_ROOM] = { "MAKE_ROOM", sizeof(struct msg_plain), 0 },
	[MSG_STATS_OWN] = { "STATS_OWN", sizeof(struct msg_plain), 1 },
	[MSG_SAMPLE] = { "SAMPLE", sizeof(struct msg_ask), 0 },
	[MSG_DISCONNECT] = { "DISCONNECT", sizeof(struct msg_disconnect), 0 },
	[MSG_CAPTURE] = { "CAPTURE", sizeof(struct msg_capture), 1 },
	[MSG_CAPTURED] = { "CAPTURED", sizeof(struct msg_result), 0 },
	[MSG_SAMPLED] = { "SAMPLED", sizeof(struct msg_result), 0 },
	[MSG_STATS_MONITOR] = { "STATS_MONITOR", sizeof(struct msg_plain), 1 },
	[MSG_STATS_WORKER] = { "STATS_WORKER", sizeof(struct msg_plain), 1 },
	[MSG_CONTROL_SOCKET] = { "CONTROL_SOCKET", sizeof(struct msg_plain),
	    1 },
	[MSG_METRICS_SOCKET] = { "METRICS_SOCKET", sizeof(struct msg_plain),
	    1 },
	[MSG_DRAIN] = { "DRAIN", sizeof(struct msg_ask), 0 },
	[MSG_UNDRAIN] = { "UNDRAIN", sizeof(struct msg_ask), 0 },
	[MSG_RELOAD] = { "RELOAD", sizeof(struct msg_ask), 0 },
	[MSG_RESULT] = { "RESULT", sizeof(struct msg_result), 0 },
	[MSG_DRAINED] = { "DRAINED", sizeof(struct msg_result), 0 },
	[MSG_READY] = { "READY", sizeof(struct msg_commit), 0 },
	[MSG_SPAWN] = { "SPAWN", sizeof(struct msg_spawn), 0 },
	[MSG_UPGRADE] = { "UPGRADE", sizeof(struct msg_ask), 0 },
	[MSG_HANDOVER_STATE] = { "HANDOVER_STATE", sizeof(struct msg_handover),
	    1 },
	[MSG_HANDOVER_LISTENER] = { "HANDOVER_LISTENER",
	    sizeof(struct msg_handover), 1 },
	[MSG_HANDOVER_GIVEN] = { "HANDOVER_GIVEN", sizeof(struct msg_handover),
	    1 },
	[MSG_HANDOVER_CONTROL] = { "HANDOVER_CONTROL",
	    sizeof(struct msg_handover), 1 },
	[MSG_HANDOVER_METRICS] = { "HANDOVER_METRICS",
	    sizeof(struct msg_handover), 1 },
	[MSG_HANDOVER_START] = { "HANDOVER_START", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_READY] = { "HANDOVER_READY", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_OWNER] = { "HANDOVER_OWNER", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_ACCEPTING] = { "HANDOVER_ACCEPTING",
	    sizeof(struct msg_handover), 0 },
	[MSG_HANDOVER_DONE] = { "HANDOVER_DONE", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_USED] = { "HANDOVER_USED", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_FREE] = { "HANDOVER_FREE", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_TAKE] = { "HANDOVER_TAKE", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_LEFT] = { "HANDOVER_LEFT", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_TAKEN] = { "HANDOVER_TAKEN", sizeof(struct msg_handover),
	    0 },
	[MSG_HANDOVER_STOP] = { "HANDOVER_STOP", sizeof(struct msg_handover),
	    0 },
	[MSG_HANG_UP] = { "HANG_UP", sizeof(struct msg_plain), 0 },
	[MSG_TERMINATE] = { "TERMINATE", sizeof(struct msg_plain), 0 },
};

static const size_t keymsg_sizes[] = {
	[KEYMSG_SESSION] = sizeof(struct keymsg_session),
	[KEYMSG_VERDICT] = sizeof(struct keymsg_verdict),
	[KEYMSG_ADDRESS] = sizeof(struct keymsg_address),
	[KEYMSG_HELLO] = sizeof(struct keymsg_hello),
	[KEYMSG_PHASE] = sizeof(struct keymsg_phase),
	[KEYMSG_AUTH] = sizeof(struct keymsg_auth),
	[KEYMSG_AUTH_FAILED] = sizeof(struct keymsg_auth_failed),
	[KEYMSG_ADDRESS_REQUEST] = sizeof(struct keymsg_address_request),
	[KEYMSG_UP] = sizeof(struct keymsg_up),
	[KEYMSG_DOWN] = sizeof(struct keymsg_down),
	[KEYMSG_END] = sizeof(struct keymsg_end),
};

size_t
msg_size(unsigned int type)
{
	return type < MSG_TYPES ? table[type].size : 0;
}

unsigned int
msg_fd_count(unsigned int type)
{
	return type < MSG_TYPES ? table[type].fds : 0;
}

const char *
msg_name(unsigned int type)
{
	if (type >= MSG_TYPES || table[type].name == NULL)
		return "unknown";
	return table[type].name;
}

void
msg_close_fds(int fds[static MSG_FDS_MAX])
{
	for (int i = 0; i < MSG_FDS_MAX; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

int
msg_send(int sock, union msg *msg, const int *fds)
{
	size_t size = msg_size(msg->header.type);
	unsigned int n = msg_fd_count(msg->header.type);
	union {
		char space[CMSG_SPACE(MSG_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { .iov_base = msg, .iov_len = size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (size == 0) {
		errno = EINVAL;
		return -1;
	}
	msg->header.length = (uint16_t)size;
	if (n > 0) {
		struct cmsghdr *c;

		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Take the descriptors out of a received message; -1: more than allowed. */
static int
take_fds(struct msghdr *mh, int fds[static MSG_FDS_MAX], unsigned int *count)
{
	int ret = 0;

	*count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c != NULL;
	     c = CMSG_NXTHDR(mh, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (*count < MSG_FDS_MAX) {
				fds[(*count)++] = fd;
				continue;
			}
			close(fd);
			ret = -1;
		}
	}
	return ret;
}

int
msg_recv(int sock, union msg *msg, int fds[static MSG_FDS_MAX])
{
	union {
		char space[CMSG_SPACE(MSG_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	unsigned int count, wanted;
	size_t size;
	ssize_t n;
	bool fit;

	for (int i = 0; i < MSG_FDS_MAX; i++)
		fds[i] = -1;
	n = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -1;
	size = (size_t)n;
	fit = take_fds(&mh, fds, &count) == 0;
	/* an empty message looks like the end, but may have descriptors */
	if (size == 0 && count == 0)
		return 0;
	if (!fit || (mh.msg_flags & MSG_TRUNC) || size < sizeof(msg->header) ||
	    size != msg->header.length || size != msg_size(msg->header.type))
		goto bad;
	wanted = msg_fd_count(msg->header.type);
	if (count == wanted && (mh.msg_flags & MSG_CTRUNC) == 0)
		return 1;
	if (count < wanted && (mh.msg_flags & MSG_CTRUNC)) {
		/* all were sent, but we have too many open already */
		msg_close_fds(fds);
		return 1;
	}
bad:
	msg_close_fds(fds);
	errno = EBADMSG;
	return -1;
}

static size_t
keymsg_size(unsigned int type)
{
	if (type >= sizeof(keymsg_sizes) / sizeof(keymsg_sizes[0]))
		return 0;
	return keymsg_sizes[type];
}

int
keymsg_send(int sock, union keymsg *msg)
{
	size_t size = keymsg_size(msg->header.type);

	if (size == 0) {
		/* an empty packet would look like end of file */
		errno = EINVAL;
		return -1;
	}
	msg->header.version = KEYMSG_VERSION;
	msg->header.length = (uint32_t)size;
	return send(sock, msg, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int
keymsg_recv(int sock, union keymsg *msg)
{
	ssize_t n = recv(sock, msg, sizeof(*msg), MSG_DONTWAIT | MSG_TRUNC);
	size_t size;

	if (n <= 0)
		return (int)n;
	size = (size_t)n;
	if (size >= sizeof(msg->header) &&
	    msg->header.version == KEYMSG_VERSION &&
	    size == msg->header.length && size == keymsg_size(msg->header.type))
		return 1;
	errno = EBADMSG;
	return -1;
}
