/*
 * mod_cti - the part of the CTI engine that lives in the switch's own terms: it hooks channels, copies what they tell
 * into a ring, and carries out what the engine asks. It decides nothing; libcti.so does.
 */
#include "commands.h"
#include "legs.h"
#include "module.h"
#include "visits.h"

#include <dlfcn.h>

SWITCH_MODULE_LOAD_FUNCTION(mod_cti_load);
SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_cti_shutdown);
SWITCH_MODULE_DEFINITION(mod_cti, mod_cti_load, mod_cti_shutdown, NULL);

static cti_ring *ring;

/* Once a session has our hooks, or a thread of ours stays behind, the code must stay in memory for ever. */
static void stay_in_memory(void)
{
	Dl_info self;
	if (dladdr((void *)mod_cti_load, &self)) dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

/* Undoes whatever bring_up has done, in the order in which nothing is used after it is gone. */
static void take_down(void)
{
	cti_console_close();
	cti_events_unbind();
	cti_registrations_close();
	bool stopped = cti_engine_stop();
	cti_records_close();
	cti_commands_stop();
	cti_lamps_close();
	cti_fire_close(!stopped);
	if (stopped) cti_ring_free(ring);
	else stay_in_memory(); /* the engine left behind may still read its ring and call its host */
	ring = NULL;
}

static bool bring_up(char *error, size_t error_bytes)
{
	cti_settings *settings = cti_settings_read(error, error_bytes);
	if (!settings) return false;
	ring = cti_ring_new(CTI_RING_SLOTS);
	if (!ring) {
		snprintf(error, error_bytes, "no memory for the ring of %d records", CTI_RING_SLOTS);
		cti_settings_free(settings);
		return false;
	}
	cti_commands_open();
	if (!cti_fire_open(error, error_bytes) || !cti_registrations_open(error, error_bytes)) {
		cti_settings_free(settings);
		return false;
	}
	if (!cti_engine_start(ring, settings, error, error_bytes)) return false;
	if (!cti_events_bind(error, error_bytes)) return false;
	/* From here on sessions know this code: nothing may fail any more but by leaving it in place. */
	stay_in_memory();
	atomic_store(&cti_unhooked, 1); /* until the first snapshot has counted them */
	cti_records_open(ring);
	if (!cti_hooks_on()) {
		snprintf(error, error_bytes, "the switch's table of state handlers is full: unload another module");
		return false;
	}
	if (!cti_commands_start()) {
		snprintf(error, error_bytes, "no threads could be made for the engine's commands");
		return false;
	}
	cti_console_open();
	return true;
}

SWITCH_MODULE_LOAD_FUNCTION(mod_cti_load)
{
	char error[768] = "";
	switch_api_interface_t *api_interface;
	if (!bring_up(error, sizeof error)) {
		take_down();
		CTI_LOG(SWITCH_LOG_ERROR, "mod_cti is not loaded: %s\n", error);
		return SWITCH_STATUS_TERM;
	}
	*module_interface = switch_loadable_module_create_module_interface(pool, modname);
	SWITCH_ADD_API(api_interface, "cti", "CTI engine", cti_console, CTI_SYNTAX);
	cti_apps_add(module_interface);
	return SWITCH_STATUS_SUCCESS;
}

/* The switch must not unmap the module, for sessions keep its hooks: NOUNLOAD says so, and a later load starts anew. */
SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_cti_shutdown)
{
	take_down();
	return SWITCH_STATUS_NOUNLOAD;
}
