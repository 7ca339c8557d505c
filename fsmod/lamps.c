#include "commands.h"
#include "module.h"

/*
 * Keys with lamps that watch agents and queues. A phone subscribes to agent+ID@domain or queue+ID@domain, or, as it would
 * of mod_callcenter, to callcenter+ID@domain; sofia asks the bus what there is (PRESENCE_PROBE) and passes on to its
 * subscribers what is said of it (PRESENCE_IN). What is to be said is kept here, so that nobody waits for the engine,
 * and one thread says it (fire.c); what changes again meanwhile is said once.
 *
 * The table is never emptied: a phone that subscribed before the module was loaded anew still watches.
 */
enum { WATCHERS = 4, LAMPS_MAX = 200000, FIFO_SPEAKS_S = 1 };

typedef enum light { DARK, EARLY, LIT, GONE } light;

static const char *const lights[] = {"terminated", "early", "confirmed", "gone"};

/* Another name than kind+id@(the switch's domain) under which somebody has asked for a lamp. */
typedef struct watcher {
	bool as_callcenter;
	char *host;
} watcher;

typedef struct lamp {
	struct lamp *next_due;
	bool agent, known, due, spoken;
	light shows, told;
	char *id, *text;
	int next_watcher;
	watcher watchers[WATCHERS];
} lamp;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static switch_hash_t *lamps; /* by kind+id */
static lamp *first_due, **last_due = &first_due;
static uint32_t count;

/* ---- what they show ---- */

static void make_due_locked(lamp *l)
{
	if (l->due) return;
	l->due = true;
	l->next_due = NULL;
	*last_due = l;
	last_due = &l->next_due;
}

static lamp *find_locked(const char *kind, const char *id)
{
	char key[320];
	snprintf(key, sizeof key, "%s+%s", kind, id);
	return lamps ? switch_core_hash_find(lamps, key) : NULL;
}

static lamp *new_locked(const char *kind, const char *id)
{
	char key[320];
	lamp *l = count < LAMPS_MAX ? calloc(1, sizeof *l) : NULL;
	if (!l) return NULL;
	l->id = strdup(id);
	l->agent = *kind == 'a';
	if (!lamps) switch_core_hash_init(&lamps);
	snprintf(key, sizeof key, "%s+%s", kind, id);
	switch_core_hash_insert(lamps, key, l);
	count++;
	return l;
}

static void set_locked(lamp *l, light shows, const char *text)
{
	bool same = l->known && l->shows == shows && l->text && !strcmp(l->text, text);
	l->known = shows != GONE;
	l->shows = l->known ? shows : DARK;
	free(l->text);
	l->text = strdup(text);
	/* Nobody need be told that what nobody has been told of is dark, of thousands, when the engine starts. */
	bool matters = shows == GONE ? l->told != DARK : l->spoken || l->shows != DARK;
	if (!same && matters) make_due_locked(l);
}

static light light_named(const char *name)
{
	int i = 0;
	while (i <= GONE && strcmp(lights[i], name)) i++;
	return (light)i;
}

int cti_lamp_show(cti_command_ref command)
{
	const char *kind = switch_str_nil(command->name), *id = switch_str_nil(command->uuid);
	light shows = light_named(switch_str_nil(command->value));
	bool agent = !strcmp(kind, "agent");
	if ((!agent && strcmp(kind, "queue")) || !cti_may_be_watched(id) || shows > GONE) return CTI_EINVAL;
	pthread_mutex_lock(&mutex);
	lamp *l = find_locked(kind, id);
	if (!l && shows != GONE) l = new_locked(kind, id);
	if (l) set_locked(l, shows, switch_str_nil(command->caller_name));
	bool due = first_due != NULL;
	pthread_mutex_unlock(&mutex);
	if (due) cti_fire_lamps();
	return l || shows == GONE ? 0 : CTI_EFULL;
}

void cti_lamps_close(void)
{
	pthread_mutex_lock(&mutex);
	for (switch_hash_index_t *i = lamps ? switch_core_hash_first(lamps) : NULL; i; i = switch_core_hash_next(&i)) {
		void *value;
		switch_core_hash_this(i, NULL, NULL, &value);
		if (((lamp *)value)->known) set_locked(value, GONE, "");
	}
	pthread_mutex_unlock(&mutex);
	cti_fire_lamps();
}

/* ---- who asks, on the switch's event thread ---- */

static void watch_locked(lamp *l, bool as_callcenter, const char *host)
{
	for (int i = 0; i < WATCHERS; i++)
		if (l->watchers[i].host && l->watchers[i].as_callcenter == as_callcenter && !strcmp(l->watchers[i].host, host)) return;
	watcher *w = &l->watchers[l->next_watcher++ % WATCHERS];
	free(w->host);
	*w = (watcher){as_callcenter, strdup(host)};
}

/* An id may have its own domain, as those of mod_callcenter do; then that is what is asked for. */
static lamp *asked_for_locked(const char *kind, char *address, const char **host)
{
	char *at = strchr(address, '@');
	lamp *l = find_locked(kind, address);
	*host = at + 1;
	if (l) return l;
	*at = '\0';
	return find_locked(kind, address);
}

