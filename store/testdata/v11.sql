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
INSERT INTO call VALUES(7,'b54cda2600000006000000000000ca11','c0ffee00c0ffee00c0ffee00c0ffee00','Inbound','13800000006','1006','13800000006','02012345678','',1790000000300,1790000005500,1790000005501,1790000065501,'NORMAL_CLEARING','customer','normal','',0,'{"level":"gold","try":1}',0);
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
    open               INTEGER NOT NULL, queue_id TEXT NOT NULL DEFAULT '', agent_uuid TEXT NOT NULL DEFAULT '', end_status INTEGER NOT NULL DEFAULT 0,
    UNIQUE (call_id, party_id, start_millis)
) STRICT;
INSERT INTO party VALUES(1,'85ebca7700000001000000000000000a','9e3779b100000001000000000000ca11','85ebca7700000001000000000000000a','sip-85ebca7700000001000000000000000a','Customer','Origination','13800000001','1001','Zoë',1790000000050,1790000000250,1790000005250,1790000005251,1790000009050,3000,1790000065250,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(2,'c2b2ae3d00000001000000000000000b','9e3779b100000001000000000000ca11','c2b2ae3d00000001000000000000000b','sip-c2b2ae3d00000001000000000000000b','Agent','Destination','1001','13800000001','Zoë',1790000000070,1790000000250,1790000005250,1790000005251,1790000009050,3000,1790000065250,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(3,'0bd794ee00000002000000000000000a','3c6ef36200000002000000000000ca11','0bd794ee00000002000000000000000a','sip-0bd794ee00000002000000000000000a','Customer','Origination','13800000002','1002','Zoë',1790000000100,0,0,0,0,0,0,0,0,'','','','','',0,1,'','',0);
INSERT INTO party VALUES(4,'91c35f6500000003000000000000000a','daa66d1300000003000000000000ca11','91c35f6500000003000000000000000a','sip-91c35f6500000003000000000000000a','Customer','Origination','13800000003','1003','Zoë',1790000000150,1790000000350,1790000005350,1790000005351,1790000009150,3000,1790000065350,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(5,'48180ab700000003000000000000000b','daa66d1300000003000000000000ca11','48180ab700000003000000000000000b','sip-48180ab700000003000000000000000b','Agent','Destination','1003','13800000003','Zoë',1790000000170,1790000000350,1790000005350,1790000005351,1790000009150,3000,1790000065350,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(6,'17af29dc00000004000000000000000a','78dde6c400000004000000000000ca11','17af29dc00000004000000000000000a','sip-17af29dc00000004000000000000000a','Customer','Origination','13800000004','1004','Zoë',1790000000200,1790000000400,1790000005400,1790000005401,1790000009200,3000,1790000065400,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(7,'0acab8f400000004000000000000000b','78dde6c400000004000000000000ca11','0acab8f400000004000000000000000b','sip-0acab8f400000004000000000000000b','Agent','Destination','1004','13800000004','Zoë',1790000000220,0,0,0,0,0,0,0,0,'','','','','',0,0,'','',0);
INSERT INTO party VALUES(8,'0acab8f400000004000000000000000b','daa66d1300000003000000000000ca11','0acab8f400000004000000000000000b','sip-0acab8f400000004000000000000000b','Agent','Destination','1004','13800000003','Zoë',1790000000220,1790000000420,1790000005420,1790000005421,1790000009220,3000,1790000065420,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(9,'9d9af45300000005000000000000000a','1715607500000005000000000000ca11','9d9af45300000005000000000000000a','sip-9d9af45300000005000000000000000a','Customer','Origination','13800000005','1005','Zoë',1790000000250,1790000000450,1790000005450,1790000005451,1790000009250,3000,1790000065450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(10,'cd7d673100000005000000000000000b','1715607500000005000000000000ca11','cd7d673100000005000000000000000b','sip-cd7d673100000005000000000000000b','Agent','Destination','1005','13800000005','Zoë',1790000000270,1790000000450,1790000005450,1790000005451,1790000009250,3000,1790000065450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(11,'9d9af45300000005000000000000000a','1715607500000005000000000000ca11','9d9af45300000005000000000000000a','sip-9d9af45300000005000000000000000a','Customer','Origination','13800000005','1005','Zoë',1790000100250,1790000100450,1790000105450,1790000105451,1790000109250,3000,1790000165450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(12,'cd7d673100000005000000000000000b','1715607500000005000000000000ca11','cd7d673100000005000000000000000b','sip-cd7d673100000005000000000000000b','Agent','Destination','1005','13800000005','Zoë',1790000100270,1790000100450,1790000105450,1790000105451,1790000109250,3000,1790000165450,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'','',0);
INSERT INTO party VALUES(13,'2386beca00000006000000000000000a','b54cda2600000006000000000000ca11','2386beca00000006000000000000000a','sip-2386beca00000006000000000000000a','Customer','Origination','13800000006','1006','Zoë',1790000000300,1790000000500,1790000005500,1790000005501,1790000009300,3000,1790000065500,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'8002@sales','',0);
INSERT INTO party VALUES(14,'9030156e00000006000000000000000b','b54cda2600000006000000000000ca11','9030156e00000006000000000000000b','sip-9030156e00000006000000000000000b','Agent','Destination','1006','13800000006','Zoë',1790000000320,1790000000500,1790000005500,1790000005501,1790000009300,3000,1790000065500,5,60,'NORMAL_CLEARING','NORMAL_CLEARING','customer','recv_bye','',200,0,'8002@sales','bob',0);
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
, wrap_up_untimed INTEGER NOT NULL DEFAULT 0, manual_wrap_up_millis INTEGER NOT NULL DEFAULT 0, manual_wrap_up_ready INTEGER NOT NULL DEFAULT 0, missed_overflow TEXT NOT NULL DEFAULT '', direct_policy TEXT NOT NULL DEFAULT 'none') STRICT;
INSERT INTO agent VALUES(1,'u1','7001','Zoë','1001','','never',0,-1,0,'none','none','none','none',0,0,0,0,0,0,'stay',0,1,'refuse',0,0,0,'','none');
INSERT INTO agent VALUES(2,'u2','','Bob','1002','+4917012345','offline',2,10000,15000,'logout','none','none','none',3,1000,2000,3000,4000,3600000,'logout',1,0,'replace',0,0,0,'','none');
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
, callback_millis INTEGER NOT NULL DEFAULT 0, missed_overflow TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO queue VALUES(1,'8001','Support','longest-idle-agent',0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'','','','','',0,0,0,'','',0,'');
INSERT INTO queue VALUES(2,'8002@sales','','ring-progressively',0,5000,0,0,0,10000,20000,30000,40000,1,0,0,1,20,0,0,1,0,'#','1','','','please_hold.wav',0,0,1,'','Asia/Shanghai',0,'');
CREATE TABLE queue_overflow (
    queue_id TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,
    happens  TEXT NOT NULL, -- timeout, full, nobody-on, nobody-ready, key, closed, blacklisted
    kind     TEXT NOT NULL, -- queue, number, voicemail, hangup; empty: on in the dialplan
    target   TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO queue_overflow VALUES('8002@sales',0,'timeout','queue','8001');
INSERT INTO queue_overflow VALUES('8002@sales',1,'closed','hangup','');
INSERT INTO queue_overflow VALUES('8002@sales',2,'key','','');
CREATE TABLE queue_blacklist (
    queue_id TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,
    number   TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO queue_blacklist VALUES('8002@sales',0,'13800000001');
INSERT INTO queue_blacklist VALUES('8002@sales',1,'anonymous');
CREATE TABLE queue_hours (
    queue_id    TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,
    weekday     INTEGER NOT NULL, -- 0 Sunday to 6 Saturday
    from_minute INTEGER NOT NULL, -- of the day, by the clock on the wall
    to_minute   INTEGER NOT NULL, -- not after from_minute: on the next day
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO queue_hours VALUES('8002@sales',0,1,540,720);
INSERT INTO queue_hours VALUES('8002@sales',1,5,1320,360);
CREATE TABLE queue_holiday (
    queue_id    TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,
    day         TEXT NOT NULL,    -- 2026-12-25, or 12-25 for each year
    from_minute INTEGER NOT NULL,
    to_minute   INTEGER NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (queue_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO queue_holiday VALUES('8002@sales',0,'2026-10-01',0,0,'National Day');
INSERT INTO queue_holiday VALUES('8002@sales',1,'12-24',540,720,'');
INSERT INTO queue_holiday VALUES('8002@sales',2,'02-29',0,1440,'');
CREATE TABLE tier (
    id         INTEGER PRIMARY KEY,
    agent_uuid TEXT NOT NULL,
    queue_id   TEXT NOT NULL,
    level      INTEGER NOT NULL, -- 1 (best) to 5; 0: 3
    position   INTEGER NOT NULL,
    UNIQUE (agent_uuid, queue_id)
) STRICT;
INSERT INTO tier VALUES(1,'u2','8001',1,2);
INSERT INTO tier VALUES(2,'u1','8001',0,0);
INSERT INTO tier VALUES(3,'u1','8002@sales',5,1);
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
, back_reason INTEGER NOT NULL DEFAULT 0, under_state TEXT NOT NULL DEFAULT '', under_reason INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO agent_state VALUES('bob','7','1009',4,'AfterCallWork',0,1,1790000095500,'b54cda2600000006000000000000ca11','9030156e00000006000000000000000b',1790000065500,4,60000,'NotReady',11,'8001 8003@x',1790000000300,0,'',0);
INSERT INTO agent_state VALUES('zoë','7','1009',4,'LoggedOut',0,0,0,'','',1790000070300,0,0,'',0,'',0,0,'',0);
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
    idle_queues       TEXT NOT NULL, back_reason INTEGER NOT NULL DEFAULT 0, under_state TEXT NOT NULL DEFAULT '', under_reason INTEGER NOT NULL DEFAULT 0,
    UNIQUE (agent_uuid, at_millis, state, reason_code, dn, call_id, party_id, wrap_until_millis, calls_taken, next_state,
            idle_queues)
) STRICT;
INSERT INTO agent_state_log VALUES(1,'zoë','7','1009',4,'Ready',0,0,0,'','',1790000000300,0,0,'',0,'',0,'',0);
INSERT INTO agent_state_log VALUES(2,'bob','7','1009',4,'Ready',0,0,0,'','',1790000000300,0,0,'',0,'',0,'',0);
INSERT INTO agent_state_log VALUES(3,'zoë','7','1009',4,'NotReady',5,0,0,'','',1790000000385,0,0,'',0,'',0,'',0);
INSERT INTO agent_state_log VALUES(4,'bob','7','1009',4,'AfterCallWork',0,1,1790000095500,'b54cda2600000006000000000000ca11','9030156e00000006000000000000000b',1790000065500,4,60000,'NotReady',11,'8001 8003@x',0,'',0);
INSERT INTO agent_state_log VALUES(5,'zoë','7','1009',4,'LoggedOut',0,0,0,'','',1790000070300,0,0,'',0,'',0,'',0);
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
    open           INTEGER NOT NULL, since_millis INTEGER NOT NULL DEFAULT 0, early_millis INTEGER NOT NULL DEFAULT 0,
    UNIQUE (call_id, party_id, queue_id, entered_millis)
) STRICT;
INSERT INTO queue_stay VALUES(1,'b54cda2600000006000000000000ca11','2386beca00000006000000000000000a','8001','13800000006',2,1790000000301,1790000000400,'timeout','',1,3,0,0,0,0);
INSERT INTO queue_stay VALUES(2,'b54cda2600000006000000000000ca11','2386beca00000006000000000000000a','8002@sales','13800000006',2,1790000000400,1790000005500,'answered','bob',1,1,0,0,0,0);
INSERT INTO queue_stay VALUES(3,'538453d700000007000000000000ca11','','8001','13800000007',0,1790000060350,0,'','',0,1,1,1,1790000055350,1500);
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
INSERT INTO offer VALUES(1,'b54cda2600000006000000000000ca11','0000000000000000000000000000000d','8001','zoë','1009',1790000000320,'longest-idle-agent',1,19,'[{"agentUUID":"zoë","idleMillis":77}]',1,'He was free for longest: 77 ms.',1790000000390,'no-answer',0);
INSERT INTO offer VALUES(2,'b54cda2600000006000000000000ca11','9030156e00000006000000000000000b','8002@sales','bob','1006',1790000000401,'longest-idle-agent',2,1,'[{"agentUUID":"zoë","idleMillis":77}]',1,'He was free for longest: 77 ms.',1790000005500,'answered',0);
CREATE TABLE IF NOT EXISTS "party_state" (
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
INSERT INTO party_state VALUES(1790000000050,'85ebca7700000001000000000000000a',1,'9e3779b100000001000000000000ca11','Dialing',1790000000050,'1001','3.1');
INSERT INTO party_state VALUES(1790000000050,'85ebca7700000001000000000000000a',2,'9e3779b100000001000000000000ca11','Talk',1790000005251,'1001','3.1');
INSERT INTO party_state VALUES(1790000000050,'85ebca7700000001000000000000000a',3,'9e3779b100000001000000000000ca11','Released',1790000065250,'1001','3.1');
INSERT INTO party_state VALUES(1790000000070,'c2b2ae3d00000001000000000000000b',1,'9e3779b100000001000000000000ca11','Ringing',1790000000250,'13800000001','3.1');
INSERT INTO party_state VALUES(1790000000070,'c2b2ae3d00000001000000000000000b',2,'9e3779b100000001000000000000ca11','Talk',1790000005250,'13800000001','3.1');
INSERT INTO party_state VALUES(1790000000070,'c2b2ae3d00000001000000000000000b',3,'9e3779b100000001000000000000ca11','Held',1790000009050,'13800000001','3.4');
INSERT INTO party_state VALUES(1790000000070,'c2b2ae3d00000001000000000000000b',4,'9e3779b100000001000000000000ca11','Talk',1790000012050,'13800000001','3.4');
INSERT INTO party_state VALUES(1790000000070,'c2b2ae3d00000001000000000000000b',5,'9e3779b100000001000000000000ca11','Released',1790000065251,'13800000001','3.1');
INSERT INTO party_state VALUES(1790000000100,'0bd794ee00000002000000000000000a',1,'3c6ef36200000002000000000000ca11','Dialing',1790000000100,'1002','3.1');
INSERT INTO party_state VALUES(1790000000150,'91c35f6500000003000000000000000a',1,'daa66d1300000003000000000000ca11','Dialing',1790000000150,'1003','3.1');
INSERT INTO party_state VALUES(1790000000150,'91c35f6500000003000000000000000a',2,'daa66d1300000003000000000000ca11','Talk',1790000005351,'1003','3.1');
INSERT INTO party_state VALUES(1790000000150,'91c35f6500000003000000000000000a',3,'daa66d1300000003000000000000ca11','Released',1790000065350,'1003','3.1');
INSERT INTO party_state VALUES(1790000000170,'48180ab700000003000000000000000b',1,'daa66d1300000003000000000000ca11','Ringing',1790000000350,'13800000003','3.1');
INSERT INTO party_state VALUES(1790000000170,'48180ab700000003000000000000000b',2,'daa66d1300000003000000000000ca11','Talk',1790000005350,'13800000003','3.1');
INSERT INTO party_state VALUES(1790000000170,'48180ab700000003000000000000000b',3,'daa66d1300000003000000000000ca11','Held',1790000009150,'13800000003','3.4');
INSERT INTO party_state VALUES(1790000000170,'48180ab700000003000000000000000b',4,'daa66d1300000003000000000000ca11','Talk',1790000012150,'13800000003','3.4');
INSERT INTO party_state VALUES(1790000000170,'48180ab700000003000000000000000b',5,'daa66d1300000003000000000000ca11','Released',1790000065351,'13800000003','3.1');
INSERT INTO party_state VALUES(1790000000200,'17af29dc00000004000000000000000a',1,'78dde6c400000004000000000000ca11','Dialing',1790000000200,'1004','3.1');
INSERT INTO party_state VALUES(1790000000200,'17af29dc00000004000000000000000a',2,'78dde6c400000004000000000000ca11','Talk',1790000005401,'1004','3.1');
INSERT INTO party_state VALUES(1790000000200,'17af29dc00000004000000000000000a',3,'78dde6c400000004000000000000ca11','Released',1790000065400,'1004','3.1');
INSERT INTO party_state VALUES(1790000000220,'0acab8f400000004000000000000000b',1,'78dde6c400000004000000000000ca11','Ringing',1790000000400,'13800000004','3.1');
INSERT INTO party_state VALUES(1790000000220,'0acab8f400000004000000000000000b',2,'78dde6c400000004000000000000ca11','Talk',1790000005400,'13800000004','3.1');
INSERT INTO party_state VALUES(1790000000220,'0acab8f400000004000000000000000b',3,'daa66d1300000003000000000000ca11','Released',1790000065420,'13800000003','3.1');
INSERT INTO party_state VALUES(1790000000250,'9d9af45300000005000000000000000a',1,'1715607500000005000000000000ca11','Dialing',1790000000250,'1005','3.1');
INSERT INTO party_state VALUES(1790000000250,'9d9af45300000005000000000000000a',2,'1715607500000005000000000000ca11','Talk',1790000005451,'1005','3.1');
INSERT INTO party_state VALUES(1790000000250,'9d9af45300000005000000000000000a',3,'1715607500000005000000000000ca11','Released',1790000065450,'1005','3.1');
INSERT INTO party_state VALUES(1790000000270,'cd7d673100000005000000000000000b',1,'1715607500000005000000000000ca11','Ringing',1790000000450,'13800000005','3.1');
INSERT INTO party_state VALUES(1790000000270,'cd7d673100000005000000000000000b',2,'1715607500000005000000000000ca11','Talk',1790000005450,'13800000005','3.1');
INSERT INTO party_state VALUES(1790000000270,'cd7d673100000005000000000000000b',3,'1715607500000005000000000000ca11','Held',1790000009250,'13800000005','3.4');
INSERT INTO party_state VALUES(1790000000270,'cd7d673100000005000000000000000b',4,'1715607500000005000000000000ca11','Talk',1790000012250,'13800000005','3.4');
INSERT INTO party_state VALUES(1790000000270,'cd7d673100000005000000000000000b',5,'1715607500000005000000000000ca11','Released',1790000065451,'13800000005','3.1');
INSERT INTO party_state VALUES(1790000000300,'2386beca00000006000000000000000a',1,'b54cda2600000006000000000000ca11','Dialing',1790000000300,'1006','3.1');
INSERT INTO party_state VALUES(1790000000300,'2386beca00000006000000000000000a',2,'b54cda2600000006000000000000ca11','Talk',1790000005501,'1006','3.1');
INSERT INTO party_state VALUES(1790000000300,'2386beca00000006000000000000000a',3,'b54cda2600000006000000000000ca11','Released',1790000065500,'1006','3.1');
INSERT INTO party_state VALUES(1790000000320,'9030156e00000006000000000000000b',1,'b54cda2600000006000000000000ca11','Ringing',1790000000500,'13800000006','3.1');
INSERT INTO party_state VALUES(1790000000320,'9030156e00000006000000000000000b',2,'b54cda2600000006000000000000ca11','Talk',1790000005500,'13800000006','3.1');
INSERT INTO party_state VALUES(1790000000320,'9030156e00000006000000000000000b',3,'b54cda2600000006000000000000ca11','Held',1790000009300,'13800000006','3.4');
INSERT INTO party_state VALUES(1790000000320,'9030156e00000006000000000000000b',4,'b54cda2600000006000000000000ca11','Talk',1790000012300,'13800000006','3.4');
INSERT INTO party_state VALUES(1790000000320,'9030156e00000006000000000000000b',5,'b54cda2600000006000000000000ca11','Released',1790000065501,'13800000006','3.1');
INSERT INTO party_state VALUES(1790000100250,'9d9af45300000005000000000000000a',1,'1715607500000005000000000000ca11','Dialing',1790000100250,'1005','3.1');
INSERT INTO party_state VALUES(1790000100250,'9d9af45300000005000000000000000a',2,'1715607500000005000000000000ca11','Talk',1790000105451,'1005','3.1');
INSERT INTO party_state VALUES(1790000100250,'9d9af45300000005000000000000000a',3,'1715607500000005000000000000ca11','Released',1790000165450,'1005','3.1');
INSERT INTO party_state VALUES(1790000100270,'cd7d673100000005000000000000000b',1,'1715607500000005000000000000ca11','Ringing',1790000100450,'13800000005','3.1');
INSERT INTO party_state VALUES(1790000100270,'cd7d673100000005000000000000000b',2,'1715607500000005000000000000ca11','Talk',1790000105450,'13800000005','3.1');
INSERT INTO party_state VALUES(1790000100270,'cd7d673100000005000000000000000b',3,'1715607500000005000000000000ca11','Held',1790000109250,'13800000005','3.4');
INSERT INTO party_state VALUES(1790000100270,'cd7d673100000005000000000000000b',4,'1715607500000005000000000000ca11','Talk',1790000112250,'13800000005','3.4');
INSERT INTO party_state VALUES(1790000100270,'cd7d673100000005000000000000000b',5,'1715607500000005000000000000ca11','Released',1790000165451,'13800000005','3.1');
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
CREATE UNIQUE INDEX agent_work_number ON agent (agent_id) WHERE agent_id <> '';
CREATE INDEX tier_queue ON tier (queue_id);
CREATE INDEX agent_state_log_at ON agent_state_log (at_millis);
CREATE INDEX party_queue ON party (queue_id, start_millis) WHERE queue_id <> '';
CREATE INDEX party_agent ON party (agent_uuid, start_millis) WHERE agent_uuid <> '';
CREATE INDEX queue_stay_queue ON queue_stay (queue_id, entered_millis);
CREATE INDEX queue_stay_entered ON queue_stay (entered_millis);
CREATE INDEX queue_stay_open ON queue_stay (id) WHERE open = 1;
CREATE INDEX offer_agent ON offer (agent_uuid, at_millis);
CREATE INDEX offer_at ON offer (at_millis);
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
CREATE INDEX party_named ON party (party_id) WHERE party_id <> call_id;
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
COMMIT;
PRAGMA user_version=11;
