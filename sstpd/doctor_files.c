/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Looking at owners and modes. The rules of pppd's versions:
 * 2.5.3: scripts, files of options and of secrets and each directory above
 * them belong to root and are writable by nobody else.
 * 2.5.4: that for the script itself only; secrets are readable by root only.
 * Options switch the latter two off. Others warn at most.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "doctor_files.h"
#include "doctor_report.h"
#include "pppd_facts.h"

static const char *const scripts[] = { "/etc/ppp/ip-pre-up", "/etc/ppp/ip-up",
	"/etc/ppp/ip-down", "/etc/ppp/ipv6-up", "/etc/ppp/ipv6-down",
	"/etc/ppp/auth-up", "/etc/ppp/auth-down" };

/* --- who may write
 * -------------------------------------------------------------------- */

static bool
part_is_safe(const char *part, bool strict, char *why, size_t cap)
{
	mode_t bad = strict ? S_IWGRP | S_IWOTH : S_IWOTH;
	struct stat st;

	if (lstat(part, &st) != 0) {
		snprintf(why, cap, "%s: %s", part, strerror(errno));
		return false;
	}
	if (st.st_uid != 0) {
		snprintf(why, cap, "%s does not belong to root", part);
		return false;
	}
	if (!strict && S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX))
		return true;
	if (st.st_mode & bad) {
		snprintf(why, cap, "%s can be written by %s", part,
		    st.st_mode & S_IWOTH ? "everybody" : "its group");
		return false;
	}
	return true;
}

bool
doctor_is_safe(const char *path, bool strict, char *why, size_t cap)
{
	char real[PATH_MAX], *slash;
	bool safe;

	if (realpath(path, real) == NULL) {
		snprintf(why, cap, "%s: %s", path, strerror(errno));
		return false;
	}
	safe = part_is_safe("/", strict, why, cap);
	for (slash = strchr(real + 1, '/'); safe && slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		safe = part_is_safe(real, strict, why, cap);
		*slash = '/';
	}
	return safe && part_is_safe(real, strict, why, cap);
}

/* refused: this pppd does not take a file for which that is not so. */
static bool
check_writers(struct doctor *d, const char *path, bool strict, bool refused)
{
	char why[PATH_MAX + 64];

	if (doctor_is_safe(path, strict, why, sizeof(why)))
		return true;
	doctor_say(d, refused ? DOCTOR_FAULT : DOCTOR_WARNING, "files",
	    "%s: %s%s\n"
	    "let it and the directories above belong to root, writable by "
	    "nobody else (chown root, chmod go-w)",
	    path, why,
	    refused ? ", so this pppd does not use it"
		    : ": whoever can write it can become root");
	return false;
}

static void
check_scripts(struct doctor *d, unsigned int version, bool strict_scripts)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (access(scripts[i], F_OK) != 0)
			continue;
		check_writers(d, scripts[i], version == 20503,
		    version == 20503 || (version > 20503 && strict_scripts));
	}
}

/* --- passwords
 * ------------------------------------------------------------------------ */

/* Whether there is a line that is no comment. */
static bool
has_entries(const char *path)
{
	FILE *in = fopen(path, "re");
	char line[1024];
	bool found = false;

	if (in == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL) {
		size_t n = strspn(line, " \t\r\n");

		found = line[n] != '\0' && line[n] != '#';
	}
	explicit_bzero(line, sizeof(line));
	fclose(in);
	return found;
}

static void
check_readers(struct doctor *d, const char *path, bool refused)
{
	struct stat st;

	if (stat(path, &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return;
	doctor_say(d, refused ? DOCTOR_FAULT : DOCTOR_WARNING, "secrets",
	    "%s: mode %03o: others than root can read passwords%s\n"
	    "chmod 600 %s, and change the passwords if it was so for long",
	    path, (unsigned int)st.st_mode & 0777,
	    refused ? ", so this pppd does not use it" : "", path);
}

static void
check_secrets(struct doctor *d, const char *path, unsigned int version,
    bool strict, bool elsewhere)
{
	if (access(path, R_OK) != 0 && errno == EACCES && geteuid() != 0) {
		doctor_say(d, DOCTOR_WARNING, "secrets",
		    "%s: not checked, as only root can read it\n"
		    "run this as root",
		    path);
	} else if (has_entries(path)) {
		doctor_say(d, DOCTOR_OK, "secrets", "%s: has users", path);
		check_writers(d, path, version == 20503, version == 20503);
		check_readers(d, path, version > 20503 && strict);
	} else if (elsewhere) {
		doctor_say(d, DOCTOR_OK, "secrets",
		    "%s: has no users: they come from a plugin", path);
	} else {
		doctor_say(d, DOCTOR_WARNING, "secrets",
		    "%s: has no users: nobody can connect\n"
		    "add a line for each: name * \"password\" *",
		    path);
	}
}

/* --- all
 * ------------------------------------------------------------------------------
 */

void
doctor_files(struct doctor *d, const struct conf *conf, unsigned int version)
{
	const char *options = conf->profiles[0].options_file;
	bool scripts_strict = !pppd_file_has(options, "nostrict-script-checks");
	bool strict = !pppd_file_has(options, "nostrict-secrets-files");
	bool elsewhere = pppd_file_has(options, "plugin");
	bool good = true;

	if (access(conf->pppd, F_OK) == 0)
		good &= check_writers(d, conf->pppd, false, false);
	if (access(conf->plugin, F_OK) == 0)
		good &= check_writers(d, conf->plugin, false, false);
	for (unsigned int i = 0; i < conf->profile_count; i++)
		if (access(conf->profiles[i].options_file, F_OK) == 0)
			good &= check_writers(d, conf->profiles[i].options_file,
			    version == 20503, version == 20503);
	if (good)
		doctor_say(d, DOCTOR_OK, "files",
		    "only root can change pppd, its plugin and its options");
	check_scripts(d, version, scripts_strict);
	if (conf->auth_methods & (CONF_AUTH_MSCHAP_V2 | CONF_AUTH_CHAP_MD5))
		check_secrets(
		    d, "/etc/ppp/chap-secrets", version, strict, elsewhere);
	if (conf->auth_methods & CONF_AUTH_PAP)
		check_secrets(
		    d, "/etc/ppp/pap-secrets", version, strict, elsewhere);
}
