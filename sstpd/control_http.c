/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* What the control process says to Prometheus and to load balancers. */

#include <stdlib.h>
#include <string.h>

#include "control_private.h"

void
control_answer_http(
    struct control_client *c, const char *status, const char *body)
{
	if (!control_begin(c))
		return;
	fprintf(c->out,
	    "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    status, strlen(body), body);
	control_finish(c);
}

/* Who it is; nobody in particular if that cannot be found out. */
void
control_answer_metrics(struct control_client *c, const struct report *r)
{
	char *body = NULL;
	size_t n;
	FILE *out = open_memstream(&body, &n);

	if (out == NULL) {
		control_free(c);
		return;
	}
	report_metrics(r, out);
	if (fclose(out) != 0 || !control_begin(c)) {
		free(body);
		return;
	}
	fprintf(c->out,
	    "HTTP/1.1 200 OK\r\n"
	    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    n);
	fwrite(body, 1, n, c->out);
	free(body);
	control_finish(c);
}

static void
http_ready(struct control_client *c)
{
	const struct stats_monitor *m = c->clients->report.monitor;
	const char *not_ready = NULL;

	if (m->draining)
		not_ready = "draining\n";
	else if (m->workers == 0)
		not_ready = "no worker\n";
	control_answer_http(c, not_ready ? "503 Service Unavailable" : "200 OK",
	    not_ready ? not_ready : "ok\n");
}

void
control_run_http(struct control_client *c, const char *head)
{
	if (strncmp(head, "GET ", 4) != 0)
		control_answer_http(
		    c, "405 Method Not Allowed\r\nAllow: GET", "only GET\n");
	else if (strncmp(head + 4, "/metrics ", 9) == 0)
		control_ask(c, THEN_METRICS, MSG_SAMPLE, 0);
	else if (strncmp(head + 4, "/healthz ", 9) == 0)
		control_answer_http(c, "200 OK", "ok\n");
	else if (strncmp(head + 4, "/readyz ", 8) == 0)
		http_ready(c);
	else
		control_answer_http(
		    c, "404 Not Found", "/metrics, /healthz, /readyz\n");
}
