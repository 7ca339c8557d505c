#include "module.h"

/*
 * Phones that are there no more. The switch tells of every registration that ends, while its table still holds it, and
 * a user may have others: a thread asks a little later whether any is left. Whoever has been seen to register is known
 * for as long as the switch runs, and looked at when the module is loaded anew. Others may have no need to register.
 */
enum { WATCHED_MAX = 10000, LOST_MAX = 100000, KNOWN_MAX = 100000, LOOKS = 4 };

static const int64_t look_after_ms[LOOKS] = {20, 100, 400, 1500};

typedef struct watched {
	struct watched *next;
	int64_t due_ms;
	int looks;
	bool missed;
	char *user, *host;
	char texts[];
} watched;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool running, closed = true;
static watched *to_look_at[LOOKS]; /* by how often they were looked at: each list is in the order of its times */
static watched **ends[LOOKS];
static uint32_t count, lost_count, known_count;
static switch_hash_t *lost;  /* the users who were told to be gone */
static switch_hash_t *known; /* the hosts of the users who have registered */

static bool may_be_asked_for(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+*#-_.:[]";
	return !zstr(text) && strlen(text) < 256 && strspn(text, allowed) == strlen(text);
}

static watched *new_watched(const char *user, const char *host)
{
	watched *w = malloc(sizeof *w + cti_text_bytes(user) + cti_text_bytes(host));
	if (!w) return NULL;
	char *at = w->texts;
	w->looks = 0;
	w->missed = false;
	w->user = cti_text_put(&at, user);
	w->host = cti_text_put(&at, host);
	return w;
}

/* put_locked: every item of one list is due as long after it was put there as the others. */
static void put_locked(watched *w)
{
	w->next = NULL;
	w->due_ms = cti_now_ms() + look_after_ms[w->looks];
	*ends[w->looks] = w;
	ends[w->looks] = &w->next;
	count++;
	pthread_cond_signal(&changed);
}

static watched *take_locked(int list)
{
	watched *w = to_look_at[list];
	to_look_at[list] = w->next;
	if (!w->next) ends[list] = &to_look_at[list];
	count--;
	return w;
}

/* take waits for the next that is due; NULL when there will be none. */
static watched *take(void)
{
	pthread_mutex_lock(&mutex);
	for (;;) {
		int first = -1;
		for (int i = 0; i < LOOKS; i++)
			if (to_look_at[i] && (first < 0 || to_look_at[i]->due_ms < to_look_at[first]->due_ms)) first = i;
		int64_t left_ms = first < 0 ? 0 : to_look_at[first]->due_ms - cti_now_ms();
		if (closed || (first >= 0 && left_ms <= 0)) {
			watched *due = closed ? NULL : take_locked(first);
			pthread_mutex_unlock(&mutex);
			return due;
		}
		struct timespec until = cti_deadline(left_ms);
		if (first < 0) pthread_cond_wait(&changed, &mutex);
		else pthread_cond_timedwait(&changed, &mutex, &until);
	}
}

typedef enum presence { HERE, GONE, UNKNOWN } presence;

static presence presence_of(const watched *w)
{
	char argument[600];
	switch_stream_handle_t stream = {0};
	SWITCH_STANDARD_STREAM(stream);
	snprintf(argument, sizeof argument, "*/%s@%s", w->user, w->host);
	bool asked = switch_api_execute("sofia_contact", argument, NULL, &stream) == SWITCH_STATUS_SUCCESS && stream.data;
	presence found = UNKNOWN;
	if (asked && !strcmp(stream.data, "error/user_not_registered")) found = GONE;
	else if (asked && strstr(stream.data, "sofia/")) found = HERE;
	switch_safe_free(stream.data);
	return found;
}

static void post(uint16_t kind, const char *user)
{
	cti_record record;
	cti_record_init(&record, kind, "");
	cti_record_texts(&record, &user, 1);
	cti_post(&record, NULL, true);
}

/* tell_lost and tell_found post under the mutex, so that the two of one user are told in the order in which they were. */
static void tell_lost(const char *user)
{
	pthread_mutex_lock(&mutex);
	if (lost && lost_count < LOST_MAX && !switch_core_hash_find(lost, user)) {
		switch_core_hash_insert(lost, user, "");
		lost_count++;
		post(CTI_DEVICE_LOST, user);
	}
	pthread_mutex_unlock(&mutex);
}

