/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The pppd that sessions will get: its version, its options, its plugin. */

#ifndef SSTPD_DOCTOR_PPPD_H
#define SSTPD_DOCTOR_PPPD_H

struct conf;
struct doctor;

/* Returns the version, 0 if it is not known. */
unsigned int doctor_pppd(struct doctor *d, const struct conf *conf);

#endif
