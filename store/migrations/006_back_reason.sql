-- The reason that waits behind after-call work; a restart keeps it (3.15).
ALTER TABLE agent_state ADD COLUMN back_reason INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state_log ADD COLUMN back_reason INTEGER NOT NULL DEFAULT 0;
