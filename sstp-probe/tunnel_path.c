/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Packets between a tun device and a client. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tun_write.h"
#include "tunnel_path.h"

enum {
	READS_PER_TURN = 32,
	QUEUE_HIGH = 64 * 1024, /* to the server: no more is read */
	/* the same in the middle of a read, which may be many small packets */
	QUEUE_MAX = 192 * 1024,
	VIRTIO_LEN = sizeof(struct virtio_net_hdr),
};

/* --- server to device --- */

static void
write_packet(
    void *to, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n)
{
	struct tunnel_path *p = to;

	p->dropped += tun_write(p->tun, hdr, packet, n);
}

void
tunnel_path_put(struct tunnel_path *p, const uint8_t *packet, size_t n)
{
	if (p->tun >= 0 && n > 0)
		gro_input(&p->gro, p, packet, n);
	else
		p->dropped++;
}

void
tunnel_path_flush(struct tunnel_path *p)
{
	if (p->tun >= 0)
		gro_flush(&p->gro);
}

/* --- device to server --- */

static void
cut(struct tunnel_path *p, const struct virtio_net_hdr *hdr,
    const uint8_t *packet, size_t n)
{
	struct client *c = p->client;
	struct gso gso;
	size_t len;

	if (!client_may_send(c, packet[0] >> 4) ||
	    !gso_start(&gso, hdr, packet, n, p->mtu)) {
		p->dropped++;
		return;
	}
	while ((len = gso_next(&gso, p->frame + CLIENT_HEADERS_LEN)) > 0) {
		if (client_queued(c) < QUEUE_MAX)
			client_queue_ip(c, p->frame, len);
		else
			p->dropped++;
	}
}

/* One read; false: nothing more for now, or ever. */
static bool
read_device(struct tunnel_path *p)
{
	struct virtio_net_hdr hdr;
	ssize_t n = read(p->tun, p->in, sizeof(p->in));

	if (n > VIRTIO_LEN) {
		memcpy(&hdr, p->in, sizeof(hdr));
		cut(p, &hdr, p->in + VIRTIO_LEN, (size_t)n - VIRTIO_LEN);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* EBADFD: somebody has deleted it */
	tunnel_path_stop(p);
	p->gone(p->owner);
	return false;
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct tunnel_path *p = w->data;

	(void)events;
	for (int i = 0; i < READS_PER_TURN; i++)
		if (client_queued(p->client) >= QUEUE_HIGH || !read_device(p))
			break;
	client_settle(p->client);
	if (p->tun >= 0 && client_queued(p->client) >= QUEUE_HIGH) {
		p->full = true;
		ev_io_stop(loop, w);
	}
}

/* --- life --- */

void
tunnel_path_resume(struct tunnel_path *p)
{
	if (p->tun < 0 || !p->full)
		return;
	p->full = false;
	ev_io_start(p->loop, &p->reader);
}

void
tunnel_path_init(struct tunnel_path *p, int tun, struct client *client,
    struct ev_loop *loop, void (*gone)(void *owner), void *owner)
{
	p->dropped = 0;
	p->tun = tun;
	p->client = client;
	p->loop = loop;
	p->gone = gone;
	p->owner = owner;
	p->full = false;
	gro_init(&p->gro, write_packet);
	ev_io_init(&p->reader, on_readable, tun, EV_READ);
	p->reader.data = p;
}

void
tunnel_path_start(struct tunnel_path *p, size_t mtu)
{
	p->mtu = mtu;
	if (p->tun >= 0)
		ev_io_start(p->loop, &p->reader);
}

void
tunnel_path_stop(struct tunnel_path *p)
{
	if (p->tun < 0)
		return;
	gro_flush(&p->gro);
	ev_io_stop(p->loop, &p->reader);
	close(p->tun);
	p->tun = -1;
}
