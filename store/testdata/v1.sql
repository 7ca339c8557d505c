PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE identity (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO identity VALUES('company_id','00112233445566778899aabbccddeeff');
INSERT INTO identity VALUES('epoch','41');
INSERT INTO identity VALUES('sdk_app_id','1412345678');
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
INSERT INTO call VALUES(1,'9e3779b100000001000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000001','1001','13800000001','02012345678','',1790000000050,1790000005250,1790000005251,1790000065251,'NORMAL_CLEARING','customer','normal','',0,'{"level":"gold","try":1}',0);
INSERT INTO call VALUES(2,'3c6ef36200000002000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000002','1002','13800000002','02012345678','',1790000000100,0,0,0,'','','','',0,'{"level":"gold","try":1}',1);
INSERT INTO call VALUES(3,'daa66d1300000003000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000003','1003','13800000003','02012345678','',1790000000150,1790000005350,1790000005351,1790000065351,'NORMAL_CLEARING','customer','normal','',0,'{"level":"gold","try":1}',0);
INSERT INTO call VALUES(4,'78dde6c400000004000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000004','1004','13800000004','02012345678','',1790000000200,1790000005400,1790000005401,1790000065401,'NORMAL_CLEARING','customer','merged','daa66d1300000003000000000000ca11',0,'{"level":"gold","try":1}',0);
INSERT INTO call VALUES(5,'1715607500000005000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000005','1005','13800000005','02012345678','',1790000000250,1790000005450,1790000005451,1790000065451,'NORMAL_CLEARING','customer','normal','',0,'{"level":"gold","try":1}',0);
INSERT INTO call VALUES(6,'1715607500000005000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000005','1005','13800000005','02012345678','',1790000100250,1790000105450,1790000105451,1790000165451,'NORMAL_CLEARING','customer','normal','',0,'{"level":"gold","try":1}',0);
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
INSERT INTO party VALUES(1,'85ebca7700000001000000000000000a','9e3779b100000001000000000000ca11','85ebca7700000001000000000000000a','sip-85ebca7700000001000000000000000a','Customer','Origination','13800000001','1001','Zoë',1790000000050,1790000000250,1790000005250,1790000005251,1790000009050,3000,1790000065250,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(2,'c2b2ae3d00000001000000000000000b','9e3779b100000001000000000000ca11','c2b2ae3d00000001000000000000000b','sip-c2b2ae3d00000001000000000000000b','Agent','Destination','1001','13800000001','Zoë',1790000000070,1790000000250,1790000005250,1790000005251,1790000009050,3000,1790000065250,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(3,'0bd794ee00000002000000000000000a','3c6ef36200000002000000000000ca11','0bd794ee00000002000000000000000a','sip-0bd794ee00000002000000000000000a','Customer','Origination','13800000002','1002','Zoë',1790000000100,0,0,0,0,0,0,0,0,'','','','','',0,1);
INSERT INTO party VALUES(4,'91c35f6500000003000000000000000a','daa66d1300000003000000000000ca11','91c35f6500000003000000000000000a','sip-91c35f6500000003000000000000000a','Customer','Origination','13800000003','1003','Zoë',1790000000150,1790000000350,1790000005350,1790000005351,1790000009150,3000,1790000065350,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(5,'48180ab700000003000000000000000b','daa66d1300000003000000000000ca11','48180ab700000003000000000000000b','sip-48180ab700000003000000000000000b','Agent','Destination','1003','13800000003','Zoë',1790000000170,1790000000350,1790000005350,1790000005351,1790000009150,3000,1790000065350,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(6,'17af29dc00000004000000000000000a','78dde6c400000004000000000000ca11','17af29dc00000004000000000000000a','sip-17af29dc00000004000000000000000a','Customer','Origination','13800000004','1004','Zoë',1790000000200,1790000000400,1790000005400,1790000005401,1790000009200,3000,1790000065400,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(7,'0acab8f400000004000000000000000b','78dde6c400000004000000000000ca11','0acab8f400000004000000000000000b','sip-0acab8f400000004000000000000000b','Agent','Destination','1004','13800000004','Zoë',1790000000220,0,0,0,0,0,0,0,0,'','','','','',0,0);
INSERT INTO party VALUES(8,'0acab8f400000004000000000000000b','daa66d1300000003000000000000ca11','0acab8f400000004000000000000000b','sip-0acab8f400000004000000000000000b','Agent','Destination','1004','13800000003','Zoë',1790000000220,1790000000420,1790000005420,1790000005421,1790000009220,3000,1790000065420,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(9,'9d9af45300000005000000000000000a','1715607500000005000000000000ca11','9d9af45300000005000000000000000a','sip-9d9af45300000005000000000000000a','Customer','Origination','13800000005','1005','Zoë',1790000000250,1790000000450,1790000005450,1790000005451,1790000009250,3000,1790000065450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(10,'cd7d673100000005000000000000000b','1715607500000005000000000000ca11','cd7d673100000005000000000000000b','sip-cd7d673100000005000000000000000b','Agent','Destination','1005','13800000005','Zoë',1790000000270,1790000000450,1790000005450,1790000005451,1790000009250,3000,1790000065450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(11,'9d9af45300000005000000000000000a','1715607500000005000000000000ca11','9d9af45300000005000000000000000a','sip-9d9af45300000005000000000000000a','Customer','Origination','13800000005','1005','Zoë',1790000100250,1790000100450,1790000105450,1790000105451,1790000109250,3000,1790000165450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
INSERT INTO party VALUES(12,'cd7d673100000005000000000000000b','1715607500000005000000000000ca11','cd7d673100000005000000000000000b','sip-cd7d673100000005000000000000000b','Agent','Destination','1005','13800000005','Zoë',1790000100270,1790000100450,1790000105450,1790000105451,1790000109250,3000,1790000165450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0);
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
INSERT INTO party_state VALUES('0acab8f400000004000000000000000b',1,'78dde6c400000004000000000000ca11','Ringing',1790000000400,'13800000004','3.1');
INSERT INTO party_state VALUES('0acab8f400000004000000000000000b',2,'78dde6c400000004000000000000ca11','Talk',1790000005400,'13800000004','3.1');
INSERT INTO party_state VALUES('0acab8f400000004000000000000000b',3,'daa66d1300000003000000000000ca11','Released',1790000065420,'13800000003','3.1');
INSERT INTO party_state VALUES('0bd794ee00000002000000000000000a',1,'3c6ef36200000002000000000000ca11','Dialing',1790000000100,'1002','3.1');
INSERT INTO party_state VALUES('17af29dc00000004000000000000000a',1,'78dde6c400000004000000000000ca11','Dialing',1790000000200,'1004','3.1');
INSERT INTO party_state VALUES('17af29dc00000004000000000000000a',2,'78dde6c400000004000000000000ca11','Talk',1790000005401,'1004','3.1');
INSERT INTO party_state VALUES('17af29dc00000004000000000000000a',3,'78dde6c400000004000000000000ca11','Released',1790000065400,'1004','3.1');
INSERT INTO party_state VALUES('48180ab700000003000000000000000b',1,'daa66d1300000003000000000000ca11','Ringing',1790000000350,'13800000003','3.1');
INSERT INTO party_state VALUES('48180ab700000003000000000000000b',2,'daa66d1300000003000000000000ca11','Talk',1790000005350,'13800000003','3.1');
INSERT INTO party_state VALUES('48180ab700000003000000000000000b',3,'daa66d1300000003000000000000ca11','Held',1790000009150,'13800000003','3.4');
INSERT INTO party_state VALUES('48180ab700000003000000000000000b',4,'daa66d1300000003000000000000ca11','Talk',1790000012150,'13800000003','3.4');
INSERT INTO party_state VALUES('48180ab700000003000000000000000b',5,'daa66d1300000003000000000000ca11','Released',1790000065351,'13800000003','3.1');
INSERT INTO party_state VALUES('85ebca7700000001000000000000000a',1,'9e3779b100000001000000000000ca11','Dialing',1790000000050,'1001','3.1');
INSERT INTO party_state VALUES('85ebca7700000001000000000000000a',2,'9e3779b100000001000000000000ca11','Talk',1790000005251,'1001','3.1');
INSERT INTO party_state VALUES('85ebca7700000001000000000000000a',3,'9e3779b100000001000000000000ca11','Released',1790000065250,'1001','3.1');
INSERT INTO party_state VALUES('91c35f6500000003000000000000000a',1,'daa66d1300000003000000000000ca11','Dialing',1790000000150,'1003','3.1');
INSERT INTO party_state VALUES('91c35f6500000003000000000000000a',2,'daa66d1300000003000000000000ca11','Talk',1790000005351,'1003','3.1');
INSERT INTO party_state VALUES('91c35f6500000003000000000000000a',3,'daa66d1300000003000000000000ca11','Released',1790000065350,'1003','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',1,'1715607500000005000000000000ca11','Dialing',1790000000250,'1005','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',1,'1715607500000005000000000000ca11','Dialing',1790000100250,'1005','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',2,'1715607500000005000000000000ca11','Talk',1790000005451,'1005','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',2,'1715607500000005000000000000ca11','Talk',1790000105451,'1005','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',3,'1715607500000005000000000000ca11','Released',1790000065450,'1005','3.1');
INSERT INTO party_state VALUES('9d9af45300000005000000000000000a',3,'1715607500000005000000000000ca11','Released',1790000165450,'1005','3.1');
INSERT INTO party_state VALUES('c2b2ae3d00000001000000000000000b',1,'9e3779b100000001000000000000ca11','Ringing',1790000000250,'13800000001','3.1');
INSERT INTO party_state VALUES('c2b2ae3d00000001000000000000000b',2,'9e3779b100000001000000000000ca11','Talk',1790000005250,'13800000001','3.1');
INSERT INTO party_state VALUES('c2b2ae3d00000001000000000000000b',3,'9e3779b100000001000000000000ca11','Held',1790000009050,'13800000001','3.4');
INSERT INTO party_state VALUES('c2b2ae3d00000001000000000000000b',4,'9e3779b100000001000000000000ca11','Talk',1790000012050,'13800000001','3.4');
INSERT INTO party_state VALUES('c2b2ae3d00000001000000000000000b',5,'9e3779b100000001000000000000ca11','Released',1790000065251,'13800000001','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',1,'1715607500000005000000000000ca11','Ringing',1790000000450,'13800000005','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',1,'1715607500000005000000000000ca11','Ringing',1790000100450,'13800000005','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',2,'1715607500000005000000000000ca11','Talk',1790000005450,'13800000005','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',2,'1715607500000005000000000000ca11','Talk',1790000105450,'13800000005','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',3,'1715607500000005000000000000ca11','Held',1790000009250,'13800000005','3.4');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',3,'1715607500000005000000000000ca11','Held',1790000109250,'13800000005','3.4');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',4,'1715607500000005000000000000ca11','Talk',1790000012250,'13800000005','3.4');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',4,'1715607500000005000000000000ca11','Talk',1790000112250,'13800000005','3.4');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',5,'1715607500000005000000000000ca11','Released',1790000065451,'13800000005','3.1');
INSERT INTO party_state VALUES('cd7d673100000005000000000000000b',5,'1715607500000005000000000000ca11','Released',1790000165451,'13800000005','3.1');
CREATE INDEX call_start ON call (start_millis);
CREATE INDEX call_ani ON call (ani, start_millis);
CREATE INDEX call_open ON call (id) WHERE open = 1;
CREATE INDEX party_this_dn ON party (this_dn, start_millis);
CREATE INDEX party_other_dn ON party (other_dn, start_millis);
CREATE VIEW participant AS
SELECT p.*,
       coalesce((SELECT max(c.start_millis) FROM call c
                  WHERE c.call_id = p.call_id AND c.start_millis <= p.start_millis),
                (SELECT min(c.start_millis) FROM call c WHERE c.call_id = p.call_id)) AS call_start_millis
  FROM party p;
CREATE VIEW participant_state AS
SELECT s.*,
       coalesce((SELECT max(p.start_millis) FROM party p
                  WHERE p.call_id = s.call_id AND p.party_id = s.party_id AND p.start_millis <= s.at_millis),
                (SELECT min(p.start_millis) FROM party p
                  WHERE p.call_id = s.call_id AND p.party_id = s.party_id)) AS party_start_millis
  FROM party_state s;
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
COMMIT;
PRAGMA user_version=1;
