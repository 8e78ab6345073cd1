/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What a worker does for a bulk transfer, and nothing else: one session, with
 * its own client and doubles of its pty and its tun device in the same process,
 * so that it takes the same instructions each time. For test/bench/relay-cost,
 * which has them counted in measure(), for each call of transfer().
 *
 * Prints compiler and OpenSSL; then for each case: direction, how many frames
 * come at a time, bytes of all frames.
 */

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "credentials.h"
#include "hdlc.h"
#include "http_client.h"
#include "log.h"
#include "session.h"
#include "sstp_client.h"
#include "stats.h"
#include "test/ip_reference.h"
#include "tls_client.h"

enum {
	FRAME = 1404, /* an MTU of 1400 and PPP's header */
	FRAMES_MAX = 32,
	PACKET = FRAME - SSTP_PPP_HEADER_LEN,
	MSS = PACKET - 40,
	TOTAL = 1 << 19,  /* bytes of frames, about */
	PTY_CHUNK = 4095, /* what a pty gives at once */
	TURNS_MAX = 100,  /* of the loop, until something has happened */
};

struct bench {
	struct ev_loop *loop;
	struct session *session;
	struct tls client;
	int pty; /* pppd's end */
	int tun; /* the kernel's */
	uint64_t arrived;
	bool asked; /* for a pppd */
};

static uint8_t line[FRAMES_MAX * HDLC_ENCODED_MAX];

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "relay: %s\n", what);
	exit(1);
}

/* --- the certificate ---------------------------------------------------- */

static int
memory_file(void)
{
	int fd = memfd_create("pem", MFD_CLOEXEC);

	if (fd < 0)
		fail("memory file");
	return fd;
}

static X509 *
self_signed(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"vpn.example.net", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	if (X509_sign(x, key, EVP_sha256()) == 0)
		fail("certificate");
	return x;
}

static void
make_credentials(struct credential_fds *fds)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = self_signed(key);
	FILE *file;

	*fds = (struct credential_fds){ memory_file(), memory_file() };
	file = fdopen(dup(fds->certificate), "w");
	if (file == NULL || !PEM_write_X509(file, x) || fclose(file) != 0)
		fail("certificate");
	file = fdopen(dup(fds->key), "w");
	if (file == NULL ||
	    !PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) ||
	    fclose(file) != 0)
		fail("key");
	X509_free(x);
	EVP_PKEY_free(key);
}

/* --- what a session needs ----------------------------------------------- */

static void
fill_conf(struct conf *conf)
{
	conf->profile_count = 1;
	conf->profiles[0].certificate_count = 1;
	conf->min_version = conf->max_version = CONF_TLS_1_3;
	strcpy(conf->ciphers, "HIGH");
	strcpy(conf->ciphersuites, "TLS_AES_256_GCM_SHA384");
	strcpy(conf->groups, "P-256");
	conf->hash_protocols = CERT_HASH_PROTOCOL_SHA256;
	conf->auth_methods = CONF_AUTH_EAP;
	conf->tls_timeout = conf->http_timeout = 3600000;
	conf->negotiation_timeout = conf->auth_timeout = 3600000;
	conf->hello_interval = 3600000;
}

static void
on_send(void *owner, union msg *msg)
{
	struct bench *b = owner;

	if (msg->header.type == MSG_SPAWN)
		b->asked = true;
}

static void
on_gone(void *owner, struct session *s)
{
	(void)owner;
	(void)s;
	fail("the session has ended");
}

static enum end_cause
on_may_begin(void *owner, const struct session *s)
{
	(void)owner;
	(void)s;
	return NO_CAUSE;
}

static void
on_connected(void *owner, struct session *s)
{
	(void)owner;
	(void)s;
}

static struct tun_shared *
on_tun_shared(void *owner)
{
	static struct tun_shared *shared;

	(void)owner;
	if (shared == NULL)
		shared = tun_shared_new();
	return shared;
}

static const struct session_ops ops = { on_send, on_gone, on_may_begin,
	on_connected, on_tun_shared };

