/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * When pppds are cloned from a template. A profile gets one once sessions
 * follow each other closely, and loses it when they no longer do; until it is
 * ready, and wherever it fails, pppds are started as ever. Changed options
 * apply to the next session, so a template ends with the files it was made
 * from. All clones of one have the same layout of memory and the same stack
 * protector, so it also ends when one crashes, as somebody may be guessing.
 */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "monitor_private.h"
#include "pppd_facts.h"

/* Seconds. */
static const ev_tstamp start_limit = 20.;
static const ev_tstamp worth = 60.; /* between two sessions at most */
static const ev_tstamp lifetime = 600.;
static const ev_tstamp rest = 60.; /* after a failure */

static void
end(struct template *t)
{
	if (t->process.channel < 0)
		return;
	ev_io_stop(t->monitor->loop, &t->heard);
	ev_timer_stop(t->monitor->loop, &t->timer);
	pppd_template_end(&t->process);
	t->process = PPPD_TEMPLATE_NONE;
}

static void
fail(struct template *t, const char *what)
{
	char line[256];
	bool started = t->process.waits || t->served;

	pppd_template_last_line(&t->process, line, sizeof(line));
	log_warnx("pppd: template of profile %s: %s%s%s: pppds are started "
		  "without",
	    t->profile, what, line[0] == '\0' ? "" : ": ", line);
	end(t);
	if (started)
		t->rests_until = ev_now(t->monitor->loop) + rest;
	else
		t->useless = true;
}

static void
on_heard(struct ev_loop *loop, ev_io *w, int revents)
{
	struct template *t = w->data;

	(void)revents;
	if (pppd_template_hear(&t->process) != 0) {
		fail(t, "it has ended or does not answer");
		return;
	}
	if (!t->process.waits)
		return;
	log_debug("pppd: template of pid %d waits", (int)t->process.pid);
	t->timer.repeat = worth;
	ev_timer_again(loop, &t->timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct template *t = w->data;

	(void)loop;
	(void)revents;
	if (t->process.waits)
		end(t);
	else
		fail(t, "it does not get ready");
}

static bool
is_possible(struct template *t, const struct conf_profile *profile)
{
	char obstacle[PPPD_FACT_MAX];

	if (access(t->monitor->user_options, F_OK) == 0)
		log_info("pppd: no template for profile %s: there is %s",
		    t->profile, t->monitor->user_options);
	else if (pppd_is_clonable(profile, obstacle))
		return true;
	else
		log_info(
		    "pppd: no template for profile %s: its options have %s",
		    t->profile, obstacle);
	t->useless = true;
	return false;
}

static void
start(struct template *t, const struct conf_profile *profile)
{
	struct monitor *m = t->monitor;

	t->served = false;
	t->began = ev_now(m->loop);
	memcpy(t->profile, profile->name, sizeof(t->profile));
	if (!is_possible(t, profile))
		return;
	if (pppd_template_start(&t->process, &m->setup.conf, profile) != 0) {
		log_warn("pppd: template of profile %s", t->profile);
		t->rests_until = ev_now(m->loop) + rest;
		return;
	}
	ev_io_init(&t->heard, on_heard, t->process.channel, EV_READ);
	ev_timer_init(&t->timer, on_timer, start_limit, 0.);
	t->heard.data = t->timer.data = t;
	ev_io_start(m->loop, &t->heard);
	ev_timer_start(m->loop, &t->timer);
}

static bool
note_file(struct template_file *f, const char *path)
{
	struct template_file now = { 0 };
	struct stat st;

	if (stat(path, &st) == 0)
		now = (struct template_file){
			.device = st.st_dev,
			.inode = st.st_ino,
			.size = st.st_size,
			.modified = st.st_mtim,
			.changed = st.st_ctim,
		};
	if (memcmp(&now, f, sizeof(now)) == 0)
		return false;
	*f = now;
	return true;
}

/* Whether a file of those that a template takes in is another than before. */
static bool
note_files(struct template *t, const struct conf_profile *profile)
{
	const struct conf *conf = &t->monitor->setup.conf;
	const char *const paths[TEMPLATE_FILES] = { conf->pppd, conf->plugin,
		profile->options_file, PPPD_GENERAL_OPTIONS,
		t->monitor->user_options };
	bool changed = false;

	for (int i = 0; i < TEMPLATE_FILES; i++)
		changed = note_file(&t->files[i], paths[i]) || changed;
	return changed;
}

static struct pppd_template *
use(struct template *t)
{
	if (!t->process.waits)
		return NULL;
	t->served = true;
	ev_timer_again(t->monitor->loop, &t->timer);
	return &t->process;
}

struct pppd_template *
monitor_template(struct monitor *m, const struct conf_profile *profile)
{
	struct template *t = &m->templates[profile - m->setup.conf.profiles];
	ev_tstamp now = ev_now(m->loop), last = t->asked;

	if (!m->setup.conf.template || m->draining)
		return NULL;
	t->asked = now;
	if (note_files(t, profile)) {
		end(t);
		t->useless = false;
	}
	if (now - t->began > lifetime)
		end(t);
	if (t->process.channel < 0 && !t->useless && now - last < worth &&
	    now >= t->rests_until)
		start(t, profile);
	return use(t);
}

void
monitor_template_end(struct monitor *m, const char *profile)
{
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		if (strcmp(m->templates[i].profile, profile) == 0)
			end(&m->templates[i]);
}

void
monitor_templates_end(struct monitor *m)
{
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++) {
		end(&m->templates[i]);
		m->templates[i].useless = false;
	}
}

/* Our user's own options, which pppd reads, too, name files as they like. */
void
monitor_templates_init(struct monitor *m)
{
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL)
		snprintf(m->user_options, sizeof(m->user_options), "%s/.ppprc",
		    user->pw_dir);
	for (unsigned int i = 0; i < CONF_PROFILES_MAX; i++)
		m->templates[i] = (struct template){ .monitor = m,
			.process = PPPD_TEMPLATE_NONE };
}
