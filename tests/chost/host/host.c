#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <time.h>

enum { RING_SLOTS = 1024, BOX_BYTES = 65536, SETTINGS_MAX = 8, FOUND_MAX = 4 };

library lib;
cti_host host;

static const char *directory;
static cti_setting settings[SETTINGS_MAX];
static int32_t setting_count;
static cti_record found[FOUND_MAX];
static int found_count;
static _Atomic bool snapshot_told;
static _Atomic uint64_t fired, errors, pushed;
static _Atomic bool all_put; /* into the box of events to fire */
static pthread_t firing;
static int64_t story_mono, story_wall;

void die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t wall_us(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000;
}

/* ---- what the engine calls, from threads of its own ---- */

static cti_record control(uint16_t kind, uint64_t command, uint16_t cause)
{
	cti_record record;
	memset(&record, 0, offsetof(cti_record, text));
	record.kind = kind;
	record.command = command;
	record.cause = cause;
	record.mono_ns = mono_ns();
	record.wall_us = wall_us();
	return record;
}

/* The first snapshot of a start is told at once; later ones are refused, so that slowness changes no output. */
static int submit(cti_command_ref command)
{
	if (command->kind != CTI_CMD_SNAPSHOT || atomic_exchange(&snapshot_told, true)) {
		push(control(CTI_COMMAND_DONE, command->id, command->kind == CTI_CMD_SNAPSHOT));
		return 0;
	}
	push(control(CTI_SNAPSHOT_BEGIN, command->id, 0));
	for (int i = 0; i < found_count; i++) push(found[i]);
	push(control(CTI_SNAPSHOT_END, command->id, 0));
	return 0;
}

static void log_line(int level, cti_str text)
{
	fprintf(stderr, "log %d %s\n", level, text);
	if (level == 0) atomic_fetch_add(&errors, 1);
}

/* ---- the thread that fires ---- */

static void *fire(void *unused)
{
	(void)unused;
	for (cti_fired f;;) {
		bool last = atomic_load(&all_put);
		for (; cti_outbox_next(host.outbox, &f); cti_outbox_take(host.outbox)) {
			if (!strstr(f.body, f.message_id)) die("fired %s with the body of another: %s", f.message_id, f.body);
			atomic_fetch_add(&fired, 1);
		}
		if (last) return NULL;
		cti_outbox_wait(host.outbox);
	}
}

uint64_t fired_count(void)
{
	if (!atomic_exchange(&all_put, true)) {
		cti_outbox_wake(host.outbox);
		pthread_join(firing, NULL);
	}
	return atomic_load(&fired);
}

uint64_t logged_errors(void)
{
	return atomic_load(&errors);
}

/* ---- the library ---- */

static void resolve(void *handle, const char *name, void *into)
{
	void *function = dlsym(handle, name);
	if (!function) die("libcti.so has no %s", name);
	memcpy(into, &function, sizeof function);
}

void load_library(const char *path, const char *dir)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) die("%s", dlerror());
	resolve(handle, "cti_start", &lib.start);
	resolve(handle, "cti_reload", &lib.reload);
	resolve(handle, "cti_stop", &lib.stop);
	resolve(handle, "cti_query", &lib.query);
	resolve(handle, "cti_version", &lib.version);
	if (dlsym(handle, "sqlite3_open")) die("libcti.so shows its SQLite, which would meet the switch's own");
	directory = dir;
	host = (cti_host){.abi = CTI_ABI,
	                  .ring = cti_ring_new(RING_SLOTS),
	                  .submit = submit,
	                  .outbox = cti_outbox_new(BOX_BYTES),
	                  .log = log_line};
	if (!host.ring || !host.outbox) die("no memory for a ring and a box");
	if (pthread_create(&firing, NULL, fire, NULL)) die("no thread to fire events");
	reset_settings();
}

void free_memory(void)
{
	(void)fired_count(); /* it ends the thread that fires */
	cti_ring_free(host.ring);
	cti_outbox_free(host.outbox);
	host.ring = NULL;
	host.outbox = NULL;
}

const char *in_dir(const char *name)
{
	static char texts[8][512];
	static int turn;
	char *text = texts[turn++ % 8];
	snprintf(text, sizeof texts[0], "%s/%s", directory, name);
	return text;
}

void add_setting(const char *section, const char *name, const char *value)
{
	if (setting_count == SETTINGS_MAX) die("too many settings");
	settings[setting_count] = (cti_setting){
		.section = section, .name = name, .value = strdup(value), .line = setting_count + 10, .item = 0};
	setting_count++;
}

void reset_settings(void)
{
	while (setting_count) free((char *)settings[--setting_count].value);
	add_setting("settings", "data-dir", in_dir("data"));
	add_setting("settings", "unix-socket", in_dir("cti.sock"));
	add_setting("settings", "tcp-listen", "");
	add_setting("settings", "company-id", "chost");
	add_setting("settings", "sdk-app-id", "1400000001");
}

void replace_setting(const char *name, const char *value)
{
	for (int32_t i = 0; i < setting_count; i++)
		if (!strcmp(settings[i].name, name)) {
			free((char *)settings[i].value);
			settings[i].value = strdup(value);
		}
}

int32_t start(char *error, int32_t error_bytes)
{
	return lib.start(&host, settings, setting_count, error, error_bytes);
}

int32_t reload(char *error, int32_t error_bytes)
{
	return lib.reload(settings, setting_count, error, error_bytes);
}

void tell_found(const cti_record *legs, int count)
{
	if (count > FOUND_MAX) die("too many legs");
	if (count) memcpy(found, legs, (size_t)count * sizeof *legs);
	found_count = count;
}

void await_snapshot(void)
{
	int64_t until = mono_ns() + (int64_t)PATIENCE_MS * 1000000;
	while (!atomic_load(&snapshot_told)) {
		struct timespec pause = {.tv_nsec = 1000000};
		if (mono_ns() > until) die("the engine did not ask for the session table");
		nanosleep(&pause, NULL);
	}
}

void expect_snapshot(void)
{
	atomic_store(&snapshot_told, false);
}

/* ---- records ---- */

void begin_story(void)
{
	story_mono = mono_ns();
	story_wall = wall_us();
	/* Begin in the middle of a ms, so that clocks which are read one after the other agree on it; keep their distance. */
	int64_t over = story_wall % 1000 - 500;
	story_wall -= over;
	story_mono -= over * 1000;
}

int64_t story_wall_ms(void)
{
	return story_wall / 1000;
}

cti_record make_record(uint16_t kind, const char *leg, const char *other, int64_t at_ms)
{
	cti_record record = control(kind, 0, 0);
	cti_leg_id(leg, record.leg);
	if (other) cti_leg_id(other, record.other);
	record.mono_ns = story_mono + at_ms * 1000000;
	record.wall_us = story_wall + at_ms * 1000;
	return record;
}

void add_texts(cti_record *record, int count, const char *const *texts)
{
	for (int i = 0; i < count; i++) {
		size_t bytes = strlen(texts[i]) + 1;
		if (record->text_len + bytes > CTI_TEXT_BYTES) die("text too long");
		memcpy(record->text + record->text_len, texts[i], bytes);
		record->text_len = (uint16_t)(record->text_len + bytes);
	}
}

void push(cti_record record)
{
	if (!cti_ring_push(host.ring, &record, true)) die("the ring is full");
	atomic_fetch_add(&pushed, 1);
}

uint64_t pushed_count(void)
{
	return atomic_load(&pushed);
}
