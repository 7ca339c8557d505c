#include "commands.h"
#include "legs.h"
#include "module.h"
#include "visits.h"

/*
 * A visit is a channel's time in an application that waits for the engine, or parked in a queue. Workers leave word for it;
 * the channel's own thread, which keeps the visit on its stack, looks for word at every frame, or is woken where it has none.
 */
enum { SAYINGS_MAX = 8 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void cti_visit_begin(cti_visit *visit, cti_leg *leg, const char *app, bool parked)
{
	memset(visit, 0, sizeof *visit);
	visit->leg = leg;
	visit->app = app;
	visit->parked = parked;
	visit->load = cti_load();
	cti_condition_init(&visit->word_came);
	pthread_mutex_lock(&mutex);
	visit->outer = leg->visit;
	leg->visit = visit;
	pthread_mutex_unlock(&mutex);
}

void cti_visit_end(cti_visit *visit)
{
	pthread_mutex_lock(&mutex);
	visit->leg->visit = visit->outer;
	pthread_mutex_unlock(&mutex);
	for (cti_saying *saying; (saying = cti_visit_saying(visit));) free(saying);
	free(visit->music);
	pthread_cond_destroy(&visit->word_came);
}

/* ---- on the channel's own thread ---- */

void cti_visit_told(cti_visit *visit, const char *argument)
{
	pthread_mutex_lock(&mutex);
	visit->argument = switch_str_nil(argument);
	pthread_mutex_unlock(&mutex);
}

bool cti_visits(const cti_leg *leg, const char *app)
{
	for (const cti_visit *visit = leg->visit; visit; visit = visit->outer)
		if (!strcmp(visit->app, app)) return true;
	return false;
}

/* An engine that is gone, or does not read what it is told, will not let the channel go. A parked one has nowhere to go. */
static bool forsaken(const cti_visit *visit)
{
	return !visit->parked && (cti_load() != visit->load || !cti_engine_reads());
}

bool cti_visit_over(const cti_visit *visit)
{
	return atomic_load(&visit->returned) || forsaken(visit);
}

bool cti_visit_has_word(const cti_visit *visit)
{
	return atomic_load(&visit->word) || cti_visit_over(visit);
}

const char *cti_visit_result(const cti_visit *visit)
{
	if (atomic_load(&visit->returned)) return visit->result;
	return forsaken(visit) ? "unavailable" : NULL;
}

cti_saying *cti_visit_saying(cti_visit *visit)
{
	pthread_mutex_lock(&mutex);
	atomic_store(&visit->word, false);
	cti_saying *saying = visit->sayings;
	if (saying) visit->sayings = saying->next;
	pthread_mutex_unlock(&mutex);
	return saying;
}

char *cti_visit_music(cti_visit *visit)
{
	pthread_mutex_lock(&mutex);
	char *music = visit->music ? strdup(visit->music) : NULL;
	pthread_mutex_unlock(&mutex);
	return music;
}

/* rest returns when there is word or anything for the channel's thread to do, or when the time has come. */
static void rest(cti_visit *visit, const struct timespec *until)
{
	cti_leg *leg = visit->leg;
	pthread_mutex_lock(&mutex);
	atomic_store(&leg->rests, true);
	while (!atomic_exchange(&leg->stirred, false) && !atomic_load(&visit->word))
		if (pthread_cond_timedwait(&visit->word_came, &mutex, until)) break;
	atomic_store(&leg->rests, false);
	pthread_mutex_unlock(&mutex);
}

void cti_visit_wait(cti_visit *visit, switch_core_session_t *session, int64_t ms)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	struct timespec until = cti_deadline(ms);
	int64_t until_ms = cti_now_ms() + ms;
	while (switch_channel_ready(channel) && !cti_visit_has_word(visit) && cti_now_ms() < until_ms) {
		rest(visit, &until);
		if (switch_channel_ready(channel)) switch_ivr_parse_all_events(session);
	}
}

/* ---- on other threads ---- */

void cti_visit_stir(cti_leg *leg)
{
	atomic_store(&leg->stirred, true);
	if (!atomic_load(&leg->rests)) return;
	pthread_mutex_lock(&mutex);
	for (cti_visit *visit = leg->visit; visit; visit = visit->outer) pthread_cond_signal(&visit->word_came);
	pthread_mutex_unlock(&mutex);
}

static cti_visit *visit_of(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	return leg ? leg->visit : NULL;
}

static void leave_word(cti_visit *visit)
{
	atomic_store(&visit->word, true);
	pthread_cond_signal(&visit->word_came);
}

