/*
 * fakecti.c - a libcti.so that decides nothing, for trying the module alone. It writes every record of the ring as one
 * JSON line to $FAKECTI_LOG, and does what a query asks:
 *
 *   records           how many records it has read
 *   snapshot          asks for the live session table
 *   set UUID NAME V   sets a variable        hangup UUID CAUSE   ends a channel
 *   late UUID         commands with a deadline of a millisecond
 *   do KEY=VALUE...   submits a command with any fields; %20 in a value is a space
 *   many N UUID       submits N commands     fire N              fires N events      sleep MS    answers late
 *   settings          the rows it was given
 *   offers            how often it was offered others since
 *   pause, resume     leaves the ring alone for a while
 *
 * A setting fake-refuse makes cti_start and cti_reload fail with its value; fake-stall makes cti_stop time out.
 */
#include "cti.h"
#include "cti_outbox.h"
#include "cti_ring.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#define SHOWN __attribute__((visibility("default")))

static const char *const kinds[] = {
	"NONE",     "CREATED",     "OUTGOING", "RINGING", "PROGRESS", "ANSWERED",  "BRIDGED", "UNBRIDGED",
	"HELD",     "UNHELD",      "TRANSFERRED", "EXECUTED", "RENAMED", "HANGUP", "ENDED",   "DESTROYED",
	"LOOPED",   "ROOM_JOINED", "ROOM_LEFT", "SNAPSHOT_BEGIN", "FOUND", "SNAPSHOT_END", "LOST", "COMMAND_DONE",
	"DTMF",     "RECORD_STARTED", "RECORD_STOPPED", "DEVICE_LOST", "DEVICE_FOUND",
};

static cti_host host;
static pthread_t reader;
static _Atomic bool running, stop_asked, paused;
static _Atomic uint64_t seen;
static uint64_t next_command = 1, offers;
static bool stalls;
static char shown_settings[16384];

static void write_hex(FILE *out, const char *name, const uint8_t *id)
{
	static const uint8_t none[16];
	if (!memcmp(id, none, 16)) return;
	fprintf(out, ",\"%s\":\"", name);
	for (int i = 0; i < 16; i++) fprintf(out, "%02x", id[i]);
	fputc('"', out);
}

static void write_texts(FILE *out, const cti_record *r)
{
	const char *at = r->text, *end = r->text + r->text_len;
	if (at == end) return;
	fputs(",\"text\":[", out);
	for (bool first = true; at < end; first = false) {
		fputs(first ? "\"" : ",\"", out);
		for (; at < end && *at; at++) {
			if (*at == '"' || *at == '\\') fputc('\\', out);
			if ((unsigned char)*at >= ' ') fputc(*at, out);
		}
		fputc('"', out);
		at++;
	}
	fputc(']', out);
}

static void write_record(FILE *out, const cti_record *r)
{
	fprintf(out, "{\"kind\":\"%s\",\"mono\":%lld", kinds[r->kind], (long long)r->mono_ns);
	fprintf(out, ",\"wall\":%lld", (long long)r->wall_us);
	write_hex(out, "leg", r->leg);
	write_hex(out, "other", r->other);
	if (r->command) fprintf(out, ",\"command\":%llu", (unsigned long long)r->command);
	if (r->leg_seq) fprintf(out, ",\"seq\":%u", r->leg_seq);
	if (r->flags) fprintf(out, ",\"flags\":%u", r->flags);
	if (r->cause) fprintf(out, ",\"cause\":%u", r->cause);
	if (r->direction) fprintf(out, ",\"direction\":%u", r->direction);
	if (r->disposition) fprintf(out, ",\"disposition\":%u", r->disposition);
	if (r->kind == CTI_LEG_FOUND) {
		fprintf(out, ",\"state\":%u,\"times\":[", r->call_state);
		for (int i = 0; i < 6; i++) fprintf(out, i ? ",%lld" : "%lld", (long long)r->times_us[i]);
		fputc(']', out);
	}
	write_texts(out, r);
	fputs("}\n", out);
}

