/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A double of pppd and of the plugin inside it, for tests of timing, faults and
 * scale on machines without PPP. It is started with pppd's command line; the
 * file of options holds its script instead, a command a line:
 *
 *	record FILE             append what is seen to FILE
 *	no-plugin               never speak on the plugin's channel
 *	slow-start MS           wait before the tty is opened
 *	start-signal            the same until SIGUSR1 comes
 *	refuse-options TEXT     what "dryrun" complains about, with exit code 2
 *	template FAULT		as one to be cloned: hang, exit, garbage, mute,
 *				stray, lone
 *	auth METHOD USER [RECEIVE-KEY SEND-KEY]
 *	no-tun N                the reason why it cannot do with a tun device
 *	auth-failed             report that the peer is not who it says
 *	request-address [A.B.C.D]
 *	up | up6                report the link as usable
 *	down | down6            and no longer
 *	garbage-plugin          send a message nobody can understand
 *	close-plugin            close the channel
 *	delay MS                wait; frames are read meanwhile
 *	send HEX | raw HEX      a PPP frame, or bytes on the tty as they are
 *	wait-frame HEX          until a frame begins with these bytes
 *	wait-signal             until SIGUSR1 comes
 *	echo | echo-all         from now on send IP, or all, frames back
 *	trickle MS HEX          from now on send this frame every so often
 *	source N SIZE           send N numbered IP frames of SIZE bytes
 *	sink N                  read N numbered IP frames and check them
 *	stop-reading | start-reading
 *	ignore-term             only SIGKILL ends this
 *	log TEXT                print a line
 *	exit N                  report the end and exit; die N: without a word
 *
 * Lines before the first "[NAME]" are for every session; those after it only
 * for the session whose client gave {NAME} as its correlation id. At the end
 * of a script it waits for its line to hang up or for SIGTERM, and ends as
 * pppd would.
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "hdlc.h"
#include "keymsg.h"
#include "template.h"

enum {
	LIFETIME = 120, /* seconds: no test leaves one behind for ever */
	OUT_MAX = 64 * 1024,
	SCRIPT_MAX = 4 * 1024 * 1024,
	LINE_MAX_BYTES = 64 * 1024,
	QUEUE_MAX = 64,	   /* frames kept for wait-frame */
	QUEUED_BYTES = 64, /* of each */
	IP_HEADER = 8,	   /* FF 03 00 21 and the number of a counted frame */
	/* pppd's exit codes */
	EXIT_FATAL = 1,
	EXIT_OPTION = 2,
	EXIT_USER_REQUEST = 5,
	EXIT_NEGOTIATION = 10,
	EXIT_PEER_AUTH = 11,
	EXIT_HANGUP = 16,
};

enum end { RUNNING, END_TERM, END_HANGUP };

struct queued {
	size_t len;
	uint8_t bytes[QUEUED_BYTES];
};

struct fake {
	/* the command line */
	const char *tty_name;
	const char *options;
	bool dryrun;
	bool template; /* the channel is for requests to be cloned */
	const char *fault;
	int channel; /* -1: none */
	int tty;     /* -1: not open, or hung up */
	int record;  /* -1: nothing is recorded */
	enum end end;
	/* switches of the script */
	bool silent; /* no-plugin */
	bool reading;
	bool echo_ip, echo_all;
	bool ignore_term;
	bool sinking;
	uint8_t no_tun;
	/* answers of the daemon */
	bool have_verdict, accepted;
	bool have_address;
	uint32_t address; /* network order */
	char correlation_id[KEYMSG_TEXT_MAX];
	/* trickle */
	int trickle_ms; /* 0: off */
	int64_t trickle_next;
	size_t trickle_len;
	uint8_t trickle[HDLC_FRAME_MAX];
	/* numbered frames */
	uint32_t sunk, sunk_bad;
	uint64_t sunk_bytes;
	/* frames received */
	unsigned int queue_start, queue_len;
	struct queued queue[QUEUE_MAX];
	struct hdlc_decoder decoder;
	/* bytes for the tty, and how many it has taken */
	uint64_t written;
	size_t out_start, out_len;
	uint8_t out[OUT_MAX];
};

static volatile sig_atomic_t got_term, got_usr1;

