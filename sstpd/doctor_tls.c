/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Looking at certificates. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "conf.h"
#include "credentials.h"
#include "doctor_report.h"
#include "doctor_tls.h"
#include "profile.h"

enum {
	DAYS_SHORT = 14, /* a renewal that works comes earlier */
	LIST_MAX = 512,
};

/* --- one certificate
 * ------------------------------------------------------------------ */

static void
check_dates(struct doctor *d, const char *path, const X509 *x, const char *what)
{
	int days = 0, seconds = 0;

	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0) {
		doctor_say(d, DOCTOR_FAULT, "certificate",
		    "%s: %s is not valid yet\n"
		    "look at this host's clock; else wait, or have it issued "
		    "again",
		    path, what);
		return;
	}
	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x));
	if (days < 0 || seconds < 0)
		doctor_say(d, DOCTOR_FAULT, "certificate",
		    "%s: %s has expired %d days ago: every client refuses it\n"
		    "renew it, then \"sstpctl reload\"",
		    path, what, -days);
	else if (days < DAYS_SHORT)
		doctor_say(d, DOCTOR_WARNING, "certificate",
		    "%s: %s expires in %d days\n"
		    "renew it, then \"sstpctl reload\"; and see why that did "
		    "not happen by itself",
		    path, what, days);
	else
		doctor_say(d, DOCTOR_OK, "certificate", "%s: %s: %d days left",
		    path, what, days);
}

static void
check_chain(struct doctor *d, const char *path, const struct certificate *c)
{
	int verdict = certificate_verify(c);

	if (verdict == X509_V_OK)
		doctor_say(d, DOCTOR_OK, "chain",
		    "%s: leads to a root that this system trusts", path);
	else if (certificate_self_signed(c->leaf))
		doctor_say(d, DOCTOR_WARNING, "chain",
		    "%s: is its own issuer, so no client trusts it yet\n"
		    "import it on each client (see sstpctl client-config), or "
		    "get one from an authority that clients know",
		    path);
	else
		doctor_say(d, DOCTOR_WARNING, "chain",
		    "%s: %s\n"
		    "append the missing intermediates to the file, leaf first; "
		    "the root of an authority of your own belongs into the "
		    "store of this system and of each client",
		    path, X509_verify_cert_error_string(verdict));
}

static void
check_usage(struct doctor *d, const char *path, X509 *leaf)
{
	uint32_t usage = X509_get_extended_key_usage(leaf);

	if (usage == UINT32_MAX) /* the extension is absent */
		doctor_say(d, DOCTOR_OK, "certificate",
		    "%s: extended key usage: none given, so any", path);
	else if (usage & (XKU_SSL_SERVER | XKU_ANYEKU))
		doctor_say(d, DOCTOR_OK, "certificate",
		    "%s: extended key usage: for servers", path);
	else
		doctor_say(d, DOCTOR_FAULT, "certificate",
		    "%s: extended key usage lacks serverAuth: every client "
		    "refuses it\n"
		    "have it issued again, for a TLS server",
		    path);
}

/* The names that clients of a profile dial. */
static void
check_names(struct doctor *d, const char *path, X509 *leaf,
    const struct conf_profile *profile)
{
	for (unsigned int i = 0; i < profile->server_name_count; i++) {
		const char *name = profile->server_name[i];
		char names[LIST_MAX];

		certificate_names(leaf, names, sizeof(names));
		/* that a wildcard is covered, only one of its own can tell */
		if (certificate_fits(leaf, name) ||
		    (name[0] == '*' && strstr(names, name) != NULL))
			doctor_say(d, DOCTOR_OK, "name",
			    "%s: is for %s, a name of profile %s", path, name,
			    profile->name);
		else
			doctor_say(d, DOCTOR_WARNING, "name",
			    "%s: is for %s, not for %s, a name of profile %s\n"
			    "have it issued again with that name, or correct "
			    "server-name",
			    path, names[0] != '\0' ? names : "nobody", name,
			    profile->name);
	}
}

static void
check_name(struct doctor *d, const char *path, X509 *leaf, const char *name)
{
	char names[LIST_MAX], host[256] = "";
	const char *dialled = name;

	certificate_names(leaf, names, sizeof(names));
	if (names[0] == '\0') {
		doctor_say(d, DOCTOR_WARNING, "name",
		    "%s: no subjectAltName: clients compare the name they dial "
		    "with it\n"
		    "have it issued again, with the name that clients dial",
		    path);
		strcpy(names, "nobody");
	}
	if (name == NULL) {
		gethostname(host, sizeof(host) - 1);
		dialled = host;
	}
	if (certificate_fits(leaf, dialled))
		doctor_say(d, DOCTOR_OK, "name", "%s: is for %s%s (%s)", path,
		    dialled, name == NULL ? ", the name of this host" : "",
		    names);
	else if (name != NULL)
		doctor_say(d, DOCTOR_FAULT, "name",
		    "%s: is for %s, not for %s\n"
		    "let clients dial a name of the certificate, or have it "
		    "issued again with that name",
		    path, names, name);
	else
		doctor_say(d, DOCTOR_WARNING, "name",
		    "%s: is for %s, not for %s, the name of this host\n"
		    "fine if clients dial the former: give that with --name",
		    path, names, host);
}

