-- The call center: who works in it and for what, what state its agents are in, and why each caller went where he went.
-- Times are Unix ms and durations ms unless a name says otherwise.

CREATE TABLE agent (
    id                INTEGER PRIMARY KEY,
    agent_uuid        TEXT NOT NULL UNIQUE,
    agent_id          TEXT NOT NULL,    -- work number; may be empty
    name              TEXT NOT NULL,
    dn                TEXT NOT NULL,    -- where he logs in unless he says otherwise
    mobile            TEXT NOT NULL,
    mobile_accept     TEXT NOT NULL,    -- never, offline, always
    max_calls         INTEGER NOT NULL,
    wrap_up_millis    INTEGER NOT NULL, -- negative: the queue's
    ring_millis       INTEGER NOT NULL, -- 0 or less: the queue's
    missed_policy     TEXT NOT NULL,    -- none, not-ready, logout
    reject_policy     TEXT NOT NULL,    -- the same, as the next two
    busy_policy       TEXT NOT NULL,
    unreached_policy  TEXT NOT NULL,
    missed_max        INTEGER NOT NULL,
    after_missed      INTEGER NOT NULL,
    after_reject      INTEGER NOT NULL,
    after_busy        INTEGER NOT NULL,
    after_unreached   INTEGER NOT NULL,
    idle_logout       INTEGER NOT NULL,
    device_lost       TEXT NOT NULL,    -- stay, logout
    nailed_up         INTEGER NOT NULL,
    login_at_start    INTEGER NOT NULL,
    duplicate_policy  TEXT NOT NULL     -- refuse, replace
) STRICT;

CREATE UNIQUE INDEX agent_work_number ON agent (agent_id) WHERE agent_id <> '';

CREATE TABLE queue (
    id                  INTEGER PRIMARY KEY,
    queue_id            TEXT NOT NULL UNIQUE,
    name                TEXT NOT NULL,
    strategy            TEXT NOT NULL,
    ring_millis         INTEGER NOT NULL,
    progress_millis     INTEGER NOT NULL,
    wrap_up_millis      INTEGER NOT NULL,
    wrap_up_untimed     INTEGER NOT NULL,
    level1_after_millis INTEGER NOT NULL,
    level2_after_millis INTEGER NOT NULL,
    level3_after_millis INTEGER NOT NULL,
    level4_after_millis INTEGER NOT NULL,
    level5_after_millis INTEGER NOT NULL,
    skip_empty_levels   INTEGER NOT NULL, -- a level without anybody logged in is not waited for
    last_seat_millis    INTEGER NOT NULL,
    priority_millis     INTEGER NOT NULL,
    since_call          INTEGER NOT NULL, -- a caller's turn counts from the beginning of his call
    max_length          INTEGER NOT NULL,
    max_wait_millis     INTEGER NOT NULL,
    nobody_on_millis    INTEGER NOT NULL,
    nobody_ready        INTEGER NOT NULL,
    resume_millis       INTEGER NOT NULL,
    exit_keys           TEXT NOT NULL,
    callback_key        TEXT NOT NULL,
    music               TEXT NOT NULL,
    welcome             TEXT NOT NULL,
    announce            TEXT NOT NULL,
    announce_millis     INTEGER NOT NULL,
    announce_position   INTEGER NOT NULL,
    announce_wait       INTEGER NOT NULL,
    record_template     TEXT NOT NULL,
    time_zone           TEXT NOT NULL     -- of the hours; empty: setting time-zone
) STRICT;

