#include "commands.h"

/*
 * What the engine hands down has been checked by it, but part of it comes from clients, and to the switch a dial string,
 * a file's name or a variable's value is code. So everything is looked at once more where it is used. Lists name what
 * may pass.
 */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool only(const char *text, const char *allowed, size_t longest)
{
	size_t length = strlen(text);
	return length && length <= longest && strspn(text, allowed) == length;
}

bool cti_may_be_uuid(const char *uuid)
{
	return only(uuid, DIGITS "abcdefABCDEF-", 36) && strlen(uuid) == 36;
}

/* Some variables make the switch run things: only our own names may be set. */
bool cti_may_be_variable(const char *name)
{
	return !strncmp(name, "cti_", 4) && name[4] && only(name, "abcdefghijklmnopqrstuvwxyz" DIGITS "_", 64);
}

bool cti_may_be_value(const char *value)
{
	if (strlen(value) > 4096) return false;
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if (*c < ' ' || *c == 0x7F || *c == '$') return false;
	return true;
}

bool cti_may_be_call(const char *call_id)
{
	return !*call_id || only(call_id, LETTERS DIGITS "-_.:@", 128);
}

/*
 * A dial string names one channel: no variables, no lists, nothing that is expanded. A loopback channel could be told
 * to run an application.
 */
bool cti_may_be_dialed(const char *dial)
{
	const char *slash = strchr(dial, '/');
	if (strlen(dial) > 512 || !slash || slash == dial || !slash[1]) return false;
	for (const unsigned char *c = (const unsigned char *)dial; *c; c++)
		if (*c <= ' ' || *c >= 0x7F || strchr("${}[]<>|,^'\"\\`", *c)) return false;
	if (strspn(dial, LETTERS DIGITS "_") != (size_t)(slash - dial) || strstr(dial, ":_:")) return false;
	return strncasecmp(dial, "loopback/app=", 13) != 0;
}

bool cti_may_be_room(const char *room)
{
	return only(room, LETTERS DIGITS "-_.", 128);
}

/* A box of a voicemail's profile, behind which a domain stands if it is not the switch's own. */
bool cti_may_be_mailbox(const char *profile, const char *box)
{
	return only(profile, LETTERS DIGITS "-_. ", 97) && only(box, DIGITS "+*#ABCD", 33);
}

/* Absolute, nothing that leads out of it, and no scheme: a colon would make a stream of it. */
bool cti_may_be_file(const char *path)
{
	if (*path != '/' || !only(path, LETTERS DIGITS "/-_.+=@", 512)) return false;
	const char *name = strrchr(path, '/') + 1, *dot = strrchr(name, '.');
	return !strstr(path, "/.") && dot && dot != name && dot[1];
}

/* A prompt or music: a file, or one of the streams that play something by themselves. Nothing that is fetched or run. */
bool cti_may_be_sound(const char *sound)
{
	static const char *const streams[] = {"local_stream://", "tone_stream://", "silence_stream://"};
	if (!only(sound, LETTERS DIGITS " /-_.+=@%(),;:", 512)) return false;
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
		if (!strncmp(sound, streams[i], strlen(streams[i]))) return true;
	return !strchr(sound, ':') && !strstr(sound, "..");
}

bool cti_may_be_count(const char *count)
{
	return only(count, DIGITS, 9);
}

/* The id of an agent or a queue, with or without a domain. */
bool cti_may_be_watched(const char *address)
{
	return only(address, LETTERS DIGITS "@._+*#:-[]", 255);
}

bool cti_may_be_digits(const char *digits)
{
	return only(digits, DIGITS "*#ABCDabcd", 128);
}

char *cti_clean_number(const char *number, char *clean, size_t bytes)
{
	size_t used = 0;
	for (; *number && used + 1 < bytes; number++)
		if (strchr(LETTERS DIGITS "+*#-_.@", *number)) clean[used++] = *number;
	clean[used] = '\0';
	return clean;
}

/* A name may be of any language; what a dial string, a header or a variable would take for more than text is left out. */
char *cti_clean_name(const char *name, char *clean, size_t bytes)
{
	size_t used = 0;
	for (; *name && used + 1 < bytes; name++) {
		unsigned char c = (unsigned char)*name;
		if (c >= ' ' && c != 0x7F && !strchr("${}[]<>|,^'\"\\`;&", c)) clean[used++] = *name;
	}
	clean[used] = '\0';
	return clean;
}
