/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Giving up privileges for good. */

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
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

/* What libc would open files for now and then is settled once for all. */
static int
settle_libc(void)
{
#ifdef M_ARENA_MAX
	/* out of memory, glibc would count processors to allow for more arenas,
	 * before 2.35 from a file; one thread needs no second */
	mallopt(M_ARENA_MAX, 1);
#endif
	/* while the name is the same, glibc does not look at the file again */
	if (setenv("TZ", ":/etc/localtime", 0) != 0)
		return -1;
	tzset();
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

/* What the filter of system calls does not know: amounts. */
static int
limit_resources(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0) /* it would hold the keys */
		return -1;
	if (setrlimit(RLIMIT_FSIZE, &none) != 0) /* pipes are no files */
		return -1;
	return setrlimit(RLIMIT_NPROC, &none);
}

int
sandbox_enter(const struct sandbox *sandbox, const char **what)
{
	*what = "time zone";
	if (settle_libc() != 0)
		return -1;
	if (geteuid() == 0) {
		const struct passwd *pw;

		*what = "look-up of the user";
		errno = ENOENT;
		pw = getpwnam(sandbox->user);
		if (pw == NULL || become(pw, sandbox->dir, what) != 0)
			return -1;
	}
	*what = "no new privileges";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	*what = "limits of resources";
	if (limit_resources() != 0)
		return -1;
	*what = "filter of system calls";
	return syscall_filter_load(sandbox->filter, sandbox->process);
}
