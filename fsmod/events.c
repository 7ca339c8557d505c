#include "legs.h"
#include "module.h"

/*
 * What no hook sees. The switch has one thread for all bindings of all modules: a callback here looks, posts and
 * returns. Records that come from events are not numbered: they have no place in the order of the leg's own.
 */

/*
 * The event bus may be late (a neighbour's slow callback holds it up): what happened is then stamped with the time of
 * the event. Its clock is coarse, so a small difference says nothing.
 */
static void stamp(cti_record *record, switch_event_t *event)
{
	enum { COARSE_US = 50000, WRONG_US = 60000000 };
	const char *text = switch_event_get_header(event, "Event-Date-Timestamp");
	int64_t late_us = text ? record->wall_us - strtoll(text, NULL, 10) : 0;
	if (late_us < COARSE_US || late_us > WRONG_US) return;
	record->wall_us -= late_us;
	record->mono_ns -= late_us * 1000;
}

static void post(switch_event_t *event, uint16_t kind, const char *uuid, const char *other, bool wake)
{
	cti_record record;
	cti_record_init(&record, kind, uuid);
	cti_record_other(&record, other);
	stamp(&record, event);
	cti_post(&record, NULL, wake);
}

/* take_echo: is this the event of a hold that a message has told already? */
static bool take_echo(_Atomic int32_t *echo)
{
	int32_t count = atomic_load(echo);
	while (count > 0)
		if (atomic_compare_exchange_weak(echo, &count, count - 1)) return true;
	return false;
}

/*
 * Ending a held channel takes it off hold first, with an UNHOLD event like any other. Only then does the hold's own
 * flag still stand: the phone's hold clears CF_PROTO_HOLD before it fires, the switch's clears CF_HOLD.
 */
static bool ends_by_hangup(switch_channel_t *channel)
{
	return switch_channel_test_flag(channel, CF_PROTO_HOLD) || switch_channel_test_flag(channel, CF_HOLD) ||
	       switch_channel_down_nosig(channel);
}

static void hold_changed(switch_event_t *event)
{
	bool held = event->event_id == SWITCH_EVENT_CHANNEL_HOLD;
	const char *uuid = switch_event_get_header(event, "Unique-ID");
	switch_core_session_t *session = uuid ? switch_core_session_locate(uuid) : NULL;
	if (!session) return;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_of(channel);
	bool told = leg && take_echo(held ? &leg->hold_echo : &leg->unhold_echo);
	if (!told && (held || !ends_by_hangup(channel)))
		post(event, held ? CTI_LEG_HELD : CTI_LEG_UNHELD, uuid, NULL, true);
	switch_core_session_rwunlock(session);
}

static void room_changed(switch_event_t *event)
{
	const char *action = switch_event_get_header(event, "Action");
	const char *uuid = switch_event_get_header(event, "Unique-ID");
	const char *room = switch_event_get_header(event, "Conference-Name");
	if (!action || zstr(uuid)) return;
	bool joined = !strcmp(action, "add-member");
	if (!joined && strcmp(action, "del-member")) return;
	cti_record record;
	cti_record_init(&record, joined ? CTI_ROOM_JOINED : CTI_ROOM_LEFT, uuid);
	cti_record_texts(&record, &room, 1);
	stamp(&record, event);
	cti_post(&record, NULL, true);
}

static void recording_changed(switch_event_t *event)
{
	const char *uuid = switch_event_get_header(event, "Unique-ID");
	const char *path = switch_event_get_header(event, "Record-File-Path");
	cti_record record;
	if (zstr(uuid) || zstr(path)) return;
	bool started = event->event_id == SWITCH_EVENT_RECORD_START;
	cti_record_init(&record, started ? CTI_LEG_RECORD_STARTED : CTI_LEG_RECORD_STOPPED, uuid);
	cti_record_texts(&record, &path, 1);
	stamp(&record, event);
	cti_post(&record, NULL, true);
}

static bool unhooked(const char *uuid)
{
	switch_core_session_t *session = zstr(uuid) ? NULL : switch_core_session_locate(uuid);
	if (!session) return false;
	bool without = !cti_is_hooked(switch_core_session_get_channel(session));
	switch_core_session_rwunlock(session);
	return without;
}

