/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * The state machine. Every state meets every event, and the outcome is
 * compared with test/data/call-matrix.txt, which is there to be read beside
 * [MS-SSTP] 3.3. After a change on purpose run this with UPDATE_MATRIX=1, and
 * read the difference. The other tests check what must hold whatever the rows
 * say, and tell some stories.
 */

#include "config.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"

enum { PEER_STATUS = 9 };

static struct call_result
input_in(enum call_state state, enum call_event event, unsigned int naks)
{
	struct call call = { state, naks };
	struct call_result r = call_input(&call, event, PEER_STATUS);

	assert_int_equal(r.from, state);
	assert_int_equal(r.to, call.state);
	return r;
}

/* --- the matrix --- */

/* Cells nobody can come to: these must close, as a fault of ours. */
static bool
is_impossible(enum call_state state, enum call_event event)
{
	bool ending = state >= CALL_ABORT_PENDING && state < CALL_CLOSED;

	if (state == CALL_CLOSED)
		return false;
	switch (event) {
	case EV_BINDING_OK:
	case EV_BINDING_FAILED:
		return state != CALL_PROOF_HELD;
	case EV_PPP_ENDED:
		return state == CALL_REQUEST_PENDING;
	case EV_NEGOTIATION_TIMEOUT:
		return state > CALL_PROOF_HELD;
	case EV_HELLO_IDLE:
	case EV_HELLO_LOST:
		return state != CALL_CONNECTED;
	case EV_LINGER_OVER:
		return !ending;
	default:
		return false;
	}
}

static void
print_actions(FILE *f, unsigned int actions)
{
	char text[128] = "-";
	size_t n = 0;

	for (unsigned int bit = 1; bit <= ACT_CLOSE; bit <<= 1) {
		if (!(actions & bit))
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n > 0 ? "+" : "", call_action_name(bit));
		assert_true(n < sizeof(text));
	}
	fprintf(f, "%-33s", text);
}

static void
print_cell(
    FILE *f, enum call_state state, enum call_event event, unsigned int naks)
{
	struct call_result r = input_in(state, event, naks);
	bool same = r.to == r.from;

	fprintf(f, "%-27s%-25s-> %-27s", call_state_name(state),
	    call_event_name(event), same ? "=" : call_state_name(r.to));
	print_actions(f, r.actions);
	fprintf(
	    f, "%-14s", r.timer == TIMER_KEEP ? "-" : call_timer_name(r.timer));
	if (r.actions & ACT_SEND_ABORT)
		fprintf(f, "(%u,%u)\n", r.abort_attrib, r.abort_status);
	else
		fprintf(f, "%s\n", is_impossible(state, event) ? "!" : "-");
}

static const char matrix_head[] =
    "# The state machine as it is, an event at a time; see [MS-SSTP] 3.3.\n"
    "# Written by UPDATE_MATRIX=1 test/unit/test_call.\n"
    "#\n"
    "#   =       the state stays\n"
    "#   timer   the one timer of a call is restarted as this; - leaves it,\n"
    "#           NONE stops it\n"
    "#   abort   AttribID and Status of our CALL_ABORT; the one received\n"
    "#           here has status 9\n"
    "#   !       cannot happen: a fault of ours, closed\n"
    "#\n";

static void
print_matrix(FILE *f)
{
	fputs(matrix_head, f);
	fprintf(f, "%-27s%-25s   %-27s%-33s%-14s%s\n", "# state", "event",
	    "next", "actions", "timer", "abort");
	for (unsigned int event = 0; event < CALL_EVENTS; event++) {
		fputs("\n", f);
		for (unsigned int state = 0; state < CALL_STATES; state++)
			print_cell(f, state, event, 0);
	}
	fprintf(f, "\n# after %u NAKs:\n", CALL_NAK_LIMIT);
	print_cell(f, CALL_REQUEST_PENDING, EV_CONNECT_REQUEST_REFUSED,
	    CALL_NAK_LIMIT);
}

static FILE *
open_matrix(const char *mode)
{
	FILE *f = fopen(TEST_DATA "/call-matrix.txt", mode);

	assert_non_null(f);
	return f;
}

/* A line at a time, so that a failure names the cell. */
static void
test_matrix(void **state)
{
	char now[256], was[256];
	FILE *is = tmpfile(), *shall_be;

	(void)state;
	if (getenv("UPDATE_MATRIX") != NULL) {
		shall_be = open_matrix("w");
		print_matrix(shall_be);
		assert_int_equal(fclose(shall_be), 0);
	}
	assert_non_null(is);
	print_matrix(is);
	rewind(is);
	shall_be = open_matrix("r");
	while (fgets(now, sizeof(now), is) != NULL) {
		assert_non_null(fgets(was, sizeof(was), shall_be));
		assert_string_equal(now, was);
	}
	assert_null(fgets(was, sizeof(was), shall_be));
	fclose(shall_be);
	fclose(is);
}

