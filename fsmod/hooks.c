#include "commands.h"
#include "legs.h"
#include "visits.h"

/*
 * A session's hook lists are without a lock: only the session's own thread may add to them, and nobody takes out of
 * them while the session lives. So hooks are added in on_init, before the driver sends anything, or, for channels that
 * were up before the module, in their next state. They stay; without a live ring they do nothing.
 */
#define LEG_KEY "cti_leg"
#define CALL_ID_VARIABLE "cti_call_id"
#define PARTY_ID_VARIABLE "cti_party_id"
#define AROUND_PRIVATE_COMMAND 42 /* numeric_arg of an UNBRIDGE and a BRIDGE that part nobody */

_Atomic uint32_t cti_unhooked;

cti_leg *cti_leg_of(switch_channel_t *channel)
{
	return switch_channel_get_private(channel, LEG_KEY);
}

static void post_with(switch_core_session_t *session, cti_leg *leg, uint16_t kind, const char *other, bool wake)
{
	cti_record record;
	cti_record_init(&record, kind, switch_core_session_get_uuid(session));
	cti_record_other(&record, other);
	cti_post(&record, leg, wake);
}

static void post_plain(switch_core_session_t *session, cti_leg *leg, uint16_t kind, bool wake)
{
	post_with(session, leg, kind, NULL, wake);
}

/* ---- the session's own hooks ---- */

static switch_status_t state_change(switch_core_session_t *session)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_of(channel);
	bool ends = leg && switch_channel_get_state(channel) == CS_HANGUP;
	if (ends) cti_join_is_over(leg);
	if (ends && (cti_live() || leg->fork)) cti_tell_hangup(session, leg);
	if (leg) cti_visit_stir(leg);
	return SWITCH_STATUS_SUCCESS;
}

/* The switch's way to call a channel's thread away from its media: what comes by SIP, for one, waits for that thread. */
static switch_status_t kill_channel(switch_core_session_t *session, int signal)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	(void)signal;
	if (leg) cti_visit_stir(leg);
	return SWITCH_STATUS_SUCCESS;
}

/* The second call of a dialed user comes when the leg is long known and answered. */
static switch_status_t outgoing_channel(switch_core_session_t *session, switch_event_t *variables,
                                        switch_caller_profile_t *profile, switch_core_session_t *called,
                                        switch_originate_flag_t flags)
{
	cti_leg *leg;
	(void)profile;
	(void)flags;
	if (!cti_live() || !called || cti_leg_of(switch_core_session_get_channel(called))) return SWITCH_STATUS_SUCCESS;
	if (!(leg = cti_leg_of(switch_core_session_get_channel(session)))) return SWITCH_STATUS_SUCCESS;
	const char *call = switch_channel_get_variable(switch_core_session_get_channel(session), CALL_ID_VARIABLE);
	if (call) switch_channel_set_variable(switch_core_session_get_channel(called), CALL_ID_VARIABLE, call);
	/* The leg takes the uuid that was asked for after this hook. */
	const char *uuid = variables ? switch_event_get_header(variables, "origination_uuid") : NULL;
	switch_copy_string(leg->called, zstr(uuid) ? switch_core_session_get_uuid(called) : uuid, sizeof leg->called);
	post_with(session, leg, CTI_LEG_OUTGOING, leg->called, false);
	return SWITCH_STATUS_SUCCESS;
}

static bool outbound(switch_core_session_t *session)
{
	return switch_channel_direction(switch_core_session_get_channel(session)) == SWITCH_CALL_DIRECTION_OUTBOUND;
}

/*
 * Who calls is answered, and joined, just after the one that he has called: the engine then knows it from that one's
 * record, or will know it from that one's next.
 */
static bool called_said(const cti_leg *leg, uint16_t kind)
{
	switch_core_session_t *session = *leg->called ? switch_core_session_locate(leg->called) : NULL;
	if (!session) return false;
	cti_leg *called = cti_leg_of(switch_core_session_get_channel(session));
	bool said = called && !called->fork && !called->loopback && atomic_compare_exchange_strong(&called->said, &kind, 0);
	switch_core_session_rwunlock(session);
	return said;
}

