/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The state that an old monitor hands to its successor. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handover.h"

static const char magic[8] = "sstpd-ho";

struct head {
	char magic[8];
	uint32_t version, serials;
	uint32_t addresses, failures; /* so many follow, in this order */
};

static int
write_all(int fd, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int
read_all(int fd, void *data, size_t n)
{
	uint8_t *p = data;

	while (n > 0) {
		ssize_t done = read(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
handover_write(const struct handover *h)
{
	struct head head = {
		.version = HANDOVER_VERSION,
		.serials = h->serials,
		.addresses = (uint32_t)h->address_count,
		.failures = (uint32_t)h->failure_count,
	};
	int fd = memfd_create("handover", MFD_CLOEXEC), saved;

	memcpy(head.magic, magic, sizeof(magic));
	if (fd < 0)
		return -1;
	if (write_all(fd, &head, sizeof(head)) == 0 &&
	    write_all(fd, h->addresses,
		h->address_count * sizeof(h->addresses[0])) == 0 &&
	    write_all(fd, h->failures,
		h->failure_count * sizeof(h->failures[0])) == 0 &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
handover_read(struct handover *h, int fd, char error[static HANDOVER_ERROR_MAX])
{
	struct head head;

	*h = (struct handover){ 0 };
	if (lseek(fd, 0, SEEK_SET) != 0 ||
	    read_all(fd, &head, sizeof(head)) != 0 ||
	    memcmp(head.magic, magic, sizeof(magic)) != 0 ||
	    head.addresses > HANDOVER_ADDRESSES_MAX ||
	    head.failures > HANDOVER_FAILURES_MAX) {
		snprintf(error, HANDOVER_ERROR_MAX,
		    "what the old process handed over is not understood");
		return -1;
	}
	if (head.version != HANDOVER_VERSION) {
		snprintf(error, HANDOVER_ERROR_MAX,
		    "the old process speaks version %u of the handover, this "
		    "one %d: restart instead",
		    head.version, HANDOVER_VERSION);
		return -1;
	}
	h->serials = head.serials;
	h->address_count = head.addresses;
	h->failure_count = head.failures;
	h->addresses = calloc(head.addresses + 1, sizeof(h->addresses[0]));
	h->failures = calloc(head.failures + 1, sizeof(h->failures[0]));
	if (h->addresses != NULL && h->failures != NULL &&
	    read_all(fd, h->addresses,
		h->address_count * sizeof(h->addresses[0])) == 0 &&
	    read_all(fd, h->failures,
		h->failure_count * sizeof(h->failures[0])) == 0)
		return 0;
	snprintf(error, HANDOVER_ERROR_MAX,
	    "what the old process handed over is not complete");
	handover_free(h);
	return -1;
}

void
handover_free(struct handover *h)
{
	free(h->addresses);
	free(h->failures);
	*h = (struct handover){ 0 };
}

int
handover_take_failures(struct handover *h, const struct peers *peers)
{
	uint64_t now = peers_now();

	h->failure_count = 0;
	h->failures = calloc(HANDOVER_FAILURES_MAX, sizeof(h->failures[0]));
	if (h->failures == NULL)
		return -1;
	for (unsigned int i = 0; i < HANDOVER_FAILURES_MAX; i++) {
		const struct peer *p =
		    &peers->slots[i / PEERS_WAYS][i % PEERS_WAYS];

		if (p->key == 0 || p->failures == 0 || p->keep_until <= now)
			continue;
		h->failures[h->failure_count++] = (struct handover_failures){
			.key = p->key,
			.refused_until = p->refused_until,
			.keep_until = p->keep_until,
			.failures = p->failures,
		};
	}
	return 0;
}

void
handover_give_failures(const struct handover *h, struct peers *peers)
{
	uint64_t now = peers_now();

	for (size_t i = 0; i < h->failure_count; i++) {
		const struct handover_failures *f = &h->failures[i];
		struct peer *p =
		    f->key != 0 ? peers_take(peers, f->key, now) : NULL;

		if (p == NULL)
			continue;
		p->failures = f->failures;
		p->refused_until = f->refused_until;
		p->keep_until = f->keep_until;
	}
}
