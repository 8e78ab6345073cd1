/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* One client: what the statistics have of it. */

#include <linux/tcp.h> /* the whole of tcp_info, which libc cuts short */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "profile.h"
#include "session_private.h"
#include "stats.h"

/* --- counters, as things happen
 * -------------------------------------------------------------------- */

static uint32_t
ms_since(ev_tstamp when)
{
	ev_tstamp ms = (loop_clock() - when) * 1000;

	return ms < 1 ? 1 : (uint32_t)ms; /* 0 is "not yet" */
}

void
session_count_handshake(struct session *s)
{
	s->tls_ms = ms_since(s->began);
	stats_note(&s->stats->tls, s->tls_ms);
}

void
session_count_auth(struct session *s)
{
	s->auth_ms = ms_since(s->began);
	/* the part of it that pppd and a RADIUS server are answerable for */
	stats_note(&s->stats->auth,
	    ms_since(s->auth_began > 0 ? s->auth_began : s->began));
}

void
session_count_up(struct session *s)
{
	if (s->up_ms != 0)
		return; /* IPv4 and IPv6 come up apart */
	s->up_ms = ms_since(s->began);
	stats_note(&s->stats->up, s->up_ms);
}

/* What TCP has done for it; false where the kernel does not say. */
static bool
tcp_info(const struct session *s, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return s->tls.fd >= 0 &&
	       getsockopt(s->tls.fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0;
}

uint64_t
session_delivery_rate(const struct session *s)
{
	struct tcp_info info;

	return tcp_info(s, &info) ? info.tcpi_delivery_rate : 0;
}

static void
count_retransmits(struct session *s, const struct tcp_info *info)
{
	s->stats->retransmits += info->tcpi_total_retrans - s->told.retransmits;
	s->told.retransmits = info->tcpi_total_retrans;
}

/* What has come since it was last told: totals must never go back. */
static void
count_traffic(struct session *s)
{
	struct stats_worker *w = s->stats;

	w->bytes_in += s->bytes_in - s->told.bytes_in;
	w->bytes_out += s->bytes_out - s->told.bytes_out;
	w->packets_in += s->packets_in - s->told.packets_in;
	w->packets_out += s->packets_out - s->told.packets_out;
	w->dropped += s->dropped - s->told.dropped;
	s->told.bytes_in = s->bytes_in;
	s->told.bytes_out = s->bytes_out;
	s->told.packets_in = s->packets_in;
	s->told.packets_out = s->packets_out;
	s->told.dropped = s->dropped;
}

void
session_count_close(struct session *s)
{
	struct tcp_info info;

	if (tcp_info(s, &info))
		count_retransmits(s, &info);
}

void
session_count_call(struct session *s)
{
	s->stats->calls++;
	s->stats->now.calls++;
}

void
session_count_end(struct session *s)
{
	if (s->ppp != PPP_NONE)
		s->stats->now.calls--;
	s->stats->ended[s->cause][s->ended_at]++;
	count_traffic(s);
}

/* The number that its profile has now. */
static unsigned int
current_profile(const struct session *s, const struct conf *current)
{
	int n;

	if (s->conf == current)
		return s->profile;
	n = profile_find(current, s->conf->profiles[s->profile].name);
	return n < 0 ? STATS_PROFILE_GONE : (unsigned int)n;
}

void
session_sum(
    struct session *s, const struct conf *current, struct stats_sums *sums)
{
	unsigned int state =
	    s->stage == STAGE_CLOSED ? STATS_CLOSING : s->reached;
	struct tcp_info info;

	sums->states[current_profile(s, current)][state]++;
	sums->to_client += tls_queued(&s->tls);
	sums->to_pppd += buf_len(&s->pty_out);
	count_traffic(s);
	if (!tcp_info(s, &info))
		return;
	sums->unsent += info.tcpi_notsent_bytes;
	count_retransmits(s, &info);
}

/* --- all of it, when somebody asks
 * ---------------------------------------------------------------- */

static void
sample_tcp(const struct session *s, struct stats_session *out)
{
	struct tcp_info info;

	if (!tcp_info(s, &info))
		return;
	out->rtt_us = info.tcpi_rtt;
	out->rttvar_us = info.tcpi_rttvar;
	out->retransmits = info.tcpi_total_retrans;
	out->cwnd = info.tcpi_snd_cwnd;
	out->unsent = info.tcpi_notsent_bytes;
	out->delivery_rate = info.tcpi_delivery_rate;
}

static void
sample_network(const struct session *s, struct stats_session *out)
{
	const struct keymsg_up *any = s->up4.family != 0 ? &s->up4 : &s->up6;

	if (any->family == 0)
		return;
	out->mtu = any->mtu;
	snprintf(out->ifname, sizeof(out->ifname), "%.*s",
	    (int)sizeof(any->ifname) - 1, any->ifname);
	out->local4 = s->up4.local4;
	out->remote4 = s->up4.remote4;
	memcpy(out->local6, s->up6.local6, sizeof(out->local6));
	memcpy(out->remote6, s->up6.remote6, sizeof(out->remote6));
}

static void
sample_texts(const struct session *s, struct stats_session *out)
{
	endpoint_text(&s->peer, out->peer);
	endpoint_text(&s->local, out->local);
	snprintf(
	    out->user, sizeof(out->user), "%.*s", (int)s->user_len, s->user);
	snprintf(out->sni, sizeof(out->sni), "%s", s->sni);
	snprintf(out->profile, sizeof(out->profile), "%s",
	    s->conf->profiles[s->profile].name);
	snprintf(out->correlation_id, sizeof(out->correlation_id), "%s",
	    s->correlation_id);
	if (s->tls_version == NULL)
		return;
	snprintf(
	    out->tls_version, sizeof(out->tls_version), "%s", s->tls_version);
	snprintf(out->tls_cipher, sizeof(out->tls_cipher), "%s", s->tls_cipher);
}

/* The system's clock may have been set since: ages are what counts. */
static int64_t
wall_ms(ev_tstamp when)
{
	return when > 0 ? (int64_t)((ev_time() - loop_clock() + when) * 1000)
			: 0;
}

void
session_sample(const struct session *s, struct stats_session *out)
{
	memset(out, 0, sizeof(*out));
	out->id = s->id;
	out->stage = s->reached;
	out->method = s->method;
	out->began = wall_ms(s->began);
	out->connected = wall_ms(s->connected);
	out->tls_ms = s->tls_ms;
	out->auth_ms = s->auth_ms;
	out->up_ms = s->up_ms;
	out->bytes_in = s->bytes_in;
	out->bytes_out = s->bytes_out;
	out->packets_in = s->packets_in;
	out->packets_out = s->packets_out;
	out->dropped = s->dropped;
	out->queue_to_client = (uint32_t)tls_queued(&s->tls);
	out->queue_to_pppd = (uint32_t)buf_len(&s->pty_out);
	sample_texts(s, out);
	sample_network(s, out);
	sample_tcp(s, out);
}
