/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What failed authentications cost an address: a pause that doubles each time,
 * then a ban. The monitor counts, as it hears of all pppd; workers read its
 * table and turn the address away.
 */

#ifndef SSTPD_BANS_H
#define SSTPD_BANS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "peers.h"

struct bans_result {
	uint32_t failures; /* counting this one */
	uint32_t pause;	   /* ms that the address is turned away for */
	bool banned;	   /* that is the ban-time */
	bool begins;	   /* and the address was not banned before */
};

/* One more failure of an address. now is peers_now(). */
struct bans_result bans_failure(
    struct peers *peers, const struct conf *conf, uint64_t key, uint64_t now);

#endif
