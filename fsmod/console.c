#include "module.h"

/* The cti command asks the engine; only what the module alone knows is added here, to the answer of "cti status". */

static void write_lines(switch_stream_handle_t *stream, const cti_figures *f)
{
	stream->write_function(stream,
	                       "module-records %" PRIu64 "\nmodule-records-lost %" PRIu64 "\nmodule-ring-slots %d\n"
	                       "module-channels-unhooked %u\nmodule-commands-done %" PRIu64 "\nmodule-commands-queued %u\n"
	                       "module-commands-refused %" PRIu64 "\nmodule-fired %" PRIu64 "\nmodule-fires-queued %u\n"
	                       "module-fires-dropped %" PRIu64 "\n",
	                       cti_records_posted(), cti_records_lost(), CTI_RING_SLOTS, atomic_load(&cti_unhooked),
	                       f->commands_done, f->commands_queued, f->commands_refused, f->fired, f->fires_queued,
	                       f->fired_dropped);
}

static void write_member(switch_stream_handle_t *stream, const cti_figures *f)
{
	stream->write_function(stream,
	                       ",\"module\":{\"records\":%" PRIu64 ",\"recordsLost\":%" PRIu64 ",\"ringSlots\":%d,"
	                       "\"channelsUnhooked\":%u,\"commandsDone\":%" PRIu64 ",\"commandsQueued\":%u,"
	                       "\"commandsRefused\":%" PRIu64 ",\"fired\":%" PRIu64 ",\"firesQueued\":%u,"
	                       "\"firesDropped\":%" PRIu64 "}}\n",
	                       cti_records_posted(), cti_records_lost(), CTI_RING_SLOTS, atomic_load(&cti_unhooked),
	                       f->commands_done, f->commands_queued, f->commands_refused, f->fired, f->fires_queued,
	                       f->fired_dropped);
}

/* An answer that is a JSON object gets one more member, any other gets lines. */
static void write_status(switch_stream_handle_t *stream, char *reply)
{
	cti_figures figures = {0};
	cti_commands_figures(&figures);
	cti_fire_figures(&figures);
	size_t length = strlen(reply);
	while (length && isspace((unsigned char)reply[length - 1])) length--;
	bool object = length > 2 && reply[0] == '{' && reply[length - 1] == '}';
	reply[object ? length - 1 : length] = '\0';
	stream->write_function(stream, object ? "%s" : "%s\n", reply);
	if (object) write_member(stream, &figures);
	else write_lines(stream, &figures);
}

static bool first_word_is(const char *line, const char *word)
{
	size_t length = strlen(word);
	return !strncmp(line, word, length) && (!line[length] || line[length] == ' ');
}

switch_status_t cti_console(const char *cmd, switch_core_session_t *session, switch_stream_handle_t *stream)
{
	(void)session;
	while (cmd && *cmd == ' ') cmd++;
	if (zstr(cmd)) {
		stream->write_function(stream, "-USAGE: cti %s\n", CTI_SYNTAX);
		return SWITCH_STATUS_SUCCESS;
	}
	cti_request_kind kind = !strcmp(cmd, "reload") ? CTI_ASK_RELOAD : CTI_ASK_QUERY;
	char *reply = cti_engine_ask(kind, cmd, CTI_ANSWER_MS);
	if (!reply) return SWITCH_STATUS_MEMERR;
	if (first_word_is(cmd, "status") && *reply != '-') write_status(stream, reply);
	else stream->write_function(stream, "%s", reply);
	free(reply);
	return SWITCH_STATUS_SUCCESS;
}

/* The calls of "cti calls": the first column of a table whose first line names the columns. */
static switch_status_t list_calls(const char *line, const char *cursor, switch_console_callback_match_t **matches)
{
	enum { COMPLETION_MS = 1000, SHOWN = 100 };
	switch_console_callback_match_t *found = NULL;
	char *rest = NULL, *reply = cti_engine_ask(CTI_ASK_QUERY, "calls", COMPLETION_MS);
	int shown = 0;
	(void)line;
	(void)cursor;
	char *row = reply && *reply != '-' ? strtok_r(reply, "\n", &rest) : NULL;
	while (row && (row = strtok_r(NULL, "\n", &rest)) && shown < SHOWN) {
		size_t length = strcspn(row, " |\r");
		bool last = row[length] == '\0';
		row[length] = '\0';
		if (!length || last || *row == '+') continue;
		switch_console_push_match(&found, row);
		shown++;
	}
	free(reply);
	if (!found) return SWITCH_STATUS_FALSE;
	*matches = found;
	return SWITCH_STATUS_SUCCESS;
}

void cti_console_open(void)
{
	static const char *const words[] = {"status", "version", "calls", "clients", "reload", "call ::cti::list_calls"};
	char line[64];
	switch_console_add_complete_func("::cti::list_calls", list_calls);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		snprintf(line, sizeof line, "add cti %s", words[i]);
		switch_console_set_complete(line);
	}
}

void cti_console_close(void)
{
	switch_console_set_complete("del cti");
	switch_console_del_complete_func("::cti::list_calls");
}
