#include "legs.h"
#include "module.h"
#include "visits.h"

/*
 * The dialplan's applications, ours first. Each of ours tells the engine by an EXECUTED record that it has begun; cti_queue and cti_agent
 * then wait for its RETURN. What they wait in is open before the record is, which may be answered at once.
 */
enum { AGENT_ANSWER_MS = 2000, MOVE_MS = 1000 };

#define UNAVAILABLE "unavailable"

static switch_application_interface_t *queue_interface;

/*
 * When a module is unloaded, the switch ends every channel whose last application it was, and that may long be in a
 * talk. What it goes by is a variable.
 */
static void disown(switch_channel_t *channel)
{
	switch_channel_set_variable(channel, SWITCH_CURRENT_APPLICATION_VARIABLE, "cti");
}

static bool tell(switch_core_session_t *session, cti_leg *leg, const char *app, const char *argument, uint32_t flags)
{
	cti_record record;
	const char *texts[2] = {app, argument};
	cti_record_init(&record, CTI_LEG_EXECUTED, switch_core_session_get_uuid(session));
	cti_record_texts(&record, texts, 2);
	if (record.flags & CTI_FLAG_TRUNCATED)
		switch_log_printf(SWITCH_CHANNEL_SESSION_LOG(session), SWITCH_LOG_WARNING,
		                  "%s: no more than the first %d bytes of its argument are told\n", app,
		                  record.text_len - (int)strlen(app) - 2);
	record.flags |= flags;
	return cti_live() && cti_engine_reads() && cti_post(&record, leg, true);
}

/* A channel that was up before the module may come here before it has been hooked. */
static cti_leg *leg_of(switch_core_session_t *session)
{
	if (cti_is_hooked(switch_core_session_get_channel(session)) || !switch_core_session_in_thread(session))
		return cti_leg_ensure(session);
	return cti_hooks_attach(session);
}

static void log_unavailable(switch_core_session_t *session, const char *app, const char *argument)
{
	switch_log_printf(SWITCH_CHANNEL_SESSION_LOG(session), SWITCH_LOG_WARNING,
	                  "%s %s: the CTI engine is not there; the caller goes on in the dialplan\n", app, switch_str_nil(argument));
}

static void log_unknown(switch_core_session_t *session, const char *queue)
{
	switch_log_printf(SWITCH_CHANNEL_SESSION_LOG(session), SWITCH_LOG_WARNING,
	                  CTI_QUEUE_APP " %s: there is no such queue; the caller goes on in the dialplan\n", switch_str_nil(queue));
}

/* begin: the application's visit is open and the engine has been told, or result says why not. */
static bool begin(switch_core_session_t *session, cti_visit *visit, const char *app, const char *argument, const char *result)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = leg_of(session);
	switch_channel_set_variable(channel, result, NULL);
	if (leg && !cti_visits(leg, app)) {
		cti_visit_begin(visit, leg, app, false);
		if (tell(session, leg, app, argument, 0)) {
			cti_visit_told(visit, argument);
			return true;
		}
		cti_visit_end(visit);
	}
	switch_channel_set_variable(channel, result, UNAVAILABLE);
	log_unavailable(session, app, argument);
	return false;
}

/*
 * A channel that is taken elsewhere is told that it has to leave a little before its state says where to, and on a busy
 * machine that may be long. The switch would meanwhile run what the dialplan has next.
 */
static void await_move(switch_channel_t *channel)
{
	int64_t until_ms = cti_now_ms() + MOVE_MS;
	while (switch_channel_test_flag(channel, CF_TRANSFER) && switch_channel_get_state(channel) == CS_EXECUTE &&
	       cti_now_ms() < until_ms)
		cti_sleep_ms(1);
}

/* ---- cti_queue ---- */

/* A caller hears music before he is answered, as early media; ringback needs none. */
static void prepare(switch_core_session_t *session)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	const char *music = switch_channel_get_variable(channel, "cti_queue_music");
	if (switch_channel_var_true(channel, "cti_queue_answer")) switch_channel_answer(channel);
	else if (!zstr(music) && !strcasecmp(music, "ringback")) switch_channel_ring_ready(channel);
	else switch_channel_pre_answer(channel);
	if (switch_channel_test_flag(channel, CF_PROXY_MODE)) switch_ivr_media(switch_core_session_get_uuid(session), SMF_NONE);
}

static void wait_in_queue(switch_core_session_t *session, cti_visit *visit)
{
	const char *welcome = switch_channel_get_variable(switch_core_session_get_channel(session), "cti_queue_welcome");
	if (!zstr(welcome)) cti_hear_file(session, visit, welcome);
	cti_hear_queue(session, visit);
}

