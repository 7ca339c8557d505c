/* visits.h - what the dialplan's applications do with a channel while it waits for the engine. */
#ifndef CTI_VISITS_H
#define CTI_VISITS_H

#include "commands.h"

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
	const char *app; /* what a parked channel hears in a queue is that of CTI_QUEUE_APP */
	bool parked;     /* it waits in no application, and nothing returns: it is over when the channel is wanted elsewhere */
	const char *argument; /* of the application, once the engine has been told; under the mutex of visits.c */
	uint32_t load;
	_Atomic bool word, returned; /* there is something to hear; the engine lets it go, with the result */
	pthread_cond_t word_came;
	char result[64];
	cti_saying *sayings;
	char *music;
} cti_visit;

/* On the channel's own thread, to whom the visit belongs. */
void cti_visit_begin(cti_visit *visit, cti_leg *leg, const char *app, bool parked);
void cti_visit_end(cti_visit *visit);
/* cti_visit_told: the engine has been told that it has begun, with this argument, which outlives it. */
void cti_visit_told(cti_visit *visit, const char *argument);
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

/* For a snapshot. cti_visit_parked: does the channel wait in a queue without the application? */
bool cti_visit_parked(switch_core_session_t *session);
/* cti_visit_tell_again tells that the channel is in cti_queue, if it is and is to stay there for now. */
void cti_visit_tell_again(switch_core_session_t *session);

/* cti_visit_stir: the channel's state has changed, or its thread has something to do. Any thread. */
void cti_visit_stir(cti_leg *leg);
switch_call_cause_t cti_return(const cti_job *job, switch_core_session_t *session);
switch_call_cause_t cti_say(const cti_job *job, switch_core_session_t *session);

/* ---- sounds.c ---- */

/* On the channel's own thread; visit may be NULL. Music and ringback go on for ever; false: there is only silence. */
bool cti_hear_music(switch_core_session_t *session, cti_visit *visit, const char *wish);
bool cti_hear_ringback(switch_core_session_t *session, cti_visit *visit);
/* cti_hear_queue returns when the channel is wanted elsewhere or the visit is over. */
void cti_hear_queue(switch_core_session_t *session, cti_visit *visit);
/* It ends by itself, or when the visit is over. */
void cti_hear_file(switch_core_session_t *session, cti_visit *visit, const char *file);

/* ---- apps.c ---- */

#define CTI_QUEUE_APP "cti_queue"
#define CTI_AGENT_APP "cti_agent"

void cti_apps_add(switch_loadable_module_interface_t **module_interface);
/* cti_app_executed tells that a channel has come to an application that is not ours, if that says anything of its call. */
void cti_app_executed(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message);

#endif
