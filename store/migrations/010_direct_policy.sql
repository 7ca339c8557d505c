-- What a call that is no queue's does to an agent who does not take it, however (3.3).
ALTER TABLE agent ADD COLUMN direct_policy TEXT NOT NULL DEFAULT 'none'; -- none, not-ready, logout
