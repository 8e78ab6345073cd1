/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Why a connection or session ended. A number that Windows shows stands here
 * only where it is known from the field or the vendor to go with that cause.
 */

#include <stddef.h>

#include "cause.h"

#define WINDOWS_TLS "0x80090326, 0x80090331"
/* the crypto binding failed: the client logs that its server was not proved */
#define WINDOWS_BINDING "RasSstp event 6"

/* clang-format off */
static const struct cause_info table[] = {
	[NO_CAUSE] = { "unknown", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "closed", NULL,
	    "this is a fault of sstpd, please report it with its log" },

	[CAUSE_CLIENT_CLOSED] = { "client-closed", AT_ANY, BY_CLIENT,
	    ENDS_WELL_IF_UP, "client closed the connection", NULL, NULL },
	[CAUSE_TCP_RESET] = { "tcp-reset", AT_ANY, BY_NETWORK, ENDS_BADLY,
	    "the connection was reset", NULL,
	    "the client crashed or left its network, or a firewall, NAT or load "
	    "balancer forgot the connection" },
	[CAUSE_TCP_TIMEOUT] = { "tcp-timeout", AT_ANY, BY_NETWORK, ENDS_BADLY,
	    "the network does not deliver any more", NULL,
	    "the client lost its network, or the path between is broken" },
	[CAUSE_TCP_FAILED] = { "tcp-failed", AT_ANY, BY_NETWORK, ENDS_BADLY,
	    "the connection failed", NULL, NULL },
	[CAUSE_CLIENT_NOT_READING] = { "client-not-reading", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "client does not read what it asks for", NULL, NULL },

	[CAUSE_TLS_TIMEOUT] = { "tls-timeout", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "TLS handshake not complete in time", NULL, NULL },
	[CAUSE_TLS_PLAIN_HTTP] = { "tls-plain-http", AT_TLS, BY_SERVER,
	    ENDS_BADLY, "plain HTTP came on a port for TLS", NULL,
	    "a proxy in front must pass TLS through, a browser needs https://" },
	[CAUSE_TLS_PROXY_HEADER] = { "tls-proxy-header", AT_TLS, BY_SERVER,
	    ENDS_BADLY, "a PROXY protocol header came before TLS", NULL,
	    "the load balancer sends it: switch it off there for this port" },
	[CAUSE_TLS_NOT_TLS] = { "tls-not-tls", AT_TLS, BY_SERVER, ENDS_BADLY,
	    "what came is not TLS", NULL, NULL },
	[CAUSE_TLS_NO_SHARED_VERSION] = { "tls-no-shared-version", AT_TLS,
	    BY_SERVER, ENDS_BADLY, "no version of TLS in common", WINDOWS_TLS,
	    "see min-version and max-version in sstpd.conf(5), or update the "
	    "client" },
	[CAUSE_TLS_NO_SHARED_CIPHER] = { "tls-no-shared-cipher", AT_TLS,
	    BY_SERVER, ENDS_BADLY, "no cipher suite in common", WINDOWS_TLS,
	    "see ciphers in sstpd.conf(5); a client that knows RSA only needs "
	    "an RSA certificate, also beside an ECDSA one" },
	[CAUSE_TLS_NO_SHARED_GROUP] = { "tls-no-shared-group", AT_TLS,
	    BY_SERVER, ENDS_BADLY, "no group for the key exchange in common",
	    WINDOWS_TLS, "see groups in sstpd.conf(5)" },
	[CAUSE_TLS_NO_SHARED_SIGNATURE] = { "tls-no-shared-signature", AT_TLS,
	    BY_SERVER, ENDS_BADLY,
	    "client cannot verify signatures of our certificate's key",
	    WINDOWS_TLS,
	    "give an RSA and an ECDSA certificate, see sstpd.conf(5)" },
	[CAUSE_TLS_CERTIFICATE_EXPIRED] = { "tls-certificate-expired", AT_ANY,
	    BY_CLIENT, ENDS_BADLY, "client says our certificate has expired",
	    "0x800B0101",
	    "renew it and send SIGHUP; if it is valid, look at the client's "
	    "clock" },
	[CAUSE_TLS_CERTIFICATE_UNTRUSTED] = { "tls-certificate-untrusted",
	    AT_ANY, BY_CLIENT, ENDS_BADLY,
	    "client does not trust who issued our certificate",
	    "0x800B0109, 0x800B010A",
	    "the intermediate must be in our file, and the root in the client's "
	    "machine store" },
	[CAUSE_TLS_CERTIFICATE_REJECTED] = { "tls-certificate-rejected", AT_ANY,
	    BY_CLIENT, ENDS_BADLY, "client rejects our certificate", NULL,
	    "the name that was dialled must be in its subjectAltName, its "
	    "revocation list within the client's reach" },
	[CAUSE_TLS_CLIENT_ALERT] = { "tls-client-alert", AT_ANY, BY_CLIENT,
	    ENDS_BADLY, "client ended TLS with an alert", NULL, NULL },
	[CAUSE_TLS_CLIENT_LEFT] = { "tls-client-left", AT_ANY, BY_CLIENT,
	    ENDS_BADLY,
	    "client left after it saw our certificate, without a request",
	    "0x800B0101, 0x800B0109, 0x800B010A, 0x800B010F, 0x80092013",
	    "if it is a VPN client, it rejects the certificate: expired, not "
	    "trusted, without the dialled name, or revocation unknown" },
	[CAUSE_TLS_FAILED] = { "tls-failed", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "TLS failed", NULL, NULL },

	[CAUSE_HTTP_TIMEOUT] = { "http-timeout", AT_HTTP, BY_SERVER, ENDS_BADLY,
	    "HTTP request not complete in time", NULL, NULL },
	[CAUSE_HTTP_NOT_SSTP] = { "http-not-sstp", AT_HTTP, BY_SERVER,
	    ENDS_BADLY, "HTTP request is not for SSTP", NULL,
	    "a web browser or a scanner" },
	[CAUSE_HTTP_BAD_REQUEST] = { "http-bad-request", AT_HTTP, BY_SERVER,
	    ENDS_BADLY, "HTTP request is broken", NULL, NULL },

	[CAUSE_SSTP_NEGOTIATION_TIMEOUT] = { "sstp-negotiation-timeout",
	    AT_SSTP, BY_SERVER, ENDS_BADLY, "no call request in time", NULL,
	    NULL },
	[CAUSE_SSTP_BAD_HEADER] = { "sstp-bad-header", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "broken SSTP packet header", NULL,
	    "not an SSTP client, or something on the path changes the stream" },
	[CAUSE_SSTP_PROTOCOL] = { "sstp-protocol", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "client does not keep to SSTP", NULL, NULL },
	[CAUSE_SSTP_REQUEST_REFUSED] = { "sstp-request-refused", AT_SSTP,
	    BY_SERVER, ENDS_BADLY, "none of the call requests was acceptable",
	    NULL, NULL },
	[CAUSE_CLIENT_ABORTED] = { "client-aborted", AT_ANY, BY_CLIENT,
	    ENDS_BADLY, "client aborted", "0x800704D4",
	    "the client's own log says more" },
	[CAUSE_CLIENT_HUNG_UP] = { "client-hung-up", AT_ANY, BY_CLIENT,
	    ENDS_WELL_IF_UP, "client hung up", NULL, NULL },

	[CAUSE_LCP_NO_ANSWER] = { "lcp-no-answer", AT_LCP, BY_SERVER,
	    ENDS_BADLY, "client does not speak PPP", "718", NULL },
	[CAUSE_LCP_TIMEOUT] = { "lcp-timeout", AT_LCP, BY_SERVER, ENDS_BADLY,
	    "client and pppd do not agree on a link in time", NULL,
	    "look for conflicting options in options.sstpd" },
	[CAUSE_LCP_FAILED] = { "lcp-failed", AT_LCP, BY_PPPD, ENDS_BADLY,
	    "client and pppd do not agree on a link", NULL,
	    "look for conflicting options in options.sstpd" },
	[CAUSE_LCP_ECHO_LOST] = { "lcp-echo-lost", AT_ANY, BY_NETWORK,
	    ENDS_BADLY, "client does not answer PPP's echo requests", NULL,
	    "the client lost its network, or sleeps" },

	[CAUSE_AUTH_FAILED] = { "auth-failed", AT_AUTH, BY_PPPD, ENDS_BADLY,
	    "authentication failed", "691",
	    "compare name, domain part and password with chap-secrets, or see "
	    "the log of the RADIUS server" },
	[CAUSE_AUTH_METHOD_REFUSED] = { "auth-method-refused", AT_AUTH, BY_PPPD,
	    ENDS_BADLY, "client refuses the methods of authentication on offer",
	    "812", "allow one of auth-methods in the client's profile" },
	[CAUSE_AUTH_METHOD_NOT_ALLOWED] = { "auth-method-not-allowed", AT_AUTH,
	    BY_SERVER, ENDS_BADLY, "authentication method is not allowed",
	    "812",
	    "see auth-methods in sstpd.conf(5), and what options.sstpd requires "
	    "or refuses" },
	[CAUSE_AUTH_TIMEOUT] = { "auth-timeout", AT_AUTH, BY_SERVER, ENDS_BADLY,
	    "authentication not complete in time", NULL,
	    "the RADIUS server does not answer, or the user is still to "
	    "confirm" },
	[CAUSE_AUTH_SERVER_REFUSED] = { "auth-server-refused", AT_AUTH, BY_PPPD,
	    ENDS_BADLY, "client wants pppd to authenticate, and that failed",
	    NULL, "no VPN client should ask for it: switch it off there" },

	[CAUSE_BINDING_NO_KEYS] = { "binding-no-keys", AT_AUTH, BY_SERVER,
	    ENDS_BADLY, "authentication gave no keys", NULL,
	    "a RADIUS server must send MS-MPPE-Send-Key, MS-MPPE-Recv-Key and "
	    "MS-MPPE-Encryption-Policy" },
	[CAUSE_BINDING_SHORT_KEYS] = { "binding-short-keys", AT_AUTH, BY_SERVER,
	    ENDS_BADLY, "keys too short for the binding", NULL,
	    "EAP-TLS and PEAP need pppd 2.5" },
	[CAUSE_BINDING_TIMEOUT] = { "binding-timeout", AT_BINDING, BY_SERVER,
	    ENDS_BADLY, "client sent no crypto binding in time", NULL,
	    "a client without support for it cannot be let in" },
	[CAUSE_BINDING_MISSING] = { "binding-missing", AT_BINDING, BY_SERVER,
	    ENDS_BADLY, "CALL_CONNECTED without a proper crypto binding", NULL,
	    NULL },
	[CAUSE_BINDING_HASH_PROTOCOL] = { "binding-hash-protocol", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding with a hash protocol that was not offered",
	    WINDOWS_BINDING, "see hash-protocols in sstpd.conf(5)" },
	[CAUSE_BINDING_NONCE] = { "binding-nonce", AT_BINDING, BY_SERVER,
	    ENDS_BADLY, "crypto binding with the nonce of another connection",
	    WINDOWS_BINDING,
	    "somebody replays what another connection carried, or the client is "
	    "broken" },
	[CAUSE_BINDING_CERTIFICATE] = { "binding-certificate", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding with the hash of another certificate",
	    WINDOWS_BINDING,
	    "TLS is intercepted between client and server, by an attacker or by "
	    "a proxy that must pass TLS through" },
	[CAUSE_BINDING_MAC] = { "binding-mac", AT_BINDING, BY_SERVER,
	    ENDS_BADLY, "crypto binding with a wrong compound MAC",
	    WINDOWS_BINDING,
	    "the keys of client and server differ: with RADIUS, pppd before "
	    "2.5.1 spoils them; else the login may be relayed" },
	[CAUSE_BINDING_MAC_ZERO_KEY] = { "binding-mac-zero-key", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with zeros instead of the keys",
	    WINDOWS_BINDING,
	    "the client has no keys of its authentication: an old sstpc, or one "
	    "without its plugin for pppd" },
	[CAUSE_BINDING_MAC_UNEXPECTED_KEY] = { "binding-mac-unexpected-key",
	    AT_BINDING, BY_SERVER, ENDS_BADLY,
	    "crypto binding made with keys, where the method gives none",
	    WINDOWS_BINDING,
	    "the client uses keys of another authentication than this PAP or "
	    "CHAP-MD5, or the login is relayed" },
	[CAUSE_BINDING_MAC_SWAPPED] = { "binding-mac-swapped", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with send and receive key swapped",
	    WINDOWS_BINDING, "a fault of the client or of pppd" },
	[CAUSE_BINDING_MAC_RECEIVE_ONLY] = { "binding-mac-receive-only",
	    AT_BINDING, BY_SERVER, ENDS_BADLY,
	    "crypto binding made with our receive key and zeros",
	    WINDOWS_BINDING, "a fault of the client" },
	[CAUSE_BINDING_MAC_SEND_ONLY] = { "binding-mac-send-only", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with our send key and zeros", WINDOWS_BINDING,
	    "a fault of the client" },
	[CAUSE_BINDING_MAC_LONG_KEYS] = { "binding-mac-long-keys", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with MS-CHAPv2 keys of 20 bytes",
	    WINDOWS_BINDING,
	    "a fault of the client: its plugin does not cut the keys that pppd "
	    "2.5 gives to 16 bytes" },
	[CAUSE_BINDING_MAC_HALVES] = { "binding-mac-halves", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with halves of both keys, not with one whole",
	    WINDOWS_BINDING,
	    "a fault of the client: EAP-TLS and PEAP take 32 bytes of one key" },
	[CAUSE_BINDING_MAC_DERIVATION] = { "binding-mac-derivation", AT_BINDING,
	    BY_SERVER, ENDS_BADLY,
	    "crypto binding made with the right keys, but derived wrongly",
	    WINDOWS_BINDING,
	    "a fault of the client: the length in its key derivation" },

	[CAUSE_IPCP_FAILED] = { "ipcp-failed", AT_IPCP, BY_PPPD, ENDS_BADLY,
	    "client and pppd do not agree on a network protocol", "720",
	    "no address for the client, or IP switched off on one side" },
	[CAUSE_POOL_EMPTY] = { "pool-empty", AT_IPCP, BY_SERVER, ENDS_BADLY,
	    "no address is left in the pool", "720",
	    "see addresses in sstpd.conf(5)" },
	[CAUSE_ADDRESS_IN_USE] = { "address-in-use", AT_IPCP, BY_SERVER,
	    ENDS_BADLY, "the client's own address is already in use", "720",
	    "its former session has not ended yet, or chap-secrets or RADIUS "
	    "give it to two" },

	[CAUSE_HELLO_LOST] = { "hello-lost", AT_ANY, BY_NETWORK, ENDS_BADLY,
	    "client is silent: no answer to an echo request", NULL,
	    "the client lost its network, or sleeps" },
	[CAUSE_IDLE_TIMEOUT] = { "idle-timeout", AT_ANY, BY_PPPD, ENDS_WELL,
	    "nothing to carry for as long as pppd's option idle allows", NULL,
	    NULL },
	[CAUSE_SESSION_TIMEOUT] = { "session-timeout", AT_ANY, BY_PPPD,
	    ENDS_WELL, "the session's time is over", NULL, NULL },
	[CAUSE_TRAFFIC_LIMIT] = { "traffic-limit", AT_ANY, BY_PPPD, ENDS_WELL,
	    "the session has carried all it may", NULL, NULL },

	[CAUSE_LIMIT_SESSIONS] = { "limit-sessions", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "no free session", NULL,
	    "see max-sessions and max-sessions-per-address in sstpd.conf(5)" },
	[CAUSE_LIMIT_PROFILE] = { "limit-profile", AT_LCP, BY_SERVER,
	    ENDS_BADLY, "no free session in its profile", NULL,
	    "see max-sessions of the profile in sstpd.conf(5)" },
	[CAUSE_LIMIT_HALF_OPEN] = { "limit-half-open", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "made room, as the oldest, for a new connection", NULL,
	    "too many clients begin at once, or a flood: see max-half-open in "
	    "sstpd.conf(5)" },
	[CAUSE_LIMIT_UNAUTHENTICATED] = { "limit-unauthenticated", AT_ANY,
	    BY_SERVER, ENDS_BADLY,
	    "had not authenticated when a new call needed its place", NULL,
	    "all of max-sessions are taken: raise it in sstpd.conf(5), or see "
	    "who calls and does not authenticate" },
	[CAUSE_LIMIT_BANNED] = { "limit-banned", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "its address is turned away after failed authentications", NULL,
	    "see auth-backoff and ban-after in sstpd.conf(5)" },
	[CAUSE_LIMIT_BUFFERS] = { "limit-buffers", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "no memory is left for its queues", NULL,
	    "see max-buffers in sstpd.conf(5)" },

	[CAUSE_PPPD_ENDED] = { "pppd-ended", AT_ANY, BY_PPPD, ENDS_WELL_IF_UP,
	    "pppd ended", NULL, NULL },
	[CAUSE_PPPD_TERMINATED] = { "pppd-terminated", AT_ANY, BY_PPPD,
	    ENDS_WELL, "pppd was told to end by a signal", NULL, NULL },
	[CAUSE_PPPD_KILLED] = { "pppd-killed", AT_ANY, BY_PPPD, ENDS_BADLY,
	    "pppd crashed or was killed", NULL,
	    "its ip-down has not run; see the kernel's log, perhaps there was "
	    "no memory" },
	[CAUSE_PPPD_NO_PPP] = { "pppd-no-ppp", AT_LCP, BY_PPPD, ENDS_BADLY,
	    "this kernel has no PPP", NULL, "modprobe ppp_generic" },
	[CAUSE_PPPD_NOT_STARTED] = { "pppd-not-started", AT_LCP, BY_SERVER,
	    ENDS_BADLY, "pppd could not be started", NULL,
	    "the line of the monitor before this one says why" },
	[CAUSE_PPPD_SILENT] = { "pppd-silent", AT_LCP, BY_SERVER, ENDS_BADLY,
	    "pppd did not begin to speak PPP in time", NULL,
	    "the machine is too busy, or pppd waits for a script or a plugin" },
	[CAUSE_PPPD_FAILED] = { "pppd-failed", AT_ANY, BY_PPPD, ENDS_BADLY,
	    "pppd failed", NULL, "sstpd -t checks pppd's options" },
	[CAUSE_PPPD_PLUGIN] = { "pppd-plugin", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "pppd's plugin did not keep to its protocol", NULL,
	    "the plugin must be of the same version as sstpd" },

	[CAUSE_PROFILE_GONE] = { "profile-gone", AT_ANY, BY_SERVER, ENDS_BADLY,
	    "its profile is no longer in the configuration", NULL,
	    "a reload took it out while the client was connecting" },
	[CAUSE_ADMINISTRATOR] = { "administrator", AT_ANY, BY_SERVER,
	    ENDS_WELL, "disconnected by the administrator", NULL, NULL },
	[CAUSE_SERVER_STOPPING] = { "server-stopping", AT_ANY, BY_SERVER,
	    ENDS_WELL, "server is stopping", NULL, NULL },
	[CAUSE_SERVER_FAILED] = { "server-failed", AT_ANY, BY_SERVER,
	    ENDS_BADLY, "the daemon could not go on", NULL, NULL },
};
/* clang-format on */

