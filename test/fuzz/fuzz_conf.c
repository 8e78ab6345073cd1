/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Any file is a configuration or gives one line that says why not. What is
 * printed of a configuration is a file that gives the same one.
 */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf.h"
#include "fuzz.h"

enum { INPUT_MAX = 64 * 1024, PATH_LEN = 32 };

/* A file in memory that can be opened by its name, as often as one likes. */
static int
memory_file(char path[static PATH_LEN])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0);
	snprintf(path, PATH_LEN, "/proc/self/fd/%d", fd);
	return fd;
}

static int
load(const uint8_t *data, size_t size, struct conf *conf,
    char error[static CONF_ERROR_MAX])
{
	char path[PATH_LEN];
	int fd = memory_file(path), ret;

	require(write(fd, data, size) == (ssize_t)size);
	memset(error, 0xff, CONF_ERROR_MAX);
	ret = conf_load(path, conf, error);
	require(ret == 0 || strncmp(error, path, strlen(path)) == 0);
	close(fd);
	return ret;
}

static void
check_error(const char error[static CONF_ERROR_MAX])
{
	require(memchr(error, '\0', CONF_ERROR_MAX) != NULL);
	for (const char *p = error; *p != '\0'; p++)
		require(((unsigned char)*p >= ' ' && *p != 0x7f) || *p == '\t');
}

static bool
is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static void
check_profile(const struct conf_profile *p, bool is_default)
{
	require(is_terminated(p->name, sizeof(p->name)) && p->name[0] != '\0');
	require((p->server_name_count == 0) == is_default);
	require(p->server_name_count <= CONF_SERVER_NAMES_MAX);
	for (uint32_t i = 0; i < p->server_name_count; i++)
		require(is_terminated(
		    p->server_name[i], sizeof(p->server_name[i])));
	require(p->options_file[0] == '/');
	require(p->certificate_count >= 1);
	require(p->certificate_count <= CONF_CERTIFICATES_MAX);
	require(p->private_key_count == p->certificate_count);
	require(p->addresses_count <= IPPOOL_RANGES_MAX);
	require(p->exclude_count <= IPPOOL_RANGES_MAX);
	require(p->addresses_count == 0 || p->local_address != 0);
	for (uint32_t i = 0; i < p->addresses_count; i++)
		require(p->addresses[i].first <= p->addresses[i].last);
}

/* What others rely on without a check of their own. */
static void
check_values(const struct conf *conf)
{
	require(is_terminated(conf->user, sizeof(conf->user)));
	require(is_terminated(conf->pppd, sizeof(conf->pppd)));
	require(is_terminated(conf->plugin, sizeof(conf->plugin)));
	require(is_terminated(conf->ciphers, sizeof(conf->ciphers)));
	require(conf->pppd[0] == '/');
	require(conf->listen_count >= 1);
	require(conf->listen_count <= CONF_LISTEN_MAX);
	require(conf->min_version <= conf->max_version);
	require(conf->hash_protocols != 0 && conf->auth_methods != 0);
	require(conf->max_sessions >= 1 && conf->stop_timeout >= 1);
	require(conf->profile_count >= 1);
	require(conf->profile_count <= CONF_PROFILES_MAX);
	for (uint32_t i = 0; i < conf->profile_count; i++)
		check_profile(&conf->profiles[i], i == 0);
}

static char *
print(const struct conf *conf, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	require(out != NULL);
	conf_print(conf, out);
	require(fclose(out) == 0);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf conf, again;
	char error[CONF_ERROR_MAX], *text;
	size_t n;

	if (size > INPUT_MAX)
		return 0;
	if (load(data, size, &conf, error) != 0) {
		check_error(error);
		return 0;
	}
	check_values(&conf);
	text = print(&conf, &n);
	if (load((const uint8_t *)text, n, &again, error) != 0) {
		fprintf(stderr, "%s\n%s", error, text);
		abort();
	}
	free(text);
	require(memcmp(&conf, &again, sizeof(conf)) == 0);
	return 0;
}
