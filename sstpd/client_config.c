/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Steps for clients. */

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "certificate.h"
#include "client_config.h"
#include "conf.h"
#include "listener.h"
#include "profile.h"

/* How clients come to trust the certificate. */
enum trust { TRUST_KNOWN, TRUST_ITSELF, TRUST_PRIVATE };

struct server {
	char name[256];
	char target[300];    /* with the port, unless that is 443 */
	char bracketed[300]; /* the same, brackets around any IPv6 address */
	unsigned int port;
	uint32_t methods; /* enum conf_auth */
	enum trust trust;
	const char *certificate;
	bool tenant; /* of a profile: only who asks for the name gets there */
};

/* What to import on clients that do not know the issuer. */
static void
print_trust(const struct server *s)
{
	if (s->trust == TRUST_ITSELF)
		printf("  copy %s to it as vpn.crt (never the key)\n",
		    s->certificate);
	else if (s->trust == TRUST_PRIVATE)
		printf("  copy the certificate of the authority that issued %s "
		       "to it as vpn.crt\n",
		    s->certificate);
}

static void
print_windows(const struct server *s)
{
	const char *method = s->methods & CONF_AUTH_MSCHAP_V2  ? "MSChapv2"
			     : s->methods & CONF_AUTH_EAP      ? "Eap"
			     : s->methods & CONF_AUTH_CHAP_MD5 ? "Chap"
							       : "Pap";
	bool eap = strcmp(method, "Eap") == 0;
	bool keys = strcmp(method, "MSChapv2") == 0 || eap;

	printf("Windows 10 and 11, in PowerShell as administrator:\n");
	print_trust(s);
	if (s->trust != TRUST_KNOWN)
		printf("  Import-Certificate -FilePath .\\vpn.crt "
		       "-CertStoreLocation Cert:\\LocalMachine\\Root\n");
	if (eap) /* of the methods the one that Windows has no password for */
		printf("  $eap = New-EapConfiguration -Tls -UserCertificate\n");
	printf("  Add-VpnConnection -Name '%s' -ServerAddress '%s' "
	       "-TunnelType Sstp -AuthenticationMethod %s%s "
	       "-EncryptionLevel %s -SplitTunneling -Force\n",
	    s->name, s->target, method,
	    eap ? " -EapConfigXmlStream $eap.EapConfigXmlStream" : "",
	    keys ? "Required" : "Optional");
	printf("  rasdial '%s' %s\n", s->name, eap ? "" : "USER *");
	printf("Without -SplitTunneling all of its traffic goes through the "
	       "tunnel. If it says\n"
	       "0x80092012 or 0x80092013, it cannot ask whether the "
	       "certificate is revoked; let\n"
	       "it not ask for SSTP only where the authority is your own:\n"
	       "  Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"
	       "SstpSvc\\Parameters NoCertRevocationCheck 1 -Type DWord\n");
}

/* Options of pppd that leave only what the server takes. */
static void
print_refusals(uint32_t methods)
{
	if (!(methods & CONF_AUTH_MSCHAP_V2))
		printf("    refuse-mschap-v2\n");
	if (!(methods & CONF_AUTH_EAP))
		printf("    refuse-eap\n");
	if (!(methods & CONF_AUTH_CHAP_MD5))
		printf("    refuse-chap\n");
	if (!(methods & CONF_AUTH_PAP))
		printf("    refuse-pap\n");
	printf("    refuse-mschap\n");
}

static void
print_linux(const struct server *s)
{
	printf("Linux (Debian: apt-get install sstp-client), as root:\n");
	print_trust(s);
	if (s->trust != TRUST_KNOWN)
		printf("  move it to /etc/ppp/peers/vpn.crt\n");
	printf("  write /etc/ppp/peers/vpn, with mode 600 as it has the "
	       "password:\n"
	       "    pty \"sstpc --nolaunchpppd --ipparam vpn%s%s --host %s "
	       "%s\"\n"
	       "    plugin sstp-pppd-plugin.so\n"
	       "    sstp-sock /var/run/sstpc/sstpc-vpn\n"
	       "    ipparam vpn\n"
	       "    user USER\n"
	       "    password \"PASSWORD\"\n"
	       "    hide-password\n"
	       "    noauth\n",
	    s->trust != TRUST_KNOWN ? " --ca-cert /etc/ppp/peers/vpn.crt" : "",
	    s->tenant ? " --tls-ext" : "", s->name, s->bracketed);
	print_refusals(s->methods);
	printf("    nobsdcomp\n"
	       "    nodeflate\n"
	       "    noccp\n"
	       "    novj\n"
	       "    mtu 1400\n"
	       "    mru 1400\n"
	       "    nodefaultroute\n"
	       "  pppd call vpn nodetach\n");
}

static void
print_networkmanager(const struct server *s)
{
	printf("NetworkManager (Debian: apt-get install "
	       "network-manager-sstp), as root:\n");
	print_trust(s);
	if (s->trust != TRUST_KNOWN)
		printf("  move it to /etc/ppp/peers/vpn.crt\n");
	printf("  nmcli connection add type vpn con-name '%s' vpn-type sstp "
	       "vpn.data gateway=%s,user=USER,%s%sconnection-type=password,"
	       "password-flags=2%s ipv4.never-default yes "
	       "ipv6.never-default yes\n"
	       "  nmcli --ask connection up '%s'\n",
	    s->name, s->target,
	    s->trust != TRUST_KNOWN ? "ca-cert=/etc/ppp/peers/vpn.crt," : "",
	    s->tenant ? "tls-ext=yes," : "",
	    s->methods & CONF_AUTH_EAP ? "" : ",refuse-eap=yes", s->name);
}

