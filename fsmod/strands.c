#include "commands.h"
#include "module.h"

/*
 * The queue of commands. Commands of one strand are carried out one after the other, in the order in which they were
 * given: a worker takes the first command whose strand no other worker has in hand. A command without a strand waits
 * for nobody.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static cti_job *first, *last;
static cti_job *in_hand[CTI_WORKERS];
static uint32_t queued;
static bool closed = true;

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u;
	for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

static const char *strand_of(const cti_job *job)
{
	return *job->call_id ? job->call_id : job->uuid;
}

cti_job *cti_job_new(const cti_command *command)
{
	const char *texts[] = {command->uuid,    command->other_uuid,    command->name,       command->value,
	                       command->call_id, command->caller_number, command->caller_name};
	size_t bytes = 0;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) bytes += cti_text_bytes(texts[i]);
	cti_job *job = calloc(1, sizeof *job + bytes);
	if (!job) return NULL;
	char *at = job->texts;
	job->id = command->id;
	job->kind = command->kind;
	job->cause = command->cause;
	job->due_ms = command->deadline_ms > 0 ? cti_now_ms() + command->deadline_ms : 0;
	job->uuid = cti_text_put(&at, command->uuid);
	job->other_uuid = cti_text_put(&at, command->other_uuid);
	job->name = cti_text_put(&at, command->name);
	job->value = cti_text_put(&at, command->value);
	job->call_id = cti_text_put(&at, command->call_id);
	job->caller_number = cti_text_put(&at, command->caller_number);
	job->caller_name = cti_text_put(&at, command->caller_name);
	job->strand = hash_of(strand_of(job));
	return job;
}

bool cti_strands_push(cti_job *job)
{
	pthread_mutex_lock(&mutex);
	bool room = !closed && queued < CTI_COMMANDS_MAX;
	if (room) {
		job->next = NULL;
		if (last) last->next = job;
		else first = job;
		last = job;
		queued++;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&mutex);
	return room;
}

static bool strand_in_hand(const cti_job *job)
{
	if (!*strand_of(job)) return false;
	for (int i = 0; i < CTI_WORKERS; i++)
		if (in_hand[i] && in_hand[i]->strand == job->strand && !strcmp(strand_of(in_hand[i]), strand_of(job))) return true;
	return false;
}

static cti_job *take_first(void)
{
	cti_job *before = NULL, *job = first;
	for (; job && strand_in_hand(job); job = job->next) before = job;
	if (!job) return NULL;
	if (before) before->next = job->next;
	else first = job->next;
	if (last == job) last = before;
	queued--;
	return job;
}

/*
 * Nobody need be woken when a strand becomes free: the worker that freed it looks first, and what it leaves was
 * signalled when it came.
 */
cti_job *cti_strands_take(int worker)
{
	cti_job *job;
	pthread_mutex_lock(&mutex);
	free(in_hand[worker]);
	in_hand[worker] = NULL;
	while (!(job = take_first()) && !closed) pthread_cond_wait(&changed, &mutex);
	in_hand[worker] = job;
	pthread_mutex_unlock(&mutex);
	return job;
}

void cti_strands_open(void)
{
	pthread_mutex_lock(&mutex);
	closed = false;
	pthread_mutex_unlock(&mutex);
}

void cti_strands_close(void)
{
	pthread_mutex_lock(&mutex);
	closed = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

uint32_t cti_strands_count(void)
{
	pthread_mutex_lock(&mutex);
	uint32_t count = queued;
	pthread_mutex_unlock(&mutex);
	return count;
}
