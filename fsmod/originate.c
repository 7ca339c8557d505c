#include "commands.h"
#include "legs.h"
#include "module.h"

/*
 * The switch makes a channel without waiting for its phone (SOF_NOBLOCK) and hands it over before its thread runs.
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
 * What a channel is made with. forked_dial: what the dial string stands for must not wait either. The SIP Call-ID would
 * else not be known before the far end has answered something: it is the channel's uuid.
 */
static switch_event_t *variables_of(const cti_job *job)
{
	switch_event_t *variables = NULL;
	if (switch_event_create_plain(&variables, SWITCH_EVENT_CHANNEL_DATA) != SWITCH_STATUS_SUCCESS) return NULL;
	switch_event_add_header_string(variables, SWITCH_STACK_BOTTOM, "forked_dial", "true");
	if (*job->call_id) switch_event_add_header_string(variables, SWITCH_STACK_BOTTOM, "cti_call_id", job->call_id);
	return variables;
}

/* The engine's own dial string is no text that the switch would parse; a user's comes from the directory, and is code. */
typedef struct target {
	const char *dial;
	bool from_directory;
} target;

static switch_core_session_t *make(cti_job *job, const target *t, const switch_event_t *common, const char *uuid,
                                   switch_call_cause_t *cause)
{
	char number[64], name[128];
	switch_core_session_t *session = NULL;
	switch_event_t *variables = NULL;
	switch_dial_handle_t *dial = NULL;
	switch_dial_leg_list_t *list = NULL;
	switch_dial_leg_t *leg = NULL;
	*cause = SWITCH_CAUSE_SWITCH_CONGESTION;
	if (switch_event_dup(&variables, (switch_event_t *)common) != SWITCH_STATUS_SUCCESS) return NULL;
	switch_event_add_header_string(variables, SWITCH_STACK_BOTTOM, "origination_uuid", uuid);
	switch_event_add_header_string(variables, SWITCH_STACK_BOTTOM, "sip_invite_call_id", uuid);
	if (!t->from_directory) {
		switch_dial_handle_create(&dial);
		switch_dial_handle_add_leg_list(dial, &list);
		switch_dial_leg_list_add_leg(list, &leg, t->dial);
	}
	cti_clean_number(job->caller_number, number, sizeof number);
	cti_clean_name(*job->caller_name ? job->caller_name : job->caller_number, name, sizeof name);
	*cause = SWITCH_CAUSE_NONE;
	switch_status_t status = switch_ivr_originate(NULL, &session, cause, dial ? NULL : t->dial, 0, NULL, *name ? name : NULL,
	                                              *number ? number : NULL, NULL, variables, SOF_NOBLOCK, &job->cancelled, dial);
	if (dial) switch_dial_handle_destroy(&dial);
	switch_event_destroy(&variables);
	if (status == SWITCH_STATUS_SUCCESS && session) return session;
	if (*cause == SWITCH_CAUSE_NONE || *cause == SWITCH_CAUSE_SUCCESS) *cause = SWITCH_CAUSE_DESTINATION_OUT_OF_ORDER;
	return NULL;
}

/* made readies a channel before its thread runs. */
static cti_leg *made(const cti_job *job, switch_core_session_t *session)
{
	cti_leg *leg = cti_hooks_attach(session);
	leg->kept = kept(job);
	atomic_store(&leg->unborn, CTI_AWAITED);
	cti_stay_when_answered(leg);
	switch_channel_set_variable(switch_core_session_get_channel(session), "forked_dial", NULL);
	return leg;
}

/* discard starts a channel that is not wanted to its end, of which nothing is told. */
static void discard(switch_core_session_t *session, cti_leg *leg, switch_call_cause_t cause)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	atomic_store(&leg->unborn, CTI_UNWANTED);
	switch_channel_set_flag(channel, CF_NO_CDR);
	switch_channel_hangup(channel, cause);
	switch_core_session_thread_launch(session);
}

/* launch starts the thread of the channel that the engine asked for, unless it is not wanted any more. */
static switch_call_cause_t launch(cti_job *job, switch_core_session_t *session, cti_leg *leg)
{
	bool ours = !strcmp(switch_core_session_get_uuid(session), job->uuid);
	pthread_mutex_lock(&mutex);
	switch_call_cause_t cause = ours ? job->cancelled : CTI_CAUSE_STATE;
	bool launched = !cause && switch_core_session_thread_launch(session) == SWITCH_STATUS_SUCCESS;
	leave_locked(job);
	pthread_mutex_unlock(&mutex);
	if (launched) return SWITCH_CAUSE_NONE;
	if (!cause) cause = SWITCH_CAUSE_SWITCH_CONGESTION;
	discard(session, leg, cause);
	return cause;
}

/* The others ring once the first has been told of, in whose name they do. */
static void launch_others(cti_fork *fork, switch_core_session_t **sessions, cti_leg **legs, int count)
{
	enum { BIRTH_MS = 1000 };
	int64_t until_ms = cti_now_ms() + BIRTH_MS;
	while (atomic_load(&legs[0]->unborn) == CTI_AWAITED && cti_now_ms() < until_ms) cti_sleep_ms(1);
	bool born = atomic_load(&legs[0]->unborn) == CTI_BORN;
	for (int i = 1; i < count; i++) {
		if (born && cti_fork_rings_on(fork)) switch_core_session_thread_launch(sessions[i]);
		else discard(sessions[i], legs[i], SWITCH_CAUSE_ORIGINATOR_CANCEL);
	}
}

static switch_call_cause_t begin(cti_job *job, switch_core_session_t **sessions, int count)
{
	cti_leg *legs[CTI_PHONES_MAX];
	for (int i = 0; i < count; i++) legs[i] = made(job, sessions[i]);
	cti_fork *fork = count > 1 ? cti_fork_new(sessions, legs, count) : NULL;
	switch_call_cause_t cause = launch(job, sessions[0], legs[0]);
	if (fork && !cause) launch_others(fork, sessions, legs, count);
	else
		for (int i = 1; i < count; i++) discard(sessions[i], legs[i], SWITCH_CAUSE_ORIGINATOR_CANCEL);
	if (fork) cti_fork_release(fork);
	for (int i = 0; i < count; i++) switch_core_session_rwunlock(sessions[i]);
	return cause;
}

static switch_call_cause_t dial(cti_job *job)
{
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	switch_core_session_t *sessions[CTI_PHONES_MAX];
	int count = 0;
	switch_call_cause_t failed = SWITCH_CAUSE_NONE;
	cti_phones phones = {0};
	switch_event_t *variables = variables_of(job);
	if (!variables) return SWITCH_CAUSE_SWITCH_CONGESTION;
	bool from_directory = !strncmp(job->value, "user/", 5);
	switch_call_cause_t cause = from_directory ? cti_phones_open(&phones, job->value, variables) : SWITCH_CAUSE_NONE;
	for (int i = 0; !cause && i < (from_directory ? phones.count : 1) && !job->cancelled; i++) {
		switch_call_cause_t why;
		target t = {from_directory ? phones.dials[i] : job->value, from_directory};
		if (count) switch_uuid_str(uuid, sizeof uuid);
		else switch_copy_string(uuid, job->uuid, sizeof uuid);
		sessions[count] = make(job, &t, variables, uuid, &why);
		if (sessions[count]) cti_phones_equip(&phones, sessions[count++]);
		else failed = why;
	}
	switch_event_destroy(&variables);
	cti_phones_close(&phones);
	if (count) return begin(job, sessions, count);
	return job->cancelled ? job->cancelled : cause ? cause : failed;
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
