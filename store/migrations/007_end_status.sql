-- The contact-center types' end state of whom the switch called outside; 0: it called nobody there (R22).
ALTER TABLE party ADD COLUMN end_status INTEGER NOT NULL DEFAULT 0;