/* --- what must hold for every row --- */

/* each state has one timer that runs while it lasts */
static const enum call_timer timers[CALL_STATES] = {
	[CALL_REQUEST_PENDING] = TIMER_NEGOTIATION,
	[CALL_CONNECTED_PENDING] = TIMER_NEGOTIATION,
	[CALL_PROOF_HELD] = TIMER_NEGOTIATION,
	[CALL_CONNECTED] = TIMER_HELLO,
	[CALL_ABORT_PENDING] = TIMER_ABORT_1,
	[CALL_ABORT_TIMEOUT_PENDING] = TIMER_ABORT_2,
	[CALL_DISCONNECT_ACK_PENDING] = TIMER_DISCONNECT_1,
	[CALL_DISCONNECT_TIMEOUT_PENDING] = TIMER_DISCONNECT_2,
	[CALL_CLOSED] = TIMER_NONE,
};

static bool
has_ppp(enum call_state state)
{
	return state == CALL_CONNECTED_PENDING || state == CALL_PROOF_HELD ||
	       state == CALL_CONNECTED;
}

static void
check_timer(const struct call_result *r)
{
	enum call_timer timer =
	    r->timer == TIMER_KEEP ? timers[r->from] : r->timer;

	assert_int_equal(timer, timers[r->to]);
}

static void
check_ppp(const struct call_result *r, enum call_event event)
{
	bool starts = r->actions & ACT_START_PPP;
	bool hangs_up = r->actions & ACT_HANG_UP_PPP;

	assert_int_equal(starts, !has_ppp(r->from) && has_ppp(r->to));
	/* whoever leaves it behind says so, unless it left itself */
	assert_int_equal(hangs_up,
	    has_ppp(r->from) && !has_ppp(r->to) && event != EV_PPP_ENDED);
	if (r->actions & ACT_TERMINATE_PPP)
		assert_true(has_ppp(r->from) && has_ppp(r->to));
}

static void
check_abort(const struct call_result *r)
{
	if (!(r->actions & ACT_SEND_ABORT)) {
		assert_int_equal(r->abort_attrib, 0);
		assert_int_equal(r->abort_status, 0);
		return;
	}
	assert_in_range(r->abort_attrib, SSTP_ATTRIB_STATUS_INFO,
	    SSTP_ATTRIB_CRYPTO_BINDING);
	assert_in_range(r->abort_status, 4, 9);
	assert_true(
	    r->to == CALL_ABORT_PENDING || r->to == CALL_ABORT_TIMEOUT_PENDING);
}

static void
check_gate(const struct call_result *r, enum call_event event)
{
	bool opens = r->actions & ACT_OPEN_GATE;
	bool enters = r->to == CALL_CONNECTED && r->from != CALL_CONNECTED;

	assert_int_equal(opens, enters);
	if (enters) {
		assert_int_equal(event, EV_BINDING_OK);
		assert_int_equal(r->from, CALL_PROOF_HELD);
	}
}

static void
check_cell(enum call_state state, enum call_event event)
{
	struct call_result r = input_in(state, event, 0);
	bool closes = r.actions & ACT_CLOSE;

	check_timer(&r);
	check_ppp(&r, event);
	check_abort(&r);
	check_gate(&r, event);
	assert_int_equal(closes, r.to == CALL_CLOSED && r.from != CALL_CLOSED);
	if (r.from == CALL_CLOSED)
		assert_int_equal(r.actions, 0);
	if (is_impossible(state, event))
		assert_int_equal(r.to, CALL_CLOSED);
	/* the ending states never turn back */
	if (r.from >= CALL_ABORT_PENDING)
		assert_true(r.to >= CALL_ABORT_PENDING);
}

static void
test_every_cell(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < CALL_STATES; s++) {
		for (unsigned int event = 0; event < CALL_EVENTS; event++)
			check_cell(s, event);
	}
}

static void
test_may_pass(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < CALL_STATES; s++) {
		assert_false(call_may_pass(s, PPP_DROP));
		assert_int_equal(call_may_pass(s, PPP_CONTROL), has_ppp(s));
		assert_int_equal(
		    call_may_pass(s, PPP_DATA), s == CALL_CONNECTED);
	}
}

/* --- stories --- */

struct step {
	enum call_event event;
	enum call_state next;
	unsigned int actions;
};

static void
play(const struct step *steps, size_t n)
{
	struct call call;

	call_init(&call);
	assert_int_equal(call.state, CALL_REQUEST_PENDING);
	for (size_t i = 0; i < n; i++) {
		struct call_result r =
		    call_input(&call, steps[i].event, PEER_STATUS);

		if (r.to != steps[i].next || r.actions != steps[i].actions)
			fail_msg("step %zu, %s: %s, actions %#x", i,
			    call_event_name(steps[i].event),
			    call_state_name(r.to), r.actions);
	}
}

