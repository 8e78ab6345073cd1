/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Those who ask the control process. A client of the Unix socket sends one line
 * of words and gets a line "ok", or "error" and what is wrong, then the answer
 * up to the end of file. With "capture" comes a socket, which is for somebody
 * else to write to. A client of a metrics socket speaks HTTP. Each has one
 * question and some seconds.
 */

#ifndef SSTPD_CONTROL_CLIENT_H
#define SSTPD_CONTROL_CLIENT_H

#include <ev.h>
#include <stdbool.h>

#include "msg.h"
#include "report.h"

enum {
	CONTROL_SOCKETS_MAX = 17,
	CONTROL_CLIENTS_MAX = 32, /* of a kind */
	CONTROL_REQUEST_MAX = 2048,
};

enum control_kind { CONTROL_COMMANDS, CONTROL_HTTP, CONTROL_KINDS };

struct control_clients;
struct control_client;

struct control_socket {
	ev_io acceptor;
	enum control_kind kind;
	struct control_clients *clients;
};

struct control_clients {
	struct ev_loop *loop;
	struct report report;
	/* the monitor; takes the descriptors that the message has */
	void (*ask)(void *owner, union msg *msg, const int *fds);
	void *owner;
	struct control_socket sockets[CONTROL_SOCKETS_MAX];
	unsigned int socket_count;
	struct control_client *first;
	/* one kind cannot keep the other out */
	unsigned int count[CONTROL_KINDS];
	bool finishing; /* no more of them, and then the end */
	uint32_t last_request;
	uid_t uid; /* of the daemon */
};

/* The report's tables are the caller's to fill in. */
void control_clients_init(struct control_clients *clients, struct ev_loop *loop,
    void (*ask)(void *owner, union msg *msg, const int *fds), void *owner);
/* Serve a listening socket, which it takes. Returns -1 if there are too many.
 */
int control_clients_listen(
    struct control_clients *clients, int fd, enum control_kind kind);
/* Accept no more of them; the event loop ends when the last one is served. */
void control_clients_finish(struct control_clients *clients);
/* What the monitor answers. */
void control_clients_answer(
    struct control_clients *clients, const struct msg_result *result);

#endif
