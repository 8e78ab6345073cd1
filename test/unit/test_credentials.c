/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * Certificates: what is taken, what is refused and with which words. All are
 * made here, so that none of them ever expires in the tree.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "conf.h"
#include "credentials.h"

static char dir[] = "/tmp/test_credentials.XXXXXX";
static EVP_PKEY *ec, *other_ec, *rsa;
static X509 *root, *middle, *leaf;
static char said[4096]; /* by report() */

/* --- makers
 * -------------------------------------------------------------------- */

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct want {
	const char *name, *issuer, *usage, *san;
	EVP_PKEY *key, *signer;
	long days;
};

static X509 *
make(const struct want *want)
{
	static long serial = 1;
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x), -7 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(x), want->days * 86400L + 60);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)want->name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)want->issuer, -1, -1, 0);
	X509_set_pubkey(x, want->key);
	if (want->usage != NULL)
		add_extension(x, NID_ext_key_usage, want->usage);
	if (want->san != NULL)
		add_extension(x, NID_subject_alt_name, want->san);
	assert_true(X509_sign(x, want->signer, EVP_sha256()) > 0);
	return x;
}

static void
path_of(char path[CONF_PATH_MAX], const char *name)
{
	snprintf(path, CONF_PATH_MAX, "%s/%s", dir, name);
}

static FILE *
create(const char *name, mode_t mode)
{
	char path[CONF_PATH_MAX];
	FILE *f;

	path_of(path, name);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), mode), 0);
	return f;
}

static void
write_chain(const char *name, X509 *const *chain)
{
	FILE *f = create(name, 0644);

	for (; *chain != NULL; chain++)
		assert_int_equal(PEM_write_X509(f, *chain), 1);
	fclose(f);
}

static void
write_key(const char *name, EVP_PKEY *key, mode_t mode, const char *passphrase)
{
	FILE *f = create(name, mode);

	assert_int_equal(
	    PEM_write_PrivateKey(f, key,
		passphrase != NULL ? EVP_aes_128_cbc() : NULL,
		(const unsigned char *)passphrase,
		passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
	    1);
	fclose(f);
}

static void
write_text(const char *name, const char *text)
{
	FILE *f = create(name, 0600);

	fputs(text, f);
	fclose(f);
}

static struct conf
sample(void)
{
	struct conf conf = {
		.profiles[0].certificate_count = 1,
		.profiles[0].private_key_count = 1,
		.min_version = CONF_TLS_1_2,
		.max_version = CONF_TLS_1_3,
		.ciphers = "ECDHE+AESGCM",
		.ciphersuites = "TLS_AES_128_GCM_SHA256",
		.groups = "X25519:P-256",
	};

	path_of(conf.profiles[0].certificate[0], "cert.pem");
	path_of(conf.profiles[0].private_key[0], "key.pem");
	return conf;
}

static void
report(int warning, const char *line)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s%s\n",
	    warning ? "WARNING " : "", line);
}

/* Load it all as the daemon does; error says why not. */
static int
load(const struct conf *conf, char *error)
{
	struct credential_fds fds[CONF_CERTIFICATES_MAX] = { 0 };
	unsigned int n;
	X509_STORE *trust = credentials_trust();
	SSL_CTX *ctx = NULL;

	error[0] = said[0] = '\0';
	for (n = 0; n < conf->profiles[0].certificate_count; n++)
		if (credentials_open(&conf->profiles[0], n, &fds[n], error) !=
		    0)
			break;
	if (n == conf->profiles[0].certificate_count)
		ctx = credentials_context(conf, &conf->profiles[0], fds, error);
	if (ctx != NULL)
		credentials_report(&conf->profiles[0], fds, trust, report);
	X509_STORE_free(trust);
	SSL_CTX_free(ctx);
	while (n-- > 0) {
		close(fds[n].certificate);
		close(fds[n].key);
	}
	return ctx != NULL ? 0 : -1;
}

static void
assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void
assert_fails(const struct conf *conf, const char *part)
{
	char error[CREDENTIALS_TEXT_MAX];

	assert_int_equal(load(conf, error), -1);
	assert_says(error, part);
}

