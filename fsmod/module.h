/*
 * module.h - what the files of mod_cti share.
 *
 *   mod_cti.c   load and unload
 *   hooks.c     the life of a channel, seen on the channel's own hooks; ends.c: its end
 *   events.c    what hooks cannot see, from the switch's event bus
 *   records.c   the way from a hook into the ring
 *   snapshot.c  the live session table, told into the ring
 *   commands.c  what the engine asks of the switch; strands.c: in which order; checks.c: what may be asked
 *   originate.c a channel that the engine calls; phones.c: what a user is called by; fork.c: several that ring as one
 *   bridge.c    two channels joined
 *   stays.c     where a channel is that is bridged with nobody: music, ringback, a room, an observer
 *   apps.c      the dialplan's applications; visits.c: their waiting for the engine
 *   sounds.c    what a channel hears that waits: music, ringback, prompts
 *   registrations.c phones that are gone
 *   phone.c     hold, mute, digits, the phone's own keys
 *   recording.c recordings
 *   fire.c      CUSTOM cti::event; lamps.c: what phones' keys show of agents and queues
 *   engine.c    the one thread that runs the engine
 *   config.c    cti.conf
 *   console.c   the cti command
 *   queue.c     a bounded queue; threads.c: threads that are fit for Go
 */
#ifndef CTI_MODULE_H
#define CTI_MODULE_H

#include <switch.h>

#include "cti.h"
#include "cti_ring.h"

#include <pthread.h>

enum {
	CTI_RING_SLOTS = 65536,
	CTI_COMMANDS_MAX = 1024,
	CTI_WORKERS = 8,
	CTI_FIRED_MAX = 10000,
	CTI_QUERIES_MAX = 64,
	CTI_STACK_BYTES = 1 << 20,
	CTI_ENGINE_STACK_BYTES = 2 << 20,
	CTI_SOON_NICE = -5,
	CTI_SOON_TURN_NS = 500000, /* longer than a batch of records takes */
	CTI_START_MS = 30000, /* for the engine to come up; a large store is opened in it */
	CTI_ANSWER_MS = 5000, /* for an answer to the cti command */
	CTI_STOP_MS = 5000,   /* for the engine to write what is open */
	CTI_LAST_CALLS_MS = 5000 /* for the last calls to end when the switch shuts down */
};

/* ---- threads.c ---- */

/* How soon a thread gets a processor when it has something to do. */
typedef enum cti_turn {
	CTI_ORDINARY, /* like any other thread */
	CTI_SOON,     /* before ordinary ones, for a short turn: what somebody waits for */
	CTI_SOON_ALONE /* the same, but not for the threads that it makes, which are the switch's */
} cti_turn;

/*
 * cti_thread_start makes a thread as Go wants its own to be, who inherit from it: SCHED_OTHER whatever the switch runs
 * as, no asynchronous signal (the switch's handlers would run on a goroutine's small stack).
 */
bool cti_thread_start(pthread_t *thread, const char *name, size_t stack_bytes, cti_turn turn, void *(*run)(void *));

/* cti_deadline is a CLOCK_MONOTONIC time from now, for conditions made by cti_condition_init. */
struct timespec cti_deadline(int64_t ms);
void cti_condition_init(pthread_cond_t *condition);
int64_t cti_now_ms(void);
void cti_sleep_ms(int64_t ms);

/* ---- queue.c ---- */

typedef struct cti_queue cti_queue;

cti_queue *cti_queue_new(uint32_t size);
/* cti_queue_push returns false, and does not take the item, when the queue is full or closed. It never blocks. */
bool cti_queue_push(cti_queue *queue, void *item);
/* cti_queue_pop waits for an item; NULL when the queue is closed and empty. */
void *cti_queue_pop(cti_queue *queue);
void cti_queue_close(cti_queue *queue);
void cti_queue_reopen(cti_queue *queue);
uint32_t cti_queue_count(cti_queue *queue);
/* cti_queue_free frees the queue and, with free, what is left in it. */
void cti_queue_free(cti_queue *queue);

/* An item that is one allocation keeps its texts behind itself: so many bytes a text, put one after the other. */
size_t cti_text_bytes(const char *text);
char *cti_text_put(char **at, const char *text);

/* ---- config.c ---- */

typedef struct cti_settings {
	cti_setting *rows;
	int32_t count, room;
} cti_settings;

/* cti_settings_read reads cti.conf. NULL: error says why. */
cti_settings *cti_settings_read(char *error, size_t error_bytes);
bool cti_settings_equal(const cti_settings *a, const cti_settings *b);
void cti_settings_free(cti_settings *settings);

