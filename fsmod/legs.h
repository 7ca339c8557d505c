/* legs.h - what the module keeps of a channel, and how it tells the engine of it. */
#ifndef CTI_LEGS_H
#define CTI_LEGS_H

#include "module.h"

/* ---- records.c ---- */

typedef enum cti_stay_kind {
	CTI_STAY_NONE,
	CTI_STAY_PARTED, /* its partner was taken away */
	CTI_STAY_SILENCE,
	CTI_STAY_MUSIC,
	CTI_STAY_QUEUE,
	CTI_STAY_RINGBACK,
	CTI_STAY_ROOM,
	CTI_STAY_LISTEN,
	CTI_STAY_VOICEMAIL,
	CTI_STAY_JOINED /* with somebody, once they meet */
} cti_stay_kind;

/* What a channel does once it is parked. */
typedef struct cti_stay {
	cti_stay_kind kind;
	char what[132]; /* the room, the uuid listened to, or what voicemail is told */
	char heard;     /* LISTEN: one of the switch's commands for it, '0' to '3' */
} cti_stay;

/* What is said of a channel that we call before its thread has begun: it will be told, or it never will. */
enum { CTI_BORN, CTI_AWAITED, CTI_UNWANTED };

/* Who has told that a channel was sent to a number, where the other has not come by yet. */
typedef enum { CTI_NOBODY, CTI_ITSELF, CTI_ANOTHER } cti_told_by;

struct cti_visit;

/* What the module keeps of a channel, in the session's own pool. */
typedef struct cti_leg {
	_Atomic uint64_t numbered; /* the load that counts, and how many records of the leg it has counted */
	_Atomic bool hooked;                    /* not yet, if it was up before the module and has not changed its state since */
	_Atomic bool hung, hang_told, ended;
	_Atomic bool held;                      /* the switch's own hold, not the phone's */
	_Atomic int32_t hold_echo, unhold_echo; /* events still to come of holds that a message already told */
	bool kept;                              /* it outlives its bridge, room and whom it listens to; set before its thread runs */
	bool originated;                        /* another leg called it into being, as its creation told */
	char called[SWITCH_UUID_FORMATTED_LENGTH + 1]; /* whom it has called into being last */
	bool loopback;                          /* an end of a loopback pair, which the engine folds away */
	_Atomic uint16_t said;                  /* ANSWERED or BRIDGED: what it has told last, until its caller has told the same */
	bool sibling;                           /* another was made in its stead, as which it was told */
	_Atomic bool silent;                    /* another speaks for it */
	struct cti_fork *fork;                  /* it rings together with others, or did */
	_Atomic int unborn;                     /* we call it, and nothing has been told of it: CTI_AWAITED or CTI_UNWANTED */
	bool routed;                            /* it has come to a number; its own thread */
	cti_told_by transfer_told;              /* under the mutex of hooks.c */
	_Atomic bool parks_again;               /* it passes through CS_RESET to be parked anew */
	_Atomic bool listens, enters; /* a call; a room, until that has it for a member or has turned it away, or a queue's visit */
	_Atomic bool rests, stirred; /* its thread waits for word, or for anything else to do, which has come */
	struct cti_visit *visit;     /* the innermost; under the mutex of visits.c */
	_Atomic int64_t joins_until_ms; /* the switch is joining it with another; written under the mutex of joins.c */
	bool awaits_answer; /* these three under the mutex of stays.c */
	cti_stay stay;
	cti_stay_kind stays; /* what it was parked for, while it is; or joined, while it is nowhere else */
} cti_leg;

/* The names of a channel as cti.h orders them, and whom it points to. Valid between cti_view_open and _close. */
typedef struct cti_view {
	switch_core_session_t *session;
	switch_channel_t *channel;
	switch_caller_profile_t *profile;
	bool holds_variables;
	const char *user_name, *auth_user, *dialed_user, *sip_call_id, *sip_invite_call_id, *cti_call_id;
	const char *originator, *member, *loop_peer, *bridge_uuid, *signal_bridge;
} cti_view;

/* cti_records_open puts a ring in force: from now on records count from 1 again for every leg. */
void cti_records_open(cti_ring *ring);
/* cti_records_close returns when no thread will touch the ring any more. */
void cti_records_close(void);
/* cti_live: is there a ring? A hook that is told no does nothing. */
bool cti_live(void);
/* cti_load is the number of the load whose ring is in force; 0 = none is. */
uint32_t cti_load(void);
/* cti_engine_reads: has what the engine was told some seconds ago been read? */
bool cti_engine_reads(void);
bool cti_ring_has_room(uint64_t want);
uint64_t cti_records_posted(void);
uint64_t cti_records_lost(void);
/* cti_told: has the leg told anything since the ring is in force? */
bool cti_told(const cti_leg *leg);

