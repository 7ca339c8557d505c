#include "commands.h"
#include "legs.h"
#include "module.h"
#include "visits.h"

/*
 * A channel that is bridged with nobody is parked (CS_PARK), and while it is, its own thread lets it hear something or
 * puts it into a room. The command only says what, and moves the channel out of whatever it is in.
 */
enum { SETTLE_MS = 2000, STEP_MS = 5 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *const conference = "conference", *const voicemail = "voicemail";

/* ---- where it is ---- */

static bool has_profile(const char *name)
{
	switch_xml_t configuration, root = switch_xml_open_cfg("conference.conf", &configuration, NULL);
	switch_xml_t profiles = root ? switch_xml_child(configuration, "profiles") : NULL;
	bool found = profiles && switch_xml_find_child(profiles, "profile", "name", name);
	if (root) switch_xml_free(root);
	return found;
}

/* Parties of a call are not told that they enter a room, and their keys are theirs. */
static void enter_room(switch_core_session_t *session, const char *room)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	const char *profile = has_profile("cti") ? "cti" : "default";
	switch_channel_set_variable(channel, "conference_enter_sound", "silence_stream://1");
	switch_channel_set_variable(channel, "conference_controls", "none");
	const char *argument = switch_core_session_sprintf(session, "%s@%s+flags{nomoh}", room, profile);
	switch_core_session_execute_application(session, conference, argument);
}

static void listen_to(switch_core_session_t *session, cti_leg *leg, const cti_stay *stay)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	bool read_side = stay->heard == '1' || stay->heard == '3', write_side = stay->heard == '2' || stay->heard == '3';
	switch_channel_set_variable(channel, "eavesdrop_enable_dtmf", "false");
	switch_channel_set_variable(channel, "eavesdrop_whisper_aleg", read_side ? "true" : NULL);
	switch_channel_set_variable(channel, "eavesdrop_whisper_bleg", write_side ? "true" : NULL);
	atomic_store(&leg->listens, true);
	switch_core_session_execute_application(session, "eavesdrop", stay->what);
	atomic_store(&leg->listens, false);
}

/* The engine has asked for it, and need not be there any more: another may have more to say. */
static void wait_in_queue(switch_core_session_t *session, cti_leg *leg)
{
	cti_visit visit;
	cti_visit_begin(&visit, leg, CTI_QUEUE_APP, true);
	atomic_store(&leg->enters, false);
	cti_hear_queue(session, &visit);
	cti_visit_end(&visit);
}

static void speak_to(switch_core_session_t *session, const char *box)
{
	if (switch_channel_answer(switch_core_session_get_channel(session)) == SWITCH_STATUS_SUCCESS)
		switch_core_session_execute_application(session, voicemail, box);
}

/* ---- on the session's own thread ---- */

static void park_plainly(switch_channel_t *channel)
{
	static const char *const leftovers[] = {SWITCH_PARK_AFTER_BRIDGE_VARIABLE, SWITCH_PARK_AFTER_EARLY_BRIDGE_VARIABLE,
	                                        "park_timeout"};
	for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
		switch_channel_set_variable(channel, leftovers[i], NULL);
}

/* What was asked while the channel is told to come round once more is for then. */
static cti_stay take(switch_channel_t *channel, cti_leg *leg)
{
	cti_stay stay = {.kind = CTI_STAY_NONE};
	pthread_mutex_lock(&mutex);
	if (switch_channel_get_state(channel) == CS_PARK) {
		stay = leg->stay;
		leg->stays = stay.kind;
		leg->stay.kind = CTI_STAY_NONE;
		atomic_store(&leg->enters, stay.kind == CTI_STAY_ROOM || stay.kind == CTI_STAY_QUEUE);
	}
	pthread_mutex_unlock(&mutex);
	return stay;
}

/* A room that is over, or a call that is over for who listened to it, is over for the channel too, unless it is kept. */
static void leave(switch_channel_t *channel, const cti_leg *leg)
{
	if (!leg->kept && switch_channel_ready(channel)) switch_channel_hangup(channel, SWITCH_CAUSE_NORMAL_CLEARING);
}

