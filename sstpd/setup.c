/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A configuration made ready for use. */

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "congestion.h"
#include "log.h"
#include "pppd.h"
#include "setup.h"

/* --- its parts
 * -------------------------------------------------------------------- */

/* Descriptors of all profiles. */
typedef struct credential_fds credential_table[CONF_CERTIFICATES_MAX];

static void
close_pairs(struct credential_fds *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		close(fds[i].certificate);
		close(fds[i].key);
	}
}

/* Those of the first n profiles. */
static void
close_credentials(
    const struct conf *conf, credential_table *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		close_pairs(fds[i], conf->profiles[i].certificate_count);
}

static void
report(int warning, const char *line)
{
	if (warning)
		log_warnx("%s", line);
	else
		log_info("%s", line);
}

/* Whether it only has what the default profile has. */
static bool
inherits_certificates(
    const struct conf *conf, const struct conf_profile *profile)
{
	const struct conf_profile *first = &conf->profiles[0];

	return profile != first &&
	       memcmp(profile->certificate, first->certificate,
		   sizeof(first->certificate)) == 0;
}

static int
open_pairs(const struct conf *conf, const struct conf_profile *profile,
    X509_STORE *trust, struct credential_fds *fds)
{
	char error[CREDENTIALS_TEXT_MAX];
	unsigned int n;
	SSL_CTX *ctx;

	for (n = 0; n < profile->certificate_count; n++)
		if (credentials_open(profile, n, &fds[n], error) != 0)
			goto fail;
	ctx = credentials_context(conf, profile, fds, error);
	if (ctx == NULL)
		goto fail;
	SSL_CTX_free(ctx);
	if (!inherits_certificates(conf, profile))
		credentials_report(profile, fds, trust, report);
	return 0;
fail:
	log_errx("tls: %s", error);
	close_pairs(fds, n);
	return -1;
}

/* Open and check the certificates; what is returned is what workers will use.
 */
static int
open_credentials(const struct conf *conf, credential_table *fds)
{
	X509_STORE *trust = credentials_trust();
	unsigned int n = 0;

	while (n < conf->profile_count &&
	       open_pairs(conf, &conf->profiles[n], trust, fds[n]) == 0)
		n++;
	X509_STORE_free(trust);
	if (n == conf->profile_count)
		return 0;
	close_credentials(conf, fds, n);
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
check_congestion(const struct conf *conf)
{
	char error[CONGESTION_ERROR_MAX];
	char *hint;

	if (congestion_check(conf->tcp_congestion, error) == 0)
		return 0;
	hint = strchr(error, '\n');
	if (hint != NULL)
		*hint++ = '\0';
	log_errx("[server] tcp-congestion: %s (%s)", error, hint);
	return -1;
}

unsigned int
setup_workers(const struct conf *conf)
{
	long n = conf->workers;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned int)n;
}

/*
 * What a worker reads of one client at once must fit in what it keeps free
 * while memory is not tight, else sessions end where others would only wait.
 */
static int
check_buffers(const struct conf *conf)
{
	enum { EACH = 512 }; /* KiB */
	unsigned int workers = setup_workers(conf);

	if (conf->max_buffers / 1024 / workers >= EACH)
		return 0;
	log_errx("[limits] max-buffers: expected %dK for each of %u workers, "
		 "that is %uK or more",
	    EACH, workers, EACH * workers);
	return -1;
}

static int
check_files(const struct conf *conf)
{
	int ret = 0;

	if (access(conf->pppd, X_OK) != 0) {
		log_err("[ppp] pppd: %s", conf->pppd);
		ret = -1;
	}
	for (unsigned int i = 0; i < conf->profile_count; i++) {
		const struct conf_profile *p = &conf->profiles[i];

		if (access(p->options_file, R_OK) == 0)
			continue;
		log_err(
		    "options-file of profile %s: %s", p->name, p->options_file);
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

/* What the values alone do not show. */
static int
check_all(const struct conf *conf)
{
	return check_files(conf) == 0 && check_buffers(conf) == 0 &&
		       check_congestion(conf) == 0
		   ? 0
		   : -1;
}

int
setup_make(struct setup *setup, const struct conf *conf)
{
	if (check_all(conf) != 0 || open_credentials(conf, setup->fds) != 0)
		return -1;
	if (pools_make(&setup->pools, conf) != 0) {
		log_err("pools of addresses");
		goto fail;
	}
	setup->conf_fd = conf_to_memory(conf);
	if (setup->conf_fd >= 0) {
		setup->conf = *conf;
		return 0;
	}
	log_err("monitor: memory file");
	pools_free(&setup->pools);
fail:
	close_credentials(conf, setup->fds, conf->profile_count);
	return -1;
}

void
setup_free(struct setup *setup)
{
	close_credentials(&setup->conf, setup->fds, setup->conf.profile_count);
	close(setup->conf_fd);
	pools_free(&setup->pools);
}

/* Returns 0, or 2 if pppd refuses them. */
static int
check_options(const struct conf *conf, const struct conf_profile *profile)
{
	char text[2048];
	int code = pppd_check_options(conf, profile, text, sizeof(text));

	if (code == 4) {
		log_warnx(
		    "pppd: this kernel has no PPP (modprobe ppp_generic), "
		    "so its options were not checked");
		return 0;
	}
	if (code != 0) {
		log_errx("pppd: %s: %s: %s", profile->options_file,
		    pppd_exit_text(code), text);
		return 2;
	}
	log_info("pppd: accepts its options in %s", profile->options_file);
	return 0;
}

int
setup_check(const struct conf *conf)
{
	struct credential_fds fds[CONF_PROFILES_MAX][CONF_CERTIFICATES_MAX];
	int status = 0;

	if (open_credentials(conf, fds) != 0)
		return 2;
	close_credentials(conf, fds, conf->profile_count);
	if (check_all(conf) != 0)
		return 2;
	if (geteuid() != 0) {
		log_warnx("pppd: its options are checked only as root");
		return 0;
	}
	for (unsigned int i = 0; i < conf->profile_count && status == 0; i++)
		status = check_options(conf, &conf->profiles[i]);
	return status;
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
