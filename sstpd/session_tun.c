/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * One client: its IP packets, where they take a tun device and not the pty.
 * PPP's control frames keep to the pty, and pppd configures the device. As on
 * the pty, IPv4 and IPv6 pass once pppd has said that they are up. A client
 * takes them to be as soon as it has the last ACK, and pppd's ip-pre-up is
 * still to run then, so a few packets wait for that. Apart from these the
 * device takes what it is given or drops it, like any other, so nothing waits
 * here on the way from the client; on the way to it the device holds the queue.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ecn.h"
#include "gro.h"
#include "gso.h"
#include "session_private.h"
#include "sstp.h"
#include "tun_write.h"

enum {
	READS_PER_TURN = 32,
	/*
	 * Queued to the client, in the middle of what one read has brought;
	 * headers may make many times its 64 KiB of packets that small.
	 */
	QUEUE_MAX = 192 * 1024,
	EARLY_MAX = 4096, /* bytes that wait for IPv4, and for IPv6 */
	HEADERS_LEN = SSTP_HEADER_LEN + SSTP_PPP_HEADER_LEN,
	PACKET_MAX = SSTP_PAYLOAD_MAX - SSTP_PPP_HEADER_LEN,
	VIRTIO_LEN = sizeof(struct virtio_net_hdr),
};

/* What one read or write of one session needs, so that all can share it. */
struct tun_shared {
	struct gro gro;
	uint8_t frame[HEADERS_LEN + PACKET_MAX];
	uint8_t in[VIRTIO_LEN + GSO_INPUT_MAX];
};

/* --- client to device
 * ------------------------------------------------------------- */

static void
write_packet(
    void *to, const struct virtio_net_hdr *hdr, const uint8_t *packet, size_t n)
{
	struct session *s = to;

	s->dropped += tun_write(s->tun, hdr, packet, n);
}

struct tun_shared *
tun_shared_new(void)
{
	struct tun_shared *t = malloc(sizeof(*t));

	if (t != NULL)
		gro_init(&t->gro, write_packet);
	return t;
}

/*
 * The device tells IPv4 from IPv6 by the packet alone, and knows neither IPCP
 * nor IPV6CP.
 */
static bool
is_up(const struct session *s, uint8_t first_byte)
{
	switch (first_byte >> 4) {
	case 4:
		return s->up4.family == 4;
	case 6:
		return s->up6.family == 6;
	default:
		return false;
	}
}

/* False: it does not wait. */
static bool
put_early(struct tun_early *e, const uint8_t *packet, size_t n)
{
	uint16_t len = (uint16_t)n;

	return !e->over && !buf_is_tight() &&
	       buf_space(&e->packets) >= sizeof(len) + n &&
	       buf_append(&e->packets, &len, sizeof(len)) == 0 &&
	       buf_append(&e->packets, packet, n) == 0;
}

void
session_tun_up(struct session *s, uint32_t family)
{
	struct tun_early *e = family == 4 ? &s->early4 : &s->early6;
	uint16_t len;

	e->over = true;
	while (s->tun >= 0 && buf_len(&e->packets) > sizeof(len)) {
		memcpy(&len, buf_bytes(&e->packets), sizeof(len));
		buf_consume(&e->packets, sizeof(len));
		if (len > buf_len(&e->packets))
			break; /* there was no memory for the rest of it */
		gro_input(&s->tun_shared->gro, s, buf_bytes(&e->packets), len);
		buf_consume(&e->packets, len);
	}
	session_tun_flush(s);
	buf_clear(&e->packets);
}

bool
session_tun_put(struct session *s, const uint8_t *frame, size_t n)
{
	struct sstp_ip ip;
	bool ipv6;

	if (s->tun < 0 || !sstp_ip_of_ppp(frame, n, &ip))
		return false;
	ipv6 = ip.protocol == SSTP_PPP_IPV6;
	if (ip.len == 0 || ip.packet[0] >> 4 != (ipv6 ? 6 : 4))
		s->dropped++;
	else if (is_up(s, ip.packet[0]))
		gro_input(&s->tun_shared->gro, s, ip.packet, ip.len);
	else if (!put_early(ipv6 ? &s->early6 : &s->early4, ip.packet, ip.len))
		s->dropped++;
	return true;
}

void
session_tun_flush(struct session *s)
{
	if (s->tun >= 0)
		gro_flush(&s->tun_shared->gro);
}

/* --- device to client
 * ------------------------------------------------------------- */

static bool
has_room(const struct session *s)
{
	return tls_queued(&s->tls) < (buf_is_tight() ? TIGHT_HIGH : QUEUE_MAX);
}

