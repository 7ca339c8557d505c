-- State changes lie by the start of their participant, so that those of participants of the same time share pages: a commit
-- writes each page that it changes, and ids are random. The start also tells uses of an id apart, which views had to find out.
DROP VIEW cdr_timeline;

CREATE TABLE state_by_start (
    start_millis INTEGER NOT NULL, -- of the participant
    party_id     TEXT NOT NULL,
    ordinal      INTEGER NOT NULL, -- 1, 2, ... per party, going on where it goes on in another call
    call_id      TEXT NOT NULL,
    state        TEXT NOT NULL,    -- Idle, Dialing, Ringing, Talk, Held, Released
    at_millis    INTEGER NOT NULL,
    other_dn     TEXT NOT NULL,
    clause       TEXT NOT NULL,    -- the clause of the call model whose row was taken
    PRIMARY KEY (start_millis, party_id, ordinal, at_millis)
) STRICT, WITHOUT ROWID;

INSERT INTO state_by_start
SELECT coalesce(party_start_millis, 0), party_id, ordinal, call_id, state, at_millis, other_dn, clause
  FROM participant_state
 ORDER BY 1, 2, 3, 6;

DROP VIEW participant_state;
DROP TABLE party_state;
ALTER TABLE state_by_start RENAME TO party_state;

-- Finds a call by a participant's id. Who began it has the call's own.
CREATE INDEX party_named ON party (party_id) WHERE party_id <> call_id;

-- The life of a participant: each state and how long it lasted, also when it lasted over a move into another call.
CREATE VIEW cdr_timeline AS
SELECT p.call_id,
       p.party_id,
       s.ordinal,
       s.state,
       s.at_millis,
       (SELECT n.at_millis FROM party_state n
         WHERE n.start_millis = p.start_millis AND n.party_id = p.party_id AND n.ordinal > s.ordinal
           AND s.state <> 'Released'
         ORDER BY n.ordinal LIMIT 1) - s.at_millis AS lasted_millis,
       s.other_dn,
       s.clause
  FROM party p
  JOIN party_state s ON s.start_millis = p.start_millis AND s.party_id = p.party_id AND s.call_id = p.call_id;