static void
on_signal(int signo)
{
	if (signo == SIGUSR1)
		got_usr1 = 1;
	else
		got_term = signo;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- what it saw --- */

static char record_line[2 * HDLC_FRAME_MAX + 1024];

static void record(const struct fake *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One write a line, so that many of us can share one file. */
static void
record(const struct fake *f, const char *fmt, ...)
{
	size_t n, size = sizeof(record_line) - 1;
	va_list ap;

	if (f->record == -1)
		return;
	n = (size_t)snprintf(record_line, size, "%ld %s ", (long)getpid(),
	    f->correlation_id[0] ? f->correlation_id : "-");
	va_start(ap, fmt);
	n += (size_t)vsnprintf(record_line + n, size - n, fmt, ap);
	va_end(ap);
	if (n >= size)
		n = size - 1;
	record_line[n++] = '\n';
	if (write(f->record, record_line, n) == -1)
		perror("fakepppd: record");
}

static void
record_frame(const struct fake *f, const uint8_t *frame, size_t n)
{
	static char hex[2 * HDLC_FRAME_MAX + 1];

	if (f->record == -1)
		return;
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", frame[i]);
	hex[2 * n] = '\0';
	record(f, "frame %s", hex);
}

static void
record_argv(const struct fake *f, int argc, char **argv)
{
	char text[2048] = "";
	size_t n = 0;

	for (int i = 1; i < argc && n < sizeof(text); i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, " %s", argv[i]);
	record(f, "argv%s", text);
}

/* What was inherited; called before anything else is opened. */
static void
list_descriptors(char *text, size_t size)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t n = 0;

	text[0] = '\0';
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL && n < size) {
		if (entry->d_name[0] == '.' ||
		    atoi(entry->d_name) == dirfd(dir))
			continue;
		n += (size_t)snprintf(text + n, size - n, " %s", entry->d_name);
	}
	closedir(dir);
}

static _Noreturn void
die(const struct fake *f, const char *what)
{
	record(f, "fatal %s: %s", what, strerror(errno));
	printf("fakepppd: %s: %s\n", what, strerror(errno));
	exit(EXIT_FATAL);
}

/* --- the plugin's channel --- */

static void
channel_send(struct fake *f, union keymsg *msg, uint16_t type, size_t len)
{
	if (f->silent || f->channel == -1)
		return;
	msg->header.version = KEYMSG_VERSION;
	msg->header.type = type;
	msg->header.length = (uint32_t)len;
	if (send(f->channel, msg, len, MSG_NOSIGNAL) == -1)
		record(f, "channel-error %s", strerror(errno));
}

static void
take_session(struct fake *f, const struct keymsg_session *m)
{
	size_t n = strlen(m->correlation_id);

	/* the script's name comes without its braces */
	if (n >= 2 && m->correlation_id[0] == '{')
		snprintf(f->correlation_id, sizeof(f->correlation_id), "%.*s",
		    (int)(n - 2), m->correlation_id + 1);
	record(f,
	    "session session=%s remote_address=%s remote_port=%s"
	    " local_address=%s sni=%s correlation_id=%s tls_version=%s"
	    " tls_cipher=%s profile=%s",
	    m->session, m->remote_address, m->remote_port, m->local_address,
	    m->sni, m->correlation_id, m->tls_version, m->tls_cipher,
	    m->profile);
}

static void
take_message(struct fake *f, const union keymsg *msg)
{
	switch (msg->header.type) {
	case KEYMSG_SESSION:
		take_session(f, &msg->session);
		break;
	case KEYMSG_VERDICT:
		f->have_verdict = true;
		f->accepted = msg->verdict.accept != 0;
		record(f, "verdict %u %s%s", msg->verdict.accept,
		    msg->verdict.reason, msg->verdict.ifname);
		break;
	case KEYMSG_ADDRESS:
		f->have_address = true;
		f->address = msg->address.remote;
		record(f, "address %s",
		    inet_ntoa((struct in_addr){ .s_addr = f->address }));
		break;
	default:
		record(f, "unexpected message %u", msg->header.type);
	}
}

static size_t
message_size(uint16_t type)
{
	switch (type) {
	case KEYMSG_SESSION:
		return sizeof(struct keymsg_session);
	case KEYMSG_VERDICT:
		return sizeof(struct keymsg_verdict);
	case KEYMSG_ADDRESS:
		return sizeof(struct keymsg_address);
	default:
		return 0;
	}
}

