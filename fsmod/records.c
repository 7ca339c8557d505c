#include "legs.h"
#include "module.h"

/*
 * The ring in force. A thread is counted as inside while it uses the ring, so that closing can wait until the last one
 * has left. Both are sequentially consistent: who enters after the ring was taken away sees that it is gone.
 */
static _Atomic(cti_ring *) live_ring;
static _Atomic int32_t inside;
static _Atomic uint32_t load_number;
static _Atomic uint64_t posted;

/* How long the engine has left what it was told unread. */
static _Atomic int64_t look_at_ms;
static _Atomic uint64_t told_then;
static _Atomic int looks_unread;

void cti_records_open(cti_ring *ring)
{
	atomic_fetch_add(&load_number, 1);
	atomic_store(&posted, 0);
	atomic_store(&told_then, 0);
	atomic_store(&looks_unread, 0);
	atomic_store(&live_ring, ring);
}

void cti_records_close(void)
{
	atomic_store(&live_ring, NULL);
	while (atomic_load(&inside)) cti_sleep_ms(1);
}

bool cti_live(void)
{
	return atomic_load_explicit(&live_ring, memory_order_relaxed) != NULL;
}

uint32_t cti_load(void)
{
	return cti_live() ? atomic_load_explicit(&load_number, memory_order_relaxed) : 0;
}

static cti_ring *enter(void)
{
	atomic_fetch_add(&inside, 1);
	return atomic_load(&live_ring);
}

static void leave(void)
{
	atomic_fetch_sub(&inside, 1);
}

bool cti_ring_has_room(uint64_t want)
{
	cti_ring *ring = enter();
	bool room = !ring || cti_ring_room(ring, want);
	if (!room) cti_ring_wake(ring);
	leave();
	return room;
}

static void look_whether_read(void)
{
	cti_ring *ring = enter();
	if (ring && cti_ring_has_read(ring, atomic_load(&told_then))) {
		atomic_store(&told_then, cti_ring_tail(ring));
		atomic_store(&looks_unread, 0);
	} else if (ring) {
		atomic_fetch_add(&looks_unread, 1);
	}
	leave();
}

/* Looks are counted, not time, which passes also while the whole process is stopped. */
bool cti_engine_reads(void)
{
	enum { LOOK_MS = 1000, PATIENCE = 5 };
	int64_t now_ms = cti_now_ms(), due_ms = atomic_load_explicit(&look_at_ms, memory_order_relaxed);
	if (now_ms >= due_ms && atomic_compare_exchange_strong(&look_at_ms, &due_ms, now_ms + LOOK_MS)) look_whether_read();
	return atomic_load_explicit(&looks_unread, memory_order_relaxed) < PATIENCE;
}

uint64_t cti_records_posted(void)
{
	return atomic_load_explicit(&posted, memory_order_relaxed);
}

uint64_t cti_records_lost(void)
{
	cti_ring *ring = enter();
	uint64_t lost = ring ? cti_ring_lost(ring) : 0;
	leave();
	return lost;
}

bool cti_told(const cti_leg *leg)
{
	return atomic_load_explicit(&leg->numbered, memory_order_relaxed) >> 32 == atomic_load(&load_number);
}

/* A leg's records count from 1 in each load, so that a new engine misses nothing of the old one's. */
static uint32_t next_number(cti_leg *leg)
{
	uint64_t load = (uint64_t)atomic_load_explicit(&load_number, memory_order_relaxed) << 32;
	uint64_t before = atomic_load_explicit(&leg->numbered, memory_order_relaxed), after;
	do {
		after = (before & ~(uint64_t)UINT32_MAX) == load ? before + 1 : load + 1;
	} while (!atomic_compare_exchange_weak_explicit(&leg->numbered, &before, after, memory_order_relaxed,
	                                                memory_order_relaxed));
	return (uint32_t)after;
}

