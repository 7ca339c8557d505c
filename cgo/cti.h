/*
 * cti.h - the contract between the host (mod_cti.so, or any C program) and the engine (libcti.so).
 *
 * Written by hand and included by both sides, so that a drifting signature fails the build.
 *
 * Threads
 *   cti_start, cti_stop, cti_reload, cti_query and cti_version run Go code. Call them from one thread at a time, which
 *   the host made for it: SCHED_OTHER, asynchronous signals blocked, at least 1 MiB of stack. No thread of the switch
 *   calls them. Everything else here is C and may be called by any thread.
 *
 * Who owns what
 *   The ring belongs to the host: cti_ring_new before cti_start, cti_ring_free after cti_stop. Records are copied in
 *   and copied out; neither side keeps a pointer into it. The box of events to fire (cti_outbox.h) is the host's in the
 *   same way, and lives as long.
 *   The host's functions (cti_host) are called by the engine's threads. Their arguments belong to the engine and end
 *   with the call: the host copies what it keeps. They never block and never call back into the engine.
 *   Text that cti_query returns is allocated by the engine with malloc; the host frees it with free.
 *   Error text goes into the caller's buffer and always ends in NUL.
 *   No Go pointer ever reaches the host, and no host pointer outlives cti_stop in the engine.
 *
 * Results: 0 is success, a negative CTI_E* is failure.
 */
#ifndef CTI_H
#define CTI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_ABI 3u /* both sides refuse to work with another number */

#define CTI_EINVAL (-1)  /* an argument or a setting is wrong; the error text names it */
#define CTI_ESTATE (-2)  /* started twice, or not started */
#define CTI_EFULL (-3)   /* a bounded queue has no room; nothing was queued */
#define CTI_EFAIL (-4)   /* the engine could not start; the error text names the cause */
#define CTI_ETIME (-5)   /* the deadline passed first */

/* Kinds of record. Meanings: engine/input.go, which uses the same numbers. */
enum cti_kind {
	CTI_LEG_CREATED = 1,
	CTI_LEG_OUTGOING = 2,
	CTI_LEG_RINGING = 3,
	CTI_LEG_PROGRESS = 4,
	CTI_LEG_ANSWERED = 5,
	CTI_LEG_BRIDGED = 6,
	CTI_LEG_UNBRIDGED = 7,
	CTI_LEG_HELD = 8,
	CTI_LEG_UNHELD = 9,
	CTI_LEG_TRANSFERRED = 10,
	CTI_LEG_EXECUTED = 11,
	CTI_LEG_RENAMED = 12,
	CTI_LEG_HANGUP = 13,
	CTI_LEG_ENDED = 14,
	CTI_LEG_DESTROYED = 15,
	CTI_LEG_LOOPED = 16,
	CTI_ROOM_JOINED = 17,
	CTI_ROOM_LEFT = 18,
	CTI_SNAPSHOT_BEGIN = 19,
	CTI_LEG_FOUND = 20,
	CTI_SNAPSHOT_END = 21,
	CTI_RECORDS_LOST = 22,
	CTI_COMMAND_DONE = 23,
	CTI_LEG_DTMF = 24,
	CTI_LEG_RECORD_STARTED = 25,
	CTI_LEG_RECORD_STOPPED = 26,
	CTI_DEVICE_LOST = 27,
	CTI_DEVICE_FOUND = 28
};

#define CTI_FLAG_LOOPBACK (1u << 0)
#define CTI_FLAG_TRUNCATED (1u << 1)
#define CTI_FLAG_MARKED (1u << 2)
#define CTI_FLAG_OBSERVER (1u << 3)
#define CTI_FLAG_PARKED (1u << 4) /* FOUND: it waits in a queue by a WAIT, and not in cti_queue */
#define CTI_FLAG_PLACED (1u << 5) /* FOUND: a command has put it where it is, or where it will be: nobody else will end it */
#define CTI_FLAG_ENGAGED (1u << 6) /* FOUND: and there it is in a room, listens, or speaks to a voicemail */

#define CTI_TEXT_BYTES 384

/*
 * One record: what a hook saw, 512 bytes. text holds NUL-terminated fields one after the other, text_len bytes in all:
 *   CREATED, FOUND, RENAMED  uuid, channel name, caller number, caller name, destination, directory user, context,
 *                            SIP Call-ID, variable cti_call_id
 *   TRANSFERRED              destination
 *   EXECUTED                 application, argument; that a channel is in cti_queue, and is to stay there, is told once more in
 *                            each snapshot, between its FOUND and SNAPSHOT_END: a caller is not lost with a record
 *   ROOM_JOINED, ROOM_LEFT   conference name
 *   DTMF                     the digits that the channel's far end sent
 *   RECORD_STARTED, _STOPPED the file
 *   DEVICE_LOST, _FOUND      the directory user whose last registration is gone, or who has one again, and what
 *                            FIND_DEVICE found; no channel
 *   others                   nothing
 * Fields missing at the end are empty. A field cut short sets CTI_FLAG_TRUNCATED.
 */
