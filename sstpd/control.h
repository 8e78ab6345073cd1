/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The control process: unprivileged, in an empty chroot, answers sstpctl on a
 * Unix socket and Prometheus over HTTP. It reads tables that others write, sees
 * neither key nor packet, and asks the monitor by enum for what is to be done.
 */

#ifndef SSTPD_CONTROL_H
#define SSTPD_CONTROL_H

/* Run until the monitor is gone. */
int control_main(void);

#endif
