/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* The order of the checks. */

#include <stdio.h>

#include "conf.h"
#include "doctor.h"
#include "doctor_files.h"
#include "doctor_host.h"
#include "doctor_pppd.h"
#include "doctor_report.h"
#include "doctor_tls.h"

int
doctor_main(const char *path, const char *name, bool as_json)
{
	static struct conf conf;
	char error[CONF_ERROR_MAX];
	unsigned int version;
	struct doctor d;

	doctor_begin(&d, stdout, as_json);
	if (conf_load(path, &conf, error) != 0) {
		doctor_say(&d, DOCTOR_FAULT, "configuration",
		    "%s\ncorrect it, see sstpd.conf(5); nothing else was "
		    "checked",
		    error);
		return doctor_end(&d);
	}
	doctor_say(&d, DOCTOR_OK, "configuration", "%s: is understood", path);
	doctor_tls(&d, &conf, name);
	version = doctor_pppd(&d, &conf);
	doctor_files(&d, &conf, version);
	doctor_host(&d, &conf);
	return doctor_end(&d);
}
