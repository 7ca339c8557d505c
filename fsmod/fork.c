#include "commands.h"
#include "legs.h"

/*
 * Phones of one user that ring for one ORIGINATE. The engine knows one leg: the first of them speaks for all, the others
 * are silent. Who answers speaks from then on, and so does who refuses for his person; when a phone that speaks is gone
 * otherwise, one that still rings does. RENAMED tells the engine by which name it goes on. Until it is decided who speaks,
 * all that is told of the fork is told under the mutex, in the order in which it was.
 */
typedef struct member {
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	cti_leg *leg; /* NULL when the channel is destroyed */
	bool gone;
} member;

struct cti_fork {
	cti_fork *next;
	int holders, count;
	bool decided, rang;
	member *speaker;
	member members[CTI_PHONES_MAX];
};

typedef struct uuids {
	int count;
	char of[CTI_PHONES_MAX][SWITCH_UUID_FORMATTED_LENGTH + 1];
} uuids;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static cti_fork *forks;

static void put_locked(cti_fork *fork, switch_core_session_t *session, cti_leg *leg)
{
	member *m = &fork->members[fork->count++];
	switch_copy_string(m->uuid, switch_core_session_get_uuid(session), sizeof m->uuid);
	m->leg = leg;
	leg->fork = fork;
	fork->holders++;
}

static void release_locked(cti_fork *fork)
{
	if (--fork->holders) return;
	cti_fork **at = &forks;
	while (*at != fork) at = &(*at)->next;
	*at = fork->next;
	free(fork);
}

static member *member_of(cti_fork *fork, const cti_leg *leg)
{
	int i = 0;
	while (fork->members[i].leg != leg) i++;
	return &fork->members[i];
}

/* ---- on a worker ---- */

cti_fork *cti_fork_new(switch_core_session_t **sessions, cti_leg **legs, int count)
{
	cti_fork *fork = calloc(1, sizeof *fork);
	if (!fork) return NULL;
	pthread_mutex_lock(&mutex);
	fork->holders = 1;
	fork->speaker = &fork->members[0];
	for (int i = 0; i < count; i++) {
		put_locked(fork, sessions[i], legs[i]);
		legs[i]->sibling = i > 0;
		atomic_store(&legs[i]->silent, i > 0);
	}
	fork->next = forks;
	forks = fork;
	pthread_mutex_unlock(&mutex);
	return fork;
}

bool cti_fork_rings_on(cti_fork *fork)
{
	pthread_mutex_lock(&mutex);
	bool on = !fork->decided;
	pthread_mutex_unlock(&mutex);
	return on;
}

void cti_fork_release(cti_fork *fork)
{
	pthread_mutex_lock(&mutex);
	release_locked(fork);
	pthread_mutex_unlock(&mutex);
}

static bool speaks_for(const char *uuid, char *speaker, size_t bytes)
{
	bool found = false;
	pthread_mutex_lock(&mutex);
	for (cti_fork *fork = forks; fork && !found; fork = fork->next)
		for (int i = 0; i < fork->count && !found; i++)
			if ((found = !strcmp(fork->members[i].uuid, uuid))) switch_copy_string(speaker, fork->speaker->uuid, bytes);
	pthread_mutex_unlock(&mutex);
	return found;
}

switch_core_session_t *cti_fork_locate(const char *uuid)
{
	char speaker[SWITCH_UUID_FORMATTED_LENGTH + 1];
	switch_core_session_t *session = switch_core_session_locate(uuid);
	cti_leg *leg = session ? cti_leg_of(switch_core_session_get_channel(session)) : NULL;
	if (session && (!leg || !leg->fork)) return session;
	if (!speaks_for(uuid, speaker, sizeof speaker) || !strcmp(uuid, speaker)) return session;
	if (session) switch_core_session_rwunlock(session);
	return switch_core_session_locate(speaker);
}

/* ---- who speaks ---- */

static void hang_up(const uuids *list, switch_call_cause_t cause)
{
	for (int i = 0; i < list->count; i++) {
		switch_core_session_t *session = switch_core_session_locate(list->of[i]);
		if (!session) continue;
		switch_channel_hangup(switch_core_session_get_channel(session), cause);
		switch_core_session_rwunlock(session);
	}
}

static void decide_locked(cti_fork *fork, uuids *others)
{
	fork->decided = true;
	for (int i = 0; i < fork->count; i++) {
		const member *m = &fork->members[i];
		if (m != fork->speaker && m->leg && !m->gone)
			switch_copy_string(others->of[others->count++], m->uuid, sizeof m->uuid);
	}
}

/* What the engine has set on the one who spoke. */
static void hand_over_variables(const char *from_uuid, switch_core_session_t *to)
{
	switch_core_session_t *from = switch_core_session_force_locate(from_uuid);
	switch_event_t *variables = NULL;
	if (!from) return;
	switch_channel_get_variables_prefix(switch_core_session_get_channel(from), "cti_", &variables);
	switch_core_session_rwunlock(from);
	if (!variables) return;
	for (const switch_event_header_t *h = variables->headers; h; h = h->next)
		if (!strncmp(h->name, "cti_", 4)) switch_channel_set_variable(switch_core_session_get_channel(to), h->name, h->value);
	switch_event_destroy(&variables);
}