bool cti_stay_on_park(switch_core_session_t *session, cti_leg *leg)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_stay stay = take(channel, leg);
	if (stay.kind == CTI_STAY_NONE) return true;
	park_plainly(channel);
	switch_core_session_reset(session, SWITCH_TRUE, SWITCH_TRUE);
	if (stay.kind == CTI_STAY_ROOM) {
		enter_room(session, stay.what);
		leave(channel, leg);
		atomic_store(&leg->enters, false); /* who has put it there sees it end if it was turned away */
	} else if (stay.kind == CTI_STAY_VOICEMAIL) {
		speak_to(session, stay.what);
		leave(channel, leg);
	} else if (stay.kind == CTI_STAY_LISTEN) {
		listen_to(session, leg, &stay);
		cti_tell_end_first(stay.what); /* which may be why it ends */
		leave(channel, leg);
	} else if (stay.kind == CTI_STAY_QUEUE) {
		wait_in_queue(session, leg);
	} else if (stay.kind == CTI_STAY_MUSIC && switch_channel_media_ready(channel)) {
		cti_hear_music(session, NULL, NULL);
	} else if (stay.kind == CTI_STAY_RINGBACK) {
		cti_hear_ringback(session, NULL);
	}
	return switch_channel_ready(channel); /* silence is the switch's own parking */
}

void cti_stay_on_reset(switch_core_session_t *session, cti_leg *leg)
{
	if (atomic_exchange(&leg->parks_again, false))
		switch_channel_set_state(switch_core_session_get_channel(session), CS_PARK);
}

/*
 * The answer is told by another thread than the channel's own: whichever of the two sees last that the channel is
 * answered and waits parks it, unless a command has taken it elsewhere by then.
 */
void cti_stay_answered(switch_core_session_t *session, cti_leg *leg)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	pthread_mutex_lock(&mutex);
	if (leg->awaits_answer && switch_channel_test_flag(channel, CF_ANSWERED) &&
	    switch_channel_get_state(channel) == CS_CONSUME_MEDIA) {
		leg->awaits_answer = false;
		leg->stay.kind = CTI_STAY_SILENCE;
		switch_channel_clear_flag(channel, CF_ORIGINATING);
		switch_channel_set_state(channel, CS_PARK);
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- on a worker ---- */

void cti_stay_when_answered(cti_leg *leg)
{
	pthread_mutex_lock(&mutex);
	leg->awaits_answer = true;
	pthread_mutex_unlock(&mutex);
}

static void set_stay(cti_leg *leg, const cti_stay *stay, bool unless_set)
{
	pthread_mutex_lock(&mutex);
	leg->awaits_answer = false;
	if (!unless_set || leg->stay.kind == CTI_STAY_NONE) leg->stay = *stay;
	pthread_mutex_unlock(&mutex);
}

void cti_stay_join(switch_core_session_t *session)
{
	static const cti_stay none;
	cti_leg *leg = cti_leg_ensure(session);
	set_stay(leg, &none, false);
	pthread_mutex_lock(&mutex);
	leg->stays = CTI_STAY_JOINED;
	pthread_mutex_unlock(&mutex);
}

bool cti_may_be_moved(switch_channel_t *channel)
{
	return switch_channel_direction(channel) == SWITCH_CALL_DIRECTION_INBOUND ||
	       switch_channel_test_flag(channel, CF_ANSWERED) || switch_channel_test_flag(channel, CF_EARLY_MEDIA);
}

/* The end of its bridge finds these variables and parks it, whichever side of it the channel is. */
void cti_stay_keep(switch_core_session_t *session)
{
	static const cti_stay parted = {.kind = CTI_STAY_PARTED};
	switch_channel_t *channel = switch_core_session_get_channel(session);
	set_stay(cti_leg_ensure(session), &parted, true);
	switch_channel_set_variable(channel, SWITCH_HANGUP_AFTER_BRIDGE_VARIABLE, NULL);
	switch_channel_set_variable(channel, SWITCH_TRANSFER_AFTER_BRIDGE_VARIABLE, NULL);
	switch_channel_set_variable(channel, SWITCH_TRANSFER_AFTER_EARLY_BRIDGE_VARIABLE, NULL);
	switch_channel_set_variable(channel, SWITCH_EXEC_AFTER_BRIDGE_APP_VARIABLE, NULL);
	switch_channel_set_variable(channel, SWITCH_PARK_AFTER_BRIDGE_VARIABLE, "true");
	switch_channel_set_variable(channel, SWITCH_PARK_AFTER_EARLY_BRIDGE_VARIABLE, "true");
}

static bool taken(cti_leg *leg)
{
	pthread_mutex_lock(&mutex);
	bool none = leg->stay.kind == CTI_STAY_NONE;
	pthread_mutex_unlock(&mutex);
	return none;
}

bool cti_stay_is_set(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	return leg && !taken(leg);
}

bool cti_is_kept(switch_core_session_t *session)
{
	const cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	return leg && leg->kept;
}

/* Who was to be joined and is not runs nothing of the dialplan, and waits for the other. */
static bool is_where_it_was_put(switch_channel_t *channel, const cti_leg *leg)
{
	switch_channel_state_t running = switch_channel_get_running_state(channel);
	if (leg->stays != CTI_STAY_JOINED) return running == CS_PARK;
	return running != CS_ROUTING && running != CS_EXECUTE && !switch_channel_test_flag(channel, CF_BRIDGED);
}

uint32_t cti_stay_flags(switch_core_session_t *session)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_of(channel);
	if (!leg) return 0;
	pthread_mutex_lock(&mutex);
	cti_stay_kind kind = leg->stay.kind;
	if (kind == CTI_STAY_NONE && is_where_it_was_put(channel, leg)) kind = leg->stays;
	bool placed = leg->awaits_answer || kind != CTI_STAY_NONE;
	pthread_mutex_unlock(&mutex);
	bool engaged = kind == CTI_STAY_ROOM || kind == CTI_STAY_LISTEN || kind == CTI_STAY_VOICEMAIL;
	return (placed ? CTI_FLAG_PLACED : 0) | (engaged ? CTI_FLAG_ENGAGED : 0);
}