static void
print_routeros(const struct server *s)
{
	const char *method = s->methods & CONF_AUTH_MSCHAP_V2  ? "mschap2"
			     : s->methods & CONF_AUTH_CHAP_MD5 ? "chap"
							       : "pap";

	if (!(s->methods & ~(uint32_t)CONF_AUTH_EAP)) {
		printf("RouterOS: knows no EAP, and this server nothing "
		       "else\n");
		return;
	}
	printf("RouterOS, in its terminal:\n");
	print_trust(s);
	if (s->trust != TRUST_KNOWN)
		printf("  /certificate import file-name=vpn.crt passphrase=\"\""
		       "\n");
	printf("  /interface sstp-client add name=vpn connect-to=%s%s "
	       "user=USER password=PASSWORD authentication=%s "
	       "verify-server-certificate=yes pfs=yes%s disabled=no\n"
	       "It needs the issuer among its certificates, and from 7.15 on "
	       "takes add-sni=yes%s.\n"
	       "An old one knows no cipher of ours: then end [tls] ciphers of "
	       "the server with\n"
	       ":ECDHE+AES:AES256-SHA.\n",
	    s->bracketed, s->port == 443 ? ":443" : "", method,
	    s->tenant ? " add-sni=yes" : "",
	    s->tenant ? ", without which it gets to another server" : "");
}

static void
print_android(const struct server *s)
{
	printf("Android, with Open SSTP Client:\n");
	print_trust(s);
	if (s->trust != TRUST_KNOWN)
		printf("  put it alone into a directory, and choose that as "
		       "Specify Trusted Certificates\n");
	printf("  Host            %s\n"
	       "  Username        USER\n"
	       "  Password        PASSWORD\n"
	       "  SSL Port        %u\n"
	       "  Authentication  %s\n",
	    s->name, s->port,
	    s->methods & CONF_AUTH_MSCHAP_V2 ? "MS-CHAPv2"
	    : s->methods & CONF_AUTH_EAP     ? "EAP-MSCHAPv2"
					     : "PAP");
}

static const struct {
	const char *name;
	void (*print)(const struct server *s);
} clients[] = {
	{ "windows", print_windows },
	{ "linux", print_linux },
	{ "networkmanager", print_networkmanager },
	{ "routeros", print_routeros },
	{ "android", print_android },
};

/* --- the server
 * ----------------------------------------------------------------------- */

/* It goes into commands, whose quotes it must not end. */
static bool
name_is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.:-_";

	return name[0] != '\0' && name[0] != '-' && strlen(name) < 254 &&
	       name[strspn(name, plain)] == '\0';
}

static int
read_certificate(struct server *s, const struct conf *conf, const char *name)
{
	unsigned int profile = profile_by_server_name(conf, name);
	struct certificate c;
	const char *error;

	s->tenant = profile != 0;
	s->certificate = conf->profiles[profile].certificate[0];
	if (certificate_read(&c, s->certificate, &error) != 0) {
		fprintf(stderr, "sstpd: %s: %s\n", s->certificate, error);
		return -1;
	}
	s->trust = certificate_verify(&c) == X509_V_OK ? TRUST_KNOWN
		   : certificate_self_signed(c.leaf)   ? TRUST_ITSELF
						       : TRUST_PRIVATE;
	if (name != NULL)
		snprintf(s->name, sizeof(s->name), "%s", name);
	else if (!certificate_first_name(c.leaf, s->name, sizeof(s->name)))
		s->name[0] = '\0';
	if (s->name[0] != '\0' && !certificate_fits(c.leaf, s->name))
		fprintf(stderr,
		    "sstpd: %s is not for %s, so clients will refuse it\n",
		    s->certificate, s->name);
	certificate_fini(&c);
	if (name_is_plain(s->name))
		return 0;
	fprintf(stderr, "sstpd: %s has no name for clients: give --name\n",
	    s->certificate);
	return -1;
}

static void
make_target(struct server *s, const struct conf *conf)
{
	bool v6 = strchr(s->name, ':') != NULL;
	char port[16] = "";

	s->port = address_port(&conf->listen[0].address);
	if (s->port == 0)
		s->port = 443;
	if (s->port != 443)
		snprintf(port, sizeof(port), ":%u", s->port);
	snprintf(s->bracketed, sizeof(s->bracketed), "%s%s%s%s", v6 ? "[" : "",
	    s->name, v6 ? "]" : "", port);
	/* without a port Windows takes an address as it is */
	snprintf(s->target, sizeof(s->target), "%s",
	    s->port == 443 ? s->name : s->bracketed);
	s->methods = conf->auth_methods;
}

int
client_config_main(const char *path, const char *name, const char *client)
{
	static const size_t n = sizeof(clients) / sizeof(clients[0]);
	static struct conf conf;
	char error[CONF_ERROR_MAX];
	struct server server;
	bool printed = false;

	if (conf_load(path, &conf, error) != 0) {
		fprintf(stderr, "sstpd: %s\n", error);
		return 2;
	}
	if (name != NULL && !name_is_plain(name)) {
		fprintf(stderr, "sstpd: --name takes a name or an address\n");
		return 2;
	}
	if (read_certificate(&server, &conf, name) != 0)
		return 1;
	make_target(&server, &conf);
	for (size_t i = 0; i < n; i++) {
		if (client != NULL && strcmp(client, clients[i].name) != 0)
			continue;
		if (printed)
			putchar('\n');
		clients[i].print(&server);
		printed = true;
	}
	if (printed)
		return 0;
	fprintf(stderr, "sstpd: --client takes one of");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, " %s", clients[i].name);
	fprintf(stderr, "\n");
	return 2;
}
