/*
 * host.h - what the files of the C host share.
 *
 *   host.c    loads libcti.so, makes the ring and the functions that the engine calls, starts and stops
 *   client.c  one client on the unix socket
 *   main.c    what happens: the story whose output is compared with the golden file
 *   load.c    its last chapters: many threads, many starts
 *   probe.c   another story: how long a record takes from the ring to the client
 */
#ifndef HOST_H
#define HOST_H

#include "cti.h"
#include "cti_outbox.h"
#include "cti_ring.h"

#include <stdbool.h>
#include <stdio.h>

enum { PATIENCE_MS = 20000 }; /* how long anything may take before the host gives up */

/* die says what went wrong on stderr and ends the program. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);
int64_t mono_ns(void);
int64_t wall_us(void);

/* ---- host.c ---- */

typedef struct library {
	int32_t (*start)(cti_host_ref, cti_settings_ref, int32_t, char *, int32_t);
	int32_t (*reload)(cti_settings_ref, int32_t, char *, int32_t);
	int32_t (*stop)(int32_t);
	char *(*query)(cti_str);
	cti_str (*version)(void);
} library;

extern library lib;
extern cti_host host;

/* load_library loads the engine and makes the ring. The directory is where the engine keeps its data and its socket. */
void load_library(const char *path, const char *directory);
void free_memory(void);

/* in_dir is the path of a file in the directory: one of eight texts that are used in turn. */
const char *in_dir(const char *name);

/* The settings that a start is given: those every start needs, and up to three more; values are copied. */
void reset_settings(void);
void add_setting(const char *section, const char *name, const char *value);
void replace_setting(const char *name, const char *value);
int32_t start(char *error, int32_t error_bytes);
int32_t reload(char *error, int32_t error_bytes);

/* tell_found: what the session table holds when the engine asks for it. */
void tell_found(const cti_record *legs, int count);
/* expect_snapshot comes before a start; await_snapshot returns when that has asked for the session table. */
void expect_snapshot(void);
void await_snapshot(void);
/* fired_count: how many events the engine has put into the box, all of which are taken by now. Nothing is fired afterwards. */
uint64_t fired_count(void);
uint64_t logged_errors(void);

/* A record of a leg, given by its uuid, at so many ms of the story; texts may be NULL. */
cti_record make_record(uint16_t kind, const char *leg, const char *other, int64_t at_ms);
void add_texts(cti_record *record, int count, const char *const *texts);
void begin_story(void); /* from now on the clock of the records starts at 0 */
int64_t story_wall_ms(void);
void push(cti_record record);
/* pushed_count: how many records push has put into the ring, those that answer the engine's commands among them. */
uint64_t pushed_count(void);

/* ---- load.c ---- */

void say(const char *title);
void must_start(void);
void must_stop(void);
/* storm: what many threads put into the ring is what the engine reads, and all of it is whole. */
void storm(void);
/* restarts: whatever starts and stops leave is what the first ones left. */
void restarts(void);

/* ---- client.c ---- */

void client_open(const char *path);
void client_send(const char *line);
/* client_line returns the next line without its line feed, valid until the next call; NULL when the engine closed. */
const char *client_line(void);
/* client_fd is for who reads by itself, when no line is on its way. */
int client_fd(void);
void client_close(void);

#endif