/* The partner stays up. */
static void part(switch_core_session_t *partner)
{
	switch_channel_t *channel = switch_core_session_get_channel(partner);
	bool rings = switch_channel_direction(channel) == SWITCH_CALL_DIRECTION_OUTBOUND &&
	             !switch_channel_test_flag(channel, CF_ANSWERED);
	if (rings) return; /* who was called for a partner that is gone is not called any more */
	cti_take_off_hold(partner);
	cti_stay_keep(partner);
}

/* Whom the switch was to join it with, and its thread has not come round to yet: it would look for him when it does, and end. */
static void forget_join(switch_channel_t *channel)
{
	switch_channel_clear_state_flag(channel, CF_UUID_BRIDGE_ORIGINATOR);
	switch_channel_clear_flag(channel, CF_UUID_BRIDGE_ORIGINATOR);
	switch_channel_set_variable(channel, SWITCH_UUID_BRIDGE, NULL);
}

void cti_let_go(switch_core_session_t *session, const char *keep)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	forget_join(channel);
	cti_take_off_hold(session);
	if (!cti_variable(channel, SWITCH_BRIDGE_VARIABLE, uuid, sizeof uuid) || (keep && !strcmp(uuid, keep))) return;
	switch_core_session_t *partner = switch_core_session_locate(uuid);
	if (!partner) return;
	part(partner);
	switch_core_session_rwunlock(partner);
}

/*
 * The running state says what the channel's thread is doing, the state what it will do next. A thread that is parked
 * already must come round once more to take up what is new.
 */
static void park_anew(switch_channel_t *channel, cti_leg *leg)
{
	switch_channel_state_t running = switch_channel_get_running_state(channel), next = switch_channel_get_state(channel);
	if (running == CS_PARK && next == CS_RESET) return; /* it is told to already */
	if (running == CS_PARK) {
		atomic_store(&leg->parks_again, true);
		switch_channel_set_flag(channel, CF_TRANSFER);
		switch_channel_set_state(channel, CS_RESET);
	} else if (next != CS_PARK) {
		switch_channel_set_flag(channel, CF_TRANSFER); /* what it leaves must not end it */
		switch_channel_set_state(channel, CS_PARK);
	}
}

static bool there(cti_leg *leg)
{
	return taken(leg) && !atomic_load(&leg->enters);
}

/*
 * The next command of the strand finds the channel where this one put it: whom a full room turns away is the last of those
 * who were to meet in it, whichever of their threads is faster.
 */
static switch_call_cause_t move_to(switch_core_session_t *session, const cti_stay *stay)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_ensure(session);
	if (!cti_may_be_moved(channel)) return CTI_CAUSE_STATE;
	cti_join_await(session);
	cti_let_go(session, NULL);
	pthread_mutex_lock(&mutex); /* the channel's thread takes up the stay before it is told to come round, or after */
	leg->awaits_answer = false;
	leg->stay = *stay;
	park_anew(channel, leg);
	pthread_mutex_unlock(&mutex);
	int64_t until_ms = cti_now_ms() + SETTLE_MS;
	while (!there(leg) && switch_channel_up_nosig(channel) && cti_now_ms() < until_ms && cti_live())
		cti_sleep_ms(STEP_MS);
	return switch_channel_up_nosig(channel) ? SWITCH_CAUSE_NONE : switch_channel_get_cause(channel);
}