void cti_record_init(cti_record *record, uint16_t kind, const char *uuid);
/* cti_record_other sets other where uuid can be one. */
void cti_record_other(cti_record *record, const char *uuid);
void cti_record_texts(cti_record *record, const char *const *texts, int count);
/* cti_record_describe fills in what CREATED, FOUND and RENAMED tell of a channel. */
void cti_record_describe(cti_record *record, const cti_view *view, const char *uuid);
/* cti_record_end fills in the cause and, when known, who ended it. */
void cti_record_end(cti_record *record, switch_channel_t *channel, const char *disposition);
/* cti_post numbers the record where leg is not NULL and puts it into the ring. */
bool cti_post(cti_record *record, cti_leg *leg, bool wake);
/* cti_post_done answers a command. cause 0 = accepted. */
void cti_post_done(uint64_t command, switch_call_cause_t cause);

/* cti_views_open comes before the first view. */
void cti_views_open(void);
void cti_view_open(cti_view *view, switch_core_session_t *session);
void cti_view_close(cti_view *view);
/* cti_variable copies a variable of the channel itself; false where it has none. */
bool cti_variable(switch_channel_t *channel, const char *name, char *value, size_t bytes);

/* ---- hooks.c ---- */

/* cti_hooks_on adds the state handlers, once in the life of the process; without a live ring they do nothing. */
bool cti_hooks_on(void);
cti_leg *cti_leg_of(switch_channel_t *channel);
/* cti_leg_ensure gives a channel that was up before the module what the module keeps of one. Any thread. */
cti_leg *cti_leg_ensure(switch_core_session_t *session);
bool cti_is_hooked(switch_channel_t *channel);
/* cti_hooks_attach readies a channel that we call, before its thread runs. */
cti_leg *cti_hooks_attach(switch_core_session_t *session);
/* Channels that were up before the module and have not yet come to a state in which they could be hooked. */
extern _Atomic uint32_t cti_unhooked;

/* ---- ends.c ---- */

void cti_tell_hangup(switch_core_session_t *session, cti_leg *leg);
void cti_tell_parting(switch_core_session_t *session);
/* cti_tell_end_first: before what follows from a channel's end is told, that is, whole, if it has ended. */
void cti_tell_end_first(const char *uuid);
void cti_tell_ended(switch_core_session_t *session, cti_leg *leg);

/* ---- joins.c ---- */

/* cti_joins_open comes before the first join. */
void cti_joins_open(void);
/* The switch says that it joins the channel with another; the channel reads a frame; the two are parted, or it ends. */
void cti_join_begins(switch_core_session_t *session, cti_leg *leg);
void cti_join_reads(switch_core_session_t *session);
void cti_join_is_over(cti_leg *leg);

/* ---- events.c ---- */

bool cti_events_bind(char *error, size_t error_bytes);
void cti_events_unbind(void);

/* ---- snapshot.c ---- */

/* cti_snapshot tells the live session table. command 0: nobody asked. Blocks while the ring has little room. */
void cti_snapshot(uint64_t command, int64_t deadline_ms);

/* ---- fork.c ---- */

typedef struct cti_fork cti_fork;

/* cti_fork_new lets channels ring as one, before their threads run; the first is the one that the engine knows. */
cti_fork *cti_fork_new(switch_core_session_t **sessions, cti_leg **legs, int count);
/* cti_fork_rings_on: has nobody answered, and is the call still wanted? */
bool cti_fork_rings_on(cti_fork *fork);
void cti_fork_release(cti_fork *fork);
/* cti_fork_locate is switch_core_session_locate; a channel that another speaks for now leads to that one. */
switch_core_session_t *cti_fork_locate(const char *uuid);
/* cti_fork_end ends the phones that ring together with a channel which is about to be ended. */
void cti_fork_end(switch_core_session_t *session, switch_call_cause_t cause);
/* cti_fork_hears returns whether what a message says of the channel is told as with any other. */
bool cti_fork_hears(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message);
/* cti_fork_leaves returns whether the end of the channel is told. */
bool cti_fork_leaves(switch_core_session_t *session, cti_leg *leg);
void cti_fork_forget(cti_leg *leg);
/* cti_fork_party is the leg id that the party of the fork is named after. */
void cti_fork_party(const cti_leg *leg, uint8_t id[16]);

#endif
