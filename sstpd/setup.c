/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A configuration made ready for use. */

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "pppd.h"
#include "setup.h"

/* --- its parts
 * -------------------------------------------------------------------- */

static void
close_credentials(struct credential_fds *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		close(fds[i].certificate);
		close(fds[i].key);
	}
}

static void
report(int warning, const char *line)
{
	if (warning)
		log_warnx("%s", line);
	else
		log_info("%s", line);
}

/* Open and check the certificates; what is returned is what workers will use.
 */
static int
open_credentials(const struct conf *conf, struct credential_fds *fds)
{
	char error[CREDENTIALS_TEXT_MAX];
	unsigned int n;
	SSL_CTX *ctx;

	for (n = 0; n < conf->certificate_count; n++)
		if (credentials_open(conf, n, &fds[n], error) != 0)
			goto fail;
	ctx = credentials_context(conf, fds, error);
	if (ctx == NULL)
		goto fail;
	SSL_CTX_free(ctx);
	credentials_report(conf, fds, report);
	return 0;
fail:
	log_errx("tls: %s", error);
	close_credentials(fds, n);
	return -1;
}

static int
conf_to_memory(const struct conf *conf)
{
	int fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write(fd, conf, sizeof(*conf)) == (ssize_t)sizeof(*conf) &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
make_pool(const struct conf *conf, struct ippool **pool)
{
	struct ippool_range taken[IPPOOL_RANGES_MAX + 1];
	unsigned int n = conf->exclude_count;

	*pool = NULL;
	if (conf->addresses_count == 0)
		return 0;
	memcpy(taken, conf->exclude, n * sizeof(taken[0]));
	taken[n].first = taken[n].last = conf->local_address;
	*pool =
	    ippool_new(conf->addresses, conf->addresses_count, taken, n + 1);
	return *pool != NULL ? 0 : -1;
}

static int
check_files(const struct conf *conf)
{
	int ret = 0;

	if (access(conf->pppd, X_OK) != 0) {
		log_err("[ppp] pppd: %s", conf->pppd);
		ret = -1;
	}
	if (access(conf->options_file, R_OK) != 0) {
		log_err("[ppp] options-file: %s", conf->options_file);
		ret = -1;
	}
	if (access(conf->plugin, R_OK) != 0) {
		log_err("[ppp] plugin: %s", conf->plugin);
		ret = -1;
	}
	if (geteuid() == 0 && getpwnam(conf->user) == NULL) {
		log_errx("[server] user: there is no user \"%s\": create it "
			 "(useradd --system --no-create-home %s)",
		    conf->user, conf->user);
		ret = -1;
	}
	return ret;
}

/* --- the whole
 * -------------------------------------------------------------------- */

int
setup_make(struct setup *setup, const struct conf *conf)
{
	if (check_files(conf) != 0 || open_credentials(conf, setup->fds) != 0)
		return -1;
	if (make_pool(conf, &setup->pool) != 0) {
		log_err("[pool] addresses");
		goto fail;
	}
	setup->conf_fd = conf_to_memory(conf);
	if (setup->conf_fd >= 0) {
		setup->conf = *conf;
		return 0;
	}
	log_err("monitor: memory file");
	ippool_free(setup->pool);
fail:
	close_credentials(setup->fds, conf->certificate_count);
	return -1;
}

void
setup_free(struct setup *setup)
{
	close_credentials(setup->fds, setup->conf.certificate_count);
	close(setup->conf_fd);
	ippool_free(setup->pool);
}

int
setup_check(const struct conf *conf)
{
	struct credential_fds fds[CONF_CERTIFICATES_MAX];
	char text[2048];
	int code;

	if (open_credentials(conf, fds) != 0)
		return 2;
	close_credentials(fds, conf->certificate_count);
	if (check_files(conf) != 0)
		return 2;
	if (geteuid() != 0) {
		log_warnx("pppd: its options are checked only as root");
		return 0;
	}
	code = pppd_check_options(conf, text, sizeof(text));
	if (code == 4) {
		log_warnx(
		    "pppd: this kernel has no PPP (modprobe ppp_generic), "
		    "so its options were not checked");
		return 0;
	}
	if (code != 0) {
		log_errx("pppd: %s: %s", pppd_exit_text(code), text);
		return 2;
	}
	log_info("pppd: accepts its options");
	return 0;
}

static bool
needs_restart(const struct conf *old, const struct conf *new)
{
	return memcmp(old->listen, new->listen, sizeof(old->listen)) != 0 ||
	       old->listen_count != new->listen_count ||
	       old->workers != new->workers ||
	       strcmp(old->user, new->user) != 0 ||
	       strcmp(old->chroot_dir, new->chroot_dir) != 0 ||
	       strcmp(old->control_socket, new->control_socket) != 0 ||
	       strcmp(old->control_group, new->control_group) != 0 ||
	       old->metrics_count != new->metrics_count ||
	       memcmp(old->metrics, new->metrics, sizeof(old->metrics)) != 0 ||
	       old->seccomp != new->seccomp;
}

bool
setup_keep_fixed(const struct conf *old, struct conf *new)
{
	if (!needs_restart(old, new))
		return false;
	memcpy(new->listen, old->listen, sizeof(new->listen));
	new->listen_count = old->listen_count;
	new->workers = old->workers;
	memcpy(new->user, old->user, sizeof(new->user));
	memcpy(new->chroot_dir, old->chroot_dir, sizeof(new->chroot_dir));
	memcpy(new->control_socket, old->control_socket,
	    sizeof(new->control_socket));
	memcpy(
	    new->control_group, old->control_group, sizeof(new->control_group));
	memcpy(new->metrics, old->metrics, sizeof(new->metrics));
	new->metrics_count = old->metrics_count;
	new->seccomp = old->seccomp;
	return true;
}
