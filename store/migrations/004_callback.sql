-- How long the place of who is to be called back waits.
ALTER TABLE queue ADD COLUMN callback_millis INTEGER NOT NULL DEFAULT 0; -- 0: a day
