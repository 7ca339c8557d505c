#include "module.h"

/*
 * CUSTOM cti::event for dialplans and event-socket clients. The switch's event queue blocks who fires into it when it
 * is full, so one thread of ours does it. The engine counts what finds no room in its box.
 */
#define SUBCLASS "cti::event"

static cti_outbox *outbox;
static pthread_t thread;
static bool running, reserved;
static _Atomic bool closing, lamps_wait;
static _Atomic uint64_t fired;

cti_outbox *cti_fire_outbox(void)
{
	return outbox;
}

void cti_fire_lamps(void)
{
	if (!atomic_exchange(&lamps_wait, true) && outbox) cti_outbox_wake(outbox);
}

static void fire(const cti_fired *f)
{
	switch_event_t *event;
	if (switch_event_create_subclass(&event, SWITCH_EVENT_CUSTOM, SUBCLASS) != SWITCH_STATUS_SUCCESS) return;
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Message-ID", f->message_id);
	switch_event_add_header(event, SWITCH_STACK_BOTTOM, "CTI-Seq", "%" PRIu64, f->seq);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Call-ID", f->call_id);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Party-ID", f->party_id);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-This-DN", f->this_dn);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Agent-UUID", f->agent_uuid);
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "CTI-Company-ID", f->company_id);
	switch_event_set_body(event, f->body);
	switch_event_fire(&event);
	atomic_fetch_add(&fired, 1);
}

static void *run(void *unused)
{
	(void)unused;
	for (;;) {
		cti_fired oldest;
		bool found = cti_outbox_next(outbox, &oldest);
		if (found) {
			fire(&oldest);
			cti_outbox_take(outbox);
		}
		if (atomic_exchange(&lamps_wait, false)) cti_lamps_fire();
		else if (found) continue;
		else if (atomic_load(&closing)) return NULL;
		else cti_outbox_wait(outbox);
	}
}

bool cti_fire_open(char *error, size_t error_bytes)
{
	atomic_store(&lamps_wait, false);
	atomic_store(&closing, false);
	atomic_store(&fired, 0);
	outbox = cti_outbox_new(CTI_OUTBOX_BYTES);
	if (!outbox) {
		snprintf(error, error_bytes, "no memory or no descriptor for the events to be fired");
		return false;
	}
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
	if (running) { /* it ends when it has fired what was left */
		atomic_store(&closing, true);
		cti_outbox_wake(outbox);
		pthread_join(thread, NULL);
	}
	running = false;
	if (reserved) switch_event_free_subclass(SUBCLASS);
	reserved = false;
	if (!keep) cti_outbox_free(outbox);
	outbox = NULL;
}

void cti_fire_figures(cti_figures *figures)
{
	figures->fired = atomic_load(&fired);
}
