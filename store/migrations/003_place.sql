-- What a caller's place in a queue is counted from. A restart takes it up where it was.
ALTER TABLE queue_stay ADD COLUMN since_millis INTEGER NOT NULL DEFAULT 0; -- earlier than entered_millis for who came back in time or is called back; 0 = not known
ALTER TABLE queue_stay ADD COLUMN early_millis INTEGER NOT NULL DEFAULT 0; -- how long his call had been up then
