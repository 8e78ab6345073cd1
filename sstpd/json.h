/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Writing JSON, RFC 8259: commas, quotes and escapes in one place. */

#ifndef SSTPD_JSON_H
#define SSTPD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma; /* the next value needs one before it */
};

/* key is NULL in an array, and for the outermost value. */
void json_open(struct json *j, const char *key, char bracket); /* { or [ */
void json_close(struct json *j, char bracket);		       /* } or ] */
void json_number(struct json *j, const char *key, double value);
void json_integer(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* What is not UTF-8 becomes U+FFFD. */
void json_string(struct json *j, const char *key, const char *text);
/* Up to n bytes or a NUL. */
void json_text(struct json *j, const char *key, const char *text, size_t n);

#endif