CREATE TABLE queue_overflow (
    queue_id TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,
    happens  TEXT NOT NULL, -- timeout, full, nobody-on, nobody-ready, key, closed, blacklisted
    kind     TEXT NOT NULL, -- queue, number, voicemail, hangup; empty: on in the dialplan
    target   TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Callers who are turned away.
CREATE TABLE queue_blacklist (
    queue_id TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,
    number   TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Weekly hours. A queue without any is always open, but for its holidays.
CREATE TABLE queue_hours (
    queue_id    TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,
    weekday     INTEGER NOT NULL, -- 0 Sunday to 6 Saturday
    from_minute INTEGER NOT NULL, -- of the day, by the clock on the wall
    to_minute   INTEGER NOT NULL, -- not after from_minute: on the next day
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Days on which these hours are in force and not the weekly ones; 0 to 0 is closed.
CREATE TABLE queue_holiday (
    queue_id    TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,
    day         TEXT NOT NULL,    -- 2026-12-25, or 12-25 for each year
    from_minute INTEGER NOT NULL,
    to_minute   INTEGER NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Who works for which queue.
CREATE TABLE tier (
    id         INTEGER PRIMARY KEY,
    agent_uuid TEXT NOT NULL,
    queue_id   TEXT NOT NULL,
    level      INTEGER NOT NULL, -- 1 (best) to 5; 0: 3
    position   INTEGER NOT NULL,
    UNIQUE (agent_uuid, queue_id)
) STRICT;

CREATE INDEX tier_queue ON tier (queue_id);

-- The state of each agent, which a restart begins with.
CREATE TABLE agent_state (
    agent_uuid        TEXT PRIMARY KEY,
    agent_id          TEXT NOT NULL,
    dn                TEXT NOT NULL,
    phone_type        INTEGER NOT NULL,
    state             TEXT NOT NULL,    -- LoggedOut, Ready, NotReady, AfterCallWork
    reason_code       INTEGER NOT NULL,
    login_state       INTEGER NOT NULL, -- after-call work leads to: 1 ready, 2 not ready
    wrap_until_millis INTEGER NOT NULL,
    call_id           TEXT NOT NULL,
    party_id          TEXT NOT NULL,
    at_millis         INTEGER NOT NULL,
    calls_taken       INTEGER NOT NULL,
    talk_millis       INTEGER NOT NULL,
    next_state        TEXT NOT NULL,    -- reserved for after his call
    next_reason       INTEGER NOT NULL,
    idle_queues       TEXT NOT NULL,    -- those of his that he has not logged in for, separated by blanks
    login_millis      INTEGER NOT NULL  -- since when he has been logged in; 0: he is not
) STRICT, WITHOUT ROWID;

-- And each state that an agent ever had.
CREATE TABLE agent_state_log (
    id                INTEGER PRIMARY KEY,
    agent_uuid        TEXT NOT NULL,
    agent_id          TEXT NOT NULL,
    dn                TEXT NOT NULL,
    phone_type        INTEGER NOT NULL,
    state             TEXT NOT NULL,
    reason_code       INTEGER NOT NULL,
    login_state       INTEGER NOT NULL,
    wrap_until_millis INTEGER NOT NULL,
    call_id           TEXT NOT NULL,
    party_id          TEXT NOT NULL,
    at_millis         INTEGER NOT NULL,
    calls_taken       INTEGER NOT NULL,
    talk_millis       INTEGER NOT NULL,
    next_state        TEXT NOT NULL,
    next_reason       INTEGER NOT NULL,
    idle_queues       TEXT NOT NULL,
    UNIQUE (agent_uuid, at_millis, state, reason_code, dn, call_id, party_id, wrap_until_millis, calls_taken, next_state,
            idle_queues)
) STRICT;

CREATE INDEX agent_state_log_at ON agent_state_log (at_millis);

-- The queue that a participant's call came from, or in which he waited, and whose phone it is.
ALTER TABLE party ADD COLUMN queue_id TEXT NOT NULL DEFAULT '';
ALTER TABLE party ADD COLUMN agent_uuid TEXT NOT NULL DEFAULT '';

CREATE INDEX party_queue ON party (queue_id, start_millis) WHERE queue_id <> '';
CREATE INDEX party_agent ON party (agent_uuid, start_millis) WHERE agent_uuid <> '';

-- A stay of a caller in a queue.
CREATE TABLE queue_stay (
    id             INTEGER PRIMARY KEY,
    call_id        TEXT NOT NULL,
    party_id       TEXT NOT NULL,
    queue_id       TEXT NOT NULL,
    caller_dn      TEXT NOT NULL,
    priority       INTEGER NOT NULL,
    entered_millis INTEGER NOT NULL,
    left_millis    INTEGER NOT NULL,
    outcome        TEXT NOT NULL,    -- answered, abandoned, elsewhere, interrupted, or why he was sent on: timeout, full ...
    agent_uuid     TEXT NOT NULL,    -- who answered
    offers         INTEGER NOT NULL,
    position       INTEGER NOT NULL, -- when it entered
    callback       INTEGER NOT NULL, -- 1: nobody waits, he is to be called back at caller_dn
    open           INTEGER NOT NULL,
    UNIQUE (call_id, party_id, queue_id, entered_millis)
) STRICT;

CREATE INDEX queue_stay_queue ON queue_stay (queue_id, entered_millis);
CREATE INDEX queue_stay_entered ON queue_stay (entered_millis);
CREATE INDEX queue_stay_open ON queue_stay (id) WHERE open = 1;

-- A phone called for a caller: who could have had him, why this agent, and what came of it.
CREATE TABLE offer (
    id              INTEGER PRIMARY KEY,
    call_id         TEXT NOT NULL,
    party_id        TEXT NOT NULL,    -- of the agent
    queue_id        TEXT NOT NULL,
    agent_uuid      TEXT NOT NULL,
    agent_dn        TEXT NOT NULL,
    at_millis       INTEGER NOT NULL,
    strategy        TEXT NOT NULL,
    level           INTEGER NOT NULL,
    waited_millis   INTEGER NOT NULL,
    candidates      TEXT NOT NULL,    -- JSON, best first, each with what he was judged by
    candidate_count INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    end_millis      INTEGER NOT NULL,
    outcome         TEXT NOT NULL,    -- answered, no-answer, rejected, busy, unreachable, lost, caller-left, failed, interrupted
    open            INTEGER NOT NULL,
    UNIQUE (call_id, agent_uuid, party_id, at_millis)
) STRICT;

CREATE INDEX offer_agent ON offer (agent_uuid, at_millis);
CREATE INDEX offer_at ON offer (at_millis);

-- A stay and an offer, each with the start of its call, told from others of the same id as a participant is.
CREATE VIEW stay AS
SELECT s.*,
       coalesce((SELECT max(c.start_millis) FROM call c
                  WHERE c.call_id = s.call_id AND c.start_millis <= s.entered_millis),
                (SELECT min(c.start_millis) FROM call c WHERE c.call_id = s.call_id)) AS call_start_millis
  FROM queue_stay s;

CREATE VIEW offered AS
SELECT o.*,
       coalesce((SELECT max(c.start_millis) FROM call c
                  WHERE c.call_id = o.call_id AND c.start_millis <= o.at_millis),
                (SELECT min(c.start_millis) FROM call c WHERE c.call_id = o.call_id)) AS call_start_millis
  FROM offer o;

-- Why did this call go there: each phone that was called for it.
CREATE VIEW cdr_offer AS
SELECT o.call_id,
       o.call_start_millis,
       o.queue_id,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.at_millis / 1000.0, 'unixepoch') AS offered,
       o.waited_millis / 1000.0 AS waited_sec,
       coalesce(a.name, '') AS agent,
       o.agent_uuid,
       o.agent_dn,
       o.strategy,
       o.level,
       o.reason,
       o.candidate_count,
       o.candidates,
       iif(o.end_millis > 0, (o.end_millis - o.at_millis) / 1000.0, NULL) AS rang_sec,
       iif(o.open = 1, 'open', o.outcome) AS outcome,
       o.party_id
  FROM offered o
  LEFT JOIN agent a ON a.agent_uuid = o.agent_uuid;

-- How long callers waited, a day (of the clock of the machine that asks) and queue.
CREATE VIEW queue_day AS
SELECT date(entered_millis / 1000.0, 'unixepoch', 'localtime') AS day,
       queue_id,
       sum(callback = 0) AS entered,
       sum(callback = 1) AS callbacks,
       sum(outcome = 'answered') AS answered,
       sum(outcome = 'abandoned') AS abandoned,
       sum(open = 0 AND outcome NOT IN ('answered', 'abandoned')) AS sent_on,
       sum(open AND callback = 0) AS waiting,
       avg(iif(outcome = 'answered', left_millis - entered_millis, NULL)) / 1000.0 AS answer_sec,
       max(iif(open = 0, left_millis - entered_millis, 0)) / 1000.0 AS longest_sec,
       sum(iif(open = 0, left_millis - entered_millis, 0)) / 1000.0 AS waited_sec,
       sum(offers) AS offers
  FROM queue_stay
 GROUP BY day, queue_id;

-- The call's queue is the one that served it, else the last it was in.
DROP VIEW cdr;

CREATE VIEW cdr AS
SELECT c.call_id,
       c.company_id,
       c.call_type,
       c.this_dn AS caller,
       c.other_dn AS callee,
       c.ani,
       c.dnis,
       strftime('%Y-%m-%dT%H:%M:%fZ', c.start_millis / 1000.0, 'unixepoch') AS started,
       iif(c.answer_millis > 0, strftime('%Y-%m-%dT%H:%M:%fZ', c.answer_millis / 1000.0, 'unixepoch'), '') AS answered,
       iif(c.end_millis > 0, strftime('%Y-%m-%dT%H:%M:%fZ', c.end_millis / 1000.0, 'unixepoch'), '') AS ended,
       iif(c.end_millis > 0, (c.end_millis - c.start_millis) / 1000.0, NULL) AS duration_sec,
       iif(c.answer_millis > 0, (c.answer_millis - c.start_millis) / 1000.0, NULL) AS wait_sec,
       iif(c.answer_millis > 0 AND c.end_millis > 0, (c.end_millis - c.answer_millis) / 1000.0, 0) AS talk_sec,
       (SELECT count(*) FROM participant p
         WHERE p.call_id = c.call_id AND p.call_start_millis = c.start_millis) AS parties,
       (SELECT coalesce(group_concat(dn, ','), '')
          FROM (SELECT p.this_dn AS dn FROM participant p
                 WHERE p.call_id = c.call_id AND p.call_start_millis = c.start_millis
                   AND p.party_role = 'Agent' AND p.answer_millis > 0
                 ORDER BY p.answer_millis, p.id)) AS agents,
       c.hangup_cause,
       c.hangup_side,
       iif(c.open = 1, 'open', c.end_reason) AS end_reason,
       c.merged_into,
       c.adopted,
       c.attached_data,
       coalesce((SELECT s.queue_id FROM stay s
                  WHERE s.call_id = c.call_id AND s.call_start_millis = c.start_millis
                  ORDER BY s.outcome = 'answered' DESC, s.id DESC LIMIT 1), '') AS queue_id,
       (SELECT sum(iif(s.open = 0, s.left_millis - s.entered_millis, 0)) / 1000.0 FROM stay s
         WHERE s.call_id = c.call_id AND s.call_start_millis = c.start_millis) AS queue_sec
  FROM call c;

DROP VIEW cdr_party;

CREATE VIEW cdr_party AS
SELECT p.call_id,
       c.call_type,
       p.party_id,
       p.leg_uuid,
       p.party_role,
       p.dn_role,
       p.this_dn,
       p.other_dn,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.start_millis / 1000.0, 'unixepoch') AS started,
       iif(p.answer_millis > 0, strftime('%Y-%m-%dT%H:%M:%fZ', p.answer_millis / 1000.0, 'unixepoch'), '') AS answered,
       iif(p.end_millis > 0, strftime('%Y-%m-%dT%H:%M:%fZ', p.end_millis / 1000.0, 'unixepoch'), '') AS ended,
       p.answer_sec,
       p.bill_sec,
       p.hold_millis_total / 1000.0 AS hold_sec,
       p.hangup_cause,
       p.switch_cause,
       p.hangup_side,
       p.disposition,
       p.open,
       p.queue_id,
       p.agent_uuid
  FROM participant p
  LEFT JOIN call c ON c.call_id = p.call_id AND c.start_millis = p.call_start_millis;
