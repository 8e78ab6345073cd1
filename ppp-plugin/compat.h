/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Everything that differs between pppd 2.4.9 and 2.5, so that the plugin does
 * not know which one it is built for. It is written against the names of 2.5;
 * here they are made for 2.4.9. What neither has by one name is called pppd_*.
 */

#ifndef SSTPD_PLUGIN_COMPAT_H
#define SSTPD_PLUGIN_COMPAT_H

#include "config.h"

#include <stdint.h>
#include <string.h>

#ifdef HAVE_PPPD_PPPDCONF_H

#include <pppd/pppd.h>
#include <pppd/options.h>
#include <pppd/fsm.h>
#include <pppd/lcp.h>
#include <pppd/ipcp.h>
#include <pppd/eui64.h>
#include <pppd/ipv6cp.h>
#include <pppd/chap.h>
#include <pppd/crypto.h>
#include <pppd/eap.h>
#include <pppd/mppe.h>

#ifndef PPP_WITH_MPPE
static inline int
mppe_get_recv_key(unsigned char *key, int length)
{
	(void)key, (void)length;
	return 0;
}

static inline int
mppe_get_send_key(unsigned char *key, int length)
{
	(void)key, (void)length;
	return 0;
}
#endif

/* Whether eap_states looks in this pppd as it does in its headers. */
static inline int
pppd_eap_known(void)
{
	return 1;
}

/* As long as the option tls-verify-method is not given, 2.5 lets anybody with
 * a certificate of the CA be called what he likes; 2.4.9 compares the names.
 * The variable is in no header, so its absence must do no harm. */
extern char *tls_verify_method __attribute__((weak));

static inline void
pppd_compare_names(void)
{
	static char by_name[] = "name";

	if (&tls_verify_method != NULL && tls_verify_method == NULL)
		tls_verify_method = by_name;
}

static inline void
pppd_load_digest(const PPP_MD *type)
{
	PPP_MD_CTX *context = PPP_MD_CTX_new();

	if (context == NULL)
		return;
	if (type != NULL)
		PPP_DigestInit(context, type);
	PPP_MD_CTX_free(context);
}

/*
 * OpenSSL looks for an algorithm when it is first used, which takes long and
 * fills caches; a template does it for all clones.
 */
static inline void
pppd_load_algorithms(void)
{
	unsigned char key[8] = { 0 };
	PPP_CIPHER_CTX *context = PPP_CIPHER_CTX_new();

	pppd_load_digest(PPP_md4());
	pppd_load_digest(PPP_md5());
	pppd_load_digest(PPP_sha1());
	if (context == NULL)
		return;
	if (PPP_des_ecb() != NULL)
		PPP_CipherInit(context, PPP_des_ecb(), key, NULL, 1);
	PPP_CIPHER_CTX_free(context);
}

/* Only right in an ip-down or ipv6-down notifier: later there is no device. */
static inline void
pppd_link_bytes(uint64_t *in, uint64_t *out)
{
	ppp_link_stats_st stats;

	if (ppp_get_link_stats(&stats)) {
		*in = stats.bytes_in;
		*out = stats.bytes_out;
	}
}

#else /* 2.4.9 */

/*
 * These headers depend on the flags pppd was built with and do not record
 * them. All distributions take its Makefile's defaults, which are these.
 */
#define INET6	   1
#define CHAPMS	   1
#define MPPE	   1
#define USE_EAPTLS 1

#include <pppd/pppd.h>
#include <pppd/patchlevel.h>
#include <pppd/fsm.h>
#include <pppd/lcp.h>
#include <pppd/ipcp.h>
#include <pppd/eui64.h>
#include <pppd/ipv6cp.h>
#include <pppd/chap-new.h>
#include <pppd/chap_ms.h>
#include <pppd/eap.h>

#define PPPD_VERSION	  VERSION
#define PPP_WITH_IPV6CP	  1