static void
check_revocation(struct doctor *d, const char *path, X509 *leaf)
{
	char urls[LIST_MAX];

	certificate_revocation(leaf, urls, sizeof(urls));
	if (urls[0] != '\0')
		doctor_say(d, DOCTOR_OK, "revocation",
		    "%s: not checked, as that needs the network; clients ask "
		    "%s, which must answer them before they are connected",
		    path, urls);
	else if (certificate_self_signed(leaf))
		doctor_say(d, DOCTOR_OK, "revocation",
		    "%s: its own issuer, so clients ask nobody", path);
	else
		doctor_say(d, DOCTOR_WARNING, "revocation",
		    "%s: names nobody to ask whether it was revoked: Windows "
		    "may refuse it with 0x80092012\n"
		    "have it issued again with a CRL distribution point, or "
		    "set NoCertRevocationCheck on clients (see sstpctl "
		    "client-config)",
		    path);
}

static void
check_certificate(struct doctor *d, const char *path,
    const struct conf_profile *profile, const char *name)
{
	struct certificate c;
	const char *error;

	if (certificate_read(&c, path, &error) != 0) {
		doctor_say(d, DOCTOR_FAULT, "certificate",
		    "%s: %s\n"
		    "certificate takes a file that can be read, in PEM "
		    "form: certificate, then intermediates",
		    path, error);
		return;
	}
	check_dates(d, path, c.leaf, "certificate");
	for (int i = 0; i < sk_X509_num(c.chain); i++)
		check_dates(
		    d, path, sk_X509_value(c.chain, i), "an intermediate");
	check_names(d, path, c.leaf, profile);
	if (profile->server_name_count == 0 || name != NULL)
		check_name(d, path, c.leaf, name);
	check_usage(d, path, c.leaf);
	check_chain(d, path, &c);
	check_revocation(d, path, c.leaf);
	certificate_fini(&c);
}

/* --- what workers will use
 * ------------------------------------------------------------ */

/* The context of n certificates from the first on, as the daemon makes it. */
static int
check_context(const struct conf *conf, const struct conf_profile *profile,
    unsigned int first, unsigned int n, char error[static CREDENTIALS_TEXT_MAX])
{
	struct credential_fds fds[CONF_CERTIFICATES_MAX];
	struct conf_profile some = *profile;
	unsigned int i;
	int ret = -1;
	SSL_CTX *ctx;

	memmove(some.certificate, profile->certificate[first],
	    n * sizeof(some.certificate[0]));
	memmove(some.private_key, profile->private_key[first],
	    n * sizeof(some.private_key[0]));
	some.certificate_count = some.private_key_count = n;
	for (i = 0; i < n; i++)
		if (credentials_open(&some, i, &fds[i], error) != 0)
			goto out;
	ctx = credentials_context(conf, &some, fds, error);
	if (ctx != NULL)
		ret = 0;
	SSL_CTX_free(ctx);
out:
	while (i-- > 0) {
		close(fds[i].certificate);
		close(fds[i].key);
	}
	return ret;
}

static bool
check_key(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile, unsigned int i)
{
	const char *key = profile->private_key[i];
	char error[CREDENTIALS_TEXT_MAX];

	if (geteuid() != 0 && access(key, R_OK) != 0 && errno == EACCES) {
		doctor_say(d, DOCTOR_WARNING, "key",
		    "%s: not checked, as only root can read it\n"
		    "run this as root",
		    key);
		return false;
	}
	if (check_context(conf, profile, i, 1, error) == 0) {
		doctor_say(d, DOCTOR_OK, "key", "%s: is the key of %s", key,
		    profile->certificate[i]);
		return true;
	}
	doctor_say(d, DOCTOR_FAULT, "key",
	    "%s\n"
	    "give the certificate and its own key, in PEM form, without "
	    "a passphrase, readable by root only",
	    error);
	return false;
}

static void
check_profile(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile, const char *name)
{
	char error[CREDENTIALS_TEXT_MAX];
	bool good = true;

	for (unsigned int i = 0; i < profile->certificate_count; i++) {
		check_certificate(d, profile->certificate[i], profile, name);
		good &= check_key(d, conf, profile, i);
	}
	if (!good)
		return;
	if (check_context(
		conf, profile, 0, profile->certificate_count, error) == 0)
		doctor_say(d, DOCTOR_OK, "tls",
		    "OpenSSL takes the certificates and ciphers together%s%s",
		    profile->server_name_count > 0 ? ": profile " : "",
		    profile->server_name_count > 0 ? profile->name : "");
	else
		doctor_say(d, DOCTOR_FAULT, "tls",
		    "%s\ncorrect [tls] or the profile in the configuration",
		    error);
}

void
doctor_tls(struct doctor *d, const struct conf *conf, const char *name)
{
	unsigned int dialled = profile_by_server_name(conf, name);

	for (unsigned int i = 0; i < conf->profile_count; i++)
		check_profile(
		    d, conf, &conf->profiles[i], i == dialled ? name : NULL);
}
