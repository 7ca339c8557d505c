/*
 * ask.c - how long a request takes from the client to the command at the host: ask LIBRARY DIRECTORY ROUNDS PAUSE_NS.
 *
 * Each round is a call in which an agent asks a third for advice. Two times are taken in it: from the client's write of
 * RequestInitiateConsult until the host has been given the first command that follows; and the ring's own round trip,
 * from the push of the record that the third has answered until the host has been given the command to join the two.
 * Prints a line a round: nanoseconds of the request, nanoseconds of the ring.
 */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 200 };

/* One write, so that the engine is woken once. */
static const char consult[] = "{\"messageID\":\"RequestInitiateConsult\",\"thisDN\":\"1001\",\"otherDN\":\"1002\"}\n";

static long pause_ns;
static int (*usual_submit)(cti_command_ref);

/* What the engine has commanded since begin_waiting. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t commanded = PTHREAD_COND_INITIALIZER;
static uint16_t wanted;
static int64_t first_ns, wanted_ns;
static char wanted_uuid[64];

static int timed_submit(cti_command_ref command)
{
	int64_t now = mono_ns();
	pthread_mutex_lock(&mutex);
	if (!first_ns) first_ns = now;
	if (command->kind == wanted && !wanted_ns) {
		wanted_ns = now;
		snprintf(wanted_uuid, sizeof wanted_uuid, "%s", command->uuid);
		pthread_cond_signal(&commanded);
	}
	pthread_mutex_unlock(&mutex);
	return usual_submit(command);
}

static void begin_waiting(uint16_t kind)
{
	pthread_mutex_lock(&mutex);
	wanted = kind;
	first_ns = wanted_ns = 0;
	pthread_mutex_unlock(&mutex);
	struct timespec time = {.tv_nsec = pause_ns};
	if (pause_ns) nanosleep(&time, NULL);
}

/* wait_for_command returns when the first command since begin_waiting came; the one that was wanted has come by then. */
static int64_t wait_for_command(void)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&mutex);
	while (!wanted_ns)
		if (pthread_cond_timedwait(&commanded, &mutex, &until)) die("command %u was never given", wanted);
	int64_t first = first_ns;
	pthread_mutex_unlock(&mutex);
	return first;
}

static void await(const char *text)
{
	const char *line;
	do {
		if (!(line = client_line())) die("the engine closed the connection");
		if (strstr(line, "EventPartyError")) die("refused: %s", line);
	} while (!strstr(line, text));
}

static void create(const char *uuid, const char *other, const char *number, const char *user)
{
	cti_record record = make_record(CTI_LEG_CREATED, uuid, other, 0);
	const char *texts[] = {uuid, "sofia/lab/channel", "13912345678", "A Customer", number, user, "default", "sip-1", ""};
	record.direction = *user ? 2 : 1;
	add_texts(&record, sizeof texts / sizeof *texts, texts);
	push(record);
}

static void end_leg(const char *uuid)
{
	cti_record record = make_record(CTI_LEG_ENDED, uuid, NULL, 0);
	record.cause = 16;
	record.disposition = 4;
	push(record);
	push(make_record(CTI_LEG_DESTROYED, uuid, NULL, 0));
}

static void join(const char *one, const char *other)
{
	push(make_record(CTI_LEG_BRIDGED, one, other, 0));
	push(make_record(CTI_LEG_BRIDGED, other, one, 0));
}

static void measure(uint32_t round, bool print)
{
	char caller[40], agent[40], third[64];
	sprintf(caller, "a0000000-0000-4000-8000-0000%08x", round);
	sprintf(agent, "b0000000-0000-4000-8000-0000%08x", round);
	begin_story();
	create(caller, NULL, "1001", "");
	create(agent, caller, "1001", "1001");
	push(make_record(CTI_LEG_ANSWERED, agent, NULL, 0));
	push(make_record(CTI_LEG_ANSWERED, caller, NULL, 0));
	join(caller, agent);
	await("\"EventEstablished\"");
	await("\"EventEstablished\"");

	begin_waiting(CTI_CMD_ORIGINATE);
	int64_t began = mono_ns();
	if (write(client_fd(), consult, sizeof consult - 1) != sizeof consult - 1) die("the request was not taken");
	int64_t request_ns = wait_for_command() - began;
	strcpy(third, wanted_uuid);
	create(third, NULL, "1002", "1002");
	push(make_record(CTI_LEG_RINGING, third, NULL, 0));
	await("\"consultStage\":2");

	begin_waiting(CTI_CMD_BRIDGE);
	cti_record answered = make_record(CTI_LEG_ANSWERED, third, NULL, 0);
	began = answered.mono_ns = mono_ns();
	push(answered);
	int64_t ring_ns = wait_for_command() - began;
	join(agent, third);
	end_leg(caller);
	end_leg(agent);
	end_leg(third);
	await("EventCallDeleted");
	if (print) printf("%lld %lld\n", (long long)request_ns, (long long)ring_ns);
}

int main(int count, char **arguments)
{
	char error[256];
	if (count != 5) die("usage: %s LIBRARY DIRECTORY ROUNDS PAUSE_NS", arguments[0]);
	pause_ns = atol(arguments[4]);
	load_library(arguments[1], arguments[2]);
	usual_submit = host.submit;
	host.submit = timed_submit;
	add_setting("settings", "requests-per-second", "100000");
	add_setting("dial-plan", "pattern", "^1\\d{3}$");
	add_setting("dial-plan", "leg", "user/$0");
	expect_snapshot();
	begin_story();
	if (start(error, sizeof error)) die("%s", error);
	await_snapshot();
	client_open(in_dir("cti.sock"));
	client_send("{\"messageID\":\"RequestOpen\",\"protocol\":1}");
	await("EventOpened");
	client_send("{\"messageID\":\"RequestRegisterDN\",\"thisDN\":\"1001\"}");
	await("EventRegistered");
	client_send("{\"messageID\":\"RequestSubscribe\",\"scope\":\"company\"}");
	await("EventSubscribed");
	uint32_t rounds = (uint32_t)atoi(arguments[3]);
	for (uint32_t round = 0; round < rounds + WARM_UP; round++) measure(round, round >= WARM_UP);
	client_close();
	if (lib.stop(PATIENCE_MS)) die("the engine did not stop");
	free_memory();
	return 0;
}