#define PLAY(...)                                                              \
	play((const struct step[]){ __VA_ARGS__ },                             \
	    sizeof((const struct step[]){ __VA_ARGS__ }) /                     \
		sizeof(struct step))

/* clang-format off */

#define REQUEST \
	{ EV_CONNECT_REQUEST, CALL_CONNECTED_PENDING, \
	    ACT_SEND_ACK | ACT_START_PPP }
#define PROOF \
	{ EV_CALL_CONNECTED, CALL_PROOF_HELD, ACT_HOLD_PROOF }
#define VERIFIED \
	{ EV_BINDING_OK, CALL_CONNECTED, ACT_OPEN_GATE }
#define LINGERED \
	{ EV_LINGER_OVER, CALL_CLOSED, ACT_CLOSE }

static void
test_whole_call(void **state)
{
	(void)state;
	PLAY(REQUEST, PROOF, VERIFIED,
	    { EV_HELLO_IDLE, CALL_CONNECTED, ACT_SEND_ECHO_REQUEST },
	    { EV_ECHO_RESPONSE, CALL_CONNECTED, 0 },
	    { EV_ECHO_REQUEST, CALL_CONNECTED, ACT_SEND_ECHO_RESPONSE },
	    { EV_DISCONNECT, CALL_DISCONNECT_TIMEOUT_PENDING,
		ACT_SEND_DISCONNECT_ACK | ACT_HANG_UP_PPP },
	    { EV_PPP_ENDED, CALL_DISCONNECT_TIMEOUT_PENDING, 0 },
	    LINGERED,
	    { EV_LOWER_DOWN, CALL_CLOSED, 0 });
}

static void
test_crossed_aborts(void **state)
{
	(void)state;
	PLAY(REQUEST,
	    { EV_UNKNOWN, CALL_ABORT_PENDING,
		ACT_SEND_ABORT | ACT_HANG_UP_PPP },
	    { EV_ABORT, CALL_ABORT_TIMEOUT_PENDING, 0 },
	    { EV_ABORT, CALL_ABORT_TIMEOUT_PENDING, 0 },
	    LINGERED);
}

static void
test_crossed_disconnects(void **state)
{
	(void)state;
	PLAY(REQUEST, PROOF, VERIFIED,
	    { EV_PPP_ENDED, CALL_DISCONNECT_ACK_PENDING, ACT_SEND_DISCONNECT },
	    { EV_DISCONNECT, CALL_DISCONNECT_TIMEOUT_PENDING,
		ACT_SEND_DISCONNECT_ACK },
	    { EV_DISCONNECT_ACK, CALL_DISCONNECT_TIMEOUT_PENDING, 0 },
	    { EV_ABORT, CALL_DISCONNECT_TIMEOUT_PENDING, 0 },
	    LINGERED);
}

static void
test_abort_after_disconnect(void **state)
{
	(void)state;
	PLAY(REQUEST,
	    { EV_PPP_ENDED, CALL_DISCONNECT_ACK_PENDING, ACT_SEND_DISCONNECT },
	    { EV_ABORT, CALL_ABORT_TIMEOUT_PENDING, ACT_SEND_ABORT },
	    { EV_DISCONNECT, CALL_ABORT_TIMEOUT_PENDING, 0 },
	    LINGERED);
}

static void
test_silent_peer(void **state)
{
	(void)state;
	PLAY(REQUEST,
	    { EV_NEGOTIATION_TIMEOUT, CALL_ABORT_PENDING,
		ACT_SEND_ABORT | ACT_HANG_UP_PPP },
	    { EV_CONNECT_REQUEST, CALL_ABORT_PENDING, 0 },
	    { EV_DISCONNECT, CALL_ABORT_PENDING, 0 },
	    LINGERED);
	PLAY(REQUEST, PROOF, VERIFIED,
	    { EV_HELLO_IDLE, CALL_CONNECTED, ACT_SEND_ECHO_REQUEST },
	    { EV_HELLO_LOST, CALL_CLOSED, ACT_HANG_UP_PPP | ACT_CLOSE });
}

/* The proof comes before the keys, and then keeps waiting, or is doubled. */
static void
test_proof_before_keys(void **state)
{
	(void)state;
	PLAY(REQUEST, PROOF,
	    { EV_ECHO_REQUEST, CALL_PROOF_HELD, ACT_SEND_ECHO_RESPONSE },
	    { EV_ECHO_RESPONSE, CALL_PROOF_HELD, 0 },
	    VERIFIED);
	PLAY(REQUEST, PROOF,
	    { EV_BINDING_FAILED, CALL_ABORT_PENDING,
		ACT_SEND_ABORT | ACT_HANG_UP_PPP },
	    { EV_ABORT, CALL_ABORT_TIMEOUT_PENDING, 0 });
	PLAY(REQUEST, PROOF,
	    { EV_NEGOTIATION_TIMEOUT, CALL_ABORT_PENDING,
		ACT_SEND_ABORT | ACT_HANG_UP_PPP });
	PLAY(REQUEST, PROOF,
	    { EV_CALL_CONNECTED, CALL_ABORT_PENDING,
		ACT_SEND_ABORT | ACT_HANG_UP_PPP },
	    { EV_PPP_ENDED, CALL_ABORT_PENDING, 0 });
}