static void
make_pair(int type, int fds[2])
{
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) !=
	    0)
		fail("socketpair");
}

/* --- the call ----------------------------------------------------------- */

static void
turn(struct bench *b)
{
	ev_run(b->loop, EVRUN_NOWAIT);
}

static void
handshake(struct bench *b)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		enum tls_result r = tls_handshake(&b->client);

		tls_flush(&b->client);
		turn(b);
		if (r == TLS_OK)
			return;
		tls_fill(&b->client);
	}
	fail("no handshake");
}

/* Send n bytes and wait for the answer. Returns its length. */
static size_t
ask(struct bench *b, const uint8_t *p, size_t n, uint8_t *answer, size_t cap)
{
	size_t got;

	if (!tls_write(&b->client, p, n))
		fail("TLS");
	for (int i = 0; i < TURNS_MAX; i++) {
		tls_flush(&b->client);
		turn(b);
		tls_fill(&b->client);
		if (tls_read(&b->client, answer, cap, &got) == TLS_OK)
			return got;
	}
	fail("no answer");
}

static void
start_pppd(struct bench *b)
{
	union msg started = { .started = {
				  .header = { .type = MSG_STARTED } } };
	union msg auth = { .auth = { .header = { .type = MSG_AUTH } } };
	int pty[2], fds[MSG_FDS_MAX] = { -1, -1 };

	make_pair(SOCK_SEQPACKET, pty);
	b->pty = pty[0];
	fds[0] = pty[1];
	fds[1] = memory_file();
	session_on_message(b->session, &started, fds);
	auth.auth.auth.method = KEYMSG_METHOD_EAP_TLS;
	auth.auth.auth.receive_len = auth.auth.auth.send_len = 32;
	session_on_message(b->session, &auth, fds);
}

static void
call(struct bench *b)
{
	static const uint8_t guid[HTTP_GUID_LEN];
	struct binding_keys keys = {
		.state = KEYS_MPPE, .receive_len = 32, .send_len = 32
	};
	uint8_t sha1[BINDING_SHA1_LEN], sha256[BINDING_SHA256_LEN];
	uint8_t request[SSTP_REQUEST_LEN], proof[SSTP_CALL_CONNECTED_LEN];
	uint8_t answer[4096];
	char head[HTTP_REQUEST_MAX];
	struct sstp_packet packet;
	struct sstp_ack ack;
	size_t n = http_build_request(head, "vpn.example.net", guid);

	ask(b, (uint8_t *)head, n, answer, sizeof(answer));
	sstp_build_request(request);
	n = ask(b, request, sizeof(request), answer, sizeof(answer));
	if (sstp_parse_packet(answer, n, &packet) <= 0 ||
	    !sstp_parse_ack(&packet, &ack) || !b->asked)
		fail("no ACK");
	start_pppd(b);
	if (!tls_client_hashes(&b->client, sha1, sha256) ||
	    !sstp_build_connected(
		proof, CERT_HASH_PROTOCOL_SHA256, ack.nonce, sha256, &keys))
		fail("no proof");
	/* the echo's answer shows that it was taken */
	n = sstp_build_plain(answer, sizeof(answer), SSTP_MSG_ECHO_REQUEST);
	tls_write(&b->client, proof, sizeof(proof));
	ask(b, answer, n, answer, sizeof(answer));
}

static void
connect_client(struct bench *b)
{
	static struct generation generation;
	static struct conf conf;
	struct sockaddr_storage nobody = { .ss_family = AF_UNSPEC };
	struct credential_fds fds;
	char error[CREDENTIALS_TEXT_MAX];
	SSL_CTX *ctx;
	int sock[2];

	fill_conf(&conf);
	make_credentials(&fds);
	make_pair(SOCK_STREAM, sock);
	generation.conf = &conf;
	generation.refs = 1;
	generation.ctx[0] =
	    credentials_context(&conf, &conf.profiles[0], &fds, error);
	if (generation.ctx[0] == NULL)
		fail(error);
	b->session = session_new(b->loop, &generation, 1, sock[0], &nobody,
	    &nobody, calloc(1, sizeof(struct stats_worker)), &ops, b);
	ctx = SSL_CTX_new(TLS_client_method());
	if (b->session == NULL || ctx == NULL ||
	    tls_client_init(&b->client, ctx, sock[1], "vpn.example.net") != 0)
		fail("no memory");
}