static void take_over_locked(cti_fork *fork, member *heir, switch_core_session_t *session)
{
	member *before = fork->speaker;
	cti_record record;
	cti_view view;
	hand_over_variables(before->uuid, session);
	cti_record_init(&record, CTI_LEG_RENAMED, before->uuid);
	cti_leg_id(heir->uuid, record.other);
	cti_view_open(&view, session);
	cti_record_describe(&record, &view, heir->uuid);
	cti_view_close(&view);
	cti_post(&record, before->leg, true);
	atomic_store(&heir->leg->numbered, atomic_load(&before->leg->numbered));
	atomic_store(&before->leg->silent, true);
	atomic_store(&heir->leg->silent, false);
	fork->speaker = heir;
}

/* inherits_locked lets a phone that is still up speak. */
static bool inherits_locked(cti_fork *fork)
{
	for (int i = 0; i < fork->count; i++) {
		member *m = &fork->members[i];
		switch_core_session_t *session = m->leg && !m->gone ? switch_core_session_locate(m->uuid) : NULL;
		if (!session) continue;
		take_over_locked(fork, m, session);
		switch_core_session_rwunlock(session);
		return true;
	}
	return false;
}

void cti_fork_end(switch_core_session_t *session, switch_call_cause_t cause)
{
	uuids others = {0};
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (!leg || !leg->fork) return;
	pthread_mutex_lock(&mutex);
	decide_locked(leg->fork, &others);
	pthread_mutex_unlock(&mutex);
	hang_up(&others, cause);
}

/* ---- what its channels tell, on any thread ---- */

static void rings(cti_leg *leg, uint16_t kind)
{
	pthread_mutex_lock(&mutex);
	cti_fork *fork = leg->fork;
	bool speaks = fork->speaker->leg == leg, told = fork->rang && (!speaks || kind == CTI_LEG_RINGING);
	if (fork->speaker->leg && !told && (speaks || !fork->decided)) {
		cti_record record;
		cti_record_init(&record, speaks ? kind : CTI_LEG_RINGING, fork->speaker->uuid);
		cti_post(&record, fork->speaker->leg, true);
		fork->rang = true;
	}
	pthread_mutex_unlock(&mutex);
}

/* wins returns whether this answer is the fork's; each of its phones may give one at the same moment. */
static bool wins(switch_core_session_t *session, cti_leg *leg)
{
	uuids others = {0};
	pthread_mutex_lock(&mutex);
	cti_fork *fork = leg->fork;
	member *m = member_of(fork, leg);
	if (!fork->decided) {
		if (m != fork->speaker) take_over_locked(fork, m, session);
		decide_locked(fork, &others);
	}
	bool won = m == fork->speaker;
	pthread_mutex_unlock(&mutex);
	hang_up(&others, SWITCH_CAUSE_LOSE_RACE);
	if (!won) switch_channel_hangup(switch_core_session_get_channel(session), SWITCH_CAUSE_LOSE_RACE);
	return won;
}

bool cti_fork_hears(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message)
{
	switch (message->message_id) {
	case SWITCH_MESSAGE_RING_EVENT:
		rings(leg, CTI_LEG_RINGING);
		return false;
	case SWITCH_MESSAGE_PROGRESS_EVENT:
		rings(leg, CTI_LEG_PROGRESS);
		return false;
	case SWITCH_MESSAGE_ANSWER_EVENT:
		return wins(session, leg);
	default:
		return !atomic_load(&leg->silent);
	}
}

bool cti_fork_leaves(switch_core_session_t *session, cti_leg *leg)
{
	uuids others = {0};
	bool refused = switch_channel_get_cause(switch_core_session_get_channel(session)) == SWITCH_CAUSE_CALL_REJECTED;
	pthread_mutex_lock(&mutex);
	cti_fork *fork = leg->fork;
	member *m = member_of(fork, leg);
	m->gone = true;
	if (!fork->decided && refused && m != fork->speaker) take_over_locked(fork, m, session);
	if (!fork->decided && m == fork->speaker && (refused || !inherits_locked(fork))) decide_locked(fork, &others);
	bool speaks = m == fork->speaker;
	pthread_mutex_unlock(&mutex);
	hang_up(&others, SWITCH_CAUSE_ORIGINATOR_CANCEL);
	return speaks;
}

void cti_fork_forget(cti_leg *leg)
{
	pthread_mutex_lock(&mutex);
	member_of(leg->fork, leg)->leg = NULL;
	release_locked(leg->fork);
	pthread_mutex_unlock(&mutex);
}

void cti_fork_party(const cti_leg *leg, uint8_t id[16])
{
	pthread_mutex_lock(&mutex);
	cti_leg_id(leg->fork->members[0].uuid, id);
	pthread_mutex_unlock(&mutex);
}