typedef struct cti_record {
	int64_t mono_ns;        /* CLOCK_MONOTONIC when the hook ran */
	int64_t wall_us;        /* CLOCK_REALTIME, Unix microseconds */
	uint8_t leg[16];        /* cti_leg_id of the channel's uuid */
	uint8_t other[16];      /* of the other channel that the kind speaks of, or zeros */
	uint64_t command;       /* COMMAND_DONE and SNAPSHOT_*: the command's id */
	uint32_t leg_seq;       /* counts this channel's records from 1; 0 = not counted */
	uint32_t flags;         /* CTI_FLAG_* */
	uint16_t kind;          /* enum cti_kind */
	uint16_t cause;         /* switch_call_cause_t; COMMAND_DONE: 0 = accepted */
	uint8_t direction;      /* 1 inbound, 2 outbound */
	uint8_t call_state;     /* FOUND: 0 down, 1 ringing, 2 early, 3 active, 4 held, 5 hangup */
	uint8_t disposition;    /* 0 none, 1-3 recv_bye, recv_cancel, recv_refuse, 4-6 send_... */
	uint8_t reserved;
	uint16_t text_len;
	uint16_t reserved2[3];
	int64_t times_us[6];    /* FOUND: created, progress, early media, answered, bridged, held; Unix us, 0 = never */
	char text[CTI_TEXT_BYTES];
} cti_record;

/*
 * Commands. Meanings: engine/output.go, which uses the same numbers. The cause of COMMAND_DONE: 0 accepted,
 * 81 no such channel, 95 a variable, value or mode that may not be used, 101 not to a channel as this one is now (it
 * only rings, is held already, is not recorded ...), 102 the deadline passed first, else the switch's cause. A snapshot
 * that was told whole is answered by SNAPSHOT_END alone. A snapshot with command 0 is told unasked when the host has
 * begun. Commands with the same call_id are carried out one after the other, in order; without one, those of the same
 * uuid; the others side by side. BRIDGE, WAIT, JOIN_ROOM, VOICEMAIL and EAVESDROP are answered when the channel is there. No
 * command waits for a phone: what a phone does comes as a record.
 *
 *   SET_VARIABLE   name begins with cti_
 *   HANGUP         ends the channel with cause; an ORIGINATE of that uuid that is under way or queued is cancelled at
 *                  once, ahead of its strand: it is answered with that cause and no record ever tells of the channel
 *   ORIGINATE      makes one channel with this uuid to the dial string value, with the variables cti_call_id = call_id
 *                  and no others that a client could choose, caller_number and caller_name as its caller. Once
 *                  answered it waits in silence. It rings until it answers, fails or is hung up. With name kept the
 *                  channel outlives what it is in: it is parked in silence, not ended, when its bridge ends because
 *                  the other did, or its room, or whom it listens to. Else name is empty. All phones that the dial
 *                  string stands for (user/ with several registrations) ring, and only one channel is told of: the
 *                  first to answer is it, or who declines (603) for all; the others end untold. Where that is not the
 *                  channel made with this uuid, RENAMED says so first. A command by the old uuid reaches it still.
 *   BRIDGE         joins the media of uuid and other_uuid, whatever they are in; one that called the switch and is not
 *                  answered yet is answered first. A channel that either was bridged with is parked, not ended,
 *                  unless it only rings. When one of the two ends, so does the other, unless it is kept: with name kept
 *                  uuid is while this bridge lasts, and is parked in silence when other_uuid ends. Of two that are joined
 *                  already only that is changed. Else name is empty.
 *   WAIT           takes the channel out of its bridge, room or application and plays name to it for ever: music,
 *                  ringback, silence or queue. Its partner in a bridge is parked, not ended. A caller who is not answered yet
 *                  stays so: ringback is then the switch's 180. With queue it hears what it would in cti_queue, and SAY
 *                  reaches it, until it is taken elsewhere; no RETURN ends it, and a host that goes away does not either.
 *   JOIN_ROOM      the channel enters the conference name; its partner in a bridge is parked. A channel whose room ends
 *                  ends with it, unless it is kept.
 *   HOLD, UNHOLD   re-INVITE toward the phone; music to the partner
 *   MUTE, UNMUTE   silence in place of what the channel's far end says
 *   SEND_DTMF      digits value toward the channel's far end
 *   ANSWER         NOTIFY talk toward the ringing phone
 *   EAVESDROP      uuid listens to other_uuid; name says who hears it: nobody, target, partner, both. It ends when
 *                  other_uuid does, unless it is kept.
 *   EAVESDROP_MODE name, as above
 *   RECORD_*       value is the file: an absolute path of letters, digits and /-_.+=@, whose ending names its format
 *   RETURN         the application cti_queue or cti_agent that the channel is in returns, with the result value in
 *                  cti_queue_result or cti_agent_result
 *   SAY            the channel, which waits in cti_queue or by a WAIT with queue, hears over its music: name position
 *                  (value: his place), wait (value: seconds) or file (value: the file). A BRIDGE does not wait for it. With
 *                  name music, value (a file or a stream) is its music from now on.
 *   VOICEMAIL      the channel is taken out of its bridge, room or application, answered, and put into the switch's
 *                  application voicemail for the box value, of the profile name; a domain other than the switch's own
 *                  stands behind it. When that is over the channel ends. 79 where the switch has no such application:
 *                  nothing is done then.
 *   PRESENCE       of no channel, carried out at once and not answered: phones' keys that watch name+uuid, which is
 *                  agent or queue and its id, show value: terminated, early, confirmed, or gone (there is none any
 *                  more), and caller_name to people
 *   FIND_DEVICE    of no channel, carried out at once and not answered: DEVICE_FOUND or DEVICE_LOST says, shortly after,
 *                  whether any phone that the dial string value stands for is registered: of a directory user (user/) or
 *                  of a name at a profile (sofia/profile/name%host). A user who is called where nobody registers is found, and of
 *                  other dial strings nothing is told. Lost is told when none has come within deadline_ms.
 */
