#include "commands.h"

/*
 * The phones that a dial string stands for. The switch's own user/ waits for the one that answers first, or calls no
 * more than the first of them; so what a user is called by is looked up here, as user/ does it, and each is called alone.
 */

/* The end of what begins here with a bracket, or NULL. */
static const char *closed_by(const char *from, char open, char close)
{
	int depth = 0;
	for (; *from; from++) {
		if (*from == open) depth++;
		else if (*from == close && --depth == 0) return from;
	}
	return NULL;
}

/* What stands in braces before a list is said of each element of it. */
static const char *after_braces(const char *list)
{
	while (*list == '{' || *list == ' ') {
		const char *end = *list == '{' ? closed_by(list, '{', '}') : list;
		if (!end) break;
		list = end + 1;
	}
	return list;
}

static size_t element_length(const char *from)
{
	const char *at = from;
	for (bool quoted = false; *at && (quoted || (*at != ',' && *at != '|')); at++) {
		const char *end = *at == '[' && !quoted ? closed_by(at, '[', ']') : NULL;
		if (end) at = end;
		else if (*at == '\'') quoted = !quoted;
	}
	return (size_t)(at - from);
}

static void add(cti_phones *phones, const char *braces, size_t braces_length, const char *element, size_t length)
{
	if (!length || phones->count == CTI_PHONES_MAX) return;
	char *dial = calloc(1, braces_length + length + 1);
	if (!dial) return;
	memcpy(dial, braces, braces_length);
	memcpy(dial + braces_length, element, length);
	phones->dials[phones->count++] = dial;
}

/* Those that are to ring together; what stands behind a bar would come after them. */
static void take_apart(cti_phones *phones, const char *list)
{
	const char *at = after_braces(list);
	size_t braces_length = (size_t)(at - list);
	if (*at == '<' || strstr(at, ":_:")) { /* of calls within calls the switch takes the first */
		add(phones, "", 0, list, strlen(list));
		return;
	}
	for (;;) {
		size_t length = element_length(at);
		add(phones, list, braces_length, at, length);
		if (at[length] != ',') return;
		at += length + 1;
	}
}

static void set(switch_event_t *variables, const char *name, const char *value)
{
	switch_event_del_header(variables, name);
	switch_event_add_header_string(variables, SWITCH_STACK_BOTTOM, name, value);
}

/* What a user is called by, and what his directory entry says of a call to him. */
static const char *read_params(switch_xml_t user, switch_event_t *variables)
{
	const char *dial = NULL;
	switch_xml_t params = switch_xml_child(user, "params");
	for (switch_xml_t p = params ? switch_xml_child(params, "param") : NULL; p; p = p->next) {
		const char *name = switch_xml_attr_soft(p, "name"), *value = switch_xml_attr_soft(p, "value");
		if (!strcasecmp(name, "dial-string")) dial = value;
		else if (!strncasecmp(name, "dial-var-", 9)) set(variables, name + 9, value);
	}
	return dial;
}

static switch_call_cause_t expand(cti_phones *phones, const char *dial, const char *id)
{
	char itself[256];
	char *list = switch_event_expand_headers(phones->variables, dial);
	snprintf(itself, sizeof itself, "user/%s", id);
	bool endless = switch_stristr(itself, list) != NULL;
	if (!endless) take_apart(phones, list);
	if (list != dial) free(list);
	return endless ? SWITCH_CAUSE_INVALID_IE_CONTENTS : phones->count ? SWITCH_CAUSE_NONE : SWITCH_CAUSE_DESTINATION_OUT_OF_ORDER;
}

static switch_call_cause_t look_up(cti_phones *phones, const char *user, const char *domain)
{
	switch_event_t *question;
	if (switch_event_dup(&question, phones->variables) != SWITCH_STATUS_SUCCESS) return SWITCH_CAUSE_SWITCH_CONGESTION;
	switch_event_add_header_string(question, SWITCH_STACK_BOTTOM, "as_channel", "true");
	switch_event_add_header_string(question, SWITCH_STACK_BOTTOM, "action", "user_call");
	switch_status_t status = switch_xml_locate_user_merged("id", user, domain, NULL, &phones->user, question);
	switch_event_destroy(&question);
	if (status != SWITCH_STATUS_SUCCESS) return SWITCH_CAUSE_SUBSCRIBER_ABSENT;
	const char *id = switch_xml_attr_soft(phones->user, "id"), *dial = read_params(phones->user, phones->variables);
	if (zstr(dial)) return SWITCH_CAUSE_MANDATORY_IE_MISSING;
	set(phones->variables, "dialed_user", id);
	set(phones->variables, "dialed_domain", domain);
	if (!strstr(dial, "presence_id=")) {
		switch_event_del_header(phones->variables, "presence_id");
		switch_event_add_header(phones->variables, SWITCH_STACK_BOTTOM, "presence_id", "%s@%s", id, domain);
	}
	return expand(phones, dial, id);
}

switch_call_cause_t cti_phones_open(cti_phones *phones, const char *dial, switch_event_t *variables)
{
	memset(phones, 0, sizeof *phones);
	phones->variables = variables;
	char *user = strdup(dial + 5), *own = NULL, *domain = strchr(user, '@');
	if (domain) *domain++ = '\0';
	else domain = own = switch_core_get_domain(SWITCH_TRUE);
	switch_call_cause_t cause = zstr(domain) ? SWITCH_CAUSE_SUBSCRIBER_ABSENT : look_up(phones, user, domain);
	free(user);
	free(own);
	return cause;
}

void cti_phones_equip(const cti_phones *phones, switch_core_session_t *session)
{
	if (!phones->user) return;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	const char *context = switch_channel_get_variable(channel, "user_context");
	switch_caller_profile_t *profile = switch_channel_get_caller_profile(channel);
	if (context && profile) profile->context = switch_core_strdup(profile->pool, context);
	switch_xml_t variables = switch_xml_child(phones->user, "variables");
	for (switch_xml_t v = variables ? switch_xml_child(variables, "variable") : NULL; v; v = v->next)
		switch_channel_set_variable(channel, switch_xml_attr(v, "name"), switch_xml_attr(v, "value"));
}

void cti_phones_close(cti_phones *phones)
{
	for (int i = 0; i < phones->count; i++) free(phones->dials[i]);
	if (phones->user) switch_xml_free(phones->user);
}