#define ppp_int_option	  int_option
#define ppp_option_error  option_error
#define ppp_add_options	  add_options
#define ppp_script_setenv script_setenv
#define ppp_timeout	  timeout
#define ppp_get_mtu	  netif_get_mtu

typedef void(ip_choose_hook_fn)(u_int32_t *);

typedef enum {
	NF_PHASE_CHANGE,
	NF_EXIT,
	NF_IP_UP,
	NF_IP_DOWN,
	NF_IPV6_UP,
	NF_IPV6_DOWN,
} ppp_notify_t;

static inline void
ppp_add_notify(ppp_notify_t type, notify_func function, void *context)
{
	struct notifier **const lists[] = {
		[NF_PHASE_CHANGE] = &phasechange,
		[NF_EXIT] = &exitnotify,
		[NF_IP_UP] = &ip_up_notifier,
		[NF_IP_DOWN] = &ip_down_notifier,
		[NF_IPV6_UP] = &ipv6_up_notifier,
		[NF_IPV6_DOWN] = &ipv6_down_notifier,
	};

	add_notifier(lists[type], function, context);
}

static inline const char *
ppp_peer_authname(char *buffer, size_t size)
{
	strlcpy(buffer, peer_authname, size);
	return buffer;
}

static inline const char *
ppp_ifname(void)
{
	return ifname;
}

static inline void
ppp_set_status(int code)
{
	status = code;
}

static inline int
ppp_status(void)
{
	return status;
}

static inline int
pppd_copy_key(unsigned char *key, const unsigned char *from, int length)
{
	if (!mppe_keys_set)
		return 0;
	if (length > MPPE_MAX_KEY_LEN)
		length = MPPE_MAX_KEY_LEN;
	memcpy(key, from, (size_t)length);
	return length;
}

static inline int
mppe_get_recv_key(unsigned char *key, int length)
{
	return pppd_copy_key(key, mppe_recv_key, length);
}

static inline int
mppe_get_send_key(unsigned char *key, int length)
{
	return pppd_copy_key(key, mppe_send_key, length);
}

/* A pppd built without EAP-TLS lacks this function, and fields in the middle
 * of eap_states with it. Only the address is looked at. */
extern void eaptls_gen_mppe_keys(void) __attribute__((weak));

static inline int
pppd_eap_known(void)
{
	return eaptls_gen_mppe_keys != NULL;
}

static inline void
pppd_compare_names(void)
{
}

static inline void
pppd_load_algorithms(void)
{
}

/* pppd has just brought them up to date when it calls a down notifier. */
static inline void
pppd_link_bytes(uint64_t *in, uint64_t *out)
{
	*in = link_stats.bytes_in;
	*out = link_stats.bytes_out;
}

#endif /* 2.4.9 */

/* The EAP type by which the peer has just authenticated, 0 when not known. */
static inline int
pppd_eap_type(void)
{
	const struct eap_auth *server = &eap_states[0].es_server;

	if (!pppd_eap_known())
		return 0;
#ifdef EAPT_EXPANDED /* after 2.5.2 the type is kept in one place */
	return server->ea_authtype;
#else
	/* EAP-TLS is the one that does not set ea_type; it ends in this */
	return server->ea_state == eapTlsRecvClient ? EAPT_TLS
						    : server->ea_type;
#endif
}

#ifdef PPP_WITH_IPV6CP
#define pppd_add_notify_ipv6 ppp_add_notify

static inline void
pppd_interface_ids(uint8_t local[8], uint8_t remote[8])
{
	memcpy(local, ipv6cp_gotoptions[0].ourid.e8, 8);
	memcpy(remote, ipv6cp_hisoptions[0].hisid.e8, 8);
}
#else
static inline void
pppd_add_notify_ipv6(ppp_notify_t type, ppp_notify_fn *function, void *context)
{
	(void)type, (void)function, (void)context;
}

static inline void
pppd_interface_ids(uint8_t local[8], uint8_t remote[8])
{
	(void)local, (void)remote;
}
#endif

#endif