static void
channel_read(struct fake *f)
{
	union keymsg msg = { 0 };
	ssize_t n = recv(f->channel, &msg, sizeof(msg), MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		record(f, "channel-closed");
		close(f->channel);
		f->channel = -1;
	} else if ((size_t)n < sizeof(msg.header) ||
		   msg.header.version != KEYMSG_VERSION ||
		   msg.header.length != (size_t)n ||
		   message_size(msg.header.type) != (size_t)n) {
		record(f, "malformed message of %zd bytes", n);
	} else {
		take_message(f, &msg);
	}
}

static void
take_first_message(struct fake *f)
{
	struct pollfd p = { .fd = f->channel, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && got_term == 0)
		;
	channel_read(f);
}

/* --- the tty --- */

static size_t
out_space(const struct fake *f)
{
	return sizeof(f->out) - f->out_len;
}

static void
out_append(struct fake *f, const uint8_t *p, size_t n)
{
	if (f->tty == -1 || n > out_space(f))
		return;
	if (f->out_start + f->out_len + n > sizeof(f->out)) {
		memmove(f->out, f->out + f->out_start, f->out_len);
		f->out_start = 0;
	}
	memcpy(f->out + f->out_start + f->out_len, p, n);
	f->out_len += n;
}

static void
out_frame(struct fake *f, const uint8_t *frame, size_t n)
{
	static uint8_t encoded[HDLC_ENCODED_MAX];

	out_append(f, encoded, hdlc_encode(encoded, frame, n));
}

static void
hang_up(struct fake *f)
{
	record(f, "hangup");
	close(f->tty);
	f->tty = -1;
	f->out_len = 0;
	if (!f->ignore_term && f->end == RUNNING)
		f->end = END_HANGUP;
}

static void
tty_write(struct fake *f)
{
	ssize_t n = write(f->tty, f->out + f->out_start, f->out_len);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		hang_up(f);
		return;
	}
	f->written += (uint64_t)n;
	f->out_start += (size_t)n;
	f->out_len -= (size_t)n;
	if (f->out_len == 0)
		f->out_start = 0;
}

static bool
is_ip(const uint8_t *p, size_t n)
{
	if (n >= 2 && p[0] == 0xff && p[1] == 0x03) {
		p += 2;
		n -= 2;
	}
	return n > 0 && ((p[0] & 1) != 0 || p[0] < 0x80);
}

/* Frame number i, of size bytes: what source sends and sink expects. */
static void
numbered_frame(uint8_t *frame, size_t size, uint32_t i)
{
	static const uint8_t ip[] = { 0xff, 0x03, 0x00, 0x21 };

	memcpy(frame, ip, sizeof(ip));
	for (size_t k = 4; k < IP_HEADER; k++)
		frame[k] = (uint8_t)(i >> (8 * (IP_HEADER - 1 - k)));
	for (size_t k = IP_HEADER; k < size; k++)
		frame[k] = (uint8_t)(i + k);
}

static void
sink_frame(struct fake *f, const uint8_t *frame, size_t n)
{
	static uint8_t expected[HDLC_FRAME_MAX];

	numbered_frame(expected, n < IP_HEADER ? IP_HEADER : n, f->sunk);
	if (n < IP_HEADER || memcmp(frame, expected, n) != 0)
		f->sunk_bad++;
	f->sunk++;
	f->sunk_bytes += n;
}

static void
queue_frame(struct fake *f, const uint8_t *frame, size_t n)
{
	struct queued *q;

	if (f->queue_len == QUEUE_MAX) { /* forget the oldest */
		f->queue_start = (f->queue_start + 1) % QUEUE_MAX;
		f->queue_len--;
	}
	q = &f->queue[(f->queue_start + f->queue_len++) % QUEUE_MAX];
	q->len = n < QUEUED_BYTES ? n : QUEUED_BYTES;
	memcpy(q->bytes, frame, q->len);
}

static void
take_frame(struct fake *f, const uint8_t *frame, size_t n)
{
	bool ip = is_ip(frame, n);

	if (ip && f->sinking) {
		sink_frame(f, frame, n);
		return;
	}
	record_frame(f, frame, n);
	queue_frame(f, frame, n);
	if (f->echo_all || (ip && f->echo_ip))
		out_frame(f, frame, n);
}

