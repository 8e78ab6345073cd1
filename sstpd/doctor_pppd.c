/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Looking at pppd. What versions of it lack is from its release notes:
 * 2.4.9 keeps 16 bytes of a key where EAP-TLS and PEAP need 32; radius.so of
 * 2.5.0 alone decodes keys wrongly; before 2.5.5 the keys of EAP-TLS with TLS
 * 1.3 are not those of Windows; 2.5.4 may leave out ip-up.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "data_path.h"
#include "doctor_pppd.h"
#include "doctor_report.h"
#include "pppd.h"
#include "pppd_facts.h"

static bool
has_option(const struct conf *conf, const char *word)
{
	for (unsigned int i = 0; i < conf->profile_count; i++)
		if (pppd_has_option(&conf->profiles[i], word))
			return true;
	return false;
}

static void
check_eap(struct doctor *d, const struct conf *conf, unsigned int version)
{
	if (version < 20500)
		doctor_say(d, DOCTOR_FAULT, "pppd",
		    "before 2.5 its keys are too short for EAP-TLS and PEAP: "
		    "the crypto binding fails\n"
		    "use pppd 2.5.1 or later, or leave eap out of [ppp] "
		    "auth-methods");
	else if (version < 20505 && !has_option(conf, "max-tls-version"))
		doctor_say(d, DOCTOR_WARNING, "pppd",
		    "before 2.5.5 EAP-TLS fails with TLS 1.3 inside of it, as "
		    "Windows 11 has it\n"
		    "put max-tls-version 1.2 into %s, or use pppd 2.5.5",
		    conf->profiles[0].options_file);
}

static void
check_fixes(struct doctor *d, const struct conf *conf, unsigned int version)
{
	if (version < 20409 || version >= 20600)
		doctor_say(d, DOCTOR_WARNING, "pppd",
		    "sstpd is not known to work with this version\n"
		    "use 2.4.9, or 2.5.1 or later of 2.5");
	if (version == 20500 &&
	    (has_option(conf, "radius.so") || has_option(conf, "radius")))
		doctor_say(d, DOCTOR_FAULT, "pppd",
		    "radius.so of 2.5.0 decodes keys wrongly: the crypto "
		    "binding fails\n"
		    "use pppd 2.5.1 or later");
	if (version == 20504)
		doctor_say(d, DOCTOR_WARNING, "pppd",
		    "2.5.4 may leave out scripts such as ip-up\n"
		    "use pppd 2.5.5 or later");
	if (conf->auth_methods & CONF_AUTH_EAP)
		check_eap(d, conf, version);
}

static unsigned int
check_version(struct doctor *d, const struct conf *conf)
{
	char text[256];
	unsigned int version;
	int code = pppd_read_version(conf, text, sizeof(text));

	text[strcspn(text, "\n")] = '\0';
	version = pppd_parse_version(text);
	if (version == 0) {
		doctor_say(d, DOCTOR_WARNING, "pppd",
		    "%s: its version is not known: it ended with %d and said "
		    "\"%s\"\n"
		    "see whether it is a pppd, and may be run",
		    conf->pppd, code, text);
		return 0;
	}
	doctor_say(d, DOCTOR_OK, "pppd", "%s: %s", conf->pppd, text);
	check_fixes(d, conf, version);
	return version;
}

/* --- options and plugin
 * --------------------------------------------------------------- */

static void
blame(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile, int code, const char *text)
{
	if (strstr(text, "is for pppd version") != NULL)
		doctor_say(d, DOCTOR_FAULT, "plugin",
		    "%s: %s\n"
		    "install the sstpd that was built for this pppd, or build "
		    "it again with the headers of this pppd",
		    conf->plugin, text);
	else
		doctor_say(d, DOCTOR_FAULT, "options",
		    "pppd refuses them: %s: %s\n"
		    "correct %s or /etc/ppp/options; the plugin must be the "
		    "one built for this pppd",
		    pppd_exit_text(code), text, profile->options_file);
}

static void
check_dryrun(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile)
{
	char text[1024];
	int code;

	if (geteuid() != 0) {
		doctor_say(d, DOCTOR_WARNING, "options",
		    "not checked, nor whether the plugin is for this pppd\n"
		    "run this as root");
		return;
	}
	code = pppd_check_options(conf, profile, text, sizeof(text));
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = p[1] != '\0' ? ';' : '\0';
	if (code == 0)
		doctor_say(d, DOCTOR_OK, "options",
		    "%s: pppd takes them, and the plugin",
		    profile->options_file);
	else if (code < 0)
		doctor_say(d, DOCTOR_FAULT, "options",
		    "pppd could not look at them, or did not come to an end\n"
		    "see what %s is",
		    conf->pppd);
	else if (code == 4) /* comes after the options were read */
		doctor_say(d, DOCTOR_OK, "options",
		    "pppd can read them, and the plugin; whether they fit "
		    "together it tells only where the kernel has PPP");
	else
		blame(d, conf, profile, code, text);
}

static void
check_data_path(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile, unsigned int version)
{
	char why[DATA_PATH_TEXT_MAX];

	if (data_path_is_tun(conf, profile, version, why))
		doctor_say(d, DOCTOR_OK, "data-path",
		    "%s: packets take a tun device", profile->options_file);
	else if (conf->data_path == CONF_DATA_TUN)
		doctor_say(d, DOCTOR_WARNING, "data-path",
		    "%s: packets take the slower pty: %s\n"
		    "see data-path in sstpd.conf(5), or let it be auto",
		    profile->options_file, why);
	else
		doctor_say(d, DOCTOR_OK, "data-path",
		    "%s: packets take the pty: %s", profile->options_file, why);
}

static void
check_template(struct doctor *d, const struct conf *conf,
    const struct conf_profile *profile)
{
	char obstacle[PPPD_FACT_MAX];

	if (!conf->template)
		return;
	if (pppd_is_clonable(profile, obstacle))
		doctor_say(d, DOCTOR_OK, "template", "%s: pppds can be cloned",
		    profile->options_file);
	else
		doctor_say(d, DOCTOR_OK, "template",
		    "%s: pppds cannot be cloned, as it or %s has %s",
		    profile->options_file, PPPD_GENERAL_OPTIONS, obstacle);
}

static bool
check_file(struct doctor *d, const char *area, const char *path, int mode,
    const char *key)
{
	if (access(path, mode) == 0)
		return true;
	if (errno == EACCES && geteuid() != 0)
		doctor_say(d, DOCTOR_WARNING, area,
		    "%s: not checked, as only root can use it\n"
		    "run this as root",
		    path);
	else
		doctor_say(d, DOCTOR_FAULT, area,
		    "%s: %s\n"
		    "install it, or set %s to where it is",
		    path, strerror(errno), key);
	return false;
}

unsigned int
doctor_pppd(struct doctor *d, const struct conf *conf)
{
	bool program = check_file(d, "pppd", conf->pppd, X_OK, "pppd");
	unsigned int version = program ? check_version(d, conf) : 0;
	bool plugin = check_file(d, "plugin", conf->plugin, R_OK, "plugin");

	for (unsigned int i = 0; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		if (check_file(
			d, "options", p->options_file, R_OK, "options-file") &&
		    program && plugin)
			check_dryrun(d, conf, p);
		check_data_path(d, conf, p, version);
		check_template(d, conf, p);
	}
	return version;
}
