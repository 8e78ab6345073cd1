/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The monitor's listening sockets. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "congestion.h"
#include "listener.h"
#include "log.h"
#include "monitor_private.h"

/*
 * The manager's sockets, the same for every worker: the one that is fastest
 * accepts. Sockets of our own beside them would lose what they hold when we
 * restart, which is what these are for.
 */
static int
share_given(struct monitor *m, unsigned int number)
{
	struct child *w = &m->workers[number];

	for (unsigned int i = 0; i < m->given.count; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t len = sizeof(address);
		char text[ENDPOINT_TEXT_MAX];
		int fd = monitor_duplicate(m->given.fds[i]);

		if (fd < 0)
			return -1;
		w->listeners[w->listener_count++] = fd;
		if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
			return -1;
		endpoint_text(&address, text);
		if (number == 0)
			log_info("listening on %s, a socket that was given: "
				 "[server] listen is not used",
			    text);
	}
	return 0;
}

bool
monitor_is_at(int fd, const struct sockaddr_storage *wanted)
{
	struct sockaddr_storage is = { 0 }, want = *wanted;
	socklen_t len = sizeof(is);
	char is_text[ENDPOINT_TEXT_MAX], want_text[ENDPOINT_TEXT_MAX];

	if (getsockname(fd, (struct sockaddr *)&is, &len) != 0)
		return false;
	if (address_port(&want) == 0)
		address_set_port(&want, address_port(&is));
	endpoint_text(&is, is_text);
	endpoint_text(&want, want_text);
	return strcmp(is_text, want_text) == 0;
}

/* The one that this worker's predecessor had there, or -1. */
static int
inherit(struct monitor *m, unsigned int number,
    const struct sockaddr_storage *address)
{
	struct predecessor *p = &m->predecessor;
	int fd;

	for (unsigned int i = 0; i < p->socket_count; i++) {
		if (p->sockets[i].worker != number ||
		    !monitor_is_at(p->sockets[i].fd, address))
			continue;
		fd = p->sockets[i].fd;
		p->sockets[i] = p->sockets[--p->socket_count];
		return fd;
	}
	return -1;
}

/*
 * There are fewer workers than before: the sockets of those that are no more go
 * on being accepted from. What is at an address that is no longer configured is
 * closed.
 */
void
monitor_share_rest(struct monitor *m)
{
	struct predecessor *p = &m->predecessor;

	for (unsigned int i = 0; i < p->socket_count; i++) {
		struct child *w = &m->workers[i % m->worker_count];
		bool wanted = false;

		for (unsigned int k = 0; k < m->setup.conf.listen_count; k++)
			wanted = wanted || monitor_is_at(p->sockets[i].fd,
					       &m->bound[k].address);
		if (wanted && w->listener_count < LISTENERS_MAX) {
			w->listeners[w->listener_count++] = p->sockets[i].fd;
			continue;
		}
		if (wanted)
			log_warnx("upgrade: too many sockets for so few "
				  "workers: who waits at one is reset");
		close(p->sockets[i].fd);
	}
	p->socket_count = 0;
}

/* Sockets for one worker; the first one decides what port 0 means. */
int
monitor_bind_worker(struct monitor *m, unsigned int number)
{
	struct child *w = &m->workers[number];

	if (m->given.count > 0)
		return share_given(m, number);
	for (unsigned int i = 0; i < m->setup.conf.listen_count; i++) {
		struct conf_listen *listen_on = &m->bound[i];
		char text[ENDPOINT_TEXT_MAX];
		socklen_t len = sizeof(listen_on->address);
		int fd = inherit(m, number, &listen_on->address);

		if (fd < 0)
			fd = listener_bind(listen_on);
		if (fd < 0 && listen_on->optional &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
			continue;
		endpoint_text(&listen_on->address, text);
		if (fd < 0) {
			log_err("[server] listen: %s", text);
			return -1;
		}
		w->listeners[w->listener_count++] = fd;
		if (getsockname(
			fd, (struct sockaddr *)&listen_on->address, &len) != 0)
			return -1;
		endpoint_text(&listen_on->address, text);
		if (number == 0)
			log_info("listening on %s", text);
	}
	return 0;
}

/* A manager's are its own, too: those must stay the same. */
static void
listen_again(const struct child *w)
{
	for (unsigned int i = 0; i < w->listener_count; i++)
		if (listener_is_down(w->listeners[i]) &&
		    listener_again(w->listeners[i]) != 0)
			log_err("worker %u: a socket that was given cannot "
				"listen again",
			    w->serial);
}

void
monitor_mend_listeners(struct monitor *m, struct child *w)
{
	bool down = false;

	for (unsigned int i = 0; i < w->listener_count; i++)
		down = down || listener_is_down(w->listeners[i]);
	if (!down)
		return;
	log_warnx("worker %u: its listening sockets were shut down: listening "
		  "again",
	    w->serial);
	if (m->given.count > 0) {
		listen_again(w);
		return;
	}
	child_close_listeners(w);
	monitor_bind_worker(m, (unsigned int)(w - m->workers));
}

void
monitor_set_congestion(const struct monitor *m, const struct child *w)
{
	const char *name = m->setup.conf.tcp_congestion;

	for (unsigned int i = 0; i < w->listener_count; i++)
		if (congestion_set(w->listeners[i], name) != 0)
			log_warn("[server] tcp-congestion: %s", name);
}

void
monitor_send_listeners(struct child *w)
{
	const struct monitor *m = w->owner;

	if (m->draining || m->predecessor.waits)
		return;
	monitor_set_congestion(m, w);
	for (unsigned int i = 0; i < w->listener_count; i++)
		monitor_send_plain(w, MSG_LISTENER,
		    (int[]){ monitor_duplicate(w->listeners[i]) });
	w->accepting = true;
	w->life.listeners_in = w->life.commits + 1;
	w->life.drains = m->drains;
}

void
monitor_accept(struct monitor *m)
{
	for (unsigned int i = 0; i < m->worker_count; i++) {
		if (!m->workers[i].ready)
			continue; /* on_ready() in monitor.c does it */
		monitor_send_listeners(&m->workers[i]);
		monitor_send_conf(m, &m->workers[i]);
	}
}

/* The bound addresses, one a line, in place at once. */
int
monitor_write_addresses(const struct monitor *m)
{
	const struct child *w = &m->workers[0];
	char temporary[CONF_PATH_MAX + 8];
	FILE *f;

	snprintf(
	    temporary, sizeof(temporary), "%s.new", m->setup.conf.address_file);
	f = fopen(temporary, "we");
	if (f == NULL)
		return -1;
	for (unsigned int i = 0; i < w->listener_count; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		char text[ENDPOINT_TEXT_MAX];

		if (getsockname(w->listeners[i], (struct sockaddr *)&address,
			&len) != 0)
			continue;
		endpoint_text(&address, text);
		fprintf(f, "%s\n", text);
	}
	return fclose(f) == 0 ? rename(temporary, m->setup.conf.address_file)
			      : -1;
}
