/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Listening sockets: the monitor binds them, one per worker and address; a
 * worker accepts.
 */

#ifndef SSTPD_LISTENER_H
#define SSTPD_LISTENER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct conf_listen;

enum {
	LISTENERS_MAX = 64,	/* of one worker */
	ADDRESS_TEXT_MAX = 64,	/* an address without its port */
	ENDPOINT_TEXT_MAX = 80, /* 192.0.2.1:443, [2001:db8::1]:443 */
};

/*
 * Bind and listen. Returns the descriptor (close-on-exec, non-blocking), or -1
 * with errno. SO_REUSEPORT lets every worker have a socket of its own.
 */
int listener_bind(const struct conf_listen *listen);

/* One that no other process of ours shares. */
int listener_bind_alone(const struct conf_listen *listen);
/* Whether somebody has shut it down, for all who have it. */
bool listener_is_down(int fd);
/* Then: listen again, where it was bound. Returns 0, or -1 with errno. */
int listener_again(int fd);
/* Where a socket listens. */
void listener_text(int fd, char text[static ENDPOINT_TEXT_MAX]);

/* Write an address as text. */
void endpoint_text(const struct sockaddr_storage *address,
    char text[static ENDPOINT_TEXT_MAX]);
void address_text(
    const struct sockaddr_storage *address, char text[static ADDRESS_TEXT_MAX]);
unsigned int address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, unsigned int port);

struct listener {
	struct ev_loop *loop;
	ev_io acceptor;
	ev_timer rest; /* out of descriptors or memory: accept again later */
	ev_tstamp complained; /* when the log last said so, 0 if never */
	/*
	 * A new connection, non-blocking; the callee owns the descriptor. A
	 * mapped IPv4 address comes as what it is.
	 */
	void (*on_connection)(void *owner, int fd,
	    const struct sockaddr_storage *peer,
	    const struct sockaddr_storage *local);
	void *owner;
};

/* Accept on fd, which it takes, until listener_stop(). */
void listener_start(struct listener *l, struct ev_loop *loop, int fd);
void listener_stop(struct listener *l);
/* Stop, but first accept those who wait, whom closing would reset. */
void listener_finish(struct listener *l);

/*
 * Whether this error of accept() is about what it lacks until later, and not
 * about the one connection.
 */
bool listener_lacks_room(int error);

#endif
