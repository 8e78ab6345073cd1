/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What stages and causes are called, and what to do about the latter. */

#include "client.h"

const char *
client_stage_name(enum client_stage stage)
{
	static const char *const names[] = {
		[STAGE_TCP] = "tcp",
		[STAGE_TLS] = "tls",
		[STAGE_HTTP] = "http",
		[STAGE_SSTP] = "sstp",
		[STAGE_LCP] = "lcp",
		[STAGE_LOGIN] = "login",
		[STAGE_NETWORK] = "network",
		[STAGE_CONFIRM] = "confirm",
		[STAGE_UP] = "up",
		[STAGE_LEAVE_PPP] = "leave",
		[STAGE_LEAVE_SSTP] = "leave",
		[STAGE_CLOSE] = "close",
		[STAGE_DONE] = "done",
	};

	return names[stage];
}

static const struct cause {
	const char *name, *hint;
} causes[CAUSES] = {
	[CAUSE_NONE] = { "none", NULL },
	[CAUSE_CONNECT] = { "connect",
	    "check address and port, that the server runs, and firewalls "
	    "between here and there" },
	[CAUSE_TIMEOUT] = { "timeout",
	    "a firewall may drop packets, or the server is overloaded; "
	    "--timeout gives it more time" },
	[CAUSE_TLS] = { "tls",
	    "is this a TLS port? see the server's log; --tls-version tries "
	    "another version" },
	[CAUSE_TLS_CLOSED] = { "tls-closed",
	    "this address may be banned or at a limit, or this is no TLS "
	    "port: see the server's log" },
	[CAUSE_CERTIFICATE] = { "certificate",
	    "renew the certificate, send its whole chain, or give --ca-file "
	    "or --name; --insecure looks at the rest regardless" },
	[CAUSE_HTTP] = { "http",
	    "another web server or a proxy answers here; SSTP needs the TLS "
	    "connection passed through whole" },
	[CAUSE_UNAVAILABLE] = { "unavailable",
	    "the server is full or stopping, or a proxy does not reach it: "
	    "see the server's log" },
	[CAUSE_REFUSED] = { "refused", "the server does not offer PPP" },
	[CAUSE_BINDING] = { "binding",
	    "is TLS ended by a proxy that has another certificate than the "
	    "server knows of? see the server's log" },
	[CAUSE_METHOD] = { "method",
	    "allow another method with --auth, or have the server ask for "
	    "one of these" },
	[CAUSE_LOGIN] = { "login",
	    "check user and password; the server's log says why it refused" },
	[CAUSE_UNPROVEN] = { "unproven",
	    "whoever answered let us in without knowing the password: this "
	    "may be an impostor" },
	[CAUSE_PPP] = { "ppp", "see the log of the server and its pppd" },
	[CAUSE_ABORTED] = { "aborted", "see the server's log" },
	[CAUSE_DISCONNECTED] = { "disconnected", "see the server's log" },
	[CAUSE_CLOSED] = { "closed",
	    "see the server's log; it may be full or stopping" },
	[CAUSE_PROTOCOL] = { "protocol",
	    "this is no SSTP server, or one with a fault" },
	[CAUSE_LOCAL] = { "local",
	    "this machine is short of memory or file descriptors" },
};

const char *
client_cause_name(enum client_cause cause)
{
	return causes[cause].name;
}

const char *
client_cause_hint(enum client_cause cause)
{
	return causes[cause].hint;
}
