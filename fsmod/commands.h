/* commands.h - what the engine asks of the switch. */
#ifndef CTI_COMMANDS_H
#define CTI_COMMANDS_H

#include "legs.h"

/* ---- strands.c ---- */

/* A command that waits for a worker or is in its hands. Its texts are never NULL. */
typedef struct cti_job {
	struct cti_job *next, *next_origination;
	uint64_t id, strand;
	int64_t due_ms; /* 0 = no deadline */
	switch_call_cause_t cancelled; /* ORIGINATE: why it is not wanted any more */
	uint16_t kind, cause;
	char *uuid, *other_uuid, *name, *value, *call_id, *caller_number, *caller_name;
	char texts[];
} cti_job;

cti_job *cti_job_new(const cti_command *command);
/* cti_strands_push returns false, and does not take the job, when the queue is full or closed. It never blocks. */
bool cti_strands_push(cti_job *job);
/* cti_strands_take frees the worker's last job and waits for its next; NULL when the queue is closed and nothing is left. */
cti_job *cti_strands_take(int worker);
void cti_strands_open(void);
void cti_strands_close(void);
uint32_t cti_strands_count(void);

/* ---- commands.c ---- */

#define CTI_CAUSE_REFUSED SWITCH_CAUSE_INVALID_MSG_UNSPECIFIED /* 95: a value that may not be used */
#define CTI_CAUSE_STATE SWITCH_CAUSE_WRONG_CALL_STATE          /* 101: not to a channel as this one is now */

void cti_commands_open(void);
/* cti_commands_start begins to carry out what was queued: after the hooks, so that a snapshot misses no channel. */
bool cti_commands_start(void);
/* cti_commands_stop ends the workers. An engine left behind may still submit, and finds no room. */
void cti_commands_stop(void);
int cti_commands_submit(cti_command_ref command);

/* ---- checks.c ---- */

bool cti_may_be_uuid(const char *uuid);
bool cti_may_be_variable(const char *name);
bool cti_may_be_value(const char *value);
bool cti_may_be_call(const char *call_id);
bool cti_may_be_dialed(const char *dial);
bool cti_may_be_room(const char *room);
bool cti_may_be_mailbox(const char *profile, const char *box);
bool cti_may_be_file(const char *path);
bool cti_may_be_sound(const char *sound);
bool cti_may_be_count(const char *count);
bool cti_may_be_watched(const char *address);
bool cti_may_be_digits(const char *digits);
/* What a caller is shown as, less the characters that have no business in it. */
char *cti_clean_number(const char *number, char *clean, size_t bytes);
char *cti_clean_name(const char *name, char *clean, size_t bytes);

/* ---- originate.c ---- */

/* An ORIGINATE is known from cti_originate_enter on, which is before it is queued, until its channel has begun. */
void cti_originate_enter(cti_job *job);
void cti_originate_leave(cti_job *job);
/* cti_originate_cancel returns whether there was one with this uuid: it will then come to nothing. */
bool cti_originate_cancel(const char *uuid, uint16_t cause);
switch_call_cause_t cti_originate(cti_job *job, bool late);

/* ---- phones.c ---- */

enum { CTI_PHONES_MAX = 10 };

typedef struct cti_phones {
	switch_event_t *variables;
	switch_xml_t user;
	int count;
	char *dials[CTI_PHONES_MAX];
} cti_phones;

/*
 * cti_phones_open finds what user/... stands for: dial strings, each of which calls one phone, and adds what the user's
 * entry says to the variables of the calls. It opens also what it cannot find.
 */
switch_call_cause_t cti_phones_open(cti_phones *phones, const char *dial, switch_event_t *variables);
/* cti_phones_equip gives a channel that was made the variables of its user. */
void cti_phones_equip(const cti_phones *phones, switch_core_session_t *session);
void cti_phones_close(cti_phones *phones);

/* ---- stays.c ---- */

/* On the session's own thread: cti_stay_on_park returns false when the switch's own parking must not follow. */
bool cti_stay_on_park(switch_core_session_t *session, cti_leg *leg);
void cti_stay_on_reset(switch_core_session_t *session, cti_leg *leg);
/* A channel that we called waits on the switch's own terms until it is answered; from then on it is parked. */
void cti_stay_answered(switch_core_session_t *session, cti_leg *leg);
void cti_stay_when_answered(cti_leg *leg);
/* cti_let_go readies a channel, and whom it is bridged with unless that is keep, for being parted. */
void cti_let_go(switch_core_session_t *session, const char *keep);
/* cti_stay_join: it is to be with somebody, and whatever else was to come for the channel will not. */
void cti_stay_join(switch_core_session_t *session);
/* cti_stay_keep parks the channel when the bridge ends that it is in or about to be in; cti_stay_is_set: somebody has said so. */
void cti_stay_keep(switch_core_session_t *session);
bool cti_stay_is_set(switch_core_session_t *session);
/* cti_stay_flags is what a snapshot says of where a command has put the channel, or of what it is called for. */
uint32_t cti_stay_flags(switch_core_session_t *session);
bool cti_is_kept(switch_core_session_t *session);
/* An outbound channel that only rings can be nowhere else yet. */
bool cti_may_be_moved(switch_channel_t *channel);

switch_call_cause_t cti_wait(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_voicemail(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_join_room(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_eavesdrop(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_eavesdrop_mode(const cti_job *job, switch_core_session_t *session);

/* ---- joins.c ---- */

/* cti_join_await returns when no bridge is being made that moving the channel, or its partner, would break. It is bounded. */
void cti_join_await(switch_core_session_t *session);

/* ---- bridge.c ---- */

switch_call_cause_t cti_bridge(const cti_job *job, switch_core_session_t *session);

/* ---- phone.c ---- */

/* cti_take_off_hold returns whether the switch held the channel's phone, and does not any more. */
bool cti_take_off_hold(switch_core_session_t *session);
switch_call_cause_t cti_hold(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_unhold(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_mute(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_unmute(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_send_dtmf(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_answer(const cti_job *job, switch_core_session_t *session);

/* ---- recording.c ---- */

switch_call_cause_t cti_record_start(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_record_stop(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_record_pause(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_record_resume(const cti_job *job, switch_core_session_t *session);

#endif
