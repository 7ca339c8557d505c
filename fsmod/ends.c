#include "legs.h"
#include "module.h"

#include <sched.h>

/* How a channel's end is told: twice, when it begins and when it is over, and once each whatever hooks see it. */
enum { TELL_MS = 500 };

/* sofia notes its answer to a far end's BYE a moment before it ends the channel. */
static bool is_bye_noted(switch_channel_t *channel)
{
	char status[8];
	return cti_variable(channel, "sip_term_status", status, sizeof status) && !strcmp(status, "200");
}

/* A far end's BYE is named after the hangup that it causes. Whose leg ended first is known here or never. */
static const char *disposition_so_far(switch_channel_t *channel, char *text, size_t bytes)
{
	if (cti_variable(channel, "sip_hangup_disposition", text, bytes)) return text;
	return is_bye_noted(channel) ? "recv_bye" : "";
}

/*
 * From a BYE on sofia gives a channel neither media nor messages, a moment before it has noted the BYE: here it is asked with a
 * message that means nothing to it. Not to be asked where sofia may wait for the thread that asks.
 */
static bool takes_no_message(switch_core_session_t *session)
{
	switch_core_session_message_t message = {.message_id = SWITCH_MESSAGE_REFER_EVENT, .from = __FILE__};
	const char *name = switch_channel_get_name(switch_core_session_get_channel(session));
	return !strncmp(name, "sofia/", 6) && switch_core_session_receive_message(session, &message) != SWITCH_STATUS_SUCCESS;
}

/* With a BYE its channel has no media any more, and the partner's thread may see that before the channel is down. */
static bool is_down_until(switch_core_session_t *session, bool may_ask, int64_t until_ms)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	while (!switch_channel_down_nosig(channel)) {
		bool leaves = is_bye_noted(channel) || (may_ask && takes_no_message(session));
		if (!leaves || cti_now_ms() >= until_ms) return false;
		cti_sleep_ms(1);
	}
	return true;
}

static bool said_by_phone(const char *disposition)
{
	return !strncmp(disposition, "recv_", 5);
}

static void post_hangup_as(switch_core_session_t *session, cti_leg *leg, const char *disposition)
{
	cti_record record;
	cti_record_init(&record, CTI_LEG_HANGUP, switch_core_session_get_uuid(session));
	cti_record_end(&record, switch_core_session_get_channel(session), disposition);
	cti_post(&record, leg, false);
	atomic_store(&leg->hang_told, true);
}

/* Somebody has begun to tell the hangup, and may have lost his processor. */
static void await_hangup_told(cti_leg *leg, int64_t until_ms)
{
	while (!atomic_load(&leg->hang_told) && cti_now_ms() < until_ms) cti_sleep_ms(1);
}

/*
 * A channel is down a little before its own hook runs, and its partner's thread may end the partner in between. Where
 * the one's phone has hung up and the other's has not, it is clear who ended because of whom. The cause is there an instant
 * after the state, and the record an instant after somebody has begun to write it.
 */
static void tell_phone_hung_up(switch_core_session_t *session, bool may_ask)
{
	char text[32];
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_of(channel);
	int64_t until_ms = cti_now_ms() + TELL_MS;
	if (!leg || atomic_load(&leg->unborn) || !is_down_until(session, may_ask, until_ms)) return;
	while (!switch_channel_get_cause(channel) && cti_now_ms() < until_ms) cti_sleep_ms(1);
	const char *disposition = disposition_so_far(channel, text, sizeof text);
	if (!said_by_phone(disposition)) return;
	if (!atomic_exchange(&leg->hung, true)) post_hangup_as(session, leg, disposition);
	await_hangup_told(leg, until_ms);
}

void cti_tell_end_first(const char *uuid)
{
	switch_core_session_t *session = *uuid ? switch_core_session_force_locate(uuid) : NULL;
	cti_leg *leg = session ? cti_leg_of(switch_core_session_get_channel(session)) : NULL;
	int64_t until_ms = cti_now_ms() + TELL_MS;
	if (!session) return;
	tell_phone_hung_up(session, true);
	while (leg && switch_channel_down_nosig(switch_core_session_get_channel(session)) && !atomic_load(&leg->ended) &&
	       cti_live() && cti_now_ms() < until_ms)
		cti_sleep_ms(1);
	switch_core_session_rwunlock(session);
}

static void tell_first(const char *uuid, bool may_ask)
{
	switch_core_session_t *session = *uuid ? switch_core_session_force_locate(uuid) : NULL; /* one that is down too */
	if (!session) return;
	tell_phone_hung_up(session, may_ask);
	switch_core_session_rwunlock(session);
}

static void tell_partner_first(switch_core_session_t *session, bool may_ask)
{
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	cti_variable(switch_core_session_get_channel(session), SWITCH_BRIDGE_UUID_VARIABLE, uuid, sizeof uuid);
	tell_first(uuid, may_ask);
}

/* Who hung up is told before the two have parted: afterwards nobody could say that the other ended because of him. */
void cti_tell_parting(switch_core_session_t *session)
{
	tell_phone_hung_up(session, true);
	tell_partner_first(session, true);
}

void cti_tell_hangup(switch_core_session_t *session, cti_leg *leg)
{
	char text[32];
	if (atomic_load(&leg->unborn) || atomic_exchange(&leg->hung, true)) return;
	if (leg->fork && !cti_fork_leaves(session, leg)) {
		atomic_store(&leg->hang_told, true); /* there is nothing to tell */
		return;
	}
	const char *disposition = disposition_so_far(switch_core_session_get_channel(session), text, sizeof text);
	if (!said_by_phone(disposition)) {
		tell_partner_first(session, false);
		tell_first(leg->called, false); /* who was called and has refused */
	}
	post_hangup_as(session, leg, disposition);
}

void cti_tell_ended(switch_core_session_t *session, cti_leg *leg)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_record record;
	if (atomic_load(&leg->unborn) || atomic_load(&leg->silent) || atomic_exchange(&leg->ended, true)) return;
	if (atomic_load(&leg->hung)) await_hangup_told(leg, cti_now_ms() + TELL_MS); /* the partner's thread may be at it */
	cti_record_init(&record, CTI_LEG_ENDED, switch_core_session_get_uuid(session));
	cti_record_end(&record, channel, switch_channel_get_variable(channel, "sip_hangup_disposition"));
	if (!cti_post(&record, leg, true)) return;
	/* The other leg ends now too. A reader that has just run is not let in when it is woken again, and would wait until
	 * a leg's thread has nothing to do; what the phones wait for has been sent, so this one stands back. */
	sched_yield();
}
