/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which bytes are UTF-8. */

#include "utf8.h"

/* By the first byte: how many there are, and what the second may be. */
static const struct row {
	unsigned char first, last, length, low, high;
} rows[] = {
	{ 0x00, 0x7f, 1, 0, 0 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct row *
find(unsigned char first)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (first >= rows[i].first && first <= rows[i].last)
			return &rows[i];
	return NULL;
}

size_t
utf8_length(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	const struct row *row = n > 0 ? find(u[0]) : NULL;

	if (row == NULL || row->length > n)
		return 0;
	if (row->length > 1 && (u[1] < row->low || u[1] > row->high))
		return 0;
	for (size_t i = 2; i < row->length; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return row->length;
}