static void
assert_loads(const struct conf *conf)
{
	char error[CREDENTIALS_TEXT_MAX];

	if (load(conf, error) != 0)
		fail_msg("%s", error);
}

/* --- life
 * ------------------------------------------------------------------------ */

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	ec = EVP_EC_gen("P-256");
	other_ec = EVP_EC_gen("P-256");
	rsa = EVP_RSA_gen(2048);
	root = make(&(struct want){
	    "root", "root", NULL, NULL, other_ec, other_ec, 90 });
	middle = make(&(struct want){
	    "middle", "root", NULL, NULL, other_ec, other_ec, 90 });
	leaf = make(&(struct want){ "leaf", "middle", "serverAuth",
	    "DNS:vpn.example, IP:192.0.2.1", ec, other_ec, 20 });
	return 0;
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	X509_free(root);
	X509_free(middle);
	X509_free(leaf);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(other_ec);
	EVP_PKEY_free(rsa);
	return system(command);
}

/* A good chain and key before each test. */
static int
fresh(void **state)
{
	(void)state;
	write_chain("cert.pem", (X509 *[]){ leaf, middle, NULL });
	write_key("key.pem", ec, 0600, NULL);
	return 0;
}

/* --- tests
 * ------------------------------------------------------------------------ */

static void
test_good_chain(void **state)
{
	struct conf conf = sample();

	(void)state;
	assert_loads(&conf);
	assert_says(said, "subject /CN=leaf, names DNS:vpn.example, IP "
			  "Address:192.0.2.1, 20 days left");
	/* its root is nowhere on this system */
	assert_says(said, "WARNING ");
	assert_says(said, "is not trusted on this system");
}

static void
test_self_signed_is_no_warning(void **state)
{
	struct conf conf = sample();
	X509 *x = make(&(struct want){
	    "self", "self", NULL, "DNS:self.example", ec, ec, 1 });

	(void)state;
	write_chain("cert.pem", (X509 *[]){ x, NULL });
	assert_loads(&conf);
	assert_null(strstr(said, "WARNING"));
	X509_free(x);
}

static void
test_warnings(void **state)
{
	struct conf conf = sample();
	X509 *x = make(&(struct want){ "old", "old", NULL, NULL, ec, ec, -3 });

	(void)state;
	write_chain("cert.pem", (X509 *[]){ x, NULL });
	assert_loads(&conf);
	assert_says(said, "has no subjectAltName");
	assert_says(said, "has expired");
	X509_free(x);
}

static void
test_wrong_key(void **state)
{
	struct conf conf = sample();

	(void)state;
	write_key("key.pem", other_ec, 0600, NULL);
	assert_fails(&conf, "key.pem: not the key of ");
	write_key("key.pem", rsa, 0600, NULL);
	assert_fails(&conf, "key.pem: not the key of ");
}

static void
test_key_files(void **state)
{
	struct conf conf = sample();

	(void)state;
	write_key("key.pem", ec, 0604, NULL);
	assert_fails(&conf, "key.pem: readable by everyone");
	write_key("key.pem", ec, 0600, "secret");
	assert_fails(&conf, "key.pem: protected by a passphrase");
	write_text("key.pem", "junk\n");
	assert_fails(&conf, "key.pem: no private key in PEM form");
	write_text("key.pem", "");
	assert_fails(&conf, "key.pem: empty or unreadable");
	unlink(conf.profiles[0].private_key[0]);
	assert_fails(&conf, "key.pem: No such file or directory");
}

static void
test_certificate_files(void **state)
{
	struct conf conf = sample();

	(void)state;
	write_text("cert.pem", "junk\n");
	assert_fails(&conf, "cert.pem: no certificate in PEM form");
	write_text("cert.pem", "");
	assert_fails(&conf, "cert.pem: empty or unreadable");
	unlink(conf.profiles[0].certificate[0]);
	assert_fails(&conf, "cert.pem: No such file or directory");
}

