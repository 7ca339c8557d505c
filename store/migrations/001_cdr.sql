-- Call detail records: one row a call, one a participant, one a state change of a participant.
-- Times are Unix ms, 0 when it never happened. A row is open until its end is known; its first end stands.
-- The switch may use a channel's uuid again, and with it the ids made of it: a start tells one use from another.
-- Who goes on in another call has a row in both; his row in the one that he left has no end_millis.

CREATE TABLE identity (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id             INTEGER PRIMARY KEY,
    call_id        TEXT NOT NULL,
    company_id     TEXT NOT NULL,
    call_type      TEXT NOT NULL,    -- Inbound, Outbound, Internal, Consult
    this_dn        TEXT NOT NULL,    -- who began it
    other_dn       TEXT NOT NULL,    -- whom it was for
    ani            TEXT NOT NULL,
    dnis           TEXT NOT NULL,
    make_call_type TEXT NOT NULL,
    start_millis   INTEGER NOT NULL,
    answer_millis  INTEGER NOT NULL, -- first participant established
    bridge_millis  INTEGER NOT NULL,
    end_millis     INTEGER NOT NULL,
    hangup_cause   TEXT NOT NULL,
    hangup_side    TEXT NOT NULL,    -- agent, customer, system
    end_reason     TEXT NOT NULL,    -- normal, merged, interrupted, vanished, faulted; empty while open
    merged_into    TEXT NOT NULL,    -- the call that its participants went on in
    adopted        INTEGER NOT NULL, -- 1: it was up before the module was loaded
    attached_data  TEXT NOT NULL,    -- one JSON object
    open           INTEGER NOT NULL,
    UNIQUE (call_id, start_millis)
) STRICT;

CREATE INDEX call_start ON call (start_millis);
CREATE INDEX call_ani ON call (ani, start_millis);
CREATE INDEX call_open ON call (id) WHERE open = 1;

CREATE TABLE party (
    id                 INTEGER PRIMARY KEY,
    party_id           TEXT NOT NULL,
    call_id            TEXT NOT NULL,
    leg_uuid           TEXT NOT NULL,
    sip_call_id        TEXT NOT NULL,
    party_role         TEXT NOT NULL,    -- Customer, Agent, VirtualAgent, Supervisor, ThirdPSTN
    dn_role            TEXT NOT NULL,    -- Origination, Destination, ...
    this_dn            TEXT NOT NULL,
    other_dn           TEXT NOT NULL,
    caller_name        TEXT NOT NULL,
    start_millis       INTEGER NOT NULL,
    progress_millis    INTEGER NOT NULL,
    answer_millis      INTEGER NOT NULL,
    bridge_millis      INTEGER NOT NULL,
    last_hold_millis   INTEGER NOT NULL,
    hold_millis_total  INTEGER NOT NULL,
    end_millis         INTEGER NOT NULL,
    answer_sec         INTEGER NOT NULL, -- start to answer
    bill_sec           INTEGER NOT NULL, -- answer to end
    hangup_cause       TEXT NOT NULL,    -- as in EventReleased
    switch_cause       TEXT NOT NULL,    -- the switch's own name for it
    hangup_side        TEXT NOT NULL,
    disposition        TEXT NOT NULL,
    call_state         TEXT NOT NULL,
    early_detect_cause INTEGER NOT NULL,
    open               INTEGER NOT NULL,
    UNIQUE (call_id, party_id, start_millis)
) STRICT;

CREATE INDEX party_this_dn ON party (this_dn, start_millis);
CREATE INDEX party_other_dn ON party (other_dn, start_millis);

CREATE TABLE party_state (
    party_id  TEXT NOT NULL,
    ordinal   INTEGER NOT NULL, -- 1, 2, ... per party, going on where it goes on in another call
    call_id   TEXT NOT NULL,
    state     TEXT NOT NULL,    -- Idle, Dialing, Ringing, Talk, Held, Released
    at_millis INTEGER NOT NULL,
    other_dn  TEXT NOT NULL,
    clause    TEXT NOT NULL,    -- the clause of the call model whose row was taken
    PRIMARY KEY (party_id, ordinal, at_millis)
) STRICT, WITHOUT ROWID;

-- A participant, and the start of its call: where the id was used again, of the last that began no later.
-- One that is older than every call of the id has moved into the first.
CREATE VIEW participant AS
SELECT p.*,
       coalesce((SELECT max(c.start_millis) FROM call c
                  WHERE c.call_id = p.call_id AND c.start_millis <= p.start_millis),
                (SELECT min(c.start_millis) FROM call c WHERE c.call_id = p.call_id)) AS call_start_millis
  FROM party p;

-- A state change, and the start of its participant, told from others of the same id in the same way.
CREATE VIEW participant_state AS
SELECT s.*,
       coalesce((SELECT max(p.start_millis) FROM party p
                  WHERE p.call_id = s.call_id AND p.party_id = s.party_id AND p.start_millis <= s.at_millis),
                (SELECT min(p.start_millis) FROM party p
                  WHERE p.call_id = s.call_id AND p.party_id = s.party_id)) AS party_start_millis
  FROM party_state s;

-- One row a call, with its times as text (UTC), its durations and the agents who answered.
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
       c.attached_data
  FROM call c;

-- One row a participant, beside its call.
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
       p.open
  FROM participant p
  LEFT JOIN call c ON c.call_id = p.call_id AND c.start_millis = p.call_start_millis;

-- The life of a participant: each state and how long it lasted, also when it lasted over a move into another call.
CREATE VIEW cdr_timeline AS
SELECT p.call_id,
       p.party_id,
       s.ordinal,
       s.state,
       s.at_millis,
       (SELECT n.at_millis FROM party_state n
         WHERE n.party_id = p.party_id AND n.ordinal > s.ordinal AND n.at_millis >= s.at_millis
           AND s.state <> 'Released'
         ORDER BY n.ordinal, n.at_millis LIMIT 1) - s.at_millis AS lasted_millis,
       s.other_dn,
       s.clause
  FROM party p
  JOIN participant_state s
    ON s.call_id = p.call_id AND s.party_id = p.party_id AND s.party_start_millis = p.start_millis;
