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
 *   bridge.c    two channels joined; joins.c: by whomever, and not to be parted before they are
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
 *
 * legs.h declares what is kept and told of a channel, commands.h what is done to one for the engine, visits.h what the
 * dialplan's applications do with one; all else is declared here.
 */
#ifndef CTI_MODULE_H
#define CTI_MODULE_H

#include <switch.h>

#include "cti.h"
#include "cti_outbox.h"
#include "cti_ring.h"

#include <pthread.h>

enum {
	CTI_RING_SLOTS = 65536,
	CTI_COMMANDS_MAX = 1024,
	CTI_WORKERS = 8,
	CTI_OUTBOX_BYTES = 4 << 20, /* some thousand events */
	CTI_QUERIES_MAX = 64,
	CTI_STACK_BYTES = 1 << 20,
	CTI_ENGINE_STACK_BYTES = 2 << 20,
	CTI_SOON_NICE = -5,
	CTI_SOON_TURN_NS = 500000, /* longer than a batch of records takes */
	CTI_TIMER_SLACK_NS = 1000000, /* how late a timer of the engine may ring: none is shorter */
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

/* ---- registrations.c ---- */

bool cti_registrations_open(char *error, size_t error_bytes);
void cti_registrations_close(void);
void cti_registration_ended(switch_event_t *event);
void cti_registration_began(switch_event_t *event);
int cti_registration_find(cti_command_ref command); /* takes a FIND_DEVICE command; it never blocks */

/* ---- fire.c ---- */

bool cti_fire_open(char *error, size_t error_bytes);
void cti_fire_close(bool keep);
/* cti_fire_outbox is where the engine puts what is to be fired. */
cti_outbox *cti_fire_outbox(void);
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
	uint64_t commands_done, commands_refused, fired;
	uint32_t commands_queued;
} cti_figures;

void cti_commands_figures(cti_figures *figures);
void cti_fire_figures(cti_figures *figures);

#define CTI_SYNTAX \
	"status | version | calls | call <callID> | clients | agents | agent <id> [login [dn] | logout | ready | notready [reason]] " \
	"| queues | queue <id> | import callcenter [file] | import settings | drain | reload"
#define CTI_LOG(level, ...) switch_log_printf(SWITCH_CHANNEL_LOG, level, __VA_ARGS__)

#endif
