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

SWITCH_MODULE_LOAD_FUNCTION(mod_say_ctitest_load)
{
	switch_say_interface_t *interface;
	*module_interface = switch_loadable_module_create_module_interface(pool, modname);
	interface = switch_loadable_module_create_interface(*module_interface, SWITCH_SAY_INTERFACE);
	interface->interface_name = "ctitest";
	interface->say_function = say;
	return SWITCH_STATUS_SUCCESS;
}