static void tell_found(const char *user)
{
	pthread_mutex_lock(&mutex);
	if (lost && switch_core_hash_delete(lost, user)) {
		lost_count--;
		post(CTI_DEVICE_FOUND, user);
	}
	pthread_mutex_unlock(&mutex);
}

/*
 * A phone that registers again is out of the table for an instant: it is gone when it is missed twice. One that came back
 * just before it was told to be gone had nobody to tell that it is here.
 */
static void look_at(watched *w)
{
	presence found = presence_of(w);
	if (found == GONE && w->missed) {
		tell_lost(w->user);
		if (presence_of(w) == HERE) tell_found(w->user);
	}
	bool again = found == GONE ? !w->missed : found == HERE && w->looks + 1 < LOOKS;
	if (!again) {
		free(w);
		return;
	}
	w->missed = found == GONE;
	w->looks = w->missed ? 0 : w->looks + 1;
	pthread_mutex_lock(&mutex);
	put_locked(w);
	pthread_mutex_unlock(&mutex);
}

static void *run(void *unused)
{
	(void)unused;
	for (watched *w; (w = take());) look_at(w);
	return NULL;
}

/* ---- who is known ---- */

static void remember_locked(const char *user, const char *host)
{
	char *had = known ? switch_core_hash_find(known, user) : NULL;
	if (!known || (had ? !strcmp(had, host) : known_count >= KNOWN_MAX)) return;
	char *copy = strdup(host);
	if (!copy) return;
	known_count += !had;
	switch_core_hash_insert(known, user, copy);
	free(had);
}

/* Who is known and there is looked at once. */
static void look_for_known_locked(void)
{
	for (switch_hash_index_t *at = switch_core_hash_first(known); at; at = switch_core_hash_next(&at)) {
		const void *user;
		void *host;
		switch_core_hash_this(at, &user, NULL, &host);
		watched *w = new_watched(user, host);
		if (!w) continue;
		w->looks = LOOKS - 1;
		put_locked(w);
	}
}

/* ---- on the switch's event thread ---- */

static const char *header_of(switch_event_t *event, const char *name, const char *other_name)
{
	const char *value = switch_event_get_header(event, name);
	return zstr(value) ? switch_event_get_header(event, other_name) : value;
}

void cti_registration_ended(switch_event_t *event)
{
	const char *user = header_of(event, "from-user", "user"), *host = header_of(event, "from-host", "host");
	if (!may_be_asked_for(user) || !may_be_asked_for(host)) return;
	watched *w = new_watched(user, host);
	pthread_mutex_lock(&mutex);
	remember_locked(user, host);
	bool room = w && !closed && count < WATCHED_MAX;
	if (room) put_locked(w);
	pthread_mutex_unlock(&mutex);
	if (room) return;
	free(w);
	CTI_LOG(SWITCH_LOG_WARNING, "too many phones are gone at once: it is not told whether %s still is there\n", user);
}

/* Phones register again and again: who was not missed is not told of. */
void cti_registration_began(switch_event_t *event)
{
	const char *user = switch_event_get_header(event, "from-user"), *host = switch_event_get_header(event, "from-host");
	if (!may_be_asked_for(user) || !may_be_asked_for(host)) return;
	pthread_mutex_lock(&mutex);
	remember_locked(user, host);
	pthread_mutex_unlock(&mutex);
	tell_found(user);
}

/* ---- open and close ---- */

bool cti_registrations_open(char *error, size_t error_bytes)
{
	static bool ready;
	if (!ready) cti_condition_init(&changed);
	ready = true;
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < LOOKS; i++) ends[i] = &to_look_at[i];
	switch_core_hash_init_nocase(&lost);
	lost_count = 0;
	closed = false;
	if (known) look_for_known_locked();
	else switch_core_hash_init_nocase(&known);
	pthread_mutex_unlock(&mutex);
	running = cti_thread_start(&thread, "cti_phones", CTI_STACK_BYTES, CTI_ORDINARY, run);
	if (!running) snprintf(error, error_bytes, "no thread could be made to watch the registrations");
	return running;
}

void cti_registrations_close(void)
{
	pthread_mutex_lock(&mutex);
	closed = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	if (running) pthread_join(thread, NULL);
	running = false;
	for (int i = 0; i < LOOKS; i++)
		while (to_look_at[i]) free(take_locked(i));
	if (lost) switch_core_hash_destroy(&lost);
}
