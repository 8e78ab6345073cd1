/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A worker process: unprivileged, in an empty chroot, faces the network. It
 * gets its configuration, certificates and sockets as messages, and asks the
 * monitor, by enum, for what needs root.
 */

#ifndef SSTPD_WORKER_H
#define SSTPD_WORKER_H

/* Run until told to stop or the monitor is gone. serial makes ids unique. */
int worker_main(unsigned int serial);

#endif
