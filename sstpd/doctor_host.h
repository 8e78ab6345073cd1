/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The host: kernel, forwarding, limits, user, addresses to listen on. */

#ifndef SSTPD_DOCTOR_HOST_H
#define SSTPD_DOCTOR_HOST_H

struct conf;
struct doctor;

void doctor_host(struct doctor *d, const struct conf *conf);

#endif