static void answered(switch_core_session_t *session, cti_leg *leg)
{
	bool joined = switch_channel_test_flag(switch_core_session_get_channel(session), CF_BRIDGED);
	cti_stay_answered(session, leg); /* before the engine knows, whose next command must not be undone by it */
	atomic_store(&leg->said, CTI_LEG_ANSWERED);
	post_plain(session, leg, CTI_LEG_ANSWERED, joined || (!leg->originated && !called_said(leg, CTI_LEG_ANSWERED)));
}

static void bridged(switch_core_session_t *session, cti_leg *leg, const char *other)
{
	bool known = !zstr(other) && !strcmp(other, leg->called) && called_said(leg, CTI_LEG_BRIDGED);
	atomic_store(&leg->enters, false); /* a room says it too, to who has become a member */
	atomic_store(&leg->said, CTI_LEG_BRIDGED);
	if (!zstr(other)) cti_join_begins(session, leg);
	post_with(session, leg, CTI_LEG_BRIDGED, other, !known);
}

static void post_of_partner(switch_core_session_t *session, uint16_t kind)
{
	cti_record record;
	const char *partner = switch_channel_get_partner_uuid(switch_core_session_get_channel(session));
	if (zstr(partner)) return;
	cti_record_init(&record, kind, partner);
	cti_post(&record, NULL, true);
}

/*
 * The switch tells its own hold by a message and then by an event, the phone's hold by an event alone (events.c). With
 * the profile setting proxy-hold the message goes to the partner of the phone that holds, and there is no event.
 */
static void held(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message)
{
	if (switch_channel_test_flag(switch_core_session_get_channel(session), CF_HOLD)) {
		atomic_store(&leg->held, true);
		atomic_fetch_add(&leg->hold_echo, 1);
		post_plain(session, leg, CTI_LEG_HELD, true);
	} else if (!message->numeric_arg) {
		post_of_partner(session, CTI_LEG_HELD);
	}
}

static void unheld(switch_core_session_t *session, cti_leg *leg)
{
	if (atomic_exchange(&leg->held, false)) {
		atomic_fetch_add(&leg->unhold_echo, 1);
		post_plain(session, leg, CTI_LEG_UNHELD, true);
	} else {
		post_of_partner(session, CTI_LEG_UNHELD);
	}
}

static void post_transferred(switch_core_session_t *session, cti_leg *leg)
{
	cti_record record;
	switch_caller_profile_t *profile = switch_channel_get_caller_profile(switch_core_session_get_channel(session));
	const char *destination = profile ? profile->destination_number : NULL;
	cti_record_init(&record, CTI_LEG_TRANSFERRED, switch_core_session_get_uuid(session));
	cti_record_texts(&record, &destination, 1);
	cti_post(&record, leg, true);
}

/*
 * Who sends a channel to a number says so after its state, and the channel's own thread may be there by then. Whichever
 * of the two comes first tells it, so that it is told before what the channel does there. The first number that a
 * channel comes to is its own.
 */
static void transferred(switch_core_session_t *session, cti_leg *leg, bool by_itself)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	cti_told_by us = by_itself ? CTI_ITSELF : CTI_ANOTHER, them = by_itself ? CTI_ANOTHER : CTI_ITSELF;
	pthread_mutex_lock(&one);
	if (leg->transfer_told == them) {
		leg->transfer_told = CTI_NOBODY;
	} else {
		leg->transfer_told = us;
		post_transferred(session, leg);
	}
	pthread_mutex_unlock(&one);
}

static void renamed(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message)
{
	cti_record record;
	cti_view view;
	const char *uuid = message->string_array_arg[1];
	if (zstr(uuid)) return;
	cti_record_init(&record, CTI_LEG_RENAMED, switch_core_session_get_uuid(session));
	cti_leg_id(uuid, record.other);
	cti_view_open(&view, session);
	cti_record_describe(&record, &view, uuid);
	cti_view_close(&view);
	cti_post(&record, leg, true);
}

