#include "module.h"

/*
 * The engine's commands wait here for a worker: a thread of ours with a stack of ours, which may block in the switch.
 * What a command did is told by the channel's own records; COMMAND_DONE says only whether the switch took it.
 */
typedef struct job {
	uint64_t id;
	int64_t due_ms; /* 0 = no deadline */
	uint16_t kind, cause;
	char *uuid, *name, *value;
	char texts[];
} job;

static cti_queue *queue;
static pthread_t workers[CTI_WORKERS];
static int worker_count;
static _Atomic uint64_t done, refused;

static job *copy_of(const cti_command *command)
{
	size_t bytes = cti_text_bytes(command->uuid) + cti_text_bytes(command->name) + cti_text_bytes(command->value);
	job *j = malloc(sizeof *j + bytes);
	if (!j) return NULL;
	char *at = j->texts;
	j->id = command->id;
	j->kind = command->kind;
	j->cause = command->cause;
	j->due_ms = command->deadline_ms > 0 ? cti_now_ms() + command->deadline_ms : 0;
	j->uuid = cti_text_put(&at, command->uuid);
	j->name = cti_text_put(&at, command->name);
	j->value = cti_text_put(&at, command->value);
	return j;
}

int cti_commands_submit(cti_command_ref command)
{
	if (command->kind < CTI_CMD_SNAPSHOT || command->kind > CTI_CMD_HANGUP) return CTI_EINVAL;
	job *j = copy_of(command);
	if (j && cti_queue_push(queue, j)) return 0;
	free(j);
	atomic_fetch_add(&refused, 1);
	return CTI_EFULL;
}

/* Some variables make the switch run things: only our own names may be set. */
static bool settable(const char *name)
{
	if (strncmp(name, "cti_", 4) || !name[4] || strlen(name) > 64) return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool harmless(const char *value)
{
	if (strlen(value) > 4096) return false;
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if (*c < ' ' || *c == 0x7F || *c == '$') return false;
	return true;
}

static switch_call_cause_t act_on_channel(const job *j)
{
	if (j->kind == CTI_CMD_SET_VARIABLE && (!settable(j->name) || !harmless(j->value)))
		return SWITCH_CAUSE_INVALID_MSG_UNSPECIFIED;
	switch_core_session_t *session = switch_core_session_locate(j->uuid);
	if (!session) return SWITCH_CAUSE_INVALID_CALL_REFERENCE;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	if (j->kind == CTI_CMD_SET_VARIABLE)
		switch_channel_set_variable(channel, j->name, j->value);
	else
		switch_channel_hangup(channel, j->cause ? (switch_call_cause_t)j->cause : SWITCH_CAUSE_NORMAL_CLEARING);
	switch_core_session_rwunlock(session);
	return SWITCH_CAUSE_NONE;
}

static void carry_out(const job *j)
{
	int64_t left_ms = j->due_ms ? j->due_ms - cti_now_ms() : 0;
	if (j->due_ms && left_ms <= 0)
		cti_post_done(j->id, SWITCH_CAUSE_RECOVERY_ON_TIMER_EXPIRE);
	else if (j->kind == CTI_CMD_SNAPSHOT)
		cti_snapshot(j->id, left_ms);
	else
		cti_post_done(j->id, act_on_channel(j));
	atomic_fetch_add(&done, 1);
}

static void *work(void *unused)
{
	(void)unused;
	for (job *j; (j = cti_queue_pop(queue));) {
		carry_out(j);
		free(j);
	}
	return NULL;
}

bool cti_commands_open(void)
{
	if (!queue) queue = cti_queue_new(CTI_COMMANDS_MAX);
	if (!queue) return false;
	cti_queue_reopen(queue);
	atomic_store(&done, 0);
	atomic_store(&refused, 0);
	return true;
}

bool cti_commands_start(void)
{
	/* What was up before is told at once and unasked: an engine that nothing happens to would not know of it. */
	static const cti_command first = {.kind = CTI_CMD_SNAPSHOT};
	cti_commands_submit(&first);
	for (worker_count = 0; worker_count < CTI_WORKERS; worker_count++)
		if (!cti_thread_start(&workers[worker_count], "cti_worker", CTI_STACK_BYTES, work)) return false;
	return true;
}

void cti_commands_stop(bool keep)
{
	if (!queue) return;
	cti_queue_close(queue);
	while (worker_count) pthread_join(workers[--worker_count], NULL);
	if (keep) return;
	cti_queue_free(queue);
	queue = NULL;
}

void cti_commands_figures(cti_figures *figures)
{
	figures->commands_done = atomic_load(&done);
	figures->commands_refused = atomic_load(&refused);
	figures->commands_queued = queue ? cti_queue_count(queue) : 0;
}
