#include "commands.h"
#include "legs.h"
#include "module.h"
#include "visits.h"

enum {
	ROOM_WANTED = CTI_RING_SLOTS / 8, /* what the live calls must find free while a snapshot is told */
	SNAPSHOT_MS = 60000,              /* where the engine sets no deadline */
};

static uint8_t call_state_of(switch_channel_t *channel)
{
	switch (switch_channel_get_callstate(channel)) {
	case CCS_RINGING:
		return 1;
	case CCS_EARLY:
		return 2;
	case CCS_ACTIVE:
	case CCS_UNHELD:
		return 3;
	case CCS_RING_WAIT:
		return switch_channel_test_flag(channel, CF_ANSWERED) ? 3 : 1;
	case CCS_HELD:
		return 4;
	case CCS_HANGUP:
		return 5;
	default:
		return 0;
	}
}

static void fill_times(cti_record *record, const switch_caller_profile_t *profile)
{
	if (!profile || !profile->times) return;
	record->times_us[0] = profile->times->created;
	record->times_us[1] = profile->times->progress;
	record->times_us[2] = profile->times->progress_media;
	record->times_us[3] = profile->times->answered;
	record->times_us[4] = profile->times->bridged;
	record->times_us[5] = profile->times->last_hold;
}

/* One telling of the table. */
typedef struct telling {
	uint64_t command;
	int64_t until_ms;
	cti_record *origins; /* who called a channel into being, where the engine cannot know it */
	uint32_t origin_count, unhooked;
} telling;

static void found(telling *t, switch_core_session_t *session)
{
	cti_record record;
	cti_view view;
	const char *uuid = switch_core_session_get_uuid(session);
	cti_record_init(&record, CTI_LEG_FOUND, uuid);
	record.command = t->command;
	cti_view_open(&view, session);
	bool bridged = switch_channel_test_flag(view.channel, CF_BRIDGED);
	cti_leg *leg = cti_leg_of(view.channel);
	cti_record_describe(&record, &view, uuid);
	cti_record_other(&record, bridged ? view.bridge_uuid : view.signal_bridge);
	record.call_state = call_state_of(view.channel);
	if (cti_visit_parked(session)) record.flags |= CTI_FLAG_PARKED;
	record.flags |= cti_stay_flags(session);
	fill_times(&record, view.profile);
	if ((!leg || !cti_told(leg)) && !bridged && !zstr(view.originator)) {
		cti_record *origin = &t->origins[t->origin_count++];
		cti_record_init(origin, CTI_LEG_OUTGOING, view.originator);
		cti_record_other(origin, uuid);
	}
	cti_view_close(&view);
	if (!cti_is_hooked(view.channel)) t->unhooked++;
	cti_post(&record, NULL, false);
	cti_visit_tell_again(session);
}

static bool wait_for_room(const telling *t)
{
	while (!cti_ring_has_room(ROOM_WANTED)) {
		if (!cti_live() || cti_now_ms() > t->until_ms) return false;
		cti_sleep_ms(1);
	}
	return cti_live();
}

/* tell_all tells every channel, and then, where the engine cannot know, who originated whom. */
static bool tell_all(telling *t, const switch_console_callback_match_t *all)
{
	for (const switch_console_callback_match_node_t *node = all->head; node; node = node->next) {
		if (!wait_for_room(t)) return false;
		switch_core_session_t *session = switch_core_session_locate(node->val);
		if (!session) continue;
		switch_channel_t *channel = switch_core_session_get_channel(session);
		cti_leg *leg = cti_leg_of(channel);
		/* One that is only being made has no names yet; its own first record brings them. */
		bool made = leg ? !atomic_load(&leg->unborn) && !atomic_load(&leg->silent) : switch_channel_get_state(channel) > CS_NEW;
		if (made) found(t, session);
		switch_core_session_rwunlock(session);
	}
	for (uint32_t i = 0; i < t->origin_count; i++) {
		if (!wait_for_room(t)) return false;
		cti_post(&t->origins[i], NULL, false);
	}
	return true;
}

static void post_bound(const telling *t, uint16_t kind, bool wake)
{
	cti_record record;
	cti_record_init(&record, kind, "");
	record.command = t->command;
	cti_post(&record, NULL, wake);
}

void cti_snapshot(uint64_t command, int64_t deadline_ms)
{
	/* One at a time: channels told for one must not be taken for those of another. */
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	telling t = {.command = command, .until_ms = cti_now_ms() + (deadline_ms > 0 ? deadline_ms : SNAPSHOT_MS)};
	pthread_mutex_lock(&one);
	bool whole = wait_for_room(&t); /* one whose bounds are lost would leave the engine waiting */
	if (whole) post_bound(&t, CTI_SNAPSHOT_BEGIN, false);
	switch_console_callback_match_t *all = whole ? switch_core_session_findall() : NULL;
	if (all) {
		t.origins = calloc((size_t)all->count, sizeof *t.origins);
		whole = t.origins && tell_all(&t, all);
		switch_console_free_matches(&all);
		free(t.origins);
	}
	if (whole) {
		atomic_store(&cti_unhooked, t.unhooked);
		post_bound(&t, CTI_SNAPSHOT_END, true);
	} else {
		cti_post_done(command, SWITCH_CAUSE_RECOVERY_ON_TIMER_EXPIRE); /* without an end nothing follows from it */
	}
	pthread_mutex_unlock(&one);
}