/* The packet lies behind room for the headers; false: TLS has failed. */
static bool
put_to_client(struct session *s, uint8_t *bytes, size_t len)
{
	uint8_t *frame = bytes + SSTP_HEADER_LEN, *packet = bytes + HEADERS_LEN;
	size_t n = SSTP_PPP_HEADER_LEN + len;
	bool passed = is_up(s, packet[0]) && has_room(s) &&
		      call_may_pass(s->call.state, PPP_DATA);

	sstp_put_ppp_header(
	    frame, packet[0] >> 4 == 6 ? SSTP_PPP_IPV6 : SSTP_PPP_IP);
	if (s->capture != NULL)
		session_capture_frame(s, false, passed, frame, n);
	if (!passed) {
		s->dropped++;
		return true;
	}
	s->bytes_out += n;
	s->packets_out++;
	sstp_put_data_header(bytes, n);
	return tls_write(&s->tls, bytes, SSTP_HEADER_LEN + n);
}

static void
cut(struct session *s, const struct virtio_net_hdr *hdr, const uint8_t *packet,
    size_t n)
{
	uint8_t *bytes = s->tun_shared->frame;
	bool drop = codel_drop(&s->codel, (uint64_t)(loop_clock() * 1e6));
	struct gso gso;
	size_t len;

	if (!gso_start(&gso, hdr, packet, n, PACKET_MAX)) {
		s->dropped++;
		return;
	}
	while ((len = gso_next(&gso, bytes + HEADERS_LEN)) > 0) {
		bool pass = !drop || ecn_mark(bytes + HEADERS_LEN, len);

		/* of many at once the first: that tells the sender as well */
		drop = false;
		if (!pass) {
			s->dropped++;
		} else if (!put_to_client(s, bytes, len)) {
			session_tls_reason(s);
			session_call_event(s, EV_LOWER_DOWN, 0);
			return;
		}
	}
}

/* Somebody has deleted the device. */
static bool
is_gone(int error)
{
	return error == EBADFD || error == EIO || error == EFAULT;
}

/* One read; false: nothing more for now, or ever. */
static bool
read_tun(struct session *s)
{
	uint8_t *in = s->tun_shared->in;
	struct virtio_net_hdr hdr;
	ssize_t n = read(s->tun, in, sizeof(s->tun_shared->in));

	if (n > VIRTIO_LEN) {
		memcpy(&hdr, in, sizeof(hdr));
		cut(s, &hdr, in + VIRTIO_LEN, (size_t)n - VIRTIO_LEN);
		return s->tun >= 0;
	}
	if (n < 0 && errno == EAGAIN)
		codel_empty(&s->codel);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (!is_gone(errno)) {
		s->dropped++; /* a packet that it cannot describe, or so */
		return true;
	}
	session_reason(s, CAUSE_SERVER_FAILED, "the tun device is gone");
	session_tun_end(s);
	session_call_event(s, EV_STOP, 0);
	return false;
}

/*
 * It will not be read for a while, and nobody sees whether it is empty: if it
 * is so now, what comes meanwhile does not stand in a queue that was there
 * before.
 */
static void
look_at_held(struct session *s)
{
	struct pollfd tun = { .fd = s->tun, .events = POLLIN };

	if (poll(&tun, 1, 0) == 0)
		codel_empty(&s->codel);
}

static void
on_tun_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct session *s = w->data;
	bool more = true, full = false;

	(void)revents;
	for (int i = 0; more && i < READS_PER_TURN; i++) {
		more = read_tun(s);
		if (more && session_queue_is_full(s)) {
			/* session_flush() calls session_tun_resume() */
			s->downlink_full = full = true;
			ev_io_stop(loop, w);
			more = false;
		}
	}
	session_flush(s);
	if (full && s->downlink_full && s->tun >= 0)
		look_at_held(s);
}

/* --- life
 * -------------------------------------------------------------------------- */

void
session_tun_resume(struct session *s)
{
	if (s->tun >= 0 && s->network_up && !s->downlink_full)
		ev_io_start(s->loop, &s->tun_reader);
}

void
session_tun_begin(struct session *s, int *fds)
{
	/* hung up meanwhile; or a second one, which there never is */
	if (s->ppp != PPP_RUNNING || s->tun >= 0)
		return;
	s->tun_shared = s->ops->tun_shared(s->owner);
	if (s->tun_shared == NULL || fds[0] < 0) {
		session_reason(s, CAUSE_SERVER_FAILED, "%s",
		    fds[0] < 0 ? "out of descriptors" : "out of memory");
		session_call_event(s, EV_STOP, 0);
		return;
	}
	s->tun = fds[0];
	fds[0] = -1;
	ev_io_set(&s->tun_reader, s->tun, EV_READ);
}

void
session_tun_end(struct session *s)
{
	if (s->tun < 0)
		return;
	session_tun_flush(s);
	buf_clear(&s->early4.packets);
	buf_clear(&s->early6.packets);
	ev_io_stop(s->loop, &s->tun_reader);
	close(s->tun);
	s->tun = -1;
}

void
session_tun_init(struct session *s)
{
	s->tun = -1;
	buf_init(&s->early4.packets, EARLY_MAX);
	buf_init(&s->early6.packets, EARLY_MAX);
	ev_io_init(&s->tun_reader, on_tun_readable, -1, EV_READ);
	s->tun_reader.data = s;
}