/*
 * The switch does not unload a module while one of its applications runs. Callers may wait for hours: they let go of the
 * application meanwhile, whose code and interface stay in memory, and take it up again before they return to the switch.
 */
SWITCH_STANDARD_APP(queue_app)
{
	cti_visit visit;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_application_interface_t *interface = queue_interface;
	disown(channel);
	prepare(session);
	if (!switch_channel_ready(channel) || !begin(session, &visit, CTI_QUEUE_APP, data, "cti_queue_result")) return;
	UNPROTECT_INTERFACE(interface);
	wait_in_queue(session, &visit);
	const char *result = switch_channel_ready(channel) ? cti_visit_result(&visit) : NULL;
	if (result) switch_channel_set_variable(channel, "cti_queue_result", result);
	if (result && !strcmp(result, UNAVAILABLE)) log_unavailable(session, CTI_QUEUE_APP, data);
	if (result && !strcmp(result, "unknown")) log_unknown(session, data);
	cti_visit_end(&visit);
	await_move(channel);
	PROTECT_INTERFACE(interface);
}

/* ---- cti_agent ---- */

SWITCH_STANDARD_APP(agent_app)
{
	cti_visit visit;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	disown(channel);
	if (!begin(session, &visit, CTI_AGENT_APP, data, "cti_agent_result")) return;
	cti_visit_wait(&visit, session, AGENT_ANSWER_MS);
	const char *result = cti_visit_result(&visit);
	switch_channel_set_variable(channel, "cti_agent_result", result ? result : "timeout");
	cti_visit_end(&visit);
	await_move(channel);
}

/* ---- what is only told ---- */

SWITCH_STANDARD_APP(track_app)
{
	disown(switch_core_session_get_channel(session));
	if (!tell(session, leg_of(session), "cti_track", data, CTI_FLAG_MARKED)) log_unavailable(session, "cti_track", data);
}

SWITCH_STANDARD_APP(ivr_result_app)
{
	disown(switch_core_session_get_channel(session));
	if (!tell(session, leg_of(session), "cti_ivr_result", data, 0)) log_unavailable(session, "cti_ivr_result", data);
}

void cti_apps_add(switch_loadable_module_interface_t **module_interface)
{
	switch_application_interface_t *app;
	SWITCH_ADD_APP(queue_interface, CTI_QUEUE_APP, "Wait in a queue", "Waits in a queue until an agent takes the call", queue_app,
	               "<queue> [<priority>]", SAF_SUPPORT_NOMEDIA);
	SWITCH_ADD_APP(app, CTI_AGENT_APP, "Log in and out", "Changes the state of the agent at this phone", agent_app,
	               "login [<number>] | logout | ready | notready [<reason>]", SAF_SUPPORT_NOMEDIA);
	SWITCH_ADD_APP(app, "cti_track", "Mark a call", "Marks the call and attaches data to it", track_app, "[<key>=<value>,...]",
	               SAF_SUPPORT_NOMEDIA | SAF_ROUTING_EXEC);
	SWITCH_ADD_APP(app, "cti_ivr_result", "What an IVR found out", "Attaches what an IVR found out to the call", ivr_result_app,
	               "<key>=<value>", SAF_SUPPORT_NOMEDIA | SAF_ROUTING_EXEC);
}

/* ---- those of others ---- */

/* The applications that the call model speaks of; the others, of which a call runs dozens, tell it nothing. */
static bool matters(const char *application)
{
	static const char *const names[] = {"eavesdrop", "conference", "intercept", "park", "valet_park", "callcenter",
	                                    "fifo",      "att_xfer",   "three_way", "ivr"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(application, names[i])) return true;
	return false;
}

void cti_app_executed(switch_core_session_t *session, cti_leg *leg, const switch_core_session_message_t *message)
{
	const char *application = message->string_array_arg[0], *argument = message->string_array_arg[1];
	if (zstr(application) || !matters(application)) return;
	cti_record record;
	const char *texts[2] = {application, argument};
	cti_record_init(&record, CTI_LEG_EXECUTED, switch_core_session_get_uuid(session));
	cti_record_texts(&record, texts, 2);
	bool observer = !strcmp(application, "eavesdrop");
	if (observer) record.flags |= CTI_FLAG_OBSERVER;
	if (argument && (observer || !strcmp(application, "intercept") || !strcmp(application, "three_way"))) {
		const char *last = strrchr(argument, ' '); /* options come before the uuid */
		const char *target = last ? last + 1 : argument;
		if (strcmp(target, "all")) cti_record_other(&record, target);
	}
	cti_post(&record, leg, observer);
}
