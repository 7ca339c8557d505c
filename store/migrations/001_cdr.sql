-- Call detail records: one row a call, one a participant, one a state change of a participant.
-- Times are Unix ms, 0 when it never happened. A row is open until its end is known; its first end stands.

CREATE TABLE identity (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id             INTEGER PRIMARY KEY,
    call_id        TEXT NOT NULL UNIQUE,
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
    end_reason     TEXT NOT NULL,    -- normal, merged, interrupted, vanished; empty while open
    merged_into    TEXT NOT NULL,    -- the call that its participants went on in
    adopted        INTEGER NOT NULL, -- 1: it was up before the module was loaded
    attached_data  TEXT NOT NULL,    -- one JSON object
    open           INTEGER NOT NULL
) STRICT;

CREATE INDEX call_start ON call (start_millis);
CREATE INDEX call_ani ON call (ani, start_millis);
CREATE INDEX call_open ON call (id) WHERE open = 1;

CREATE TABLE party (
    id                 INTEGER PRIMARY KEY,
    party_id           TEXT NOT NULL UNIQUE,
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
    open               INTEGER NOT NULL
) STRICT;

CREATE INDEX party_call ON party (call_id);
CREATE INDEX party_this_dn ON party (this_dn, start_millis);
CREATE INDEX party_other_dn ON party (other_dn, start_millis);

CREATE TABLE party_state (
    party_id  TEXT NOT NULL,
    ordinal   INTEGER NOT NULL, -- 1, 2, ... per party
    call_id   TEXT NOT NULL,
    state     TEXT NOT NULL,    -- Idle, Dialing, Ringing, Talk, Held, Released
    at_millis INTEGER NOT NULL,
    other_dn  TEXT NOT NULL,
    clause    TEXT NOT NULL,    -- the clause of the call model whose row was taken
    PRIMARY KEY (party_id, ordinal)
) STRICT, WITHOUT ROWID;

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
       (SELECT count(*) FROM party p WHERE p.call_id = c.call_id) AS parties,
       (SELECT coalesce(group_concat(dn, ','), '')
          FROM (SELECT p.this_dn AS dn FROM party p
                 WHERE p.call_id = c.call_id AND p.party_role = 'Agent' AND p.answer_millis > 0
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
  FROM party p
  LEFT JOIN call c ON c.call_id = p.call_id;

-- The life of a participant: each state and how long it lasted.
CREATE VIEW cdr_timeline AS
SELECT s.call_id,
       s.party_id,
       s.ordinal,
       s.state,
       s.at_millis,
       lead(s.at_millis) OVER (PARTITION BY s.party_id ORDER BY s.ordinal) - s.at_millis AS lasted_millis,
       s.other_dn,
       s.clause
  FROM party_state s;
