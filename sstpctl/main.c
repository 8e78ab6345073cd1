/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Ask a running sstpd, or tell it what to do. The control process knows all the
 * answers; this brings the question there, in words separated by tabs. What can
 * be told without a running one the daemon's program is asked.
 */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture.h"

enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
	REQUEST_MAX = 2000,
};

static const char *socket_path = RUNSTATEDIR "/sstpd/control";

static void
usage(FILE *out)
{
	fputs(
	    "usage: sstpctl [option]... COMMAND [argument]...\n"
	    "Ask a running sstpd, or tell it what to do.\n"
	    "\n"
	    "commands:\n"
	    "  status               how it is doing\n"
	    "  sessions             a line for each session\n"
	    "  session ID           everything about one, such as s2.17\n"
	    "  watch                status and sessions, again and again\n"
	    "  failures             the last ends of sessions that were not good\n"
	    "  disconnect [ID]      end that session, or those chosen by options\n"
	    "  capture [ID] FILE    write that session's PPP frames to a file that\n"
	    "                       Wireshark opens, or to stdout (-)\n"
	    "  drain                accept no more; exit with the last session\n"
	    "  undrain              accept again\n"
	    "  upgrade              start the program anew; it takes over, the\n"
	    "                       running one keeps and ends its sessions\n"
	    "  reload               read configuration and certificates again\n"
	    "  metrics              what Prometheus would get\n"
	    "without a running sstpd:\n"
	    "  doctor               look for all that could keep clients from\n"
	    "                       connecting, and say what to do\n"
	    "  client-config        print what to do on clients\n"
	    "\n"
	    "options:\n"
	    "  -u, --user NAME      sessions of this user only\n"
	    "  -a, --address ADDR   sessions from this address only\n"
	    "  -g, --stage STAGE    sessions in this stage only, see "
	    "sstpd-errors(7)\n"
	    "  -p, --profile NAME   sessions of this profile only\n"
	    "  -t, --timeout SECS   drain, upgrade: end what is left after that\n"
	    "      --hold           drain: who connects waits for undrain or "
	    "upgrade,\n"
	    "                       instead of being refused\n"
	    "      --reason TEXT    disconnect: for the log\n"
	    "  -n, --interval SECS  watch: so often (2)\n"
	    "      --next           capture: the next session, of that user or\n"
	    "                       address, from its beginning\n"
	    "  -c, --count N        capture: so many frames, ...\n"
	    "      --seconds SECS   ... so long, ...\n"
	    "      --size BYTES     ... so large a file\n"
	    "      --with-secrets   capture: passwords and responses, too\n"
	    "  -j, --json           as JSON\n"
	    "  -s, --socket PATH    socket of the daemon\n"
	    "  -f, --config FILE    configuration to look at\n"
	    "      --name NAME      what clients dial\n"
	    "      --client CLIENT  windows, linux, networkmanager, routeros "
	    "or android\n"
	    "      --sstpd PATH     the daemon's program\n"
	    "  -V, --version        print the version\n"
	    "  -h, --help           print this\n"
	    "\n"
	    "exit status: 0 fine, 1 refused or failed, 2 usage, 3 no sstpd "
	    "there;\n"
	    "of doctor: 0 fine, 1 warnings, 2 faults\n",
	    out);
}

/* --- one question
 * -------------------------------------------------------------------- */

static int
connect_daemon(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 140 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "sstpctl: the socket's path is too long\n");
		exit(EXIT_USAGE);
	}
	strcpy(address.sun_path, socket_path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			   sizeof(address)) == 0) {
		setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		return fd;
	}
	fprintf(stderr, "sstpctl: %s: %s%s\n", socket_path, strerror(errno),
	    errno == EACCES ? ": be root, or in the group that sstpd.conf names"
	    : errno == ENOENT || errno == ECONNREFUSED
		? ": sstpd does not run, or uses another socket"
		: "");
	exit(EXIT_NO_DAEMON);
}

