/* A say module that needs no sound files: a number is a tone of 1300 Hz of so many seconds, a time one of 1700 Hz. */
#include <switch.h>

SWITCH_MODULE_LOAD_FUNCTION(mod_say_ctitest_load);
SWITCH_MODULE_DEFINITION(mod_say_ctitest, mod_say_ctitest_load, NULL, NULL);

static switch_status_t say(switch_core_session_t *session, char *what, switch_say_args_t *say_args, switch_input_args_t *args)
{
	int number = say_args->type == SST_NUMBER;
	char tone[64];
	switch_log_printf(SWITCH_CHANNEL_SESSION_LOG(session), SWITCH_LOG_NOTICE, "said %s %s\n", number ? "number" : "time", what);
	switch_snprintf(tone, sizeof tone, "tone_stream://%%(%d,0,%d)", number ? atoi(what) * 1000 : 500, number ? 1300 : 1700);
	return switch_ivr_play_file(session, NULL, tone, args);
}

/* Parks a channel as slowly as a busy machine takes any out of the dialplan: first it is told to leave, then where to. */
#define MOVE_SYNTAX "<uuid> <ms>"
SWITCH_STANDARD_API(move)
{
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1] = "";
	int ms = 0;
	if (zstr(cmd) || sscanf(cmd, "%36s %d", uuid, &ms) != 2) return SWITCH_STATUS_FALSE;
	switch_core_session_t *moved = switch_core_session_locate(uuid);
	if (!moved) return SWITCH_STATUS_FALSE;
	switch_channel_t *channel = switch_core_session_get_channel(moved);
	switch_channel_set_flag(channel, CF_TRANSFER);
	switch_yield(ms * 1000);
	switch_channel_set_state(channel, CS_PARK);
	switch_core_session_rwunlock(moved);
	stream->write_function(stream, "+OK\n");
	return SWITCH_STATUS_SUCCESS;
}

/* Stands in for mod_voicemail, which not every switch has: it keeps what it was told, and takes a message of two seconds. */
SWITCH_STANDARD_APP(voicemail)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_channel_set_variable(channel, "ctitest_voicemail", data);
	switch_ivr_sleep(session, 2000, SWITCH_TRUE, NULL);
}

/* Keeps a channel's thread busy, whatever is wanted of the channel. */
SWITCH_STANDARD_APP(stall)
{
	(void)session;
	switch_yield(atoi(data) * 1000);
}

SWITCH_MODULE_LOAD_FUNCTION(mod_say_ctitest_load)
{
	switch_say_interface_t *interface;
	switch_api_interface_t *api;
	switch_application_interface_t *app;
	*module_interface = switch_loadable_module_create_module_interface(pool, modname);
	interface = switch_loadable_module_create_interface(*module_interface, SWITCH_SAY_INTERFACE);
	interface->interface_name = "ctitest";
	interface->say_function = say;
	SWITCH_ADD_APP(app, "voicemail", "Voicemail", "Takes a message", voicemail, "<profile> <domain> <box>", SAF_NONE);
	SWITCH_ADD_APP(app, "ctitest_stall", "Stall", "Keeps the channel's thread busy", stall, "<ms>", SAF_NONE);
	SWITCH_ADD_API(api, "ctitest_move", "Park slowly", move, MOVE_SYNTAX);
	return SWITCH_STATUS_SUCCESS;
}