static void
test_chain_order(void **state)
{
	struct conf conf = sample();

	(void)state;
	write_chain("cert.pem", (X509 *[]){ leaf, root, middle, NULL });
	assert_fails(&conf, "certificate 2 did not issue the one before it");
	write_chain("cert.pem", (X509 *[]){ leaf, middle, middle, NULL });
	assert_fails(&conf, "certificate 3 did not issue the one before it");
	write_chain("cert.pem", (X509 *[]){ middle, leaf, NULL });
	assert_fails(&conf, "not the key of ");
}

static void
test_usage(void **state)
{
	static const struct {
		const char *usage;
		bool good;
	} rows[] = {
		{ NULL, true },
		{ "serverAuth", true },
		{ "clientAuth,serverAuth", true },
		{ "anyExtendedKeyUsage", true },
		{ "clientAuth", false },
		{ "codeSigning,emailProtection", false },
	};
	struct conf conf = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		X509 *x = make(&(struct want){
		    "x", "x", rows[i].usage, "DNS:x.example", ec, ec, 9 });

		write_chain("cert.pem", (X509 *[]){ x, NULL });
		if (rows[i].good)
			assert_loads(&conf);
		else
			assert_fails(&conf, "lacks serverAuth");
		X509_free(x);
	}
}

static void
test_two_certificates(void **state)
{
	struct conf conf = sample();
	X509 *x = make(&(struct want){
	    "rsa", "rsa", NULL, "DNS:rsa.example", rsa, rsa, 9 });

	(void)state;
	conf.profiles[0].certificate_count =
	    conf.profiles[0].private_key_count = 2;
	path_of(conf.profiles[0].certificate[1], "cert2.pem");
	path_of(conf.profiles[0].private_key[1], "key2.pem");
	write_chain("cert2.pem", (X509 *[]){ x, NULL });
	write_key("key2.pem", rsa, 0600, NULL);
	assert_loads(&conf);
	assert_says(said, "/CN=leaf");
	assert_says(said, "/CN=rsa");
	write_chain("cert2.pem", (X509 *[]){ leaf, middle, NULL });
	write_key("key2.pem", ec, 0600, NULL);
	assert_fails(&conf, "another certificate has the same type of key");
	X509_free(x);
}

static void
test_lists(void **state)
{
	struct conf conf = sample();

	(void)state;
	strcpy(conf.ciphers, "NO-SUCH-CIPHER");
	assert_fails(&conf, "[tls] ciphers: \"NO-SUCH-CIPHER\"");
	conf = sample();
	strcpy(conf.ciphersuites, "TLS_NO_SUCH_SUITE");
	assert_fails(&conf, "[tls] ciphersuites: \"TLS_NO_SUCH_SUITE\"");
	conf = sample();
	strcpy(conf.groups, "P-257");
	assert_fails(&conf, "[tls] groups: \"P-257\"");
}

/* What was opened is what is used, whatever happens to the files. */
static void
test_files_may_change_afterwards(void **state)
{
	struct conf conf = sample();
	struct credential_fds fds;
	char error[CREDENTIALS_TEXT_MAX];
	SSL_CTX *ctx;

	(void)state;
	assert_int_equal(
	    credentials_open(&conf.profiles[0], 0, &fds, error), 0);
	write_text("cert.pem", "junk");
	write_text("key.pem", "junk");
	for (int turn = 0; turn < 2; turn++) {
		ctx =
		    credentials_context(&conf, &conf.profiles[0], &fds, error);
		assert_non_null(ctx);
		SSL_CTX_free(ctx);
	}
	assert_int_equal(write(fds.key, "x", 1), -1);
	close(fds.certificate);
	close(fds.key);
}

#define CASE(f) cmocka_unit_test_setup(f, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_good_chain),
		CASE(test_self_signed_is_no_warning),
		CASE(test_warnings),
		CASE(test_wrong_key),
		CASE(test_key_files),
		CASE(test_certificate_files),
		CASE(test_chain_order),
		CASE(test_usage),
		CASE(test_two_certificates),
		CASE(test_lists),
		CASE(test_files_may_change_afterwards),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