/* A channel that was up before the module tells by events what it cannot yet tell by hooks. */
static void unhooked_changed(switch_event_t *event)
{
	if (!atomic_load_explicit(&cti_unhooked, memory_order_relaxed)) return;
	const char *uuid = switch_event_get_header(event, "Unique-ID");
	switch (event->event_id) {
	case SWITCH_EVENT_CHANNEL_PROGRESS:
		if (unhooked(uuid)) post(event, CTI_LEG_RINGING, uuid, NULL, true);
		break;
	case SWITCH_EVENT_CHANNEL_PROGRESS_MEDIA:
		if (unhooked(uuid)) post(event, CTI_LEG_PROGRESS, uuid, NULL, true);
		break;
	case SWITCH_EVENT_CHANNEL_ANSWER:
		if (unhooked(uuid)) post(event, CTI_LEG_ANSWERED, uuid, NULL, true);
		break;
	case SWITCH_EVENT_CHANNEL_BRIDGE:
	case SWITCH_EVENT_CHANNEL_UNBRIDGE: {
		uint16_t kind = event->event_id == SWITCH_EVENT_CHANNEL_BRIDGE ? CTI_LEG_BRIDGED : CTI_LEG_UNBRIDGED;
		const char *a = switch_event_get_header(event, "Bridge-A-Unique-ID");
		const char *b = switch_event_get_header(event, "Bridge-B-Unique-ID");
		if (unhooked(a)) post(event, kind, a, b, true);
		if (unhooked(b)) post(event, kind, b, a, true);
		break;
	}
	default:
		break;
	}
}

static void configuration_changed(switch_event_t *event)
{
	(void)event;
	cti_engine_tell(CTI_ASK_RELOAD_IF_CHANGED);
}

/* The engine writes what is open as soon as the last call has ended, even if another module hangs in its shutdown. */
static void switch_stops(switch_event_t *event)
{
	(void)event;
	cti_engine_finish(true);
}

static struct binding {
	switch_event_types_t type;
	const char *subclass;
	switch_event_callback_t callback;
	switch_event_node_t *node;
} bindings[] = {
	{SWITCH_EVENT_CHANNEL_HOLD, NULL, hold_changed, NULL},
	{SWITCH_EVENT_CHANNEL_UNHOLD, NULL, hold_changed, NULL},
	{SWITCH_EVENT_CUSTOM, "conference::maintenance", room_changed, NULL},
	{SWITCH_EVENT_RECORD_START, NULL, recording_changed, NULL},
	{SWITCH_EVENT_RECORD_STOP, NULL, recording_changed, NULL},
	{SWITCH_EVENT_CHANNEL_PROGRESS, NULL, unhooked_changed, NULL},
	{SWITCH_EVENT_CHANNEL_PROGRESS_MEDIA, NULL, unhooked_changed, NULL},
	{SWITCH_EVENT_CHANNEL_ANSWER, NULL, unhooked_changed, NULL},
	{SWITCH_EVENT_CHANNEL_BRIDGE, NULL, unhooked_changed, NULL},
	{SWITCH_EVENT_CHANNEL_UNBRIDGE, NULL, unhooked_changed, NULL},
	{SWITCH_EVENT_CUSTOM, "sofia::unregister", cti_registration_ended, NULL},
	{SWITCH_EVENT_CUSTOM, "sofia::expire", cti_registration_ended, NULL},
	{SWITCH_EVENT_CUSTOM, "sofia::register", cti_registration_began, NULL},
	{SWITCH_EVENT_PRESENCE_PROBE, NULL, cti_lamp_probed, NULL},
	{SWITCH_EVENT_RELOADXML, NULL, configuration_changed, NULL},
	{SWITCH_EVENT_SHUTDOWN, NULL, switch_stops, NULL},
};

bool cti_events_bind(char *error, size_t error_bytes)
{
	for (size_t i = 0; i < sizeof bindings / sizeof *bindings; i++) {
		struct binding *b = &bindings[i];
		if (switch_event_bind_removable("mod_cti", b->type, b->subclass, b->callback, NULL, &b->node) !=
		    SWITCH_STATUS_SUCCESS) {
			snprintf(error, error_bytes, "the event %s %s cannot be bound", switch_event_name(b->type),
			         b->subclass ? b->subclass : "");
			cti_events_unbind();
			return false;
		}
	}
	return true;
}

void cti_events_unbind(void)
{
	for (size_t i = 0; i < sizeof bindings / sizeof *bindings; i++)
		if (bindings[i].node) switch_event_unbind(&bindings[i].node);
}
