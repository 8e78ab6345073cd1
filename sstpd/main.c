/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Arguments, configuration, and which process this is to be. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause.h"
#include "client_config.h"
#include "conf.h"
#include "control.h"
#include "doctor.h"
#include "log.h"
#include "monitor.h"
#include "report.h"
#include "setup.h"
#include "worker.h"

static const char default_path[] = SYSCONFDIR "/sstpd/sstpd.conf";

static void
usage(FILE *out)
{
	fprintf(out,
	    "usage: sstpd [-htTV] [-f file]\n"
	    "SSTP server that runs one pppd per session. It stays in the "
	    "foreground.\n\n"
	    "  -f, --config FILE  configuration (%s)\n"
	    "  -t, --test         check configuration, certificates and pppd's\n"
	    "                     options, then exit\n"
	    "      --deep         look for all that could keep clients from\n"
	    "                     connecting, say what to do, then exit: 0 "
	    "fine,\n"
	    "                     1 warnings, 2 faults; see sstpctl(8) "
	    "doctor\n"
	    "      --client-config  print what to do on clients, then exit\n"
	    "      --client CLIENT  only for this kind of client\n"
	    "      --name NAME      for both: what clients dial\n"
	    "      --json           for --deep: as JSON\n"
	    "  -T, --print        print the effective configuration, then exit\n"
	    "  -V, --version      print the version, then exit\n"
	    "  -h, --help         print this, then exit\n\n"
	    "SIGTERM ends every session properly and exits; SIGHUP reads the\n"
	    "configuration and certificates again for new connections.\n"
	    "See sstpd(8) and sstpd.conf(5).\n",
	    default_path);
}

static int
check(const struct conf *conf, const char *path)
{
	int status;

	log_open(LOG_SINK_PLAIN, LOG_LEVEL_INFO, 0);
	status = setup_check(conf);
	log_info(
	    "%s: %s", path, status == 0 ? "good" : "sstpd would not start");
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'f' },
		{ "test", no_argument, NULL, 't' },
		{ "print", no_argument, NULL, 'T' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ "deep", no_argument, NULL, 'd' },
		{ "name", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "client-config", no_argument, NULL, 'C' },
		{ "client", required_argument, NULL, 'k' },
		/* not for people */
		{ "worker", required_argument, NULL, 'w' },
		{ "control", required_argument, NULL, 'c' },
		{ "print-options", no_argument, NULL, 'o' },
		{ "print-errors", no_argument, NULL, 'e' },
		{ "print-metrics", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = default_path;
	char error[CONF_ERROR_MAX];
	static struct conf conf;
	const char *name = NULL, *client = NULL;
	bool test = false, deep = false, json = false, print = false;
	bool steps = false;
	int c;

	while (
	    (c = getopt_long(argc, argv, "f:tTVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'T':
			print = true;
			break;
		case 'V':
			printf("sstpd %s\n", SSTPD_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		case 'd':
			deep = true;
			break;
		case 'n':
			name = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'C':
			steps = true;
			break;
		case 'k':
			client = optarg;
			break;
		case 'w':
			return worker_main((unsigned int)atoi(optarg));
		case 'c':
			return control_main();
		case 'o':
			conf_print_table(stdout);
			return 0;
		case 'e':
			cause_print_table(stdout);
			return 0;
		case 'm':
			report_metrics_table(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sstpd: unexpected argument \"%s\"\n\n",
		    argv[optind]);
		usage(stderr);
		return 2;
	}
	if (steps)
		return client_config_main(path, name, client);
	if (deep)
		return doctor_main(path, name, json);
	if (conf_load(path, &conf, error) != 0) {
		fprintf(stderr, "sstpd: %s\n", error);
		return 2;
	}
	if (print) {
		conf_print(&conf, stdout);
		return 0;
	}
	return test ? check(&conf, path) : monitor_main(&conf, path);
}
