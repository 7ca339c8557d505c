/*
 * main.c - drives libcti.so as the switch would: main LIBRARY DIRECTORY.
 *
 * What it prints is compared with testdata/golden.txt; the times in it are masked there, from the line "story".
 */
#define _GNU_SOURCE
#include "host.h"

#define CALLER "aaaaaaaa-0000-4000-8000-00000000000"
#define AGENT "bbbbbbbb-0000-4000-8000-00000000000"

/* ---- records of calls, as the hooks of the switch write them ---- */

static cti_record described(uint16_t kind, const char *uuid, const char *other, int64_t at_ms, bool inbound)
{
	cti_record record = make_record(kind, uuid, other, at_ms);
	const char *texts[] = {uuid,
	                       inbound ? "sofia/external/13912345678@192.0.2.7" : "sofia/internal/1001@192.0.2.1",
	                       "13912345678",
	                       "M\xC3\xBCller \"A\" | B",
	                       "1001",
	                       inbound ? "" : "1001",
	                       "default",
	                       inbound ? "sip-1@192.0.2.7" : "sip-2@192.0.2.1",
	                       ""};
	record.direction = inbound ? 1 : 2;
	add_texts(&record, sizeof texts / sizeof *texts, texts);
	return record;
}

static void fact(uint16_t kind, const char *uuid, const char *other, int64_t at_ms)
{
	push(make_record(kind, uuid, other, at_ms));
}

static void ending(uint16_t kind, const char *uuid, int64_t at_ms, uint16_t cause, uint8_t disposition)
{
	cti_record record = make_record(kind, uuid, NULL, at_ms);
	record.cause = cause;
	record.disposition = disposition;
	push(record);
}

/* end_leg is how every leg ends: dispositions are those of cti.h. */
static void end_leg(const char *uuid, int64_t at_ms, uint16_t cause, uint8_t disposition)
{
	ending(CTI_LEG_HANGUP, uuid, at_ms, cause, disposition);
	ending(CTI_LEG_ENDED, uuid, at_ms + 1, cause, disposition);
	fact(CTI_LEG_DESTROYED, uuid, NULL, at_ms + 2);
}

static void arrive(const char *caller, const char *agent)
{
	push(described(CTI_LEG_CREATED, caller, NULL, 0, true));
	fact(CTI_LEG_OUTGOING, caller, agent, 1);
	push(described(CTI_LEG_CREATED, agent, caller, 2, false));
}

static void answer(const char *caller, const char *agent)
{
	fact(CTI_LEG_RINGING, agent, NULL, 10);
	fact(CTI_LEG_ANSWERED, agent, NULL, 2010);
	fact(CTI_LEG_ANSWERED, caller, NULL, 2020);
	fact(CTI_LEG_BRIDGED, agent, caller, 2030);
	fact(CTI_LEG_BRIDGED, caller, agent, 2030);
}

/* ---- what the engine answers ---- */

/* print_until prints what the client reads, up to and with the first line that has the text. */
static void print_until(const char *text)
{
	for (;;) {
		const char *line = client_line();
		if (!line) die("the engine closed the connection before %s", text);
		puts(line);
		if (strstr(line, text)) return;
	}
}

static void ask(const char *command)
{
	char *answer = lib.query(command);
	printf("> cti %s\n%s", command, answer);
	free(answer);
}

/* await_answer asks until the answer has the text; it may take the engine a few milliseconds. */
static void await_answer(const char *command, const char *text)
{
	int64_t until = mono_ns() + (int64_t)PATIENCE_MS * 1000000;
	for (bool has = false; !has;) {
		char *answer = lib.query(command);
		has = strstr(answer, text);
		if (!has && mono_ns() > until) die("cti %s does not become %s: %s", command, text, answer);
		free(answer);
	}
	printf("cti %s: %s\n", command, text);
}

/* print_figures prints those figures of `cti status` that do not depend on speed. */
static void print_figures(void)
{
	static const char *const wanted[] = {"companyId|",    "sdkAppId|",       "calls|",     "parties|",  "callsTotal|",
	                                     "clients|",      "emptyCells|",     "lateInputs|", "lostInputs|", "ringLost|",
	                                     "ringMalformed|", "requestsRefused|", "storeState|"};
	char *answer = lib.query("status"), *rest = answer;
	puts("> cti status");
	for (char *line; (line = strsep(&rest, "\n"));)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i]))) puts(line);
	free(answer);
}

static void enter(void)
{
	client_open(in_dir("cti.sock"));
	client_send("{\"messageID\":\"RequestOpen\",\"protocol\":1,\"clientName\":\"chost\",\"referenceID\":1}");
	print_until("EventOpened");
	client_send("{\"messageID\":\"RequestSubscribe\",\"scope\":\"company\",\"referenceID\":2}");
	print_until("EventSubscribed");
}

/* ---- the story ---- */

