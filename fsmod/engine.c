#include "commands.h"
#include "module.h"

#include <dlfcn.h>

/*
 * One thread loads libcti.so and is the only one of the process that the module lets into it. Whoever wants something
 * of the engine leaves a request and waits for the answer with a deadline; so no thread of the switch runs Go, and none
 * waits for it longer than it chose to.
 */
typedef struct library {
	int32_t (*start)(cti_host_ref, cti_settings_ref, int32_t, char *, int32_t);
	int32_t (*reload)(cti_settings_ref, int32_t, char *, int32_t);
	int32_t (*stop)(int32_t);
	char *(*query)(cti_str);
} library;

typedef struct request {
	cti_request_kind kind;
	int holders; /* who asked and who answers; the last one frees it */
	bool answered;
	char *reply;
	char text[];
} request;

typedef enum phase { IDLE, STARTING, RUNNING, FAILED, STOPPED, STUCK } phase;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static phase now = IDLE;
static _Atomic bool stopping, after_calls;
static char failure[768];
static cti_queue *requests;
static library lib;
static cti_ring *ring;
static cti_settings *settings; /* what the engine was given last */

static void enter_phase(phase next)
{
	pthread_mutex_lock(&mutex);
	now = next;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static phase current_phase(void)
{
	pthread_mutex_lock(&mutex);
	phase current = now;
	pthread_mutex_unlock(&mutex);
	return current;
}

/* wait_while waits until the phase is another one, and returns it. */
static phase wait_while(phase during, int64_t timeout_ms)
{
	struct timespec until = cti_deadline(timeout_ms);
	pthread_mutex_lock(&mutex);
	while (now == during && pthread_cond_timedwait(&changed, &mutex, &until) == 0) continue;
	phase reached = now;
	pthread_mutex_unlock(&mutex);
	return reached;
}

/* ---- on the engine's thread ---- */

static void log_line(int level, cti_str text)
{
	static const switch_log_level_t levels[] = {SWITCH_LOG_ERROR, SWITCH_LOG_WARNING, SWITCH_LOG_NOTICE,
	                                            SWITCH_LOG_INFO, SWITCH_LOG_DEBUG};
	CTI_LOG(levels[level < 0 || level > 4 ? 4 : level], "%s\n", text);
}

/* The library lies beside the module, unless the global variable cti_library names another. */
static void library_path(char *path, size_t bytes)
{
	Dl_info self;
	char *named = switch_core_get_variable_dup("cti_library");
	if (!zstr(named)) {
		switch_copy_string(path, named, bytes);
	} else if (dladdr((void *)library_path, &self) && strrchr(self.dli_fname, '/')) {
		snprintf(path, bytes, "%.*s/libcti.so", (int)(strrchr(self.dli_fname, '/') - self.dli_fname), self.dli_fname);
	} else {
		snprintf(path, bytes, "%s/libcti.so", SWITCH_GLOBAL_dirs.mod_dir);
	}
	free(named);
}

/* A Go runtime cannot be taken out of a process: the library is never closed, and a later load finds it again. */
static bool load_library(void)
{
	char path[1024];
	library_path(path, sizeof path);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(failure, sizeof failure, "the engine's library cannot be loaded: %s", dlerror());
		return false;
	}
	const struct {
		const char *name;
		void *into;
	} functions[] = {
		{"cti_start", &lib.start}, {"cti_reload", &lib.reload}, {"cti_stop", &lib.stop}, {"cti_query", &lib.query},
	};
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *function = dlsym(handle, functions[i].name);
		if (!function) {
			snprintf(failure, sizeof failure, "%.512s is not the engine of this module: it has no %s", path,
			         functions[i].name);
			return false;
		}
		memcpy(functions[i].into, &function, sizeof function);
	}
	return true;
}

static bool start_engine(void)
{
	cti_host host = {
		.abi = CTI_ABI, .ring = ring, .submit = cti_commands_submit, .outbox = cti_fire_outbox(), .log = log_line,
	};
	char error[512] = "";
	if (!load_library()) return false;
	int32_t result = lib.start(&host, settings->rows, settings->count, error, sizeof error);
	if (result == 0) return true;
	if (*error) switch_copy_string(failure, error, sizeof failure);
	else snprintf(failure, sizeof failure, "the engine did not start (%d)", result);
	return false;
}

static char *refusal(const char *why)
{
	char *text = malloc(strlen(why) + 8);
	if (text) sprintf(text, "-ERR %s\n", why);
	return text;
}

/* reload reads cti.conf, after the switch's whole configuration where asked to, and offers it to the engine. */
static char *reload(bool only_if_changed)
{
	char error[512] = "";
	if (!only_if_changed) {
		const char *reason = "";
		switch_xml_t root = switch_xml_open_root(1, &reason);
		if (!root) return refusal(zstr(reason) ? "the switch's configuration cannot be read" : reason);
		switch_xml_free(root);
	}
	cti_settings *offered = cti_settings_read(error, sizeof error);
	if (!offered) return refusal(error);
	if (only_if_changed && cti_settings_equal(offered, settings)) {
		cti_settings_free(offered);
		return NULL;
	}
	int32_t result = lib.reload(offered->rows, offered->count, error, sizeof error);
	cti_settings_free(settings);
	settings = offered;
	if (result == 0) return strdup("+OK\n");
	return refusal(*error ? error : "the engine refused the settings");
}

/* While the switch shuts down the last calls are still to end, and their records are still to be written. */
static void await_last_calls(void)
{
	int64_t until_ms = cti_now_ms() + CTI_LAST_CALLS_MS;
	while (switch_core_session_count() && cti_now_ms() < until_ms) cti_sleep_ms(10);
	cti_sleep_ms(50); /* a session is counted out a little before its last record */
}

