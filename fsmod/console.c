#include "legs.h"
#include "module.h"

/* The cti command asks the engine; only what the module alone knows is added here, to the answer of "cti status". */

static void write_figures(switch_stream_handle_t *stream, bool as_json)
{
	cti_figures f = {0};
	cti_commands_figures(&f);
	cti_fire_figures(&f);
	const struct {
		const char *name;
		uint64_t value;
	} figures[] = {
		{"moduleRecords", cti_records_posted()},
		{"moduleRecordsLost", cti_records_lost()},
		{"moduleRingSlots", CTI_RING_SLOTS},
		{"moduleChannelsUnhooked", atomic_load(&cti_unhooked)},
		{"moduleCommandsDone", f.commands_done},
		{"moduleCommandsQueued", f.commands_queued},
		{"moduleCommandsRefused", f.commands_refused},
		{"moduleFired", f.fired},
	};
	const char *format = as_json ? ",\"%s\":%" PRIu64 : "%s|%" PRIu64 "\n";
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		stream->write_function(stream, format, figures[i].name, figures[i].value);
}

/* The engine answers with a table of names and values, or with a JSON object of them: there is more of either. */
static void write_status(switch_stream_handle_t *stream, char *reply)
{
	size_t length = strlen(reply);
	while (length && isspace((unsigned char)reply[length - 1])) length--;
	bool as_json = length && reply[length - 1] == '}';
	reply[as_json ? length - 1 : length] = '\0';
	stream->write_function(stream, as_json ? "%s" : "%s\n", reply);
	write_figures(stream, as_json);
	if (as_json) stream->write_function(stream, "}\n");
}

static bool first_word_is(const char *line, const char *word)
{
	size_t length = strlen(word);
	return !strncmp(line, word, length) && (!line[length] || line[length] == ' ');
}

#define IMPORT_SETTINGS "import settings"

switch_status_t cti_console(const char *cmd, switch_core_session_t *session, switch_stream_handle_t *stream)
{
	(void)session;
	while (cmd && *cmd == ' ') cmd++;
	if (zstr(cmd)) {
		stream->write_function(stream, "-ERR usage: cti %s\n", CTI_SYNTAX);
		return SWITCH_STATUS_SUCCESS;
	}
	cti_request_kind kind = !strcmp(cmd, "reload") ? CTI_ASK_RELOAD : CTI_ASK_QUERY;
	char *reply = NULL;
	if (!strcmp(cmd, IMPORT_SETTINGS)) { /* as they are in the file now */
		reply = cti_engine_ask(CTI_ASK_RELOAD, cmd, CTI_ANSWER_MS);
		if (reply && *reply != '-') {
			free(reply);
			reply = NULL;
		}
	}
	if (!reply) reply = cti_engine_ask(kind, cmd, CTI_ANSWER_MS);
	if (!reply) return SWITCH_STATUS_MEMERR;
	if (first_word_is(cmd, "status") && *reply != '-') write_status(stream, reply);
	else stream->write_function(stream, "%s", reply);
	free(reply);
	return SWITCH_STATUS_SUCCESS;
}

/* The first column of a table, below +OK and the line that names the columns. */
static switch_status_t first_column(const char *query, switch_console_callback_match_t **matches)
{
	enum { COMPLETION_MS = 1000, SHOWN = 100 };
	char *rest = NULL, *reply = cti_engine_ask(CTI_ASK_QUERY, query, COMPLETION_MS);
	switch_console_callback_match_t *found = NULL;
	char *row = reply && !strncmp(reply, "+OK\n", 4) ? strtok_r(reply, "\n", &rest) : NULL;
	if (row) row = strtok_r(NULL, "\n", &rest);
	for (int shown = 0; row && (row = strtok_r(NULL, "\n", &rest)) && shown < SHOWN; shown++) {
		row[strcspn(row, "|")] = '\0';
		switch_console_push_match(&found, row);
	}
	free(reply);
	if (!found) return SWITCH_STATUS_FALSE;
	*matches = found;
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t list_calls(const char *line, const char *cursor, switch_console_callback_match_t **matches)
{
	(void)line;
	(void)cursor;
	return first_column("calls", matches);
}

static switch_status_t list_agents(const char *line, const char *cursor, switch_console_callback_match_t **matches)
{
	(void)line;
	(void)cursor;
	return first_column("agents", matches);
}

static switch_status_t list_queues(const char *line, const char *cursor, switch_console_callback_match_t **matches)
{
	(void)line;
	(void)cursor;
	return first_column("queues", matches);
}

void cti_console_open(void)
{
	static const char *const words[] = {
		"status", "version", "calls", "clients", "reload", "call ::cti::list_calls", "agents", "queues",
		"agent ::cti::list_agents login", "agent ::cti::list_agents logout", "agent ::cti::list_agents ready",
		"agent ::cti::list_agents notready", "queue ::cti::list_queues", "import callcenter", IMPORT_SETTINGS, "drain",
	};
	char line[64];
	switch_console_add_complete_func("::cti::list_calls", list_calls);
	switch_console_add_complete_func("::cti::list_agents", list_agents);
	switch_console_add_complete_func("::cti::list_queues", list_queues);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		snprintf(line, sizeof line, "add cti %s", words[i]);
		switch_console_set_complete(line);
	}
}

void cti_console_close(void)
{
	switch_console_set_complete("del cti");
	switch_console_del_complete_func("::cti::list_calls");
	switch_console_del_complete_func("::cti::list_agents");
	switch_console_del_complete_func("::cti::list_queues");
}