/* mod_fifo takes every queue+ for one of its own and says, at the same moment as we do, that nobody waits there. */
SWITCH_STANDARD_SCHED_FUNC(speak_again)
{
	pthread_mutex_lock(&mutex);
	lamp *l = find_locked("queue", task->cmd_arg);
	if (l && l->known) {
		make_due_locked(l);
		cti_fire_lamps(); /* while the module cannot be taken down */
	}
	pthread_mutex_unlock(&mutex);
}

void cti_lamp_probed(switch_event_t *event)
{
	static const struct {
		const char *prefix, *kind;
	} protos[] = {{"agent+", "agent"}, {"queue+", "queue"}, {"callcenter+", "queue"}};
	const char *to = switch_event_get_header(event, "to"), *host;
	char address[256];
	size_t i = 0;
	while (i < 3 && (!to || strncmp(to, protos[i].prefix, strlen(protos[i].prefix)))) i++;
	if (i == 3 || strlen(to) >= sizeof address) return;
	switch_copy_string(address, to + strlen(protos[i].prefix), sizeof address);
	if (!strchr(address, '@') || !cti_may_be_watched(address)) return;
	bool again = i == 1 && switch_loadable_module_exists("mod_fifo") == SWITCH_STATUS_SUCCESS;
	pthread_mutex_lock(&mutex);
	lamp *l = asked_for_locked(protos[i].kind, address, &host);
	bool known = l && l->known;
	if (known) {
		if (i == 2 || !strchr(l->id, '@')) watch_locked(l, i == 2, host);
		make_due_locked(l);
	}
	char *id = known && again ? strdup(l->id) : NULL;
	pthread_mutex_unlock(&mutex);
	if (known) cti_fire_lamps();
	if (id)
		switch_scheduler_add_task(switch_epoch_time_now(NULL) + FIFO_SPEAKS_S, speak_again, "cti_lamp", "mod_cti", 0, id, SSHF_FREE_ARG);
}

/* ---- on the thread that fires ---- */

typedef struct said {
	const lamp *about; /* what does not change of it */
	light shows;
	char *text;
	watcher to[WATCHERS + 1];
} said;

static void say(const said *s, const watcher *to)
{
	switch_event_t *event;
	const lamp *l = s->about;
	bool own_domain = strchr(l->id, '@') != NULL;
	if (switch_event_create(&event, SWITCH_EVENT_PRESENCE_IN) != SWITCH_STATUS_SUCCESS) return;
	const char *proto = l->agent ? "agent" : to->as_callcenter ? "callcenter" : "queue";
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "proto", proto);
	switch_event_add_header(event, SWITCH_STACK_BOTTOM, "login", "%s%s%s", l->id, own_domain ? "" : "@", own_domain ? "" : to->host);
	switch_event_add_header(event, SWITCH_STACK_BOTTOM, "from", "%s%s%s", l->id, own_domain ? "" : "@", own_domain ? "" : to->host);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "force-status", s->text);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "rpid", s->shows == DARK ? "unknown" : "busy");
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "event_type", "presence");
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "alt_event_type", "dialog");
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "event_count", "0");
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "presence-call-direction", "inbound");
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "channel-state", s->shows == DARK ? "CS_HANGUP" : "CS_ROUTING");
	switch_event_add_header(event, SWITCH_STACK_BOTTOM, "unique-id", "%s+%s", proto, l->id);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "answer-state", lights[s->shows]);
	switch_event_fire(&event);
}

static void say_all(const said *s)
{
	for (int i = 0; i <= WATCHERS; i++)
		if (s->to[i].host) say(s, &s->to[i]);
}

static bool is_default(const watcher *w, const char *domain)
{
	return !w->as_callcenter && !strcmp(w->host, domain);
}

static bool take(said *s, const char *domain)
{
	pthread_mutex_lock(&mutex);
	lamp *l = first_due;
	if (l) {
		first_due = l->next_due;
		if (!first_due) last_due = &first_due;
		l->due = false;
		l->told = l->shows;
		l->spoken = true;
		*s = (said){.about = l, .shows = l->shows, .text = strdup(switch_str_nil(l->text)), .to[0] = {false, strdup(domain)}};
		for (int i = 0; i < WATCHERS; i++)
			if (l->watchers[i].host && !is_default(&l->watchers[i], domain))
				s->to[i + 1] = (watcher){l->watchers[i].as_callcenter, strdup(l->watchers[i].host)};
	}
	pthread_mutex_unlock(&mutex);
	return l != NULL;
}

void cti_lamps_fire(void)
{
	said s;
	char *domain = switch_core_get_domain(SWITCH_TRUE);
	while (take(&s, switch_str_nil(domain))) {
		say_all(&s);
		free(s.text);
		for (int i = 0; i <= WATCHERS; i++) free(s.to[i].host);
	}
	free(domain);
}
