-- What an agent has asked for before his phone was gone, which is in force again when it is back; a restart keeps it (3.15).
ALTER TABLE agent_state ADD COLUMN under_state TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_state ADD COLUMN under_reason INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_state_log ADD COLUMN under_state TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_state_log ADD COLUMN under_reason INTEGER NOT NULL DEFAULT 0;