static void drain_ring(FILE *out)
{
	static cti_record batch[64];
	atomic_exchange(&host.ring->signalled, false);
	for (int n; (n = cti_ring_drain(host.ring, batch, 64)) > 0;) {
		for (int i = 0; i < n; i++) write_record(out, &batch[i]);
		atomic_fetch_add(&seen, (uint64_t)n);
	}
	fflush(out);
}

static void *read_ring(void *arg)
{
	FILE *out = arg;
	fputs("{\"kind\":\"STARTED\"}\n", out);
	while (!atomic_load(&stop_asked)) {
		struct pollfd wake = {.fd = host.ring->event_fd, .events = POLLIN};
		uint64_t count;
		if (poll(&wake, 1, 50) > 0 && read(wake.fd, &count, sizeof count) < 0) continue;
		if (!atomic_load(&paused)) drain_ring(out);
	}
	drain_ring(out);
	fputs("{\"kind\":\"STOPPED\"}\n", out);
	fclose(out);
	return NULL;
}

static int32_t take_settings(cti_settings_ref rows, int32_t count, char *error, int32_t error_bytes)
{
	size_t used = 0;
	stalls = false;
	for (int32_t i = 0; i < count; i++) {
		if (!strcmp(rows[i].name, "fake-refuse")) {
			snprintf(error, (size_t)error_bytes, "cti.conf line %d: %s", rows[i].line, rows[i].value);
			return CTI_EINVAL;
		}
		if (!strcmp(rows[i].name, "fake-stall")) stalls = true;
	}
	shown_settings[0] = '\0';
	for (int32_t i = 0; i < count && used < sizeof shown_settings; i++)
		used += (size_t)snprintf(shown_settings + used, sizeof shown_settings - used, "%s|%s|%s|%d|%d\n",
		                         rows[i].section, rows[i].name, rows[i].value, rows[i].line, rows[i].item);
	return 0;
}

SHOWN int32_t cti_start(cti_host_ref its_host, cti_settings_ref rows, int32_t count, char *error, int32_t error_bytes)
{
	const char *path = getenv("FAKECTI_LOG");
	FILE *out = fopen(path ? path : "/dev/null", "a");
	if (!out || its_host->abi != CTI_ABI || atomic_load(&running)) {
		snprintf(error, (size_t)error_bytes, "no log, another ABI, or started twice");
		return CTI_ESTATE;
	}
	int32_t result = take_settings(rows, count, error, error_bytes);
	if (result) {
		fclose(out);
		return result;
	}
	host = *its_host;
	atomic_store(&stop_asked, false);
	atomic_store(&seen, 0);
	if (pthread_create(&reader, NULL, read_ring, out)) return CTI_EFAIL;
	atomic_store(&running, true);
	host.log(2, "fakecti has started");
	return 0;
}

SHOWN int32_t cti_reload(cti_settings_ref rows, int32_t count, char *error, int32_t error_bytes)
{
	offers++;
	return take_settings(rows, count, error, error_bytes);
}

SHOWN int32_t cti_stop(int32_t timeout_ms)
{
	if (!atomic_load(&running)) return CTI_ESTATE;
	if (stalls) {
		poll(NULL, 0, timeout_ms);
		return CTI_ETIME;
	}
	atomic_store(&stop_asked, true);
	pthread_join(reader, NULL);
	atomic_store(&running, false);
	host.log(2, "fakecti has stopped");
	return 0;
}

static char *submit(cti_command command, int times)
{
	char *reply = malloc(64);
	int refused = 0;
	for (int i = 0; i < times; i++) {
		command.id = next_command++;
		refused += host.submit(&command) != 0;
	}
	snprintf(reply, 64, "+OK %llu %d refused\n", (unsigned long long)next_command - 1, refused);
	return reply;
}

static char *fire(int times)
{
	char *reply = malloc(64);
	int refused = 0;
	for (int i = 0; i < times; i++) {
		cti_fired fired = {"EventRinging", "call", "party", "1001", "agent", "company", 0, "{\"n\":\"%s\"}"};
		fired.seq = (uint64_t)i + 1;
		refused += cti_outbox_put(host.outbox, &fired) != 0;
	}
	snprintf(reply, 64, "+OK %d refused\n", refused);
	return reply;
}