static char *carry_out(const request *r)
{
	char *reply = NULL;
	switch (r->kind) {
	case CTI_ASK_QUERY:
		return lib.query(r->text);
	case CTI_ASK_RELOAD:
		return reload(false);
	case CTI_ASK_RELOAD_IF_CHANGED:
		reply = reload(true);
		if (reply && *reply == '-') CTI_LOG(SWITCH_LOG_ERROR, "the new settings of mod_cti: %s", reply + 5);
		return reply;
	}
	return NULL;
}

/* ---- requests ---- */

static void release(request *r)
{
	pthread_mutex_lock(&mutex);
	int holders = --r->holders;
	pthread_mutex_unlock(&mutex);
	if (holders) return;
	free(r->reply);
	free(r);
}

static void answer(request *r, char *reply)
{
	pthread_mutex_lock(&mutex);
	r->reply = reply;
	r->answered = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	release(r);
}

static void *run(void *unused)
{
	(void)unused;
	if (!start_engine()) {
		enter_phase(FAILED);
		return NULL;
	}
	enter_phase(RUNNING);
	for (request *r; (r = cti_queue_pop(requests));)
		answer(r, atomic_load(&stopping) ? refusal("the engine is stopping") : carry_out(r));
	if (atomic_load(&after_calls)) await_last_calls();
	int32_t result = lib.stop(CTI_STOP_MS);
	if (result) CTI_LOG(SWITCH_LOG_ERROR, "the CTI engine did not stop within %d ms (%d)\n", CTI_STOP_MS, result);
	enter_phase(result == CTI_ETIME ? STUCK : STOPPED);
	return NULL;
}

static request *leave_request(cti_request_kind kind, const char *text, int holders)
{
	request *r = calloc(1, sizeof *r + strlen(text) + 1);
	if (!r) return NULL;
	r->kind = kind;
	r->holders = holders;
	strcpy(r->text, text);
	if (requests && cti_queue_push(requests, r)) return r;
	free(r);
	return NULL;
}

void cti_engine_tell(cti_request_kind kind)
{
	leave_request(kind, "", 1);
}

char *cti_engine_ask(cti_request_kind kind, const char *text, int64_t timeout_ms)
{
	char why[96];
	request *r = leave_request(kind, text, 2);
	if (!r) return refusal("the engine is not running, or too many questions are waiting for it");
	struct timespec until = cti_deadline(timeout_ms);
	pthread_mutex_lock(&mutex);
	while (!r->answered && pthread_cond_timedwait(&changed, &mutex, &until) == 0) continue;
	char *reply = r->reply;
	bool answered = r->answered;
	r->reply = NULL;
	pthread_mutex_unlock(&mutex);
	release(r);
	if (answered) return reply ? reply : strdup("+OK\n");
	snprintf(why, sizeof why, "the engine did not answer in %g s", (double)timeout_ms / 1000);
	return refusal(why);
}

/* ---- start and stop, on the thread that loads or unloads the module ---- */

static bool ready(char *error, size_t error_bytes)
{
	static bool made;
	if (!made) cti_condition_init(&changed);
	made = true;
	phase before = current_phase();
	if (before == STARTING || before == RUNNING || before == STUCK) {
		snprintf(error, error_bytes, "the engine of an earlier load has not stopped: the switch must be restarted");
		return false;
	}
	if (!requests) requests = cti_queue_new(CTI_QUERIES_MAX);
	if (!requests) {
		snprintf(error, error_bytes, "out of memory");
		return false;
	}
	cti_queue_reopen(requests);
	atomic_store(&stopping, false);
	atomic_store(&after_calls, false);
	return true;
}

void cti_engine_finish(bool after_last_calls)
{
	if (after_last_calls) atomic_store(&after_calls, true);
	atomic_store(&stopping, true);
	if (requests) cti_queue_close(requests);
}

bool cti_engine_start(cti_ring *its_ring, cti_settings *its_settings, char *error, size_t error_bytes)
{
	if (!ready(error, error_bytes)) {
		cti_settings_free(its_settings);
		return false;
	}
	ring = its_ring;
	settings = its_settings;
	enter_phase(STARTING);
	if (!cti_thread_start(&thread, "cti_engine", CTI_ENGINE_STACK_BYTES, CTI_SOON, run)) {
		snprintf(failure, sizeof failure, "no thread could be made for the engine");
		enter_phase(IDLE);
	}
	phase reached = wait_while(STARTING, CTI_START_MS);
	if (reached == RUNNING) return true;
	if (reached == STARTING) {
		snprintf(error, error_bytes, "the engine did not start within %d s", CTI_START_MS / 1000);
		cti_engine_finish(false); /* it will stop as soon as it has started */
		return false;
	}
	if (reached == FAILED) pthread_join(thread, NULL);
	switch_copy_string(error, failure, error_bytes);
	cti_settings_free(settings);
	settings = NULL;
	return false;
}

bool cti_engine_stop(void)
{
	phase reached = current_phase();
	if (reached == IDLE || reached == FAILED) return true;
	cti_engine_finish(switch_core_flags() & SCF_SHUTTING_DOWN);
	if (reached == STARTING) return false;
	reached = wait_while(RUNNING, CTI_LAST_CALLS_MS + CTI_ANSWER_MS + 2 * CTI_STOP_MS);
	if (reached == RUNNING) {
		CTI_LOG(SWITCH_LOG_ERROR, "the CTI engine is busy and does not stop: it is left behind\n");
		return false;
	}
	pthread_join(thread, NULL);
	cti_settings_free(settings);
	settings = NULL;
	return reached == STOPPED;
}
