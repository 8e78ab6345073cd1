/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The addresses of a name. */

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "resolve.h"

static struct {
	const char *text;
	size_t n;
	int exit_status;
} last;

/*
 * A resolver cannot be interrupted in any other way that all systems have, and
 * a check that hangs is worse than one that ends here.
 */
static void
give_up(int sig)
{
	(void)sig;
	(void)!write(STDOUT_FILENO, last.text, last.n);
	_exit(last.exit_status);
}

static unsigned int
keep(struct client_address *address, const struct addrinfo *list)
{
	unsigned int n = 0;

	for (; list != NULL && n < CLIENT_ADDRESSES_MAX; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(address[n].address))
			continue;
		memcpy(&address[n].address, list->ai_addr, list->ai_addrlen);
		address[n++].len = list->ai_addrlen;
	}
	return n;
}

unsigned int
resolve(const char *host, uint16_t port, int family,
    struct client_address address[static CLIENT_ADDRESSES_MAX],
    unsigned int limit, const char *last_words, int exit_status,
    const char **why)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct sigaction action = { .sa_handler = give_up }, before;
	struct addrinfo *list = NULL;
	unsigned int n;
	char service[8];
	int error;

	last.text = last_words;
	last.n = strlen(last_words);
	last.exit_status = exit_status;
	snprintf(service, sizeof(service), "%u", port);
	sigaction(SIGALRM, &action, &before);
	alarm(limit);
	error = getaddrinfo(host, service, &hints, &list);
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	if (error != 0) {
		*why = gai_strerror(error);
		return 0;
	}
	n = keep(address, list);
	freeaddrinfo(list);
	*why = "no address that can be used";
	return n;
}