/* Print what comes after the first line. */
static int
print_answer(FILE *in)
{
	char text[4096];
	size_t n;

	if (fgets(text, sizeof(text), in) == NULL) {
		fprintf(stderr, "sstpctl: sstpd gave no answer\n");
		return EXIT_FAILED;
	}
	if (strcmp(text, "ok\n") != 0) {
		fprintf(stderr, "sstpctl: %s",
		    strncmp(text, "error ", 6) == 0 ? text + 6 : text);
		return EXIT_FAILED;
	}
	while ((n = fread(text, 1, sizeof(text), in)) > 0)
		fwrite(text, 1, n, stdout);
	if (ferror(in)) {
		fprintf(stderr, "sstpctl: the answer is not complete\n");
		return EXIT_FAILED;
	}
	return fflush(stdout) == 0 ? EXIT_FINE : EXIT_FAILED;
}

static int
question(const char *line)
{
	int fd = connect_daemon(), status;
	size_t n = strlen(line);
	FILE *in;

	if (send(fd, line, n, MSG_NOSIGNAL) != (ssize_t)n ||
	    (in = fdopen(fd, "r")) == NULL) {
		fprintf(stderr, "sstpctl: %s\n", strerror(errno));
		close(fd);
		return EXIT_FAILED;
	}
	status = print_answer(in);
	fclose(in);
	return status;
}

static int
watch(const char *sessions, unsigned int seconds)
{
	int status = EXIT_FINE;

	while (status == EXIT_FINE) {
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = question("status\n");
		putchar('\n');
		if (status == EXIT_FINE)
			status = question(sessions);
		fflush(stdout);
		sleep(seconds);
	}
	return status;
}

/* --- what the daemon's program knows by itself
 * -------------------------------------------------------------------- */

struct local {
	const char *program, *config, *name,
	    *client; /* NULL but for the first: not given */
	bool json;
};

/* Become the daemon's program, which answers instead of us. */
static int
run_sstpd(const struct local *l, const char *question)
{
	const char *argv[12] = { "sstpd", question };
	int n = 2;

	if (l->config != NULL) {
		argv[n++] = "--config";
		argv[n++] = l->config;
	}
	if (l->name != NULL) {
		argv[n++] = "--name";
		argv[n++] = l->name;
	}
	if (l->client != NULL) {
		argv[n++] = "--client";
		argv[n++] = l->client;
	}
	if (l->json)
		argv[n++] = "--json";
	argv[n] = NULL;
	execv(l->program, (char *const *)argv);
	fprintf(stderr, "sstpctl: %s: %s\n", l->program, strerror(errno));
	return EXIT_NO_DAEMON;
}

/* --- the command line
 * ---------------------------------------------------------------- */

struct request {
	char text[REQUEST_MAX];
	size_t n;
};

static void
add_word(struct request *r, const char *prefix, const char *word)
{
	size_t left = sizeof(r->text) - r->n;
	int n = snprintf(
	    r->text + r->n, left, "%s%s%s", r->n > 0 ? "\t" : "", prefix, word);

	if (n < 0 || (size_t)n + 1 >= left || strpbrk(word, "\t\n") != NULL) {
		fprintf(stderr, "sstpctl: \"%s\" cannot be asked for\n", word);
		exit(EXIT_USAGE);
	}
	r->n += (size_t)n;
}

static unsigned long long
amount(const char *text, const char *what, unsigned long long max)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < 1 || v > max) {
		fprintf(stderr,
		    "sstpctl: \"%s\": expected a number of %s from 1 to "
		    "%llu\n",
		    text, what, max);
		exit(EXIT_USAGE);
	}
	return v;
}

static unsigned int
number(const char *text)
{
	return (unsigned int)amount(text, "seconds", 604800);
}

