/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What there is to say of a tunnel. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "setup.h"
#include "tunnel_report.h"

void
tunnel_link_local(
    uint8_t address[static 16], const uint8_t id[static IPV6CP_ID_LEN])
{
	memset(address, 0, 16);
	address[0] = 0xfe;
	address[1] = 0x80;
	memcpy(address + 8, id, IPV6CP_ID_LEN);
}

static const char *
text4(uint32_t address, char text[INET_ADDRSTRLEN])
{
	inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
	return text;
}

static const char *
text6(const uint8_t id[IPV6CP_ID_LEN], char text[INET6_ADDRSTRLEN])
{
	uint8_t address[16];

	tunnel_link_local(address, id);
	inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
	return text;
}

/* --- up --- */

static void
print_up_text(const struct tunnel_result *r)
{
	const struct ppp *ppp = &r->client->ppp;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	printf("up device=%s address=%s peer=%s mtu=%u", r->device,
	    text4(ppp->ipcp.address, a), text4(ppp->ipcp.peer_address, b),
	    r->mtu);
	if (r->ipv6)
		printf(" ipv6=%s peer-ipv6=%s", text6(ppp->ipv6cp.id, a),
		    text6(ppp->ipv6cp.peer_id, b));
	for (int i = 0; i < 2; i++)
		if (ppp->ipcp.dns[i] != 0)
			printf(" dns=%s", text4(ppp->ipcp.dns[i], a));
	printf(" server=%s\n", r->client->report.peer);
}

static void
print_up_json(const struct tunnel_result *r)
{
	const struct ppp *ppp = &r->client->ppp;
	struct json j = { stdout, false };
	char text[INET6_ADDRSTRLEN];

	json_open(&j, NULL, '{');
	json_string(&j, "event", "up");
	json_string(&j, "device", r->device);
	json_string(&j, "address", text4(ppp->ipcp.address, text));
	json_string(&j, "peer_address", text4(ppp->ipcp.peer_address, text));
	if (r->ipv6) {
		json_string(&j, "ipv6", text6(ppp->ipv6cp.id, text));
		json_string(&j, "peer_ipv6", text6(ppp->ipv6cp.peer_id, text));
	}
	json_integer(&j, "mtu", r->mtu);
	json_open(&j, "dns", '[');
	for (int i = 0; i < 2; i++)
		if (ppp->ipcp.dns[i] != 0)
			json_string(&j, NULL, text4(ppp->ipcp.dns[i], text));
	json_close(&j, ']');
	json_string(&j, "server", r->client->report.peer);
	json_string(&j, "tls_version", r->client->report.tls_version);
	json_string(&j, "tls_cipher", r->client->report.tls_cipher);
	json_number(&j, "seconds", r->client->report.total);
	json_close(&j, '}');
	putchar('\n');
}

void
tunnel_print_up(const struct tunnel_result *result)
{
	if (result->options->output == OUTPUT_JSON)
		print_up_json(result);
	else
		print_up_text(result);
	fflush(stdout);
}

/* --- end --- */

static void
print_end_text(const struct tunnel_result *r)
{
	const struct client_report *report = &r->client->report;

	printf("SSTP %s - %s", status_name(r->status), r->message);
	if (report->was_up)
		printf(" | up=%.3fs in=%lluB out=%lluB packets-in=%llu "
		       "packets-out=%llu dropped=%llu",
		    r->seconds, (unsigned long long)report->bytes_in,
		    (unsigned long long)report->bytes_out,
		    (unsigned long long)report->packets_in,
		    (unsigned long long)report->packets_out,
		    (unsigned long long)r->dropped);
	putchar('\n');
	if (r->hint != NULL && r->status != STATUS_OK)
		printf("hint: %s\n", r->hint);
}

static void
print_end_json(const struct tunnel_result *r)
{
	const struct client_report *report = &r->client->report;
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_string(&j, "event", "end");
	json_string(&j, "status", status_name(r->status));
	json_integer(&j, "exit", r->status);
	json_string(&j, "message", r->message);
	if (r->hint != NULL && r->status != STATUS_OK)
		json_string(&j, "hint", r->hint);
	if (report->cause != CAUSE_NONE) {
		json_string(
		    &j, "failed_at", client_stage_name(report->failed_at));
		json_string(&j, "cause", client_cause_name(report->cause));
	}
	json_string(&j, "server", report->peer);
	if (report->was_up) {
		json_bool(&j, "left_clean", report->left_clean);
		json_number(&j, "seconds", r->seconds);
		json_integer(&j, "bytes_in", (int64_t)report->bytes_in);
		json_integer(&j, "bytes_out", (int64_t)report->bytes_out);
		json_integer(&j, "packets_in", (int64_t)report->packets_in);
		json_integer(&j, "packets_out", (int64_t)report->packets_out);
		json_integer(&j, "dropped", (int64_t)r->dropped);
	}
	json_close(&j, '}');
	putchar('\n');
}

void
tunnel_print_end(const struct tunnel_result *result)
{
	if (result->options->output == OUTPUT_JSON)
		print_end_json(result);
	else
		print_end_text(result);
	fflush(stdout);
}
