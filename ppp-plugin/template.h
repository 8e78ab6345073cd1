/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * A pppd that has read its options and waits, for the daemon to have it cloned:
 * loading libraries and reading options is most of what a pppd costs at its
 * start.
 */

#ifndef SSTPD_PLUGIN_TEMPLATE_H
#define SSTPD_PLUGIN_TEMPLATE_H

/*
 * Serve the daemon's requests on this channel until it closes that, which ends
 * the process. Returns in clones only: 1, with a channel of its own in that
 * descriptor and its log in the places of the output, and the arguments (tty,
 * "remotenumber" and its value, "ipparam" and its value) rewritten for pppd to
 * go on with; or 0 if these are not what follows. Knows nothing of pppd, whose
 * state is the caller's business.
 */
int template_serve(int channel, char **arguments);

#endif
