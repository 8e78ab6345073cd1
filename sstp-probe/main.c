/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Arguments, the password, and which of the modes. */

#include <signal.h>
#include <stdio.h>

#include "load.h"
#include "options.h"
#include "password.h"
#include "probe.h"
#include "setup.h"
#include "tunnel.h"

static bool
get_password(const struct options *options, struct password *password)
{
	const char *user =
	    options->user != NULL ? options->user : options->user_prefix;
	char why[PASSWORD_WHY_MAX];
	uint8_t hash[MSCHAP_HASH_LEN];

	if (user == NULL)
		return true;
	if (password_get(password, options->password_file, options->timeout,
		user, why) != 0) {
		setup_complain(options, why);
		return false;
	}
	if ((options->methods & LOGIN_MSCHAP_V2) == 0 ||
	    mschap_hash(password->text, password->len, hash))
		return true;
	setup_complain(options,
	    "the password is not UTF-8, or longer than 256 characters");
	return false;
}

static int
run(const struct options *options, const struct login_secret *secret)
{
	switch (options->mode) {
	case MODE_LOAD:
		return load_run(options, secret);
	case MODE_TUNNEL:
		return tunnel_run(options, secret);
	default:
		return probe_run(options, secret);
	}
}

int
main(int argc, char **argv)
{
	static struct options options;
	static struct password password;
	char why[OPTIONS_WHY_MAX];
	struct login_secret secret;
	int status;

	switch (options_parse(&options, argc, argv, why)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_DONE:
		return STATUS_OK;
	default:
		setup_complain(&options, why);
		fprintf(stderr, "sstp-probe --help tells what there is\n");
		return STATUS_UNKNOWN;
	}
	signal(SIGPIPE, SIG_IGN);
	status = STATUS_UNKNOWN;
	if (get_password(&options, &password)) {
		secret =
		    (struct login_secret){ options.user != NULL ? options.user
								: "",
			    password.text, password.len };
		status = run(&options, &secret);
	}
	password_wipe(&password);
	return status;
}