static void
tty_read(struct fake *f)
{
	uint8_t bytes[4096], *frame;
	size_t used, len;
	ssize_t n = read(f->tty, bytes, sizeof(bytes));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(f);
		return;
	}
	for (size_t i = 0; i < (size_t)n; i += used) {
		used = hdlc_decode(
		    &f->decoder, bytes + i, (size_t)n - i, &frame, &len);
		if (frame != NULL)
			take_frame(f, frame, len);
	}
}

/* As pppd does it: raw, eight bits, nothing echoed. */
static void
tty_open(struct fake *f)
{
	struct termios t;

	f->tty = open(f->tty_name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (f->tty == -1 || tcgetattr(f->tty, &t) == -1)
		die(f, f->tty_name);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL;
	if (tcsetattr(f->tty, TCSANOW, &t) == -1)
		die(f, "tcsetattr");
}

/* --- waiting --- */

static void
take_signals(struct fake *f)
{
	if (!got_term)
		return;
	record(f, "signal %d", (int)got_term);
	got_term = 0;
	if (!f->ignore_term && f->end == RUNNING)
		f->end = END_TERM;
}

static int
trickle(struct fake *f, int timeout)
{
	int64_t left, now = now_ms();

	if (f->trickle_ms == 0 || f->end != RUNNING)
		return timeout;
	if (now >= f->trickle_next) {
		out_frame(f, f->trickle, f->trickle_len);
		f->trickle_next = now + f->trickle_ms;
	}
	left = f->trickle_next - now;
	return timeout == -1 || left < timeout ? (int)left : timeout;
}

/* Wait for whatever comes next, at most timeout ms (-1: for ever). */
static void
pump(struct fake *f, int timeout)
{
	struct pollfd p[2] = { { .fd = f->tty }, { .fd = f->channel } };
	struct timespec ts;
	sigset_t none;

	timeout = trickle(f, timeout);
	if (f->reading && out_space(f) >= 4 * HDLC_ENCODED_MAX)
		p[0].events |= POLLIN;
	if (f->out_len > 0)
		p[0].events |= POLLOUT;
	p[1].events = POLLIN;
	ts.tv_sec = timeout / 1000;
	ts.tv_nsec = timeout % 1000 * 1000000L;
	sigemptyset(&none);
	if (ppoll(p, 2, timeout < 0 ? NULL : &ts, &none) == -1 &&
	    errno != EINTR)
		die(f, "ppoll");
	take_signals(f);
	/* revents are stale after EINTR, but then they are still 0 */
	if (p[1].revents != 0)
		channel_read(f);
	if (f->tty != -1 && (p[0].revents & POLLIN))
		tty_read(f);
	else if (f->tty != -1 && (p[0].revents & (POLLHUP | POLLERR)))
		hang_up(f);
	if (f->tty != -1 && (p[0].revents & POLLOUT))
		tty_write(f);
}

static void
flush(struct fake *f)
{
	while (f->end == RUNNING && f->out_len > 0)
		pump(f, -1);
}

static void
wait_ms(struct fake *f, int ms)
{
	int64_t now = now_ms(), until = now + ms;

	for (; f->end == RUNNING && now < until; now = now_ms())
		pump(f, (int)(until - now));
}

/* --- ending --- */

/* The last frames leave; a peer that does not read is not waited for long. */
static _Noreturn void
end_with(struct fake *f, int code)
{
	union keymsg msg = { .end = { .exit_code = (uint32_t)code } };
	int64_t until = now_ms() + 300;

	f->trickle_ms = 0;
	f->ignore_term = true; /* it is ending already */
	while (f->out_len > 0 && f->tty != -1 && now_ms() < until)
		pump(f, 100);
	channel_send(f, &msg, KEYMSG_END, sizeof(msg.end));
	record(f, "wrote %llu bytes", (unsigned long long)f->written);
	record(f, "exit %d", code);
	exit(code);
}

static _Noreturn void
end_politely(struct fake *f, int code)
{
	static const uint8_t terminate[] = { 0xff, 0x03, 0xc0, 0x21, 0x05, 0x02,
		0x00, 0x10, 'U', 's', 'e', 'r', ' ', 'r', 'e', 'q', 'u', 'e',
		's', 't' };

	out_frame(f, terminate, sizeof(terminate));
	end_with(f, code);
}

static _Noreturn void
end_as_told(struct fake *f)
{
	if (f->end == END_HANGUP)
		end_with(f, EXIT_HANGUP);
	end_politely(f, EXIT_USER_REQUEST);
}

/* --- the commands --- */

static _Noreturn void
bad_script(const struct fake *f, const char *what)
{
	errno = EINVAL;
	die(f, what);
}

static int
number(const struct fake *f, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || n < 0 || n > 100000000)
		bad_script(f, text);
	return (int)n;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return p == NULL ? -1 : (int)(p - digits);
}

