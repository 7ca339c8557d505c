/*
 * probe.c - how long a record takes from the ring to a client: probe LIBRARY DIRECTORY ROUNDS PAUSE_NS.
 *
 * Each round is a call. The time of its ringing is taken, from the push of the record until the client has read the
 * event; and, next to it, the time that a bare echo of the same bytes takes over a unix socket. Who goes first changes
 * from round to round. Each pauses before, as a switch does between two events. Prints a line a round: nanoseconds of
 * the ring, nanoseconds of the echo, bytes.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

enum { LINE_BYTES = 8192, WARM_UP = 200 };

static long pause_ns;

static void quiet(void)
{
	struct timespec time = {.tv_nsec = pause_ns};
	if (pause_ns) nanosleep(&time, NULL);
}

/* read_line reads one line and nothing after it: the other side writes no more. */
static size_t read_line(int fd, char *line)
{
	size_t filled = 0;
	do {
		ssize_t got = read(fd, line + filled, LINE_BYTES - filled);
		if (got <= 0) die("read: %s", got ? strerror(errno) : "closed");
		filled += (size_t)got;
	} while (line[filled - 1] != '\n' && filled < LINE_BYTES);
	return filled;
}

static void *echo(void *argument)
{
	int fd = *(int *)argument;
	char bytes[LINE_BYTES];
	for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;)
		if (write(fd, bytes, (size_t)got) != got) die("echo: %s", strerror(errno));
	return NULL;
}

static int64_t time_echo(int fd, const char *line, size_t bytes)
{
	char back[LINE_BYTES];
	quiet();
	int64_t began = mono_ns();
	if (write(fd, line, bytes) != (ssize_t)bytes) die("write: %s", strerror(errno));
	read_line(fd, back);
	return mono_ns() - began;
}

/* ---- one call ---- */

static void uuid_of(char *uuid, char side, uint32_t round)
{
	sprintf(uuid, "%c0000000-0000-4000-8000-0000%08x", side, round);
}

static cti_record created(const char *uuid, const char *other, bool inbound)
{
	cti_record record = make_record(CTI_LEG_CREATED, uuid, other, 0);
	const char *texts[] = {uuid, inbound ? "sofia/external/13912345678@192.0.2.7" : "sofia/internal/1001@192.0.2.1",
	                       "13912345678", "A Customer", "1001", inbound ? "" : "1001", "default", "sip-1@192.0.2.7", ""};
	record.direction = inbound ? 1 : 2;
	add_texts(&record, sizeof texts / sizeof *texts, texts);
	return record;
}

static void end_leg(const char *uuid, uint8_t disposition)
{
	cti_record record = make_record(CTI_LEG_ENDED, uuid, NULL, 0);
	record.cause = 487;
	record.disposition = disposition;
	push(record);
	push(make_record(CTI_LEG_DESTROYED, uuid, NULL, 0));
}

static void await(const char *text)
{
	const char *line;
	do {
		if (!(line = client_line())) die("the engine closed the connection");
	} while (!strstr(line, text));
}

static int64_t time_ring(const char *agent, char *line, size_t *bytes)
{
	cti_record record = make_record(CTI_LEG_RINGING, agent, NULL, 0);
	quiet();
	int64_t began = mono_ns();
	record.mono_ns = began;
	push(record);
	*bytes = read_line(client_fd(), line);
	int64_t took = mono_ns() - began;
	if (!memmem(line, *bytes, "\"EventRinging\"", 14)) die("not a ringing: %.*s", (int)*bytes, line);
	return took;
}

static void measure(uint32_t round, int echo_fd, bool print)
{
	static char line[LINE_BYTES] = "\n", before[LINE_BYTES] = "\n";
	static size_t bytes = 1, bytes_before = 1;
	char caller[40], agent[40];
	int64_t ring_ns, echo_ns = 0;
	bool echo_first = round & 1;
	uuid_of(caller, 'a', round);
	uuid_of(agent, 'b', round);
	begin_story();
	push(created(caller, NULL, true));
	push(created(agent, caller, false));
	await("\"EventDialing\"");
	memcpy(before, line, bytes);
	bytes_before = bytes;
	if (echo_first) echo_ns = time_echo(echo_fd, before, bytes_before);
	ring_ns = time_ring(agent, line, &bytes);
	if (!echo_first) echo_ns = time_echo(echo_fd, line, bytes);
	end_leg(caller, 2);
	end_leg(agent, 5);
	await("EventCallDeleted");
	if (print) printf("%lld %lld %zu\n", (long long)ring_ns, (long long)echo_ns, bytes);
}

int main(int count, char **arguments)
{
	int pair[2];
	pthread_t thread;
	char error[256];
	if (count != 5) die("usage: %s LIBRARY DIRECTORY ROUNDS PAUSE_NS", arguments[0]);
	pause_ns = atol(arguments[4]);
	load_library(arguments[1], arguments[2]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pthread_create(&thread, NULL, echo, &pair[1])) die("no echo");
	expect_snapshot();
	begin_story();
	if (start(error, sizeof error)) die("%s", error);
	await_snapshot();
	client_open(in_dir("cti.sock"));
	client_send("{\"messageID\":\"RequestOpen\",\"protocol\":1}");
	await("EventOpened");
	client_send("{\"messageID\":\"RequestSubscribe\",\"scope\":\"company\"}");
	await("EventSubscribed");
	uint32_t rounds = (uint32_t)atoi(arguments[3]);
	for (uint32_t round = 0; round < rounds + WARM_UP; round++) measure(round, pair[0], round >= WARM_UP);
	client_close();
	if (lib.stop(PATIENCE_MS)) die("the engine did not stop");
	shutdown(pair[0], SHUT_RDWR);
	pthread_join(thread, NULL);
	free_memory();
	return 0;
}
