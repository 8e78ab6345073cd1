/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A record for the journal of systemd in its native protocol: MESSAGE is the
 * line of text, and every field of the record is one of the journal's, too,
 * SSTPD_ and its name in upper case.
 */

#ifndef SSTPD_LOG_JOURNAL_H
#define SSTPD_LOG_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "log_record.h"

enum { LOG_JOURNAL_MAX = 8192 };

/* facility is one of syslog's. Returns the length of the entry. */
size_t log_journal_entry(const struct log_record *r, pid_t pid, int facility,
    uint8_t entry[static LOG_JOURNAL_MAX]);

#endif
