#include "module.h"

/*
 * cti.conf becomes rows, in file order. Every <param name= value=> of a section is a row; of any other element each
 * attribute is one, and each <param> inside it; what else is inside is a row without a value. What the names mean is the
 * engine's to say.
 */
#define FILE_NAME "cti.conf"

static bool add(cti_settings *s, const char *section, const char *name, const char *value, int32_t line, int32_t item)
{
	if (s->count == s->room) {
		int32_t room = s->room ? s->room * 2 : 64;
		cti_setting *rows = realloc(s->rows, (size_t)room * sizeof *rows);
		if (!rows) return false;
		s->rows = rows;
		s->room = room;
	}
	cti_setting row = {strdup(section), strdup(name), strdup(value), line, item};
	s->rows[s->count++] = row;
	return row.section && row.name && row.value;
}

static bool add_param(cti_settings *s, const char *section, switch_xml_t param, int32_t line, int32_t item)
{
	return add(s, section, switch_xml_attr_soft(param, "name"), switch_xml_attr_soft(param, "value"), line, item);
}

/* ---- lines ---- */

/*
 * The parsed tree knows no lines, so the file is walked once more beside it. A walk keeps its place in the text and how
 * deep in the elements it is: <configuration> 1, section 2, the elements that become rows 3, and what is inside 4.
 */
typedef struct walk {
	const char *at;
	int32_t line, depth;
} walk;

static void step_to(walk *w, const char *to)
{
	for (; w->at < to; w->at++) w->line += *w->at == '\n';
}

static void step_past(walk *w, const char *mark)
{
	const char *found = strstr(w->at, mark);
	step_to(w, found ? found + strlen(mark) : w->at + strlen(w->at));
}

/* end_of_tag finds the '>' that is in no attribute's value. */
static const char *end_of_tag(const char *at)
{
	for (char quote = 0; *at && (quote || *at != '>'); at++) {
		if (quote) quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'') quote = *at;
	}
	return at;
}

/* next_element_line gives the line of the next element at depth 3 or 4, or 0 at the end of the text. */
static int32_t next_element_line(walk *w)
{
	while (w->at && *w->at) {
		step_to(w, w->at + strcspn(w->at, "<"));
		if (!strncmp(w->at, "<!--", 4)) {
			step_past(w, "-->");
			continue;
		}
		const char *end = end_of_tag(w->at);
		int32_t line = w->line;
		bool element = w->at[0] && isalpha((unsigned char)w->at[1]) && strncmp(w->at, "<X-", 3);
		bool closes = *end && end[-1] == '/';
		if (element) w->depth++;
		bool wanted = element && (w->depth == 3 || w->depth == 4);
		if (!strncmp(w->at, "</", 2) || (element && closes)) w->depth--;
		step_to(w, *end ? end + 1 : end);
		if (wanted) return line;
	}
	return 0;
}

static char *file_text(void)
{
	char path[1024];
	enum { LONGEST = 4 << 20 };
	snprintf(path, sizeof path, "%s/autoload_configs/%s.xml", SWITCH_GLOBAL_dirs.conf_dir, FILE_NAME);
	FILE *file = fopen(path, "rb");
	if (!file) return NULL;
	char *text = calloc(1, LONGEST + 1);
	if (text) text[fread(text, 1, LONGEST, file)] = '\0';
	fclose(file);
	return text;
}

static int32_t elements_in(const char *text)
{
	walk w = {text, 1, 0};
	int32_t count = 0;
	while (next_element_line(&w)) count++;
	return count;
}

static int32_t elements_of(switch_xml_t configuration)
{
	int32_t count = 0;
	for (switch_xml_t section = configuration->child; section; section = section->ordered)
		for (switch_xml_t element = section->child; element; element = element->ordered) {
			count++;
			for (switch_xml_t inner = element->child; inner; inner = inner->ordered) count++;
		}
	return count;
}

/* ---- reading ---- */

static bool add_element(cti_settings *s, const char *section, switch_xml_t element, walk *w, int32_t item)
{
	int32_t line = next_element_line(w);
	bool whole = true;
	if (!strcmp(element->name, "param")) whole = add_param(s, section, element, line, item);
	else
		for (char **attribute = element->attr; whole && attribute && *attribute; attribute += 2)
			whole = add(s, section, attribute[0], attribute[1], line, item);
	for (switch_xml_t inner = element->child; whole && inner; inner = inner->ordered) {
		line = next_element_line(w);
		if (!strcmp(inner->name, "param")) whole = add_param(s, section, inner, line, item);
		else whole = add(s, section, inner->name, "", line, item);
	}
	return whole;
}

static bool read_all(cti_settings *s, switch_xml_t configuration)
{
	char *text = file_text();
	/* Where the configuration does not come from the file as it stands (xml_curl, included parts) no line is known. */
	bool lines_known = text && elements_in(text) == elements_of(configuration);
	walk w = {lines_known ? text : NULL, 1, 0};
	bool whole = true;
	for (switch_xml_t section = configuration->child; section && whole; section = section->ordered) {
		int32_t item = 0;
		for (switch_xml_t element = section->child; element && whole; element = element->ordered)
			whole = add_element(s, section->name, element, &w, item++);
	}
	free(text);
	return whole;
}

/* Where the switch keeps such things, unless the file says otherwise: even an empty value is a decision. */
static bool add_default(cti_settings *s, const char *name, const char *directory, const char *file)
{
	char value[1024];
	for (int32_t i = 0; i < s->count; i++)
		if (!strcmp(s->rows[i].section, "settings") && !strcmp(s->rows[i].name, name)) return true;
	snprintf(value, sizeof value, "%s/%s", directory, file);
	return add(s, "settings", name, value, 0, s->count);
}

cti_settings *cti_settings_read(char *error, size_t error_bytes)
{
	switch_xml_t configuration, root = switch_xml_open_cfg(FILE_NAME, &configuration, NULL);
	if (!root) {
		snprintf(error, error_bytes,
		         "there is no configuration " FILE_NAME ": put " FILE_NAME ".xml into %s/autoload_configs",
		         SWITCH_GLOBAL_dirs.conf_dir);
		return NULL;
	}
	cti_settings *s = calloc(1, sizeof *s);
	bool whole = s && read_all(s, configuration) && add_default(s, "data-dir", SWITCH_GLOBAL_dirs.db_dir, "cti") &&
	             add_default(s, "unix-socket", SWITCH_GLOBAL_dirs.run_dir, "cti.sock") &&
	             add_default(s, "callcenter-conf", SWITCH_GLOBAL_dirs.conf_dir, "autoload_configs/callcenter.conf.xml");
	switch_xml_free(root);
	if (whole) return s;
	snprintf(error, error_bytes, "out of memory while " FILE_NAME " was read");
	cti_settings_free(s);
	return NULL;
}

bool cti_settings_equal(const cti_settings *a, const cti_settings *b)
{
	if (a->count != b->count) return false;
	for (int32_t i = 0; i < a->count; i++) {
		const cti_setting *x = &a->rows[i], *y = &b->rows[i];
		if (strcmp(x->section, y->section) || strcmp(x->name, y->name) || strcmp(x->value, y->value) ||
		    x->item != y->item)
			return false;
	}
	return true;
}

void cti_settings_free(cti_settings *settings)
{
	if (!settings) return;
	for (int32_t i = 0; i < settings->count; i++) {
		free((char *)settings->rows[i].section);
		free((char *)settings->rows[i].name);
		free((char *)settings->rows[i].value);
	}
	free(settings->rows);
	free(settings);
}