static switch_status_t receive_message(switch_core_session_t *session, switch_core_session_message_t *message)
{
	cti_leg *leg;
	if (!(leg = cti_leg_of(switch_core_session_get_channel(session)))) return SWITCH_STATUS_SUCCESS;
	if ((leg->fork && !cti_fork_hears(session, leg, message)) || !cti_live()) return SWITCH_STATUS_SUCCESS;
	switch (message->message_id) {
	case SWITCH_MESSAGE_RING_EVENT:
		post_plain(session, leg, CTI_LEG_RINGING, outbound(session));
		break;
	case SWITCH_MESSAGE_PROGRESS_EVENT:
		post_plain(session, leg, CTI_LEG_PROGRESS, outbound(session));
		break;
	case SWITCH_MESSAGE_ANSWER_EVENT:
		answered(session, leg);
		break;
	case SWITCH_MESSAGE_INDICATE_BRIDGE:
		if (message->numeric_arg != AROUND_PRIVATE_COMMAND) bridged(session, leg, message->string_arg);
		break;
	case SWITCH_MESSAGE_INDICATE_UNBRIDGE:
		if (message->numeric_arg == AROUND_PRIVATE_COMMAND) break;
		cti_join_is_over(leg);
		cti_tell_parting(session);
		post_with(session, leg, CTI_LEG_UNBRIDGED, message->string_arg, false);
		break;
	case SWITCH_MESSAGE_INDICATE_HOLD:
		held(session, leg, message);
		break;
	case SWITCH_MESSAGE_INDICATE_UNHOLD:
		unheld(session, leg);
		break;
	case SWITCH_MESSAGE_INDICATE_TRANSFER:
		transferred(session, leg, false);
		break;
	case SWITCH_MESSAGE_INDICATE_UUID_CHANGE:
		renamed(session, leg, message);
		break;
	case SWITCH_MESSAGE_INDICATE_APPLICATION_EXEC:
		cti_app_executed(session, leg, message);
		break;
	default:
		break;
	}
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t recv_dtmf(switch_core_session_t *session, const switch_dtmf_t *dtmf, switch_dtmf_direction_t direction)
{
	cti_leg *leg;
	cti_record record;
	const char digits[2] = {dtmf->digit, '\0'}, *text = digits;
	if (direction != SWITCH_DTMF_RECV || !cti_live() || !(leg = cti_leg_of(switch_core_session_get_channel(session))) ||
	    atomic_load(&leg->silent))
		return SWITCH_STATUS_SUCCESS;
	cti_record_init(&record, CTI_LEG_DTMF, switch_core_session_get_uuid(session));
	cti_record_texts(&record, &text, 1);
	cti_post(&record, leg, true);
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t read_frame(switch_core_session_t *session, switch_frame_t **frame, switch_io_flag_t flags, int stream)
{
	(void)frame, (void)flags, (void)stream;
	cti_join_reads(session);
	return SWITCH_STATUS_SUCCESS;
}

/*
 * When a phone that the switch called answers a hold that it only listens, the switch stops sending to its partner as
 * well, who is to hear music. What a leg is sent is a matter of its own phone.
 */
static switch_status_t write_frame(switch_core_session_t *session, switch_frame_t *frame, switch_io_flag_t flags, int stream)
{
	char said[16] = "";
	(void)frame, (void)flags, (void)stream;
	if (switch_core_session_media_flow(session, SWITCH_MEDIA_TYPE_AUDIO) != SWITCH_MEDIA_FLOW_RECVONLY || !cti_live())
		return SWITCH_STATUS_SUCCESS;
	cti_variable(switch_core_session_get_channel(session), "remote_audio_media_flow", said, sizeof said);
	if (strcmp(said, "sendonly"))
		switch_core_media_set_smode(session, SWITCH_MEDIA_TYPE_AUDIO, SWITCH_MEDIA_FLOW_SENDRECV, SDP_ANSWER);
	return SWITCH_STATUS_SUCCESS;
}

/* ---- the state handlers, on the session's own thread ---- */

cti_leg *cti_leg_ensure(switch_core_session_t *session)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	pthread_mutex_lock(&one);
	cti_leg *leg = cti_leg_of(channel);
	if (!leg) {
		leg = switch_core_session_alloc(session, sizeof *leg);
		switch_channel_set_private(channel, LEG_KEY, leg);
	}
	pthread_mutex_unlock(&one);
	return leg;
}

bool cti_is_hooked(switch_channel_t *channel)
{
	cti_leg *leg = cti_leg_of(channel);
	return leg && atomic_load(&leg->hooked);
}

cti_leg *cti_hooks_attach(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_ensure(session);
	switch_core_event_hook_add_state_change(session, state_change);
	switch_core_event_hook_add_kill_channel(session, kill_channel);
	switch_core_event_hook_add_receive_message(session, receive_message);
	switch_core_event_hook_add_outgoing_channel(session, outgoing_channel);
	switch_core_event_hook_add_recv_dtmf(session, recv_dtmf);
	switch_core_event_hook_add_read_frame(session, read_frame);
	switch_core_event_hook_add_write_frame(session, write_frame);
	atomic_store(&leg->hooked, true);
	return leg;
}

/*
 * The dialplan can use the ids from its first line: a party's id is its leg's uuid in hex, and so is the id of the call
 * that a leg begins. Where the engine decides otherwise it sets the variable anew.
 */
static void set_ids(switch_core_session_t *session, const uint8_t leg[16], bool inherits)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	char hex[33] = "";
	for (int i = 0; i < 16; i++) {
		hex[2 * i] = "0123456789abcdef"[leg[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[leg[i] & 15];
	}
	switch_channel_set_variable(channel, PARTY_ID_VARIABLE, hex);
	if (!inherits) switch_channel_set_variable(channel, CALL_ID_VARIABLE, hex);
}

static void created(switch_core_session_t *session, cti_leg *leg)
{
	cti_record record, looped;
	cti_view view;
	const char *uuid = switch_core_session_get_uuid(session);
	cti_record_init(&record, CTI_LEG_CREATED, uuid);
	cti_view_open(&view, session);
	cti_record_describe(&record, &view, uuid);
	cti_record_other(&record, view.originator ? view.originator : view.member);
	leg->originated = !zstr(view.originator);
	leg->loopback = record.flags & CTI_FLAG_LOOPBACK;
	/* The far end of a loopback pair is made by the near end's on_init and knows it from the start. */
	bool loops = record.flags & CTI_FLAG_LOOPBACK && !zstr(view.loop_peer);
	if (loops) {
		cti_record_init(&looped, CTI_LEG_LOOPED, uuid);
		cti_record_other(&looped, view.loop_peer);
		looped.flags = CTI_FLAG_LOOPBACK;
	}
	bool inherits = !zstr(view.cti_call_id);
	cti_view_close(&view);
	set_ids(session, record.leg, inherits);
	cti_post(&record, leg, record.direction == 1 && !loops);
	if (loops) cti_post(&looped, leg, false);
}

/* The party that it may come to speak for has its id already. */
static void born_silent(switch_core_session_t *session, const cti_leg *leg)
{
	uint8_t party[16];
	char call[64];
	cti_fork_party(leg, party);
	set_ids(session, party, cti_variable(switch_core_session_get_channel(session), CALL_ID_VARIABLE, call, sizeof call));
}

/* Another thread that ends the channel meanwhile tells nothing before this is told. */
static void tell_birth(switch_core_session_t *session, cti_leg *leg)
{
	if (atomic_load(&leg->unborn) != CTI_AWAITED) return;
	if (leg->sibling) born_silent(session, leg);
	else created(session, leg);
	atomic_store(&leg->unborn, CTI_BORN);
}

static switch_status_t on_init(switch_core_session_t *session)
{
	if (!cti_live()) return SWITCH_STATUS_SUCCESS;
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (!leg || !atomic_load(&leg->hooked)) created(session, cti_hooks_attach(session));
	else tell_birth(session, leg);
	return SWITCH_STATUS_SUCCESS;
}

/* A channel that was up before the module is hooked in its next state. The engine knows it from the snapshot. */
static switch_status_t on_other_state(switch_core_session_t *session)
{
	if (atomic_load_explicit(&cti_unhooked, memory_order_relaxed) && cti_live() &&
	    !cti_is_hooked(switch_core_session_get_channel(session)))
		cti_hooks_attach(session);
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t on_routing(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (leg && leg->routed && cti_live() && !atomic_load(&leg->silent)) transferred(session, leg, true);
	if (leg) leg->routed = true;
	return on_other_state(session);
}

static switch_status_t on_consume_media(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (leg) cti_stay_answered(session, leg);
	return on_other_state(session);
}

static switch_status_t on_reset(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (leg) cti_stay_on_reset(session, leg);
	return on_other_state(session);
}

static switch_status_t on_park(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	on_other_state(session);
	return !leg || cti_stay_on_park(session, leg) ? SWITCH_STATUS_SUCCESS : SWITCH_STATUS_FALSE;
}

/* A channel without our hooks was there before the module, or has failed before it began. */
static cti_leg *leg_at_the_end(switch_core_session_t *session)
{
	cti_leg *leg = cti_leg_of(switch_core_session_get_channel(session));
	if (!cti_live() && !(leg && leg->fork)) return NULL;
	return leg || !atomic_load(&cti_unhooked) ? leg : cti_leg_ensure(session);
}

static switch_status_t on_hangup_first(switch_core_session_t *session)
{
	cti_leg *leg = leg_at_the_end(session);
	if (!leg) return SWITCH_STATUS_SUCCESS;
	tell_birth(session, leg); /* it was ended before it could begin */
	cti_tell_hangup(session, leg);
	return SWITCH_STATUS_SUCCESS;
}

/* The driver has sent its BYE, CANCEL or refusal by now, and has said which. */
static switch_status_t on_hangup(switch_core_session_t *session)
{
	cti_leg *leg = leg_at_the_end(session);
	if (leg) cti_tell_ended(session, leg);
	return SWITCH_STATUS_SUCCESS;
}

/* Where a driver or another module kept on_hangup from us. */
static switch_status_t on_reporting(switch_core_session_t *session)
{
	return on_hangup(session);
}

static switch_status_t on_destroy(switch_core_session_t *session)
{
	cti_leg *leg = leg_at_the_end(session);
	if (leg) cti_join_is_over(leg);
	if (leg && !atomic_load(&leg->unborn) && !atomic_load(&leg->silent)) {
		cti_tell_ended(session, leg);
		post_plain(session, leg, CTI_LEG_DESTROYED, false);
	}
	if (leg && leg->fork) cti_fork_forget(leg);
	return SWITCH_STATUS_SUCCESS;
}

static const switch_state_handler_table_t first_handlers = {
	.on_init = on_init,
	.on_routing = on_routing,
	.on_execute = on_other_state,
	.on_hangup = on_hangup_first,
	.on_exchange_media = on_other_state,
	.on_soft_execute = on_other_state,
	.on_consume_media = on_consume_media,
	.on_hibernate = on_other_state,
	.on_reset = on_reset,
	.on_park = on_park,
	.on_reporting = on_reporting,
	.on_destroy = on_destroy,
	.flags = SSH_FLAG_PRE_EXEC,
};

static const switch_state_handler_table_t last_handlers = {.on_hangup = on_hangup};

/*
 * The handlers stay for the life of the process: taking one out empties the switch's table for a moment, and a session
 * that looks then skips the handlers of every other module, CDR writers among them.
 */
bool cti_hooks_on(void)
{
	static bool added;
	if (added) return true;
	cti_views_open();
	cti_joins_open();
	if (switch_core_add_state_handler(&first_handlers) < 0) return false;
	if (switch_core_add_state_handler(&last_handlers) < 0) {
		switch_core_remove_state_handler(&first_handlers);
		return false;
	}
	added = true;
	return true;
}
