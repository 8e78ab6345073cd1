/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What all fuzz targets share. With libFuzzer (make fuzz) its main() calls the
 * target; in "make check" replay.c does, with the seeds.
 */

#ifndef SSTPD_TEST_FUZZ_H
#define SSTPD_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; always returns 0, and aborts where a property does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                     \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s: does not hold: %s\n",      \
			    __FILE__, __LINE__, __func__, #condition);         \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
