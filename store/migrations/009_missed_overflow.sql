-- Where callers go whose call an agent does not take, the first that takes them (3.3), such as 'queue 8002, number 0123, recall'.
ALTER TABLE queue ADD COLUMN missed_overflow TEXT NOT NULL DEFAULT ''; -- empty: they wait on
ALTER TABLE agent ADD COLUMN missed_overflow TEXT NOT NULL DEFAULT ''; -- empty: as the queue says
