/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Why a crypto binding was refused, for the log; nothing here decides. */

#ifndef SSTPD_BINDING_DIAGNOSE_H
#define SSTPD_BINDING_DIAGNOSE_H

#include "binding.h"
#include "cause.h"

/* Why a call ends for this result; NO_CAUSE for BINDING_VERIFIED. */
enum end_cause binding_cause(enum binding_result result);

/*
 * What has probably gone wrong when binding_verify() has said BINDING_BAD_MAC:
 * the MAC is compared with those of mistakes seen in the field.
 * CAUSE_BINDING_MAC: none of them.
 */
enum end_cause binding_diagnose(const struct binding_keys *keys,
    const uint8_t message[static SSTP_CALL_CONNECTED_LEN]);

#endif
