/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Giving up privileges for good. */

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

static int
make_dirs(const char *dir)
{
	char path[512];
	size_t n = strlen(dir);

	if (n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, dir, n + 1);
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(path, 0755) != 0 && errno != EEXIST ? -1 : 0;
}

int
sandbox_prepare_dir(const char *dir)
{
	const struct dirent *entry;
	struct stat st;
	DIR *d;

	if (make_dirs(dir) != 0 || stat(dir, &st) != 0)
		return -1;
	if (st.st_uid != 0 || (st.st_mode & 022) != 0) {
		errno = EPERM;
		return -1;
	}
	d = opendir(dir);
	if (d == NULL)
		return -1;
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			break;
	closedir(d);
	if (entry != NULL) {
		errno = ENOTEMPTY;
		return -1;
	}
	return 0;
}

static int
become(const struct passwd *pw, const char *dir, const char **what)
{
	*what = "chroot";
	if (chroot(dir) != 0 || chdir("/") != 0)
		return -1;
	*what = "change of user";
	if (setgroups(0, NULL) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return -1;
	*what = "giving up root";
	if (pw->pw_uid == 0 || setuid(0) == 0) {
		errno = EPERM;
		return -1;
	}
	/* other processes of that user may neither trace it nor read its keys
	 */
	*what = "protection from ptrace";
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
sandbox_enter(const char *user, const char *dir, const char **what)
{
	if (geteuid() == 0) {
		const struct passwd *pw;

		*what = "look-up of the user";
		errno = ENOENT;
		pw = getpwnam(user);
		if (pw == NULL || become(pw, dir, what) != 0)
			return -1;
	}
	*what = "no new privileges";
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
