/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Writes one JSON document, commas and quotes included. Keys are ours and need
 * no escapes; NULL where an array wants none.
 */

#ifndef SSTP_PROBE_JSON_H
#define SSTP_PROBE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma; /* before the next value */
};

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, double number);
void json_integer(struct json *j, const char *key, int64_t number);
void json_bool(struct json *j, const char *key, bool value);

#endif
