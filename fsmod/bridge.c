#include "commands.h"
#include "legs.h"
#include "module.h"

/*
 * The switch joins two channels in its own time: each is moved out of what it is in by its own thread, and they meet.
 * The worker waits until they have, so that the next command of the strand finds them together and a channel whose
 * other side ended on the way is not left alone.
 */
enum { MEET_MS = 5000, STEP_MS = 5, TELL_MS = 500 };

typedef struct side {
	switch_core_session_t *session;
	switch_channel_t *channel;
	bool kept; /* it outlives the other */
} side;

static side side_of(switch_core_session_t *session, bool kept)
{
	return (side){session, switch_core_session_get_channel(session), kept || cti_is_kept(session)};
}

static bool is_bridged_with(const side *one, const side *other)
{
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	return switch_channel_test_flag(one->channel, CF_BRIDGED) &&
	       cti_variable(one->channel, SWITCH_BRIDGE_VARIABLE, uuid, sizeof uuid) &&
	       !strcmp(uuid, switch_core_session_get_uuid(other->session));
}

static bool joined(const side *a, const side *b)
{
	return is_bridged_with(a, b) && is_bridged_with(b, a);
}

static bool up(const side *s)
{
	return switch_channel_up_nosig(s->channel);
}

/* Who called the switch is answered first: uuid_bridge would join what is not there yet. */
static bool has_answered(const side *s)
{
	bool inbound = switch_channel_direction(s->channel) == SWITCH_CALL_DIRECTION_INBOUND;
	if (!inbound || switch_channel_test_flag(s->channel, CF_ANSWERED)) return true;
	return switch_channel_answer(s->channel) == SWITCH_STATUS_SUCCESS;
}

/* When one of the two ends so does the other, unless it is kept, whatever else anybody had in mind for it. */
static void tie(const side *s)
{
	static const char *const leftovers[] = {
		SWITCH_PARK_AFTER_BRIDGE_VARIABLE,       SWITCH_PARK_AFTER_EARLY_BRIDGE_VARIABLE,
		SWITCH_TRANSFER_AFTER_BRIDGE_VARIABLE,   SWITCH_TRANSFER_AFTER_EARLY_BRIDGE_VARIABLE,
		SWITCH_EXEC_AFTER_BRIDGE_APP_VARIABLE,   "park_timeout",
		"uuid_bridge_continue_on_cancel",        "uuid_bridge_park_on_cancel",
	};
	for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
		switch_channel_set_variable(s->channel, leftovers[i], NULL);
	cti_stay_join(s->session);
	if (s->kept) cti_stay_keep(s->session);
	else switch_channel_set_variable(s->channel, SWITCH_HANGUP_AFTER_BRIDGE_VARIABLE, "explicit");
}

/* Two that the dialplan has joined are left as they are, unless one is to stay. */
static void tie_anew(const side *s)
{
	if (s->kept || cti_stay_is_set(s->session)) tie(s);
}

/*
 * A channel is down a little before its own hook tells so, and in between the switch may make it wait. Whoever is ended
 * because of it must not be told first, or he would be taken for the one who hung up.
 */
static void await_told(const side *gone)
{
	const cti_leg *leg = cti_leg_of(gone->channel);
	int64_t until_ms = cti_now_ms() + TELL_MS;
	while (leg && !atomic_load(&leg->hang_told) && cti_live() && cti_now_ms() < until_ms) cti_sleep_ms(1);
}

/*
 * end_alone: one has ended before they met; the other must not stay behind in a state that nobody takes it out of. One
 * that is kept the engine parks.
 */
static switch_call_cause_t end_alone(const side *a, const side *b)
{
	const side *left = up(a) ? a : b, *gone = up(a) ? b : a;
	await_told(gone);
	switch_call_cause_t cause = switch_channel_get_cause(gone->channel);
	if (!cause) cause = SWITCH_CAUSE_NORMAL_CLEARING;
	if (!left->kept) switch_channel_hangup(left->channel, cause); /* nothing to one that is down too */
	return cause;
}

static switch_call_cause_t wait_until_joined(const side *a, const side *b)
{
	for (int64_t until_ms = cti_now_ms() + MEET_MS; cti_now_ms() < until_ms && cti_live(); cti_sleep_ms(STEP_MS)) {
		if (!up(a) || !up(b)) return end_alone(a, b);
		if (joined(a, b)) return SWITCH_CAUSE_NONE;
	}
	return SWITCH_CAUSE_RECOVERY_ON_TIMER_EXPIRE;
}

static switch_call_cause_t join(const side *a, const side *b)
{
	const char *a_uuid = switch_core_session_get_uuid(a->session), *b_uuid = switch_core_session_get_uuid(b->session);
	cti_join_await(a->session);
	cti_join_await(b->session);
	if (joined(a, b)) {
		tie_anew(a);
		tie_anew(b);
		return SWITCH_CAUSE_NONE;
	}
	if (!cti_may_be_moved(a->channel) || !cti_may_be_moved(b->channel)) return CTI_CAUSE_STATE;
	if (!has_answered(a) || !has_answered(b)) return up(a) && up(b) ? CTI_CAUSE_STATE : end_alone(a, b);
	cti_let_go(a->session, b_uuid);
	cti_let_go(b->session, a_uuid);
	tie(a);
	tie(b);
	/* The switch has the first one's thread carry the bridge, and ends it where it finds the second one gone. */
	const char *first = a->kept ? b_uuid : a_uuid, *second = first == a_uuid ? b_uuid : a_uuid;
	if (switch_ivr_uuid_bridge(first, second) == SWITCH_STATUS_SUCCESS) return wait_until_joined(a, b);
	return up(a) && up(b) ? CTI_CAUSE_STATE : end_alone(a, b);
}

switch_call_cause_t cti_bridge(const cti_job *job, switch_core_session_t *session)
{
	bool kept = !strcmp(job->name, "kept");
	if (!strcmp(job->uuid, job->other_uuid) || (*job->name && !kept)) return CTI_CAUSE_REFUSED;
	switch_core_session_t *other = switch_core_session_locate(job->other_uuid);
	if (!other) return SWITCH_CAUSE_INVALID_CALL_REFERENCE;
	side a = side_of(session, kept), b = side_of(other, false);
	switch_call_cause_t cause = join(&a, &b);
	switch_core_session_rwunlock(other);
	return cause;
}
