#include "commands.h"

/* Both directions in one file. A pause is silence in it, so that the file's clock stays the call's. */

static bool make_directory_of(const char *path)
{
	char directory[512 + 1];
	switch_memory_pool_t *pool = NULL;
	switch_copy_string(directory, path, sizeof directory);
	*strrchr(directory, '/') = '\0';
	if (!*directory) return true;
	switch_core_new_memory_pool(&pool);
	bool made = switch_dir_make_recursive(directory, SWITCH_DEFAULT_DIR_PERMS, pool) == SWITCH_STATUS_SUCCESS;
	switch_core_destroy_memory_pool(&pool);
	return made;
}

static bool is_recorded(switch_core_session_t *session, const char *path)
{
	return switch_channel_get_private(switch_core_session_get_channel(session), path) != NULL;
}

switch_call_cause_t cti_record_start(const cti_job *job, switch_core_session_t *session)
{
	if (!cti_may_be_file(job->value)) return CTI_CAUSE_REFUSED;
	if (!switch_channel_media_ready(switch_core_session_get_channel(session)) || is_recorded(session, job->value))
		return CTI_CAUSE_STATE;
	if (!make_directory_of(job->value)) return SWITCH_CAUSE_FACILITY_REJECTED;
	switch_status_t status = switch_ivr_record_session(session, job->value, 0, NULL);
	return status == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : SWITCH_CAUSE_FACILITY_REJECTED;
}

switch_call_cause_t cti_record_stop(const cti_job *job, switch_core_session_t *session)
{
	if (!cti_may_be_file(job->value)) return CTI_CAUSE_REFUSED;
	switch_status_t status = switch_ivr_stop_record_session(session, job->value);
	return status == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

static switch_call_cause_t set_mask(const cti_job *job, switch_core_session_t *session, switch_bool_t masked)
{
	if (!cti_may_be_file(job->value)) return CTI_CAUSE_REFUSED;
	switch_status_t status = switch_ivr_record_session_mask(session, job->value, masked);
	return status == SWITCH_STATUS_SUCCESS ? SWITCH_CAUSE_NONE : CTI_CAUSE_STATE;
}

switch_call_cause_t cti_record_pause(const cti_job *job, switch_core_session_t *session)
{
	return set_mask(job, session, SWITCH_TRUE);
}

switch_call_cause_t cti_record_resume(const cti_job *job, switch_core_session_t *session)
{
	return set_mask(job, session, SWITCH_FALSE);
}