/* ---- records.c ---- */

typedef enum cti_stay_kind {
	CTI_STAY_NONE,
	CTI_STAY_PARTED, /* its partner was taken away */
	CTI_STAY_SILENCE,
	CTI_STAY_MUSIC,
	CTI_STAY_RINGBACK,
	CTI_STAY_ROOM,
	CTI_STAY_LISTEN,
	CTI_STAY_VOICEMAIL
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
	bool sibling;                           /* another was made in its stead, as which it was told */
	_Atomic bool silent;                    /* another speaks for it */
	struct cti_fork *fork;                  /* it rings together with others, or did */
	_Atomic int unborn;                     /* we call it, and nothing has been told of it: CTI_AWAITED or CTI_UNWANTED */
	bool routed;                            /* it has come to a number; its own thread */
	cti_told_by transfer_told;              /* under the mutex of hooks.c */
	_Atomic bool parks_again;               /* it passes through CS_RESET to be parked anew */
	_Atomic bool listens;
	_Atomic bool rests, stirred; /* its thread waits for word, or for anything else to do, which has come */
	struct cti_visit *visit;     /* the innermost; under the mutex of visits.c */
	bool awaits_answer; /* these two under the mutex of stays.c */
	cti_stay stay;
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
/* cti_tell_first tells that a channel's phone has hung up, if it has, before what follows from it is told. */
void cti_tell_first(const char *uuid);
void cti_tell_ended(switch_core_session_t *session, cti_leg *leg);

/* ---- events.c ---- */

bool cti_events_bind(char *error, size_t error_bytes);
void cti_events_unbind(void);

/* ---- snapshot.c ---- */

/* cti_snapshot tells the live session table. command 0: nobody asked. Blocks while the ring has little room. */
void cti_snapshot(uint64_t command, int64_t deadline_ms);

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

/* ---- stays.c ---- */

/* On the session's own thread: cti_stay_on_park returns false when the switch's own parking must not follow. */
bool cti_stay_on_park(switch_core_session_t *session, cti_leg *leg);
void cti_stay_on_reset(switch_core_session_t *session, cti_leg *leg);
/* A channel that we called waits on the switch's own terms until it is answered; from then on it is parked. */
void cti_stay_answered(switch_core_session_t *session, cti_leg *leg);
void cti_stay_when_answered(cti_leg *leg);
/* cti_let_go readies a channel, and whom it is bridged with unless that is keep, for being parted. */
void cti_let_go(switch_core_session_t *session, const char *keep);
/* cti_stay_forget: whatever was to come for the channel will not. */
void cti_stay_forget(switch_core_session_t *session);
/* cti_stay_keep parks the channel when the bridge ends that it is about to be in. */
void cti_stay_keep(switch_core_session_t *session);
bool cti_is_kept(switch_core_session_t *session);
/* An outbound channel that only rings can be nowhere else yet. */
bool cti_may_be_moved(switch_channel_t *channel);

switch_call_cause_t cti_wait(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_voicemail(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_join_room(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_eavesdrop(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_eavesdrop_mode(const cti_job *job, switch_core_session_t *session);

/* ---- bridge.c ---- */

switch_call_cause_t cti_bridge(const cti_job *job, switch_core_session_t *session);

/* ---- visits.c ---- */

typedef enum cti_saying_kind { CTI_SAY_POSITION, CTI_SAY_WAIT, CTI_SAY_FILE, CTI_SAY_MUSIC } cti_saying_kind;

typedef struct cti_saying {
	struct cti_saying *next;
	cti_saying_kind kind;
	char what[];
} cti_saying;

typedef struct cti_visit {
	struct cti_visit *outer; /* of the application that runs this one while it waits */
	cti_leg *leg;
	const char *app;
	uint32_t load;
	_Atomic bool word, returned; /* there is something to hear; the engine lets it go, with the result */
	pthread_cond_t word_came;
	char result[64];
	cti_saying *sayings;
	char *music;
} cti_visit;

/* On the channel's own thread, to whom the visit belongs. */
void cti_visit_begin(cti_visit *visit, cti_leg *leg, const char *app);
void cti_visit_end(cti_visit *visit);
/* cti_visits: is the channel in the application already? */
bool cti_visits(const cti_leg *leg, const char *app);
/* cti_visit_over: it need not wait any more: the engine has let it go, or there is none. */
bool cti_visit_over(const cti_visit *visit);
bool cti_visit_has_word(const cti_visit *visit);
/* cti_visit_result: what the engine let it go with, "unavailable" where there is no engine, or NULL. */
const char *cti_visit_result(const cti_visit *visit);
/* cti_visit_saying takes out what is to be said next: the caller's to free, or NULL. */
cti_saying *cti_visit_saying(cti_visit *visit);
/* cti_visit_music is the music that the engine wants: the caller's to free, or NULL. */
char *cti_visit_music(cti_visit *visit);
/* cti_visit_wait waits without looking at frames until there is word, the channel is wanted elsewhere or the time is up. */
void cti_visit_wait(cti_visit *visit, switch_core_session_t *session, int64_t ms);

/* cti_visit_stir: the channel's state has changed, or its thread has something to do. Any thread. */
void cti_visit_stir(cti_leg *leg);
switch_call_cause_t cti_return(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_say(const cti_job *job, switch_core_session_t *session);

/* ---- sounds.c ---- */

/* On the channel's own thread; visit may be NULL. Music and ringback go on for ever; false: there is only silence. */
bool cti_hear_music(switch_core_session_t *session, cti_visit *visit, const char *wish);
bool cti_hear_ringback(switch_core_session_t *session, cti_visit *visit);
void cti_hear_silence(switch_core_session_t *session, cti_visit *visit);
/* These end by themselves, or when the visit is over. */
void cti_hear_file(switch_core_session_t *session, cti_visit *visit, const char *file);
void cti_hear_saying(switch_core_session_t *session, cti_visit *visit, const cti_saying *saying);

/* ---- apps.c ---- */

#define CTI_QUEUE_APP "cti_queue"
#define CTI_AGENT_APP "cti_agent"

void cti_apps_add(switch_loadable_module_interface_t **module_interface);

/* ---- registrations.c ---- */

bool cti_registrations_open(char *error, size_t error_bytes);
void cti_registrations_close(void);
void cti_registration_ended(switch_event_t *event);
void cti_registration_began(switch_event_t *event);
int cti_registration_find(cti_command_ref command); /* takes a FIND_DEVICE command; it never blocks */

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

/* ---- fire.c ---- */

bool cti_fire_open(char *error, size_t error_bytes);
void cti_fire_close(bool keep);
int cti_fire_submit(cti_fired_ref fired);
/* cti_fire_lamps has the thread that fires look for lamps. Any thread, never blocks. */
void cti_fire_lamps(void);

/* ---- lamps.c ---- */

int cti_lamp_show(cti_command_ref command); /* takes a PRESENCE command; it never blocks */
void cti_lamp_probed(switch_event_t *event);
/* cti_lamps_fire says what has changed. It may block, as the switch's event bus does. */
void cti_lamps_fire(void);
/* cti_lamps_close puts all lamps out: the engine is not there any more. */
void cti_lamps_close(void);

/* ---- engine.c ---- */

typedef enum cti_request_kind { CTI_ASK_QUERY, CTI_ASK_RELOAD, CTI_ASK_RELOAD_IF_CHANGED } cti_request_kind;

/* cti_engine_start loads libcti.so and starts the engine on a thread of its own. The settings are its to free. */
bool cti_engine_start(cti_ring *ring, cti_settings *settings, char *error, size_t error_bytes);
/* cti_engine_ask has the engine's thread do something and returns its answer, or says why not. Free it with free. */
char *cti_engine_ask(cti_request_kind kind, const char *text, int64_t timeout_ms);
/* cti_engine_tell is cti_engine_ask without waiting. Any thread, never blocks. */
void cti_engine_tell(cti_request_kind kind);
/* cti_engine_finish has the engine stop, perhaps only when the last call has ended. It does not wait. */
void cti_engine_finish(bool after_last_calls);
/* cti_engine_stop returns false when the engine still runs: its ring and its functions must then stay. */
bool cti_engine_stop(void);

/* ---- console.c ---- */

/* cti_console is the API command, a switch_api_function_t. */
switch_status_t cti_console(const char *cmd, switch_core_session_t *session, switch_stream_handle_t *stream);
void cti_console_open(void);
void cti_console_close(void);

typedef struct cti_figures {
	uint64_t commands_done, commands_refused, fired, fires_dropped;
	uint32_t commands_queued, fires_queued;
} cti_figures;

void cti_commands_figures(cti_figures *figures);
void cti_fire_figures(cti_figures *figures);

#define CTI_SYNTAX \
	"status | version | calls | call <callID> | clients | agents | agent <id> [login [dn] | logout | ready | notready [reason]] " \
	"| queues | queue <id> | import callcenter [file] | drain | reload"
#define CTI_LOG(level, ...) switch_log_printf(SWITCH_CHANNEL_LOG, level, __VA_ARGS__)

#endif