bool cti_post(cti_record *record, cti_leg *leg, bool wake)
{
	cti_ring *ring = enter();
	bool done = false;
	if (ring) {
		if (leg) record->leg_seq = next_number(leg);
		done = cti_ring_push(ring, record, wake);
		if (done) atomic_fetch_add_explicit(&posted, 1, memory_order_relaxed);
	}
	leave();
	return done;
}

void cti_post_done(uint64_t command, switch_call_cause_t cause)
{
	cti_record record;
	cti_record_init(&record, CTI_COMMAND_DONE, "");
	record.command = command;
	record.cause = (uint16_t)cause;
	cti_post(&record, NULL, true);
}

void cti_record_init(cti_record *record, uint16_t kind, const char *uuid)
{
	struct timespec mono, wall;
	memset(record, 0, offsetof(cti_record, text));
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	record->mono_ns = (int64_t)mono.tv_sec * 1000000000 + mono.tv_nsec;
	record->wall_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
	record->kind = kind;
	if (*uuid) cti_leg_id(uuid, record->leg);
}

void cti_record_other(cti_record *record, const char *uuid)
{
	/* Messages without a partner may carry another message's text, such as "name|number". */
	if (!zstr(uuid) && !strpbrk(uuid, "| ")) cti_leg_id(uuid, record->other);
}

/* Texts that are too long together lose the ends of the longest; the first, which names the channel, keeps its own. */
static void fit(size_t *lengths, int count)
{
	for (;;) {
		size_t total = 0;
		int longest = 1;
		for (int i = 0; i < count; i++) {
			total += lengths[i] + 1;
			if (i > longest && lengths[i] > lengths[longest]) longest = i;
		}
		if (total <= CTI_TEXT_BYTES || count < 2) return;
		size_t over = total - CTI_TEXT_BYTES, half = (lengths[longest] + 1) / 2;
		lengths[longest] -= over < half ? over : half;
	}
}

/* A text ends where a character ends. */
static size_t whole_characters(const char *text, size_t length)
{
	while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
	return length;
}

void cti_record_texts(cti_record *record, const char *const *texts, int count)
{
	size_t lengths[9] = {0};
	char *at = record->text;
	for (int i = 0; i < count; i++) lengths[i] = texts[i] ? strnlen(texts[i], CTI_TEXT_BYTES * 4) : 0;
	size_t first_max = count == 1 ? CTI_TEXT_BYTES - 1 : CTI_TEXT_BYTES * 2 / 3;
	if (lengths[0] > first_max) lengths[0] = first_max;
	fit(lengths, count);
	for (int i = 0; i < count; i++) {
		const char *text = texts[i] ? texts[i] : "";
		if (text[lengths[i]]) {
			lengths[i] = whole_characters(text, lengths[i]);
			record->flags |= CTI_FLAG_TRUNCATED;
		}
		memcpy(at, text, lengths[i]);
		at[lengths[i]] = '\0';
		at += lengths[i] + 1;
	}
	record->text_len = (uint16_t)(at - record->text);
}

/*
 * A channel has a hundred variables, and on its first thread each lies in memory that another thread wrote: what is
 * touched is what it costs. The switch keeps a hash beside each name, so that most names need not be looked at.
 */
static const struct {
	const char *name;
	size_t place;
} wanted[] = {
	{SWITCH_BRIDGE_VARIABLE, offsetof(cti_view, bridge_uuid)},
	{"cti_call_id", offsetof(cti_view, cti_call_id)},
	{"cc_member_session_uuid", offsetof(cti_view, member)},
	{"dialed_user", offsetof(cti_view, dialed_user)},
	{SWITCH_ORIGINATOR_VARIABLE, offsetof(cti_view, originator)},
	{"other_loopback_leg_uuid", offsetof(cti_view, loop_peer)},
	{SWITCH_SIGNAL_BRIDGE_VARIABLE, offsetof(cti_view, signal_bridge)},
	{"sip_call_id", offsetof(cti_view, sip_call_id)},
	{"sip_invite_call_id", offsetof(cti_view, sip_invite_call_id)},
	{"sip_auth_username", offsetof(cti_view, auth_user)},
	{"user_name", offsetof(cti_view, user_name)},
};
enum { WANTED = sizeof wanted / sizeof *wanted };