static void refusals(void)
{
	char error[256], small[9];
	say("refusals");
	printf("stop before start: %d\n", lib.stop(1000));
	ask("status");
	printf("reload before start: %d", reload(error, sizeof error));
	printf(" %s\n", error);

	add_setting("settings", "color", "red");
	printf("unknown setting: %d", start(error, sizeof error));
	printf(" %s\n", error);
	printf("in nine bytes: %d", start(small, sizeof small));
	printf(" [%s]\n", small);
	reset_settings();

	add_setting("tokens", "hash", "m\xC3\xBCll");
	printf("bad token: %d", start(error, sizeof error));
	printf(" %s\n", error);
	reset_settings();

	host.abi++;
	printf("another contract: %d", start(error, sizeof error));
	printf(" %s\n", error);
	host.abi--;
	printf("no host: %d", lib.start(NULL, NULL, 0, error, sizeof error));
	printf(" %s\n", error);
}

static void first_start(void)
{
	char error[256];
	say("first start");
	must_start();
	printf("start twice: %d", start(error, sizeof error));
	printf(" %s\n", error);
	enter();

	say("answered, the caller hangs up");
	arrive(CALLER "1", AGENT "1");
	answer(CALLER "1", AGENT "1");
	print_until("\"EventEstablished\"");
	print_until("\"EventEstablished\"");
	ask("calls");
	ask("call " "aaaaaaaa000040008000000000000001");
	end_leg(CALLER "1", 9030, 16, 1);
	end_leg(AGENT "1", 9032, 16, 4);
	print_until("EventCallDeleted");

	say("the agent is busy");
	arrive(CALLER "2", AGENT "2");
	end_leg(AGENT "2", 20, 17, 3);
	end_leg(CALLER "2", 30, 17, 6);
	print_until("EventCallDeleted");

	say("the caller cancels while it rings");
	arrive(CALLER "3", AGENT "3");
	fact(CTI_LEG_RINGING, AGENT "3", NULL, 10);
	end_leg(CALLER "3", 3000, 487, 2);
	end_leg(AGENT "3", 3001, 487, 5);
	print_until("EventCallDeleted");
}

static void commands(void)
{
	char error[256];
	say("commands");
	ask("call aaaaaaaa000040008000000000000001");
	ask("call aaaaaaaa000040008000000000000002 as json");
	ask("calls");
	ask("calls as json");
	ask("clients");
	ask("call nosuch");
	ask("call");
	ask("dance");
	ask("");
	printf("reload: %d%s\n", reload(error, sizeof error), error);
	reset_settings();
	add_setting("settings", "durability", "normal");
	printf("reload of what cannot change: %d", reload(error, sizeof error));
	printf(" %s\n", error);
	reset_settings();

	cti_record bad = make_record(CTI_LEG_ANSWERED, CALLER "9", NULL, 0);
	bad.kind = 999;
	push(bad);
	push(described(CTI_LEG_CREATED, CALLER "4", NULL, 0, true));
	print_until("EventDialing");
	end_leg(CALLER "4", 10, 487, 2);
	print_until("EventCallDeleted");
	print_figures();
}

/* A call is up while the engine is stopped; the next one finds it again. */
static void stop_under_call(void)
{
	say("stopped under a call");
	arrive(CALLER "5", AGENT "5");
	answer(CALLER "5", AGENT "5");
	print_until("\"EventEstablished\"");
	print_until("\"EventEstablished\"");
	must_stop();
	while (client_line()) continue;
	puts("the connection is closed");
	client_close();
}

static void second_start(void)
{
	cti_record legs[2] = {described(CTI_LEG_FOUND, CALLER "5", AGENT "5", 2500, true),
	                      described(CTI_LEG_FOUND, AGENT "5", CALLER "5", 2500, false)};
	say("second start: the call is found again");
	for (int i = 0; i < 2; i++) {
		legs[i].call_state = 3;
		legs[i].times_us[0] = story_wall_ms() * 1000 + 500 + i * 2000;
		legs[i].times_us[3] = story_wall_ms() * 1000 + 500 + 2020000 - i * 10000;
		legs[i].times_us[4] = story_wall_ms() * 1000 + 500 + 2030000;
	}
	tell_found(legs, 2);
	must_start();
	enter();
	end_leg(CALLER "5", 9030, 16, 1);
	end_leg(AGENT "5", 9032, 16, 4);
	print_until("EventCallDeleted");
	ask("call aaaaaaaa000040008000000000000005");

	say("stopped under a call that is gone when the engine starts again");
	tell_found(NULL, 0);
	arrive(CALLER "6", AGENT "6");
	answer(CALLER "6", AGENT "6");
	print_until("\"EventEstablished\"");
	print_until("\"EventEstablished\"");
	must_stop();
	client_close();
	must_start();
	await_answer("call aaaaaaaa000040008000000000000006", "interrupted");
	must_stop();
}

int main(int count, char **arguments)
{
	if (count != 3) die("usage: %s LIBRARY DIRECTORY", arguments[0]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	load_library(arguments[1], arguments[2]);
	begin_story();
	printf("story %lld\n%s\n", (long long)story_wall_ms(), lib.version());
	refusals();
	first_start();
	commands();
	stop_under_call();
	second_start();
	storm();
	restarts();
	printf("\nfired: %llu\nerrors logged: %llu\n", (unsigned long long)fired_count(), (unsigned long long)logged_errors());
	free_memory();
	return 0;
}