/* Hexadecimal digits, blanks between the bytes allowed. */
static size_t
hex_bytes(const struct fake *f, const char *text, uint8_t *dst, size_t cap)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p += 2) {
		while (*p == ' ')
			p++;
		if (*p == '\0')
			break;
		if (hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0 || n == cap)
			bad_script(f, text);
		dst[n++] = (uint8_t)(hex_digit(p[0]) * 16 + hex_digit(p[1]));
	}
	return n;
}

/* Cut one word off the front of the text. */
static char *
word(char **text)
{
	char *w = *text + strspn(*text, " ");

	*text = w + strcspn(w, " ");
	if (**text != '\0')
		*(*text)++ = '\0';
	*text += strspn(*text, " ");
	return w;
}

static void
do_record(struct fake *f, char *arg)
{
	f->record = open(arg, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (f->record == -1)
		die(f, arg);
}

static void
do_no_plugin(struct fake *f, char *arg)
{
	(void)arg;
	f->silent = true;
}

static void
do_slow_start(struct fake *f, char *arg)
{
	wait_ms(f, number(f, arg));
}

static void
do_refuse_options(struct fake *f, char *arg)
{
	if (!f->dryrun)
		return;
	printf("%s\n", arg);
	exit(EXIT_OPTION);
}

static void
do_template(struct fake *f, char *arg)
{
	static char fault[16];

	snprintf(fault, sizeof(fault), "%s", arg);
	f->fault = fault;
}

static uint32_t
method_number(const struct fake *f, const char *name)
{
	static const char *const names[] = {
		[KEYMSG_METHOD_NONE] = "none",
		[KEYMSG_METHOD_PAP] = "pap",
		[KEYMSG_METHOD_CHAP_MD5] = "chap-md5",
		[KEYMSG_METHOD_MSCHAP_V1] = "mschap",
		[KEYMSG_METHOD_MSCHAP_V2] = "mschapv2",
		[KEYMSG_METHOD_EAP_MD5] = "eap-md5",
		[KEYMSG_METHOD_EAP_TLS] = "eap-tls",
		[KEYMSG_METHOD_EAP_PEAP] = "eap-peap",
		[KEYMSG_METHOD_EAP_MSCHAP_V2] = "eap-mschapv2",
		[KEYMSG_METHOD_EAP_OTHER] = "eap-other",
	};

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	bad_script(f, name);
}

static void
do_auth(struct fake *f, char *arg)
{
	union keymsg msg = { 0 };
	struct keymsg_auth *m = &msg.auth;

	m->no_tun = f->no_tun;
	m->method = method_number(f, word(&arg));
	snprintf(m->user, sizeof(m->user), "%s", word(&arg));
	m->receive_len =
	    (uint8_t)hex_bytes(f, word(&arg), m->receive, sizeof(m->receive));
	m->send_len =
	    (uint8_t)hex_bytes(f, word(&arg), m->send, sizeof(m->send));
	channel_send(f, &msg, KEYMSG_AUTH, sizeof(msg.auth));
	f->have_verdict = false;
	while (f->end == RUNNING && !f->have_verdict && f->channel != -1)
		pump(f, -1);
	if (f->end == RUNNING && (!f->have_verdict || !f->accepted))
		end_politely(f, EXIT_PEER_AUTH);
}

static void
do_no_tun(struct fake *f, char *arg)
{
	f->no_tun = (uint8_t)number(f, arg);
}

static void
do_auth_failed(struct fake *f, char *arg)
{
	union keymsg msg = { 0 };

	(void)arg;
	channel_send(f, &msg, KEYMSG_AUTH_FAILED, sizeof(msg.auth_failed));
}

static void
do_request_address(struct fake *f, char *arg)
{
	union keymsg msg = { 0 };

	if (*arg != '\0' &&
	    inet_pton(AF_INET, arg, &msg.address_request.wanted) != 1)
		bad_script(f, arg);
	channel_send(
	    f, &msg, KEYMSG_ADDRESS_REQUEST, sizeof(msg.address_request));
	f->have_address = false;
	while (f->end == RUNNING && !f->have_address && f->channel != -1)
		pump(f, -1);
	if (f->end == RUNNING && (!f->have_address || f->address == 0))
		end_politely(f, EXIT_NEGOTIATION);
}

static void
report_up(struct fake *f, uint32_t family)
{
	union keymsg msg = { .up = { .family = family, .mtu = 1400 } };

	snprintf(
	    msg.up.ifname, sizeof(msg.up.ifname), "fake%ld", (long)getpid());
	if (family == 4) {
		msg.up.local4 = htonl(0xc0000201); /* 192.0.2.1 */
		msg.up.remote4 = f->address;
	} else {
		msg.up.local6[7] = 1;
		msg.up.remote6[7] = 2;
	}
	channel_send(f, &msg, KEYMSG_UP, sizeof(msg.up));
}

static void
do_up(struct fake *f, char *arg)
{
	(void)arg;
	report_up(f, 4);
}

static void
do_up6(struct fake *f, char *arg)
{
	(void)arg;
	report_up(f, 6);
}

static void
report_down(struct fake *f, uint32_t family)
{
	union keymsg msg = { .down = { .family = family } };

	channel_send(f, &msg, KEYMSG_DOWN, sizeof(msg.down));
}

static void
do_down(struct fake *f, char *arg)
{
	(void)arg;
	report_down(f, 4);
}

static void
do_down6(struct fake *f, char *arg)
{
	(void)arg;
	report_down(f, 6);
}

static void
do_garbage_plugin(struct fake *f, char *arg)
{
	static const char garbage[] = "this is no message of ours";

	(void)arg;
	if (send(f->channel, garbage, sizeof(garbage), MSG_NOSIGNAL) == -1)
		record(f, "channel-error %s", strerror(errno));
}

static void
do_close_plugin(struct fake *f, char *arg)
{
	(void)arg;
	close(f->channel);
	f->channel = -1;
}

static void
do_delay(struct fake *f, char *arg)
{
	wait_ms(f, number(f, arg));
}

static void
do_send(struct fake *f, char *arg)
{
	static uint8_t frame[HDLC_FRAME_MAX];

	out_frame(f, frame, hex_bytes(f, arg, frame, sizeof(frame)));
	flush(f);
}

static void
do_raw(struct fake *f, char *arg)
{
	static uint8_t bytes[LINE_MAX_BYTES / 2];

	out_append(f, bytes, hex_bytes(f, arg, bytes, sizeof(bytes)));
	flush(f);
}

static void
do_wait_frame(struct fake *f, char *arg)
{
	uint8_t prefix[QUEUED_BYTES];
	size_t n = hex_bytes(f, arg, prefix, sizeof(prefix));
	struct queued *q;

	while (f->end == RUNNING) {
		while (f->end == RUNNING && f->queue_len == 0)
			pump(f, -1);
		if (f->queue_len == 0)
			return;
		q = &f->queue[f->queue_start];
		f->queue_start = (f->queue_start + 1) % QUEUE_MAX;
		f->queue_len--;
		if (q->len >= n && memcmp(q->bytes, prefix, n) == 0)
			return;
	}
}

static void
do_wait_signal(struct fake *f, char *arg)
{
	(void)arg;
	record(f, "waiting");
	while (f->end == RUNNING && !got_usr1)
		pump(f, -1);
	got_usr1 = 0;
}

static void
do_echo(struct fake *f, char *arg)
{
	(void)arg;
	f->echo_ip = true;
}

static void
do_echo_all(struct fake *f, char *arg)
{
	(void)arg;
	f->echo_all = true;
}

static void
do_trickle(struct fake *f, char *arg)
{
	f->trickle_ms = number(f, word(&arg));
	f->trickle_len = hex_bytes(f, arg, f->trickle, sizeof(f->trickle));
	f->trickle_next = now_ms();
}

static void
do_source(struct fake *f, char *arg)
{
	static uint8_t frame[HDLC_FRAME_MAX];
	uint32_t count = (uint32_t)number(f, word(&arg)), i = 0;
	size_t size = (size_t)number(f, arg);

	if (size < IP_HEADER || size > sizeof(frame))
		bad_script(f, "source");
	while (f->end == RUNNING && i < count) {
		if (out_space(f) < HDLC_ENCODED_MAX) {
			pump(f, -1);
			continue;
		}
		numbered_frame(frame, size, i++);
		out_frame(f, frame, size);
	}
	flush(f);
	record(f, "sourced %u", i);
}

static void
do_sink(struct fake *f, char *arg)
{
	uint32_t count = (uint32_t)number(f, arg);

	f->sinking = true;
	while (f->end == RUNNING && f->sunk < count)
		pump(f, -1);
	f->sinking = false;
	record(f, "sunk %u frames %llu bytes %u bad", f->sunk,
	    (unsigned long long)f->sunk_bytes, f->sunk_bad);
}

static void
do_stop_reading(struct fake *f, char *arg)
{
	(void)arg;
	f->reading = false;
}

static void
do_start_reading(struct fake *f, char *arg)
{
	(void)arg;
	f->reading = true;
}

static void
do_ignore_term(struct fake *f, char *arg)
{
	(void)arg;
	f->ignore_term = true;
}

static void
do_log(struct fake *f, char *arg)
{
	(void)f;
	printf("%s\n", arg);
	fflush(stdout);
}

static void
do_exit(struct fake *f, char *arg)
{
	end_with(f, number(f, arg));
}

static void
do_die(struct fake *f, char *arg)
{
	record(f, "die");
	_exit(number(f, arg));
}

static const struct command {
	const char *name;
	bool early; /* before the plugin says hello and the tty is opened */
	void (*run)(struct fake *f, char *arg);
} commands[] = {
	{ "record", true, do_record },
	{ "no-plugin", true, do_no_plugin },
	{ "slow-start", true, do_slow_start },
	{ "start-signal", true, do_wait_signal },
	{ "refuse-options", true, do_refuse_options },
	{ "template", true, do_template },
	{ "auth", false, do_auth },
	{ "no-tun", false, do_no_tun },
	{ "auth-failed", false, do_auth_failed },
	{ "request-address", false, do_request_address },
	{ "up", false, do_up },
	{ "up6", false, do_up6 },
	{ "down", false, do_down },
	{ "down6", false, do_down6 },
	{ "garbage-plugin", false, do_garbage_plugin },
	{ "close-plugin", false, do_close_plugin },
	{ "delay", false, do_delay },
	{ "send", false, do_send },
	{ "raw", false, do_raw },
	{ "wait-frame", false, do_wait_frame },
	{ "wait-signal", false, do_wait_signal },
	{ "echo", false, do_echo },
	{ "echo-all", false, do_echo_all },
	{ "trickle", false, do_trickle },
	{ "source", false, do_source },
	{ "sink", false, do_sink },
	{ "stop-reading", false, do_stop_reading },
	{ "start-reading", false, do_start_reading },
	{ "ignore-term", true, do_ignore_term },
	{ "log", false, do_log },
	{ "exit", false, do_exit },
	{ "die", false, do_die },
};

/* --- the script --- */

static void
run_line(struct fake *f, const char *line, bool early)
{
	static char copy[LINE_MAX_BYTES];
	char *arg = copy, *name;

	snprintf(copy, sizeof(copy), "%s", line);
	name = word(&arg);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		if (commands[i].early == early)
			commands[i].run(f, arg);
		return;
	}
	bad_script(f, name);
}

