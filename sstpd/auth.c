/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Which authentications count. */

#include <string.h>

#include "auth.h"

static const struct row {
	const char *name;
	uint32_t allowed_by; /* enum conf_auth; 0: never */
	uint8_t key_len;     /* least length of each key; 0: gives none */
} methods[] = {
	[KEYMSG_METHOD_NONE] = { "none", 0, 0 },
	[KEYMSG_METHOD_PAP] = { "PAP", CONF_AUTH_PAP, 0 },
	[KEYMSG_METHOD_CHAP_MD5] = { "CHAP-MD5", CONF_AUTH_CHAP_MD5, 0 },
	/* its binding is not specified */
	[KEYMSG_METHOD_MSCHAP_V1] = { "MS-CHAPv1", 0, 16 },
	[KEYMSG_METHOD_MSCHAP_V2] = { "MS-CHAPv2", CONF_AUTH_MSCHAP_V2, 16 },
	[KEYMSG_METHOD_EAP_MD5] = { "EAP-MD5", 0, 0 },
	/* 3.2.5.2.2 takes 32 bytes of the key; pppd 2.4 keeps only 16 */
	[KEYMSG_METHOD_EAP_TLS] = { "EAP-TLS", CONF_AUTH_EAP, 32 },
	[KEYMSG_METHOD_EAP_PEAP] = { "PEAP", CONF_AUTH_EAP, 32 },
	[KEYMSG_METHOD_EAP_MSCHAP_V2] = { "EAP-MSCHAPv2", CONF_AUTH_EAP, 16 },
	[KEYMSG_METHOD_EAP_OTHER] = { "EAP", CONF_AUTH_EAP, 16 },
};

static const struct row *
find(unsigned int method)
{
	if (method >= sizeof(methods) / sizeof(methods[0]))
		return &methods[KEYMSG_METHOD_NONE];
	return &methods[method];
}

const char *
auth_method_name(unsigned int method)
{
	return find(method)->name;
}

enum end_cause
auth_verdict(
    uint32_t allowed, const struct keymsg_auth *auth, struct binding_keys *keys)
{
	const struct row *row = find(auth->method);

	binding_keys_wipe(keys);
	if (!(row->allowed_by & allowed))
		return CAUSE_AUTH_METHOD_NOT_ALLOWED;
	if (row->key_len == 0) {
		keys->state = KEYS_NONE;
		return NO_CAUSE;
	}
	if (auth->receive_len == 0)
		return CAUSE_BINDING_NO_KEYS;
	if (auth->receive_len < row->key_len || auth->receive_len > 32 ||
	    auth->send_len > 32)
		return CAUSE_BINDING_SHORT_KEYS;
	keys->receive_len = auth->receive_len;
	keys->send_len = auth->send_len;
	memcpy(keys->receive, auth->receive, auth->receive_len);
	memcpy(keys->send, auth->send, auth->send_len);
	keys->state = KEYS_MPPE;
	return NO_CAUSE;
}

bool
auth_accept(uint32_t allowed, const struct keymsg_auth *auth,
    struct binding_keys *keys, const char **why)
{
	enum end_cause cause = auth_verdict(allowed, auth, keys);

	*why = cause_info(cause)->reason;
	return cause == NO_CAUSE;
}
