/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Strict converters between the text of one configuration value and what it
 * means. A text is right as a whole or it is refused: no sign, no leading
 * zero, no space, nothing after it. They know no option and report no error.
 */

#ifndef SSTPD_CONF_VALUE_H
#define SSTPD_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

enum {
	CONF_VALUE_MAX = 900, /* bytes of a value, each comma counted twice */
	CONF_TIME_TEXT = 16,
	CONF_LISTEN_TEXT = 64,
	CONF_RANGE_TEXT = 40,
};

/* Each parser leaves its result alone unless it returns true. */
bool conf_value_number(
    const char *text, uint32_t min, uint32_t max, uint32_t *value);
/* A number with its unit, ms, s, m or h; min, max and *ms are in ms. */
bool conf_value_time(
    const char *text, uint32_t min, uint32_t max, uint32_t *ms);
/* A number of bytes, or of K, M or G of 1024 each. */
bool conf_value_size(
    const char *text, uint32_t min, uint32_t max, uint32_t *bytes);
bool conf_value_ipv4(const char *text, uint32_t *address);

/*
 * ADDRESS:PORT, [IPv6]:PORT or *:PORT. Returns how many of both were filled:
 * 2 for "*", whose IPv6 half is optional, or 0 if the text is wrong.
 */
unsigned int conf_value_listen(
    const char *text, struct conf_listen both[static 2]);

bool conf_value_is_name(const char *text); /* of a user, of a profile */
/* A host's name, or such with "*." before it. */
bool conf_value_is_server_name(const char *text);
bool conf_value_is_path(const char *text); /* absolute */
bool conf_value_is_text(const char *text); /* printable ASCII */

/*
 * Take the next of a list's comma-separated items, without spaces around it.
 * *rest is the list at first and NULL after the last item; returns false then.
 * "a," has two items, the second being empty, and "" has one.
 */
bool conf_value_next_item(
    const char **rest, char item[static CONF_VALUE_MAX + 1]);

/* ASCII letters only, in place. */
void conf_value_to_lower(char *text);

/* Remove blanks at both ends, in place. */
char *conf_value_trim(char *text);

/* What conf_print() writes: the shortest text that parses to the same. */
void conf_value_format_time(uint32_t ms, char text[static CONF_TIME_TEXT]);
void conf_value_format_size(uint32_t bytes, char text[static CONF_TIME_TEXT]);
void conf_value_format_listen(
    const struct conf_listen *listen, char text[static CONF_LISTEN_TEXT]);
void conf_value_format_ipv4(
    uint32_t address, char text[static CONF_RANGE_TEXT]);
void conf_value_format_range(
    const struct ippool_range *range, char text[static CONF_RANGE_TEXT]);

#endif