/*
 * Run those lines of the script that are for this section ("": the lines
 * before the first one, which are for all).
 */
static void
run_section(struct fake *f, const char *script, const char *section, bool early)
{
	static char line[LINE_MAX_BYTES];
	bool ours = section[0] == '\0';
	size_t n = strlen(section);

	for (const char *p = script; *p != '\0' && f->end == RUNNING;) {
		size_t len = strcspn(p, "\n");

		if (len >= sizeof(line))
			bad_script(f, "line too long");
		memcpy(line, p, len);
		line[len] = '\0';
		p += p[len] == '\0' ? len : len + 1;
		if (line[0] == '[')
			ours = n > 0 && len == n + 2 && line[len - 1] == ']' &&
			       memcmp(line + 1, section, n) == 0;
		else if (ours && len > 0 && line[0] != '#')
			run_line(f, line, early);
	}
}

static char *
read_script(const struct fake *f)
{
	char *text = calloc(1, SCRIPT_MAX + 1);
	FILE *file;

	if (text == NULL)
		die(f, "calloc");
	if (f->options == NULL)
		return text;
	file = fopen(f->options, "re");
	if (file == NULL)
		die(f, f->options);
	if (fread(text, 1, SCRIPT_MAX, file) == SCRIPT_MAX)
		bad_script(f, "script too long");
	fclose(file);
	return text;
}

