/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * "sstpd --client-config": what to do on a client so that it connects to this
 * server. It reads the configuration and the first certificate, no key and no
 * password.
 */

#ifndef SSTPD_CLIENT_CONFIG_H
#define SSTPD_CLIENT_CONFIG_H

/*
 * Print the steps for client, or for all of them if it is NULL. name is what
 * clients dial; NULL: the first name of the certificate. Returns the exit
 * status: 0, 1 if the certificate cannot be read or has no name, 2 if the
 * configuration, the name or the client is wrong.
 */
int client_config_main(const char *path, const char *name, const char *client);

#endif
