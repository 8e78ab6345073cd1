/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Findings, as text or JSON. */

#include <stdarg.h>
#include <string.h>

#include "doctor_report.h"

static const char *const verdict_names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAULT] = "fault",
};

void
doctor_begin(struct doctor *d, FILE *out, bool as_json)
{
	*d = (struct doctor){ .out = out, .as_json = as_json };
	d->json.out = out;
	if (!as_json)
		return;
	json_open(&d->json, NULL, '{');
	json_open(&d->json, "findings", '[');
}

/* Names in certificates and the words of other programs are in it. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

static void
print_json(struct doctor *d, enum doctor_verdict verdict, const char *area,
    const char *found, const char *advice)
{
	json_open(&d->json, NULL, '{');
	json_string(&d->json, "verdict", verdict_names[verdict]);
	json_string(&d->json, "area", area);
	json_string(&d->json, "found", found);
	if (advice != NULL)
		json_string(&d->json, "advice", advice);
	json_close(&d->json, '}');
}

static void
print_text(struct doctor *d, enum doctor_verdict verdict, const char *area,
    const char *found, const char *advice)
{
	fprintf(d->out, "%-7s  %s: %s\n", verdict_names[verdict], area, found);
	if (advice != NULL)
		fprintf(d->out, "         %s\n", advice);
}

void
doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *area,
    const char *fmt, ...)
{
	char text[DOCTOR_TEXT_MAX], *advice;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	advice = strchr(text, '\n');
	if (advice != NULL) {
		*advice++ = '\0';
		clean(advice);
	}
	clean(text);
	if (verdict > d->worst)
		d->worst = verdict;
	if (d->as_json)
		print_json(d, verdict, area, text, advice);
	else
		print_text(d, verdict, area, text, advice);
}

int
doctor_end(struct doctor *d)
{
	if (d->as_json) {
		json_close(&d->json, ']');
		json_string(&d->json, "verdict", verdict_names[d->worst]);
		json_close(&d->json, '}');
		putc('\n', d->out);
	}
	fflush(d->out);
	return (int)d->worst;
}
