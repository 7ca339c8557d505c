#include "commands.h"
#include "module.h"

/* What a command does to a channel and its phone without moving it. */

static bool talks(switch_core_session_t *session)
{
	return switch_channel_test_flag(switch_core_session_get_channel(session), CF_ANSWERED);
}

switch_call_cause_t cti_hold(const cti_job *job, switch_core_session_t *session)
{
	(void)job;
	if (!talks(session)) return CTI_CAUSE_STATE;
	return switch_ivr_hold(session, NULL, SWITCH_TRUE) == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

/*
 * Two re-INVITEs on each other's heels leave a phone silent: the second is refused while the first is under way, or the
 * phone takes them for one. So a hold lasts at least as long as a phone needs to hear of it.
 */
bool cti_take_off_hold(switch_core_session_t *session)
{
	enum { SHORTEST_US = 400000 };
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_caller_profile_t *profile = switch_channel_get_caller_profile(channel);
	if (!switch_channel_test_flag(channel, CF_HOLD)) return false;
	int64_t held_us = profile && profile->times ? switch_micro_time_now() - profile->times->last_hold : SHORTEST_US;
	if (held_us >= 0 && held_us < SHORTEST_US) cti_sleep_ms((SHORTEST_US - held_us) / 1000);
	return switch_ivr_unhold(session) == SWITCH_STATUS_SUCCESS;
}

switch_call_cause_t cti_unhold(const cti_job *job, switch_core_session_t *session)
{
	(void)job;
	return cti_take_off_hold(session) ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

/* A media bug on what the far end says: it stays with the channel through holds, bridges and rooms. */
static switch_call_cause_t set_mute(switch_core_session_t *session, bool muted)
{
	if (!switch_channel_media_ready(switch_core_session_get_channel(session))) return CTI_CAUSE_STATE;
	if (!muted) {
		switch_ivr_stop_session_audio(session);
		return SWITCH_CAUSE_NONE;
	}
	switch_status_t status = switch_ivr_session_audio(session, "mute", "read", 1);
	return status == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

switch_call_cause_t cti_mute(const cti_job *job, switch_core_session_t *session)
{
	(void)job;
	return set_mute(session, true);
}

switch_call_cause_t cti_unmute(const cti_job *job, switch_core_session_t *session)
{
	(void)job;
	return set_mute(session, false);
}

switch_call_cause_t cti_send_dtmf(const cti_job *job, switch_core_session_t *session)
{
	if (!cti_may_be_digits(job->value)) return CTI_CAUSE_REFUSED;
	if (!talks(session)) return CTI_CAUSE_STATE;
	switch_status_t status = switch_core_session_send_dtmf_string(session, job->value);
	return status == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

switch_call_cause_t cti_answer(const cti_job *job, switch_core_session_t *session)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_core_session_message_t talk = {
		.from = __FILE__, .message_id = SWITCH_MESSAGE_INDICATE_PHONE_EVENT, .string_arg = "talk"};
	(void)job;
	bool rings = switch_channel_direction(channel) == SWITCH_CALL_DIRECTION_OUTBOUND && !talks(session);
	if (!rings) return CTI_CAUSE_STATE;
	return switch_core_session_receive_message(session, &talk) == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}