/* From now on IP takes a device, which reads and writes whole packets, too. */
static void
start_tun(struct bench *b)
{
	union msg tun = { .header = { .type = MSG_TUN } };
	union msg up = { .up = { .header = { .type = MSG_UP },
			     .up = { .family = 4 } } };
	int pair[2], fds[MSG_FDS_MAX] = { -1, -1 };

	make_pair(SOCK_SEQPACKET, pair);
	b->tun = pair[0];
	fds[0] = pair[1];
	session_on_message(b->session, &tun, fds);
	session_on_message(b->session, &up, fds);
	if (fds[0] >= 0)
		fail("the device is not taken");
}

/* --- what is measured --------------------------------------------------- */

/* Also called from outside: a counter of instructions knows its name. */
void measure(struct bench *b);

__attribute__((noinline)) void
measure(struct bench *b)
{
	turn(b);
}

static void
make_frame(uint8_t *frame, uint32_t i)
{
	static const uint8_t ip[] = { 0xff, 0x03, 0x00, 0x21 };

	for (size_t k = 0; k < FRAME; k++) {
		i = i * 1664525 + 1013904223;
		frame[k] = (uint8_t)(i >> 24);
	}
	memcpy(frame, ip, sizeof(ip));
}

/* As many bytes as there are, thrown away. */
static size_t
drain(int fd)
{
	static uint8_t bytes[1 << 18];
	size_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		sum += (size_t)n;
	return sum;
}

static void
put_up(struct bench *b, int frames, uint32_t seed)
{
	uint8_t packet[SSTP_HEADER_LEN + FRAME];

	for (int i = 0; i < frames; i++) {
		sstp_put_data_header(packet, FRAME);
		make_frame(packet + SSTP_HEADER_LEN, seed + (uint32_t)i);
		if (!tls_write(&b->client, packet, sizeof(packet)))
			fail("TLS");
	}
	if (tls_flush(&b->client) != TLS_OK)
		fail("the socket is full");
}

static void
put_down(struct bench *b, int frames, uint32_t seed)
{
	uint8_t frame[FRAME];
	size_t n = 0, len;

	for (int i = 0; i < frames; i++) {
		make_frame(frame, seed + (uint32_t)i);
		n += hdlc_encode(line + n, frame, sizeof(frame));
	}
	for (size_t at = 0; at < n; at += len) {
		len = n - at < PTY_CHUNK ? n - at : PTY_CHUNK;
		if (write(b->pty, line + at, len) != (ssize_t)len)
			fail("the pty is full");
	}
}

/* --- the same on a tun device -----------------------------------------------
 */

/* TCP segments in a row, as the kernel hands them over. Returns the length. */
static size_t
make_train(
    struct virtio_net_hdr *hdr, uint8_t *packet, int segments, uint32_t seed)
{
	const struct ref_shape shape = { .version = 4,
		.protocol = REF_TCP,
		.payload = (size_t)segments * MSS };
	uint64_t state = seed;
	size_t n = ref_build(&shape, &state, packet);

	if (segments > 1)
		ref_make_gso(packet, n, &shape, MSS, hdr);
	else
		ref_make_partial(packet, n, &shape, hdr);
	return n;
}

static void
put_up_packets(struct bench *b, int frames, uint32_t seed)
{
	static uint8_t train[REF_PACKET_MAX];
	uint8_t bytes[SSTP_HEADER_LEN + FRAME], *frame, *packet;
	struct virtio_net_hdr hdr;
	size_t n = make_train(&hdr, train, frames, seed);

	frame = bytes + SSTP_HEADER_LEN;
	packet = frame + SSTP_PPP_HEADER_LEN;
	hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	hdr.gso_size = MSS;
	for (size_t i = 0; i < (size_t)frames; i++) {
		sstp_put_data_header(bytes, FRAME);
		sstp_put_ppp_header(frame, SSTP_PPP_IP);
		if (ref_segment(&hdr, train, n, i, packet) != PACKET ||
		    !tls_write(&b->client, bytes, sizeof(bytes)))
			fail("packets");
	}
	if (tls_flush(&b->client) != TLS_OK)
		fail("the socket is full");
}

