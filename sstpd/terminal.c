/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Strangers' text on a terminal. */

#include <stdbool.h>
#include <string.h>

#include "terminal.h"
#include "utf8.h"

/* ASCII's controls, and U+0080 to U+009F, which some terminals obey, too. */
static bool
is_control(const char *p, size_t length)
{
	unsigned char first = (unsigned char)p[0];

	if (length == 1)
		return first < 0x20 || first == 0x7f;
	return length == 2 && first == 0xc2 && (unsigned char)p[1] < 0xa0;
}

/*
 * Write the character that the n bytes at text, not none, begin with. Returns
 * how many bytes it has.
 */
static size_t
put_character(FILE *out, const char *text, size_t n)
{
	size_t length = utf8_length(text, n);

	if (length == 0 || is_control(text, length))
		putc('?', out);
	else
		fwrite(text, 1, length, out);
	return length > 0 ? length : 1;
}

void
terminal_put(FILE *out, const char *text, size_t n)
{
	n = strnlen(text, n);
	for (size_t i = 0; i < n;)
		i += put_character(out, text + i, n - i);
}

/*
 * At most, for the character at text; its bytes in *length. Wide ones begin at
 * U+1100, which has three bytes.
 */
static size_t
columns_of(const char *text, size_t n, size_t *length)
{
	*length = utf8_length(text, n);
	if (*length >= 3 && memcmp(text, "\xe1\x84", 2) >= 0)
		return 2;
	*length += *length == 0;
	return 1;
}

static size_t
count_columns(const char *text, size_t n)
{
	size_t columns = 0, length;

	for (size_t i = 0; i < n; i += length)
		columns += columns_of(text + i, n - i, &length);
	return columns;
}

void
terminal_put_column(FILE *out, const char *text, size_t n, size_t width)
{
	size_t used = 0, room, length;

	n = strnlen(text, n);
	room = count_columns(text, n) > width ? width - 1 : width;
	for (size_t i = 0; i < n; i += length) {
		size_t columns = columns_of(text + i, n - i, &length);

		if (used + columns > room)
			break;
		put_character(out, text + i, n - i);
		used += columns;
	}
	if (room < width) {
		putc('+', out);
		used++;
	}
	fprintf(out, "%*s", (int)(width - used) + 1, "");
}