static void
run_script(struct fake *f, const char *script)
{
	union keymsg msg = { 0 };

	if (f->correlation_id[0] != '\0')
		run_section(f, script, f->correlation_id, true);
	if (f->end != RUNNING)
		return;
	snprintf(
	    msg.hello.pppd_version, sizeof(msg.hello.pppd_version), "fake");
	channel_send(f, &msg, KEYMSG_HELLO, sizeof(msg.hello));
	tty_open(f);
	memset(&msg, 0, sizeof(msg));
	msg.phase.phase = 5; /* PHASE_ESTABLISH */
	channel_send(f, &msg, KEYMSG_PHASE, sizeof(msg.phase));
	run_section(f, script, "", false);
	if (f->correlation_id[0] != '\0')
		run_section(f, script, f->correlation_id, false);
}

/* --- start --- */

static void
parse_arguments(struct fake *f, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strncmp(argv[i], "/dev/", 5) == 0)
			f->tty_name = argv[i];
		else if (strcmp(argv[i], "dryrun") == 0)
			f->dryrun = true;
		else if (strcmp(argv[i], "file") == 0 && more)
			f->options = argv[++i];
		else if (strcmp(argv[i], "sstpd-fd") == 0 && more)
			f->channel = number(f, argv[++i]);
		else if (strcmp(argv[i], "sstpd-template") == 0 && more) {
			f->template = true;
			f->channel = number(f, argv[++i]);
		} else if (strcmp(argv[i], "plugin") == 0 && more)
			i++; /* its path may look like anything */
	}
}