enum cti_command_kind {
	CTI_CMD_SNAPSHOT = 1,
	CTI_CMD_SET_VARIABLE = 2,
	CTI_CMD_HANGUP = 3,
	CTI_CMD_ORIGINATE = 4,
	CTI_CMD_BRIDGE = 5,
	CTI_CMD_WAIT = 6,
	CTI_CMD_JOIN_ROOM = 7,
	CTI_CMD_HOLD = 8,
	CTI_CMD_UNHOLD = 9,
	CTI_CMD_MUTE = 10,
	CTI_CMD_UNMUTE = 11,
	CTI_CMD_SEND_DTMF = 12,
	CTI_CMD_ANSWER = 13,
	CTI_CMD_EAVESDROP = 14,
	CTI_CMD_EAVESDROP_MODE = 15,
	CTI_CMD_RECORD_START = 16,
	CTI_CMD_RECORD_STOP = 17,
	CTI_CMD_RECORD_PAUSE = 18,
	CTI_CMD_RECORD_RESUME = 19,
	CTI_CMD_RETURN = 20,
	CTI_CMD_SAY = 21,
	CTI_CMD_PRESENCE = 22,
	CTI_CMD_VOICEMAIL = 23,
	CTI_CMD_FIND_DEVICE = 24
};

typedef struct cti_command {
	uint64_t id;
	const char *uuid;  /* the channel, as the switch spells it; no text is NULL */
	const char *other_uuid;
	const char *name;
	const char *value;
	const char *call_id;
	const char *caller_number;
	const char *caller_name;
	int64_t deadline_ms; /* from now; 0 = none */
	uint16_t kind;     /* enum cti_command_kind */
	uint16_t cause;    /* HANGUP */
} cti_command;

/* What the host fires as CUSTOM cti::event, as it finds it in the box. */
typedef struct cti_fired {
	const char *message_id, *call_id, *party_id, *this_dn, *agent_uuid, *company_id;
	uint64_t seq;
	const char *body; /* the JSON, NUL-terminated */
} cti_fired;

/* cgo declares parameters without const: typedefs carry it across. */
typedef const char *cti_str;
typedef const cti_command *cti_command_ref;

struct cti_ring;
struct cti_outbox;

typedef struct cti_host {
	uint32_t abi;           /* CTI_ABI */
	struct cti_ring *ring;
	int (*submit)(cti_command_ref command); /* queue for a command worker: 0 or CTI_EFULL */
	struct cti_outbox *outbox;              /* events to fire go in here; NULL = do not fire */
	void (*log)(int level, cti_str text);   /* level 0 error, 1 warning, 2 notice, 3 info, 4 debug */
} cti_host;

/* One row of the configuration, in file order. section: "settings", "tokens", "dial-plan". */
typedef struct cti_setting {
	const char *section;
	const char *name;
	const char *value;
	int32_t line; /* of the file, 0 = unknown */
	int32_t item; /* which element of its section, from 0: <token> and <rule> have several values each */
} cti_setting;

typedef const cti_host *cti_host_ref;
typedef const cti_setting *cti_settings_ref;

/*
 * cti_start brings up store, engine and doors and begins to read the ring. On failure nothing is left running and
 * error says why in one line. The engine keeps its own copy of host and settings.
 */
int32_t cti_start(cti_host_ref host, cti_settings_ref settings, int32_t count, char *error, int32_t error_bytes);

/*
 * cti_reload puts new settings in force, or keeps the old ones whole (CTI_EINVAL) and says why. With CTI_EFAIL what could
 * not be read stays as it was, and all else is in force: error says what.
 */
int32_t cti_reload(cti_settings_ref settings, int32_t count, char *error, int32_t error_bytes);

/*
 * cti_stop closes the doors, writes what is open to the store and returns when no thread of the engine will touch the
 * host again, or CTI_ETIME after timeout_ms, when the host must keep its ring and functions for ever.
 */
int32_t cti_stop(int32_t timeout_ms);

/* cti_query answers one `cti` command line (without the word cti). The text is the host's to free(). Never NULL. */
char *cti_query(cti_str command);

/* cti_version: "mod_cti 0.1.0 ..."; static text of the engine, never freed. */
cti_str cti_version(void);

#ifdef __cplusplus
}
#endif

#endif