switch_call_cause_t cti_wait(const cti_job *job, switch_core_session_t *session)
{
	cti_stay stay = {0};
	if (!strcmp(job->name, "music")) stay.kind = CTI_STAY_MUSIC;
	else if (!strcmp(job->name, "ringback")) stay.kind = CTI_STAY_RINGBACK;
	else if (!strcmp(job->name, "queue")) stay.kind = CTI_STAY_QUEUE;
	else if (!strcmp(job->name, "silence")) stay.kind = CTI_STAY_SILENCE;
	else return CTI_CAUSE_REFUSED;
	return move_to(session, &stay);
}

/* A channel that runs an application that is not there ends. */
static bool has(const char *name)
{
	switch_application_interface_t *application = switch_loadable_module_get_application_interface(name);
	if (!application) return false;
	UNPROTECT_INTERFACE(application);
	return true;
}

switch_call_cause_t cti_join_room(const cti_job *job, switch_core_session_t *session)
{
	cti_stay stay = {.kind = CTI_STAY_ROOM};
	if (!cti_may_be_room(job->name)) return CTI_CAUSE_REFUSED;
	if (!has(conference)) return SWITCH_CAUSE_SERVICE_NOT_IMPLEMENTED;
	switch_copy_string(stay.what, job->name, sizeof stay.what);
	return move_to(session, &stay);
}

switch_call_cause_t cti_voicemail(const cti_job *job, switch_core_session_t *session)
{
	cti_stay stay = {.kind = CTI_STAY_VOICEMAIL};
	if (!cti_may_be_mailbox(job->name, job->value)) return CTI_CAUSE_REFUSED;
	if (!has(voicemail)) return SWITCH_CAUSE_SERVICE_NOT_IMPLEMENTED;
	char *domain = strchr(job->name, ' ') ? strdup("") : switch_core_get_domain(SWITCH_TRUE);
	int length = snprintf(stay.what, sizeof stay.what, "%s%s%s %s", job->name, zstr(domain) ? "" : " ", switch_str_nil(domain),
	                      job->value);
	free(domain);
	return length < (int)sizeof stay.what ? move_to(session, &stay) : CTI_CAUSE_REFUSED;
}

/* The switch's word for who hears the one that listens: its read side is what the target says, its partner's ear. */
static char heard_by(const char *who)
{
	static const char *const names[] = {"nobody", "partner", "target", "both"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(who, names[i])) return (char)('0' + i);
	return 0;
}

static bool exists(const char *uuid)
{
	switch_core_session_t *session = switch_core_session_locate(uuid);
	if (session) switch_core_session_rwunlock(session);
	return session != NULL;
}

switch_call_cause_t cti_eavesdrop(const cti_job *job, switch_core_session_t *session)
{
	cti_stay stay = {.kind = CTI_STAY_LISTEN, .heard = heard_by(job->name)};
	if (!stay.heard || !cti_may_be_uuid(job->other_uuid) || !strcmp(job->uuid, job->other_uuid)) return CTI_CAUSE_REFUSED;
	if (!exists(job->other_uuid)) return SWITCH_CAUSE_INVALID_CALL_REFERENCE;
	if (!switch_channel_test_flag(switch_core_session_get_channel(session), CF_ANSWERED)) return CTI_CAUSE_STATE;
	switch_copy_string(stay.what, job->other_uuid, sizeof stay.what);
	return move_to(session, &stay);
}

switch_call_cause_t cti_eavesdrop_mode(const cti_job *job, switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	const char mode[2] = {heard_by(job->name), '\0'};
	switch_event_t *event;
	if (!*mode) return CTI_CAUSE_REFUSED;
	if (!leg || !atomic_load(&leg->listens)) return CTI_CAUSE_STATE;
	if (switch_event_create(&event, SWITCH_EVENT_GENERAL) != SWITCH_STATUS_SUCCESS) return SWITCH_CAUSE_SWITCH_CONGESTION;
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "eavesdrop-command", mode);
	if (switch_core_session_queue_event(session, &event) == SWITCH_STATUS_SUCCESS) return SWITCH_CAUSE_NONE;
	switch_event_destroy(&event);
	return SWITCH_CAUSE_SWITCH_CONGESTION;
}
