#include "module.h"
#include "visits.h"

/*
 * What a channel hears that is bridged with nobody, played by its own thread. It ends with the frame in which the channel
 * is wanted elsewhere, or in which word comes for its visit, if it has one.
 */
#define RINGBACK_TONE "tone_stream://%(2000,4000,440,480);loops=-1"
#define DEFAULT_MUSIC "local_stream://moh"
#define BEFORE_POSITION "ivr/ivr-you_are_number.wav"
#define BEFORE_WAIT "ivr/ivr-estimated_hold_time.wav"

/* Digits are told when they arrive: here they only must not end what is played. */
static switch_status_t take_input(switch_core_session_t *session, void *input, switch_input_type_t type, void *buf, unsigned int buflen)
{
	(void)session, (void)input, (void)type, (void)buf, (void)buflen;
	return SWITCH_STATUS_SUCCESS;
}

static switch_status_t until_word(switch_core_session_t *session, switch_frame_t *frame, void *visit)
{
	(void)session, (void)frame;
	return visit && cti_visit_has_word(visit) ? SWITCH_STATUS_BREAK : SWITCH_STATUS_SUCCESS;
}

static switch_status_t until_over(switch_core_session_t *session, switch_frame_t *frame, void *visit)
{
	(void)session, (void)frame;
	return cti_visit_over(visit) ? SWITCH_STATUS_BREAK : SWITCH_STATUS_SUCCESS;
}

/* The dialplan's word for a tone is a tone's own notation; all else that it may name is a file or a stream. */
static const char *playable(switch_core_session_t *session, const char *sound)
{
	if (*sound == '%') return switch_core_session_sprintf(session, "tone_stream://%s;loops=-1", sound);
	return sound;
}

static bool wanted_here(switch_channel_t *channel, const cti_visit *visit)
{
	return switch_channel_ready(channel) && !(visit && cti_visit_has_word(visit));
}

/*
 * play_for_ever returns when the channel is wanted elsewhere or there is word, or false when there is nothing to play: no such
 * file, or one that is over as soon as it has begun, again and again. What is merely broken off is played anew.
 */
static bool play_for_ever(switch_core_session_t *session, cti_visit *visit, const char *sound)
{
	enum { SOMETHING_MS = 50, TRIES = 10, PAUSE_MS = 20 };
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_input_args_t args = {.input_callback = take_input, .read_frame_callback = until_word, .user_data = visit};
	int tries = 0;
	sound = playable(session, sound);
	while (wanted_here(channel, visit)) {
		int64_t begun_ms = cti_now_ms();
		switch_status_t status = switch_ivr_play_file(session, NULL, sound, &args);
		if (cti_now_ms() - begun_ms >= SOMETHING_MS || status == SWITCH_STATUS_BREAK) tries = 0;
		else if (status == SWITCH_STATUS_NOTFOUND || ++tries == TRIES) return !wanted_here(channel, visit);
		else cti_sleep_ms(PAUSE_MS);
	}
	return true;
}

static bool is_silence(const char *sound)
{
	return !strcasecmp(sound, "silence");
}

/* play_first plays the first that can be played. */
static bool play_first(switch_core_session_t *session, cti_visit *visit, const char *const *sounds, int count)
{
	for (int i = 0; i < count; i++) {
		if (zstr(sounds[i])) continue;
		if (is_silence(sounds[i])) return false;
		if (play_for_ever(session, visit, sounds[i])) return true;
	}
	return false;
}

bool cti_hear_ringback(switch_core_session_t *session, cti_visit *visit)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	const char *sounds[] = {switch_channel_get_variable(channel, "ringback"), RINGBACK_TONE};
	if (switch_channel_media_ready(channel)) return play_first(session, visit, sounds, 2);
	if (!switch_channel_test_flag(channel, CF_RING_READY)) switch_channel_ring_ready(channel);
	return false;
}

bool cti_hear_music(switch_core_session_t *session, cti_visit *visit, const char *wish)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	const char *sounds[] = {wish, switch_channel_get_hold_music(channel), DEFAULT_MUSIC};
	return play_first(session, visit, sounds, 3);
}

static void hear_silence(switch_core_session_t *session, cti_visit *visit)
{
	enum { LOOK_AROUND_MS = 1000 };
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_input_args_t args = {.input_callback = take_input, .read_frame_callback = until_word, .user_data = visit};
	if (switch_channel_media_ready(channel)) switch_ivr_collect_digits_callback(session, &args, 0, 0);
	while (wanted_here(channel, visit) && !switch_channel_media_ready(channel)) cti_visit_wait(visit, session, LOOK_AROUND_MS);
}

/* ---- what is said ---- */

void cti_hear_file(switch_core_session_t *session, cti_visit *visit, const char *file)
{
	switch_input_args_t args = {.input_callback = take_input, .read_frame_callback = until_over, .user_data = visit};
	if (!cti_visit_over(visit)) switch_ivr_play_file(session, NULL, file, &args);
}

static void say(switch_core_session_t *session, cti_visit *visit, const char *what, const char *type)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	switch_input_args_t args = {.input_callback = take_input, .read_frame_callback = until_over, .user_data = visit};
	if (switch_channel_ready(channel) && !cti_visit_over(visit))
		switch_ivr_say(session, what, NULL, type, "pronounced", NULL, &args);
}

/* Nobody wants the seconds of what is an estimate. */
static void say_wait(switch_core_session_t *session, cti_visit *visit, const char *seconds)
{
	char minutes[24];
	snprintf(minutes, sizeof minutes, "%lld", (strtoll(seconds, NULL, 10) + 59) / 60 * 60);
	cti_hear_file(session, visit, BEFORE_WAIT);
	say(session, visit, minutes, "time_measurement");
}

static void hear_saying(switch_core_session_t *session, cti_visit *visit, const cti_saying *saying)
{
	switch (saying->kind) {
	case CTI_SAY_POSITION:
		cti_hear_file(session, visit, BEFORE_POSITION);
		say(session, visit, saying->what, "number");
		break;
	case CTI_SAY_WAIT:
		say_wait(session, visit, saying->what);
		break;
	case CTI_SAY_FILE:
		cti_hear_file(session, visit, saying->what);
		break;
	case CTI_SAY_MUSIC:
		break;
	}
}

/* ---- in a queue ---- */

static bool hear_music_of(switch_core_session_t *session, cti_visit *visit)
{
	switch_channel_t *channel = switch_core_session_get_channel(session);
	char *engines = cti_visit_music(visit);
	const char *music = engines ? switch_core_session_strdup(session, engines)
	                            : switch_channel_get_variable(channel, "cti_queue_music");
	free(engines);
	if (!zstr(music) && !strcasecmp(music, "ringback")) return cti_hear_ringback(session, visit);
	return cti_hear_music(session, visit, music);
}

/* What is to be heard comes one after the other; music is what there is between. */
void cti_hear_queue(switch_core_session_t *session, cti_visit *visit)
{
	enum { FIRST_WORD_MS = 50 };
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_visit_wait(visit, session, FIRST_WORD_MS); /* the engine may name other music: not a snatch of this one */
	while (switch_channel_ready(channel) && !cti_visit_over(visit)) {
		cti_saying *saying = cti_visit_saying(visit);
		if (saying) hear_saying(session, visit, saying);
		else if (!hear_music_of(session, visit)) hear_silence(session, visit);
		free(saying);
	}
}