/* Where its arguments are rewritten in a clone, from the tty on. */
static char **
template_arguments(int argc, char **argv)
{
	for (int i = 1; i + 2 < argc; i++)
		if (strcmp(argv[i], "sstpd-template") == 0)
			return argv + i + 2;
	return argv + argc;
}

static _Noreturn void
fail_as_template(struct fake *f)
{
	union keymsg msg = { 0 };
	char byte;

	if (strcmp(f->fault, "exit") == 0) {
		printf("not today\n");
		exit(EXIT_OPTION);
	}
	if (strcmp(f->fault, "garbage") == 0)
		channel_send(f, &msg, KEYMSG_TEMPLATE, 5);
	else if (strcmp(f->fault, "hang") != 0)
		channel_send(f, &msg, KEYMSG_TEMPLATE, sizeof(msg.header));
	recv(f->channel, &byte, 1, 0);
	record(f, "asked");
	if (strcmp(f->fault, "lone") == 0) {
		struct keymsg_cloned *cloned = (void *)&msg;

		cloned->pid = getpid();
		channel_send(f, &msg, KEYMSG_CLONED, sizeof(*cloned));
	} else if (strcmp(f->fault, "stray") == 0) {
		if (syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0) < 0)
			die(f, "clone");
	}
	for (;;)
		pause();
}

/* Comes back in clones. */
static void
be_template(struct fake *f, int argc, char **argv)
{
	if (f->fault != NULL)
		fail_as_template(f);
	record(f, "template");
	if (!template_serve(f->channel, template_arguments(argc, argv)))
		die(f, "template");
	alarm(LIFETIME);
}

static void
set_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &sa, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	alarm(LIFETIME);
}

int
main(int argc, char **argv)
{
	static struct fake fake = {
		.channel = -1, .tty = -1, .record = -1, .reading = true
	};
	struct fake *f = &fake;
	char descriptors[256];
	char *script;

	list_descriptors(descriptors, sizeof(descriptors));
	set_signals();
	hdlc_decoder_init(&f->decoder);
	parse_arguments(f, argc, argv);
	script = read_script(f);
	run_section(f, script, "", true);
	if (f->template) {
		be_template(f, argc, argv);
		list_descriptors(descriptors, sizeof(descriptors));
		parse_arguments(f, argc, argv);
	}
	if (f->dryrun) {
		free(script);
		return 0;
	}
	if (f->tty_name == NULL) {
		fprintf(stderr, "usage: fakepppd TTY [pppd's options]\n");
		return EXIT_OPTION;
	}
	if (f->channel != -1)
		take_first_message(f);
	record_argv(f, argc, argv);
	record(f, "descriptors%s", descriptors);
	run_script(f, script);
	while (f->end == RUNNING)
		pump(f, -1);
	end_as_told(f);
}