static const struct option long_options[] = {
	{ "user", required_argument, NULL, 'u' },
	{ "address", required_argument, NULL, 'a' },
	{ "stage", required_argument, NULL, 'g' },
	{ "profile", required_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 't' },
	{ "hold", no_argument, NULL, 'H' },
	{ "reason", required_argument, NULL, 'R' },
	{ "interval", required_argument, NULL, 'n' },
	{ "next", no_argument, NULL, 'X' },
	{ "count", required_argument, NULL, 'c' },
	{ "seconds", required_argument, NULL, 'T' },
	{ "size", required_argument, NULL, 'B' },
	{ "with-secrets", no_argument, NULL, 'W' },
	{ "json", no_argument, NULL, 'j' },
	{ "socket", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'f' },
	{ "name", required_argument, NULL, 'N' },
	{ "client", required_argument, NULL, 'C' },
	{ "sstpd", required_argument, NULL, 'S' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

int
main(int argc, char **argv)
{
	struct request options = { .n = 0 }, r = { .n = 0 };
	char line[2 * REQUEST_MAX + 4];
	struct local local = { .program = SBINDIR "/sstpd" };
	struct capture_limits limits = { 0 };
	unsigned int interval = 2;
	const char *file = NULL; /* to capture to */
	bool watching;
	int c;

	while ((c = getopt_long(argc, argv, "u:a:g:p:t:n:c:js:f:Vh",
		    long_options, NULL)) != -1) {
		switch (c) {
		case 'u':
			add_word(&options, "user=", optarg);
			break;
		case 'a':
			add_word(&options, "address=", optarg);
			break;
		case 'g':
			add_word(&options, "stage=", optarg);
			break;
		case 'p':
			add_word(&options, "profile=", optarg);
			break;
		case 't':
			number(optarg);
			add_word(&options, "", optarg);
			break;
		case 'R':
			add_word(&options, "reason=", optarg);
			break;
		case 'H':
			add_word(&options, "", "hold");
			break;
		case 'n':
			interval = number(optarg);
			break;
		case 'X':
			add_word(&options, "", "next");
			break;
		case 'c':
			limits.count = amount(optarg, "frames", UINT32_MAX);
			break;
		case 'T':
			limits.seconds = number(optarg);
			break;
		case 'B':
			limits.size = amount(optarg, "bytes", 1ull << 50);
			break;
		case 'W':
			add_word(&options, "", "secrets");
			break;
		case 'j':
			add_word(&options, "", "json");
			local.json = true;
			break;
		case 's':
			socket_path = optarg;
			break;
		case 'f':
			local.config = optarg;
			break;
		case 'N':
			local.name = optarg;
			break;
		case 'C':
			local.client = optarg;
			break;
		case 'S':
			local.program = optarg;
			break;
		case 'V':
			printf("sstpctl %s\n", SSTPD_VERSION);
			return EXIT_FINE;
		case 'h':
			usage(stdout);
			return EXIT_FINE;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[optind], "doctor") == 0 && optind + 1 == argc)
		return run_sstpd(&local, "--deep");
	if (strcmp(argv[optind], "client-config") == 0 && optind + 1 == argc)
		return run_sstpd(&local, "--client-config");
	if (strcmp(argv[optind], "capture") == 0) {
		if (optind + 1 == argc) {
			fprintf(stderr, "sstpctl: capture: to which file?\n");
			return EXIT_USAGE;
		}
		file = argv[--argc];
	}
	watching = strcmp(argv[optind], "watch") == 0;
	add_word(&r, "", watching ? "sessions" : argv[optind]);
	for (int i = optind + 1; i < argc; i++)
		add_word(&r, "", argv[i]);
	snprintf(line, sizeof(line), "%s%s%s\n", r.text,
	    options.n > 0 ? "\t" : "", options.text);
	if (file != NULL)
		return capture(connect_daemon(), line, file, &limits) == 0
			   ? EXIT_FINE
			   : EXIT_FAILED;
	return watching ? watch(line, interval) : question(line);
}