static unsigned long wanted_hashes[WANTED];
static uint64_t wanted_bits;

void cti_views_open(void)
{
	for (int i = 0; i < WANTED; i++) {
		switch_ssize_t length = -1;
		wanted_hashes[i] = switch_ci_hashfunc_default(wanted[i].name, &length);
		wanted_bits |= (uint64_t)1 << (wanted_hashes[i] & 63);
	}
}

static void look_at(cti_view *view, const switch_event_header_t *header)
{
	if (header->hash && !(wanted_bits >> (header->hash & 63) & 1)) return;
	for (int i = 0; i < WANTED; i++)
		if ((!header->hash || header->hash == wanted_hashes[i]) && !strcmp(header->name, wanted[i].name))
			*(const char **)((char *)view + wanted[i].place) = header->value;
}

/*
 * The view walks the variables once, under the channel's own lock: a variable's text may be replaced and freed at any
 * time by another thread. Not for hooks that run inside other code's walk over the same variables.
 */
void cti_view_open(cti_view *view, switch_core_session_t *session)
{
	memset(view, 0, sizeof *view);
	view->session = session;
	view->channel = switch_core_session_get_channel(session);
	switch_event_header_t *header = switch_channel_variable_first(view->channel);
	view->holds_variables = header != NULL;
	for (; header; header = header->next) look_at(view, header);
	view->profile = switch_channel_get_caller_profile(view->channel);
}

void cti_view_close(cti_view *view)
{
	if (view->holds_variables) switch_channel_variable_last(view->channel);
}

void cti_record_describe(cti_record *record, const cti_view *view, const char *uuid)
{
	const switch_caller_profile_t *profile = view->profile;
	bool outbound = switch_channel_direction(view->channel) == SWITCH_CALL_DIRECTION_OUTBOUND;
	const char *name = switch_channel_get_name(view->channel);
	const char *user = outbound ? view->dialed_user : view->user_name ? view->user_name : view->auth_user;
	const char *texts[9] = {
		uuid, name,
		profile ? profile->caller_id_number : NULL,
		profile ? profile->caller_id_name : NULL,
		profile ? profile->destination_number : NULL,
		user,
		profile ? profile->context : NULL,
		view->sip_call_id ? view->sip_call_id : view->sip_invite_call_id, view->cti_call_id,
	};
	record->direction = outbound ? 2 : 1;
	if (name && !strncmp(name, "loopback/", 9)) record->flags |= CTI_FLAG_LOOPBACK;
	cti_record_texts(record, texts, 9);
}

void cti_record_end(cti_record *record, switch_channel_t *channel, const char *disposition)
{
	static const char *const dispositions[] = {"",         "recv_bye",    "recv_cancel", "recv_refuse",
	                                           "send_bye", "send_cancel", "send_refuse"};
	record->cause = (uint16_t)switch_channel_get_cause(channel);
	for (uint8_t i = 1; disposition && i < sizeof dispositions / sizeof *dispositions; i++)
		if (!strcmp(disposition, dispositions[i])) record->disposition = i;
}

/* The switch hands out a variable's own text, which another thread may free: here it is copied under the channel's lock. */
bool cti_variable(switch_channel_t *channel, const char *name, char *value, size_t bytes)
{
	*value = '\0';
	switch_event_header_t *header = switch_channel_variable_first(channel);
	if (!header) return false;
	for (; header; header = header->next)
		if (!strcmp(header->name, name)) switch_copy_string(value, header->value, bytes);
	switch_channel_variable_last(channel);
	return *value;
}