static cti_visit *queue_visit_of(switch_core_session_t *session)
{
	cti_visit *visit = visit_of(session);
	while (visit && strcmp(visit->app, CTI_QUEUE_APP)) visit = visit->outer;
	return visit;
}

/* stays: nobody wants the channel elsewhere, as far as can be seen from another thread. */
static bool stays(switch_channel_t *channel)
{
	return switch_channel_up_nosig(channel) && !switch_channel_test_flag(channel, CF_TRANSFER) &&
	       switch_channel_get_running_state(channel) == switch_channel_get_state(channel);
}

bool cti_visit_parked(switch_core_session_t *session)
{
	pthread_mutex_lock(&mutex);
	const cti_visit *visit = queue_visit_of(session);
	bool parked = visit && visit->parked && stays(switch_core_session_get_channel(session));
	pthread_mutex_unlock(&mutex);
	return parked;
}

/* It is told before the mutex is free: what ends the visit comes later, and so does the record of that. */
void cti_visit_tell_again(switch_core_session_t *session)
{
	cti_record record;
	pthread_mutex_lock(&mutex);
	const cti_visit *visit = queue_visit_of(session);
	if (visit && visit->argument && !cti_visit_over(visit) && stays(switch_core_session_get_channel(session))) {
		const char *texts[2] = {visit->app, visit->argument};
		cti_record_init(&record, CTI_LEG_EXECUTED, switch_core_session_get_uuid(session));
		cti_record_texts(&record, texts, 2);
		cti_post(&record, NULL, false);
	}
	pthread_mutex_unlock(&mutex);
}

/* An application that another runs while it waits is the one that the engine was asked by last. */
switch_call_cause_t cti_return(const cti_job *job, switch_core_session_t *session)
{
	if (!cti_may_be_value(job->value) || strlen(job->value) >= sizeof ((cti_visit *)NULL)->result) return CTI_CAUSE_REFUSED;
	pthread_mutex_lock(&mutex);
	cti_visit *visit = visit_of(session);
	bool waits = visit && !visit->parked && !atomic_load(&visit->returned);
	if (waits) {
		switch_copy_string(visit->result, job->value, sizeof visit->result);
		atomic_store(&visit->returned, true);
		leave_word(visit);
	}
	pthread_mutex_unlock(&mutex);
	return waits ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

static bool may_be_said(const cti_job *job, cti_saying_kind *kind)
{
	static const char *const names[] = {"position", "wait", "file", "music"};
	size_t i = 0;
	while (i < sizeof names / sizeof *names && strcmp(job->name, names[i])) i++;
	if (i == sizeof names / sizeof *names) return false;
	*kind = (cti_saying_kind)i;
	return *kind <= CTI_SAY_WAIT ? cti_may_be_count(job->value) : cti_may_be_sound(job->value);
}

static cti_saying *new_saying(cti_saying_kind kind, const char *what)
{
	cti_saying *saying = malloc(sizeof *saying + strlen(what) + 1);
	if (!saying) return NULL;
	saying->next = NULL;
	saying->kind = kind;
	strcpy(saying->what, what);
	return saying;
}

/* add_saying takes the saying, or refuses what would be said long after it was true. */
static bool add_saying(cti_visit *visit, cti_saying *saying)
{
	cti_saying **at = &visit->sayings;
	int ahead = 0;
	for (; *at; at = &(*at)->next) ahead++;
	if (ahead >= SAYINGS_MAX) return false;
	*at = saying;
	return true;
}

static bool set_music(cti_visit *visit, const char *music)
{
	char *copy = strdup(music);
	if (!copy) return false;
	free(visit->music);
	visit->music = copy;
	return true;
}

switch_call_cause_t cti_say(const cti_job *job, switch_core_session_t *session)
{
	cti_saying_kind kind;
	if (!may_be_said(job, &kind)) return CTI_CAUSE_REFUSED;
	cti_saying *saying = kind == CTI_SAY_MUSIC ? NULL : new_saying(kind, job->value);
	pthread_mutex_lock(&mutex);
	cti_visit *visit = queue_visit_of(session);
	bool waits = visit && !atomic_load(&visit->returned);
	bool taken = waits && (kind == CTI_SAY_MUSIC ? set_music(visit, job->value) : saying && add_saying(visit, saying));
	if (taken) leave_word(visit);
	pthread_mutex_unlock(&mutex);
	if (!taken) free(saying);
	return taken ? SWITCH_CAUSE_NONE : waits ? SWITCH_CAUSE_SWITCH_CONGESTION : CTI_CAUSE_STATE;
}
