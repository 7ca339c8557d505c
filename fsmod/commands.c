#include "commands.h"
#include "legs.h"
#include "module.h"
#include "visits.h"

/*
 * The engine's commands wait for a worker: a thread of ours with a stack of ours, which may block in the switch. What a
 * command did is told by the channel's own records; COMMAND_DONE says only whether the switch took it.
 */
static pthread_t workers[CTI_WORKERS];
static int worker_count;
static _Atomic int next_worker;
static _Atomic uint64_t done, refused;

static void finish(uint64_t id, switch_call_cause_t cause)
{
	cti_post_done(id, cause);
	atomic_fetch_add(&done, 1);
}

int cti_commands_submit(cti_command_ref command)
{
	if (command->kind == CTI_CMD_PRESENCE) return cti_lamp_show(command);
	if (command->kind == CTI_CMD_FIND_DEVICE) return cti_registration_find(command);
	if (command->kind < CTI_CMD_SNAPSHOT || command->kind > CTI_CMD_VOICEMAIL) return CTI_EINVAL;
	if (command->kind == CTI_CMD_HANGUP && cti_originate_cancel(command->uuid, command->cause)) {
		finish(command->id, SWITCH_CAUSE_NONE);
		return 0;
	}
	cti_job *job = cti_job_new(command);
	if (job && job->kind == CTI_CMD_ORIGINATE) cti_originate_enter(job);
	if (job && cti_strands_push(job)) return 0;
	if (job && job->kind == CTI_CMD_ORIGINATE) cti_originate_leave(job);
	free(job);
	atomic_fetch_add(&refused, 1);
	return CTI_EFULL;
}

static switch_call_cause_t set_variable(const cti_job *job, switch_core_session_t *session)
{
	if (!cti_may_be_variable(job->name) || !cti_may_be_value(job->value)) return CTI_CAUSE_REFUSED;
	switch_channel_set_variable(switch_core_session_get_channel(session), job->name, job->value);
	return SWITCH_CAUSE_NONE;
}

static switch_call_cause_t hang_up(const cti_job *job, switch_core_session_t *session)
{
	switch_call_cause_t cause = job->cause ? (switch_call_cause_t)job->cause : SWITCH_CAUSE_NORMAL_CLEARING;
	cti_fork_end(session, cause);
	switch_channel_hangup(switch_core_session_get_channel(session), cause);
	return SWITCH_CAUSE_NONE;
}

typedef switch_call_cause_t act(const cti_job *job, switch_core_session_t *session);

static act *const acts[CTI_CMD_VOICEMAIL + 1] = {
	[CTI_CMD_SET_VARIABLE] = set_variable,
	[CTI_CMD_HANGUP] = hang_up,
	[CTI_CMD_BRIDGE] = cti_bridge,
	[CTI_CMD_WAIT] = cti_wait,
	[CTI_CMD_JOIN_ROOM] = cti_join_room,
	[CTI_CMD_HOLD] = cti_hold,
	[CTI_CMD_UNHOLD] = cti_unhold,
	[CTI_CMD_MUTE] = cti_mute,
	[CTI_CMD_UNMUTE] = cti_unmute,
	[CTI_CMD_SEND_DTMF] = cti_send_dtmf,
	[CTI_CMD_ANSWER] = cti_answer,
	[CTI_CMD_EAVESDROP] = cti_eavesdrop,
	[CTI_CMD_EAVESDROP_MODE] = cti_eavesdrop_mode,
	[CTI_CMD_RECORD_START] = cti_record_start,
	[CTI_CMD_RECORD_STOP] = cti_record_stop,
	[CTI_CMD_RECORD_PAUSE] = cti_record_pause,
	[CTI_CMD_RECORD_RESUME] = cti_record_resume,
	[CTI_CMD_RETURN] = cti_return,
	[CTI_CMD_SAY] = cti_say,
	[CTI_CMD_VOICEMAIL] = cti_voicemail,
};

static switch_call_cause_t act_on_channel(const cti_job *job)
{
	switch_core_session_t *session = cti_fork_locate(job->uuid);
	if (!session) return SWITCH_CAUSE_INVALID_CALL_REFERENCE;
	switch_call_cause_t cause = acts[job->kind](job, session);
	switch_core_session_rwunlock(session);
	return cause;
}

static void carry_out(cti_job *job)
{
	int64_t left_ms = job->due_ms ? job->due_ms - cti_now_ms() : 0;
	bool late = job->due_ms && left_ms <= 0;
	if (job->kind == CTI_CMD_ORIGINATE)
		finish(job->id, cti_originate(job, late));
	else if (late)
		finish(job->id, SWITCH_CAUSE_RECOVERY_ON_TIMER_EXPIRE);
	else if (job->kind != CTI_CMD_SNAPSHOT)
		finish(job->id, act_on_channel(job));
	else {
		cti_snapshot(job->id, left_ms);
		atomic_fetch_add(&done, 1);
	}
}

static void *work(void *unused)
{
	(void)unused;
	int worker = atomic_fetch_add(&next_worker, 1);
	for (cti_job *job; (job = cti_strands_take(worker));) carry_out(job);
	return NULL;
}

void cti_commands_open(void)
{
	cti_strands_open();
	atomic_store(&done, 0);
	atomic_store(&refused, 0);
}

bool cti_commands_start(void)
{
	/* What was up before is told at once and unasked: an engine that nothing happens to would not know of it. */
	static const cti_command first = {.kind = CTI_CMD_SNAPSHOT};
	cti_commands_submit(&first);
	atomic_store(&next_worker, 0);
	for (worker_count = 0; worker_count < CTI_WORKERS; worker_count++)
		if (!cti_thread_start(&workers[worker_count], "cti_worker", CTI_STACK_BYTES, CTI_SOON_ALONE, work)) return false;
	return true;
}

void cti_commands_stop(void)
{
	cti_strands_close();
	while (worker_count) pthread_join(workers[--worker_count], NULL);
}

void cti_commands_figures(cti_figures *figures)
{
	figures->commands_done = atomic_load(&done);
	figures->commands_refused = atomic_load(&refused);
	figures->commands_queued = cti_strands_count();
}