const struct cause_info *
cause_info(enum end_cause cause)
{
	return &table[(unsigned int)cause < CAUSE_COUNT ? cause : NO_CAUSE];
}

const char *
cause_stage_name(enum cause_stage stage)
{
	static const char *const names[] = {
		[AT_ANY] = "any",
		[AT_TCP] = "tcp",
		[AT_TLS] = "tls",
		[AT_HTTP] = "http",
		[AT_SSTP] = "sstp",
		[AT_LCP] = "lcp",
		[AT_AUTH] = "auth",
		[AT_BINDING] = "binding",
		[AT_IPCP] = "ipcp",
		[AT_UP] = "up",
	};

	return (unsigned int)stage < CAUSE_STAGES ? names[stage] : "unknown";
}

const char *
cause_closer_name(enum cause_closer closer)
{
	static const char *const names[] = {
		[BY_CLIENT] = "client",
		[BY_SERVER] = "server",
		[BY_PPPD] = "pppd",
		[BY_NETWORK] = "network",
	};

	return (unsigned int)closer < CAUSE_CLOSERS ? names[closer] : "unknown";
}

void
cause_print_table(FILE *out)
{
	static const char *const kinds[] = {
		[ENDS_BADLY] = "no",
		[ENDS_WELL] = "yes",
		[ENDS_WELL_IF_UP] = "up",
	};

	for (int i = NO_CAUSE; i < CAUSE_COUNT; i++) {
		const struct cause_info *c = &table[i];

		fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c->name,
		    cause_stage_name(c->stage), cause_closer_name(c->closer),
		    kinds[c->kind], c->reason,
		    c->windows != NULL ? c->windows : "-",
		    c->hint != NULL ? c->hint : "-");
	}
}
