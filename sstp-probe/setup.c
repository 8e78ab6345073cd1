/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* From the command line to what a client needs. */

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "resolve.h"
#include "setup.h"

enum { LINE_MAX_LEN = 1024 };

const char *
status_name(int status)
{
	static const char *const names[STATUSES] = { "OK", "WARNING",
		"CRITICAL", "UNKNOWN" };

	return names[status];
}

static void
print_complaint(FILE *out, const struct options *options, const char *why)
{
	struct json j = { out, false };

	switch (options->output) {
	case OUTPUT_JSON:
		json_open(&j, NULL, '{');
		json_string(&j, "status", status_name(STATUS_UNKNOWN));
		json_integer(&j, "exit", STATUS_UNKNOWN);
		json_string(&j, "message", why);
		json_close(&j, '}');
		fputc('\n', out);
		break;
	case OUTPUT_PROMETHEUS:
		fprintf(out, "sstp_probe_success{target=\"%s:%u\"} 0\n",
		    options->host, options->port);
		fprintf(out, "sstp_probe_status{target=\"%s:%u\"} %d\n",
		    options->host, options->port, STATUS_UNKNOWN);
		break;
	default:
		fprintf(out, "SSTP UNKNOWN - %s\n", why);
		break;
	}
}

void
setup_complain(const struct options *options, const char *why)
{
	print_complaint(stdout, options, why);
}

static bool
find_addresses(struct setup *setup, const struct options *options)
{
	struct client_config *config = &setup->config;
	char line[LINE_MAX_LEN] = "", text[OPTIONS_HOST_MAX + 128];
	FILE *out = fmemopen(line, sizeof(line), "w");
	double began = client_now();
	const char *why;

	snprintf(text, sizeof(text), "%s: no answer of DNS within %u s",
	    options->host, options->timeout);
	if (out != NULL) {
		print_complaint(out, options, text);
		fclose(out);
	}
	config->addresses =
	    resolve(options->host, options->port, (int)options->family,
		config->address, options->timeout, line, STATUS_UNKNOWN, &why);
	setup->resolve_took = client_now() - began;
	if (config->addresses > 0)
		return true;
	snprintf(text, sizeof(text), "%s: %s", options->host, why);
	setup_complain(options, text);
	return false;
}

static void
fill_names(struct setup *setup, const struct options *options)
{
	const char *name =
	    options->name != NULL ? options->name : options->host;
	bool v6 = strchr(name, ':') != NULL;

	setup->config.name = name;
	setup->config.host_field = setup->host_field;
	snprintf(setup->host_field, sizeof(setup->host_field),
	    v6 ? "[%s]" : "%s", name);
	if (options->port != 443)
		snprintf(setup->host_field + strlen(setup->host_field),
		    sizeof(setup->host_field) - strlen(setup->host_field),
		    ":%u", options->port);
}

bool
setup_init(struct setup *setup, const struct options *options)
{
	char why[TLS_TEXT_MAX];

	*setup = (struct setup){
		.config = {
			.insecure = options->insecure,
			.hashes = (uint8_t)options->hashes,
			.login = options->user != NULL ||
				 options->user_prefix != NULL,
			.methods = options->methods,
			.anonymous = options->anonymous,
			.timeout = options->timeout,
		},
	};
	fill_names(setup, options);
	if (tls_global_init() != 0) {
		setup_complain(options, "OpenSSL cannot be used");
		return false;
	}
	setup->config.ctx = tls_client_context(
	    options->ca_file, (int)options->tls_version, why);
	if (setup->config.ctx == NULL) {
		setup_complain(options, why);
		return false;
	}
	if (find_addresses(setup, options))
		return true;
	setup_fini(setup);
	return false;
}

void
setup_fini(struct setup *setup)
{
	SSL_CTX_free(setup->config.ctx);
	setup->config.ctx = NULL;
}
