#include "commands.h"
#include "legs.h"
#include "module.h"

/*
 * Phones that are there no more. The switch tells of every registration that ends, while its table still holds it, and
 * a user may have others: a thread asks a little later whether any is left. Whoever has been seen to register is known
 * for as long as the switch runs, and looked at when the module is loaded anew. Others may have no need to register: the
 * engine asks for them by what they are called by, which says so.
 */
enum { WATCHED_MAX = 10000, LOST_MAX = 100000, KNOWN_MAX = 100000, LOOKS = 4, AT_LAST = LOOKS, LISTS };

static const int64_t look_after_ms[LOOKS] = {20, 100, 400, 1500};

typedef struct watched {
	struct watched *next;
	int64_t due_ms;
	int looks;
	bool missed, asked; /* asked: the engine wants to know whatever it was told before */
	int64_t patience_ms;
	char *user, *host;
	char *dial; /* user/..., whose directory entry says where his phones are; else empty */
	char texts[];
} watched;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool running, closed = true;
static watched *to_look_at[LISTS]; /* by how often they were looked at: each list is in the order of its times */
static watched **ends[LISTS];
static uint32_t count, lost_count, known_count;
static switch_hash_t *lost;  /* the users who were told to be gone */
static switch_hash_t *known; /* the hosts of the users who have registered */

static bool may_be_asked_for(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+*#-_.:[]";
	return !zstr(text) && strlen(text) < 256 && strspn(text, allowed) == strlen(text);
}

static watched *new_watched(const char *user, const char *host, const char *dial)
{
	watched *w = malloc(sizeof *w + cti_text_bytes(user) + cti_text_bytes(host) + cti_text_bytes(dial));
	if (!w) return NULL;
	char *at = w->texts;
	w->looks = 0;
	w->missed = w->asked = false;
	w->patience_ms = 0;
	w->user = cti_text_put(&at, user);
	w->host = cti_text_put(&at, host);
	w->dial = cti_text_put(&at, dial);
	return w;
}

