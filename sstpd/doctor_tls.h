/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Certificates, keys and names, as a client will see them. Nothing is asked of
 * the network.
 */

#ifndef SSTPD_DOCTOR_TLS_H
#define SSTPD_DOCTOR_TLS_H

struct conf;
struct doctor;

/* name is what clients dial; NULL: the name of this host is tried. */
void doctor_tls(struct doctor *d, const struct conf *conf, const char *name);

#endif
