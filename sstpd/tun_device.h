/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Making a tun device for one session. It has a virtio header before each
 * packet, with as many offloads as the kernel knows, no addresses, and exists
 * as long as its descriptor, or a copy of that, is open.
 */

#ifndef SSTPD_TUN_DEVICE_H
#define SSTPD_TUN_DEVICE_H

enum { TUN_NAME_MAX = 16 };

/*
 * Make one under a name that is not in use, and write that name; wanted is the
 * name, or has "%d" for a number that makes it one that is free. Returns its
 * descriptor (non-blocking, close-on-exec), or -1 with errno (EBUSY: the name
 * is taken) and *what naming the call that failed. Needs CAP_NET_ADMIN.
 */
int tun_device_make(
    const char *wanted, char name[static TUN_NAME_MAX], const char **what);

/* Whether there can be one: 0, or -1 with errno. */
int tun_device_probe(void);

#endif