static void
test_stop(void **state)
{
	(void)state;
	PLAY({ EV_STOP, CALL_DISCONNECT_ACK_PENDING, ACT_SEND_DISCONNECT },
	    { EV_STOP, CALL_DISCONNECT_ACK_PENDING, 0 },
	    { EV_DISCONNECT_ACK, CALL_CLOSED, ACT_CLOSE });
	PLAY(REQUEST, PROOF, VERIFIED,
	    { EV_STOP, CALL_CONNECTED, ACT_TERMINATE_PPP },
	    { EV_PPP_ENDED, CALL_DISCONNECT_ACK_PENDING, ACT_SEND_DISCONNECT },
	    { EV_STOP, CALL_DISCONNECT_ACK_PENDING, 0 },
	    { EV_DISCONNECT_ACK, CALL_CLOSED, ACT_CLOSE });
}

#define NAK \
	{ EV_CONNECT_REQUEST_REFUSED, CALL_REQUEST_PENDING, ACT_SEND_NAK }

static void
test_nak_limit(void **state)
{
	(void)state;
	PLAY(NAK, NAK, NAK, REQUEST);
	PLAY(NAK, NAK, NAK,
	    { EV_CONNECT_REQUEST_REFUSED, CALL_ABORT_PENDING, ACT_SEND_ABORT });
}

/* clang-format on */

static void
test_abort_statuses(void **state)
{
	static const enum call_state answering[] = {
		CALL_REQUEST_PENDING,
		CALL_CONNECTED_PENDING,
		CALL_PROOF_HELD,
		CALL_CONNECTED,
		CALL_DISCONNECT_ACK_PENDING,
	};
	static const uint32_t statuses[][2] = { /* theirs, ours */
		{ 0, 7 }, { 3, 7 }, { 4, 4 }, { 5, 5 }, { 6, 6 }, { 7, 7 },
		{ 8, 8 }, { 9, 9 }, { 10, 7 }, { 11, 7 }, { 255, 7 },
		{ 260, 7 }, { UINT32_MAX, 7 }
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 13; k++) {
			struct call call = { .state = answering[i] };
			struct call_result r =
			    call_input(&call, EV_ABORT, statuses[k][0]);

			assert_true(r.actions & ACT_SEND_ABORT);
			assert_int_equal(r.abort_attrib, 2);
			assert_int_equal(r.abort_status, statuses[k][1]);
		}
	}
}

/* Only the answer to an ABORT takes a status from the peer. */
static void
test_peer_status_unused(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < CALL_STATES; s++) {
		for (unsigned int event = 0; event < CALL_EVENTS; event++) {
			struct call a = { .state = s }, b = { .state = s };
			struct call_result ra = call_input(&a, event, 4);
			struct call_result rb = call_input(&b, event, 6);

			if (event != EV_ABORT)
				assert_int_equal(
				    ra.abort_status, rb.abort_status);
		}
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CALL_STATES; i++)
		assert_string_not_equal(call_state_name(i), "unknown");
	for (unsigned int i = 0; i < CALL_EVENTS; i++)
		assert_string_not_equal(call_event_name(i), "unknown");
	for (unsigned int i = 1; i <= ACT_CLOSE; i <<= 1)
		assert_string_not_equal(call_action_name(i), "unknown");
	for (unsigned int i = 0; i <= TIMER_NONE; i++)
		assert_string_not_equal(call_timer_name(i), "unknown");
	assert_string_equal(call_state_name(CALL_STATES), "unknown");
	assert_string_equal(call_event_name(CALL_EVENTS), "unknown");
	assert_string_equal(
	    call_action_name(ACT_CLOSE | ACT_SEND_ACK), "unknown");
	assert_string_equal(call_timer_name(TIMER_NONE + 1), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_may_pass),
		cmocka_unit_test(test_whole_call),
		cmocka_unit_test(test_crossed_aborts),
		cmocka_unit_test(test_crossed_disconnects),
		cmocka_unit_test(test_abort_after_disconnect),
		cmocka_unit_test(test_silent_peer),
		cmocka_unit_test(test_proof_before_keys),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_nak_limit),
		cmocka_unit_test(test_abort_statuses),
		cmocka_unit_test(test_peer_status_unused),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