static char *say(const char *format, unsigned long long value)
{
	char *reply = malloc(128);
	snprintf(reply, 128, format, value);
	return reply;
}

static void unescape(char *text)
{
	char *to = text;
	for (unsigned code; *text; text++) {
		if (*text == '%' && sscanf(text + 1, "%2x", &code) == 1) {
			*to++ = (char)code;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* submit_any takes the fields of a command as they are named in cti.h. Several commands are parted by a semicolon. */
static char *submit_any(const char *line)
{
	char *copy = strdup(line), *rest = NULL, *reply = NULL;
	cti_command command = {0};
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');
		if (!strcmp(word, ";")) {
			free(submit(command, 1));
			command = (cti_command){0};
		}
		if (!value) continue;
		*value++ = '\0';
		unescape(value);
		if (!strcmp(word, "kind")) command.kind = (uint16_t)atoi(value);
		else if (!strcmp(word, "uuid")) command.uuid = value;
		else if (!strcmp(word, "other")) command.other_uuid = value;
		else if (!strcmp(word, "name")) command.name = value;
		else if (!strcmp(word, "value")) command.value = value;
		else if (!strcmp(word, "call")) command.call_id = value;
		else if (!strcmp(word, "number")) command.caller_number = value;
		else if (!strcmp(word, "caller")) command.caller_name = value;
		else if (!strcmp(word, "cause")) command.cause = (uint16_t)atoi(value);
		else if (!strcmp(word, "deadline")) command.deadline_ms = atoi(value);
	}
	reply = submit(command, 1);
	free(copy);
	return reply;
}

SHOWN char *cti_query(cti_str line)
{
	char word[16] = "", a[128] = "", b[128] = "", c[128] = "";
	sscanf(line, "%15s %127s %127s %127s", word, a, b, c);
	if (!strcmp(word, "records")) return say("+OK %llu\n", atomic_load(&seen));
	if (!strcmp(word, "offers")) return say("+OK %llu\n", offers);
	if (!strcmp(word, "settings")) return strdup(shown_settings);
	if (!strcmp(word, "snapshot")) return submit((cti_command){.kind = CTI_CMD_SNAPSHOT, .deadline_ms = 20000}, 1);
	if (!strcmp(word, "set"))
		return submit((cti_command){.kind = CTI_CMD_SET_VARIABLE, .uuid = a, .name = b, .value = c}, 1);
	if (!strcmp(word, "hangup"))
		return submit((cti_command){.kind = CTI_CMD_HANGUP, .uuid = a, .cause = (uint16_t)atoi(b)}, 1);
	if (!strcmp(word, "do")) return submit_any(line + 2);
	if (!strcmp(word, "late")) return submit((cti_command){.kind = CTI_CMD_HANGUP, .uuid = a, .deadline_ms = 1}, 2000);
	if (!strcmp(word, "many"))
		return submit((cti_command){.kind = CTI_CMD_SET_VARIABLE, .uuid = b, .name = "cti_n", .value = "1"}, atoi(a));
	if (!strcmp(word, "fire")) return fire(atoi(a));
	if (!strcmp(word, "pause") || !strcmp(word, "resume")) {
		atomic_store(&paused, *word == 'p');
		return say("+OK\n", 0);
	}
	if (!strcmp(word, "sleep")) {
		poll(NULL, 0, atoi(a));
		return say("+OK slept\n", 0);
	}
	if (!strcmp(word, "calls")) return strdup("+OK\ncallID|state\n0a1b|Talk\n0c2d|Ringing\n");
	if (!strcmp(line, "status")) return strdup("+OK\nname|value\nengine|fake\n");
	if (!strcmp(line, "status as json")) return strdup("+OK\n{\"engine\":\"fake\"}\n");
	return say("+OK fakecti\n", 0);
}

SHOWN cti_str cti_version(void)
{
	return "fakecti";
}