/* put_locked: every item of one list is due as long after it was put there as the others; of the last, at the earliest. */
static void put_locked(watched *w)
{
	w->next = NULL;
	w->due_ms = cti_now_ms() + (w->looks == AT_LAST ? w->patience_ms : look_after_ms[w->looks]);
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
		for (int i = 0; i < LISTS; i++)
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

static const char nowhere[] = "error/user_not_registered";

typedef enum presence { HERE, GONE, UNKNOWN } presence;

/* Whoever is called where nobody registers is here; so is who has one phone of several. */
static presence presence_in_directory(const char *dial)
{
	cti_phones phones;
	switch_event_t *variables = NULL;
	if (switch_event_create_plain(&variables, SWITCH_EVENT_CHANNEL_DATA) != SWITCH_STATUS_SUCCESS) return UNKNOWN;
	presence found = cti_phones_open(&phones, dial, variables) == SWITCH_CAUSE_NONE ? GONE : UNKNOWN;
	for (int i = 0; found == GONE && i < phones.count; i++)
		if (!strstr(phones.dials[i], nowhere)) found = HERE;
	cti_phones_close(&phones);
	switch_event_destroy(&variables);
	return found;
}

static presence presence_of(const watched *w)
{
	if (*w->dial) return presence_in_directory(w->dial);
	char argument[600];
	switch_stream_handle_t stream = {0};
	SWITCH_STANDARD_STREAM(stream);
	snprintf(argument, sizeof argument, "*/%s@%s", w->user, w->host);
	bool asked = switch_api_execute("sofia_contact", argument, NULL, &stream) == SWITCH_STATUS_SUCCESS && stream.data;
	presence found = UNKNOWN;
	if (asked && !strcmp(stream.data, nowhere)) found = GONE;
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
static void tell_lost(const char *user, bool again)
{
	pthread_mutex_lock(&mutex);
	bool told = lost && switch_core_hash_find(lost, user);
	if (lost && (told ? again : lost_count < LOST_MAX)) {
		if (!told) {
			switch_core_hash_insert(lost, user, "");
			lost_count++;
		}
		post(CTI_DEVICE_LOST, user);
	}
	pthread_mutex_unlock(&mutex);
}

static void tell_found(const char *user, bool again)
{
	pthread_mutex_lock(&mutex);
	bool told = lost && switch_core_hash_delete(lost, user);
	if (told) lost_count--;
	if (lost && (told || again)) post(CTI_DEVICE_FOUND, user);
	pthread_mutex_unlock(&mutex);
}

static void put(watched *w)
{
	pthread_mutex_lock(&mutex);
	put_locked(w);
	pthread_mutex_unlock(&mutex);
}

/*
 * A phone that registers again is out of the table for an instant: it is gone when it is missed twice. One that came back
 * just before it was told to be gone had nobody to tell that it is here.
 */
static void look_at(watched *w)
{
	if (!cti_live()) { /* the engine is still being started, and nobody would hear of it */
		put(w);
		return;
	}
	presence found = presence_of(w);
	bool waits = found == GONE && w->missed && w->patience_ms && w->looks != AT_LAST;
	if (found == GONE && w->missed && !waits) {
		tell_lost(w->user, w->asked);
		if (presence_of(w) == HERE) tell_found(w->user, false);
	}
	if (found == HERE && w->asked) tell_found(w->user, true);
	bool again = found == GONE ? waits || !w->missed : found == HERE && !w->asked && w->looks + 1 < LOOKS;
	if (!again) {
		free(w);
		return;
	}
	w->missed = found == GONE;
	w->looks = waits ? AT_LAST : w->missed ? 0 : w->looks + 1;
	put(w);
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
		watched *w = new_watched(user, host, "");
		if (!w) continue;
		w->looks = LOOKS - 1;
		put_locked(w);
	}
}

/* ---- what the engine asks ---- */

/* Whom a dial string calls, user/name[@domain] or sofia/profile/name%host: of others it cannot be known, and it is NULL. */
static watched *asked_for(const char *dial)
{
	char user[256];
	bool in_directory = !strncmp(dial, "user/", 5), at_profile = !strncmp(dial, "sofia/", 6);
	const char *name = in_directory ? dial + 5 : at_profile ? strchr(dial + 6, '/') : NULL;
	if (!name) return NULL;
	name += at_profile;
	size_t length = strcspn(name, in_directory ? "@" : "%");
	const char *host = name[length] ? name + length + 1 : "";
	snprintf(user, sizeof user, "%.*s", (int)length, name);
	if (length >= sizeof user || !may_be_asked_for(user) || (at_profile && !may_be_asked_for(host))) return NULL;
	return new_watched(user, host, in_directory ? dial : "");
}

int cti_registration_find(cti_command_ref command)
{
	const char *dial = switch_str_nil(command->value);
	if (!cti_may_be_dialed(dial)) return CTI_EINVAL;
	watched *w = asked_for(dial);
	if (!w) return 0;
	w->asked = true;
	w->patience_ms = command->deadline_ms;
	pthread_mutex_lock(&mutex);
	bool room = !closed && count < WATCHED_MAX;
	if (room) put_locked(w);
	pthread_mutex_unlock(&mutex);
	if (room) return 0;
	free(w);
	return CTI_EFULL;
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
	watched *w = new_watched(user, host, "");
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
	tell_found(user, false);
}

/* ---- open and close ---- */

bool cti_registrations_open(char *error, size_t error_bytes)
{
	static bool ready;
	if (!ready) cti_condition_init(&changed);
	ready = true;
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < LISTS; i++) ends[i] = &to_look_at[i];
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
	for (int i = 0; i < LISTS; i++)
		while (to_look_at[i]) free(take_locked(i));
	if (lost) switch_core_hash_destroy(&lost);
}