static void
put_down_packets(struct bench *b, int frames, uint32_t seed)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr) + REF_PACKET_MAX];
	struct virtio_net_hdr hdr;
	size_t n = make_train(&hdr, bytes + sizeof(hdr), frames, seed);

	memcpy(bytes, &hdr, sizeof(hdr));
	n += sizeof(hdr);
	if (write(b->tun, bytes, n) != (ssize_t)n)
		fail("the device is full");
}

/* What the packets on the device are as frames. */
static size_t
drain_packets(int fd)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr) + REF_PACKET_MAX];
	const size_t headers = sizeof(struct virtio_net_hdr) + PACKET - MSS;
	size_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		sum += ((size_t)n - headers) / MSS * FRAME;
	return sum;
}

/* --- the cases ---------------------------------------------------------- */

enum direction { UP, DOWN, TUN_UP, TUN_DOWN };

static void
put(struct bench *b, enum direction direction, int frames, uint32_t seed)
{
	static void (*const how[])(struct bench *, int, uint32_t) = {
		[UP] = put_up,
		[DOWN] = put_down,
		[TUN_UP] = put_up_packets,
		[TUN_DOWN] = put_down_packets,
	};

	how[direction](b, frames, seed);
}

static size_t
take(struct bench *b, enum direction direction)
{
	if (direction == TUN_UP)
		return drain_packets(b->tun);
	return drain(direction == UP ? b->pty : b->client.fd);
}

/* Also known outside, as measure() is. */
size_t transfer(struct bench *b, enum direction direction, int frames);

/* Each round's frames pass before the next. Returns the bytes of all. */
__attribute__((noinline)) size_t
transfer(struct bench *b, enum direction direction, int frames)
{
	size_t bytes = 0;

	for (uint32_t seed = 0; bytes < TOTAL; seed += (uint32_t)frames) {
		size_t want = (size_t)frames * FRAME, got = 0;

		put(b, direction, frames, seed);
		for (int i = 0; got < want && i < TURNS_MAX; i++) {
			measure(b);
			got += take(b, direction);
		}
		if (got < want)
			fail("frames are lost");
		bytes += want;
	}
	return bytes;
}

static void
print_versions(void)
{
#if defined(__clang__)
	printf("compiler clang-%d", __clang_major__);
#else
	printf("compiler gcc-%d", __GNUC__);
#endif
#if defined(__x86_64__)
	printf("-x86_64");
#elif defined(__aarch64__)
	printf("-aarch64");
#else
	printf("-other");
#endif
	printf("-openssl-%u.%u\n", OPENSSL_version_major(),
	    OPENSSL_version_minor());
}

static const struct {
	const char *name;
	enum direction direction;
	int frames;
} cases[] = {
	{ "up", UP, 1 },
	{ "up", UP, 24 },
	{ "down", DOWN, 1 },
	{ "down", DOWN, 24 },
	{ "tun-up", TUN_UP, 1 },
	{ "tun-up", TUN_UP, 24 },
	{ "tun-down", TUN_DOWN, 1 },
	{ "tun-down", TUN_DOWN, 24 },
};

int
main(void)
{
	struct bench b = { .loop = ev_default_loop(EVBACKEND_EPOLL) };

	log_open(LOG_SINK_STDERR, LOG_LEVEL_WARN, 0);
	if (b.loop == NULL || tls_global_init() != 0)
		fail("no memory");
	connect_client(&b);
	handshake(&b);
	call(&b);
	print_versions();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].direction == TUN_UP && b.tun == 0)
			start_tun(&b);
		printf("%s %d %zu\n", cases[i].name, cases[i].frames,
		    transfer(&b, cases[i].direction, cases[i].frames));
	}
	return 0;
}
