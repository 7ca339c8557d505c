/*
 * mod_ctilab - what the laboratory needs inside the switch, and nothing of the product.
 *
 * Stamps: the same facts that mod_cti's hooks see are stamped with CLOCK_MONOTONIC where they arise and written to
 * the file `stamps` in the run directory: a count, then records {ns, kind, uuid}. A latency measured from such a stamp
 * is the same for every client, whatever path its events take.
 *
 * `ctilab_stall <ms>`: the event bus stands still for so long, as it does when a binding is slow.
 */
#include <switch.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>

SWITCH_MODULE_LOAD_FUNCTION(mod_ctilab_load);
SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_ctilab_shutdown);
SWITCH_MODULE_DEFINITION(mod_ctilab, mod_ctilab_load, mod_ctilab_shutdown, NULL);

#define STALL "ctilab::stall"
#define MAX_STAMPS (1u << 17)

/* The same numbers as lab/stamps.go. */
enum kind { INIT = 1, RING, EARLY, ANSWER, BRIDGE, UNBRIDGE, HANGUP, ENDED, REPORTING };

typedef struct {
	int64_t mono_ns;
	uint32_t kind;
	char uuid[36];
} stamp;

static struct {
	_Atomic uint64_t count;
	stamp stamps[MAX_STAMPS];
} *file;

static void stamp_uuid(const char *uuid, enum kind kind)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t at = atomic_fetch_add(&file->count, 1);
	if (at >= MAX_STAMPS) return;
	stamp *s = &file->stamps[at];
	s->mono_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	memcpy(s->uuid, uuid, sizeof s->uuid);
	s->kind = kind;
}

static void write_stamp(switch_core_session_t *session, enum kind kind)
{
	stamp_uuid(switch_core_session_get_uuid(session), kind);
}

/* The first leg that hears of a bridge is told its peer's uuid: both are joined from then on. */
static void stamp_bridge(switch_core_session_t *session, const char *peer)
{
	write_stamp(session, BRIDGE);
	if (peer && strlen(peer) == sizeof file->stamps->uuid) stamp_uuid(peer, BRIDGE);
}

static switch_status_t on_message(switch_core_session_t *session, switch_core_session_message_t *message)
{
	switch (message->message_id) {
	case SWITCH_MESSAGE_RING_EVENT: write_stamp(session, RING); break;
	case SWITCH_MESSAGE_PROGRESS_EVENT: write_stamp(session, EARLY); break;
	case SWITCH_MESSAGE_ANSWER_EVENT: write_stamp(session, ANSWER); break;
	case SWITCH_MESSAGE_INDICATE_BRIDGE: stamp_bridge(session, message->string_arg); break;
	case SWITCH_MESSAGE_INDICATE_UNBRIDGE: write_stamp(session, UNBRIDGE); break;
	default: break;
	}
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t on_state_change(switch_core_session_t *session)
{
	if (switch_channel_get_state(switch_core_session_get_channel(session)) == CS_HANGUP) write_stamp(session, HANGUP);
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t on_init(switch_core_session_t *session)
{
	switch_core_event_hook_add_receive_message(session, on_message);
	switch_core_event_hook_add_state_change(session, on_state_change);
	write_stamp(session, INIT);
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t on_reporting(switch_core_session_t *session)
{
	write_stamp(session, REPORTING);
	return SWITCH_STATUS_SUCCESS;
}

/* Now and then the session's thread is here before the thread that hung up has called its hooks. */
static switch_status_t on_hangup_first(switch_core_session_t *session)
{
	write_stamp(session, HANGUP);
	return SWITCH_STATUS_SUCCESS;
}

/* The driver has sent its BYE, CANCEL or refusal by now. */
static switch_status_t on_hangup_last(switch_core_session_t *session)
{
	write_stamp(session, ENDED);
	return SWITCH_STATUS_SUCCESS;
}

static switch_state_handler_table_t before = {
	.on_init = on_init, .on_hangup = on_hangup_first, .on_reporting = on_reporting, .flags = SSH_FLAG_PRE_EXEC};
static switch_state_handler_table_t after = {.on_hangup = on_hangup_last};

static void stall(switch_event_t *event)
{
	const char *millis = switch_event_get_header(event, "ctilab-millis");
	if (millis) switch_yield(atoi(millis) * 1000);
}

SWITCH_STANDARD_API(ctilab_stall)
{
	switch_event_t *event;
	if (switch_event_create_subclass(&event, SWITCH_EVENT_CUSTOM, STALL) != SWITCH_STATUS_SUCCESS)
		return SWITCH_STATUS_MEMERR;
	switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, "ctilab-millis", zstr(cmd) ? "500" : cmd);
	switch_event_fire(&event);
	stream->write_function(stream, "+OK\n");
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t map_file(void)
{
	char path[1024];
	switch_snprintf(path, sizeof path, "%s/stamps", SWITCH_GLOBAL_dirs.run_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) return SWITCH_STATUS_FALSE;
	void *at = ftruncate(fd, sizeof *file) ? MAP_FAILED
	                                       : mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED) return SWITCH_STATUS_FALSE;
	file = at;
	return SWITCH_STATUS_SUCCESS;
}

SWITCH_MODULE_LOAD_FUNCTION(mod_ctilab_load)
{
	switch_api_interface_t *api;
	*module_interface = switch_loadable_module_create_module_interface(pool, modname);
	if (map_file() != SWITCH_STATUS_SUCCESS) return SWITCH_STATUS_FALSE;
	if (switch_event_bind(modname, SWITCH_EVENT_CUSTOM, STALL, stall, NULL) != SWITCH_STATUS_SUCCESS)
		return SWITCH_STATUS_FALSE;
	switch_core_add_state_handler(&before);
	switch_core_add_state_handler(&after);
	SWITCH_ADD_API(api, "ctilab_stall", "make the event bus stand still", ctilab_stall, "<ms>");
	/* Its hooks may be on live channels at any time. */
	return SWITCH_STATUS_NOUNLOAD;
}

SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_ctilab_shutdown) { return SWITCH_STATUS_NOUNLOAD; }
