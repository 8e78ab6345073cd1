/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Which device the packets of clients take, as far as that can be told before
 * there is a session. The last word is the plugin's, see enum keymsg_no_tun.
 */

#ifndef SSTPD_DATA_PATH_H
#define SSTPD_DATA_PATH_H

#include <stdbool.h>

#include "conf.h"

enum { DATA_PATH_TEXT_MAX = 128 };

/* What the log has been told of each profile; all zero: nothing yet. */
struct data_path_told {
	struct data_path_of {
		char name[CONF_NAME_MAX];
		char why[DATA_PATH_TEXT_MAX];
		bool
		    unwanted; /* the pty, although a tun device was asked for */
	} profiles[CONF_PROFILES_MAX];
	unsigned int count;
};

/*
 * Whether a tun device, and why in words. version is pppd's, as of
 * pppd_parse_version().
 */
bool data_path_is_tun(const struct conf *conf,
    const struct conf_profile *profile, unsigned int version,
    char why[static DATA_PATH_TEXT_MAX]);

/*
 * Say in the log what has changed since the last time: one line, and one more
 * for each profile where it is another. Runs pppd for its version, 20 seconds
 * at most.
 */
void data_path_tell(const struct conf *conf, struct data_path_told *told);

#endif
