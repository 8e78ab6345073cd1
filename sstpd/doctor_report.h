/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The findings of "sstpd --deep": each is a verdict on one area, what was
 * found, and for all that is not fine what to do about it. Printed as they
 * come, as text or as one JSON object.
 */

#ifndef SSTPD_DOCTOR_REPORT_H
#define SSTPD_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAULT };

enum { DOCTOR_TEXT_MAX = 2048 };

struct doctor {
	FILE *out;
	bool as_json;
	struct json json;
	enum doctor_verdict worst;
};

/* out stays the caller's. */
void doctor_begin(struct doctor *d, FILE *out, bool as_json);

/*
 * One finding. The text of a warning or a fault has two lines: what was found,
 * and what to do. Control characters are replaced, the rest is cut at
 * DOCTOR_TEXT_MAX.
 */
void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *area,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Finish the output. Returns the exit status: 0, 1 (warnings), 2 (faults). */
int doctor_end(struct doctor *d);

#endif
