#include "module.h"

/*
 * CUSTOM cti::event for dialplans and event-socket clients. The switch's event queue blocks who fires into it when it
 * is full, so one thread of ours does it, and what does not fit into its queue is dropped and counted.
 */
#define SUBCLASS "cti::event"

typedef struct shot {
	char *message_id, *call_id, *party_id, *this_dn, *agent_uuid, *company_id, *body;
	uint64_t seq;
	bool for_lamps; /* it only wakes the thread */
	char texts[];
} shot;

static cti_queue *queue;
static pthread_t thread;
static bool running, reserved;
static _Atomic bool lamps_wait;
static _Atomic uint64_t fired, dropped;

static shot *copy_of(const cti_fired *f)
{
	const char *texts[] = {f->message_id, f->call_id,    f->party_id, f->this_dn,
	                       f->agent_uuid, f->company_id, f->body};
	size_t bytes = 0;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) bytes += cti_text_bytes(texts[i]);
	shot *s = malloc(sizeof *s + bytes);
	if (!s) return NULL;
	char *at = s->texts;
	s->for_lamps = false;
	s->seq = f->seq;
	s->message_id = cti_text_put(&at, f->message_id);
	s->call_id = cti_text_put(&at, f->call_id);
	s->party_id = cti_text_put(&at, f->party_id);
	s->this_dn = cti_text_put(&at, f->this_dn);
	s->agent_uuid = cti_text_put(&at, f->agent_uuid);
	s->company_id = cti_text_put(&at, f->company_id);
	s->body = cti_text_put(&at, f->body);
	return s;
}

int cti_fire_submit(cti_fired_ref f)
{
	shot *s = copy_of(f);
	if (s && cti_queue_push(queue, s)) return 0;
	free(s);
	atomic_fetch_add(&dropped, 1);
	return CTI_EFULL;
}

/* Where there is no room the thread is awake, and looks for lamps after each event. */
void cti_fire_lamps(void)
{
	if (atomic_exchange(&lamps_wait, true)) return;
	shot *s = calloc(1, sizeof *s);
	if (!s) return;
	s->for_lamps = true;
	if (!queue || !cti_queue_push(queue, s)) free(s);
}

static void fire_lamps(void)
{
	if (atomic_exchange(&lamps_wait, false)) cti_lamps_fire();
}

static void shoot(const shot *s)
{
	switch_event_t *event;
	if (switch_event_create_subclass(&event, SWITCH_EVENT_CUSTOM, SUBCLASS) != SWITCH_STATUS_SUCCESS) return;
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Message-ID", s->message_id);
	switch_event_add_header(event, SWITCH_STACK_BOTTOM, "CTI-Seq", "%" PRIu64, s->seq);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Call-ID", s->call_id);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Party-ID", s->party_id);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-This-DN", s->this_dn);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Agent-UUID", s->agent_uuid);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Company-ID", s->company_id);
	switch_event_add_body(event, "%s", s->body);
	switch_event_fire(&event);
	atomic_fetch_add(&fired, 1);
}

static void *run(void *unused)
{
	(void)unused;
	for (shot *s; (s = cti_queue_pop(queue));) {
		if (!s->for_lamps) shoot(s);
		free(s);
		fire_lamps();
	}
	fire_lamps();
	return NULL;
}

bool cti_fire_open(char *error, size_t error_bytes)
{
	if (!queue) queue = cti_queue_new(CTI_FIRED_MAX);
	if (!queue) {
		snprintf(error, error_bytes, "out of memory");
		return false;
	}
	cti_queue_reopen(queue);
	atomic_store(&lamps_wait, false);
	atomic_store(&fired, 0);
	atomic_store(&dropped, 0);
	reserved = switch_event_reserve_subclass(SUBCLASS) == SWITCH_STATUS_SUCCESS;
	if (!reserved) {
		snprintf(error, error_bytes, "the event subclass " SUBCLASS " belongs to another module: unload that first");
		return false;
	}
	running = cti_thread_start(&thread, "cti_fire", CTI_STACK_BYTES, CTI_ORDINARY, run);
	if (!running) snprintf(error, error_bytes, "no thread could be made to fire " SUBCLASS);
	return running;
}

void cti_fire_close(bool keep)
{
	if (!queue) return;
	cti_queue_close(queue);
	if (running) pthread_join(thread, NULL); /* when it has fired what was left */
	running = false;
	if (reserved) switch_event_free_subclass(SUBCLASS);
	reserved = false;
	if (keep) return;
	cti_queue_free(queue);
	queue = NULL;
}

void cti_fire_figures(cti_figures *figures)
{
	figures->fired = atomic_load(&fired);
	figures->fires_dropped = atomic_load(&dropped);
	figures->fires_queued = queue ? cti_queue_count(queue) : 0;
}
