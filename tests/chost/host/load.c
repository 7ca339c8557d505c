/*
 * load.c - starts and stops, and records from many threads at once.
 */
#include "host.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

enum { PRODUCERS = 4, RECORDS_EACH = 20000 };

#define NOBODY "cccccccc-0000-4000-8000-000000000000"

void say(const char *title)
{
	printf("\n== %s\n", title);
}

void must_start(void)
{
	char error[256];
	expect_snapshot();
	int32_t code = start(error, sizeof error);
	if (code || *error) die("cti_start: %d %s", code, error);
	await_snapshot();
}

void must_stop(void)
{
	int32_t code = lib.stop(PATIENCE_MS);
	if (code) die("cti_stop: %d", code);
}

/* ---- many threads of the switch at once ---- */

static void *produce(void *taken)
{
	cti_record record = make_record(CTI_LEG_RINGING, NOBODY, NULL, 0);
	for (int i = 0; i < RECORDS_EACH; i++) {
		while (!cti_ring_room(host.ring, 64)) sched_yield();
		*(uint64_t *)taken += cti_ring_push(host.ring, &record, i & 1);
	}
	return NULL;
}

/* figure reads a number from `cti status`, after the text that stands before it. */
static uint64_t figure(const char *before)
{
	char *answer = lib.query("status"), *at = strstr(answer, before);
	uint64_t value = at ? strtoull(at + strlen(before), NULL, 10) : 0;
	free(answer);
	return value;
}

void storm(void)
{
	pthread_t threads[PRODUCERS];
	uint64_t taken[PRODUCERS] = {0}, all = 0, before = pushed_count(), read;
	say("a storm from four threads");
	must_start();
	for (int i = 0; i < PRODUCERS; i++)
		if (pthread_create(&threads[i], NULL, produce, &taken[i])) die("no thread");
	for (int i = 0; i < PRODUCERS; i++) {
		pthread_join(threads[i], NULL);
		all += taken[i];
	}
	int64_t until = mono_ns() + (int64_t)PATIENCE_MS * 1000000;
	while ((read = figure("\nringRecords|")) != all + pushed_count() - before && mono_ns() < until) sched_yield();
	fprintf(stderr, "put %llu by threads, read %llu in all\n", (unsigned long long)all, (unsigned long long)read);
	printf("read: %s\n", mono_ns() < until ? "all" : "not all");
	printf("malformed: %d\n", (int)figure("\nringMalformed|"));
	must_stop();
}

/* ---- starts and stops ---- */

static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;
	if (!directory) die("%s cannot be read", path);
	while (readdir(directory)) count++;
	closedir(directory);
	return count;
}

/* The store is open by the time the doors fail. */
static void half_start(void)
{
	char error[256];
	replace_setting("unix-socket", "/proc/none/cti.sock");
	int32_t code = start(error, sizeof error);
	if (code != CTI_EFAIL || !strstr(error, "unix-socket")) die("no place for the socket: %d %s", code, error);
	if ((code = lib.stop(1000)) != CTI_ESTATE) die("a start that failed has left something running: %d", code);
	reset_settings();
}

static _Atomic bool quiet;

/* noise is a switch that does not care who listens: facts of unknown legs, until the ring is half full. */
static void *noise(void *unused)
{
	cti_record record = make_record(CTI_LEG_RINGING, NOBODY, NULL, 0);
	struct timespec pause = {.tv_nsec = 20000};
	(void)unused;
	for (int i = 0; !atomic_load(&quiet); i++) {
		if (cti_ring_room(host.ring, 512)) cti_ring_push(host.ring, &record, i & 1);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* Go keeps threads and its poller's descriptors for the life of the process: what the first starts left is theirs. */
void restarts(void)
{
	int descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task"), most = 0;
	pthread_t switch_thread;
	say("ten more starts, under fire");
	if (pthread_create(&switch_thread, NULL, noise, NULL)) die("no thread");
	for (int i = 0; i < 10; i++) {
		half_start();
		must_start();
		client_open(in_dir("cti.sock"));
		client_send("{\"messageID\":\"RequestOpen\",\"protocol\":1}");
		if (!client_line()) die("closed");
		must_stop();
		client_close();
		int now = count_entries("/proc/self/task");
		if (now > most) most = now;
	}
	atomic_store(&quiet, true);
	pthread_join(switch_thread, NULL);
	int left = count_entries("/proc/self/fd");
	fprintf(stderr, "descriptors %d -> %d, threads %d -> %d\n", descriptors, left, threads, most);
	printf("descriptors left over: %d\n", left - descriptors);
	printf("threads grow: %s\n", most > threads + 4 ? "yes" : "no");
}
