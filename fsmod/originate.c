#include "module.h"

/*
 * The switch makes the channel without waiting for its phone (SOF_NOBLOCK) and hands it over before its thread runs.
 * Until then a HANGUP finds the command here and not the channel: it marks the command, and whoever holds the mutex
 * when the thread is started decides whether the channel is to be.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static cti_job *under_way;

void cti_originate_enter(cti_job *job)
{
	pthread_mutex_lock(&mutex);
	job->next_origination = under_way;
	under_way = job;
	pthread_mutex_unlock(&mutex);
}

static void leave_locked(const cti_job *job)
{
	cti_job **at = &under_way;
	while (*at && *at != job) at = &(*at)->next_origination;
	if (*at) *at = job->next_origination;
}

void cti_originate_leave(cti_job *job)
{
	pthread_mutex_lock(&mutex);
	leave_locked(job);
	pthread_mutex_unlock(&mutex);
}

bool cti_originate_cancel(const char *uuid, uint16_t cause)
{
	bool found = false;
	pthread_mutex_lock(&mutex);
	for (cti_job *job = under_way; job; job = job->next_origination) {
		if (strcmp(job->uuid, switch_str_nil(uuid))) continue;
		if (!job->cancelled) job->cancelled = cause ? (switch_call_cause_t)cause : SWITCH_CAUSE_ORIGINATOR_CANCEL;
		found = true;
	}
	pthread_mutex_unlock(&mutex);
	return found;
}

static bool kept(const cti_job *job)
{
	return !strcmp(job->name, "kept");
}

static bool acceptable(const cti_job *job)
{
	return (!*job->name || kept(job)) && cti_may_be_uuid(job->uuid) && cti_may_be_dialed(job->value) && cti_may_be_call(job->call_id);
}

/*
 * One leg and no text that the switch would parse. forked_dial: what the dial string stands for must not wait either.
 * The SIP Call-ID would else not be known before the far end has answered something: it is the channel's uuid.
 */
static switch_dial_handle_t *dial_of(const cti_job *job)
{
	switch_dial_handle_t *dial = NULL;
	switch_dial_leg_list_t *list = NULL;
	switch_dial_leg_t *leg = NULL;
	if (switch_dial_handle_create(&dial) != SWITCH_STATUS_SUCCESS) return NULL;
	switch_dial_handle_add_leg_list(dial, &list);
	switch_dial_leg_list_add_leg(list, &leg, job->value);
	switch_dial_handle_add_global_var(dial, "origination_uuid", job->uuid);
	switch_dial_handle_add_global_var(dial, "forked_dial", "true");
	switch_dial_handle_add_global_var(dial, "sip_invite_call_id", job->uuid);
	if (*job->call_id) switch_dial_handle_add_global_var(dial, "cti_call_id", job->call_id);
	return dial;
}

/* begin starts the channel's thread, or, where the channel is not wanted any more, starts it to its end. */
static switch_call_cause_t begin(cti_job *job, switch_core_session_t *session)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_hooks_attach(session);
	bool ours = !strcmp(switch_core_session_get_uuid(session), job->uuid);
	leg->kept = kept(job);
	atomic_store(&leg->unborn, CTI_AWAITED);
	cti_stay_when_answered(leg);
	switch_channel_set_variable(channel, "forked_dial", NULL);
	pthread_mutex_lock(&mutex);
	switch_call_cause_t cause = ours ? job->cancelled : CTI_CAUSE_STATE;
	bool launched = !cause && switch_core_session_thread_launch(session) == SWITCH_STATUS_SUCCESS;
	leave_locked(job);
	pthread_mutex_unlock(&mutex);
	if (!launched) {
		if (!cause) cause = SWITCH_CAUSE_SWITCH_CONGESTION;
		atomic_store(&leg->unborn, CTI_UNWANTED);
		switch_channel_set_flag(channel, CF_NO_CDR);
		switch_channel_hangup(channel, cause);
		switch_core_session_thread_launch(session);
	}
	switch_core_session_rwunlock(session);
	return cause;
}

static switch_call_cause_t dial(cti_job *job)
{
	char number[64], name[128];
	switch_core_session_t *session = NULL;
	switch_call_cause_t cause = SWITCH_CAUSE_NONE;
	switch_dial_handle_t *dial = dial_of(job);
	if (!dial) return SWITCH_CAUSE_SWITCH_CONGESTION;
	cti_clean_number(job->caller_number, number, sizeof number);
	cti_clean_name(*job->caller_name ? job->caller_name : job->caller_number, name, sizeof name);
	switch_status_t status = switch_ivr_originate(NULL, &session, &cause, NULL, 0, NULL, *name ? name : NULL,
	                                              *number ? number : NULL, NULL, NULL, SOF_NOBLOCK, &job->cancelled, dial);
	switch_dial_handle_destroy(&dial);
	if (status == SWITCH_STATUS_SUCCESS && session) return begin(job, session);
	if (job->cancelled) return job->cancelled;
	return cause == SWITCH_CAUSE_NONE || cause == SWITCH_CAUSE_SUCCESS ? SWITCH_CAUSE_DESTINATION_OUT_OF_ORDER : cause;
}

switch_call_cause_t cti_originate(cti_job *job, bool late)
{
	switch_call_cause_t cause;
	if (!acceptable(job)) cause = CTI_CAUSE_REFUSED;
	else if (job->cancelled) cause = job->cancelled;
	else if (late) cause = SWITCH_CAUSE_RECOVERY_ON_TIMER_EXPIRE;
	else cause = dial(job);
	cti_originate_leave(job);
	return cause;
}
